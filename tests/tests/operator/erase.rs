//! Erasing on request: nothing of it is left, the proof says so, and what is others' is untouched to the byte.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use documents::Documents;
use domain::time::MINUTE;
use operator::{Step, Whole, erase, traces};
use runtime::Aws;
use serde_json::{Value, json};
use tests::dynamodb::items;
use tests::{Patient, Practice, Sent, World, pdf};

use super::{a_while, preview, text};

const PAUSE: Duration = Duration::from_millis(1_500);
/// Found nowhere else.
const PRACTICE: &str = "praxis-zum-erloeschen";
const RECORD: &str = "akte-zum-erloeschen";

fn bucket(world: &World) -> Documents {
    let functions = world.stack.function_environments();
    let name = functions["Issue"]["DOCUMENTS_BUCKET"].clone();
    let aws = Aws::new(world.stack.environment()).expect("clients");
    Documents::new(aws.s3(), name)
}

/// Items that hold this text anywhere, in their keys, names or values, by their keys.
async fn holding(world: &World, wanted: &str) -> BTreeMap<String, Value> {
    let items = items(world.stack.dynamodb()).await.into_iter();
    let holding = items.filter(|item| item.to_string().contains(wanted));
    holding
        .map(|item| (format!("{} {}", item["pk"]["S"], item["sk"]["S"]), item))
        .collect()
}

/// Files of the bucket whose path holds this text.
fn files(folder: &Path, wanted: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, wanted));
        } else if path.to_string_lossy().contains(wanted) {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    found
}

/// One of everything that a practice can have.
async fn fill(world: &World, practice: &Practice) -> Sent {
    let webhook = json!({"url": "https://hooks.example.org/", "events": ["delivery.opened", "invoice_run.finished"]});
    assert_eq!(practice.put("/v1/webhooks/a", webhook).await.status, 200);
    let mut documents = Vec::new();
    for number in 1..=3 {
        let number = number.to_string();
        documents.push(practice.document("invoice", &number, "2026-11-20").await);
    }
    let sent = practice.send(&[&documents[0]]).await;
    let mut patient = Patient::new(world.stack.api(), &sent.link);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    preview(practice, &documents[1]).await;
    let wrong = practice.send(&[&documents[1]]).await;
    let mut patient = Patient::new(world.stack.api(), &wrong.link);
    assert_eq!(patient.enter("BBBBBB").await.status, 401);
    let run = practice
        .start_run(json!({"items": [{"document": documents[2], "recipient": "patient", "channel": "sms"}]}))
        .await;
    practice.run_ended(text(&run.body["id"])).await;
    sent
}

/// Runs until `is_enough`, and is dropped there.
async fn broken_off<T>(work: impl Future<Output = T>, is_enough: &AtomicBool) -> Option<T> {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if is_enough.load(Ordering::Relaxed) => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_practice_is_named_nowhere_and_another_is_untouched() {
    let world = World::with_smallest_hashes().await;
    let doomed = world.another_practice(PRACTICE).await;
    let sent = fill(&world, &doomed).await;
    fill(&world, &world.practice).await;
    a_while().await;
    let others = holding(&world, local::practice::PRACTICE).await;
    let objects = files(world.folder(), local::practice::PRACTICE);
    assert!(!objects.is_empty() && !files(world.folder(), PRACTICE).is_empty());
    let whole = Whole::Practice(PRACTICE.parse().expect("an id"));
    let (store, bucket, now) = (world.store(), bucket(&world), world.clock().now());
    let before = traces(&store, &bucket, &whole, |_| {})
        .await
        .expect("looked");
    assert_eq!(before.objects, 3);
    assert_eq!(before.items["deliveries"], 3, "{before:?}");

    // Broken off in the middle, and run again.
    let is_enough = AtomicBool::new(false);
    let erasing = erase(&store, &bucket, &whole, now, PAUSE, |step| {
        if matches!(step, Step::Deleting(things) if things > 3) {
            is_enough.store(true, Ordering::Relaxed);
        }
    });
    let done = broken_off(erasing, &is_enough).await;
    assert!(done.is_none(), "it was broken off");
    let left = traces(&store, &bucket, &whole, |_| {})
        .await
        .expect("looked");
    assert!(!left.is_empty(), "in the middle");
    let page = Patient::new(world.stack.api(), &sent.link).open().await;
    assert_ne!(page.status, 200);
    let erased = erase(&store, &bucket, &whole, now, PAUSE, |_| {}).await;
    let erased = erased.expect("erased");
    assert!(erased.left.is_empty(), "{erased:?}");

    a_while().await;
    let named = holding(&world, PRACTICE).await;
    assert!(named.is_empty(), "{:?}", named.keys());
    assert_eq!(files(world.folder(), PRACTICE), Vec::<String>::new());
    assert_eq!(doomed.get("/v1/settings").await.status, 403);
    let page = Patient::new(world.stack.api(), &sent.link).open().await;
    assert_eq!(page.status, 404);
    assert_eq!(holding(&world, local::practice::PRACTICE).await, others);
    assert_eq!(files(world.folder(), local::practice::PRACTICE), objects);
    // The id can be used again, and finds nothing of before.
    let anew = world.another_practice(PRACTICE).await;
    let deliveries = anew.get("/v1/deliveries").await;
    assert_eq!(deliveries.body["items"], json!([]));
}

/// A document of a record that is ready, and a delivery of it.
async fn send_of(world: &World, record: &str, number: &str) -> Sent {
    let content = pdf(number);
    let announced = world
        .practice
        .announce_of(record, "invoice", number, "2026-11-20", &content)
        .await;
    assert_eq!(world.practice.upload(&announced, content).await, 200);
    let document = text(&announced.body["id"]).to_owned();
    let extra = json!({"record": record});
    world.practice.send_with(&[&document], extra).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_record_is_named_nowhere_and_others_are_untouched() {
    let world = World::with_smallest_hashes().await;
    let recipients = json!([{"id": "patient", "name": "Max Muster", "email": "max@example.org", "mobile": "+4915112345679"}]);
    let record = json!({"record_type": "std", "recipients": recipients});
    let path = format!("/v1/records/{RECORD}");
    assert_eq!(world.practice.put(&path, record).await.status, 200);
    let linked = json!({"record_type": "std", "recipients": [
        {"id": "patient", "name": "Kind Muster", "email": "kind@example.org", "mobile": "+4915112345670"},
        {"id": "parent", "name": "Max Muster", "linked_record": RECORD}]});
    let answer = world.practice.put("/v1/records/linked", linked).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let gone = send_of(&world, RECORD, "1").await;
    let kept = send_of(&world, "r1", "2").await;
    // Until the audit waits for nothing any more.
    world.advance(2 * MINUTE);
    a_while().await;
    let others = async || {
        let mut items = holding(&world, "").await;
        items.retain(|key, item| {
            let is_audit = key.contains("AUDIT#") || key.contains("AWAITED");
            item.to_string().contains("\"r1\"") && !is_audit
        });
        items
    };
    let before = others().await;
    assert!(before.len() >= 3, "{before:?}");
    let whole = Whole::Record(super::practice(), RECORD.parse().expect("an id"));
    let (store, bucket, now) = (world.store(), bucket(&world), world.clock().now());
    let erased = erase(&store, &bucket, &whole, now, PAUSE, |_| {}).await;
    let erased = erased.expect("erased");
    assert_eq!(erased.gone.objects, 1, "{erased:?}");
    assert_eq!(erased.left.objects, 0);
    let left: Vec<_> = erased.left.items.into_iter().collect();
    assert_eq!(left, [("records", 1)], "the one that is linked to it");
    let unlinked = json!({"record_type": "std", "recipients": [
        {"id": "patient", "name": "Kind Muster", "email": "kind@example.org", "mobile": "+4915112345670"}]});
    let answer = world.practice.put("/v1/records/linked", unlinked).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    a_while().await;
    let left = traces(&store, &bucket, &whole, |_| {})
        .await
        .expect("looked");
    assert!(left.is_empty(), "{left:?}");
    let named: Vec<String> = holding(&world, RECORD).await.into_keys().collect();
    assert_eq!(named.len(), 1, "the mark of its alias: {named:?}");
    assert!(named[0].contains("GONE#RECORD#"), "{named:?}");
    let page = Patient::new(world.stack.api(), &gone.link).open().await;
    assert_eq!(page.status, 404);
    let page = Patient::new(world.stack.api(), &kept.link).open().await;
    assert_eq!(page.status, 200);
    assert_eq!(others().await, before);
    let aliased = world.practice.get("/v1/audit?limit=100").await.body;
    assert!(aliased.to_string().contains("erased-"), "{aliased}");
}
