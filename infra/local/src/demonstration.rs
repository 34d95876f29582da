//! The demonstration: a practice's day in small, made through the public API alone.

use std::io;

use axum::http::{Method, Request, StatusCode};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use domain::time::{DAY, Timestamp};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::invoice::{self, Invoice, Item};
use crate::{Error, Stack};

const RECORD_TYPE: &str = "selbstzahler";
const RECORD: &str = "akte-1001";
const RECIPIENT: &str = "patient";

/// Makes practice settings, a record and its invoices, and sends one of them, unless one is still open.
///
/// `tell` is told what is being done.
pub async fn prepare(
    stack: &Stack,
    key: &str,
    tell: impl Fn(&str) -> io::Result<()>,
) -> Result<(), Error> {
    let tell = |step: &str| {
        tell(step).map_err(|error| Error::Demonstration {
            step: step.to_owned(),
            problem: error.to_string(),
        })
    };
    let api = Api::new(stack, key);
    tell("A practice, a record type and a record …")?;
    api.call(Method::PUT, "/v1/settings", &settings()).await?;
    api.call(
        Method::PUT,
        &format!("/v1/record-types/{RECORD_TYPE}"),
        &record_type(),
    )
    .await?;
    api.call(Method::PUT, &format!("/v1/records/{RECORD}"), &record())
        .await?;
    let newest = if let Some(newest) = api.newest_invoice().await? {
        newest
    } else {
        tell("Four invoices as PDF, one of them with 5 MB …")?;
        upload_invoices(&api, stack.clock().now()).await?
    };
    if api.has_open_delivery().await? && api.has_mail(stack.outbox()).await? {
        return tell("The delivery of an earlier run is still open: it is in the outbox.");
    }
    tell("One delivery: link by e-mail, code by SMS …")?;
    api.call(
        Method::POST,
        "/v1/deliveries",
        &json!({"record": RECORD, "recipient": RECIPIENT, "documents": [newest], "channel": "sms"}),
    )
    .await?;
    Ok(())
}

fn settings() -> Value {
    json!({
        "name": "Praxis am Park, Gemeinschaftspraxis",
        "public_name": "Praxis am Park",
        "reply_to": "praxis@example.org",
        "phone": "030 23125 123",
        "imprint_url": "https://www.example.org/impressum",
        "privacy_url": "https://www.example.org/datenschutz",
        "colour": "#0b6e69",
        "time_zone": "Europe/Berlin",
        "language": "de",
        "sms_allowed": true,
        "sender_id": "PraxisPark",
    })
}

fn record_type() -> Value {
    json!({"channel": "sms"})
}

fn record() -> Value {
    json!({
        "record_type": RECORD_TYPE,
        "recipients": [{
            "id": RECIPIENT,
            "name": "Erika Beispiel",
            "email": "erika.beispiel@example.org",
            // Of the numbers that nobody gets: they are kept for films.
            "mobile": "+4915228817386",
            "language": "de",
        }],
    })
}

/// Uploads all invoices, oldest first; the id of the newest.
async fn upload_invoices(api: &Api, now: Timestamp) -> Result<Value, Error> {
    let mut newest = Value::Null;
    for invoice in invoices(now) {
        newest = api.upload(&invoice).await?;
    }
    Ok(newest)
}

fn invoices(now: Timestamp) -> [Invoice; 4] {
    let issued = |days: i64| now.plus(-days * DAY);
    let talk = Item::new("Eingehende Beratung, auch telefonisch", "3", 2011);
    let examination = Item::new("Vollständige körperliche Untersuchung", "8", 3486);
    let blood = Item::new("Blutentnahme aus der Vene", "250", 420);
    let scan = Item::new("Ultraschall, bis zu drei Organe", "410, 420", 5112);
    [
        Invoice::new(702, issued(200), vec![talk.clone(), blood.clone()]),
        Invoice::new(744, issued(120), vec![talk.clone(), examination.clone()]),
        Invoice::new(788, issued(50), vec![examination.clone(), scan]).with_image(),
        Invoice::new(815, issued(3), vec![talk, examination, blood]),
    ]
}

/// The practices' API as a program of theirs would call it.
struct Api {
    client: Client<HttpConnector, Full<Bytes>>,
    address: String,
    key: String,
}

impl Api {
    fn new(stack: &Stack, key: &str) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            address: stack.api().to_owned(),
            key: key.to_owned(),
        }
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Value, Error> {
        let step = format!("{method} {path}");
        let mut request = Request::builder()
            .method(&method)
            .uri(format!("{}{path}", self.address))
            .header("authorization", format!("Bearer {}", self.key));
        if method == Method::POST {
            request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string());
        }
        let content = if body.is_null() {
            Bytes::new()
        } else {
            request = request.header("content-type", "application/json");
            Bytes::from(body.to_string())
        };
        let answer = self.send(&step, request.body(Full::new(content))).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).map_err(|error| problem(&step, &error.to_string()))
    }

    async fn get(&self, path: &str) -> Result<Value, Error> {
        self.call(Method::GET, path, &Value::Null).await
    }

    /// The id of the invoice issued last, if it was uploaded.
    async fn newest_invoice(&self) -> Result<Option<Value>, Error> {
        let documents = self.get(&format!("/v1/documents?record={RECORD}")).await?;
        let issued_on = |document: &&Value| document["issued_on"].as_str().map(str::to_owned);
        let Some(id) = items(&documents)
            .max_by_key(issued_on)
            .and_then(|newest| newest["id"].as_str())
        else {
            return Ok(None);
        };
        // This call looks at what was uploaded; the list tells what was known before.
        let newest = self.get(&format!("/v1/documents/{id}")).await?;
        Ok((newest["state"] == "ready").then(|| newest["id"].clone()))
    }

    async fn has_open_delivery(&self) -> Result<bool, Error> {
        let deliveries = self.get(&format!("/v1/deliveries?record={RECORD}")).await?;
        Ok(items(&deliveries)
            .any(|delivery| delivery["state"] == "open" || delivery["state"] == "opened"))
    }

    /// Whether there is anything in the outbox: somebody may have emptied it.
    async fn has_mail(&self, outbox: &str) -> Result<bool, Error> {
        let step = "a look into the outbox";
        let request = Request::get(format!("{outbox}/messages")).body(Full::default());
        let messages = self.send(step, request).await?;
        let messages: Vec<Value> =
            serde_json::from_slice(&messages).map_err(|error| problem(step, &error.to_string()))?;
        Ok(!messages.is_empty())
    }

    /// Announces an invoice and uploads it where the answer says; its id.
    async fn upload(&self, invoice: &Invoice) -> Result<Value, Error> {
        let content = invoice::pdf(invoice);
        let announcement = json!({
            "record": RECORD,
            "kind": "invoice",
            "number": invoice.number(),
            "title": "Rechnung",
            "issued_on": invoice.issued_on("%Y-%m-%d"),
            "file_name": format!("rechnung-{}.pdf", invoice.number()),
            "content_type": "application/pdf",
            "size": content.len(),
            "sha256": HEXLOWER.encode(&Sha256::digest(&content)),
            "released": true,
        });
        let document = self
            .call(Method::POST, "/v1/documents", &announcement)
            .await?;
        let upload = &document["upload"];
        let text = |name: &str| upload[name].as_str().unwrap_or_default();
        let mut request = Request::builder().method(text("method")).uri(text("url"));
        for (name, value) in upload["headers"].as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        self.send(
            "the upload of an invoice",
            request.body(Full::new(Bytes::from(content))),
        )
        .await?;
        Ok(document["id"].clone())
    }

    async fn send(
        &self,
        step: &str,
        request: Result<Request<Full<Bytes>>, axum::http::Error>,
    ) -> Result<Bytes, Error> {
        let request = request.map_err(|error| problem(step, &error.to_string()))?;
        let response = self
            .client
            .request(request)
            .await
            .map_err(|error| problem(step, &error.to_string()))?;
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .map_err(|error| problem(step, &error.to_string()))?
            .to_bytes();
        if status.is_success() {
            Ok(body)
        } else {
            Err(refused(step, status, &body))
        }
    }
}

fn items(page: &Value) -> impl Iterator<Item = &Value> {
    page["items"].as_array().into_iter().flatten()
}

fn problem(step: &str, problem: &str) -> Error {
    Error::Demonstration {
        step: step.to_owned(),
        problem: problem.to_owned(),
    }
}

fn refused(step: &str, status: StatusCode, body: &[u8]) -> Error {
    problem(step, &format!("{status} {}", String::from_utf8_lossy(body)))
}
