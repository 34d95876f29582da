//! `manage`: what a practice keeps here: settings, record types, records, text templates, documents, webhooks, and what it has sent.
//!
//! One module for each; this file takes a request to the right one, and hands out the description of the whole API.
//! A schedule settles what became of announced uploads.

mod audit;
mod documents;
mod records;
mod settings;
mod templates;
mod usage;
mod webhooks;

use std::sync::Arc;

use ::documents::Documents;
use channels::WebhookChannel;
use deliveries::{Clock, Unavailable, settle_uploads};
use domain::audit::{Actor, Op};
use futures::FutureExt as _;
use http::StatusCode;
use runtime::{Aws, Environment, Error, Function, MissingSettings, event_function, http_function};
use secrets::{Keys, LookupKeys, draw_op};
use serde_json::Value;
use store::Store;
use web::{Caller, Problem, Request, Response};

/// The practices' API as OpenAPI describes it; tests hold it to what the functions do.
const DESCRIPTION: &str = include_str!("openapi.json");

/// What this function may touch.
#[derive(Debug)]
struct Deps {
    store: Store,
    documents: Documents,
    lookup: Keys<LookupKeys>,
    webhooks: WebhookChannel,
    clock: Clock,
}

/// Either the answer, or what is wrong with the request.
type Answer = Result<Response, Failure>;

/// Why there is no answer of the usual kind.
enum Failure {
    Problem(Problem),
    Unavailable(Unavailable),
}

/// The function, ready to be called.
pub fn function(environment: &Environment, clock: Clock) -> Result<Function, MissingSettings> {
    let deps = environment.read(|get| {
        let aws = Aws::read(get);
        Deps {
            store: Store::new(aws.dynamodb(), get.text("TABLE")),
            documents: Documents::new(aws.s3(), get.text("DOCUMENTS_BUCKET")),
            lookup: Keys::new(aws.kms(), get.list("LOOKUP_KEYS")),
            webhooks: WebhookChannel::new(get.optional("WEBHOOK_RELAY")),
            clock,
        }
    })?;
    let deps = Arc::new(deps);
    let same = Arc::clone(&deps);
    let answer = http_function(
        environment,
        |_| same,
        |deps, request| handle(deps, request).boxed(),
    )?;
    let settle = event_function(deps, |deps, _| settle(deps).boxed());
    // What the gateway sends has no source; the schedule alone has.
    Ok(Arc::new(move |event| match event["source"].as_str() {
        Some("aws.events") => settle(event),
        _ => answer(event),
    }))
}

/// The schedule: what became of announced uploads.
async fn settle(deps: &Deps) -> Result<Value, Error> {
    settle_uploads(&deps.store, &deps.documents, deps.clock.now()).await?;
    Ok(Value::Null)
}

async fn handle(deps: &Deps, request: &Request) -> Response {
    let answer = match request.route.as_str() {
        "GET /v1/openapi.json" => Ok(Response::written_json(StatusCode::OK, DESCRIPTION)),
        "GET /v1/settings" => settings::get(deps, request).await,
        "PUT /v1/settings" => settings::put(deps, request).await,
        "GET /v1/record-types" => records::list_types(deps, request).await,
        "GET /v1/record-types/{id}" => records::get_type(deps, request).await,
        "PUT /v1/record-types/{id}" => records::put_type(deps, request).await,
        "DELETE /v1/record-types/{id}" => records::delete_type(deps, request).await,
        "GET /v1/records" => records::list(deps, request).await,
        "GET /v1/records/{id}" => records::get(deps, request).await,
        "PUT /v1/records/{id}" => records::put(deps, request).await,
        "DELETE /v1/records/{id}" => records::delete(deps, request).await,
        "GET /v1/templates" => templates::list(deps, request).await,
        "GET /v1/templates/{kind}/{channel}/{language}" => templates::get(deps, request).await,
        "PUT /v1/templates/{kind}/{channel}/{language}" => templates::put(deps, request).await,
        "DELETE /v1/templates/{kind}/{channel}/{language}" => {
            templates::delete(deps, request).await
        }
        "POST /v1/documents" => documents::post(deps, request).await,
        "GET /v1/documents" => documents::list(deps, request).await,
        "GET /v1/documents/{id}" => documents::get(deps, request).await,
        "PATCH /v1/documents/{id}" => documents::patch(deps, request).await,
        "DELETE /v1/documents/{id}" => documents::delete(deps, request).await,
        "GET /v1/webhooks" => webhooks::list(deps, request).await,
        "GET /v1/webhooks/{id}" => webhooks::get(deps, request).await,
        "PUT /v1/webhooks/{id}" => webhooks::put(deps, request).await,
        "DELETE /v1/webhooks/{id}" => webhooks::delete(deps, request).await,
        "POST /v1/webhooks/{id}/test" => webhooks::test(deps, request).await,
        "GET /v1/audit" => audit::list(deps, request).await,
        "GET /v1/usage" => usage::get(deps, request).await,
        _ => Err(Problem::not_found().into()),
    };
    answer.unwrap_or_else(|failure| match failure {
        Failure::Problem(problem) => problem.into(),
        Failure::Unavailable(error) => {
            tracing::error!(route = request.route, %error, "something that is needed did not answer");
            Problem::unavailable().into()
        }
    })
}

impl Deps {
    /// What a request writes says this of itself.
    fn op(&self, caller: &Caller) -> Result<Op, Failure> {
        let label = caller.label.clone();
        Ok(draw_op(Actor::Key { label }, self.clock.now())?)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

macro_rules! unavailable_from {
    ($($error:ty),*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Unavailable(error.into())
            }
        }
    )*};
}
unavailable_from!(
    Unavailable,
    store::StoreError,
    ::documents::DocumentsError,
    secrets::DrawError,
    secrets::KeyError,
    secrets::SealError
);
