//! How long a patient waits for the judgement of a code: right and wrong entries over HTTP, warm, one after the other, against the bare hash of a code in the same run.
//!
//! Promised is that 99 of 100 take less than 400 ms in the local stack.
//! `cargo bench --workspace --bench entries --profile dev` prints medians and 99th percentiles as ratios; `-- 50` makes so many entries of each kind instead.
//! The profile saves a release build of everything; the hash is optimised in it all the same.
//! The entry is timed from the form's post to the page's last byte, the opening of the page before it is not.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and one that cannot go on says so"
)]

use std::time::{Duration, Instant};

use domain::time::Timestamp;
use runtime::Aws;
use secrets::{CodeHasher, CodeKeys, HashCost, Keys, delivery_id, draw_code};
use tests::{Sent, World};

/// How many entries of each kind.
const ENTRIES: usize = 300;
/// Wrong entries of one delivery: one more would close it (L4).
const WRONG: usize = 9;
/// Seconds between two entries: longer than any wait, so that none is refused (L4).
const APART: i64 = 300;
/// What is promised of 99 of 100 entries.
const PROMISED: Duration = Duration::from_millis(400);

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let own = std::env::args().find_map(|argument| argument.parse().ok());
    let entries = own.unwrap_or(ENTRIES);
    let world = World::start().await;
    let document = world.practice.document("note", "1", "2026-11-20").await;
    let (mut right, mut wrong, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    let keys = keys(&world);
    let keys = keys.get().await.expect("keys");
    let hasher = CodeHasher::new(HashCost::default());
    // The first ones find functions and connections cold.
    let mut sent = send(&world, &document).await;
    enter(&world, &sent, &sent.code, 303).await;
    hash(&hasher, keys, world.clock().now());
    for number in 0..entries {
        if number % WRONG == 0 {
            sent = send(&world, &document).await;
        }
        wrong.push(enter(&world, &sent, sent.wrong_code(), 401).await);
        right.push(enter(&world, &sent, &sent.code, 303).await);
        bare.push(hash(&hasher, keys, world.clock().now()));
    }
    let unit = percentile(&bare, 50);
    println!("{entries} of each; the bare hash takes {unit:.1?}");
    for (name, times) in [("wrong", wrong), ("right", right)] {
        let (median, late) = (percentile(&times, 50), percentile(&times, 99));
        let of = |time: Duration| time.as_secs_f64() / unit.as_secs_f64();
        println!(
            "{name}: median {:.2} and 99th percentile {:.2} times the bare hash ({median:.1?} and {late:.1?}, {:.2} of what is promised)",
            of(median),
            of(late),
            late.as_secs_f64() / PROMISED.as_secs_f64(),
        );
    }
}

async fn send(world: &World, document: &str) -> Sent {
    world.practice.send(&[document]).await
}

/// How long the judgement took.
async fn enter(world: &World, sent: &Sent, code: &str, status: u16) -> Duration {
    world.advance(APART);
    let mut patient = world.patient(sent);
    let form = patient.open().await.form().to_owned();
    let began = Instant::now();
    let page = patient
        .post(&sent.link, &[("form", &form), ("code", code)])
        .await;
    let took = began.elapsed();
    assert_eq!(page.status, status, "{}", page.text());
    took
}

/// The keys that the functions hash codes with.
fn keys(world: &World) -> Keys<CodeKeys> {
    let environments = world.stack.function_environments();
    let ids = environments["Verify"]["PEPPER_KEYS"].split(',');
    let ids = ids.map(str::to_owned).collect();
    let aws = Aws::new(world.stack.environment()).expect("clients");
    Keys::new(aws.kms(), ids)
}

/// How long one hash takes with nothing around it.
fn hash(hasher: &CodeHasher, keys: &CodeKeys, now: Timestamp) -> Duration {
    let (id, code) = (
        delivery_id(now).expect("an id"),
        draw_code().expect("a code"),
    );
    let began = Instant::now();
    hasher.hash(keys, &id, 1, &code).expect("a hash");
    began.elapsed()
}

fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}
