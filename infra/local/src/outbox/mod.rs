//! The outbox: takes what the functions send over SES, SNS and Threema and to practices' programs, computes their MACs in the place of KMS, and shows
//! to people and programs what was sent. The only server of the local stack that is its own.

mod clock;
mod fault;
mod kms;
mod mailbox;
mod page;
mod ses;
mod ses_events;
mod sns;
mod threema;
mod webhook;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use clock::ClockFile;
pub(crate) use kms::Keys;
pub(crate) use threema::{Gateway as ThreemaGateway, PATH as THREEMA};
pub(crate) use webhook::PATH as WEBHOOKS;

use crate::Error;
use crate::events::Bus;
use crate::servers::Stopping;
use fault::{Fault, Faults, Kind};
use mailbox::{Mailbox, Message};

/// Longer than any client waits for a sending, so that to the client its fate is unknown.
const HOLD: Duration = Duration::from_secs(10);
/// SES takes 40 MB; in base64 that is a third more.
const LARGEST_REQUEST: usize = 56 * 1024 * 1024;

/// What the outbox knows and does.
pub(crate) struct Outbox {
    mailbox: Mailbox,
    faults: Faults,
    clock: ClockFile,
    keys: Keys,
    threema: ThreemaGateway,
    bus: Bus,
    stopping: Stopping,
}

/// What became of a sending.
enum Outcome {
    /// Taken.
    Accepted,
    /// A fault that was asked for, and nothing was taken.
    Failing(Kind),
    /// A fault that was asked for: taken, but no answer while anybody waits for one.
    Held,
    /// The message could not be stored.
    Failed,
}

impl Outbox {
    /// Opens the outbox on `directory`, where it keeps what was sent.
    pub(crate) fn open(
        directory: &Path,
        clock: ClockFile,
        keys: Keys,
        bus: Bus,
        stopping: Stopping,
    ) -> Result<Self, Error> {
        let path = directory.join("outbox.jsonl");
        let mailbox = Mailbox::open(&path).map_err(|source| Error::Directory { path, source })?;
        let path = directory.join("outbox-threema.json");
        let threema = ThreemaGateway::open(path.clone());
        Ok(Self {
            threema: threema.map_err(|source| Error::Directory { path, source })?,
            mailbox,
            faults: Faults::default(),
            clock,
            keys,
            bus,
            stopping,
        })
    }

    /// Sends a message, unless a fault was asked for, and tells of what becomes of it.
    ///
    /// It tells before it answers: sooner than AWS would, and never in the midst of what comes next.
    async fn send(&self, message: Message, becomes: Vec<Value>) -> Outcome {
        let fault = self.faults.next(message.channel);
        match fault {
            Some(Kind::Timeout) | None => {}
            Some(kind) => return Outcome::Failing(kind),
        }
        if let Err(error) = self.mailbox.add(message) {
            tracing::error!(%error, "a message could not be stored");
            return Outcome::Failed;
        }
        for event in &becomes {
            self.bus.put(event).await;
        }
        if fault == Some(Kind::Timeout) {
            // A stack that stops must not wait for a client that waits for us.
            let _ = tokio::time::timeout(HOLD, self.stopping.clone().wait()).await;
            return Outcome::Held;
        }
        Outcome::Accepted
    }
}

/// The outbox's addresses.
pub(crate) fn router(outbox: Outbox) -> Router {
    Router::new()
        .route("/", get(page::show).post(query_or_target))
        .route("/outbox.css", get(page::style))
        .route("/outbox.js", get(page::script))
        .route("/revision", get(revision))
        .route("/messages", get(messages).delete(empty))
        .route("/faults", post(faults))
        .route("/clock", get(clock::read).post(clock::change))
        .route("/v2/email/outbound-emails", post(ses::send_email))
        .route("/threema/pubkeys/{id}", get(threema::public_key))
        .route("/threema/credits", get(threema::credits))
        .route("/threema/send_e2e", post(threema::send_e2e))
        .route(webhook::PATH, post(webhook::take))
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .with_state(Arc::new(outbox))
}

/// SNS, KMS and Secrets Manager share the address `/`: SNS names its operation in a form, the others in a header.
async fn query_or_target(outbox: State<Arc<Outbox>>, headers: HeaderMap, body: Bytes) -> Response {
    match headers.get("x-amz-target") {
        Some(target) if target.as_bytes().starts_with(b"secretsmanager.") => {
            threema::secret_value(&outbox.threema, target.as_bytes())
        }
        Some(target) => kms::answer(&outbox.keys, target.as_bytes(), &body),
        None => sns::answer(&outbox, &body).await,
    }
}

async fn messages(outbox: State<Arc<Outbox>>) -> Response {
    json_answer(StatusCode::OK, &outbox.mailbox.all())
}

async fn empty(outbox: State<Arc<Outbox>>) -> Response {
    match outbox.mailbox.empty() {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// A number that changes with every message, so that the page knows when to load itself again.
async fn revision(outbox: State<Arc<Outbox>>) -> String {
    outbox.mailbox.revision().to_string()
}

async fn faults(outbox: State<Arc<Outbox>>, body: Bytes) -> Response {
    match serde_json::from_slice::<Fault>(&body) {
        Ok(fault) => {
            outbox.faults.plan(&fault);
            json_answer(StatusCode::OK, &fault)
        }
        Err(error) => problem(
            StatusCode::BAD_REQUEST,
            &format!(
                "expected {{\"channel\": \"email\"|\"sms\"|\"threema\"|\"webhook\", \"kind\": \"refuse\"|\"timeout\"|\"throttle\"|\"gone\"|\"error\", of Threema also \"credentials\"|\"credits\"|\"too_long\"|\"new_key\", \"times\": 1 or more}}: {error}"
            ),
        ),
    }
}

fn json_answer(status: StatusCode, content: &impl Serialize) -> Response {
    match serde_json::to_vec(content) {
        Ok(json) => (status, [(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// An error of the outbox's own addresses.
fn problem(status: StatusCode, detail: &str) -> Response {
    json_answer(status, &json!({"error": detail}))
}

/// An error as AWS's JSON protocols have it.
fn aws_error(status: StatusCode, code: &str, message: &str) -> Response {
    let body: Value = json!({"__type": code, "message": message});
    let mut response = json_answer(status, &body);
    if let Ok(code) = code.parse() {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

fn random_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests;
