//! A run as large as a house sends in a month, on the whole local stack: gateway, table, stream, schedule, outbox.

use std::time::Instant;

use deliveries::Hand;
use serde_json::json;
use tests::World;

use crate::seed::seed;
use crate::{assert_counts, emails, text};

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_items_run_through() {
    let world = World::with_smallest_hashes().await;
    world.clock().set(Hand::Running(0));
    let items = seed(&world, 2_000).await;
    let began = Instant::now();
    let started = world.practice.start_run(json!({"items": items})).await;
    let id = text(&started.body["id"]).to_owned();
    let stored = began.elapsed();
    let ended = world.practice.run_ended(&id).await;
    assert_counts(&ended, &[("sent", 2_000)]);
    let emails = emails(&world).await;
    assert_eq!(emails.len(), 2_000);
    assert!(emails.values().all(|mails| *mails == 1));
    println!(
        "2,000 items stored in {stored:.1?}, sent in {:.1?}",
        began.elapsed()
    );
    let sent = world.practice.run_items(&id, "state=sent").await;
    assert_eq!(sent.len(), 2_000);
}
