//! What a lost answer or a change of mind must not do: sendings refused that were made, documents announced twice, addresses changed unnoticed, items of a newer version overwritten.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

use std::time::Duration;

use domain::time::{DAY, HOUR};
use futures::future::join_all;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tests::dynamodb::{call, items, table};
use tests::{Answer, World};

fn announcement(number: &str) -> Value {
    json!({"record": "r1", "kind": "note", "number": number, "issued_on": "2026-11-20",
        "content_type": "application/pdf", "size": 5, "sha256": "0".repeat(64)})
}

async fn announce(world: &World, key: &str, body: &Value) -> Answer {
    let request = Client::new()
        .post(format!("{}/v1/documents", world.stack.api()))
        .bearer_auth(world.practice.key())
        .header("idempotency-key", key)
        .json(body);
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    Answer {
        status,
        content_type: if status < 400 {
            "application/json"
        } else {
            "application/problem+json"
        }
        .to_owned(),
        body: response.json().await.expect("JSON"),
    }
}

async fn documents(world: &World) -> usize {
    let listed = world.practice.get("/v1/documents?record=r1").await.body;
    listed["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_a_document_announced_again_with_the_same_key_is_one_document() {
    let world = World::start().await;
    let body = announcement("1");
    let answers = join_all((0..10).map(|_| announce(&world, "key-1", &body))).await;
    let made: Vec<&Answer> = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .collect();
    assert!(!made.is_empty(), "{answers:?}");
    for answer in &answers {
        // Of ten at once, DynamoDB may turn some away; they may ask again.
        assert!(answer.status == 201 || answer.status == 503, "{answer:?}");
    }
    let ids: Vec<&Value> = made.iter().map(|answer| &answer.body["id"]).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(documents(&world).await, 1, "ten in parallel, one effect");
    let again = announce(&world, "key-1", &body).await;
    assert_eq!((again.status, &again.body["id"]), (201, ids[0]));
    assert!(again.body["upload"]["url"].is_string(), "{again:?}");
    let other = announce(&world, "key-1", &announcement("2")).await;
    assert_eq!(
        (other.status, other.problem()),
        (409, "idempotency-mismatch")
    );
    assert_eq!(announce(&world, "key-2", &body).await.status, 201);
    assert_eq!(documents(&world).await, 2);
    for malformed in ["", " ", &"k".repeat(256), "schlüssel"] {
        let refused = announce(&world, malformed, &body).await;
        assert_eq!(refused.status, 400, "{malformed}: {refused:?}");
    }
    world.advance(24 * 60 * 60);
    let later = announce(&world, "key-2", &announcement("3")).await;
    assert_eq!(later.status, 201, "a key is kept for 24 hours: {later:?}");
}

/// Asks again as before, with the same key for something else, and anew: what was made, a mismatch, and this refusal; nothing more is sent.
async fn asked_again(
    world: &World,
    path: &str,
    [body, other]: [&Value; 2],
    id: &Value,
    refused: &str,
) {
    let sent = world.messages().await.len();
    let again = world.practice.post_as("lost", path, body.clone()).await;
    assert_eq!((again.status, &again.body["id"]), (201, id), "{refused}");
    let shown = (&again.body["code"], &again.body["reference"]);
    assert_eq!(shown, (&Value::Null, &Value::Null), "{refused}");
    let other = world.practice.post_as("lost", path, other.clone()).await;
    let told = (other.status, other.problem());
    assert_eq!(told, (409, "idempotency-mismatch"), "{refused}");
    let anew = world.practice.post_as(refused, path, body.clone()).await;
    assert_eq!(anew.problem(), refused, "{anew:?}");
    assert_eq!(world.messages().await.len(), sent, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_a_draft_whose_answer_was_lost_is_answered_after_its_hour_too() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    let preview = "/v1/deliveries/preview";
    let shown = world.practice.call(Method::POST, preview, body).await.body;
    let draft = json!({"draft": shown["draft"]});
    let changed = json!({"draft": shown["draft"], "additional_text": "Bis bald."});
    world.advance(HOUR - 1);
    let path = "/v1/deliveries";
    let sent = world.practice.post_as("lost", path, draft.clone()).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    world.advance(1);
    let bodies = [&draft, &changed];
    asked_again(&world, path, bodies, &sent.body["id"], "draft-expired").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_a_sending_that_was_made_is_answered_though_it_could_not_be_made_now() {
    let world = World::start().await;
    let practice = &world.practice;
    let document = practice.document("invoice", "1", "2026-11-20").await;
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    let mut other = body.clone();
    other["keep_earlier"] = json!(true);
    let path = "/v1/deliveries";
    let sent = practice.post_as("lost", path, body.clone()).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    let (id, bodies) = (&sent.body["id"], [&body, &other]);
    let no_consent = json!({"name": "Praxis am Park"});
    assert_eq!(practice.put("/v1/settings", no_consent).await.status, 200);
    asked_again(&world, path, bodies, id, "no-consent").await;
    let deleted = practice.delete(&format!("/v1/documents/{document}")).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    asked_again(&world, path, bodies, id, "document-gone").await;
    assert_eq!(practice.delete("/v1/records/r1").await.status, 204);
    asked_again(&world, path, bodies, id, "not-found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_a_new_code_that_was_made_is_answered_though_it_could_not_be_made_now() {
    let world = World::start().await;
    let practice = &world.practice;
    let sent = practice.send_invoice(1).await;
    let path = format!("/v1/deliveries/{}/code", sent.id);
    let (sms, spoken) = (json!({"channel": "sms"}), json!({"channel": "spoken"}));
    let made = practice.post_as("lost", &path, sms.clone()).await;
    assert_eq!(made.body["message"]["status"], "accepted", "{made:?}");
    let bodies = [&sms, &spoken];
    let no_consent = json!({"name": "Praxis am Park"});
    assert_eq!(practice.put("/v1/settings", no_consent).await.status, 200);
    asked_again(&world, &path, bodies, &Value::Null, "no-consent").await;
    let revoked = practice.revoke(&sent).await;
    assert_eq!(revoked.status, 204, "{revoked:?}");
    asked_again(&world, &path, bodies, &Value::Null, "code-not-possible").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l7_a_changed_address_is_told_with_the_open_deliveries_that_went_there() {
    let world = World::start().await;
    let first = world.practice.document("note", "1", "2026-11-20").await;
    let second = world.practice.document("note", "2", "2026-11-20").await;
    let by_sms = world.practice.send(&[&first]).await;
    world.advance(1);
    let spoken = json!({"channel": "spoken"});
    let spoken = world.practice.send_with(&[&second], spoken).await;
    let insurer = json!({"recipient": "insurer", "channel": "spoken", "keep_earlier": true});
    world.practice.send_with(&[&second], insurer).await;
    let linked = json!({"record_type": "std", "recipients": [
        {"id": "p", "name": "Max Beispiel", "email": "max@example.org"}, {"id": "parent", "linked_record": "r1"}]});
    assert_eq!(
        world.practice.put("/v1/records/r2", linked).await.status,
        200
    );
    let recipients = |email: &str, mobile: &str| {
        json!({"record_type": "std", "recipients": [
            {"id": "patient", "name": "Erika Beispiel", "email": email, "mobile": mobile},
            {"id": "insurer", "name": "Example Insurance", "email": "claims@example.org", "language": "en"}]})
    };
    let (email, mobile) = ("erika@example.org", "+4915112345678");
    for (now, expected) in [
        (recipients(email, mobile), vec![]),
        (recipients(email, "+4915112345679"), vec![&by_sms.id]),
        (
            recipients("neu@example.org", "+4915112345679"),
            vec![&spoken.id, &by_sms.id],
        ),
        (recipients("neu@example.org", "+4915112345679"), vec![]),
    ] {
        let answer = world.practice.put("/v1/records/r1", now).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.body["deliveries_to_changed_addresses"],
            json!(expected)
        );
    }
    // Back, and one of the two is closed by now: nothing is told of it any more.
    let back = recipients(email, mobile);
    assert_eq!(world.practice.put("/v1/records/r1", back).await.status, 200);
    assert_eq!(world.practice.revoke(&spoken).await.status, 204);
    let gone = json!({"record_type": "std", "recipients": [
        {"id": "other", "name": "Erika Beispiel", "email": "erika@example.org"}]});
    let answer = world.practice.put("/v1/records/r1", gone).await;
    let told = answer.body["deliveries_to_changed_addresses"].clone();
    assert_eq!(
        told.as_array().map(Vec::len),
        Some(2),
        "patient by SMS, and the insurer who is no longer there: {told}"
    );
    assert!(
        told.as_array()
            .into_iter()
            .flatten()
            .any(|id| *id == json!(by_sms.id))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d11_a_public_name_is_no_web_address_and_a_name_can_be_seen() {
    let world = World::start().await;
    for (settings, pointer) in [
        (
            json!({"name": "P", "public_name": "praxis.example"}),
            "/public_name",
        ),
        (json!({"name": "www.praxis.example"}), "/public_name"),
        (
            json!({"name": "P", "public_name": "https://a"}),
            "/public_name",
        ),
        (json!({"name": "\u{200b}"}), "/name"),
    ] {
        let answer = world.practice.put("/v1/settings", settings.clone()).await;
        assert_eq!(
            (answer.status, answer.pointers()),
            (400, vec![pointer]),
            "{settings}"
        );
    }
    for name in ["Praxis am Park", "Dr. Muster", "St. Georg, 2. Stock"] {
        let answer = world
            .practice
            .put("/v1/settings", json!({"name": name}))
            .await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f_p1_what_a_newer_version_wrote_is_never_overwritten() {
    let world = World::start().await;
    let database = world.stack.dynamodb();
    let before = world.practice.get("/v1/record-types/std").await;
    assert_eq!(before.status, 200);
    let practice = local::practice::PRACTICE;
    for sort in ["TYPE#std", "SETTINGS", "RECORD#r1"] {
        let update = json!({
            "TableName": table(database).await,
            "Key": {"pk": {"S": format!("ORG#{practice}")}, "sk": {"S": sort}},
            "UpdateExpression": "SET v = :newer, more = :more",
            "ExpressionAttributeValues": {":newer": {"N": "2"}, ":more": {"S": "of a newer version"}},
        });
        call(database, "UpdateItem", update).await;
    }
    let kept = |items: Vec<Value>| {
        let newer = items
            .iter()
            .filter(|item| item["more"]["S"] == "of a newer version");
        newer.count()
    };
    for (path, body) in [
        ("/v1/record-types/std", json!({"valid_days": 3})),
        ("/v1/settings", json!({"name": "Praxis am Park"})),
        (
            "/v1/records/r1",
            json!({"record_type": "std", "recipients": [{"id": "a", "name": "A", "email": "a@example.org"}]}),
        ),
    ] {
        let answer = world.practice.put(path, body).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (503, "unavailable"),
            "{path}"
        );
        assert_eq!(kept(items(database).await), 3, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f_p1_rows_of_a_newer_version_keep_nothing_behind_them_from_being_done() {
    let world = World::start().await;
    let database = world.stack.dynamodb();
    let table = table(database).await;
    for queue in ["UPLOADS", "AWAITED", "RUNS"] {
        let first = json!({"pk": {"S": queue}, "sk": {"S": "000000000001#first"}, "v": {"N": "2"}});
        let put = json!({"TableName": table, "Item": first});
        call(database, "PutItem", put).await;
    }
    let announced = world
        .practice
        .announce("invoice", "1", "2026-11-20", b"%PDF-1.7")
        .await;
    let store = world.store();
    let later = world.clock().now().plus(3 * DAY);
    let uploads = store.due_uploads(later).await.expect("read");
    let uploads: Vec<&str> = uploads.iter().map(|due| due.document.as_str()).collect();
    assert_eq!(announced.body["id"], json!(uploads[0]));
    assert_eq!(uploads.len(), 1);
    world.practice.send_invoice(2).await;
    let mut awaited = 0;
    for _ in 0..200 {
        awaited = store.due_audits(later, 10).await.expect("read").len();
        if awaited > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(awaited > 0, "the e-mail's line waits for its outcome");
    assert!(store.active_runs().await.expect("read").is_empty());
}
