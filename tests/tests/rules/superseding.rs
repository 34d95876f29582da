//! Sending a document again closes the earlier deliveries (L5).

use serde_json::{Value, json};
use tests::{Patient, Sent, World};

use crate::{assert_closed, sent};

#[tokio::test(flavor = "multi_thread")]
async fn l5_sending_again_closes_the_earlier_delivery_and_its_session() {
    let world = World::start().await;
    let (document, earlier) = sent(&world, json!({})).await;
    let mut patient = world.patient(&earlier);
    patient.enter(&earlier.code).await;
    assert_eq!(patient.documents().await.status, 200);
    let other = world.practice.document("note", "2", "2026-11-20").await;
    let later = world.practice.send(&[&other, &document]).await;
    assert_eq!(later.answer["superseded"], json!([earlier.id]));
    assert_closed(
        &world,
        &earlier,
        "superseded",
        "Es gibt eine neuere E-Mail zu diesem Dokument.",
    )
    .await;
    assert_eq!(patient.documents().await.status, 303, "L9");
    assert_eq!(world.patient(&later).enter(&later.code).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_only_what_was_sent_counts_not_what_was_offered_and_others_can_be_spared() {
    let world = World::start().await;
    let (first, second) = (
        world.practice.document("invoice", "1", "2026-11-19").await,
        world.practice.document("invoice", "2", "2026-11-20").await,
    );
    let earlier = world.practice.send(&[&first]).await;
    let later = world.practice.send(&[&second]).await;
    assert_eq!(
        later.answer["superseded"],
        json!([]),
        "the first one only offered the second"
    );
    let kept = json!({"recipient": "insurer", "channel": "spoken", "keep_earlier": true});
    let insurer = world.practice.send_with(&[&first], kept).await;
    assert_eq!(insurer.answer["superseded"], json!([]));
    let again = world
        .practice
        .send_with(&[&first], json!({"keep_earlier": true}))
        .await;
    assert_eq!(
        again.answer["superseded"],
        json!([earlier.id]),
        "the same recipient's is not spared"
    );
    assert_eq!(world.patient(&insurer).open().await.status, 200);
}

/// Sends the document to so many recipients, each spared by the next.
async fn pile_up(world: &World, document: &str, deliveries: usize) -> Vec<Sent> {
    let id = |number: usize| format!("recipient-{number}");
    let mut piled = Vec::new();
    let numbers: Vec<usize> = (0..deliveries).collect();
    // A record has 20 recipients at most.
    for some in numbers.chunks(20) {
        let recipients = some.iter().map(|number| {
            json!({"id": id(*number), "name": "Erika Beispiel", "email": "erika@example.org"})
        });
        let record = json!({"record_type": "std", "recipients": recipients.collect::<Vec<_>>()});
        let answer = world.practice.put("/v1/records/r1", record).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        for number in some {
            let extra =
                json!({"recipient": id(*number), "channel": "spoken", "keep_earlier": true});
            piled.push(world.practice.send_with(&[document], extra).await);
        }
        world.empty_outbox().await;
    }
    piled
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_ninety_earlier_deliveries_close_at_once_and_one_more_is_refused_before_the_mail() {
    let world = World::with_smallest_hashes().await;
    let practice = &world.practice;
    let document = practice.document("note", "1", "2026-11-20").await;
    let piled = pile_up(&world, &document, 91).await;
    let body = json!({"record": "r1", "recipient": "recipient-90", "documents": [document], "channel": "spoken"});
    let preview = async || {
        let path = "/v1/deliveries/preview";
        practice
            .call(reqwest::Method::POST, path, body.clone())
            .await
            .body
    };
    let listed = |preview: &Value| preview["supersedes"].as_array().map(Vec::len);
    let shown = preview().await;
    assert_eq!(listed(&shown), Some(91));
    assert_eq!(
        shown["problems"][0]["type"], "/problems/too-many-earlier",
        "{shown}"
    );
    let refused = practice.post_delivery(body.clone()).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "too-many-earlier")
    );
    assert!(world.messages().await.is_empty(), "before the mail");
    assert_eq!(world.patient(&piled[0]).open().await.status, 200);

    assert_eq!(practice.revoke(&piled[0]).await.status, 204);
    let shown = preview().await;
    let sendable = (listed(&shown), &shown["sendable"]);
    assert_eq!(sendable, (Some(90), &json!(true)), "{shown}");
    let sent = practice.post_delivery(body).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    assert_eq!(sent.body["superseded"].as_array().map(Vec::len), Some(90));
    let open = practice.get("/v1/deliveries?state=open&limit=100").await;
    let ids = open.body["items"].as_array().into_iter().flatten();
    let ids: Vec<&Value> = ids.map(|item| &item["id"]).collect();
    assert_eq!(ids, [&sent.body["id"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_what_is_closed_already_is_neither_listed_nor_closed_again() {
    let world = World::start().await;
    let practice = &world.practice;
    let first = practice.document("note", "1", "2026-11-19").await;
    let second = practice.document("note", "2", "2026-11-20").await;
    let both = practice.send(&[&first, &second]).await;
    let later = practice.send(&[&first]).await;
    assert_eq!(later.answer["superseded"], json!([both.id]));
    let to = |recipient: &str| json!({"recipient": recipient, "channel": "spoken", "keep_earlier": true});
    let reported = practice.send_with(&[&second], to("patient")).await;
    assert_eq!(reported.answer["superseded"], json!([]));
    assert_eq!(world.patient(&reported).report().await.status, 410);
    let revoked = practice.send_with(&[&second], to("insurer")).await;
    assert_eq!(practice.revoke(&revoked).await.status, 204);

    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [second], "channel": "sms"});
    let path = "/v1/deliveries/preview";
    let shown = practice.call(reqwest::Method::POST, path, body).await;
    assert_eq!(shown.body["supersedes"], json!([]));
    let open = practice.send(&[&second]).await;
    assert_eq!(open.answer["superseded"], json!([]));
    let last = practice.send(&[&second]).await;
    assert_eq!(last.answer["superseded"], json!([open.id]));
    for (closed, because) in [
        (&both, "superseded"),
        (&later, ""),
        (&reported, "reported"),
        (&revoked, "revoked"),
        (&open, "superseded"),
        (&last, ""),
    ] {
        let shown = practice.shown(closed).await;
        let reason = shown["closed_because"].as_str().unwrap_or_default();
        assert_eq!(reason, because);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_the_earlier_delivery_stays_open_where_the_later_e_mail_fails() {
    let world = World::start().await;
    let (document, earlier) = sent(&world, json!({})).await;
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    for (kind, problem) in [
        ("refuse", "email-refused"),
        ("throttle", "email-refused"),
        ("timeout", "email-unknown"),
    ] {
        world.fail("email", kind, 1).await;
        let answer = world.practice.post_delivery_as(kind, body.clone()).await;
        assert_eq!((answer.status, answer.problem()), (502, problem));
        let id = answer.body["id"].as_str().unwrap();
        let failed = world
            .practice
            .get(&format!("/v1/deliveries/{id}"))
            .await
            .body;
        assert_eq!(
            failed["closed_because"], "not_sent",
            "D10: closed before the answer went out"
        );
        let again = world.practice.post_delivery_as(kind, body.clone()).await;
        assert_eq!(
            (again.status, again.problem(), &again.body["id"]),
            (502, problem, &json!(id)),
            "the same key, the same answer"
        );
    }
    let messages = world.messages().await;
    let codes = messages
        .iter()
        .filter(|message| message["channel"] == "sms")
        .count();
    assert_eq!(
        codes, 1,
        "D10: no message is sent for an e-mail that failed"
    );
    assert_eq!(
        world.patient(&earlier).enter(&earlier.code).await.status,
        303
    );
    // The e-mail whose fate is unknown did arrive; its page says to ask the practice.
    let link = messages
        .iter()
        .rev()
        .filter(|message| message["channel"] == "email")
        .find_map(|message| {
            message["text"]
                .as_str()?
                .split_whitespace()
                .find(|word| word.contains("/d/"))
        });
    let page = Patient::new(world.stack.api(), link.unwrap()).open().await;
    assert_eq!(page.status, 410);
    assert!(
        page.says("Beim Versand der E-Mail ging etwas schief."),
        "{}",
        page.text()
    );
}
