//! D4 and D5: what an operator allows is changed by a command and holds from the next request on; the practice can only lower it.

use std::time::Duration;

use serde_json::{Value, json};
use tests::World;
use tests::dynamodb::{call, table};
use tests::operator::operator;

use crate::text;

const PRACTICE: &str = local::practice::PRACTICE;

/// `operator practice limit` with these; what it says.
async fn limit(world: &World, what: &[&str]) -> String {
    let command = [&["practice", "limit", PRACTICE], what].concat();
    let (code, out, said) = operator(world, &command).await;
    assert_eq!(code, Some(0), "{what:?}: {out}{said}");
    out
}

async fn settings(world: &World, extra: Value) -> u16 {
    let mut body = json!({"name": "Praxis am Park", "sms_allowed": true});
    for (name, value) in extra.as_object().expect("fields") {
        body[name] = value.clone();
    }
    world.practice.put("/v1/settings", body).await.status
}

/// Sends by SMS; the status, and the sender that the newest SMS shows.
async fn send(world: &World, document: &str) -> (u16, String) {
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    let answer = world.practice.post_delivery(body).await;
    (answer.status, newest_sender(world).await)
}

async fn newest_sender(world: &World) -> String {
    let messages = world.messages().await;
    let mut sms = messages.iter().rev();
    let sms = sms.find(|message| message["channel"] == "sms");
    sms.map_or_else(String::new, |sms| text(&sms["from"]).to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_every_sms_shows_our_sender_once_the_operator_allows_the_practices_no_more() {
    let world = World::with_smallest_hashes().await;
    let practice = &world.practice;
    let self_service = json!({"self_service": {"allowed": true}});
    let allowed = practice.put("/v1/record-types/std", self_service).await;
    assert_eq!(allowed.status, 200);
    limit(
        &world,
        &["--sender-id", "PraxisPark", "--sender-id", "Park"],
    )
    .await;
    let own = json!({"sender_id": "PraxisPark"});
    assert_eq!(settings(&world, own.clone()).await, 200);
    let other = json!({"sender_id": "Bank"});
    assert_eq!(settings(&world, other).await, 400);
    let document = practice.document("invoice", "1", "2026-11-20").await;
    let sent = practice.send(&[&document]).await;
    assert_eq!(newest_sender(&world).await, "PraxisPark");

    let said = limit(&world, &["--sender-id", "Park"]).await;
    assert!(said.contains("SMS senders: Park\n"), "{said}");
    let page = world.patient(&sent).ask().await;
    assert_eq!(page.status, 303, "a code that a patient asks for");
    assert_eq!(newest_sender(&world).await, "Zweiweg");
    limit(&world, &["--sender-id", "PraxisPark"]).await;
    let by_sms = json!({"channel": "sms"});
    let code = practice.post_code("a", &sent.id, by_sms.clone()).await;
    assert_eq!(code.status, 201, "{code:?}");
    assert_eq!(newest_sender(&world).await, "PraxisPark", "allowed again");
    limit(&world, &["--no-sender-id"]).await;
    let code = practice.post_code("b", &sent.id, by_sms).await;
    assert_eq!(code.status, 201, "{code:?}");
    assert_eq!(newest_sender(&world).await, "Zweiweg");
    assert_eq!(send(&world, &document).await, (201, "Zweiweg".to_owned()));
    let seen = practice.get("/v1/settings").await.body;
    assert_eq!(seen["sender_id"], "PraxisPark", "it stays as it was set");
    assert_eq!(seen["limits"]["sender_ids"], json!([]));
    assert_eq!(settings(&world, own.clone()).await, 400, "and not again");
    limit(&world, &["--any-sender-id"]).await;
    assert_eq!(send(&world, &document).await.1, "PraxisPark");
    assert_eq!(settings(&world, own).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_an_operator_lowers_and_lifts_caps_of_a_practice_that_is_there() {
    let world = World::with_smallest_hashes().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    limit(&world, &["--sender-id", "PraxisPark"]).await;
    let own = json!({"sender_id": "PraxisPark", "monthly_caps": {"emails": 3}});
    assert_eq!(settings(&world, own).await, 200);
    assert_eq!(send(&world, &document).await.0, 201);

    let said = limit(&world, &["--sms", "1", "--threema", "7"]).await;
    let caps = "monthly caps: any number of e-mails, 1 SMS, 7 Threema messages";
    assert!(said.contains(caps), "{said}");
    assert_eq!(
        send(&world, &document).await.0,
        409,
        "by the operator's cap"
    );
    let usage = world.practice.get("/v1/usage").await.body;
    assert_eq!(usage["sms"], json!({"used": 1, "cap": 1, "left": 0}));
    assert_eq!(usage["emails"]["cap"], 3, "the practice's own");
    // What is not named stays.
    limit(&world, &["--sms", "none"]).await;
    let limits = world.practice.get("/v1/settings").await.body["limits"].take();
    let expected = json!({
        "sender_ids": ["PraxisPark"],
        "monthly_caps": {"emails": null, "sms": null, "threema": 7},
    });
    assert_eq!(limits, expected);
    assert_eq!(
        send(&world, &document).await,
        (201, "PraxisPark".to_owned())
    );
    limit(&world, &["--emails", "100"]).await;
    assert_eq!(send(&world, &document).await.0, 201);
    assert_eq!(
        send(&world, &document).await.0,
        409,
        "the practice's own cap is the lower one"
    );
    let (code, out, _) = operator(&world, &["practice", "show", PRACTICE]).await;
    assert_eq!(code, Some(0));
    for said in [
        "SMS senders: PraxisPark\n",
        "monthly caps: 100 e-mails, any number of SMS, 7 Threema messages\n",
        "its own caps: 3 e-mails, any number of SMS, any number of Threema messages\n",
    ] {
        assert!(out.contains(said), "{said}{out}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_limits_keeps_from_when_on_drafts_are_taken_and_leaves_its_row() {
    let world = World::with_smallest_hashes().await;
    let address = world.stack.dynamodb();
    let table = table(address).await;
    let key = json!({"pk": {"S": format!("ORG#{PRACTICE}")}, "sk": {"S": "LIMITS"}});
    let restored = json!({
        "TableName": table, "Key": key,
        "UpdateExpression": "SET drafts_since = :since",
        "ExpressionAttributeValues": {":since": {"N": "1795428000"}},
    });
    call(address, "UpdateItem", restored).await;
    for what in [["--emails", "5"], ["--sender-id", "Park"]] {
        limit(&world, &what).await;
    }
    let found = json!({"TableName": table, "Key": key, "ConsistentRead": true});
    let found = call(address, "GetItem", found).await;
    assert_eq!(found["Item"]["drafts_since"], json!({"N": "1795428000"}));
    let mut rows = Vec::new();
    for _ in 0..200 {
        let audit = world.practice.get("/v1/audit").await.body["items"].take();
        let audit = audit.as_array().cloned().unwrap_or_default();
        let of_limits = |row: &Value| row["action"] == "limits_changed";
        rows = audit.into_iter().filter(of_limits).collect();
        if rows.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(rows.len(), 2, "{rows:?}");
    let by_operator = |row: &Value| row["actor"]["type"] == "operator";
    assert!(rows.iter().all(by_operator), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_says_nothing_or_nonsense_changes_nothing() {
    let world = World::bare().await;
    let before = world.practice.get("/v1/settings").await.body;
    for (what, code) in [
        (vec![PRACTICE], 2),
        (vec![PRACTICE, "--sms", "some"], 2),
        (vec![PRACTICE, "--sms", "-1"], 2),
        (vec![PRACTICE, "--emails", "10000001"], 2),
        (vec![PRACTICE, "--sender-id", "0441234567"], 2),
        (vec![PRACTICE, "--sender-id", "Park", "--no-sender-id"], 2),
        (vec![PRACTICE, "--any-sender-id", "--no-sender-id"], 2),
        (vec!["nobody", "--sms", "1"], 1),
    ] {
        let command = [vec!["practice", "limit"], what].concat();
        let (ended, out, said) = operator(&world, &command).await;
        assert_eq!(ended, Some(code), "{command:?}: {out}{said}");
    }
    assert_eq!(world.practice.get("/v1/settings").await.body, before);
    let address = world.stack.dynamodb();
    let table = table(address).await;
    let key = json!({"pk": {"S": "ORG#nobody"}, "sk": {"S": "LIMITS"}});
    let found = call(address, "GetItem", json!({"TableName": table, "Key": key})).await;
    assert_eq!(
        found["Item"],
        Value::Null,
        "nothing of a practice that is not"
    );
}
