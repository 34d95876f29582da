//! What must hold after each fault: the invariants I1 to I7, and the state that the operation leaves.
//!
//! I1 no secret in clear but in what was sent and answered. I2 no entry judged that was not charged. I3 a dead delivery opens nothing.
//! I4 an answer claims no more than is known. I5 the same request again ends in the same state. I6 nobody gets stuck.
//! I7 one request sends one message at most.

use std::fmt::Debug;

use deliveries::Hand;
use serde_json::{Value, json};
use tests::dynamodb::items;
use tests::events::{json_body, token};
use tests::{Answer, Patient};

use crate::operations::{Case, KEY, Operation, request_form};
use crate::wire::{Call, DENIAL, Fault};
use crate::worker::Worker;

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
        answered: answers.iter().map(status).collect(),
        wrong: Vec::new(),
    };
    for answer in &answers {
        let is_clear = clear(case.operation).contains(&status(answer))
            || is_as_missing(case.operation, fault) && status(answer) == 404
            || case.operation == Operation::Dispatch && answer["batchItemFailures"].is_array();
        judge.holds("a clear answer", is_clear, answer);
    }
    if fault.is_some_and(|(_, fault)| fault.passes()) {
        for answer in &answers {
            let is_done = status(answer) < 500 && answer["batchItemFailures"].get(0).is_none();
            judge.holds("what passes by itself is not felt", is_done, answer);
        }
    }
    judge.at_most(most(case.operation)).await;
    match case.operation {
        Operation::Issue => judge.issue(&answers).await,
        Operation::MakeCode => judge.make_code(&answers).await,
        Operation::Revoke => judge.revoke().await,
        Operation::CodePage => judge.opens(NO_WAIT, &case.sent.code).await,
        Operation::WrongCode => judge.wrong_code().await,
        Operation::RightCode => judge.right_code().await,
        Operation::AskForCode => judge.ask_for_code(&answers).await,
        Operation::Report => judge.report().await,
        Operation::List | Operation::Download => judge.session_lives().await,
        Operation::Done => judge.done().await,
        Operation::Dispatch => judge.dispatch().await,
    }
    if most(case.operation) == (0, 0) {
        // Neither does anything that was asked for since.
        judge.at_most((0, 0)).await;
    }
    judge.secrets(logs, &answers).await;
    Judged {
        answered: judge.answered,
        wrong: judge.wrong,
    }
}

/// The answers that an operation may give: what it does, that somebody else does it, and that it cannot be done now.
fn clear(operation: Operation) -> &'static [u64] {
    match operation {
        Operation::Issue => &[201, 409, 502, 503],
        Operation::MakeCode => &[201, 409, 503],
        Operation::Revoke => &[204, 503],
        Operation::CodePage | Operation::List => &[200, 503],
        Operation::WrongCode => &[401, 429, 503],
        Operation::RightCode | Operation::AskForCode => &[303, 429, 503],
        Operation::Report => &[410, 503],
        Operation::Download | Operation::Done => &[303, 503],
        // It answers the stream, which has no statuses.
        Operation::Dispatch => &[],
    }
}

/// I7: how many e-mails and messages an operation may send, with its twin together.
fn most(operation: Operation) -> (usize, usize) {
    match operation {
        Operation::Issue | Operation::Dispatch => (1, 1),
        Operation::MakeCode | Operation::AskForCode => (0, 1),
        Operation::Revoke
        | Operation::CodePage
        | Operation::WrongCode
        | Operation::RightCode
        | Operation::Report
        | Operation::List
        | Operation::Download
        | Operation::Done => (0, 0),
    }
}

/// Without the right to list the bucket, S3 says the same of a file that it denies as of one that is not there.
fn is_as_missing(operation: Operation, fault: Option<&(Call, Fault)>) -> bool {
    let is_denied =
        |(call, fault): &(Call, Fault)| *fault == Fault::Denied && call.name().starts_with("S3 ");
    operation == Operation::Download && fault.is_some_and(is_denied)
}

fn status(answer: &Value) -> u64 {
    answer["statusCode"].as_u64().unwrap_or_default()
}

struct Judge<'a> {
    case: &'a Case,
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
    async fn one_message(&mut self, emails: usize) -> Outgone {
        self.at_most((emails, 1)).await
    }

    async fn at_most(&mut self, (emails, messages): (usize, usize)) -> Outgone {
        let out = self.outgone().await;
        let sent = (out.links.len(), out.codes.len());
        self.holds("I7: e-mails", sent.0 <= emails, sent);
        self.holds("I7: messages", sent.1 <= messages, sent);
        out
    }

    async fn shown(&self) -> Value {
        let path = format!("/v1/deliveries/{}", self.case.sent.id);
        self.case.world.practice.get(&path).await.body
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
        self.opens_for(&mut patient, code).await;
    }

    async fn opens_for(&mut self, patient: &mut Patient, code: &str) {
        let entered = patient.enter(code).await;
        self.holds("I6: the code opens", entered.status == 303, entered.status);
        let list = patient.documents().await;
        self.holds("I6: documents", list.documents().len() == 1, list.status);
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

    async fn issue(&mut self, answers: &[Value]) {
        let (case, practice) = (self.case, &self.case.world.practice);
        let out = self.one_message(1).await;
        self.claims(answers, &out);
        self.wait(PENDING_IS_OVER);
        let again = practice
            .post_delivery_as(KEY, Case::sending(&case.document))
            .await;
        let is_definite = [200, 201, 502].contains(&again.status);
        self.holds("I5: a definite end", is_definite, &again.body);
        let out = self.one_message(1).await;
        let open = self.open_ones().await;
        self.holds("I5: one of them open", open.len() == 1, &open);
        if open == [case.sent.id.clone()] {
            for link in &out.links {
                let page = Patient::new(case.world.stack.api(), link).open().await;
                self.holds("I3: not sent", page.status == 410, page.status);
            }
        }
        let new = practice
            .post_delivery_as("afterwards", Case::sending(&case.document))
            .await;
        self.holds("I6: a new request", new.status == 201, &new.body["type"]);
        let open = self.open_ones().await;
        let is_new = new.body["id"].as_str().is_some_and(|id| open == [id]);
        self.holds("L5: the newest alone is open", is_new, &open);
        let out = self.outgone().await;
        if let (Some(link), Some(code)) = (out.links.last(), out.codes.last()) {
            let mut patient = Patient::new(case.world.stack.api(), link);
            self.opens_for(&mut patient, code).await;
        }
    }

    /// F-I9: what nobody can know is `unknown`; then and where it failed, a person has it sent anew.
    async fn dispatch(&mut self) {
        let (case, practice) = (self.case, &self.case.world.practice);
        let worker = Worker::new(&case.world, &[]);
        self.one_message(1).await;
        self.wait(PENDING_IS_OVER);
        for _ in 0..2 {
            worker.minute().await;
            worker.drain().await;
        }
        let out = self.one_message(1).await;
        let runs = items(case.world.stack.dynamodb()).await;
        let run = runs
            .iter()
            .find_map(|item| item["pk"]["S"].as_str()?.strip_prefix("RUN#"));
        let run = run
            .and_then(|run| run.split('#').nth(1))
            .unwrap_or_default();
        let ended = practice.run_ended(run).await;
        let item = practice.run_items(run, "").await.remove(0);
        let open = self.open_ones().await;
        let is_earlier = open == [case.sent.id.clone()];
        let is_true = match item["state"].as_str() {
            Some("sent") => out.links.len() == 1 && open.len() == 1 && !is_earlier,
            Some("unknown") => is_earlier,
            Some("failed") => is_earlier && out.links.is_empty() && item["problems"][0].is_object(),
            _ => false,
        };
        self.holds("I4, I5: the item's state", is_true, (&item, &ended, &open));
        if item["state"] != "sent" {
            let path = format!("/v1/invoice-runs/{run}/retry");
            let body = json!({"state": item["state"]});
            practice.post_as("afterwards", &path, body).await;
            worker.drain().await;
            let item = practice.run_items(run, "").await.remove(0);
            self.holds("I6: sent anew", item["state"] == "sent", &item);
        }
        let out = self.outgone().await;
        if let (Some(link), Some(code)) = (out.links.last(), out.codes.last()) {
            let mut patient = Patient::new(case.world.stack.api(), link);
            self.opens_for(&mut patient, code).await;
        }
    }

    async fn make_code(&mut self, answers: &[Value]) {
        let out = self.one_message(0).await;
        self.claims(answers, &out);
        self.wait(PENDING_IS_OVER);
        let again = self.post_code(KEY).await;
        let is_definite = [200, 201].contains(&again.status)
            || again.status == 409 && again.problem() != "in-progress";
        self.holds("I5: a definite end", is_definite, &again.body);
        self.one_message(0).await;
        let new = self.post_code("afterwards").await;
        self.holds("I6: a new request", new.status == 201, &new.body["type"]);
        let code = self.outgone().await.codes.pop().unwrap_or_default();
        self.opens(NO_WAIT, &code).await;
    }

    async fn post_code(&self, key: &str) -> Answer {
        let practice = &self.case.world.practice;
        let body = json!({"channel": "sms"});
        practice.post_code(key, &self.case.sent.id, body).await
    }

    /// I3 where it was answered, I5 in any case.
    async fn closed(&mut self, done: u64, because: &str) {
        if self.answered.contains(&done) {
            let page = self.case.world.patient(&self.case.sent).open().await;
            self.holds("I3: it is closed", page.status == 410, page.status);
            let shown = self.shown().await;
            let reason = &shown["closed_because"];
            self.holds("I4: as answered", reason == because, reason);
        }
    }

    async fn revoke(&mut self) {
        self.closed(204, "revoked").await;
        let path = format!("/v1/deliveries/{}", self.case.sent.id);
        let again = self.case.world.practice.delete(&path).await;
        self.holds("I5: revoked once more", again.status == 204, again.status);
        self.answered.push(204);
        self.closed(204, "revoked").await;
        self.answered.pop();
    }

    async fn report(&mut self) {
        self.closed(410, "reported").await;
        let again = self.case.world.patient(&self.case.sent).report().await;
        self.holds("I5: reported once more", again.status == 410, again.status);
        let reason = self.shown().await["closed_because"].take();
        self.holds(
            "I5: the practice sees it",
            reason == "reported",
            reason.clone(),
        );
    }

    async fn wrong_code(&mut self) {
        let judged = self
            .answered
            .iter()
            .filter(|status| **status == 401)
            .count();
        let shown = self.shown().await;
        let charged = shown["wrong_entries"]["in_life"].as_u64();
        let is_charged = charged.is_some_and(|charged| charged >= judged as u64);
        self.holds("I2: charged", is_charged, charged);
        self.holds(
            "closed to nobody",
            shown["state"] == "open",
            &shown["state"],
        );
        let code = self.case.sent.code.clone();
        self.opens(NO_WAIT, &code).await;
    }

    async fn right_code(&mut self) {
        let before = self.shown().await["opened_at"].take();
        if self.answered.contains(&303) {
            self.holds("I4: opened", before.is_string(), &before);
        }
        let code = self.case.sent.code.clone();
        self.opens(NO_WAIT, &code).await;
        let after = self.shown().await["opened_at"].take();
        let is_first = before.is_null() || before == after;
        self.holds("L2: the first time counts", is_first, &after);
    }

    async fn ask_for_code(&mut self, answers: &[Value]) {
        let out = self.one_message(0).await;
        // What nobody can know, the page leaves open.
        let says_sent = |answer: &Value| {
            let location = answer["headers"]["location"].as_str().unwrap_or_default();
            status(answer) == 303 && !location.contains("maybe-sent")
        };
        if answers.iter().any(says_sent) {
            self.holds("I4: sent as claimed", out.codes.len() == 1, out.codes.len());
        }
        self.wait(MAY_ASK);
        let mut patient = self.case.world.patient(&self.case.sent);
        let form = request_form(&patient.open().await);
        let url = format!("{}/code", patient.link);
        let asked = patient.post(&url, &[("form", &form)]).await;
        self.holds("I6: may ask again", asked.status == 303, asked.status);
        let code = self.outgone().await.codes.pop().unwrap_or_default();
        self.opens(MAY_ASK, &code).await;
    }

    /// The session is as good as before, and so is the code.
    async fn session_lives(&mut self) {
        let mut patient = self.case.patient.clone();
        let list = patient.documents().await;
        self.holds("the session lives", list.status == 200, list.status);
        let click = patient.click(&self.case.document).await;
        let is_url = click.location().starts_with("http");
        self.holds(
            "a document's URL",
            click.status == 303 && is_url,
            click.status,
        );
        let code = self.case.sent.code.clone();
        self.opens(NO_WAIT, &code).await;
    }

    async fn done(&mut self) {
        if self.answered.contains(&303) {
            let list = self.case.patient.clone().documents().await;
            self.holds("I3: the session is over", list.status == 303, list.status);
        }
        let code = self.case.sent.code.clone();
        self.opens(NO_WAIT, &code).await;
    }

    /// I1: in the table and in the process's logs, at their most talkative.
    async fn secrets(&mut self, logs: &str, answers: &[Value]) {
        let out = self.outgone().await;
        let mut secrets = vec![token(&self.case.sent), self.case.sent.code.clone()];
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
