//! Practices with something of everything, and what each gets to see of itself.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::{Practice, World};

use crate::calls::Ids;

/// Gives a practice a type, a record, a document and a delivery, and tells their ids.
pub(crate) async fn furnish(practice: &Practice) -> Ids {
    let document = practice
        .document("invoice", "2026-0815", "2026-11-20")
        .await;
    let sent = practice.send(&[&document]).await;
    let webhook = webhook(practice, "hook").await;
    Ids {
        webhook,
        run: run(practice, &document).await,
        record_type: "std".to_owned(),
        record: "r1".to_owned(),
        document,
        delivery: sent.id,
    }
}

/// The same under ids that only this practice has.
pub(crate) async fn furnish_apart(practice: &Practice, name: &str) -> Ids {
    let (record_type, record) = (format!("type-of-{name}"), format!("record-of-{name}"));
    assert_eq!(
        practice
            .put(
                &format!("/v1/record-types/{record_type}"),
                json!({"valid_days": 7})
            )
            .await
            .status,
        200
    );
    let recipients = json!([{"id": "patient", "name": format!("Patient of {name}"), "email": format!("{name}@example.org")}]);
    let body = json!({"record_type": record_type, "recipients": recipients});
    assert_eq!(
        practice
            .put(&format!("/v1/records/{record}"), body)
            .await
            .status,
        200
    );
    let content = tests::pdf(name);
    let announcement = json!({"record": record, "kind": "invoice", "number": name, "issued_on": "2026-11-20", "released": true,
        "content_type": "application/pdf", "size": content.len(), "sha256": HEXLOWER.encode(&Sha256::digest(&content))});
    let announced = practice
        .call(Method::POST, "/v1/documents", announcement)
        .await;
    assert_eq!(practice.upload(&announced, content).await, 200);
    let document = announced.body["id"].as_str().unwrap_or_default().to_owned();
    let sent = practice
        .send_with(&[&document], json!({"record": record, "channel": "spoken"}))
        .await;
    let webhook = webhook(practice, &format!("hook-of-{name}")).await;
    Ids {
        webhook,
        run: run(practice, &document).await,
        record_type,
        record,
        document,
        delivery: sent.id,
    }
}

/// A webhook of this id: the id.
async fn webhook(practice: &Practice, id: &str) -> String {
    let body = json!({"url": "https://hooks.example.org/", "events": ["delivery.opened"]});
    let made = practice.put(&format!("/v1/webhooks/{id}"), body).await;
    assert_eq!(made.status, 200, "{made:?}");
    id.to_owned()
}

/// A run that has ended, with an item that failed: the id.
async fn run(practice: &Practice, document: &str) -> String {
    let item = json!({"document": document, "recipient": "patient", "channel": "self_service"});
    let body = json!({"items": [item], "dry_run": true});
    let started = practice.start_run(body).await;
    let id = started.body["id"].as_str().unwrap_or_default().to_owned();
    let ended = practice.run_ended(&id).await;
    assert_eq!(ended["counts"]["failed"], 1, "{ended}");
    id
}

/// Everything that a practice gets to see of itself.
pub(crate) async fn view(practice: &Practice, ids: &Ids) -> BTreeMap<String, Value> {
    let mut view = BTreeMap::new();
    for path in [
        "/v1/settings".to_owned(),
        "/v1/record-types".to_owned(),
        "/v1/records".to_owned(),
        "/v1/deliveries".to_owned(),
        format!("/v1/documents?record={}", ids.record),
        format!("/v1/record-types/{}", ids.record_type),
        format!("/v1/records/{}", ids.record),
        format!("/v1/documents/{}", ids.document),
        format!("/v1/deliveries/{}", ids.delivery),
        "/v1/webhooks".to_owned(),
        format!("/v1/webhooks/{}", ids.webhook),
        format!("/v1/invoice-runs/{}", ids.run),
        format!("/v1/invoice-runs/{}/items", ids.run),
    ] {
        let answer = practice.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        view.insert(path, answer.body);
    }
    view
}

/// A name that begins like the other's is the nearest that two practices can come.
pub(crate) async fn two_practices(world: &World) -> (Practice, Ids, Ids) {
    let other = world.another_practice("praxis-am-par").await;
    let (theirs, mine) = (
        furnish_apart(&world.practice, "first").await,
        furnish_apart(&other, "second").await,
    );
    (other, theirs, mine)
}
