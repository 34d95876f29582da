//! Calls with anybody's key, and one request for every route of the practices' API.

use std::collections::BTreeMap;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tests::{World, is_derived};

use tests::dynamodb::items;

/// What a practice has, by id.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    pub(crate) record_type: String,
    pub(crate) record: String,
    pub(crate) document: String,
    pub(crate) delivery: String,
    pub(crate) webhook: String,
    pub(crate) run: String,
}

/// An answer, byte by byte; what tells one request from another is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
}

/// One request of the practices' API.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// As the template has it.
    pub(crate) route: &'static str,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// Ids that nobody has, of the right shape.
pub(crate) fn nobodys() -> Ids {
    Ids {
        record_type: "type-of-nobody".to_owned(),
        record: "record-of-nobody".to_owned(),
        document: "20261120-aaaaaaaaaaaaaaaaaaaaaaaaa".to_owned(),
        delivery: "01a207d9-2100-7345-84ac-89e186209d30".to_owned(),
        webhook: "hook-of-nobody".to_owned(),
        run: "01a207d9-2100-7345-84ac-89e186209d31".to_owned(),
    }
}

/// At least one call of every route, with these ids wherever an id can be, and with ids of one's own beside them.
#[expect(clippy::too_many_lines, reason = "a table: one entry a route")]
pub(crate) fn calls(ids: &Ids, own: &Ids) -> Vec<Call> {
    let Ids {
        record_type,
        record,
        document,
        delivery,
        webhook,
        run,
    } = ids;
    let (types, records, documents, deliveries) = (
        "/v1/record-types",
        "/v1/records",
        "/v1/documents",
        "/v1/deliveries",
    );
    let template = "/v1/templates/note/message/de";
    let hooks = "/v1/webhooks";
    let runs = "/v1/invoice-runs";
    let hook = json!({"url": "https://hooks.example.org/", "events": ["delivery.opened"]});
    let person = |linked: Option<&str>| match linked {
        None => {
            json!({"id": "patient", "name": "Erika Beispiel", "email": "erika@example.org", "mobile": "+4915112345678"})
        }
        Some(linked) => json!({"id": "other", "linked_record": linked}),
    };
    let with = |record_type: &str, linked: Option<&str>| {
        let recipients: Vec<Value> = [None, linked]
            .into_iter()
            .take(1 + usize::from(linked.is_some()))
            .map(person)
            .collect();
        json!({"record_type": record_type, "recipients": recipients})
    };
    let announcement = json!({"record": record, "kind": "note", "number": "1", "issued_on": "2026-11-20",
        "content_type": "application/pdf", "size": 1, "sha256": "0".repeat(64)});
    let to_send = |record: &str, document: &str| json!({"record": record, "recipient": "patient", "documents": [document], "channel": "spoken"});
    let call = |route: &'static str, path: String, body: Value| Call { route, path, body };
    vec![
        call("GET /v1/settings", "/v1/settings".to_owned(), Value::Null),
        call("GET /v1/audit", "/v1/audit".to_owned(), Value::Null),
        call(
            "GET /v1/audit",
            format!("/v1/audit?record={record}"),
            Value::Null,
        ),
        call("GET /v1/usage", "/v1/usage".to_owned(), Value::Null),
        call(
            "PUT /v1/settings",
            "/v1/settings".to_owned(),
            json!({"name": "Praxis am Park", "sms_allowed": true}),
        ),
        call("GET /v1/record-types", types.to_owned(), Value::Null),
        call(
            "GET /v1/record-types/{id}",
            format!("{types}/{record_type}"),
            Value::Null,
        ),
        call(
            "PUT /v1/record-types/{id}",
            format!("{types}/{record_type}"),
            json!({}),
        ),
        call(
            "DELETE /v1/record-types/{id}",
            format!("{types}/{record_type}"),
            Value::Null,
        ),
        call("GET /v1/records", records.to_owned(), Value::Null),
        call(
            "GET /v1/records/{id}",
            format!("{records}/{record}"),
            Value::Null,
        ),
        call(
            "PUT /v1/records/{id}",
            format!("{records}/{record}"),
            with("std", None),
        ),
        call(
            "PUT /v1/records/{id}",
            format!("{records}/{}", own.record),
            with(record_type, None),
        ),
        call(
            "PUT /v1/records/{id}",
            format!("{records}/{}", own.record),
            with("std", Some(record)),
        ),
        call(
            "DELETE /v1/records/{id}",
            format!("{records}/{record}"),
            Value::Null,
        ),
        call("GET /v1/templates", "/v1/templates".to_owned(), Value::Null),
        call(
            "GET /v1/templates/{kind}/{channel}/{language}",
            template.to_owned(),
            Value::Null,
        ),
        call(
            "PUT /v1/templates/{kind}/{channel}/{language}",
            template.to_owned(),
            json!({"body": "${code} ${referenz}"}),
        ),
        call(
            "DELETE /v1/templates/{kind}/{channel}/{language}",
            template.to_owned(),
            Value::Null,
        ),
        call("GET /v1/webhooks", hooks.to_owned(), Value::Null),
        call(
            "GET /v1/webhooks/{id}",
            format!("{hooks}/{webhook}"),
            Value::Null,
        ),
        call("PUT /v1/webhooks/{id}", format!("{hooks}/{webhook}"), hook),
        call(
            "POST /v1/webhooks/{id}/test",
            format!("{hooks}/{webhook}/test"),
            Value::Null,
        ),
        call(
            "DELETE /v1/webhooks/{id}",
            format!("{hooks}/{webhook}"),
            Value::Null,
        ),
        call("POST /v1/documents", documents.to_owned(), announcement),
        call(
            "GET /v1/documents",
            format!("{documents}?record={record}"),
            Value::Null,
        ),
        call(
            "GET /v1/documents/{id}",
            format!("{documents}/{document}"),
            Value::Null,
        ),
        call(
            "PATCH /v1/documents/{id}",
            format!("{documents}/{document}"),
            json!({"released": false}),
        ),
        call(
            "DELETE /v1/documents/{id}",
            format!("{documents}/{document}"),
            Value::Null,
        ),
        call(
            "POST /v1/deliveries/preview",
            format!("{deliveries}/preview"),
            to_send(record, document),
        ),
        call(
            "POST /v1/deliveries/preview",
            format!("{deliveries}/preview"),
            to_send(record, &own.document),
        ),
        call(
            "POST /v1/deliveries/preview",
            format!("{deliveries}/preview"),
            to_send(&own.record, document),
        ),
        call(
            "POST /v1/deliveries/{id}/code",
            format!("{deliveries}/{delivery}/code"),
            json!({"channel": "spoken"}),
        ),
        call(
            "POST /v1/deliveries",
            deliveries.to_owned(),
            to_send(record, document),
        ),
        call(
            "POST /v1/deliveries",
            deliveries.to_owned(),
            to_send(record, &own.document),
        ),
        call(
            "POST /v1/deliveries",
            deliveries.to_owned(),
            to_send(&own.record, document),
        ),
        // One that leaves no trace, whosever document it is.
        call(
            "POST /v1/invoice-runs",
            runs.to_owned(),
            json!({"items": [{"document": document, "recipient": "patient", "channel": "spoken"}]}),
        ),
        call(
            "GET /v1/invoice-runs/{id}",
            format!("{runs}/{run}"),
            Value::Null,
        ),
        call(
            "GET /v1/invoice-runs/{id}/items",
            format!("{runs}/{run}/items"),
            Value::Null,
        ),
        call(
            "POST /v1/invoice-runs/{id}/cancel",
            format!("{runs}/{run}/cancel"),
            Value::Null,
        ),
        call(
            "POST /v1/invoice-runs/{id}/retry",
            format!("{runs}/{run}/retry"),
            json!({"state": "failed"}),
        ),
        call(
            "GET /v1/deliveries",
            format!("{deliveries}?record={record}"),
            Value::Null,
        ),
        call(
            "GET /v1/deliveries",
            format!("{deliveries}?document={document}"),
            Value::Null,
        ),
        call(
            "GET /v1/deliveries/{id}",
            format!("{deliveries}/{delivery}"),
            Value::Null,
        ),
        call(
            "DELETE /v1/deliveries/{id}",
            format!("{deliveries}/{delivery}"),
            Value::Null,
        ),
    ]
}

impl Call {
    /// The method that the route names.
    pub(crate) fn method(&self) -> &'static str {
        self.route.split(' ').next().unwrap_or_default()
    }
}

/// Makes the call with this header as `Authorization`, or with none.
pub(crate) async fn make(
    world: &World,
    call: &Call,
    authorization: Option<&str>,
    idempotency_key: &str,
) -> Answer {
    let method: Method = call.method().parse().expect("a method");
    let url = format!("{}{}", world.stack.api(), call.path);
    let mut request = Client::new()
        .request(method, url)
        .header("idempotency-key", idempotency_key);
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    if !call.body.is_null() {
        request = request.json(&call.body);
    }
    let response = request.send().await.expect("an answer");
    let told_apart = ["date", "apigw-requestid"];
    let headers = response
        .headers()
        .iter()
        .filter(|(name, _)| !told_apart.contains(&name.as_str()));
    Answer {
        status: response.status().as_u16(),
        headers: headers
            .map(|(name, value)| {
                (
                    name.to_string(),
                    value.to_str().unwrap_or_default().to_owned(),
                )
            })
            .collect(),
        text: response.text().await.expect("a body"),
    }
}

/// Every item of the table, and how many messages were sent.
pub(crate) async fn trace(world: &World) -> (Vec<String>, usize) {
    let mut rows: Vec<String> = items(world.stack.dynamodb())
        .await
        .iter()
        .filter(|item| !is_derived(item))
        .map(Value::to_string)
        .collect();
    rows.sort();
    (rows, world.messages().await.len())
}
