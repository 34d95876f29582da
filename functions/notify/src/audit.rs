//! The audit of a change: one row, at once or when it is known what came of it.

use domain::audit::{Action, Outcome};
use domain::time::Timestamp;
use store::{AuditRow, Change, StoreError};

use crate::Deps;

/// What a change means for the audit.
#[derive(Debug, PartialEq)]
enum Step {
    /// This row.
    Keep(AuditRow),
    /// This row, unless another write has said by then what came of it.
    Await(AuditRow, Timestamp),
}

/// Writes the audit of a change. A second time changes nothing.
pub(crate) async fn keep(deps: &Deps, change: &Change) -> Result<(), StoreError> {
    match step(change) {
        Step::Keep(row) => deps.store.add_audit(&row).await?,
        Step::Await(row, due) => deps.store.await_audit(&row, due).await?,
    }
    match (&change.record, change.op.action) {
        (Some(record), Action::RecordErased) => {
            deps.store.erase_audit(&change.practice, record).await
        }
        _ => Ok(()),
    }
}

fn step(change: &Change) -> Step {
    let mut row = AuditRow::of(change);
    match Outcome::after(change.op.action) {
        Some((seconds, otherwise)) if change.op.outcome == Outcome::UnderWay => {
            row.entry.outcome = otherwise;
            Step::Await(row, change.op.at.plus(seconds))
        }
        _ => Step::Keep(row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn change(action: &str, outcome: &str) -> Change {
        let op: Value = json!({"M": {
            "id": {"S": "01a207d9-2100-7345-84ac-89e186209d30"},
            "at": {"N": "1000"},
            "actor": {"M": {"type": {"S": "key"}, "label": {"S": "Front desk"}}},
            "action": {"S": action},
            "outcome": {"S": outcome},
        }});
        let image = json!({"pk": {"S": "ORG#park"}, "sk": {"S": "RECORD#r1"}, "last_op": op});
        let record = json!({"dynamodb": {"NewImage": image}});
        Change::read(&record).unwrap().unwrap()
    }

    #[test]
    fn what_is_under_way_waits_for_its_outcome() {
        let Step::Await(row, due) = step(&change("entry", "under_way")) else {
            panic!("an entry is judged by a second write");
        };
        assert_eq!((row.entry.outcome, due.seconds()), (Outcome::Wrong, 1020));
        let Step::Keep(right) = step(&change("entry", "right")) else {
            panic!("a judged entry is kept at once");
        };
        assert_eq!(right.entry.outcome, Outcome::Right);
        assert!(right.is_same(&row), "both are one row");
        let Step::Keep(done) = step(&change("record_changed", "done")) else {
            panic!("what is done is kept at once");
        };
        assert_eq!(done.entry.record.as_deref(), Some("r1"));
        assert!(!done.is_same(&right));
    }
}
