//! T16: a session's cookie where it does not belong, or when it has ended.

use serde_json::json;
use tests::{Page, Patient};

use crate::table::{Database, endings, item, with};
use crate::world;

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
        let sent = world.practice.send_invoice(number).await;
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
        let sent = world.practice.send(&[&document]).await;
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
                assert_eq!(world.practice.revoke(&sent).await.status, 204);
            }
            "reported" => assert_eq!(world.patient(&sent).report().await.status, 410),
            _ => {
                world.practice.send(&[&document]).await;
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

/// Whether a page shows documents or leads to them or to a file.
fn opens(page: &Page) -> bool {
    let leads = page.location();
    page.html.contains("/documents/") || leads.contains("/documents") || leads.contains("X-Amz-")
}

/// Every route of a link, in every state that it can end in, with a session, forms and the right code from before.
#[tokio::test(flavor = "multi_thread")]
async fn t16_no_route_of_a_link_that_has_ended_opens_anything() {
    let world = world(3).await;
    let sent = world.practice.send_invoice(1).await;
    let database = Database::of(&world).await;
    let mut patient = world.patient(&sent);
    let page = patient.open().await;
    let (entry, request) = (page.form().to_owned(), page.request_form().to_owned());
    let question = patient.get(&format!("{}/not-mine", sent.link)).await;
    let not_mine = question.form().to_owned();
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    let list = patient.documents().await;
    let (document, done) = (list.documents()[0].clone(), list.form().to_owned());
    let messages = world.messages().await.len();
    let (_, stored) = item(&world, &sent).await;
    assert!(opens(&list) && opens(&patient.click(&document).await));
    for (reason, changes) in endings(world.clock().now()) {
        // L9: wrong entries end no session. L6: what they, or time, have ended can be revived.
        let has_session = ["ten", "thirty", "stale"].contains(&reason);
        let is_revivable = ["ten", "stale", "used"].contains(&reason);
        database.put(&with(&stored, &changes)).await;
        let browser = patient.cookies.clone();
        let gets = ["", "/documents", "/not-mine", "?lang=en"].map(str::to_owned);
        for more in gets.into_iter().chain([format!("/documents/{document}")]) {
            patient.cookies.clone_from(&browser);
            let page = patient.get(&format!("{}{more}", sent.link)).await;
            if !has_session {
                assert!(!opens(&page), "{reason}: GET {more}: {}", page.status);
            }
        }
        for (more, form) in [
            ("", &entry),
            ("/code", &request),
            ("/done", &done),
            ("/not-mine", &not_mine),
        ] {
            if more == "/done" && has_session || more == "/code" && is_revivable {
                continue;
            }
            patient.cookies.clone_from(&browser);
            let fields = [("form", form.as_str()), ("code", &sent.code)];
            let page = patient.post(&format!("{}{more}", sent.link), &fields).await;
            assert!(!opens(&page), "{reason}: POST {more}: {}", page.status);
            assert_ne!(page.status, 200, "{reason}: POST {more}");
        }
        patient.cookies.retain(|name, _| name == "__Host-form");
        let fields = [("form", entry.as_str()), ("code", &sent.code)];
        let entered = patient.post(&sent.link, &fields).await;
        assert_eq!(entered.status, 410, "{reason}: the right code");
        patient.cookies = browser;
    }
    assert_eq!(world.messages().await.len(), messages, "nothing was sent");
    database.put(&with(&stored, &json!({}))).await;
    assert_eq!(patient.documents().await.status, 200, "as it was before");
}
