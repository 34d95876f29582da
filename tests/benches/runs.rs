//! An invoice run costs per item the same for 100 items and for 10,000, little more than the hashes of its codes, and no more memory.
//!
//! `cargo bench -p tests --bench runs --profile dev` runs 100, 1,000 and 10,000 items through the local stack, its audit apart, and prints ratios of one run, never a promise in milliseconds; `-- 2000` runs so many instead.
//! It needs `cargo build --bins` before. The profile saves a release build of everything. It leaves our own code and the SDKs unoptimised, so that the ratio to the hashes is far above that of what is deployed.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and one that cannot go on says so"
)]

use std::time::{Duration, Instant};

use deliveries::Hand;
use domain::run::MOST_LANES;
use secrets::{CodeHasher, HashCost, Keys, delivery_id, draw_code};
use serde_json::{Value, json};
use tests::World;
use tests::dynamodb::{call, table};
use tests::lambda::Lambda;

#[path = "../tests/runs/seed.rs"]
mod seed;

/// How many items each run has.
const SIZES: [usize; 3] = [100, 1_000, 10_000];
/// How many hashes tell what one costs.
const HASHES: u32 = 20;

/// What a run of so many items took.
#[derive(Clone, Copy)]
struct Measured {
    items: usize,
    per_item: Duration,
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let own = std::env::args().filter_map(|argument| argument.parse().ok());
    let own: Vec<usize> = own.collect();
    let sizes = if own.is_empty() { &SIZES[..] } else { &own };
    let hash = hash().await;
    println!("one hash: {hash:.1?}");
    for items in [100, 1_000] {
        let memory = worker_memory(items).await;
        println!("{items:>6} items: a worker holds {memory:?} MiB after each quarter");
    }
    let mut first: Option<Measured> = None;
    for items in sizes {
        let measured = measure(*items).await;
        let to = |of: Duration| measured.per_item.as_secs_f64() / of.as_secs_f64();
        let first = *first.get_or_insert(measured);
        println!(
            "{:>6} items: {:.1?} each, {:.2} of the first size, {:.2} of its hash",
            measured.items,
            measured.per_item,
            to(first.per_item),
            to(hash),
        );
    }
}

/// What one hash takes on a core that does nothing else.
async fn hash() -> Duration {
    let world = World::bare().await;
    let environment = &world.stack.function_environments()["Dispatch"];
    let environment: runtime::Environment = environment.clone().into_iter().collect();
    let aws = runtime::Aws::new(&environment).expect("clients");
    let ids = environment
        .read(|get| get.list("PEPPER_KEYS"))
        .expect("ids");
    let keys = Keys::new(aws.kms(), ids);
    let keys = keys.get().await.expect("keys");
    let hasher = CodeHasher::new(HashCost::default());
    let id = delivery_id(world.clock().now()).expect("an id");
    let code = draw_code().expect("a code");
    let began = Instant::now();
    for _ in 0..HASHES {
        hasher.hash(keys, &id, 1, &code).expect("a hash");
    }
    began.elapsed() / HASHES
}

async fn measure(items: usize) -> Measured {
    let world = World::without_notify().await;
    world.clock().set(Hand::Running(0));
    let asked = seed::seed(&world, items).await;
    let began = Instant::now();
    let started = world.practice.start_run(json!({"items": asked})).await;
    let id = started.body["id"].as_str().expect("an id").to_owned();
    let stored = began.elapsed();
    let ended = loop {
        let run = world.practice.get(&format!("/v1/invoice-runs/{id}")).await;
        if !run.body["finished_at"].is_null() {
            break run.body;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    let took = began.elapsed();
    assert_eq!(ended["counts"]["sent"], items, "{ended}");
    println!("{items} items stored in {stored:.1?}, sent in {took:.1?}");
    Measured {
        items,
        per_item: took / u32::try_from(items).expect("fewer"),
    }
}

/// MiB that a worker's process holds after each quarter of a run of so many items, with hashes that need no memory.
async fn worker_memory(items: usize) -> Vec<u64> {
    let world = World::feeding(&["Dispatch"]).await;
    world.clock().set(Hand::Running(0));
    let asked = seed::seed(&world, items).await;
    let started = world.practice.start_run(json!({"items": asked})).await;
    let run = started.body["id"].as_str().expect("an id").to_owned();
    let mut worker = Lambda::start(&world, "Dispatch").await;
    let mut memory = Vec::new();
    for lane in 0..MOST_LANES {
        let partition = format!("LANE#{}#{run}#{lane}", local::practice::PRACTICE);
        loop {
            let image = lane_now(&world, &partition).await;
            if image["next"] == image["end"] {
                break;
            }
            let event = json!({"dynamodb": {"NewImage": image, "SequenceNumber": "1"}});
            worker.answer(&json!({"Records": [event]})).await;
        }
        memory.push(worker.memory());
    }
    memory
}

async fn lane_now(world: &World, partition: &str) -> Value {
    let address = world.stack.dynamodb();
    let key = json!({"pk": {"S": partition}, "sk": {"S": "LANE"}});
    let get = json!({"TableName": table(address).await, "Key": key, "ConsistentRead": true});
    call(address, "GetItem", get).await["Item"].take()
}
