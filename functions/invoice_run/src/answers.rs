//! What `invoice_run` answers: a run, and its items.

use std::collections::BTreeMap;

use deliveries::RunItemNow;
use domain::run::{Counts, Run};
use domain::time::Timestamp;
use serde_json::{Value, json};

/// A run, and how many of its items are in which state.
pub(crate) fn run(run: &Run, counts: &Counts) -> Value {
    let states: BTreeMap<&str, usize> = counts.named().collect();
    json!({
        "id": run.id,
        "state": run.state().name(),
        "dry_run": run.dry_run,
        "total": run.items,
        "counts": states,
        "without_code": counts.without_code,
        "attempt": run.attempt,
        "created_at": run.created_at.to_string(),
        "cancelled_at": shown(run.cancelled_at),
        "finished_at": shown(run.finished_at),
    })
}

/// A page of items.
pub(crate) fn items(items: &[RunItemNow], next: Option<usize>) -> Value {
    let items: Vec<Value> = items.iter().map(item).collect();
    json!({"items": items, "next_cursor": next.map(|next| next.to_string())})
}

/// An item whose turn is to come once more shows nothing of the time before.
fn item(now: &RunItemNow) -> Value {
    let line = now.stored.as_ref().map(|stored| &stored.line);
    let line = line.filter(|line| line.state == now.state);
    let problems = line.and_then(|line| line.problems.as_deref());
    let problems: Value = problems
        .and_then(|problems| serde_json::from_str(problems).ok())
        .unwrap_or_else(|| json!([]));
    json!({
        "pointer": format!("/items/{}", now.number),
        "document": now.item.document,
        "recipient": now.item.recipient,
        "channel": now.item.channel,
        "state": now.state,
        "delivery": line.and_then(|line| line.delivery.as_ref()),
        "message": line.and_then(|line| line.message.as_ref()),
        "problems": problems,
    })
}

fn shown(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}
