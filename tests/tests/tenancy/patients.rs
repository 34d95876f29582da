//! T16, T18: links, sessions and documents of one practice open nothing of another.

use tests::{Patient, World};

#[tokio::test(flavor = "multi_thread")]
async fn t18_a_patient_of_one_practice_gets_nothing_of_another() {
    let world = World::start().await;
    let other = world.another_practice("praxis-am-par").await;
    let mut visits = Vec::new();
    for practice in [&world.practice, &other] {
        let document = practice
            .document("invoice", "2026-0815", "2026-11-20")
            .await;
        let offered = practice
            .document("invoice", "2026-0814", "2026-11-19")
            .await;
        let sent = practice.send(&[&document]).await;
        let mut patient = world.patient(&sent);
        assert_eq!(patient.enter(&sent.code).await.status, 303);
        visits.push((patient, [document, offered], sent));
    }
    let (mut second, second_documents, second_sent) = visits.remove(1);
    let (mut first, first_documents, first_sent) = visits.remove(0);
    for (patient, own, foreign) in [
        (&mut first, &first_documents, &second_documents),
        (&mut second, &second_documents, &first_documents),
    ] {
        let page = patient.documents().await;
        let mut shown = page.documents();
        shown.sort();
        let mut expected = own.to_vec();
        expected.sort();
        assert_eq!(shown, expected, "the record's own documents and no others");
        for document in foreign {
            let page = patient.click(document).await;
            assert_eq!(
                (page.status, page.location()),
                (404, ""),
                "another practice's document"
            );
        }
    }
    let session_of = |patient: &Patient| {
        patient
            .cookies
            .iter()
            .find(|(name, _)| name.starts_with("__Host-dl-"))
            .map(|(name, value)| (name.clone(), value.clone()))
    };
    let ((first_name, first_value), (second_name, second_value)) = session_of(&first)
        .zip(session_of(&second))
        .expect("two sessions");
    for (sent, name, value) in [
        (&first_sent, &first_name, &second_value),
        (&second_sent, &second_name, &first_value),
        (&first_sent, &second_name, &second_value),
    ] {
        let mut thief = world.patient(sent);
        thief.cookies.insert(name.clone(), value.clone());
        let page = thief.documents().await;
        assert_eq!(
            page.status, 303,
            "T16: a session opens its own delivery alone"
        );
        assert!(
            !page.location().contains("/documents"),
            "{}",
            page.location()
        );
    }
    let wrong = world.patient(&first_sent).enter(&second_sent.code).await;
    assert_eq!(wrong.status, 401, "the code of another practice's delivery");
}
