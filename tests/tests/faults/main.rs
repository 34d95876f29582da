//! The fault matrix: each call that an operation makes to AWS × each thing that can go wrong with it.
//!
//! The calls are recorded, so that a new one brings its own cases. A function is a process of its own, and killing it ends it.
//! The test prints a line for each call (`--nocapture`); every case with its verdict lies in `target/tmp/faults.txt` afterwards.
//! Faults happen on the wire between the function and the services of a stack, so that the SDK's own repeats are part of it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod case;
mod clashes;
mod judge;
mod operations;
mod wire;

#[path = "../runs/worker.rs"]
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use tests::lambda::{Lambda, Outcome};

use crate::case::Case;
use crate::judge::Judged;
use crate::operations::Operation;
use crate::wire::{Call, Fault, Wire};

/// So many cases go on at once; most of them wait for a time-out.
const AT_ONCE: usize = 4;
/// The verdict on a case in which every invariant holds.
const HOLDS: &str = "holds";
/// How often an operation is done until its calls are known.
const TRIES: usize = 10;

/// A case and what came of it.
struct Row {
    operation: Operation,
    call: Call,
    fault: Fault,
    /// Nothing where the process was killed.
    answered: Vec<u64>,
    verdict: String,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation,
            call,
            fault,
            answered,
            verdict,
        } = self;
        write!(
            f,
            "{operation} · {call} · {fault:?} · {answered:?} · {verdict}"
        )
    }
}

/// Does an operation once, with a fault or without: the wire that its calls went over, what came of it, and what was logged.
async fn run(operation: Operation, fault: Option<(Call, Fault)>) -> (Wire, Judged, String) {
    let case = Case::prepare(operation).await;
    let wire = Wire::new(fault.clone());
    let variables = wire.in_front_of(&case.world, operation.function()).await;
    let mut function = Lambda::start_with(&case.world, operation.function(), &variables).await;
    let event = case.event.to_string().into_bytes();
    let twins = event.clone();
    let invoked = async {
        let outcome = function.invoke_unless(event, wire.killed()).await;
        wire.over();
        outcome.map(answer)
    };
    let twin = async {
        if !wire.held().await {
            return None;
        }
        let mut twin = Lambda::start(&case.world, operation.function()).await;
        let outcome = twin.invoke(twins).await;
        wire.let_go();
        Some(answer(outcome))
    };
    let (answer, twin) = tokio::join!(invoked, twin);
    let logs = function.logs();
    let judged = judge::judge(&case, fault.as_ref(), answer, twin, &logs).await;
    (wire, judged, logs)
}

/// What the gateway would hand on; an error of the function is a 500 there.
fn answer(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Answer(answer) => answer,
        Outcome::Error(error) => json!({"statusCode": 500, "body": error.to_string()}),
    }
}

/// The calls of an operation, once it was twice seen to work without a fault and by the same calls: on a busy machine, one may be made again unseen.
async fn calls(operation: Operation) -> BTreeSet<Call> {
    let mut before = BTreeSet::new();
    for _ in 0..TRIES {
        let (wire, judged, _) = run(operation, None).await;
        assert!(judged.wrong.is_empty(), "{operation}: {:?}", judged.wrong);
        let calls: BTreeSet<Call> = wire.calls().into_iter().collect();
        assert!(!calls.is_empty(), "{operation} makes no call");
        if !wire.has_repeats() && calls == before {
            return calls;
        }
        before = calls;
    }
    panic!("{operation} is never done twice by the same calls; is the machine this busy?");
}

/// Every case of an operation.
async fn cases(operation: Operation) -> Vec<(Operation, Call, Fault)> {
    let calls = calls(operation).await;
    let case = |call: &Call, fault| (operation, call.clone(), fault);
    let faults = |call: &Call| {
        let may_meet = Fault::ALL.into_iter().filter(|fault| call.may_meet(*fault));
        may_meet.map(|fault| case(call, fault)).collect::<Vec<_>>()
    };
    calls.iter().flat_map(faults).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_happens_to_a_call_every_invariant_holds() {
    let cases: Vec<_> = stream::iter(Operation::ALL).then(cases).collect().await;
    let cases: Vec<_> = cases.into_iter().flatten().collect();
    assert!(cases.len() >= 2_200, "{} cases", cases.len());
    let rows = stream::iter(cases).map(|(operation, call, fault)| async move {
        let (wire, judged, _) = run(operation, Some((call.clone(), fault))).await;
        let is_struck = wire.calls().contains(&call);
        let verdict = match (judged.wrong.as_slice(), is_struck) {
            (_, false) => "the call was not made".to_owned(),
            ([], true) => HOLDS.to_owned(),
            (wrong, true) => format!("BROKEN {}", wrong.join("; ")),
        };
        Row {
            operation,
            call,
            fault,
            answered: judged.answered,
            verdict,
        }
    });
    let rows: Vec<Row> = rows.buffered(AT_ONCE).collect().await;
    let sum = sum(&rows);
    println!("{sum}\n{}", brief(&rows));
    let mut table = vec![sum];
    table.extend(rows.iter().map(Row::to_string));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("faults.txt"), table.join("\n")).expect("a file");
    let broken = rows.iter().filter(|row| row.verdict != HOLDS);
    let broken: Vec<String> = broken.map(Row::to_string).collect();
    assert!(
        broken.is_empty(),
        "{} of {}: {broken:#?}",
        broken.len(),
        rows.len()
    );
}

/// What the log names of a permission that is missing: the action, or for the table the call.
fn named(call: &Call) -> &str {
    match call.name().split_once(' ') {
        Some(("S3", _)) => "s3:GetObject",
        Some(("SESV2", _)) => "ses:SendEmail",
        Some(("SNS", _)) => "sns:Publish",
        Some(("KMS", _)) => "kms:GenerateMac",
        Some(("DYNAMODB", call)) => call,
        _ => panic!("nothing is known of {call}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_function_without_a_permission_fails_closed_and_tells_the_operator_alone() {
    let operations = stream::iter(Operation::ALL).map(|operation| async move {
        let calls = calls(operation).await.into_iter();
        let denied = calls.filter(|call| call.is_first() && call.may_meet(Fault::Denied));
        denied.map(|call| (operation, call)).collect::<Vec<_>>()
    });
    let cases: Vec<_> = operations.buffered(AT_ONCE).concat().await;
    assert!(cases.len() >= 95, "{} cases", cases.len());
    let rows = stream::iter(cases).map(|(operation, call)| async move {
        let fault = Some((call.clone(), Fault::Denied));
        let (_, mut judged, logs) = run(operation, fault).await;
        let said =
            |line: &str| line.contains(named(&call)) && line.contains("the function's role may");
        if !logs.lines().any(said) {
            judged
                .wrong
                .push("the log does not say what to check".to_owned());
        }
        (format!("{operation} · {call}"), judged)
    });
    let rows: Vec<_> = rows.buffered(AT_ONCE).collect().await;
    let broken = rows.iter().filter(|(_, judged)| !judged.wrong.is_empty());
    let broken: Vec<_> = broken
        .map(|(case, judged)| (case, &judged.answered, &judged.wrong))
        .collect();
    assert!(
        broken.is_empty(),
        "{} of {}: {broken:#?}",
        broken.len(),
        rows.len()
    );
}

/// How many cases there are, in all and of each operation.
fn sum(rows: &[Row]) -> String {
    let of = |operation: Operation| {
        let its = rows.iter().filter(|row| row.operation == operation);
        format!("{operation} {}", its.count())
    };
    let each = Operation::ALL.map(of).join(", ");
    format!("{} cases: {each}", rows.len())
}

/// One line for each call: what was answered how often, whatever went wrong with it.
fn brief(rows: &[Row]) -> String {
    let of_one_call =
        |one: &Row, next: &Row| (one.operation, &one.call) == (next.operation, &next.call);
    let line = |of_call: &[Row]| {
        let mut answers: BTreeMap<String, usize> = BTreeMap::new();
        for row in of_call {
            *answers.entry(format!("{:?}", row.answered)).or_default() += 1;
        }
        let answers = answers
            .iter()
            .map(|(answer, times)| format!("{times} × {answer}"));
        let answers: Vec<String> = answers.collect();
        let held = of_call.iter().filter(|row| row.verdict == HOLDS).count();
        let (
            Row {
                operation, call, ..
            },
            all,
        ) = (&of_call[0], of_call.len());
        format!(
            "{operation} · {call} · {held} of {all} hold · {}",
            answers.join(", ")
        )
    };
    let lines: Vec<String> = rows.chunk_by(of_one_call).map(line).collect();
    lines.join("\n")
}
