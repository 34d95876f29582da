//! `invoice_run`: starts invoice runs, shows what becomes of their items, cancels them, takes up again what failed.
//!
//! It can send nothing: it writes a run, and `dispatch` follows the table's stream.

mod answers;
mod body;
mod problems;

use deliveries::{Clock, RetryRequest, Runs};
use domain::access::Scope;
use domain::audit::{Actor, Op};
use domain::id::RunId;
use domain::run::Run;
use futures::FutureExt as _;
use http::StatusCode;
use runtime::{Aws, Environment, Function, MissingSettings, http_function};
use secrets::{Keys, draw_op};
use store::Store;
use web::{Caller, Problem, Request, Response};

use ::problems::unavailable;

use crate::problems::run_problem;

/// The function, ready to be called.
pub fn function(environment: &Environment, clock: Clock) -> Result<Function, MissingSettings> {
    http_function(
        environment,
        |get| {
            let aws = Aws::read(get);
            Runs {
                store: Store::new(aws.dynamodb(), get.text("TABLE")),
                lookup: Keys::new(aws.kms(), get.list("LOOKUP_KEYS")),
                clock,
            }
        },
        |runs, request| handle(runs, request).boxed(),
    )
}

async fn handle(runs: &Runs, request: &Request) -> Response {
    let answer = match request.route.as_str() {
        "POST /v1/invoice-runs" => start(runs, request).await,
        "GET /v1/invoice-runs/{id}" => show(runs, request).await,
        "GET /v1/invoice-runs/{id}/items" => items(runs, request).await,
        "POST /v1/invoice-runs/{id}/cancel" => cancel(runs, request).await,
        "POST /v1/invoice-runs/{id}/retry" => retry(runs, request).await,
        _ => Err(Problem::not_found()),
    };
    answer.unwrap_or_else(Response::from)
}

/// Starts a run. Nothing has been sent when this answers.
async fn start(runs: &Runs, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller(Scope::Send)?;
    let asked = body::run_request(caller, request, op(runs, caller)?)?;
    let run = runs.start(asked).await.map_err(run_problem)?;
    answer(runs, StatusCode::ACCEPTED, &run).await
}

/// A run, and how many of its items are in which state.
async fn show(runs: &Runs, request: &Request) -> Result<Response, Problem> {
    let practice = &request.caller(Scope::Read)?.practice;
    let id: RunId = request.id("id")?;
    let found = runs.run(practice, &id).await;
    let found = found.map_err(|error| unavailable(&error))?;
    let (run, counts) = found.ok_or_else(Problem::not_found)?;
    Ok(Response::json(StatusCode::OK, &answers::run(&run, &counts)))
}

/// A page of a run's items in the order in which they were asked for; a filtered page may hold fewer.
async fn items(runs: &Runs, request: &Request) -> Result<Response, Problem> {
    let practice = &request.caller(Scope::Read)?.practice;
    let id: RunId = request.id("id")?;
    let (limit, cursor) = request.paging()?;
    let limit = usize::try_from(limit).unwrap_or_default();
    let state = body::state(request)?;
    let from = body::cursor(cursor)?;
    let found = runs.items(practice, &id, state, limit, from).await;
    let found = found.map_err(|error| unavailable(&error))?;
    let (items, next) = found.ok_or_else(Problem::not_found)?;
    Ok(Response::json(
        StatusCode::OK,
        &answers::items(&items, next),
    ))
}

/// What has not been sent is not sent; a second time changes nothing.
async fn cancel(runs: &Runs, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller(Scope::Send)?;
    let id: RunId = request.id("id")?;
    request.idempotency_key()?;
    let cancelled = runs.cancel(&caller.practice, &id, &op(runs, caller)?).await;
    answer(runs, StatusCode::OK, &cancelled.map_err(run_problem)?).await
}

/// What failed, or what nobody can tell, is tried as new deliveries.
async fn retry(runs: &Runs, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller(Scope::Send)?;
    let asked = RetryRequest {
        practice: caller.practice.clone(),
        run: request.id("id")?,
        key: request.required_idempotency_key()?,
        state: request.json::<body::Retry>()?.state(),
        body: [request.parameter("id").as_bytes(), request.body()].concat(),
        asked_by: caller.label.clone(),
        op: op(runs, caller)?,
    };
    let run = runs.retry(asked).await.map_err(run_problem)?;
    answer(runs, StatusCode::ACCEPTED, &run).await
}

async fn answer(runs: &Runs, status: StatusCode, run: &Run) -> Result<Response, Problem> {
    let counts = runs.counts(run).await;
    let counts = counts.map_err(|error| unavailable(&error))?;
    Ok(Response::json(status, &answers::run(run, &counts)))
}

/// What the request writes says this of itself.
fn op(runs: &Runs, caller: &Caller) -> Result<Op, Problem> {
    let label = caller.label.clone();
    draw_op(Actor::Key { label }, runs.clock.now()).map_err(|error| unavailable(&error.into()))
}
