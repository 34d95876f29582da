//! Everything once more, while what the functions need does not answer or holds what they cannot read.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use crate::drive::{Drive, Sent};
use crate::places::file_like;
use crate::search::Kind;
use crate::server::Server;
use tests::dynamodb::{call, items, table};

/// A text template.
const TEMPLATE: &str = "/v1/templates/note/message/de";

impl Drive {
    /// Every route with the right code and a live session at hand; the statuses, none of which is promised here.
    pub(crate) async fn ask_for_everything(
        &mut self,
        sent: &Sent,
        documents: &[String],
        session: &str,
    ) {
        let mut patient = self.patient(sent);
        let page = patient.open().await;
        self.book.note_page(&patient, &page);
        self.enter(&mut patient, &sent.code).await;
        let (name, value) = session.split_once('=').unwrap_or_default();
        patient.cookies.insert(name.to_owned(), value.to_owned());
        for page in [
            patient.open().await,
            patient.documents().await,
            patient.click(&documents[0]).await,
            patient.done().await,
        ] {
            self.book.note_page(&patient, &page);
        }
        let asked = patient
            .post(
                &format!("{}/code", patient.link.clone()),
                &[("form", page.form())],
            )
            .await;
        self.book.note_page(&patient, &asked);
        let not_mine = format!("{}/not-mine", patient.link);
        let question = patient.get(&not_mine).await;
        self.book.note_page(&patient, &question);
        // A form that is not ours: reporting would end the delivery for everything that follows.
        let refused = patient.post(&not_mine, &[("form", page.form())]).await;
        self.book.note_page(&patient, &refused);
        let authorization = format!("Bearer {}", self.practice.key());
        let key = format!(
            "canary-request-of-the-practice-for-everything-{}",
            self.book.pages.len()
        );
        self.book.note(Kind::IdempotencyKey, &key);
        let headers = [
            ("authorization", authorization.as_str()),
            ("idempotency-key", key.as_str()),
        ];
        for (method, path, body) in requests(sent, documents) {
            self.throw(method, &path, &headers, body.to_string().into_bytes())
                .await;
        }
    }

    /// Puts a folder where the bytes of an object are: the bucket then fails in its own way.
    pub(crate) fn break_object(server: &Server, document: &str) {
        let file = file_like(&server.data().join("s3"), document);
        fs::remove_file(&file).expect("a file can be removed");
        fs::create_dir(&file).expect("a folder can be made");
    }

    /// Marks every item but keys and what pages say of practices as one of another version.
    pub(crate) async fn break_items(server: &Server) {
        let database = server.address("dynamodb");
        let table = table(database).await;
        for item in items(database).await {
            let partition = item["pk"]["S"].as_str().unwrap_or_default();
            if partition.starts_with("KEY#") || partition.starts_with("PUB#") {
                continue;
            }
            let update = json!({
                "TableName": table,
                "Key": {"pk": item["pk"], "sk": item["sk"]},
                "UpdateExpression": "SET v = :v",
                "ExpressionAttributeValues": {":v": {"N": "2"}},
            });
            call(database, "UpdateItem", update).await;
        }
    }

    /// Takes the table away.
    pub(crate) async fn delete_table(server: &Server) {
        let database = server.address("dynamodb");
        call(
            database,
            "DeleteTable",
            json!({"TableName": table(database).await}),
        )
        .await;
    }
}

/// One request for every route of the practices' API.
fn requests(sent: &Sent, documents: &[String]) -> Vec<(Method, String, Value)> {
    let delivery =
        json!({"record": "r1", "recipient": "patient", "documents": documents, "channel": "sms"});
    let record = json!({"record_type": "std", "recipients": [{"id": "patient", "name": "A", "email": "a@example.org"}]});
    let announcement = json!({"record": "r1", "kind": "note", "number": "1", "issued_on": "2026-11-20",
        "content_type": "application/pdf", "size": 1, "sha256": "0".repeat(64)});
    let mut requests = vec![
        (Method::GET, "/v1/settings".to_owned(), Value::Null),
        (Method::GET, "/v1/usage".to_owned(), Value::Null),
        (Method::GET, "/v1/audit".to_owned(), Value::Null),
        (Method::GET, "/v1/openapi.json".to_owned(), Value::Null),
        (
            Method::PUT,
            "/v1/settings".to_owned(),
            json!({"name": "Praxis am Park", "sms_allowed": true}),
        ),
        (Method::GET, "/v1/record-types".to_owned(), Value::Null),
        (Method::GET, "/v1/record-types/std".to_owned(), Value::Null),
        (Method::PUT, "/v1/record-types/std".to_owned(), json!({})),
        (Method::GET, "/v1/records".to_owned(), Value::Null),
        (Method::GET, "/v1/records/r1".to_owned(), Value::Null),
        (Method::PUT, "/v1/records/r1".to_owned(), record),
        (Method::GET, "/v1/templates".to_owned(), Value::Null),
        (Method::GET, TEMPLATE.to_owned(), Value::Null),
        (
            Method::PUT,
            TEMPLATE.to_owned(),
            json!({"body": "${code} ${referenz}"}),
        ),
        (Method::DELETE, TEMPLATE.to_owned(), Value::Null),
        (Method::GET, "/v1/webhooks".to_owned(), Value::Null),
        (Method::GET, "/v1/webhooks/hook".to_owned(), Value::Null),
        (
            Method::PUT,
            "/v1/webhooks/hook".to_owned(),
            json!({"url": "https://hooks.example.org/", "events": ["delivery.opened"]}),
        ),
        (
            Method::POST,
            "/v1/webhooks/hook/test".to_owned(),
            Value::Null,
        ),
        (Method::DELETE, "/v1/webhooks/hook".to_owned(), Value::Null),
        (Method::POST, "/v1/documents".to_owned(), announcement),
        (
            Method::GET,
            "/v1/documents?record=r1".to_owned(),
            Value::Null,
        ),
        (
            Method::POST,
            "/v1/deliveries/preview".to_owned(),
            delivery.clone(),
        ),
        (Method::POST, "/v1/deliveries".to_owned(), delivery),
        (
            Method::POST,
            format!("/v1/deliveries/{}/code", sent.id),
            json!({"channel": "sms"}),
        ),
        (Method::GET, "/v1/deliveries".to_owned(), Value::Null),
        (
            Method::GET,
            format!("/v1/deliveries/{}", sent.id),
            Value::Null,
        ),
        (
            Method::DELETE,
            format!("/v1/deliveries/{}", sent.id),
            Value::Null,
        ),
    ];
    let run = "/v1/invoice-runs/01a207d9-2100-7345-84ac-89e186209d31";
    for (method, path, body) in [
        (Method::GET, String::new(), Value::Null),
        (Method::GET, "/items".to_owned(), Value::Null),
        (Method::POST, "/cancel".to_owned(), Value::Null),
        (
            Method::POST,
            "/retry".to_owned(),
            json!({"state": "failed"}),
        ),
    ] {
        requests.push((method, format!("{run}{path}"), body));
    }
    for document in documents {
        let item = json!({"document": document, "recipient": "patient", "channel": "sms"});
        let body = json!({"items": [item]});
        requests.push((Method::POST, "/v1/invoice-runs".to_owned(), body));
        let path = format!("/v1/documents/{document}");
        requests.push((Method::GET, path.clone(), Value::Null));
        requests.push((Method::PATCH, path.clone(), json!({"released": true})));
        requests.push((Method::DELETE, path, Value::Null));
    }
    requests
}
