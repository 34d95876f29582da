//! `issue`: sends deliveries, shows what became of them, revokes them.
//!
//! The answer to a sending is the only place where the practice sees the code; no later answer tells it again.

mod answers;
mod body;
mod filter;

use channels::{EmailChannel, SmsChannel, ThreemaChannel};
use deliveries::{Clock, Hashing, Messengers, NewCodeOutcome, SendDelivery, SendError};
use documents::Documents;
use domain::access::Scope;
use domain::audit::{Actor, Op};
use domain::id::DeliveryId;
use futures::FutureExt as _;
use http::StatusCode;
use problems::unavailable;
use runtime::{Aws, Environment, Function, MissingSettings, Reader, http_function};
use secrets::{HashCost, Keys, draw_op};
use serde_json::{Value, json};
use store::{Page, Store};
use web::{Caller, Problem, Request, Response};

use crate::body::Asked;
use crate::filter::Filter;

/// The function, ready to be called.
pub fn function(environment: &Environment, clock: Clock) -> Result<Function, MissingSettings> {
    http_function(
        environment,
        |get| {
            let aws = Aws::read(get);
            SendDelivery {
                store: Store::new(aws.dynamodb(), get.text("TABLE")),
                documents: Documents::new(aws.s3(), get.text("DOCUMENTS_BUCKET")),
                lookup: Keys::new(aws.kms(), get.list("LOOKUP_KEYS")),
                hashing: Hashing::new(
                    Keys::new(aws.kms(), get.list("PEPPER_KEYS")),
                    HashCost::named(get.optional("CODE_HASH_COST")),
                ),
                email: EmailChannel::new(
                    aws.ses(),
                    get.text("MAIL_FROM"),
                    get.text("CONFIGURATION_SET"),
                ),
                messengers: Messengers {
                    sms: SmsChannel::new(aws.sns()),
                    own_sender: get.parsed("SMS_SENDER_ID"),
                    countries: get.parsed("SMS_COUNTRIES"),
                    threema: threema(get, &aws),
                },
                base_url: get.text("BASE_URL"),
                clock,
            }
        },
        |send, request| handle(send, request).boxed(),
    )
}

/// Threema, where the deployment has an ID of its own there.
fn threema(get: &mut Reader<'_>, aws: &Aws) -> Option<ThreemaChannel> {
    let id = get.optional("THREEMA_ID")?.to_owned();
    let (endpoint, secret) = (get.text("THREEMA_ENDPOINT"), get.text("THREEMA_SECRET"));
    Some(ThreemaChannel::new(
        endpoint,
        id,
        aws.secrets_manager(),
        secret,
    ))
}

async fn handle(send: &SendDelivery, request: &Request) -> Response {
    let answer = match request.route.as_str() {
        "POST /v1/deliveries" => post(send, request).await,
        "POST /v1/deliveries/preview" => preview(send, request).await,
        "GET /v1/deliveries" => list(send, request).await,
        "POST /v1/deliveries/{id}/code" => new_code(send, request).await,
        "GET /v1/deliveries/{id}" => get(send, request).await,
        "DELETE /v1/deliveries/{id}" => delete(send, request).await,
        _ => Err(Problem::not_found()),
    };
    answer.unwrap_or_else(Response::from)
}

/// Sends one delivery.
async fn post(send: &SendDelivery, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller(Scope::Send)?;
    let outcome = match body::asked(caller, request, op(send, caller)?)? {
        Asked::New(asked) => send.send(&asked).await,
        Asked::Draft(asked) => send.send_draft(&asked).await,
    };
    match outcome {
        Ok(delivery) => Ok(Response::json(
            StatusCode::CREATED,
            &answers::sent(&delivery),
        )),
        Err(SendError::Repeated(stored)) => Ok(Response::json(
            StatusCode::CREATED,
            &answers::repeated(&stored.delivery, send.clock.now()),
        )),
        Err(SendError::Unavailable(error)) => Err(unavailable(&error)),
        Err(error) => Err(problems::send_problem(error)),
    }
}

/// What a sending would do; stores and sends nothing.
async fn preview(send: &SendDelivery, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller(Scope::Send)?;
    let asked = body::previewed(caller, request, op(send, caller)?)?;
    match send.preview(&asked).await {
        Ok(preview) => Ok(Response::json(StatusCode::OK, &answers::preview(preview))),
        Err(SendError::Unavailable(error)) => Err(unavailable(&error)),
        Err(error) => Err(problems::send_problem(error)),
    }
}

/// A page of deliveries, newest first, those alone that are asked for; state is judged by the clock, so a page may hold fewer.
async fn list(send: &SendDelivery, request: &Request) -> Result<Response, Problem> {
    let practice = &request.caller(Scope::Read)?.practice;
    let (limit, cursor) = request.paging()?;
    let filter = Filter::read(request)?;
    let (deliveries, next) = if let Some(reference) = &filter.reference {
        let found = send.deliveries_of_reference(practice, reference).await;
        (found.map_err(|error| unavailable(&error))?, None)
    } else {
        let page = send.deliveries(practice, limit, cursor).await;
        let Page { items, next } = page.map_err(|error| unavailable(&error))?;
        (
            items.into_iter().map(|(_, delivery)| delivery).collect(),
            next,
        )
    };
    let now = send.clock.now();
    let items: Vec<Value> = deliveries
        .iter()
        .filter(|delivery| filter.takes(delivery, now))
        .map(|delivery| answers::delivery(delivery, now))
        .collect();
    Ok(Response::json(
        StatusCode::OK,
        &json!({"items": items, "next_cursor": next}),
    ))
}

/// What became of a delivery.
async fn get(send: &SendDelivery, request: &Request) -> Result<Response, Problem> {
    let practice = &request.caller(Scope::Read)?.practice;
    let id: DeliveryId = request.id("id")?;
    let found = send
        .delivery(practice, &id)
        .await
        .map_err(|error| unavailable(&error))?;
    let delivery = found.ok_or_else(Problem::not_found)?;
    Ok(Response::json(
        StatusCode::OK,
        &answers::delivery(&delivery, send.clock.now()),
    ))
}

/// L6a: a new code for a delivery, sent by message or shown once to be spoken.
async fn new_code(send: &SendDelivery, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller(Scope::Send)?;
    let id: DeliveryId = request.id("id")?;
    let key = request.required_idempotency_key()?;
    let body::NewCode { channel } = request.json()?;
    let made = send
        .new_code(
            &caller.practice,
            &id,
            channel,
            (&key, request.body()),
            &op(send, caller)?,
        )
        .await;
    match made.map_err(|error| unavailable(&error))? {
        NewCodeOutcome::Made(code, message) => Ok(Response::json(
            StatusCode::CREATED,
            &answers::new_code(Some(&code), &message),
        )),
        NewCodeOutcome::Repeated(message) => Ok(Response::json(
            StatusCode::CREATED,
            &answers::new_code(None, &message),
        )),
        NewCodeOutcome::Unknown => Err(Problem::not_found()),
        NewCodeOutcome::Mismatch => Err(problems::send_problem(SendError::Mismatch)),
        NewCodeOutcome::CapReached(reached) => Err(problems::cap_problem(reached)),
        NewCodeOutcome::Obstacles(missing) => {
            Err(problems::send_problem(SendError::Obstacles(missing)))
        }
        NewCodeOutcome::ChannelUnavailable => Err(problems::send_problem(
            SendError::ChannelUnavailable(channel),
        )),
        NewCodeOutcome::Threema(refusal) => {
            Err(problems::send_problem(SendError::Threema(refusal)))
        }
        NewCodeOutcome::NotPossible => Err(problems::code_not_possible()),
    }
}

/// L7: takes a delivery back, open sessions included; a second time changes nothing.
async fn delete(send: &SendDelivery, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller(Scope::Send)?;
    let id: DeliveryId = request.id("id")?;
    let revoked = send
        .revoke(&caller.practice, &id, &op(send, caller)?)
        .await
        .map_err(|error| unavailable(&error))?;
    match revoked {
        Some(true) => Ok(Response::no_content()),
        Some(false) => Err(problems::not_revocable()),
        None => Err(Problem::not_found()),
    }
}

/// What the request writes says this of itself.
fn op(send: &SendDelivery, caller: &Caller) -> Result<Op, Problem> {
    let label = caller.label.clone();
    draw_op(Actor::Key { label }, send.clock.now()).map_err(|error| unavailable(&error.into()))
}
