//! T16: a session's cookie where it does not belong, or when it has ended.

use tests::Patient;

use crate::{delivery, world};

/// The name and the value of a browser's session.
fn session(patient: &Patient) -> (String, String) {
    let mut cookies = patient.cookies.iter();
    let session = cookies.find(|(name, _)| name.starts_with("__Host-dl-"));
    let (name, value) = session.expect("a session");
    (name.clone(), value.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_a_session_under_another_deliverys_name_opens_nothing() {
    let world = world(3).await;
    let mut patients = Vec::new();
    for number in 0..4 {
        let sent = delivery(&world, number).await;
        let mut patient = world.patient(&sent);
        assert_eq!(patient.enter(&sent.code).await.status, 303);
        patients.push(patient);
    }
    let sessions: Vec<(String, String)> = patients.iter().map(session).collect();
    for (at, patient) in patients.iter_mut().enumerate() {
        let document = patient.documents().await.documents()[0].clone();
        let honest = patient.cookies.clone();
        for (other, (name, value)) in sessions
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
        {
            for stolen in [name, &sessions[at].0] {
                patient.cookies = [(stolen.clone(), value.clone())].into();
                assert_eq!(
                    patient.documents().await.status,
                    303,
                    "{at} with that of {other}"
                );
                patient.cookies = [(stolen.clone(), value.clone())].into();
                let page = patient.click(&document).await;
                assert!(
                    page.location().starts_with("/d/"),
                    "{at} with that of {other}"
                );
            }
        }
        patient.cookies = honest;
        assert_eq!(patient.documents().await.status, 200, "its own works");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_a_session_kept_after_its_end_opens_nothing() {
    let world = world(3).await;
    for (number, end) in ["done", "revoked", "reported", "superseded"]
        .into_iter()
        .enumerate()
    {
        let document = world
            .practice
            .document("invoice", &number.to_string(), "2026-11-20")
            .await;
        let outbox = world.stack.outbox();
        let sent = world
            .practice
            .send(outbox, &[&document], serde_json::json!({}))
            .await;
        let mut patient = world.patient(&sent);
        assert_eq!(patient.enter(&sent.code).await.status, 303);
        let mut thief = patient.clone();
        assert_eq!(
            thief.documents().await.status,
            200,
            "while it lives, it works"
        );
        let kept = thief.cookies.clone();
        match end {
            "done" => assert_eq!(patient.done().await.status, 303),
            "revoked" => {
                let path = format!("/v1/deliveries/{}", sent.id);
                assert_eq!(world.practice.delete(&path).await.status, 204);
            }
            "reported" => assert_eq!(world.patient(&sent).report().await.status, 410),
            _ => {
                world
                    .practice
                    .send(outbox, &[&document], serde_json::json!({}))
                    .await;
            }
        }
        for _ in 0..2 {
            thief.cookies.clone_from(&kept);
            assert_eq!(thief.documents().await.status, 303, "{end}");
            thief.cookies.clone_from(&kept);
            let page = thief.click(&document).await;
            assert!(page.location().starts_with("/d/"), "{end}: {}", page.status);
        }
    }
}
