//! Walks a history over HTTP on a local stack, and writes down what was answered and shown.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use domain::time::Timestamp;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::{Page as Html, Patient, World, pdf};
use tokio::time::{Duration, sleep};

use crate::model::{
    Action, Answer, Entry, Facts, Fate, Page, Reason, Sending, Shown, State, Terms,
};
use crate::script::{DOCUMENTS, History, RECIPIENTS};

/// A step as it went.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// What the answer hangs on besides the rules.
    pub(crate) facts: Facts,
    /// What was answered.
    pub(crate) answer: Answer,
    /// What the API says of every delivery then.
    pub(crate) shown: Vec<Shown>,
    /// The delivery that was looked at behind its link.
    pub(crate) looked_at: Option<Look>,
}

/// A look at a delivery's page.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) delivery: usize,
    /// What somebody without a session sees.
    pub(crate) page: Page,
    /// The newest session, and whether it lives.
    pub(crate) session: Option<(usize, bool)>,
}

/// Walks histories one after the other on a stack of its own, whose clock only goes forward.
pub(crate) struct Walker {
    world: World,
    browser: Patient,
    http: Client,
    records: u32,
    requests: u32,
}

/// A record of the stack while its history goes on.
struct Walk<'a> {
    walker: &'a mut Walker,
    record: String,
    record_type: String,
    documents: Vec<Option<String>>,
    deliveries: Vec<Delivery>,
    /// Deliveries that were sent beside the history.
    aside: usize,
}

struct Delivery {
    id: String,
    link: Option<String>,
    /// Whether the e-mail was accepted.
    is_sent: bool,
    browser: Patient,
    code: String,
    old_codes: Vec<String>,
    /// The form for a code and the form that asks for one, each with the time when it was handed out.
    forms: BTreeMap<&'static str, (String, i64)>,
    /// Name and value of each session's cookie.
    sessions: Vec<(String, String)>,
    wrong: usize,
}

impl Walker {
    pub(crate) async fn start() -> Self {
        let world = World::with_smallest_hashes().await;
        let browser = Patient::new(world.stack.api(), "");
        Self {
            world,
            browser,
            http: Client::new(),
            records: 0,
            requests: 0,
        }
    }

    /// The stack's time.
    pub(crate) fn now(&self) -> i64 {
        self.world.clock().now().seconds()
    }

    /// Everything that happens, and what is seen of it.
    pub(crate) async fn walk(&mut self, history: &History) -> Vec<Seen> {
        let start = Timestamp::from_seconds(history.start).expect("a time");
        self.world.set_clock(start);
        self.records += 1;
        let mut walk = Walk {
            record: format!("record-{}", self.records),
            record_type: format!("type-{}", self.records),
            documents: Vec::new(),
            deliveries: Vec::new(),
            aside: 0,
            walker: self,
        };
        walk.prepare(history.terms).await;
        let mut seen = Vec::with_capacity(history.steps.len());
        for (at, action) in history.steps.iter().enumerate() {
            let (answer, facts) = walk.act(action).await;
            seen.push(Seen {
                facts,
                answer,
                shown: walk.shown().await,
                looked_at: if is_page(action) {
                    None
                } else {
                    walk.look(action.delivery().unwrap_or(at)).await
                },
            });
        }
        seen
    }

    /// Everything that was sent since the last time.
    async fn messages(&mut self) -> Vec<Value> {
        let path = format!("{}/messages", self.world.stack.outbox());
        let sent = self.http.get(&path).send().await.expect("an answer");
        let emptied = self.http.delete(&path).send().await.expect("an answer");
        assert!(emptied.status().is_success());
        sent.json().await.expect("a list")
    }

    fn key(&mut self) -> String {
        self.requests += 1;
        format!("request-of-a-history-{}", self.requests)
    }
}

/// Whether the answer to an action was the page already, so that another look would show nothing more.
fn is_page(action: &Action) -> bool {
    matches!(
        action,
        Action::Enter { .. } | Action::Read { .. } | Action::Allow(_)
    )
}

impl Walk<'_> {
    fn now(&self) -> i64 {
        self.walker.now()
    }

    async fn prepare(&mut self, terms: Terms) {
        self.allow(terms).await;
        let recipients: Vec<Value> = (0..RECIPIENTS)
            .map(|recipient| {
                json!({"id": format!("recipient-{recipient}"), "name": "Erika Beispiel", "email": "erika@example.org",
                    "mobile": format!("+49151{:07}{recipient}", self.walker.records)})
            })
            .collect();
        let body = json!({"record_type": self.record_type, "recipients": recipients});
        let path = format!("/v1/records/{}", self.record);
        let answer = self.walker.world.practice.put(&path, body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        for document in 0..DOCUMENTS {
            let content = pdf(&format!("{} {document}", self.record));
            let body = json!({
                "record": self.record, "kind": "note", "number": document.to_string(), "issued_on": "2026-11-20",
                "content_type": "application/pdf", "size": content.len(),
                "sha256": HEXLOWER.encode(&Sha256::digest(&content)), "released": true,
            });
            let practice = &self.walker.world.practice;
            let announced = practice.call(Method::POST, "/v1/documents", body).await;
            assert_eq!(
                practice.upload(&announced, content).await,
                200,
                "{announced:?}"
            );
            self.documents
                .push(announced.body["id"].as_str().map(str::to_owned));
        }
    }

    async fn act(&mut self, action: &Action) -> (Answer, Facts) {
        let mut facts = Facts::default();
        let answer = match action {
            Action::Wait { seconds } => {
                self.walker.world.advance(*seconds);
                Answer::Done
            }
            Action::Send(sending) => self.send(sending).await,
            Action::Enter { delivery, entry } => {
                facts = self.facts(*delivery, "code");
                self.enter(*delivery, *entry).await
            }
            Action::Request { delivery, message } => {
                facts = self.facts(*delivery, "ask");
                self.request(*delivery, *message).await
            }
            Action::NewCode { delivery } => self.new_code(*delivery).await,
            Action::Revoke { delivery } => self.revoke(*delivery).await,
            Action::Report { delivery } => self.report(*delivery).await,
            Action::Read { delivery, session } => self.read(*delivery, *session).await,
            Action::Delete { document } => self.delete(*document).await,
            Action::Allow(terms) => {
                self.allow(*terms).await;
                Answer::Done
            }
        };
        (answer, facts)
    }

    fn facts(&self, delivery: usize, form: &'static str) -> Facts {
        let handed_out = self
            .deliveries
            .get(delivery)
            .and_then(|delivery| delivery.forms.get(form));
        Facts {
            form_age: handed_out.map(|(_, at)| self.now() - at),
        }
    }

    async fn allow(&mut self, terms: Terms) {
        let path = format!("/v1/record-types/{}", self.record_type);
        let body = json!({"self_service": {"allowed": terms.allowed, "max_requests": terms.max_requests,
            "min_interval_minutes": terms.minutes}});
        let answer = self.walker.world.practice.put(&path, body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    async fn send(&mut self, sending: &Sending) -> Answer {
        let documents: Vec<&String> = sending
            .documents
            .iter()
            .filter_map(|document| self.documents[*document].as_ref())
            .collect();
        if documents.is_empty() {
            return Answer::Nothing;
        }
        let channel = if sending.self_service {
            "self_service"
        } else if sending.keep_earlier {
            "sms"
        } else {
            "spoken"
        };
        let mut body = json!({"record": self.record, "recipient": format!("recipient-{}", sending.recipient),
            "documents": documents, "channel": channel, "keep_earlier": sending.keep_earlier});
        if let Some(days) = sending.valid_days {
            body["valid_days"] = json!(days);
        }
        let key = self.walker.key();
        let world = &self.walker.world;
        match sending.email {
            Fate::Accepted => {}
            Fate::Refused => world.fail("email", "refuse", 1).await,
            Fate::Unknown(seconds) => {
                world.fail("email", "timeout", 1).await;
                return self.send_into_silence(&key, body, seconds).await;
            }
        }
        let answer = world.practice.post_delivery_as(&key, body).await;
        if answer.status == 422 && answer.problem() == "self-service-not-allowed" {
            // No e-mail was tried: the fault still waits for one.
            if sending.email == Fate::Refused {
                self.waste_fault().await;
            }
            return Answer::NotSendable;
        }
        let link = self.link().await;
        let said = match (answer.status, &link) {
            (201, Some(_)) => Answer::Sent,
            (502, None) if answer.problem() == "email-refused" => Answer::NotSent,
            _ => return Answer::Other(answer.status, answer.body.to_string()),
        };
        self.remember(&answer.body, link, said == Answer::Sent);
        said
    }

    /// Lets a planned fault meet a sending that has nothing to do with the history.
    async fn waste_fault(&mut self) {
        let body = json!({"record": self.record, "recipient": "recipient-0", "channel": "spoken",
            "documents": self.documents.iter().flatten().take(1).collect::<Vec<_>>()});
        let key = self.walker.key();
        self.aside += 1;
        let practice = &self.walker.world.practice;
        let answer = practice.post_delivery_as(&key, body).await;
        assert_eq!(answer.status, 502, "{answer:?}");
    }

    /// The e-mail goes out, and nobody says so for a while, in which the clock goes on.
    async fn send_into_silence(&mut self, key: &str, body: Value, seconds: i64) -> Answer {
        let world = &self.walker.world;
        let meanwhile = async {
            let mut link = None;
            for _ in 0..200 {
                sleep(Duration::from_millis(10)).await;
                link = link_in(&world.messages().await);
                if link.is_some() {
                    break;
                }
            }
            let link = link.expect("an e-mail");
            let mut seen = Vec::new();
            for wait in [0, seconds] {
                world.advance(wait);
                let page = page_of(&self.walker.browser.sharing(&link).open().await);
                let path = format!("/v1/deliveries?limit=1&record={}", self.record);
                let listed = world.practice.get(&path).await.body;
                seen.push((page, shown(&listed["items"][0]).state));
            }
            (link, seen)
        };
        let (answer, (link, seen)) =
            tokio::join!(world.practice.post_delivery_as(key, body), meanwhile);
        self.walker.messages().await;
        if answer.status != 502 || answer.problem() != "email-unknown" {
            return Answer::Other(answer.status, answer.body.to_string());
        }
        self.remember(&answer.body, Some(link), false);
        let [before, after] = [seen[0].clone(), seen[1].clone()];
        Answer::Silence(before.0, before.1, after.0, after.1)
    }

    fn remember(&mut self, body: &Value, link: Option<String>, is_sent: bool) {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let browser = &self.walker.browser;
        self.deliveries.push(Delivery {
            id: text("id"),
            is_sent,
            browser: browser.sharing(link.as_deref().unwrap_or_default()),
            link,
            code: text("code"),
            old_codes: Vec::new(),
            forms: BTreeMap::new(),
            sessions: Vec::new(),
            wrong: 0,
        });
    }

    /// The link in the newest e-mail.
    async fn link(&mut self) -> Option<String> {
        link_in(&self.walker.messages().await)
    }

    async fn enter(&mut self, at: usize, entry: Entry) -> Answer {
        let Some(delivery) = self.deliveries.get_mut(at).filter(|it| it.is_sent) else {
            return Answer::Nothing;
        };
        let code = match entry {
            Entry::Right => delivery.code.clone(),
            Entry::Wrong => delivery.wrong_code(),
            Entry::Malformed => "BCD-FG".to_owned(),
        };
        let form = delivery.form("code");
        let link = delivery.browser.link.clone();
        let fields = [("form", form.as_str()), ("code", code.as_str())];
        let page = delivery.browser.post(&link, &fields).await;
        delivery.take_session();
        match page.status {
            303 if page.location().contains("/documents") => Answer::Opened,
            401 => Answer::Wrong,
            422 => Answer::NotACode,
            429 => Answer::Wait(retry_after(&page)),
            403 => Answer::FormExpired,
            _ => Answer::Page(page_of(&page)),
        }
    }

    async fn request(&mut self, at: usize, message: Fate) -> Answer {
        let world = &self.walker.world;
        let Some(delivery) = self.deliveries.get_mut(at).filter(|it| it.is_sent) else {
            return Answer::Nothing;
        };
        match message {
            Fate::Accepted => {}
            Fate::Refused => world.fail("sms", "refuse", 1).await,
            Fate::Unknown(_) => world.fail("sms", "timeout", 1).await,
        }
        let form = delivery.form("ask");
        let path = format!("{}/code", delivery.browser.link);
        let page = delivery.browser.post(&path, &[("form", &form)]).await;
        let text = page.text();
        let answer = match page.status {
            303 if page.location().ends_with("note=sent") => Answer::CodeSent,
            303 if page.location().ends_with("note=maybe-sent") => Answer::CodeMaybeSent,
            403 if text.contains("Sitzung ungültig oder abgelaufen!") => Answer::FormExpired,
            403 => Answer::NotAllowed,
            409 => Answer::UsedUp,
            429 => Answer::TooEarly(retry_after(&page)),
            503 if text.contains("Der Code lässt sich gerade nicht verschicken.") => {
                Answer::CannotSend
            }
            _ => Answer::Page(page_of(&page)),
        };
        match answer {
            Answer::CodeSent | Answer::CodeMaybeSent => {
                let code = code_in(&self.walker.messages().await);
                self.deliveries[at].renew(code);
            }
            Answer::CannotSend => {}
            _ if message != Fate::Accepted => self.waste_message().await,
            _ => {}
        }
        answer
    }

    /// Lets a planned fault meet a message that has nothing to do with the history.
    async fn waste_message(&mut self) {
        let key = self.walker.key();
        self.aside += 1;
        let practice = &self.walker.world.practice;
        // The stack's first record is nobody's history.
        let document = practice.document("note", "1", "2026-11-20").await;
        let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
        let answer = practice.post_delivery_as(&key, body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.walker.messages().await;
    }

    async fn new_code(&mut self, at: usize) -> Answer {
        let key = self.walker.key();
        let Some(delivery) = self.deliveries.get_mut(at) else {
            return Answer::Nothing;
        };
        let spoken = json!({"channel": "spoken"});
        let practice = &self.walker.world.practice;
        let answer = practice.post_code(&key, &delivery.id, spoken).await;
        match answer.status {
            201 => {
                delivery.renew(answer.body["code"].as_str().map(str::to_owned));
                Answer::CodeMade
            }
            409 if answer.problem() == "code-not-possible" => Answer::NoCodePossible,
            status => Answer::Other(status, answer.body.to_string()),
        }
    }

    async fn revoke(&mut self, at: usize) -> Answer {
        let Some(delivery) = self.deliveries.get(at) else {
            return Answer::Nothing;
        };
        let path = format!("/v1/deliveries/{}", delivery.id);
        done(&self.walker.world.practice.delete(&path).await)
    }

    async fn report(&mut self, at: usize) -> Answer {
        let Some(delivery) = self.deliveries.get_mut(at).filter(|it| it.is_sent) else {
            return Answer::Nothing;
        };
        let page = delivery.browser.report().await;
        if page.status == 410 && page.text().contains("Danke. Bitte löschen Sie die E-Mail.") {
            Answer::Thanks
        } else {
            Answer::Page(page_of(&page))
        }
    }

    async fn read(&mut self, at: usize, session: usize) -> Answer {
        let Some(delivery) = self.deliveries.get(at) else {
            return Answer::Nothing;
        };
        let Some(mut reader) = delivery.reader(session) else {
            return Answer::Nothing;
        };
        let page = reader.documents().await;
        match page.status {
            200 => Answer::Documents(page.documents().len()),
            303 if !page.location().contains("/documents") => Answer::NoSession,
            status => Answer::Other(status, page.text()),
        }
    }

    async fn delete(&mut self, document: usize) -> Answer {
        let Some(id) = self.documents[document].take() else {
            return Answer::Nothing;
        };
        let path = format!("/v1/documents/{id}");
        done(&self.walker.world.practice.delete(&path).await)
    }

    /// Every delivery as the API lists it, oldest first.
    async fn shown(&self) -> Vec<Shown> {
        // The newest are the history's own, and those that were sent aside.
        let limit = (self.deliveries.len() + self.aside).clamp(1, 100);
        let path = format!("/v1/deliveries?limit={limit}&record={}", self.record);
        let listed = self.walker.world.practice.get(&path).await;
        let items = listed.body["items"].as_array().cloned().unwrap_or_default();
        let of = |delivery: &Delivery| {
            let item = items.iter().find(|item| item["id"] == delivery.id.as_str());
            shown(item.unwrap_or(&Value::Null))
        };
        self.deliveries.iter().map(of).collect()
    }

    /// Opens one delivery's page without a session and with the newest one, and keeps its forms.
    async fn look(&mut self, focus: usize) -> Option<Look> {
        let now = self.now();
        let at = focus.checked_rem(self.deliveries.len())?;
        let delivery = self.deliveries.get_mut(at)?;
        delivery.link.as_ref()?;
        let html = delivery.browser.open().await;
        delivery.keep_forms(&html, now);
        let newest = delivery.sessions.len().checked_sub(1);
        let mut session = None;
        if let Some((newest, mut reader)) = newest.and_then(|at| Some((at, delivery.reader(at)?))) {
            let page = reader.open().await;
            let lives = page.status == 303 && page.location().contains("/documents");
            session = Some((newest, lives));
        }
        Some(Look {
            delivery: at,
            page: page_of(&html),
            session,
        })
    }
}

impl Delivery {
    /// A code that is not the present one: now and then one that was.
    fn wrong_code(&mut self) -> String {
        self.wrong += 1;
        match self.old_codes.last() {
            Some(old) if self.wrong.is_multiple_of(3) && *old != self.code => old.clone(),
            _ if self.code == "BCD-FGH" => "BCD-FGJ".to_owned(),
            _ => "BCD-FGH".to_owned(),
        }
    }

    fn renew(&mut self, code: Option<String>) {
        let code = code.expect("a code");
        self.old_codes.push(std::mem::replace(&mut self.code, code));
    }

    fn form(&self, name: &'static str) -> String {
        self.forms
            .get(name)
            .map_or_else(String::new, |(form, _)| form.clone())
    }

    /// The form for a code stands first, unless the one that asks for it does. One that has to wait (P6) is not kept: those of a moment ago still hold.
    fn keep_forms(&mut self, page: &Html, now: i64) {
        if page.html.contains("data-state=\"reloaded\"") {
            return;
        }
        for part in page.html.split("<form ").skip(1) {
            let field = part
                .split("name=\"form\" value=\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next())
                .unwrap_or_default();
            let action = part.split('"').nth(3).unwrap_or_default();
            let name = if action.contains("/code?") {
                "ask"
            } else {
                "code"
            };
            self.forms.insert(name, (field.to_owned(), now));
        }
    }

    /// The visitor's browser keeps no session, so that it goes on seeing what everybody sees.
    fn take_session(&mut self) {
        let cookies = std::mem::take(&mut self.browser.cookies);
        for (name, value) in cookies {
            if name.starts_with("__Host-dl-") {
                self.sessions.push((name, value));
            } else {
                self.browser.cookies.insert(name, value);
            }
        }
    }

    /// A browser with one of the sessions.
    fn reader(&self, session: usize) -> Option<Patient> {
        let (name, value) = self.sessions.get(session)?.clone();
        let mut reader = self.browser.clone();
        reader.cookies.insert(name, value);
        Some(reader)
    }
}

fn done(answer: &tests::Answer) -> Answer {
    match answer.status {
        204 => Answer::Done,
        status => Answer::Other(status, answer.body.to_string()),
    }
}

fn retry_after(page: &Html) -> i64 {
    let seconds = page.headers.get("retry-after");
    seconds.and_then(|text| text.parse().ok()).unwrap_or(-1)
}

fn link_in(messages: &[Value]) -> Option<String> {
    let newest = messages
        .iter()
        .rev()
        .find(|message| message["channel"] == "email")?;
    let mut words = newest["text"].as_str()?.split_whitespace();
    words.find(|word| word.contains("/d/")).map(str::to_owned)
}

fn code_in(messages: &[Value]) -> Option<String> {
    let newest = messages
        .iter()
        .rev()
        .find(|message| message["channel"] == "sms")?;
    let code = newest["text"].as_str()?.split("Ihr Code: ").nth(1)?;
    code.lines().next().map(str::to_owned)
}

/// Reasons by the first words of their sentence.
const SENTENCES: [(&str, Reason); 8] = [
    (
        "Beim Versand der E-Mail ging etwas schief.",
        Reason::NotSent,
    ),
    (
        "Die Praxis stellt das Dokument nicht mehr bereit.",
        Reason::Revoked,
    ),
    ("Jemand hat gemeldet, dass diese E-Mail", Reason::Reported),
    (
        "Es gibt eine neuere E-Mail zu diesem Dokument.",
        Reason::Superseded,
    ),
    ("Der Code wurde zu oft falsch eingegeben.", Reason::Ten),
    ("Die Dokumente waren bis", Reason::Expired),
    (
        "Nach einer falschen Eingabe kam 24 Stunden",
        Reason::StaleFailure,
    ),
    (
        "Nach der ersten Eingabe des Codes war die Seite",
        Reason::Used,
    ),
];

fn page_of(html: &Html) -> Page {
    let text = html.text();
    let reason = SENTENCES
        .iter()
        .find(|(sentence, _)| text.contains(sentence));
    match (html.status, reason) {
        (200, None) if html.html.contains("name=\"code\"") => Page::Code,
        (503, None) if text.contains("Die E-Mail wird gerade erst verschickt.") => Page::Pending,
        (410, Some((_, reason))) => Page::Closed(*reason),
        (status, _) => Page::Other(status, text),
    }
}

/// An item of the API's list.
fn shown(item: &Value) -> Shown {
    let count = |value: &Value| {
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        count.unwrap_or(u32::MAX)
    };
    let time = |name: &str| {
        let at = item[name].as_str()?;
        Timestamp::parse(at).ok().map(Timestamp::seconds)
    };
    let names = SENTENCES.map(|(_, reason)| reason.name());
    let because = item["closed_because"].as_str();
    Shown {
        state: match (item["state"].as_str(), because) {
            (Some("pending"), None) => State::Pending,
            (Some("open"), None) => State::Open,
            (Some("opened"), None) => State::Opened,
            (Some("closed"), Some(because)) => {
                let known = names.into_iter().find(|name| *name == because);
                State::Closed(known.unwrap_or("unknown"))
            }
            _ => State::Closed("unknown"),
        },
        revivable: item["revivable"] == true,
        wrong_of_code: count(&item["wrong_entries"]["of_code"]),
        wrong_in_life: count(&item["wrong_entries"]["in_life"]),
        requests: count(&item["code_requests"]),
        expires_at: time("expires_at"),
        opened_at: time("opened_at"),
    }
}
