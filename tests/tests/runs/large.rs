//! A run as large as a house sends in a month, on the whole local stack: gateway, table, stream, schedule, audit, outbox.
//!
//! `ITEMS=10000 cargo test --workspace --test runs run_through -- --nocapture` sends as many as a run may have.

use std::time::{Duration, Instant};

use deliveries::Hand;
use serde_json::{Value, json};
use tests::World;

use crate::seed::seed;
use crate::{assert_counts, emails, text};

/// How many items are sent where nobody asks for more.
const ITEMS: usize = 2_000;
/// A run in which nothing happens for so long does not end.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_items_run_through() {
    let asked = std::env::var("ITEMS").ok();
    let asked = asked.map(|items| items.parse().expect("a number of items"));
    let count = asked.unwrap_or(ITEMS);
    let world = World::with_smallest_hashes().await;
    world.clock().set(Hand::Running(0));
    let items = seed(&world, count).await;
    let began = Instant::now();
    let started = world.practice.start_run(json!({"items": items})).await;
    let id = text(&started.body["id"]).to_owned();
    let stored = began.elapsed();
    let ended = ended(&world, &id).await;
    let took = began.elapsed();
    assert_counts(&ended, &[("sent", count)]);
    let emails = emails(&world).await;
    assert_eq!(emails.len(), count);
    assert!(emails.values().all(|mails| *mails == 1));
    println!("{count} items stored in {stored:.1?}, sent in {took:.1?}");
    let sent = world.practice.run_items(&id, "state=sent").await;
    assert_eq!(sent.len(), count);
}

/// The run once nothing will happen any more.
async fn ended(world: &World, id: &str) -> Value {
    let (mut counts, mut since) = (Value::Null, Instant::now());
    loop {
        let path = format!("/v1/invoice-runs/{id}");
        let mut run = world.practice.get(&path).await.body;
        if !run["finished_at"].is_null() {
            return run;
        }
        let now = run["counts"].take();
        if now != counts {
            (counts, since) = (now, Instant::now());
        }
        assert!(since.elapsed() < PATIENCE, "the run stands still: {counts}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
