//! Listing deliveries takes as long for the last page as for the first: a practice with 10,000 deliveries, paged to the end over the public API.
//!
//! `cargo bench --workspace --bench paging --profile dev` prints ratios of one run, never a promise in milliseconds.
//! The profile saves a release build of everything; a ratio needs none.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and one that cannot go on says so"
)]

use std::time::{Duration, Instant};

use domain::hashed::{LinkHash, ReferenceHash, RequestHash};
use domain::id::PracticeId;
use futures::StreamExt as _;
use secrets::{delivery_id, draw_op};
use store::{IdempotencyKey, Once, PendingDelivery, Store, StoredDelivery};
use tests::World;

/// How many deliveries the practice has.
const DELIVERIES: i64 = 10_000;
/// How many of them a page shows.
const LIMIT: usize = 25;
/// How many are written at once.
const AT_ONCE: usize = 16;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let world = World::start().await;
    let began = Instant::now();
    fill(&world).await;
    println!("{DELIVERIES} deliveries written in {:.0?}", began.elapsed());
    let pages = page_through(&world).await;
    let part = pages.len() / 10;
    let first = median(&pages[..part]);
    let middle = median(&pages[(pages.len() - part) / 2..][..part]);
    let last = median(&pages[pages.len() - part..]);
    println!(
        "{} pages of {LIMIT}, median of a tenth of them each:",
        pages.len()
    );
    for (name, time) in [("first", first), ("middle", middle), ("last", last)] {
        let ratio = time.as_secs_f64() / first.as_secs_f64();
        println!("{name:>7}: {time:.1?}, {ratio:.2} of the first");
    }
}

/// One delivery that was really sent, and copies of it under ids of their own, written by the store's own first write.
async fn fill(world: &World) {
    let document = world.practice.document("note", "1", "2026-11-20").await;
    let sent = world.practice.send(&[&document]).await;
    let store = world.store();
    let practice: PracticeId = local::practice::PRACTICE.parse().expect("an id");
    let id = sent.id.parse().expect("an id");
    let found = store.delivery_of_practice(&practice, &id).await;
    let model = found.expect("an answer").expect("a delivery");
    let mut written = futures::stream::iter(1..DELIVERIES)
        .map(|number| copy(&store, &model, number))
        .buffer_unordered(AT_ONCE);
    while written.next().await.is_some() {}
}

async fn copy(store: &Store, model: &StoredDelivery, number: i64) {
    let at = model.delivery.created_at.plus(-number);
    let hash = format!("{number:064x}");
    let mut copy = model.clone();
    copy.link = LinkHash::new(hash.clone());
    copy.delivery.id = delivery_id(at).expect("an id");
    copy.delivery.created_at = at;
    let request = IdempotencyKey {
        keys: vec![RequestHash::new(hash.clone())],
        bodies: vec![RequestHash::new(hash.clone())],
    };
    let op = draw_op(domain::audit::Actor::System, at).expect("a name");
    let pending = PendingDelivery {
        stored: &copy,
        lookup_key: "benchmark",
        older_links: &[],
        reference: &ReferenceHash::new(hash),
        addresses: &[],
        once: Once::Request(&request),
        op: &op,
    };
    store.add_pending(&pending).await.expect("written");
}

/// How long each page took, first to last.
async fn page_through(world: &World) -> Vec<Duration> {
    let (mut pages, mut seen) = (Vec::new(), 0);
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/deliveries?limit={LIMIT}{cursor}");
        let began = Instant::now();
        let page = world.practice.get(&path).await;
        pages.push(began.elapsed());
        seen += page.body["items"].as_array().map_or(0, Vec::len);
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(
        i64::try_from(seen),
        Ok(DELIVERIES),
        "every delivery is on one page"
    );
    pages
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2]
}
