//! Calls everything that the product has, rightly and wrongly, and keeps the book of every secret that was handed out.

use std::collections::BTreeSet;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tests::{Answer, Page, Patient, Practice, pdf};

use crate::places::Place;
use crate::search::{Kind, Secret};
use crate::server::Server;

/// What was handed out, and what was shown.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Every secret that anybody got to see.
    pub(crate) secrets: BTreeSet<Secret>,
    /// What practices were answered where no secret belongs.
    pub(crate) answers: Vec<Place>,
    /// The e-mails that previews showed.
    pub(crate) previewed: Vec<Place>,
    /// What patients read.
    pub(crate) pages: Vec<Place>,
}

/// A delivery that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// Its id.
    pub(crate) id: String,
    /// Its token.
    pub(crate) token: String,
    /// Its reference, without the hyphen.
    pub(crate) reference: String,
    /// Its code, as shown.
    pub(crate) code: String,
}

/// A practice and its patients at work.
pub(crate) struct Drive {
    pub(crate) http: Client,
    pub(crate) api: String,
    outbox: String,
    clock: String,
    pub(crate) practice: Practice,
    requests: u32,
    /// What came of it.
    pub(crate) book: Book,
}

impl Book {
    /// Notes a secret.
    pub(crate) fn note(&mut self, kind: Kind, text: &str) {
        if !text.is_empty() {
            self.secrets.insert(Secret::new(kind, text));
        }
    }

    /// Notes what a browser was given: cookies, the form's field, an address in the bucket.
    pub(crate) fn note_page(&mut self, patient: &Patient, page: &Page) {
        for (name, value) in &patient.cookies {
            match name.as_str() {
                "__Host-form" => self.note(Kind::FormCookie, value),
                name if name.starts_with("__Host-dl-") => self.note(Kind::Session, value),
                _ => {}
            }
        }
        for field in fields(page) {
            self.note(Kind::FormField, field);
        }
        self.note_signature(page.location());
        let name = format!("page {} ({})", self.pages.len(), page.status);
        self.pages.push(Place::new(name, page.html.clone()));
    }

    /// Notes the signature of an address in the bucket.
    pub(crate) fn note_signature(&mut self, url: &str) {
        let signature = url.split("X-Amz-Signature=").nth(1).unwrap_or_default();
        self.note(
            Kind::Signature,
            signature.split('&').next().unwrap_or_default(),
        );
    }
}

impl Drive {
    /// Of the practice that the server has made.
    pub(crate) fn new(server: &Server) -> Self {
        let mut drive = Self {
            http: Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .expect("a client"),
            api: String::new(),
            outbox: String::new(),
            clock: String::new(),
            practice: Practice::new("", "", ""),
            requests: 0,
            book: Book::default(),
        };
        drive.follow(server);
        drive
    }

    /// Goes on with a server that was started anew, and with its new key.
    pub(crate) fn follow(&mut self, server: &Server) {
        let of = |name| server.address(name).to_owned();
        (self.api, self.outbox, self.clock) = (of("api"), of("outbox"), of("clock"));
        let key = of("api_key");
        self.practice = Practice::new(&self.api, &self.outbox, &key);
        self.book.note(Kind::ApiKey, &key);
    }

    /// A practice with everything that is needed to send in every way.
    pub(crate) async fn prepare(&mut self) {
        self.practice.set_up().await;
        let allowed = json!({"self_service": {"allowed": true, "channel": "sms"}});
        let answer = self.practice.put("/v1/record-types/std", allowed).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let recipient = |id: &str, language: &str| {
            json!({"id": id, "name": format!("{id} Beispiel"), "email": format!("{id}@example.org"),
                "mobile": "+4915112345678", "language": language})
        };
        let mut recipients = vec![
            recipient("patient", "de"),
            recipient("english", "en"),
            recipient("child", "de-x-informal"),
        ];
        recipients.push(
            json!({"id": "insurer", "name": "Example Insurance", "email": "claims@example.org"}),
        );
        for record in ["r1", "r2"] {
            let body = json!({"record_type": "std", "recipients": recipients});
            let answer = self
                .practice
                .put(&format!("/v1/records/{record}"), body)
                .await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        let webhook = json!({"url": "https://hooks.example.org/", "rotate_secret": true,
            "events": ["delivery.opened", "delivery.downloaded", "delivery.locked", "delivery.closed"]});
        let answer = self.practice.put("/v1/webhooks/hook", webhook).await;
        let secret = answer.body["secret"].as_str().unwrap_or_default();
        assert!(secret.starts_with("whsec_"), "{answer:?}");
        self.book.note(Kind::WebhookSecret, secret);
        let tested = self
            .practice
            .call(Method::POST, "/v1/webhooks/hook/test", Value::Null)
            .await;
        assert_eq!(tested.body["outcome"], "delivered", "{tested:?}");
    }

    /// Announces and uploads a document of `r1`: its id.
    pub(crate) async fn document(&mut self, number: &str) -> String {
        let content = pdf(number);
        let announced = self
            .practice
            .announce("invoice", number, "2026-11-20", &content)
            .await;
        self.book
            .note_signature(announced.body["upload"]["url"].as_str().unwrap_or_default());
        assert_eq!(
            self.practice.upload(&announced, content).await,
            200,
            "{announced:?}"
        );
        announced.body["id"].as_str().unwrap_or_default().to_owned()
    }

    /// Asks for a delivery to `patient` of `r1`; `extra` replaces or adds fields.
    pub(crate) async fn post_delivery(&mut self, extra: Value) -> Answer {
        let document = self.document("2026-0815").await;
        let mut body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
        for (name, value) in extra.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.repeat(&body, 1).await
    }

    /// Posts the same request so many times; the first answer.
    pub(crate) async fn repeat(&mut self, body: &Value, times: usize) -> Answer {
        self.requests += 1;
        let key = format!("canary-request-of-the-practice-{:04}", self.requests);
        self.book.note(Kind::IdempotencyKey, &key);
        let first = self.practice.post_delivery_as(&key, body.clone()).await;
        self.note_sent(&first);
        for _ in 1..times {
            let again = self.practice.post_delivery_as(&key, body.clone()).await;
            self.book
                .answers
                .push(Place::new("the answer to a repeat", again.body.to_string()));
        }
        first
    }

    /// A delivery that was sent, as its e-mail and its answer have it.
    pub(crate) async fn send(&mut self, extra: Value) -> Sent {
        let answer = self.post_delivery(extra).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let text = |name: &str| answer.body[name].as_str().unwrap_or_default().to_owned();
        let reference = text("reference").replace('-', "");
        let tokens = self.tokens().await;
        let token = tokens
            .into_iter()
            .find(|token| token.starts_with(&reference));
        Sent {
            id: text("id"),
            token: token.expect("an e-mail with the link"),
            reference,
            code: text("code"),
        }
    }

    /// Every link's token that was sent so far; it is noted, as is every code.
    pub(crate) async fn tokens(&mut self) -> Vec<String> {
        let mut tokens = Vec::new();
        for message in self.messages().await {
            let text = message["text"].as_str().unwrap_or_default();
            if message["channel"] == "sms" {
                self.book
                    .note(Kind::Reference, &shaped(text, 4).expect("a reference"));
                self.book
                    .note(Kind::Code, &shaped(text, 3).expect("a code"));
            } else if let Some(token) = token_in(text) {
                self.book.note(Kind::Token, &token);
                self.book.note(Kind::Reference, &token[..8]);
                tokens.push(token);
            }
        }
        tokens
    }

    /// Everything in the outbox.
    pub(crate) async fn messages(&self) -> Vec<Value> {
        let answer = self
            .http
            .get(format!("{}/messages", self.outbox))
            .send()
            .await;
        answer.expect("an answer").json().await.expect("a list")
    }

    /// Makes the next send of a channel fail.
    pub(crate) async fn fail(&self, channel: &str, kind: &str) {
        let fault = json!({"channel": channel, "kind": kind, "times": 1});
        let answer = self
            .http
            .post(format!("{}/faults", self.outbox))
            .json(&fault)
            .send()
            .await;
        assert!(
            answer.expect("an answer").status().is_success(),
            "a fault is taken"
        );
    }

    /// Moves the clock.
    pub(crate) async fn advance(&self, seconds: i64) {
        let answer = self
            .http
            .post(&self.clock)
            .json(&json!({"advance_seconds": seconds}))
            .send()
            .await;
        assert!(
            answer.expect("an answer").status().is_success(),
            "the clock moves"
        );
    }

    /// A browser with the delivery's link open.
    pub(crate) fn patient(&self, sent: &Sent) -> Patient {
        Patient::new(&self.api, &format!("{}/d/{}", self.api, sent.token))
    }

    /// A request of any kind; what it is answered is kept if no secret belongs there.
    pub(crate) async fn ask(&mut self, method: Method, path: &str) {
        let answer = self.practice.call(method.clone(), path, Value::Null).await;
        let name = format!("the answer to {method} {path}");
        self.book
            .answers
            .push(Place::new(name, answer.body.to_string()));
    }

    /// A request of any kind with a body of any kind; what comes of it is not looked at.
    pub(crate) async fn throw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.api))
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // A server may close the connection on such a request; only what it keeps of it matters.
        let _ = request.send().await;
    }

    /// Notes reference and code of an answer.
    pub(crate) fn note_sent(&mut self, answer: &Answer) {
        for (name, kind) in [("reference", Kind::Reference), ("code", Kind::Code)] {
            self.book
                .note(kind, answer.body[name].as_str().unwrap_or_default());
        }
    }
}

/// The token of the link in a text.
pub(crate) fn token_in(text: &str) -> Option<String> {
    let token = text.split("/d/").nth(1)?.get(..28)?;
    Some(token.to_owned())
}

/// The first word of a text that is two halves of so many symbols each, without its hyphen.
pub(crate) fn shaped(text: &str, half: usize) -> Option<String> {
    let mut words = text
        .split_whitespace()
        .filter(|word| word.len() == 2 * half + 1);
    let word = words
        .find(|word| word.as_bytes()[half] == b'-' && is_of_symbols(&word.replace('-', "")))?;
    Some(word.replace('-', ""))
}

/// Whether a text is made of the symbols of tokens and codes alone.
pub(crate) fn is_of_symbols(text: &str) -> bool {
    text.bytes()
        .all(|symbol| b"23456789BCDFGHJKLMNPQRSTVWXZ".contains(&symbol))
}

/// The hidden fields of all forms of a page.
pub(crate) fn fields(page: &Page) -> Vec<&str> {
    let fields = page.html.split("name=\"form\" value=\"").skip(1);
    fields.filter_map(|field| field.split('"').next()).collect()
}
