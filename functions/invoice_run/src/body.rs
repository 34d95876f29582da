//! What requests about runs hold.

use deliveries::RunRequest;
use domain::audit::Op;
use domain::id::{DocumentId, RecipientId};
use domain::practice::Channel;
use domain::run::{ItemState, MOST_ITEMS, RunItem};
use serde::Deserialize;
use web::{Caller, Problem, Request};

/// The largest body that starts a run, in bytes.
const LARGEST_RUN: usize = 2 * 1024 * 1024;

/// As the practice sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    items: Vec<Item>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    document: DocumentId,
    recipient: RecipientId,
    channel: Option<Channel>,
}

/// The body of `POST /v1/invoice-runs/{id}/retry`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retry {
    state: Retried,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Retried {
    Failed,
    Unknown,
}

impl Retry {
    pub(crate) fn state(&self) -> ItemState {
        match self.state {
            Retried::Failed => ItemState::Failed,
            Retried::Unknown => ItemState::Unknown,
        }
    }
}

/// Reads and checks a request for a run.
pub(crate) fn run_request(
    caller: &Caller,
    request: &Request,
    op: Op,
) -> Result<RunRequest, Problem> {
    let key = request.required_idempotency_key()?;
    let Body { items, dry_run } = request.json_of_at_most(LARGEST_RUN)?;
    if !(1..=MOST_ITEMS).contains(&items.len()) {
        return Err(Problem::invalid_field(
            "/items",
            "expected 1 to 10000 items",
        ));
    }
    Ok(RunRequest {
        practice: caller.practice.clone(),
        items: items.into_iter().map(item).collect(),
        dry_run,
        key,
        body: request.body().to_vec(),
        asked_by: caller.label.clone(),
        op,
    })
}

fn item(item: Item) -> RunItem {
    RunItem {
        document: item.document,
        recipient: item.recipient,
        channel: item.channel,
        earlier: 0,
    }
}

/// The state that a list of items is asked for.
pub(crate) fn state(request: &Request) -> Result<Option<ItemState>, Problem> {
    let Some(name) = request.query("state") else {
        return Ok(None);
    };
    let expected = "waiting, sending, sent, checked, failed, unknown or cancelled";
    let state = ItemState::from_name(name);
    state
        .map(Some)
        .ok_or_else(|| Problem::invalid_query("state", expected))
}

/// Where a page of items begins.
pub(crate) fn cursor(cursor: Option<String>) -> Result<usize, Problem> {
    let Some(cursor) = cursor else { return Ok(0) };
    let expected = "the next_cursor of an answer";
    let number = cursor.parse().ok().filter(|number| *number < MOST_ITEMS);
    number.ok_or_else(|| Problem::invalid_query("cursor", expected))
}
