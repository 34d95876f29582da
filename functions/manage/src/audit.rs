//! `GET /v1/audit`.

use domain::access::Scope;
use domain::audit::{Actor, Entry};
use domain::time::Timestamp;
use http::StatusCode;
use serde_json::{Value, json};
use store::Page;
use web::{Problem, Request, Response};

use crate::{Answer, Deps};

/// A page of the audit, newest first: of one record if asked, from `from` on and before `to`.
pub(crate) async fn list(deps: &Deps, request: &Request) -> Answer {
    let practice = &request.caller(Scope::Read)?.practice;
    let (limit, cursor) = request.paging()?;
    let range = (time(request, "from")?, time(request, "to")?);
    let record = request.query("record");
    if record.is_some_and(|record| record.parse::<domain::id::RecordId>().is_err()) {
        return Err(Problem::invalid_query("record", "the id of a record").into());
    }
    let Page { items, next } = deps
        .store
        .audit(practice, record, range, limit, cursor)
        .await?;
    let items: Vec<Value> = items.iter().map(|(_, entry)| shown(entry)).collect();
    Ok(Response::json(
        StatusCode::OK,
        &json!({"items": items, "next_cursor": next}),
    ))
}

fn time(request: &Request, name: &str) -> Result<Option<Timestamp>, Problem> {
    let parsed = request.query(name).map(Timestamp::parse).transpose();
    parsed.map_err(|_| Problem::invalid_query(name, "a point in time such as 2026-11-23T14:30:00Z"))
}

fn shown(entry: &Entry) -> Value {
    let (actor, label, address) = match &entry.actor {
        Actor::Key { label } => ("key", Some(label), None),
        Actor::Patient { address } => ("patient", None, address.as_ref()),
        Actor::Operator => ("operator", None, None),
        Actor::System => ("system", None, None),
    };
    json!({
        "at": entry.at.to_string(),
        "actor": {"type": actor, "label": label},
        "action": entry.action,
        "outcome": entry.outcome,
        "record": entry.record,
        "delivery": entry.delivery,
        "document": entry.document,
        "run": entry.run,
        "key": entry.key,
        "address": address,
    })
}
