//! What must hold after each fault: the invariants I1 to I7, and the state that the operation leaves.
//!
//! I1 no secret in clear but in what was sent and answered. I2 no entry judged that was not charged. I3 a dead delivery opens nothing.
//! I4 an answer claims no more than is known. I5 the same request again ends in the same state. I6 nobody gets stuck.
//! I7 one request sends one message at most.

mod by_itself;
mod patient;
mod practice;
mod run;

use std::fmt::Debug;

use deliveries::Hand;
use serde_json::Value;
use tests::Patient;
use tests::dynamodb::items;
use tests::events::{json_body, token};

use crate::case::Case;
use crate::operations::Operation;
use crate::wire::{Call, DENIAL, Fault};

/// When a sending that was left under way counts as not sent (D10), in seconds.
const PENDING_IS_OVER: i64 = 61;
/// Longer than any wait after wrong entries (L4).
const NO_WAIT: i64 = 400;
/// When the patient may ask for a code again (L6).
const MAY_ASK: i64 = 1_900;

/// What came of a case.
pub(crate) struct Judged {
    /// The answers' statuses; nothing where the process was killed.
    pub(crate) answered: Vec<u64>,
    /// What did not hold.
    pub(crate) wrong: Vec<String>,
}

/// Looks at everything that a fault has left, through the stack's own functions, whose wire has no fault.
pub(crate) async fn judge(
    case: &Case,
    fault: Option<&(Call, Fault)>,
    answer: Option<Value>,
    twin: Option<Value>,
    logs: &str,
) -> Judged {
    let answers: Vec<Value> = answer.into_iter().chain(twin).collect();
    let mut judge = Judge {
        case,
        fault,
        answered: answers.iter().map(status).collect(),
        wrong: Vec::new(),
    };
    for answer in &answers {
        let is_clear = case.operation.may_answer(status(answer), fault)
            || answer["batchItemFailures"].is_array();
        judge.holds("a clear answer", is_clear, answer);
    }
    if fault.is_some_and(|(_, fault)| fault.passes()) {
        for answer in &answers {
            let is_done = status(answer) < 500 && answer["batchItemFailures"].get(0).is_none();
            judge.holds("what passes by itself is not felt", is_done, answer);
        }
    }
    let most = case.operation.sends_at_most();
    judge.at_most(most).await;
    match case.operation {
        Operation::Authorize => judge.authorize(&answers).await,
        Operation::Issue | Operation::IssueUnseen => judge.issue(&answers).await,
        Operation::IssueAttached => judge.issue_attached(&answers).await,
        Operation::MakeCode => judge.make_code(&answers).await,
        Operation::Revoke => judge.revoke().await,
        Operation::CodePage => judge.opens(NO_WAIT, &case.sent.code).await,
        Operation::WrongCode => judge.wrong_code().await,
        Operation::RightCode => judge.right_code().await,
        Operation::AskForCode => judge.ask_for_code(&answers).await,
        Operation::Report => judge.report().await,
        Operation::List | Operation::Download => judge.session_lives().await,
        Operation::Done => judge.done().await,
        Operation::StartRun => judge.start_run(&answers).await,
        Operation::Dispatch => judge.dispatch().await,
        Operation::LookAfterRun => judge.look_after_run().await,
        Operation::CancelRun => judge.cancel_run().await,
        Operation::RetryRun => judge.retry_run().await,
        Operation::Follow => judge.follow(&answers).await,
        Operation::Tell => judge.tell().await,
        Operation::Feedback => judge.feedback().await,
        Operation::SettleUpload => judge.settle_upload().await,
    }
    if most == (0, 0) {
        // Neither does anything that was asked for since.
        judge.at_most(most).await;
    }
    judge.secrets(logs, &answers).await;
    Judged {
        answered: judge.answered,
        wrong: judge.wrong,
    }
}

fn status(answer: &Value) -> u64 {
    answer["statusCode"].as_u64().unwrap_or_default()
}

struct Judge<'a> {
    case: &'a Case,
    fault: Option<&'a (Call, Fault)>,
    answered: Vec<u64>,
    wrong: Vec<String>,
}

/// What was sent since the case began.
struct Outgone {
    links: Vec<String>,
    codes: Vec<String>,
}

impl Judge<'_> {
    fn holds(&mut self, what: &str, holds: bool, seen: impl Debug) {
        if !holds {
            self.wrong.push(format!("{what}: {seen:?}"));
        }
    }

    fn wait(&self, seconds: i64) {
        self.case.world.clock().set(Hand::Running(seconds));
    }

    async fn outgone(&self) -> Outgone {
        let messages = self.case.world.messages().await;
        let texts = |channel: &'static str| {
            let since = messages.iter().skip(self.case.messages);
            let of_channel = since.filter(move |message| message["channel"] == channel);
            of_channel.map(|message| message["text"].as_str().unwrap_or_default())
        };
        let link = |text: &str| {
            let word = text.split_whitespace().find(|word| word.contains("/d/"));
            word.unwrap_or_default().to_owned()
        };
        let code = |text: &str| {
            let rest = text.split("Ihr Code: ").nth(1).unwrap_or_default();
            rest.lines().next().unwrap_or_default().to_owned()
        };
        Outgone {
            links: texts("email").map(link).collect(),
            codes: texts("sms").map(code).collect(),
        }
    }

    /// I7, for the request and all its repeats together.
    async fn at_most(&mut self, (emails, messages): (usize, usize)) -> Outgone {
        let out = self.outgone().await;
        let sent = (out.links.len(), out.codes.len());
        self.holds("I7: e-mails", sent.0 <= emails, sent);
        self.holds("I7: messages", sent.1 <= messages, sent);
        out
    }

    async fn shown(&self) -> Value {
        self.case.world.practice.shown(&self.case.sent).await
    }

    /// The deliveries that a patient could open.
    async fn open_ones(&self) -> Vec<String> {
        let list = self.case.world.practice.get("/v1/deliveries").await.body;
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let open = items
            .iter()
            .filter(|item| item["state"] == "open" || item["state"] == "opened");
        open.filter_map(|item| item["id"].as_str().map(str::to_owned))
            .collect()
    }

    /// I6: later, this code of the delivery opens its documents in a new browser.
    async fn opens(&mut self, later: i64, code: &str) {
        self.wait(later);
        let mut patient = self.case.world.patient(&self.case.sent);
        self.opens_for(&mut patient, code, 1).await;
    }

    /// I6: with the newest link and the newest code.
    async fn newest_opens(&mut self, documents: usize) {
        let out = self.outgone().await;
        let (Some(link), Some(code)) = (out.links.last(), out.codes.last()) else {
            let sent = (out.links.len(), out.codes.len());
            return self.holds("I6: a link and a code were sent", false, sent);
        };
        let mut patient = Patient::new(self.case.world.stack.api(), link);
        self.opens_for(&mut patient, code, documents).await;
    }

    async fn opens_for(&mut self, patient: &mut Patient, code: &str, documents: usize) {
        let entered = patient.enter(code).await;
        self.holds("I6: the code opens", entered.status == 303, entered.status);
        let list = patient.documents().await;
        let offered = list.documents().len();
        self.holds("I6: documents", offered == documents, list.status);
    }

    /// F-I14, F-I15: where it was refused because the bucket or the keys cannot be reached, or killed at them, nothing has changed.
    async fn unchanged(&mut self) {
        let Some((call, fault)) = self.fault else {
            return;
        };
        // A look at an upload is kept: it says what is there, whatever becomes of the request.
        let is_looked_at = self.case.operation == Operation::IssueUnseen;
        let is_outside = match call.name().split_once(' ') {
            Some(("S3", _)) => true,
            Some(("KMS", _)) => !is_looked_at,
            _ => false,
        };
        let is_refused = self.answered.iter().all(|status| *status == 503);
        if is_outside && is_refused && *fault != Fault::Twin {
            let rows = self.case.rows_now().await;
            let changed = rows.symmetric_difference(&self.case.rows).count();
            self.holds("F-I14, F-I15: nothing changed", changed == 0, changed);
        }
    }

    /// I3 and I4: it is closed, and the practice sees why.
    async fn closed(&mut self, because: &str) {
        let page = self.case.world.patient(&self.case.sent).open().await;
        self.holds("I3: it is closed", page.status == 410, page.status);
        let reason = self.shown().await["closed_because"].take();
        self.holds("I4: the practice sees it", reason == because, &reason);
    }

    /// I4: what the answer says was accepted was sent.
    fn claims(&mut self, answers: &[Value], out: &Outgone) {
        for answer in answers.iter().filter(|answer| status(answer) == 201) {
            let body = json_body(answer);
            let (email, message) = (&body["email"]["status"], &body["message"]["status"]);
            let email = email != "accepted" || out.links.len() == 1;
            let message = message != "accepted" || out.codes.len() == 1;
            self.holds("I4: sent as claimed", email && message, &body["message"]);
        }
    }

    /// I1: in the table and in the process's logs, at their most talkative.
    async fn secrets(&mut self, logs: &str, answers: &[Value]) {
        let out = self.outgone().await;
        let Case { sent, world, .. } = self.case;
        let key = world.practice.key().to_owned();
        let mut secrets = vec![token(sent), sent.code.clone(), key];
        let of_link = |link: &String| link.rsplit('/').next().map(str::to_owned);
        secrets.extend(out.links.iter().filter_map(of_link));
        secrets.extend(out.codes);
        let answered = answers.iter().filter(|answer| status(answer) == 201);
        secrets.extend(
            answered.filter_map(|answer| json_body(answer)["code"].as_str().map(str::to_owned)),
        );
        let table = items(self.case.world.stack.dynamodb()).await;
        let table: String = table.iter().map(ToString::to_string).collect();
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            let plain = secret.replace('-', "");
            for (place, text) in [("table", table.as_str()), ("logs", logs)] {
                let is_there = text.contains(secret.as_str()) || text.contains(&plain);
                self.holds("I1: no secret", !is_there, place);
            }
        }
        let answered: String = answers.iter().map(ToString::to_string).collect();
        for (place, text) in [("answers", answered.as_str()), ("logs", logs)] {
            let is_there = text.contains(DENIAL);
            self.holds("AWS's own words go no further", !is_there, place);
        }
    }
}
