//! What the tests share: a stack of their own, a practice that calls the API, a patient with a browser's manners.
//!
//! Everything goes over real HTTP; only [`dynamodb`] looks into the table.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]
#![expect(clippy::missing_panics_doc, reason = "see above")]

mod description;
pub mod dynamodb;
pub mod events;
pub mod front;
pub mod lambda;
pub mod operator;
mod patient;
mod pdf;
mod practice;
pub mod recorder;

pub use description::Description;
pub use patient::{Page, Patient};
pub use pdf::pdf;
pub use practice::{Answer, Practice, Sent};

use std::collections::BTreeMap;
use std::path::Path;

use deliveries::Clock;
use domain::time::Timestamp;
use front::Front;
use local::{Options, Ports, Stack, practice as local_practice};
use recorder::Recorder;
use runtime::Aws;
use secrets::HashCost;
use serde_json::Value;
use store::Store;
use tempfile::TempDir;

/// A stack of its own in a folder of its own, and a practice in it.
#[derive(Debug)]
pub struct World {
    /// The stack.
    pub stack: Stack,
    /// Its practice, with settings, a record type `std` and a record `r1`.
    pub practice: Practice,
    folder: TempDir,
}

impl World {
    /// Starts a stack whose clock stands still at 2026-11-23 10:00:00 UTC, so that every instant can be met exactly.
    pub async fn start() -> Self {
        let world = Self::bare().await;
        world.practice.set_up().await;
        world
    }

    /// The same with codes whose hash costs next to nothing, for tests that enter very many.
    pub async fn with_smallest_hashes() -> Self {
        let cost = HashCost::SMALLEST.to_owned();
        let world = Self::of([("CODE_HASH_COST".to_owned(), cost)].into(), &[]).await;
        world.practice.set_up().await;
        world
    }

    /// The same with a practice that has said nothing yet.
    pub async fn bare() -> Self {
        Self::of(BTreeMap::new(), &[]).await
    }

    /// The same with a practice that is set up, in a stack that feeds these functions nothing: the test does.
    pub async fn feeding(fed_elsewhere: &[&str]) -> Self {
        let cost = HashCost::SMALLEST.to_owned();
        let world = Self::of([("CODE_HASH_COST".to_owned(), cost)].into(), fed_elsewhere).await;
        world.practice.set_up().await;
        world
    }

    /// A stack in which every call to AWS goes past a recorder, and a practice that is set up.
    pub async fn recorded() -> (Self, Recorder) {
        let recorder = Recorder::default();
        let front = recorder.front().await;
        let mut variables = front.variables();
        let cost = HashCost::SMALLEST.to_owned();
        variables.insert("CODE_HASH_COST".to_owned(), cost);
        let world = Self::started(variables, &[], |stack| {
            recorder.stand_before(stack);
            front.lead_to(stack);
        });
        let world = world.await;
        world.practice.set_up().await;
        (world, recorder)
    }

    /// A set-up practice in a stack as it is deployed, behind these servers, that feeds nothing from the table's stream: the test does.
    pub async fn behind(front: &Front) -> Self {
        let fed_elsewhere = ["Dispatch", "Manage", "Notify"];
        let world = Self::started(front.variables(), &fed_elsewhere, |stack| {
            front.lead_to(stack);
        });
        let world = world.await;
        world.practice.set_up().await;
        world
    }

    async fn of(variables: BTreeMap<String, String>, fed_elsewhere: &[&str]) -> Self {
        Self::started(variables, fed_elsewhere, |_| {}).await
    }

    async fn started(
        variables: BTreeMap<String, String>,
        fed_elsewhere: &[&str],
        once_started: impl FnOnce(&Stack),
    ) -> Self {
        let folder = TempDir::new().expect("a folder");
        let options = Options {
            directory: folder.path().to_owned(),
            ports: Ports::default(),
            parameters: BTreeMap::new(),
            variables,
            fed_elsewhere: fed_elsewhere.iter().map(ToString::to_string).collect(),
        };
        let stack = Stack::start(options).await.expect("a stack");
        once_started(&stack);
        stack.clock().show(
            Timestamp::parse("2026-11-23T10:00:00Z").expect("a time"),
            true,
        );
        let key = local_practice::ensure(&stack).await.expect("a key");
        let practice = Practice::new(stack.api(), stack.outbox(), &key);
        Self {
            stack,
            practice,
            folder,
        }
    }

    /// The same stack, stopped and started again on the same ports with the smallest hashes, with these values of the template's parameters and feeding these functions nothing.
    ///
    /// `meanwhile` may change what lies in its folder.
    #[must_use]
    pub async fn restarted(
        self,
        parameters: &[(&str, &str)],
        fed_elsewhere: &[&str],
        meanwhile: impl FnOnce(&Path),
    ) -> Self {
        let Self {
            stack,
            practice,
            folder,
        } = self;
        let port = |address: &str| {
            let port = address
                .rsplit(':')
                .next()
                .and_then(|port| port.parse().ok());
            port.expect("a port")
        };
        let ports = Ports {
            api: port(stack.api()),
            outbox: port(stack.outbox()),
            dynamodb: port(stack.dynamodb()),
            s3: port(stack.s3()),
        };
        // The clock's file is written where the clock is moved by HTTP.
        let now = serde_json::json!({"now": stack.clock().now().to_string(), "stopped": true});
        let kept = reqwest::Client::new().post(stack.clock_url()).json(&now);
        let kept = kept.send().await.expect("an answer");
        assert!(kept.status().is_success());
        stack.stop().await;
        // The database's last connection closes a moment later, and then takes away what it had written beside the file.
        let beside = folder.path().join("dynamodb.sqlite-wal");
        for _ in 0..500 {
            if !beside.exists() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        meanwhile(folder.path());
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let cost = HashCost::SMALLEST.to_owned();
        let options = Options {
            directory: folder.path().to_owned(),
            ports,
            parameters: parameters.iter().map(owned).collect(),
            variables: [("CODE_HASH_COST".to_owned(), cost)].into(),
            fed_elsewhere: fed_elsewhere.iter().map(ToString::to_string).collect(),
        };
        Self {
            stack: Stack::start(options).await.expect("a stack"),
            practice,
            folder,
        }
    }

    /// The table as the operator's commands reach it.
    pub fn store(&self) -> Store {
        let environment = self.stack.environment();
        let table = environment.read(|get| get.text("TABLE")).expect("a table");
        let aws = Aws::new(environment).expect("clients");
        Store::new(aws.dynamodb(), table)
    }

    /// A further practice in the same stack, set up like the first.
    pub async fn another_practice(&self, id: &str) -> Practice {
        let key = local_practice::make(&self.stack, id).await.expect("a key");
        let practice = Practice::new(self.stack.api(), self.stack.outbox(), &key);
        practice.set_up().await;
        practice
    }

    /// The folder in which the stack keeps everything.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The stack's clock.
    pub fn clock(&self) -> &Clock {
        self.stack.clock()
    }

    /// Moves the clock, which goes on standing still.
    pub fn advance(&self, seconds: i64) {
        self.set_clock(self.clock().now().plus(seconds));
    }

    /// Puts the clock at an instant.
    pub fn set_clock(&self, now: Timestamp) {
        self.clock().show(now, true);
    }

    /// Everything that was sent, oldest first.
    pub async fn messages(&self) -> Vec<Value> {
        let answer = reqwest::get(format!("{}/messages", self.stack.outbox()))
            .await
            .expect("an answer");
        answer.json().await.expect("a list")
    }

    /// The code of the newest SMS.
    pub async fn newest_code(&self) -> String {
        let messages = self.messages().await;
        let mut texts = messages
            .iter()
            .rev()
            .filter(|message| message["channel"] == "sms");
        let text = texts.next().and_then(|message| message["text"].as_str());
        let code = text.and_then(|text| text.split("Ihr Code: ").nth(1)?.lines().next());
        code.unwrap_or_default().to_owned()
    }

    /// Forgets everything that was sent.
    pub async fn empty_outbox(&self) {
        let url = format!("{}/messages", self.stack.outbox());
        let answer = reqwest::Client::new().delete(url).send().await;
        assert!(answer.expect("an answer").status().is_success());
    }

    /// Makes the next sends of a channel fail: `refuse`, `timeout` or `throttle`.
    pub async fn fail(&self, channel: &str, kind: &str, times: u32) {
        let fault = serde_json::json!({"channel": channel, "kind": kind, "times": times});
        let answer = reqwest::Client::new()
            .post(format!("{}/faults", self.stack.outbox()))
            .json(&fault)
            .send()
            .await;
        assert!(answer.expect("an answer").status().is_success());
    }

    /// A patient who opens the link of a delivery in a browser of their own.
    pub fn patient(&self, sent: &Sent) -> Patient {
        Patient::new(self.stack.api(), &sent.link)
    }
}

/// How much a test does: all that is promised where `CI` is set, less where a person waits for it.
pub fn figure(promised: usize, awaited: usize) -> usize {
    if std::env::var_os("CI").is_some() {
        promised
    } else {
        awaited
    }
}

/// Whether an item of the table follows from others a moment later, by the table's stream, or only counts openings (P6).
pub fn is_derived(item: &Value) -> bool {
    let [partition, sort] = ["pk", "sk"].map(|name| item[name]["S"].as_str().unwrap_or_default());
    partition.starts_with("AUDIT#")
        || partition.starts_with("OPENED#")
        || ["AWAITED", "DUE", "UPLOADS"].contains(&partition)
        || sort.starts_with("TELL#")
}
