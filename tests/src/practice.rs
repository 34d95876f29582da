//! A practice's program, calling the API with its key.

use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use data_encoding::HEXLOWER;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::description::Description;
use crate::pdf::pdf;

/// A practice's program.
#[derive(Debug)]
pub struct Practice {
    http: Client,
    api: String,
    outbox: String,
    key: String,
    requests: AtomicU64,
}

/// What the API answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: String,
    /// The body; null where there is none.
    pub body: Value,
}

/// A delivery that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The delivery's id.
    pub id: String,
    /// As the answer shows it.
    pub reference: String,
    /// As the answer shows it.
    pub code: String,
    /// The link in the e-mail.
    pub link: String,
    /// The whole answer.
    pub answer: Value,
}

impl Sent {
    /// A code of the right form that is not this delivery's.
    pub fn wrong_code(&self) -> &'static str {
        if self.code == "BCD-FGH" {
            "BCD-FGJ"
        } else {
            "BCD-FGH"
        }
    }
}

impl Answer {
    /// The last segment of a problem's type.
    pub fn problem(&self) -> &str {
        assert_eq!(self.content_type, "application/problem+json", "{self:?}");
        self.body["type"]
            .as_str()
            .and_then(|kind| kind.rsplit('/').next())
            .unwrap_or_default()
    }

    /// The pointers of the fields that a problem names.
    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        errors
            .iter()
            .filter_map(|error| error["pointer"].as_str())
            .collect()
    }

    pub(crate) async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let header = response.headers().get("content-type");
        let content_type = header
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let text = response.text().await.expect("a body");
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).expect("JSON")
        };
        Self {
            status,
            content_type,
            body,
        }
    }
}

impl Practice {
    /// A program that calls `api` with `key`; what it sends arrives in `outbox`.
    pub fn new(api: &str, outbox: &str, key: &str) -> Self {
        Self {
            http: Client::new(),
            api: api.to_owned(),
            outbox: outbox.to_owned(),
            key: key.to_owned(),
            requests: AtomicU64::new(0),
        }
    }

    /// The key that it calls with.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Settings with consent to SMS, a record type `std` and a record `r1` with the recipients `patient` and `insurer`.
    pub async fn set_up(&self) {
        let settings = json!({
            "name": "Praxis am Park", "sms_allowed": true, "phone": "0441 234567", "reply_to": "praxis@example.org"
        });
        let record = json!({"record_type": "std", "recipients": [
            {"id": "patient", "name": "Erika Beispiel", "email": "erika@example.org", "mobile": "+4915112345678"},
            {"id": "insurer", "name": "Example Insurance", "email": "claims@example.org", "language": "en"},
        ]});
        for (path, body) in [
            ("/v1/settings", settings),
            ("/v1/record-types/std", json!({})),
            ("/v1/records/r1", record),
        ] {
            let answer = self.put(path, body).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
        }
    }

    /// One call with a body, or with none if it is null.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.api));
        if !body.is_null() {
            request = request.json(&body);
        }
        self.answer(method, path, request).await
    }

    /// Every answer is one that the API's description knows.
    async fn answer(&self, method: Method, path: &str, request: RequestBuilder) -> Answer {
        let response = request.bearer_auth(&self.key).send().await;
        let answer = Answer::read(response.expect("an answer")).await;
        Description::checked_in().assert_knows(&method, path, &answer);
        answer
    }

    /// What it is shown of a delivery.
    pub async fn shown(&self, sent: &Sent) -> Value {
        let answer = self.get(&format!("/v1/deliveries/{}", sent.id)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// Revokes a delivery.
    pub async fn revoke(&self, sent: &Sent) -> Answer {
        self.delete(&format!("/v1/deliveries/{}", sent.id)).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, Value::Null).await
    }

    /// `PUT`.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, body).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, Value::Null).await
    }

    /// Announces a document of `r1`: the answer with its upload.
    pub async fn announce(
        &self,
        kind: &str,
        number: &str,
        issued_on: &str,
        content: &[u8],
    ) -> Answer {
        self.announce_of("r1", kind, number, issued_on, content)
            .await
    }

    /// The same of another record.
    pub async fn announce_of(
        &self,
        record: &str,
        kind: &str,
        number: &str,
        issued_on: &str,
        content: &[u8],
    ) -> Answer {
        let body = json!({
            "record": record, "kind": kind, "number": number, "issued_on": issued_on, "content_type": "application/pdf",
            "size": content.len(), "sha256": HEXLOWER.encode(&Sha256::digest(content)), "released": true,
        });
        self.call(Method::POST, "/v1/documents", body).await
    }

    /// Uploads bytes as an announcement's answer says; the bucket's status.
    pub async fn upload(&self, announced: &Answer, content: Vec<u8>) -> u16 {
        let upload = &announced.body["upload"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let method: Method = text(&upload["method"]).parse().expect("a method");
        let mut request = self
            .http
            .request(method, text(&upload["url"]))
            .body(content);
        for (name, value) in upload["headers"].as_object().into_iter().flatten() {
            request = request.header(name, text(value));
        }
        request.send().await.expect("an answer").status().as_u16()
    }

    /// A document of `r1` that is ready: its id.
    pub async fn document(&self, kind: &str, number: &str, issued_on: &str) -> String {
        let content = pdf(number);
        let announced = self.announce(kind, number, issued_on, &content).await;
        assert_eq!(announced.status, 201, "{announced:?}");
        assert_eq!(self.upload(&announced, content).await, 200);
        announced.body["id"].as_str().unwrap_or_default().to_owned()
    }

    /// `POST /v1/deliveries` with a new idempotency key.
    pub async fn post_delivery(&self, body: Value) -> Answer {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        self.post_delivery_as(&format!("request-{number}"), body)
            .await
    }

    /// `POST /v1/deliveries` with this idempotency key.
    pub async fn post_delivery_as(&self, key: &str, body: Value) -> Answer {
        self.post_as(key, "/v1/deliveries", body).await
    }

    /// `POST /v1/deliveries/{id}/code` with this idempotency key.
    pub async fn post_code(&self, key: &str, delivery: &str, body: Value) -> Answer {
        self.post_as(key, &format!("/v1/deliveries/{delivery}/code"), body)
            .await
    }

    /// `POST /v1/invoice-runs` with a new idempotency key.
    pub async fn start_run(&self, body: Value) -> Answer {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let key = format!("run-{number}");
        let answer = self.post_as(&key, "/v1/invoice-runs", body).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        answer
    }

    /// A run as it is once nothing will happen any more.
    pub async fn run_ended(&self, id: &str) -> Value {
        for _ in 0..1_200 {
            let run = self.get(&format!("/v1/invoice-runs/{id}")).await.body;
            if !run["finished_at"].is_null() {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the run {id} does not end");
    }

    /// All of a run's items, those in one state alone where `query` asks for it, such as `state=failed`.
    pub async fn run_items(&self, id: &str, query: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/invoice-runs/{id}/items?limit=100&{query}{cursor}");
            let page = self.get(&path).await;
            assert_eq!(page.status, 200, "{page:?}");
            items.extend(page.body["items"].as_array().cloned().unwrap_or_default());
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    /// `POST` with this idempotency key.
    pub async fn post_as(&self, key: &str, path: &str, body: Value) -> Answer {
        let request = self.http.post(format!("{}{path}", self.api));
        let request = request.header("idempotency-key", key).json(&body);
        self.answer(Method::POST, path, request).await
    }

    /// Sends a further invoice of `r1` to `patient` by SMS.
    pub async fn send_invoice(&self, number: impl Display) -> Sent {
        let number = number.to_string();
        let document = self.document("invoice", &number, "2026-11-20").await;
        self.send(&[&document]).await
    }

    /// Sends these documents of `r1` to `patient` by SMS.
    pub async fn send(&self, documents: &[&str]) -> Sent {
        self.send_with(documents, json!({})).await
    }

    /// The same; `extra` replaces or adds fields.
    pub async fn send_with(&self, documents: &[&str], extra: Value) -> Sent {
        let mut body = json!({"record": "r1", "recipient": "patient", "documents": documents, "channel": "sms"});
        for (name, value) in extra.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let answer = self.post_delivery(body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let text = |name: &str| answer.body[name].as_str().unwrap_or_default().to_owned();
        let sent = reqwest::get(format!("{}/messages", self.outbox))
            .await
            .expect("an answer");
        let messages: Vec<Value> = sent.json().await.expect("a list");
        let symbols = text("reference").replace('-', "");
        let link = messages
            .iter()
            .filter_map(|message| message["text"].as_str())
            .flat_map(str::split_whitespace)
            .find(|word| word.contains(&format!("/d/{symbols}")));
        Sent {
            id: text("id"),
            reference: text("reference"),
            code: text("code"),
            link: link.expect("a link").to_owned(),
            answer: answer.body.clone(),
        }
    }
}
