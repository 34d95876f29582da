//! Many invoices of as many patients, written by the store's own methods: announcing and uploading thousands over HTTP would take longer than the run.

use std::ops::Range;

use domain::document::Document;
use domain::id::{PracticeId, RecordId};
use domain::record::Record;
use futures::StreamExt as _;
use secrets::{document_id, draw_op};
use serde_json::{Value, json};
use store::Store;
use tests::World;

/// How many are written at once: the embedded database takes one write after the other, and with more, an answer may come too late.
const AT_ONCE: usize = 4;

/// So many invoices, each of a record `p<number>` of its own with a recipient `patient`: their items of a run, by SMS.
pub(crate) async fn seed(world: &World, invoices: usize) -> Vec<Value> {
    seed_from(world, 0..invoices).await
}

/// The same with these numbers.
pub(crate) async fn seed_from(world: &World, numbers: Range<usize>) -> Vec<Value> {
    let store = world.store();
    let written = futures::stream::iter(numbers)
        .map(|number| invoice(world, &store, number))
        .buffered(AT_ONCE);
    written.collect().await
}

async fn invoice(world: &World, store: &Store, number: usize) -> Value {
    let practice: PracticeId = local::practice::PRACTICE.parse().expect("an id");
    let id: RecordId = format!("p{number}").parse().expect("an id");
    let now = world.clock().now();
    let op = draw_op(domain::audit::Actor::System, now).expect("a name");
    let record: Record = serde_json::from_value(json!({"record_type": "std", "recipients": [
        {"id": "patient", "name": "Erika Beispiel", "email": format!("p{number}@example.org"), "mobile": "+4915112345678"},
    ]}))
    .expect("a record");
    store
        .put_record(&practice, &id, &record, &op)
        .await
        .expect("written");
    let document: Document = serde_json::from_value(json!({
        "id": document_id(2026, 11, 20).expect("an id"), "record": id, "kind": "invoice", "number": number.to_string(),
        "issued_on": "2026-11-20", "size": 1, "sha256": "0".repeat(64), "released": true, "state": "ready",
        "created_at": now,
    }))
    .expect("a document");
    let item = json!({"document": document.id, "recipient": "patient", "channel": "sms"});
    let added = store.add_document(&practice, document, None, &op).await;
    added.expect("written");
    item
}
