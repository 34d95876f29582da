//! The wire between a function and the services: passes calls on, and strikes the one that it was told to.

use std::collections::BTreeMap;
use std::fmt;
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tests::World;
use tests::front::{Passing, in_front_of};
use tokio::sync::watch;

/// A call among those of an operation: its name, and how many of that name come before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Call {
    name: String,
    before: usize,
}

impl Call {
    /// The first of this name.
    pub(crate) fn first(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            before: 0,
        }
    }

    /// The service and its operation.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether this thing may go wrong with it: some are the table's alone, or that of its writes, and webhooks need no permission.
    pub(crate) fn may_meet(&self, fault: Fault) -> bool {
        let of_table = self.name.strip_prefix("DYNAMODB ");
        let is_write = |call: &str| !["GetItem", "BatchGetItem", "Query"].contains(&call);
        match fault {
            Fault::Throttled(_) => of_table.is_some(),
            Fault::Conflict(_) => of_table.is_some_and(is_write),
            Fault::Denied => !self.name.starts_with("WEBHOOK "),
            _ => true,
        }
    }

    /// The first of its name.
    pub(crate) fn is_first(&self) -> bool {
        self.before == 0
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.before + 1)
    }
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The service answers 500 and has done nothing.
    ErrorBefore(Times),
    /// It has done it and answers 500.
    ErrorAfter(Times),
    /// It says nothing and has done nothing.
    SilenceBefore(Times),
    /// It has done it and says nothing.
    SilenceAfter(Times),
    /// The table takes no more at the moment: a transaction by the reason of one of its writes.
    Throttled(Times),
    /// Somebody else's transaction is at the same item: of a transaction, at one of its writes.
    Conflict(Times),
    /// The function's process is killed, the service has done nothing.
    KillBefore,
    /// The service has done it, then the process is killed.
    KillAfter,
    /// Before the service does it, another process does the whole operation.
    Twin,
    /// The function's role lacks the permission for all calls of this name.
    Denied,
}

/// How often it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// To this call alone; a repeat of the SDK's goes through.
    Once,
    /// To it and all later ones of its name.
    FromThenOn,
}

impl Fault {
    /// Every one that may happen; a permission is there or not.
    pub(crate) const ALL: [Self; 15] = [
        Self::ErrorBefore(Times::Once),
        Self::ErrorBefore(Times::FromThenOn),
        Self::ErrorAfter(Times::Once),
        Self::ErrorAfter(Times::FromThenOn),
        Self::SilenceBefore(Times::Once),
        Self::SilenceBefore(Times::FromThenOn),
        Self::SilenceAfter(Times::Once),
        Self::SilenceAfter(Times::FromThenOn),
        Self::Throttled(Times::Once),
        Self::Throttled(Times::FromThenOn),
        Self::Conflict(Times::Once),
        Self::Conflict(Times::FromThenOn),
        Self::KillBefore,
        Self::KillAfter,
        Self::Twin,
    ];

    /// Whether the same call a moment later goes through, as somebody who asks for nothing twice can tell.
    pub(crate) fn passes(self) -> bool {
        matches!(
            self,
            Self::Throttled(Times::Once) | Self::Conflict(Times::Once)
        )
    }

    /// Whether what was begun with the call stays begun, and nobody hears of it.
    pub(crate) fn leaves_unknown(self) -> bool {
        matches!(
            self,
            Self::ErrorAfter(Times::FromThenOn)
                | Self::SilenceAfter(Times::FromThenOn)
                | Self::KillBefore
                | Self::KillAfter
        )
    }

    fn goes_on(self) -> bool {
        let goes_on = Times::FromThenOn;
        match self {
            Self::ErrorBefore(times)
            | Self::ErrorAfter(times)
            | Self::Throttled(times)
            | Self::Conflict(times)
            | Self::SilenceBefore(times)
            | Self::SilenceAfter(times) => times == goes_on,
            Self::Denied => true,
            Self::KillBefore | Self::KillAfter | Self::Twin => false,
        }
    }
}

/// How far a case has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Going,
    /// The call waits for the twin.
    Held,
    /// The twin has ended.
    LetGo,
    /// The process is to be killed.
    Killed,
    /// The function has answered.
    Over,
}

/// See above. Clones are the same wire.
#[derive(Clone)]
pub(crate) struct Wire {
    fault: Option<(Call, Fault)>,
    calls: Arc<Mutex<Vec<Call>>>,
    has_repeats: Arc<AtomicBool>,
    stage: Arc<watch::Sender<Stage>>,
}

impl Wire {
    /// One that strikes so, or never.
    pub(crate) fn new(fault: Option<(Call, Fault)>) -> Self {
        Self {
            fault,
            calls: Arc::default(),
            has_repeats: Arc::default(),
            stage: Arc::new(watch::Sender::new(Stage::Going)),
        }
    }

    /// The variables that lead a function's calls over it.
    pub(crate) async fn in_front_of(
        &self,
        world: &World,
        function: &str,
    ) -> BTreeMap<String, String> {
        let wire = self.clone();
        in_front_of(world, function, move |passing| wire.clone().meet(passing)).await
    }

    /// The calls so far, in the order in which they began.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("no panic in between").clone()
    }

    /// Whether the SDK repeated a call, which it also does where a busy machine lets one wait too long.
    pub(crate) fn has_repeats(&self) -> bool {
        self.has_repeats.load(Ordering::Relaxed)
    }

    /// Ready when the process is to be killed.
    pub(crate) async fn killed(&self) {
        self.reached(&[Stage::Killed]).await;
    }

    /// Ready when the twin has its turn: `true`, or when it never will.
    pub(crate) async fn held(&self) -> bool {
        self.reached(&[Stage::Held, Stage::Killed, Stage::Over])
            .await
            == Stage::Held
    }

    /// The twin has ended.
    pub(crate) fn let_go(&self) {
        self.stage.send_replace(Stage::LetGo);
    }

    /// The function has answered.
    pub(crate) fn over(&self) {
        self.stage.send_replace(Stage::Over);
    }

    async fn reached(&self, stages: &[Stage]) -> Stage {
        let mut stage = self.stage.subscribe();
        let reached = stage.wait_for(|stage| stages.contains(stage)).await;
        *reached.expect("the wire's own end is kept")
    }

    fn begin(&self, name: &str) -> Call {
        let mut calls = self.calls.lock().expect("no panic in between");
        let call = Call {
            name: name.to_owned(),
            before: calls.iter().filter(|call| call.name == name).count(),
        };
        calls.push(call.clone());
        call
    }

    async fn meet(self, passing: Passing) -> Response {
        let call = self.begin(&passing.call);
        // Such as: attempt=1; max=3
        let attempt = passing.parts.headers.get("amz-sdk-request");
        if attempt.is_some_and(|attempt| !attempt.as_bytes().starts_with(b"attempt=1")) {
            self.has_repeats.store(true, Ordering::Relaxed);
        }
        let fault = self.fault.as_ref().filter(|(struck, fault)| {
            let later = struck.name == call.name && struck.before < call.before;
            *struck == call || later && fault.goes_on()
        });
        let Some((_, fault)) = fault else {
            return passing.pass_on().await;
        };
        match fault {
            Fault::ErrorBefore(_) => error(),
            Fault::Denied => denied(&passing.call),
            Fault::Throttled(_) => clash(&passing, "ThrottlingException", "ThrottlingError"),
            Fault::Conflict(_) => clash(
                &passing,
                "TransactionConflictException",
                "TransactionConflict",
            ),
            Fault::ErrorAfter(_) => {
                passing.pass_on().await;
                error()
            }
            Fault::SilenceBefore(_) => pending().await,
            Fault::SilenceAfter(_) => {
                passing.pass_on().await;
                pending().await
            }
            Fault::KillBefore => self.kill().await,
            Fault::KillAfter => {
                passing.pass_on().await;
                self.kill().await
            }
            Fault::Twin => {
                self.stage.send_replace(Stage::Held);
                self.reached(&[Stage::LetGo]).await;
                passing.pass_on().await
            }
        }
    }

    async fn kill(&self) -> Response {
        self.stage.send_replace(Stage::Killed);
        pending().await
    }
}

/// What a service says that has a fault; no SDK needs more than the status.
fn error() -> Response {
    let body = r#"{"__type": "InternalServerError", "message": "a fault of the test"}"#;
    let kind = [("content-type", "application/x-amz-json-1.0")];
    (StatusCode::INTERNAL_SERVER_ERROR, kind, body).into_response()
}

/// The table's word for what passes by itself; a transaction has the reason at its last write, and none at the others.
fn clash(passing: &Passing, exception: &str, reason: &str) -> Response {
    let body: Value = serde_json::from_slice(&passing.body).unwrap_or_default();
    let body = match body["TransactItems"].as_array() {
        None => json!({"__type": exception, "message": "a fault of the test"}),
        Some(writes) => {
            let mut reasons = vec![json!({"Code": "None"}); writes.len()];
            reasons.pop();
            reasons.push(json!({"Code": reason, "Message": "a fault of the test"}));
            json!({"__type": "TransactionCanceledException", "message": "a fault of the test", "CancellationReasons": reasons})
        }
    };
    let kind = [("content-type", "application/x-amz-json-1.0")];
    (StatusCode::BAD_REQUEST, kind, body.to_string()).into_response()
}

/// What a denial says that must not get around: whose role it was, and to whom was to be sent.
pub(crate) const DENIAL: &str = "User: arn:aws:sts::000000000000:assumed-role/a-role is not authorized on resource: +4915112345678";

/// How each service says that a permission is missing.
fn denied(call: &str) -> Response {
    let service = call.split(' ').next().unwrap_or_default();
    let (status, kind, code, body) = match service {
        "S3" | "SNS" => {
            let code = if service == "S3" {
                "AccessDenied"
            } else {
                "AuthorizationError"
            };
            let error = format!(
                "<Error><Type>Sender</Type><Code>{code}</Code><Message>{DENIAL}</Message></Error>"
            );
            let body = if service == "S3" {
                error
            } else {
                format!("<ErrorResponse>{error}</ErrorResponse>")
            };
            (StatusCode::FORBIDDEN, "text/xml", code, body)
        }
        _ => {
            let code = "AccessDeniedException";
            let body = format!(r#"{{"__type": "{code}", "message": "{DENIAL}"}}"#);
            let is_email = service == "SESV2";
            let status = if is_email {
                StatusCode::FORBIDDEN
            } else {
                StatusCode::BAD_REQUEST
            };
            (status, "application/x-amz-json-1.0", code, body)
        }
    };
    let headers = [("content-type", kind), ("x-amzn-errortype", code)];
    (status, headers, body).into_response()
}
