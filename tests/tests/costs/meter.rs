//! Counts what requests use: every call to a service passes here, and the table is asked for its units.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use runtime::{Environment, Function};
use serde_json::{Value, json};
use tests::dynamodb::stream;
use tests::front::{Front, Passing};
use tests::{Page, Sent, World};
use tokio::time::sleep;

use crate::prices::{Used, wait_of};
use crate::template;

/// The largest answer of a service.
const LARGEST: usize = 32 * 1024 * 1024;
/// How long nothing happens when everything has.
const QUIET: Duration = Duration::from_secs(1);

/// A world behind servers that count.
pub(crate) struct Meter {
    pub(crate) world: World,
    counted: Counted,
    /// What the stream and the schedule call, by logical id.
    called: BTreeMap<&'static str, Function>,
    /// Where in the table's stream everything is counted.
    after: Option<String>,
}

/// Clones count together.
#[derive(Clone, Default)]
struct Counted(Arc<Mutex<Used>>);

impl Meter {
    /// A world of its own, in which every function has been called, so that its keys are derived.
    pub(crate) async fn start() -> Self {
        let counted = Counted::default();
        let counting = counted.clone();
        let front = Front::open(move |passing| {
            let counting = counting.clone();
            async move { counting.meet(passing).await }
        });
        let world = World::behind(&front.await).await;
        let environment = |id: &str| {
            let variables = world.stack.function_environments()[id].clone();
            variables.into_iter().collect::<Environment>()
        };
        let clock = || world.clock().clone();
        let called = [
            (
                "Dispatch",
                dispatch::function(&environment("Dispatch"), clock()),
            ),
            ("Manage", manage::function(&environment("Manage"), clock())),
            ("Notify", notify::function(&environment("Notify"), clock())),
        ];
        let called = called.map(|(id, function)| (id, function.expect("a function")));
        Self {
            called: called.into(),
            world,
            counted,
            after: None,
        }
    }

    /// A delivery of a document of its own, by SMS.
    pub(crate) async fn send(&self, number: &str) -> Sent {
        let practice = &self.world.practice;
        practice.send_invoice(number).await
    }

    /// What a request has used that these functions answered, the first of which did the waiting and so many hashes.
    pub(crate) fn request(&self, functions: &[&str], hashes: f64, bytes: usize) -> Used {
        let mut used = self.counted.take();
        used.requests = 1.0;
        used.bytes = count(traffic(bytes));
        for (at, function) in functions.iter().enumerate() {
            let hashes = if at == 0 { hashes } else { 0.0 };
            if at > 0 {
                // The authorizer's look at the key, or what became of an e-mail.
                used.waited = wait_of("DYNAMODB");
            }
            used = used.by(template::memory(function), hashes);
        }
        used
    }

    /// What a page's request has used.
    pub(crate) fn page(&self, function: &str, hashes: f64, page: &Page) -> Used {
        self.request(&[function], hashes, size(page))
    }

    /// What follows from what was written since the last time: an invocation for each change.
    pub(crate) async fn followed(&mut self) -> Used {
        let mut used = Used::default();
        let address = self.world.stack.dynamodb().to_owned();
        self.counted.take();
        for record in stream(&address, self.after.as_deref()).await {
            let number = record["dynamodb"]["SequenceNumber"].as_str();
            self.after = number.map(str::to_owned);
            // The event source's filter, as the template has it.
            if record["dynamodb"]["NewImage"]["last_op"]["M"]["id"]["S"].is_null() {
                continue;
            }
            let answer = (self.called["Notify"])(json!({"Records": [record]})).await;
            let answer = answer.expect("an answer");
            assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
            used = used + self.counted.take().by(template::memory("Notify"), 0.0);
        }
        used
    }

    /// What a run of the schedule uses.
    pub(crate) async fn minute(&self, function: &str) -> Used {
        self.counted.take();
        let answer = (self.called[function])(json!({"source": "aws.events"})).await;
        answer.expect("an answer");
        self.counted.take().by(template::memory(function), 0.0)
    }

    /// Waits until nothing is under way any more.
    pub(crate) async fn settle(&self) {
        let mut before = -1.0;
        loop {
            let now = self
                .counted
                .0
                .lock()
                .expect("no panic while counting")
                .waited;
            if now.to_bits() == f64::to_bits(before) {
                return;
            }
            before = now;
            sleep(QUIET).await;
        }
    }

    /// Forgets what was used for what nobody asks.
    pub(crate) async fn forget(&mut self) {
        self.settle().await;
        self.followed().await;
    }
}

impl Counted {
    fn take(&self) -> Used {
        std::mem::take(&mut self.0.lock().expect("no panic while counting"))
    }

    async fn meet(&self, passing: Passing) -> Response {
        let call = passing.call.clone();
        let (service, operation) = call.split_once(' ').expect("a service and an operation");
        let mut used = Used {
            waited: wait_of(service),
            ..Used::default()
        };
        let answer = match service {
            "DYNAMODB" => {
                let asking = passing.with("ReturnConsumedCapacity", json!("TOTAL"));
                let (answer, body) = read(asking.pass_on().await).await;
                let is_read = ["GetItem", "BatchGetItem", "Query"].contains(&operation);
                let units = units(&body);
                *(if is_read {
                    &mut used.reads
                } else {
                    &mut used.writes
                }) += units;
                answer
            }
            _ => passing.pass_on().await,
        };
        match (service, operation) {
            ("S3", "PUT") => used.uploads += 1.0,
            ("S3", "GET" | "HEAD") => used.downloads += 1.0,
            ("SESV2", _) => used.emails += 1.0,
            ("SNS", _) => used.messages += 1.0,
            _ => {}
        }
        let mut counted = self.0.lock().expect("no panic while counting");
        *counted = *counted + used;
        answer
    }
}

async fn read(answer: Response) -> (Response, Value) {
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, LARGEST).await.expect("a body");
    let json = serde_json::from_slice(&body).unwrap_or_default();
    (Response::from_parts(parts, Body::from(body)), json)
}

/// The units that the table says; where a condition failed, it says none, but takes those of the item as it stands.
fn units(answer: &Value) -> f64 {
    let said = match &answer["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().map(|table| &table["CapacityUnits"]).collect(),
        table => vec![&table["CapacityUnits"]],
    };
    let said: Option<f64> = said.into_iter().map(Value::as_f64).sum();
    said.unwrap_or_else(|| (count(item_size(&answer["Item"])) / 1024.0).ceil().max(1.0))
}

/// The size of an item as DynamoDB counts it: names and values, two digits of a number in a byte.
pub(crate) fn item_size(item: &Value) -> usize {
    let fields = item.as_object().into_iter().flatten();
    let sizes = fields.map(|(name, value)| name.len() + value_size(value));
    sizes.sum()
}

fn value_size(value: &Value) -> usize {
    let fields = value.as_object().into_iter().flatten();
    let sizes = fields.map(|(kind, value)| match (kind.as_str(), value) {
        ("N", Value::String(digits)) => digits.len().div_ceil(2) + 1,
        ("M", map) => 3 + item_size(map),
        (_, Value::String(text)) => text.len(),
        (_, Value::Array(values)) => values.iter().map(|value| value.to_string().len()).sum(),
        _ => 1,
    });
    sizes.sum()
}

/// The bytes of a page's answer.
fn size(page: &Page) -> usize {
    let headers = page.headers.iter();
    let headers = headers.map(|(name, value)| name.len() + value.len() + 4);
    page.html.len() + headers.sum::<usize>()
}

/// Bytes, rounded up so that a word more on a page is not another bill: to thousands, and to ten thousands where there are very many.
fn traffic(bytes: usize) -> usize {
    let step = if bytes > 100_000 { 10_000 } else { 1_000 };
    bytes.next_multiple_of(step)
}

#[expect(clippy::cast_precision_loss, reason = "far from 2^52")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}
