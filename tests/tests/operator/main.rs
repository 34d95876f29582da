//! What an operator can do to a whole deployment: bring in new keys, restore a backup, erase on request. Each with a stack that is stopped and started again in between.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

mod commands;
mod erase;
mod limits;
mod restore;
mod rotation;

use std::time::Duration;

use domain::id::PracticeId;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, Practice, World};

/// The stack's own practice.
fn practice() -> PracticeId {
    local::practice::PRACTICE.parse().expect("an id")
}

async fn preview(practice: &Practice, document: &str) -> Answer {
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    practice
        .call(Method::POST, "/v1/deliveries/preview", body)
        .await
}

/// How many messages of a channel were sent.
async fn messages(world: &World, channel: &str) -> usize {
    let mut messages = world.messages().await;
    messages.retain(|message| message["channel"] == channel);
    messages.len()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Long enough for the stream to be followed and for the schedule to come by.
async fn a_while() {
    tokio::time::sleep(Duration::from_secs(3)).await;
}
