//! What goes away by itself: dead deliveries, deleted documents, uploads that never came, and that nothing of them stays reachable.
#![cfg(test)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use domain::time::{DAY, HOUR, Timestamp};
use futures::future::join_all;
use serde_json::{Value, json};
use tests::{World, dynamodb, pdf};

/// How long after it was announced an upload is settled, in seconds.
const SETTLED: i64 = DAY + HOUR;

/// Puts the clock at an instant, and takes away what the table has outlived by then, as DynamoDB does some time later.
async fn time_passes(world: &World, now: Timestamp) {
    world.set_clock(now);
    let address = world.stack.dynamodb();
    let table = dynamodb::table(address).await;
    for item in dynamodb::items(address).await {
        let ttl = item["ttl"]["N"]
            .as_str()
            .and_then(|ttl| ttl.parse::<i64>().ok());
        if ttl.is_some_and(|ttl| ttl < now.seconds()) {
            let key = json!({"pk": item["pk"], "sk": item["sk"]});
            let delete = json!({"TableName": table, "Key": key});
            dynamodb::call(address, "DeleteItem", delete).await;
        }
    }
}

/// The rows that tell of something, but for what is kept on purpose: the audit for a year, and what is yet to be told.
async fn rows(world: &World, of: &str) -> Vec<String> {
    let items = dynamodb::items(world.stack.dynamodb()).await.into_iter();
    let kept = items.filter(|item| !tests::is_derived(item) && item.to_string().contains(of));
    let name = |item: Value| format!("{} {}", item["pk"]["S"], item["sk"]["S"]);
    kept.map(name).collect()
}

/// The files of the bucket, by name.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

/// When an upload is to be settled, by the rows that say so; none is there once the schedule has done it.
async fn due_at(world: &World, document: &str) -> Vec<String> {
    let items = dynamodb::items(world.stack.dynamodb()).await;
    let is_its_row =
        |item: &&Value| item["pk"]["S"] == "UPLOADS" && item["document"]["S"] == document;
    let own = items.iter().filter(is_its_row);
    own.map(|item| item["sk"]["S"].to_string()).collect()
}

/// Whether an upload is still to be settled.
async fn is_unsettled(world: &World, document: &str) -> bool {
    !due_at(world, document).await.is_empty()
}

/// Waits until the schedule has settled an upload.
async fn settled(world: &World, document: &str) {
    for _ in 0..200 {
        if !is_unsettled(world, document).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the upload of {document} is not settled");
}

/// What the document's own row says without anybody looking at the upload.
async fn state_in_table(world: &World, document: &str) -> Value {
    let items = dynamodb::items(world.stack.dynamodb()).await;
    let own = items.into_iter().find(|item| item["id"]["S"] == document);
    own.map(|mut own| own["state"]["S"].take())
        .unwrap_or_default()
}

fn bytes_of(world: &World, document: &str) -> Vec<String> {
    let mut files = files(&world.folder().join("s3"));
    files.retain(|file| file.contains(document) && !file.contains(".s3s-fs"));
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn l8_a_dead_delivery_says_why_for_thirty_days_and_then_leaves_nothing() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let sent = world.practice.send(&[&document]).await;
    assert_eq!(world.patient(&sent).enter(&sent.code).await.status, 303);
    let path = format!("/v1/deliveries/{}", sent.id);
    let shown = world.practice.get(&path).await;
    let end = shown.body["expires_at"].as_str().unwrap_or_default();
    let end = Timestamp::parse(end).unwrap();

    time_passes(&world, end.plus(30 * DAY - 1)).await;
    assert_eq!(world.patient(&sent).open().await.status, 410);
    assert_eq!(
        world.practice.get(&path).await.body["closed_because"],
        "expired"
    );

    time_passes(&world, end.plus(31 * DAY)).await;
    assert_eq!(world.patient(&sent).open().await.status, 404);
    assert_eq!(world.practice.get(&path).await.status, 404);
    let list = world.practice.get("/v1/deliveries").await;
    assert_eq!(list.body["items"], json!([]));
    let reference = format!("/v1/deliveries?reference={}", sent.reference);
    assert_eq!(
        world.practice.get(&reference).await.body["items"],
        json!([])
    );
    let left = rows(&world, &sent.id).await;
    let left: Vec<&String> = left
        .iter()
        // The document stays until it is deleted, and forgets its sendings with the next one.
        .filter(|row| !row.contains("DOCUMENT#"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let document = world
        .practice
        .get(&format!("/v1/documents/{document}"))
        .await;
    assert_eq!(
        (document.status, &document.body["state"]),
        (200, &json!("ready"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l7_of_a_deleted_document_no_byte_and_no_way_to_it_is_left() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let sent = world.practice.send(&[&document]).await;
    let mut patient = world.patient(&sent);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    assert!(
        !bytes_of(&world, &document).is_empty(),
        "the bytes are looked for where they lie"
    );
    let path = format!("/v1/documents/{document}");
    assert_eq!(world.practice.delete(&path).await.status, 204);
    assert_eq!(bytes_of(&world, &document), Vec::<String>::new());
    assert_eq!(world.practice.get(&path).await.status, 404);
    let clicked = patient.click(&document).await;
    let leads_to = clicked.location();
    assert!(!leads_to.contains("X-Amz"), "the open session: {leads_to}");
    assert_eq!(world.patient(&sent).open().await.status, 410);
    let left = rows(&world, &format!("DOCUMENT#{document}")).await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_never_came_is_gone_after_a_day_and_its_rows_follow() {
    let world = World::start().await;
    let announced_at = world.clock().now();
    let content = pdf("1");
    let announced = world
        .practice
        .announce("invoice", "1", "2026-11-20", &content)
        .await;
    let kept = world.practice.document("invoice", "2", "2026-11-20").await;
    let id = announced.body["id"].as_str().unwrap_or_default();
    let of = |id: &str| format!("/v1/documents/{id}");
    assert_eq!(world.practice.get(&of(&kept)).await.body["state"], "ready");
    time_passes(&world, announced_at.plus(DAY - 1)).await;
    assert_eq!(
        world.practice.get(&of(id)).await.body["state"],
        "awaiting_upload"
    );
    time_passes(&world, announced_at.plus(DAY)).await;
    assert_eq!(world.practice.get(&of(id)).await.status, 404);
    let list = world.practice.get("/v1/documents?record=r1").await;
    assert_eq!(list.body["items"].as_array().map(Vec::len), Some(1));
    let due = due_at(&world, id).await;
    assert_eq!(due.len(), 1);
    time_passes(&world, announced_at.plus(SETTLED)).await;
    for _ in 0..200 {
        if due_at(&world, id).await != due {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let again = due_at(&world, id).await;
    assert!(
        again.len() == 1 && again > due,
        "it is looked for later: {again:?}"
    );
    time_passes(&world, announced_at.plus(SETTLED + 7 * DAY + 1)).await;
    settled(&world, id).await;
    let left = rows(&world, id).await;
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(world.practice.get(&of(&kept)).await.body["state"], "ready");
    assert_eq!(rows(&world, &kept).await.len(), 2, "what came stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_came_and_that_nobody_looked_at_is_looked_at_a_day_later_and_stays() {
    let world = World::start().await;
    let announced_at = world.clock().now();
    let content = pdf("1");
    let announce = world
        .practice
        .announce("invoice", "1", "2026-11-20", &content);
    let announced = announce.await;
    let id = announced.body["id"].as_str().unwrap_or_default();
    assert_eq!(world.practice.upload(&announced, content).await, 200);

    time_passes(&world, announced_at.plus(SETTLED - 1)).await;
    // Longer than the schedule takes to come again.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(is_unsettled(&world, id).await);
    assert_eq!(state_in_table(&world, id).await, "awaiting_upload");

    // Somebody looks at the very moment.
    world.set_clock(announced_at.plus(SETTLED));
    let path = format!("/v1/documents/{id}");
    let looks = join_all((0..8).map(|_| world.practice.get(&path))).await;
    for look in looks {
        assert_eq!((look.status, &look.body["state"]), (200, &json!("ready")));
    }
    settled(&world, id).await;
    time_passes(&world, announced_at.plus(100 * DAY)).await;
    assert_eq!(state_in_table(&world, id).await, "ready");
    assert_eq!(world.practice.get(&path).await.body["state"], "ready");
    assert_eq!(rows(&world, id).await.len(), 2);
    assert!(!bytes_of(&world, id).is_empty());

    // And where nobody does.
    let announced_at = world.clock().now();
    let content = pdf("2");
    let announce = world
        .practice
        .announce("invoice", "2", "2026-11-20", &content);
    let announced = announce.await;
    let id = announced.body["id"].as_str().unwrap_or_default();
    assert_eq!(world.practice.upload(&announced, content).await, 200);
    time_passes(&world, announced_at.plus(SETTLED)).await;
    settled(&world, id).await;
    assert_eq!(state_in_table(&world, id).await, "ready");
    time_passes(&world, announced_at.plus(100 * DAY)).await;
    assert_eq!(rows(&world, id).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_came_after_its_document_was_deleted_is_gone_a_day_later() {
    let world = World::start().await;
    let announced_at = world.clock().now();
    let deletions = ["/v1/documents/{id}", "/v1/records/r1"];
    let mut late = Vec::new();
    for (number, deletion) in deletions.into_iter().enumerate() {
        let number = number.to_string();
        let content = pdf(&number);
        let announce = world
            .practice
            .announce("invoice", &number, "2026-11-20", &content);
        let announced = announce.await;
        let id = announced.body["id"].as_str().unwrap_or_default().to_owned();
        let deleted = world.practice.delete(&deletion.replace("{id}", &id)).await;
        assert_eq!(deleted.status, 204, "{deletion}: {deleted:?}");
        assert_eq!(world.practice.upload(&announced, content).await, 200);
        let left = rows(&world, &format!("DOCUMENT#{id}")).await;
        assert!(left.is_empty(), "{left:?}");
        assert!(!bytes_of(&world, &id).is_empty(), "{deletion}");
        late.push(id);
    }
    time_passes(&world, announced_at.plus(SETTLED)).await;
    for id in late {
        settled(&world, &id).await;
        assert_eq!(bytes_of(&world, &id), Vec::<String>::new());
    }
}
