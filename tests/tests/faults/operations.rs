//! The operations, and what each is done to.

use std::fmt;

use deliveries::Hand;
use serde_json::{Value, json};
use tests::events::{of_patient, of_practice, posted, token};
use tests::{Page, Patient, Sent, World};

use crate::worker::Worker;

/// The idempotency key of the request that meets the fault.
pub(crate) const KEY: &str = "struck";

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// `POST /v1/deliveries` of a document that was sent before.
    Issue,
    /// `POST /v1/deliveries/{id}/code`, by SMS (L6a).
    MakeCode,
    /// `DELETE /v1/deliveries/{id}` (L7).
    Revoke,
    /// `GET /d/{token}`.
    CodePage,
    /// `POST /d/{token}` with a wrong code.
    WrongCode,
    /// The same with the right one.
    RightCode,
    /// `POST /d/{token}/code` (L6).
    AskForCode,
    /// `POST /d/{token}/not-mine` (L7).
    Report,
    /// `GET /d/{token}/documents`.
    List,
    /// `GET /d/{token}/documents/{id}`.
    Download,
    /// `POST /d/{token}/done`.
    Done,
    /// A lane of an invoice run with one item, a document that was sent before.
    Dispatch,
}

impl Operation {
    /// Every one of them.
    pub(crate) const ALL: [Self; 12] = [
        Self::Issue,
        Self::MakeCode,
        Self::Revoke,
        Self::CodePage,
        Self::WrongCode,
        Self::RightCode,
        Self::AskForCode,
        Self::Report,
        Self::List,
        Self::Download,
        Self::Done,
        Self::Dispatch,
    ];

    /// The function that does it, by its logical id.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Self::Issue | Self::MakeCode | Self::Revoke => "Issue",
            Self::CodePage | Self::WrongCode | Self::RightCode | Self::Report => "Verify",
            Self::AskForCode => "RequestCode",
            Self::List | Self::Download | Self::Done => "Download",
            Self::Dispatch => "Dispatch",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A stack of its own with one delivery, and the event that does the operation.
pub(crate) struct Case {
    pub(crate) operation: Operation,
    pub(crate) world: World,
    /// The delivery; of an issue the earlier one.
    pub(crate) sent: Sent,
    /// The document in it.
    pub(crate) document: String,
    /// A browser with the code page open, and a session where the operation needs one.
    pub(crate) patient: Patient,
    pub(crate) event: Value,
    /// How many messages there were before.
    pub(crate) messages: usize,
}

impl Case {
    /// Everything that has to be there before.
    pub(crate) async fn prepare(operation: Operation) -> Self {
        // What feeds runs is the case itself.
        let world = World::feeding(&["Dispatch"]).await;
        // As the function's process does.
        world.clock().set(Hand::Running(0));
        let allowed = json!({"self_service": {"allowed": true}});
        world.practice.put("/v1/record-types/std", allowed).await;
        let document = world.practice.document("invoice", "1", "2026-11-20").await;
        let outbox = world.stack.outbox();
        let sent = world.practice.send(outbox, &[&document], json!({})).await;
        let mut patient = world.patient(&sent);
        let event = event(operation, &world, &sent, &document, &mut patient).await;
        let messages = world.messages().await.len();
        Self {
            operation,
            world,
            sent,
            document,
            patient,
            event,
            messages,
        }
    }

    /// The body of a sending of the document.
    pub(crate) fn sending(document: &str) -> Value {
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"})
    }
}

async fn event(
    operation: Operation,
    world: &World,
    sent: &Sent,
    document: &str,
    patient: &mut Patient,
) -> Value {
    match operation {
        Operation::Dispatch => {
            let item = json!({"document": document, "recipient": "patient", "channel": "sms"});
            world.practice.start_run(json!({"items": [item]})).await;
            json!({"Records": Worker::new(world, &[]).lanes().await})
        }
        Operation::Issue => with_key("POST /v1/deliveries", None, &Case::sending(document)),
        Operation::MakeCode => {
            let route = "POST /v1/deliveries/{id}/code";
            with_key(route, Some(&sent.id), &json!({"channel": "sms"}))
        }
        Operation::Revoke => {
            let mut event = of_practice("DELETE /v1/deliveries/{id}");
            event["pathParameters"] = json!({"id": sent.id});
            event
        }
        Operation::CodePage => of_patient("GET /d/{token}", &token(sent)),
        Operation::WrongCode | Operation::RightCode => {
            let page = patient.open().await;
            let code = if operation == Operation::RightCode {
                &sent.code
            } else {
                wrong(sent)
            };
            let body = format!("form={}&code={code}", page.form());
            form("POST /d/{token}", world, sent, patient, &body)
        }
        Operation::AskForCode => {
            let body = format!("form={}", request_form(&patient.open().await));
            form("POST /d/{token}/code", world, sent, patient, &body)
        }
        Operation::Report => {
            let question = patient.get(&format!("{}/not-mine", patient.link)).await;
            let body = format!("form={}", question.form());
            form("POST /d/{token}/not-mine", world, sent, patient, &body)
        }
        Operation::List | Operation::Download | Operation::Done => {
            assert_eq!(patient.enter(&sent.code).await.status, 303);
            let list = patient.documents().await;
            let route = match operation {
                Operation::Done => {
                    let body = format!("form={}", list.form());
                    return form("POST /d/{token}/done", world, sent, patient, &body);
                }
                Operation::Download => "GET /d/{token}/documents/{id}",
                _ => "GET /d/{token}/documents",
            };
            let mut event = of_patient(route, &token(sent));
            event["pathParameters"]["id"] = json!(document);
            event["cookies"] = json!(cookies(patient));
            event
        }
    }
}

/// A practice's request with the idempotency key.
fn with_key(route: &str, id: Option<&str>, body: &Value) -> Value {
    let mut event = of_practice(route);
    event["headers"] = json!({"content-type": "application/json", "idempotency-key": KEY});
    event["body"] = json!(body.to_string());
    if let Some(id) = id {
        event["pathParameters"] = json!({"id": id});
    }
    event
}

fn form(route: &str, world: &World, sent: &Sent, patient: &Patient, body: &str) -> Value {
    posted(route, sent, world.stack.api(), &cookies(patient), body)
}

fn cookies(patient: &Patient) -> Vec<String> {
    let pairs = patient.cookies.iter();
    pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

/// A code of the right form that is not this one.
fn wrong(sent: &Sent) -> &'static str {
    if sent.code == "BCD-FGH" {
        "BCD-FGJ"
    } else {
        "BCD-FGH"
    }
}

/// The hidden field of the form that asks for a code.
pub(crate) fn request_form(page: &Page) -> String {
    let form = page.html.split("/code?").nth(1).unwrap_or_default();
    let field = form.split("name=\"form\" value=\"").nth(1);
    let field = field.unwrap_or_default().split('"').next();
    field.unwrap_or_default().to_owned()
}
