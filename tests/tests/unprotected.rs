//! D6: an invoice or receipt attached to the e-mail, where record and request both say so, and what holds of it all the same.
#![cfg(test)]

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, World, pdf};

/// A world whose record `r1` allows it.
async fn allowing() -> World {
    let world = World::start().await;
    allow(&world, true).await;
    world
}

async fn allow(world: &World, allows: bool) {
    let record = json!({"record_type": "std", "allow_unprotected": allows, "recipients": [
        {"id": "patient", "name": "Erika Beispiel", "email": "erika@example.org", "mobile": "+4915112345678"},
        {"id": "english", "name": "Erica Example", "email": "erica@example.org", "language": "en"},
    ]});
    let answer = world.practice.put("/v1/records/r1", record).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn body(documents: &[&str], extra: &Value) -> Value {
    let mut body = json!({"record": "r1", "recipient": "patient", "documents": documents, "channel": "sms", "protected": false});
    for (name, value) in extra.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

async fn preview(world: &World, body: Value) -> Answer {
    let path = "/v1/deliveries/preview";
    let answer = world.practice.call(Method::POST, path, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

async fn show(world: &World, id: &Value) -> Value {
    let id = id.as_str().unwrap_or_default();
    world
        .practice
        .get(&format!("/v1/deliveries/{id}"))
        .await
        .body
}

#[tokio::test(flavor = "multi_thread")]
async fn d6_an_invoice_goes_attached_with_no_link_no_reference_and_no_code() {
    let world = allowing().await;
    let (invoice, receipt) = (
        world
            .practice
            .document("invoice", "2026-0815", "2026-11-20")
            .await,
        world
            .practice
            .document("receipt", "Q 7", "2026-11-20")
            .await,
    );
    let sent = world
        .practice
        .post_delivery(body(
            &[&invoice],
            &json!({"additional_text": "Bitte bis Monatsende.\n\nDanke!"}),
        ))
        .await;
    assert_eq!(sent.status, 201, "{sent:?}");
    for absent in ["reference", "code", "message", "expires_at"] {
        assert_eq!(sent.body[absent], Value::Null, "{absent}");
    }
    let english = world
        .practice
        .post_delivery(body(&[&receipt], &json!({"recipient": "english"})))
        .await;
    assert_eq!(english.status, 201, "{english:?}");

    let messages = world.messages().await;
    let [mail, in_english] = &messages[..] else {
        panic!("two e-mails and no message: {messages:?}");
    };
    assert_eq!(
        mail["text"],
        "Guten Tag Erika Beispiel,\n\nim Anhang finden Sie Ihre Rechnung 2026-0815.\n\nBitte bis Monatsende.\n\nDanke!\n\nBei Fragen: Praxis am Park, 0441 234567, praxis@example.org"
    );
    assert_eq!(
        mail["subject"], "Ein Dokument für Sie",
        "the same for everybody"
    );
    let size = pdf("2026-0815").len();
    assert_eq!(
        mail["attachments"],
        json!([{"file_name": "Rechnung-2026-0815.pdf", "content_type": "application/pdf", "size": size}])
    );
    let text = in_english["text"].as_str().unwrap_or_default();
    assert!(
        text.contains("please find your receipt Q 7 attached."),
        "{text}"
    );
    assert_eq!(in_english["attachments"][0]["file_name"], "Receipt-Q-7.pdf");
    for mail in &messages {
        assert!(!mail.to_string().contains("/d/"), "{mail}");
    }

    let shown = show(&world, &sent.body["id"]).await;
    assert_eq!(
        (&shown["state"], &shown["protected"]),
        (&json!("sent"), &json!(false))
    );
    assert_eq!(
        (&shown["channel"], &shown["expires_at"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(shown["email"]["status"], "delivered");
    let list = world.practice.get("/v1/deliveries?state=sent").await;
    assert_eq!(list.body["items"].as_array().map(Vec::len), Some(2));
    let usage = world.practice.get("/v1/usage").await.body;
    assert_eq!(
        (&usage["emails"]["used"], &usage["sms"]["used"]),
        (&json!(2), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d6_only_record_and_request_together_waive_protection_of_a_single_invoice_or_receipt() {
    let world = World::start().await;
    let (invoice, other, note) = (
        world.practice.document("invoice", "1", "2026-11-20").await,
        world.practice.document("invoice", "2", "2026-11-20").await,
        world.practice.document("note", "3", "2026-11-20").await,
    );
    for (allows, documents, waived) in [
        (false, vec![invoice.as_str()], false),
        (true, vec![note.as_str()], false),
        (true, vec![invoice.as_str(), other.as_str()], false),
        (true, vec![invoice.as_str()], true),
    ] {
        allow(&world, allows).await;
        let preview = preview(&world, body(&documents, &json!({}))).await.body;
        assert_eq!(preview["sendable"], waived, "{preview}");
        let sent = world
            .practice
            .post_delivery(body(&documents, &json!({})))
            .await;
        if waived {
            assert_eq!(
                preview["settings"]["protected"],
                json!({"value": false, "origin": "delivery"})
            );
            assert_eq!(preview["warnings"][0]["type"], "/problems/unprotected");
            assert_eq!(
                (&preview["reference"], &preview["code"]),
                (&Value::Null, &Value::Null)
            );
            assert_eq!(sent.status, 201, "{sent:?}");
        } else {
            assert_eq!(
                preview["problems"][0]["type"],
                "/problems/must-be-protected"
            );
            assert_eq!((sent.status, sent.problem()), (422, "must-be-protected"));
        }
    }
    assert_eq!(world.messages().await.len(), 1);
    // Where nobody waives it, it holds.
    let protected = preview(
        &world,
        json!({"record": "r1", "recipient": "patient", "documents": [invoice]}),
    )
    .await;
    assert_eq!(
        protected.body["settings"]["protected"],
        json!({"value": true, "origin": "default"})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d6_a_draft_goes_as_it_was_shown_once_and_a_repeat_sends_nothing() {
    let world = allowing().await;
    let invoice = world.practice.document("invoice", "1", "2026-11-20").await;
    let draft = preview(&world, body(&[&invoice], &json!({}))).await.body["draft"].clone();
    let body = json!({"draft": draft});
    let sent = world.practice.post_delivery_as("a", body.clone()).await;
    assert_eq!((sent.status, &sent.body["code"]), (201, &Value::Null));
    let again = world.practice.post_delivery_as("a", body.clone()).await;
    assert_eq!((again.status, &again.body["id"]), (201, &sent.body["id"]));
    assert_eq!(again.body["message"], Value::Null);
    let once_more = world.practice.post_delivery_as("b", body).await;
    assert_eq!(once_more.problem(), "draft-spent");
    assert_eq!(world.messages().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_an_attached_invoice_that_was_refused_or_whose_fate_is_unknown_is_not_sent() {
    let world = allowing().await;
    let invoice = world.practice.document("invoice", "1", "2026-11-20").await;
    let earlier = world.practice.send(&[&invoice]).await;
    for (fault, problem) in [("refuse", "email-refused"), ("timeout", "email-unknown")] {
        world.fail("email", fault, 1).await;
        let failed = world
            .practice
            .post_delivery(body(&[&invoice], &json!({})))
            .await;
        assert_eq!((failed.status, failed.problem()), (502, problem));
        let shown = show(&world, &failed.body["id"]).await;
        assert_eq!(
            (&shown["state"], &shown["closed_because"]),
            (&json!("closed"), &json!("not_sent"))
        );
        assert_eq!(show(&world, &json!(earlier.id)).await["state"], "open");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_an_attached_document_closes_its_earlier_pages_and_is_closed_by_nothing() {
    let world = allowing().await;
    let invoice = world.practice.document("invoice", "1", "2026-11-20").await;
    let earlier = world.practice.send(&[&invoice]).await;
    let request = body(&[&invoice], &json!({}));
    assert_eq!(
        preview(&world, request.clone()).await.body["supersedes"],
        json!([earlier.id])
    );
    let attached = world.practice.post_delivery(request).await;
    assert_eq!(attached.body["superseded"], json!([earlier.id]));
    assert_eq!(
        show(&world, &json!(earlier.id)).await["closed_because"],
        "superseded"
    );

    let later = world.practice.send(&[&invoice]).await;
    assert_eq!(
        later.answer["superseded"],
        json!([]),
        "there is no page to close"
    );
    let id = attached.body["id"].as_str().unwrap_or_default();
    let revoked = world.practice.delete(&format!("/v1/deliveries/{id}")).await;
    assert_eq!((revoked.status, revoked.problem()), (409, "not-revocable"));
    let code = world
        .practice
        .post_code("k", id, json!({"channel": "spoken"}))
        .await;
    assert_eq!((code.status, code.problem()), (409, "code-not-possible"));
    world.advance(200 * domain::time::DAY);
    assert_eq!(show(&world, &attached.body["id"]).await["state"], "sent");
    let deleted = world
        .practice
        .delete(&format!("/v1/documents/{invoice}"))
        .await;
    assert_eq!(deleted.status, 204);
    let shown = show(&world, &attached.body["id"]).await;
    assert_eq!(
        (&shown["state"], &shown["documents"]),
        (&json!("sent"), &json!([]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d6_the_largest_document_goes_attached() {
    let world = allowing().await;
    let mut content = pdf("1");
    // White space behind the end of a PDF is nothing to its readers.
    content.resize(25 * 1024 * 1024, b'\n');
    let announced = world
        .practice
        .announce("invoice", "1", "2026-11-20", &content)
        .await;
    assert_eq!(world.practice.upload(&announced, content).await, 200);
    let invoice = announced.body["id"].as_str().unwrap_or_default();
    let sent = world
        .practice
        .post_delivery(body(&[invoice], &json!({})))
        .await;
    assert_eq!(sent.status, 201, "{sent:?}");
    assert_eq!(
        world.messages().await[0]["attachments"][0]["size"],
        25 * 1024 * 1024
    );
}
