//! What is sent, and what is kept from being sent (D3, D8, D9, D10).

use domain::time::DAY;
use serde_json::json;
use tests::World;

#[tokio::test(flavor = "multi_thread")]
async fn d3_what_is_missing_is_named_all_of_it_and_nothing_is_sent() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    world
        .practice
        .put("/v1/settings", json!({"name": "Praxis am Park"}))
        .await;
    let body =
        json!({"record": "r1", "recipient": "insurer", "documents": [document], "channel": "sms"});
    let answer = world.practice.post_delivery(body).await;
    assert_eq!((answer.status, answer.problem()), (422, "no-consent"));
    assert_eq!(answer.body["problems"], json!(["no-consent", "no-mobile"]));
    assert!(world.messages().await.is_empty());
    assert_eq!(
        world.practice.get("/v1/deliveries").await.body["items"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d8_the_page_offers_other_released_invoices_as_they_are_when_it_is_opened() {
    let world = World::start().await;
    let old = world.practice.document("receipt", "1", "2019-12-31").await;
    let since = world.practice.document("receipt", "2", "2020-01-01").await;
    let note = world.practice.document("note", "3", "2026-10-01").await;
    let newer = world.practice.document("invoice", "4", "2026-10-02").await;
    let sent_one = world.practice.document("invoice", "5", "2026-09-01").await;
    let sent = world.practice.send(&[&sent_one]).await;
    let mut patient = world.patient(&sent);
    patient.enter(&sent.code).await;
    assert_eq!(
        patient.documents().await.documents(),
        [sent_one.clone(), newer.clone(), since.clone()]
    );
    assert_eq!(patient.click(&note).await.status, 404);
    assert_eq!(patient.click(&old).await.status, 404);
    world
        .practice
        .call(
            "PATCH".parse().unwrap(),
            &format!("/v1/documents/{newer}"),
            json!({"released": false}),
        )
        .await;
    assert_eq!(
        patient.documents().await.documents(),
        [sent_one.clone(), since]
    );
    assert_eq!(patient.click(&newer).await.status, 404);
    for count in [0, 1] {
        let sent = world
            .practice
            .send_with(&[&sent_one], json!({"offered_invoices": count}))
            .await;
        let mut patient = world.patient(&sent);
        patient.enter(&sent.code).await;
        assert_eq!(
            patient.documents().await.documents(),
            [sent_one.as_str()],
            "{count}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_a_message_that_fails_leaves_the_code_in_the_answer() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    for (kind, status) in [("refuse", "refused"), ("timeout", "unknown")] {
        world.fail("sms", kind, 1).await;
        let sent = world.practice.send(&[&document]).await;
        assert_eq!(sent.answer["message"]["status"], status);
        assert_eq!(
            world.practice.shown(&sent).await["message"]["status"],
            status
        );
        assert_eq!(
            world.patient(&sent).enter(&sent.code).await.status,
            303,
            "the code is valid"
        );
    }
    let sms = world
        .messages()
        .await
        .iter()
        .filter(|message| message["channel"] == "sms")
        .count();
    assert_eq!(
        sms, 1,
        "nothing is tried again: the one whose fate is unknown"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_sends_once_and_answers_without_the_code() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    let answers = futures::future::join_all(
        (0..10).map(|_| world.practice.post_delivery_as("one", body.clone())),
    )
    .await;
    let with_code = answers
        .iter()
        .filter(|answer| answer.body["code"].is_string())
        .count();
    assert_eq!(with_code, 1, "{answers:?}");
    assert_eq!(world.messages().await.len(), 2, "one e-mail, one SMS");
    let later = world.practice.post_delivery_as("one", body.clone()).await;
    assert_eq!(later.status, 201, "{later:?}");
    // SES may have told by now what became of it.
    let email = later.body["email"]["status"].as_str().unwrap_or_default();
    assert!(["accepted", "delivered"].contains(&email), "{later:?}");
    assert!(later.body.get("code").is_none() && later.body.get("reference").is_none());
    let other = json!({"record": "r1", "recipient": "insurer", "documents": body["documents"], "channel": "spoken"});
    assert_eq!(
        world
            .practice
            .post_delivery_as("one", other.clone())
            .await
            .problem(),
        "idempotency-mismatch"
    );
    world.advance(DAY - 1);
    assert_eq!(
        world
            .practice
            .post_delivery_as("one", other.clone())
            .await
            .problem(),
        "idempotency-mismatch"
    );
    world.advance(1);
    assert_eq!(
        world.practice.post_delivery_as("one", other).await.status,
        201,
        "forgotten after 24 hours"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d9_a_name_that_tells_the_treatment_is_kept_and_warned_about() {
    let world = World::start().await;
    let answer = world
        .practice
        .put("/v1/settings", json!({"name": "Praxis für Psychotherapie"}))
        .await;
    assert_eq!(
        (answer.status, &answer.body["warnings"][0]["type"]),
        (200, &json!("/problems/telling-name"))
    );
    let answer = world
        .practice
        .put("/v1/settings", json!({"name": "Praxis am Park"}))
        .await;
    assert_eq!(answer.body["warnings"], json!([]));
}
