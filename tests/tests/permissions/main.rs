//! What functions do and what their roles may do is the same, both ways: every call is allowed, every permission is needed, all else is denied.
//!
//! The journeys' real calls are recorded on their way to AWS and put, with calls that nobody makes, to an evaluator of IAM's rules that others wrote.
//! The policies are those of the template as SAM's transform makes it. What was recorded lies in `target/tmp/permissions.txt` afterwards.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod conceivable;
mod journeys;
mod policies;

#[path = "../runs/seed.rs"]
mod seed;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use tests::World;
use tests::recorder::Call;

use policies::{Policies, judge};

/// What SAM adds to roles is used by Lambda itself, not by the functions' code, and cannot be narrowed without writing each role by hand.
const LOGS: (&str, &str) = (
    "AWSLambdaBasicExecutionRole",
    "Lambda writes what a function logs",
);
/// Of those that the stream feeds.
const OF_STREAM: [(&str, &str); 2] = [
    (
        "AWSLambdaDynamoDBExecutionRole",
        "Lambda reads the table's stream for the function",
    ),
    (
        "sqs:SendMessage arn:aws:sqs:eu-central-1:000000000000:local-unfollowedchanges",
        "Lambda keeps there what of the stream was given up",
    ),
];
/// Of `feedback`.
const OF_EVENTS: [(&str, &str); 1] = [(
    "sqs:SendMessage arn:aws:sqs:eu-central-1:000000000000:local-unkeptevents",
    "Lambda keeps there what SES said and could not be kept",
)];

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_allowed_every_permission_is_needed_and_all_else_is_denied() {
    let (world, recorder) = World::recorded().await;
    journeys::all(&world, &recorder).await;
    let made = recorder.calls();
    keep(&made);
    let policies = Policies::read();
    let conceivable = conceivable::calls(policies.roles.keys());
    let calls: Vec<Value> = made.iter().chain(&conceivable).map(Call::to_json).collect();
    let (verdicts, spare) = judge(&policies, &calls, made.len());
    let (used, others) = verdicts.split_at(made.len());
    let mut wrong: Vec<String> = Vec::new();
    for (call, _) in made
        .iter()
        .zip(used)
        .filter(|(_, verdict)| *verdict != "Allowed")
    {
        wrong.push(format!("is made and not allowed: {}", said(call)));
    }
    wrong.extend(
        spare
            .into_iter()
            .map(|spare| format!("is allowed and not needed: {spare}")),
    );
    for (call, _) in conceivable
        .iter()
        .zip(others)
        .filter(|(_, verdict)| *verdict == "Allowed")
    {
        if !conceivable::is_used(call, &made) && !conceivable::is_kin(call, &made) {
            wrong.push(format!("is allowed and not made: {}", said(call)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_must_never_be_is_denied() {
    let policies = Policies::read();
    let never = conceivable::never(policies.roles.keys());
    let calls: Vec<Value> = never.iter().map(|(_, call)| call.to_json()).collect();
    let (verdicts, _) = judge(&policies, &calls, 0);
    let judged = never.iter().zip(&verdicts);
    let allowed: Vec<&str> = judged
        .filter(|(_, verdict)| *verdict == "Allowed")
        .map(|((promise, _), _)| promise.as_str())
        .collect();
    assert!(allowed.is_empty(), "{allowed:#?}");
}

#[test]
fn what_sam_adds_to_a_role_is_known_by_name() {
    for (function, added) in Policies::read().added {
        let further = match function.as_str() {
            "Dispatch" | "Notify" => &OF_STREAM[..],
            "Feedback" => &OF_EVENTS,
            _ => &[],
        };
        let expected = std::iter::once(&LOGS).chain(further);
        let expected: Vec<&str> = expected.map(|(name, _)| *name).collect();
        assert_eq!(added, expected, "{function}");
    }
}

/// The whole list, for people.
fn keep(recorded: &BTreeSet<Call>) {
    let lines: Vec<String> = recorded.iter().map(said).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("permissions.txt"), lines.join("\n")).expect("a file");
}

fn said(call: &Call) -> String {
    let context: Vec<String> = call.context.values().flatten().cloned().collect();
    format!(
        "{} · {} · {} · {}",
        call.function,
        call.action,
        call.resource,
        context.join(" ")
    )
}
