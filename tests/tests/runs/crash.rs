//! A worker that is killed, hears an error or nothing, at every one of its calls to AWS, before the service has done it and after: no e-mail twice, no item lost.
//!
//! The function is a process of its own, and killing it ends it. What it left is taken up by another a minute later.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use deliveries::Hand;
use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use tests::World;
use tests::dynamodb::items;
use tests::events::of_practice;
use tests::front::{Passing, in_front_of};
use tests::lambda::Lambda;
use tokio::sync::Notify;

use crate::seed::{seed, seed_from};
use crate::worker::Worker;
use crate::{assert_counts, emails, text};

/// So many processes at once.
const AT_ONCE: usize = 6;
/// Items of each run.
const ITEMS: usize = 2;
/// When a delivery that was left under way counts as not sent, in seconds.
const SETTLED: i64 = 61;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The process that makes it is killed.
    Kill,
    /// It is answered with an error of the service.
    Error,
    /// It is not answered.
    Silence,
}

/// What happens, to which of a process's calls, and whether the service has done it.
type Moment = (Fault, usize, bool);

/// Counts a process's calls, and strikes the one that it was told.
#[derive(Clone, Default)]
struct Wire {
    moment: Option<Moment>,
    calls: Arc<Mutex<Vec<String>>>,
    killed: Arc<Notify>,
}

impl Wire {
    fn at(moment: Option<Moment>) -> Self {
        Self {
            moment,
            ..Self::default()
        }
    }

    async fn meet(self, passing: Passing) -> Response {
        let number = {
            let mut calls = self.calls.lock().expect("no panic in between");
            calls.push(passing.call.clone());
            calls.len() - 1
        };
        let Some((fault, _, is_done)) = self.moment.filter(|(_, at, _)| *at == number) else {
            return passing.pass_on().await;
        };
        if is_done {
            passing.pass_on().await;
        }
        match fault {
            Fault::Error => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Fault::Silence => pending().await,
            Fault::Kill => {
                self.killed.notify_one();
                pending().await
            }
        }
    }

    /// Gives the function one event; the calls that it made, and its logs at their most talkative.
    async fn invoke(self, world: &World, function: &str, event: &Value) -> (Vec<String>, String) {
        let meet = self.clone();
        let own = in_front_of(world, function, move |passing| meet.clone().meet(passing)).await;
        let mut process = Lambda::start_with(world, function, &own).await;
        let killed = self.killed.notified();
        process
            .invoke_unless(event.to_string().into_bytes(), killed)
            .await;
        let calls = self.calls.lock().expect("no panic in between").clone();
        (calls, process.logs())
    }
}

/// Every moment of so many calls.
fn moments(calls: usize, faults: &[Fault]) -> impl Iterator<Item = Moment> {
    let of_call = |call| {
        let faults = faults.iter();
        faults.flat_map(move |fault| [(*fault, call, false), (*fault, call, true)])
    };
    (0..calls).flat_map(of_call)
}

/// S2: what was sent in confidence is in no log.
async fn assert_not_logged(world: &World, logs: &str) {
    let mut secrets = 0;
    for message in world.messages().await {
        let words = text(&message["text"]).split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let is_secret = |word: &&str| {
            let plain = word.replace('-', "");
            let symbols = plain.bytes().filter(u8::is_ascii_alphanumeric);
            [6, 28].contains(&plain.len())
                && symbols.clone().count() == plain.len()
                && !plain.bytes().any(|b| b.is_ascii_lowercase())
        };
        for word in words.filter(is_secret) {
            secrets += 1;
            assert!(!logs.contains(word), "a secret is in the logs");
        }
    }
    assert!(secrets > 0, "no secrets were looked for");
}

/// A run of invoices that nothing else sends: its id.
async fn start(world: &World, case: usize) -> String {
    let items = seed_from(world, case * ITEMS..(case + 1) * ITEMS).await;
    let started = world.practice.start_run(json!({"items": items})).await;
    text(&started.body["id"]).to_owned()
}

async fn lane_of(worker: &Worker, run: &str) -> Value {
    let lanes = worker.lanes().await;
    let of_run = |lane: &Value| text(&lane["dynamodb"]["NewImage"]["run"]["S"]) == run;
    lanes.into_iter().find(of_run).expect("a lane")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f_i9_a_worker_struck_at_any_call_sends_nothing_twice_and_loses_no_item() {
    let world = World::feeding(&["Dispatch"]).await;
    // As the function's process does.
    world.clock().set(Hand::Running(0));
    let worker = Worker::new(&world, &[]);
    let whole = start(&world, 0).await;
    let event = json!({"Records": [lane_of(&worker, &whole).await]});
    let (calls, _) = Wire::at(None).invoke(&world, "Dispatch", &event).await;
    let ended = world.practice.run_ended(&whole).await;
    assert_counts(&ended, &[("sent", ITEMS)]);

    let faults = [Fault::Kill, Fault::Error, Fault::Silence];
    let moments = moments(calls.len(), &faults).zip(1..);
    let runs: Vec<(Moment, usize, String, String)> = stream::iter(moments)
        .map(|(moment, case)| {
            let (world, worker) = (&world, &worker);
            async move {
                let run = start(world, case).await;
                let event = json!({"Records": [lane_of(worker, &run).await]});
                let wire = Wire::at(Some(moment));
                let (_, logs) = wire.invoke(world, "Dispatch", &event).await;
                (moment, case, run, logs)
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    // Others take up what is left, again and again.
    worker.drain().await;
    world.clock().set(Hand::Running(SETTLED));
    for _ in 0..2 {
        worker.minute().await;
        worker.drain().await;
    }
    let emails = emails(&world).await;
    let mut became: BTreeMap<String, usize> = BTreeMap::new();
    for (moment, case, run, _) in &runs {
        let ended = world.practice.run_ended(run).await;
        let at = format!("{moment:?} ({}): {ended}", calls[moment.1]);
        let items = world.practice.run_items(run, "").await;
        for (item, number) in items.iter().zip(case * ITEMS..) {
            let mails = emails.get(&format!("p{number}@example.org"));
            let mails = mails.copied().unwrap_or_default();
            let state = text(&item["state"]);
            let path = format!("/v1/deliveries/{}", text(&item["delivery"]));
            let delivery = world.practice.get(&path).await.body;
            match state {
                "sent" => assert_eq!((mails, text(&delivery["state"])), (1, "open"), "{at}"),
                "unknown" => assert!(mails <= 1 && delivery["state"] == "closed", "{at}"),
                _ => panic!("{state} at {at}"),
            }
            *became.entry(state.to_owned()).or_default() += 1;
        }
        assert_eq!(items.len(), ITEMS, "{at}");
    }
    println!("struck {} times among {calls:?}: {became:?}", runs.len());
    // Most moments lose nothing at all; those around the e-mail are for a person to decide.
    assert!(became["sent"] > became["unknown"], "{became:?}");
    for (_, _, run, _) in &runs {
        let path = format!("/v1/invoice-runs/{run}/retry");
        let body = json!({"state": "unknown"});
        world.practice.post_as(run, &path, body).await;
    }
    worker.drain().await;
    for (moment, _, run, _) in &runs {
        let ended = world.practice.run_ended(run).await;
        assert_eq!(ended["counts"]["sent"], ITEMS, "{moment:?}: {ended}");
    }
    let logs: String = runs.iter().map(|(.., logs)| logs.as_str()).collect();
    assert_not_logged(&world, &logs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_run_whose_start_is_struck_at_any_call_is_there_as_a_whole_or_not_at_all() {
    let world = World::feeding(&["Dispatch"]).await;
    world.clock().set(Hand::Running(0));
    // More than one page of items.
    let invoices = seed(&world, 130).await;
    let body = json!({"items": invoices});
    let event = |key: &str| {
        let mut event = of_practice("POST /v1/invoice-runs");
        event["headers"] = json!({"content-type": "application/json", "idempotency-key": key});
        event["body"] = json!(body.to_string());
        event
    };
    let (calls, _) = Wire::at(None)
        .invoke(&world, "InvoiceRun", &event("whole"))
        .await;
    let rows = async || {
        let items = items(world.stack.dynamodb()).await;
        let parts = |prefix: &str| {
            let of_runs = items
                .iter()
                .filter(|item| text(&item["pk"]["S"]).starts_with("RUN#"));
            of_runs
                .filter(|item| text(&item["sk"]["S"]).starts_with(prefix))
                .count()
        };
        (parts("RUN"), parts("PAGE"))
    };
    assert_eq!(rows().await, (1, 2));
    let faults = [Fault::Kill, Fault::Error, Fault::Silence];
    for (case, moment) in moments(calls.len(), &faults).enumerate() {
        let key = format!("case-{case}");
        let wire = Wire::at(Some(moment));
        wire.invoke(&world, "InvoiceRun", &event(&key)).await;
        let (runs, pages) = rows().await;
        assert_eq!(pages, runs * 2, "{moment:?}");
        let again = world
            .practice
            .post_as(&key, "/v1/invoice-runs", body.clone())
            .await;
        assert_eq!((again.status, &again.body["total"]), (202, &json!(130)));
        // One for each case, and the first.
        assert_eq!(rows().await, (case + 2, (case + 2) * 2), "{moment:?}");
    }
    println!("struck {} times among {calls:?}", 6 * calls.len());
    assert!(world.messages().await.is_empty());
}
