//! A stack in which an operation meets its fault: everything that has to be there before, and the event that does the operation.

use std::collections::BTreeSet;

use deliveries::{Clock, Hand};
use domain::document::UPLOAD_SETTLED;
use domain::time::HOUR;
use runtime::{Environment, Function, MissingSettings};
use serde_json::{Value, json};
use tests::dynamodb::{items, stream};
use tests::events::{event, of_patient, of_practice, posted, token};
use tests::{Patient, Sent, World, is_derived};

use crate::operations::Operation;
use crate::worker::Worker;

/// The idempotency key of the request that meets the fault.
pub(crate) const KEY: &str = "struck";
/// An e-mail to it is taken, and nothing is said of it but by the case itself.
const SILENT: &str = "silent@simulator.amazonses.com";
/// What SES says of an e-mail that bounced, by AWS's own example.
const BOUNCE: &str = include_str!("../feedback/events/bounce.json");
/// Longer ago than an entry is under way (L4), in seconds.
const SETTLED: i64 = 30;
/// Longer ago than a lane may stand still, in seconds.
const FORGOTTEN: i64 = 120;

/// A stack of its own with a delivery, and the event that does the operation.
pub(crate) struct Case {
    pub(crate) operation: Operation,
    pub(crate) world: World,
    /// The delivery; of an issue the earlier one.
    pub(crate) sent: Sent,
    /// The document in it; of settling an upload, that upload.
    pub(crate) document: String,
    /// What an issue asks for.
    pub(crate) body: Value,
    /// The run of an operation on one.
    pub(crate) run: Option<String>,
    /// A browser with the code page open, and a session where the operation needs one.
    pub(crate) patient: Patient,
    pub(crate) event: Value,
    /// How many messages there were before.
    pub(crate) messages: usize,
    /// What the table held before.
    pub(crate) rows: BTreeSet<String>,
}

impl Case {
    /// Everything that has to be there before.
    pub(crate) async fn prepare(operation: Operation) -> Self {
        let world = World::feeding(operation.fed_by_the_case()).await;
        // As the function's process does.
        world.clock().set(Hand::Running(0));
        let practice = &world.practice;
        let allowed = json!({"self_service": {"allowed": true}});
        practice.put("/v1/record-types/std", allowed).await;
        let document = practice.document("invoice", "1", "2026-11-20").await;
        let sent = practice.send(&[&document]).await;
        let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
        let mut case = Self {
            operation,
            patient: world.patient(&sent),
            world,
            sent,
            document,
            body,
            run: None,
            event: Value::Null,
            messages: 0,
            rows: BTreeSet::new(),
        };
        case.event = case.event().await;
        case.messages = case.world.messages().await.len();
        case.rows = case.rows_now().await;
        case
    }

    /// What the table holds, but for what follows from it, and what SES says of deliveries.
    pub(crate) async fn rows_now(&self) -> BTreeSet<String> {
        let rows = items(self.world.stack.dynamodb()).await;
        let kept = rows.into_iter().filter(|row| !is_derived(row));
        let shown = kept.map(|row| match row["sk"]["S"].as_str() {
            Some("DELIVERY") => row["pk"].to_string(),
            _ => row.to_string(),
        });
        shown.collect()
    }

    async fn event(&mut self) -> Value {
        match self.operation {
            Operation::Authorize => self.question(),
            Operation::Issue => self.issue(),
            Operation::IssueUnseen => {
                let practice = &self.world.practice;
                let unseen = practice.document("invoice", "2", "2026-11-20").await;
                self.body["documents"] = json!([self.document, unseen]);
                self.issue()
            }
            Operation::IssueAttached => {
                self.allow_unprotected().await;
                self.body["protected"] = json!(false);
                self.issue()
            }
            Operation::MakeCode => {
                let route = "POST /v1/deliveries/{id}/code";
                with_key(route, Some(&self.sent.id), &json!({"channel": "sms"}))
            }
            Operation::Revoke => {
                let mut event = of_practice("DELETE /v1/deliveries/{id}");
                event["pathParameters"] = json!({"id": self.sent.id});
                event
            }
            Operation::CodePage => of_patient("GET /d/{token}", &token(&self.sent)),
            Operation::WrongCode | Operation::RightCode => {
                let page = self.patient.open().await;
                let code = match self.operation {
                    Operation::RightCode => &self.sent.code,
                    _ => self.sent.wrong_code(),
                };
                let body = format!("form={}&code={code}", page.form());
                self.form("POST /d/{token}", &body)
            }
            Operation::AskForCode => {
                let body = format!("form={}", self.patient.open().await.request_form());
                self.form("POST /d/{token}/code", &body)
            }
            Operation::Report => {
                let url = format!("{}/not-mine", self.patient.link);
                let body = format!("form={}", self.patient.get(&url).await.form());
                self.form("POST /d/{token}/not-mine", &body)
            }
            Operation::List | Operation::Download | Operation::Done => self.in_a_session().await,
            Operation::StartRun => with_key("POST /v1/invoice-runs", None, &self.items()),
            Operation::Dispatch => {
                self.start_run().await;
                json!({"Records": Worker::new(&self.world, &[]).lanes().await})
            }
            Operation::LookAfterRun => {
                self.world.clock().set(Hand::Running(-FORGOTTEN));
                self.start_run().await;
                self.world.clock().set(Hand::Running(0));
                schedule()
            }
            Operation::CancelRun => {
                let run = self.start_run().await;
                let route = "POST /v1/invoice-runs/{id}/cancel";
                with_key(route, Some(&run), &Value::Null)
            }
            Operation::RetryRun => {
                let run = self.start_run().await;
                self.world.fail("email", "refuse", 1).await;
                Worker::new(&self.world, &[]).drain().await;
                let route = "POST /v1/invoice-runs/{id}/retry";
                with_key(route, Some(&run), &json!({"state": "failed"}))
            }
            Operation::Follow => self.entry_and_report().await,
            Operation::Tell => {
                let batch = self.entry_and_report().await;
                let followed = notify(&self.world)(batch).await;
                let followed = followed.expect("an answer");
                assert_eq!(followed, json!({"batchItemFailures": []}));
                schedule()
            }
            Operation::Feedback => self.bounce().await,
            Operation::SettleUpload => {
                let long_ago = Hand::Running(-UPLOAD_SETTLED - HOUR);
                self.world.clock().set(long_ago);
                let practice = &self.world.practice;
                self.document = practice.document("invoice", "2", "2026-11-20").await;
                self.world.clock().set(Hand::Running(0));
                schedule()
            }
        }
    }

    /// What the gateway asks the authorizer.
    fn question(&self) -> Value {
        let header = format!("Bearer {}", self.world.practice.key());
        let mut event = event("GET /v1/settings");
        event["type"] = json!("REQUEST");
        event["identitySource"] = json!([header]);
        event["headers"]["authorization"] = json!(header);
        event
    }

    fn issue(&self) -> Value {
        with_key("POST /v1/deliveries", None, &self.body)
    }

    /// Lets the record's documents go without protection (D6).
    async fn allow_unprotected(&self) {
        let record = json!({"record_type": "std", "allow_unprotected": true, "recipients": [
            {"id": "patient", "name": "Erika Beispiel", "email": "erika@example.org", "mobile": "+4915112345678"},
        ]});
        let put = self.world.practice.put("/v1/records/r1", record).await;
        assert_eq!(put.status, 200, "{put:?}");
    }

    async fn in_a_session(&mut self) -> Value {
        let entered = self.patient.enter(&self.sent.code).await;
        assert_eq!(entered.status, 303);
        let list = self.patient.documents().await;
        let route = match self.operation {
            Operation::Done => {
                let body = format!("form={}", list.form());
                return self.form("POST /d/{token}/done", &body);
            }
            Operation::Download => "GET /d/{token}/documents/{id}",
            _ => "GET /d/{token}/documents",
        };
        let mut event = of_patient(route, &token(&self.sent));
        event["pathParameters"]["id"] = json!(self.document);
        event["cookies"] = json!(self.cookies());
        event
    }

    /// What a run of the document asks for.
    pub(crate) fn items(&self) -> Value {
        let item = json!({"document": self.document, "recipient": "patient", "channel": "sms"});
        json!({"items": [item]})
    }

    async fn start_run(&mut self) -> String {
        let started = self.world.practice.start_run(self.items()).await;
        let run = started.body["id"].as_str().unwrap_or_default();
        self.run.insert(run.to_owned()).clone()
    }

    /// A wrong entry, whose outcome is due by now, and a report, which a webhook and a person are to be told of: the stream's records of both.
    async fn entry_and_report(&self) -> Value {
        let (world, practice) = (&self.world, &self.world.practice);
        let settings = json!({"name": "Praxis am Park", "sms_allowed": true, "report_to": "reports@example.org"});
        let events = ["delivery.reported", "delivery.closed"];
        let webhook = json!({"url": "https://hooks.example.org/", "events": events});
        for (path, body) in [("/v1/settings", settings), ("/v1/webhooks/all", webhook)] {
            let put = practice.put(path, body).await;
            assert_eq!(put.status, 200, "{put:?}");
        }
        let before = stream(world.stack.dynamodb(), None).await;
        let before = before
            .last()
            .map(|record| &record["dynamodb"]["SequenceNumber"]);
        world.clock().set(Hand::Running(-SETTLED));
        let entered = world
            .patient(&self.sent)
            .enter(self.sent.wrong_code())
            .await;
        assert_eq!(entered.status, 401);
        assert_eq!(world.patient(&self.sent).report().await.status, 410);
        world.clock().set(Hand::Running(0));
        let after = before.and_then(Value::as_str);
        json!({"Records": stream(world.stack.dynamodb(), after).await})
    }

    /// The e-mail of a further delivery, of which SES says nothing by itself, bounces.
    async fn bounce(&mut self) -> Value {
        let (world, practice) = (&self.world, &self.world.practice);
        let record = json!({"record_type": "std", "recipients": [
            {"id": "patient", "name": "Erika Beispiel", "email": SILENT, "mobile": "+4915112345678"},
        ]});
        let put = practice.put("/v1/records/r1", record).await;
        assert_eq!(put.status, 200, "{put:?}");
        let documents = [self.document.as_str()];
        self.sent = practice.send(&documents).await;
        let of_practice = local::practice::PRACTICE.parse().expect("an id");
        let id = self.sent.id.parse().expect("an id");
        let found = world.store().delivery_of_practice(&of_practice, &id).await;
        let link = found.expect("an answer").expect("a delivery").link;
        let mut detail: Value = serde_json::from_str(BOUNCE).expect("JSON");
        detail["mail"]["messageId"] = self.sent.answer["email"]["message_id"].clone();
        detail["mail"]["tags"]["delivery"] = json!([link.as_str()]);
        json!({"source": "aws.ses", "detail-type": "Email Bounced", "detail": detail})
    }

    fn form(&self, route: &str, body: &str) -> Value {
        posted(
            route,
            &self.sent,
            self.world.stack.api(),
            &self.cookies(),
            body,
        )
    }

    fn cookies(&self) -> Vec<String> {
        let pairs = self.patient.cookies.iter();
        pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect()
    }
}

/// What the schedule hands to a function.
pub(crate) fn schedule() -> Value {
    json!({"source": "aws.events"})
}

/// `manage` without faults.
pub(crate) fn manage(world: &World) -> Function {
    function_of(world, "Manage", manage::function)
}

/// `notify` without faults.
pub(crate) fn notify(world: &World) -> Function {
    function_of(world, "Notify", notify::function)
}

/// `feedback` without faults.
pub(crate) fn feedback(world: &World) -> Function {
    function_of(world, "Feedback", feedback::function)
}

fn function_of(
    world: &World,
    id: &str,
    make: impl Fn(&Environment, Clock) -> Result<Function, MissingSettings>,
) -> Function {
    let variables = world.stack.function_environments()[id].clone();
    let function = make(&variables.into_iter().collect(), world.clock().clone());
    function.expect("all settings")
}

/// A practice's request with the idempotency key.
fn with_key(route: &str, id: Option<&str>, body: &Value) -> Value {
    let mut event = of_practice(route);
    event["headers"] = json!({"content-type": "application/json", "idempotency-key": KEY});
    if !body.is_null() {
        event["body"] = json!(body.to_string());
    }
    if let Some(id) = id {
        event["pathParameters"] = json!({"id": id});
    }
    event
}
