//! What an item of an invoice run costs its worker: the same for 100 items and for 10,000, against the hash of its code, and in how much memory.
//!
//! Aimed at is 1.25 times its hashes, as they take this worker, where the stand-ins push their memory out of the caches between two.
//! On two busy cores 1.18 was measured, the same for 100, 1,000 and 10,000 items; the worker held 34 MiB, and 43 once it had counted 10,000.
//! The bare hash beside it has the caches for itself: of that, an item took 1.29 on cores that did nothing else.
//!
//! `cargo bench --workspace --bench runs --profile dev` sends 100, 1,000 and 10,000 items to their end and prints ratios taken in one run, never a promise in milliseconds; `-- 2000` sends so many instead.
//! The worker is `dispatch` as it is deployed: built for release (which this does first), a process of its own, with codes hashed as in production.
//! Everything else stands in for AWS, which is other people's machines: what counts is the worker's processor time.
//! All that hashes is told from the rest by its thread; the bare hash is computed by another process of the same build, in between.
//! By the clock a run takes longer here than its worker works, for the stand-ins run on the same cores; they speak no TLS.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and one that cannot go on says so"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use deliveries::Hand;
use domain::run::lanes;
use secrets::HashCost;
use serde_json::{Value, json};
use tests::World;
use tests::dynamodb::{call, table};
use tests::lambda::Lambda;

#[path = "../tests/runs/seed.rs"]
mod seed;

/// How many items each run has.
const SIZES: [usize; 3] = [100, 1_000, 10_000];
/// How many items tell what an item costs beside its hash.
const BESIDE: usize = 500;
/// How often memory and hash are measured in the course of a run.
const LOOKS: usize = 4;

/// What a run of so many items took.
struct Measured {
    items: usize,
    /// Of the worker's processor time.
    per_item: Duration,
    /// The part of it that hashes codes.
    hashing: Duration,
    /// While the worker had something to do.
    by_the_clock: Duration,
    /// The bare hash in the meantime.
    bare: Duration,
    /// MiB that the worker held after its first step, and after each part of the run.
    memory: Vec<u64>,
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let own = std::env::args().filter_map(|argument| argument.parse().ok());
    let own: Vec<usize> = own.collect();
    let sizes = if own.is_empty() { &SIZES[..] } else { &own };
    let built = build();
    let beside = measure(&built, BESIDE, HashCost::SMALLEST).await.per_item;
    println!("beside its hash, an item takes the worker {beside:.2?} of a processor");
    let mut first = None;
    for items in sizes {
        let measured = measure(&built, *items, "").await;
        let of = |time: Duration, other: Duration| time.as_secs_f64() / other.as_secs_f64();
        let Measured {
            items,
            per_item,
            hashing,
            by_the_clock,
            bare,
            ref memory,
        } = measured;
        let ratio = of(per_item, hashing);
        let first = *first.get_or_insert(ratio);
        println!(
            "{items:>6} items: {per_item:.1?} of a processor each, {ratio:.3} times its hash ({hashing:.1?}), {:.3} times the first size's ratio",
            ratio / first,
        );
        println!(
            "       {:.3} times the bare hash ({bare:.1?}); by the clock {by_the_clock:.1?}; the worker held {memory:?} MiB",
            of(per_item, bare),
        );
    }
}

/// Builds worker and bare hash for release; the folder that they are in.
fn build() -> PathBuf {
    let what = "build --release --locked -p dispatch -p secrets --bin dispatch --example bare_hash";
    let built = Command::new(env!("CARGO")).args(what.split(' ')).status();
    assert!(built.expect("cargo").success(), "cargo {what}");
    let own = std::env::current_exe().expect("the benchmark's own path");
    let target = own.ancestors().nth(3).expect("the target folder");
    target.join("release")
}

/// What one bare hash takes a processor, just now.
fn hash(built: &Path) -> Duration {
    let output = Command::new(built.join("examples/bare_hash")).output();
    let said = String::from_utf8(output.expect("its end").stdout).expect("a number");
    Duration::from_nanos(said.trim().parse().expect("nanoseconds"))
}

/// Sends a run to its end, each step brought to the worker as the table's stream would.
async fn measure(built: &Path, items: usize, cost: &str) -> Measured {
    let world = World::feeding(&["Dispatch", "Notify"]).await;
    world.clock().set(Hand::Running(0));
    let asked = seed::seed(&world, items).await;
    let started = world.practice.start_run(json!({"items": asked})).await;
    let run = started.body["id"].as_str().expect("an id").to_owned();
    let own = [("CODE_HASH_COST", cost), ("LOG_LEVEL", "info")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let program = built.join("dispatch");
    let mut worker = Lambda::start_program(&world, "Dispatch", &program, &own.into()).await;
    let (mut clock, mut hashes, mut memory) = (Duration::ZERO, Vec::new(), Vec::new());
    loop {
        let mut done = 0;
        for (lane, part) in lanes(items).into_iter().enumerate() {
            let partition = format!("LANE#{}#{run}#{lane}", local::practice::PRACTICE);
            let image = lane_now(&world, &partition).await;
            let number = |name: &str| image[name]["N"].as_str().and_then(|n| n.parse().ok());
            let (next, end): (Option<usize>, Option<usize>) = (number("next"), number("end"));
            done += next.expect("a lane") - part.start;
            if next == end {
                continue;
            }
            let event = json!({"dynamodb": {"NewImage": image, "SequenceNumber": "1"}});
            let began = Instant::now();
            worker.answer(&json!({"Records": [event]})).await;
            clock += began.elapsed();
        }
        if done * LOOKS >= items * memory.len() {
            memory.push(worker.memory());
            hashes.push(hash(built));
        }
        if done == items {
            break;
        }
    }
    let ended = world.practice.get(&format!("/v1/invoice-runs/{run}")).await;
    assert_eq!(ended.body["state"], "finished", "{ended:?}");
    assert_eq!(ended.body["counts"]["sent"], items, "{ended:?}");
    let count = u32::try_from(items).expect("fewer");
    let looks = u32::try_from(hashes.len()).expect("fewer");
    let per_item = worker.processor_time() / count;
    Measured {
        items,
        per_item,
        hashing: per_item.saturating_sub(worker.main_thread_time() / count),
        by_the_clock: clock / count,
        bare: hashes.iter().sum::<Duration>() / looks,
        memory,
    }
}

async fn lane_now(world: &World, partition: &str) -> Value {
    let address = world.stack.dynamodb();
    let key = json!({"pk": {"S": partition}, "sk": {"S": "LANE"}});
    let get = json!({"TableName": table(address).await, "Key": key, "ConsistentRead": true});
    call(address, "GetItem", get).await["Item"].take()
}
