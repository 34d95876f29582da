//! Documents: their facts, and the deliveries in which each was sent.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, TransactWriteItem, Update};
use domain::audit::{Action, Op, Outcome};
use domain::delivery::SentIn;
use domain::document::{Document, State, UPLOAD_SETTLED};
use domain::id::{DocumentId, PracticeId, RecordId};
use domain::time::DAY;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::item::{
    Item, Key, from_item, last_op, number, record_partition, text, time, to_attribute, to_item,
    with_op,
};
use crate::practices::put_new;
use crate::requests::{EarlierRequest, IdempotencyKey};
use crate::table::Paging;
use crate::uploads::upload_row;
use crate::{Page, Store};

/// How long the rows of an upload that was not found are kept after it was first looked for, in seconds: a schedule that stood still for days, or a bucket that denied for days, loses nothing.
const UNSETTLED_KEPT: i64 = 7 * DAY;

/// A document and what the table remembers of its sendings (L5).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredDocument {
    /// Its facts.
    #[serde(flatten)]
    pub document: Document,
    /// The deliveries in which it was sent and that could still be open.
    pub sent_in: Vec<SentIn>,
    /// Changes with `sent_in`, so that of two sendings at once one sees the other.
    pub sendings: u64,
}

/// What became of an announcement.
#[derive(Debug)]
pub enum Announced {
    /// It is kept.
    Yes,
    /// The same request was made before and became this document.
    Repeated(DocumentId),
    /// The same idempotency key was used with another body.
    Mismatch,
    /// There is no such record.
    NoSuchRecord,
}

/// Whose document an id is.
#[derive(Serialize, Deserialize)]
pub(crate) struct Pointer {
    pub(crate) record: RecordId,
}

impl StoredDocument {
    pub(crate) fn from_item(item: Item) -> Result<Self, StoreError> {
        from_item(item, "document")
    }
}

impl Store {
    /// Announces a document, and notes that its upload is to be settled. The record must exist at that very moment.
    pub async fn add_document(
        &self,
        practice: &PracticeId,
        document: Document,
        request: Option<&IdempotencyKey>,
        op: &Op,
    ) -> Result<Announced, StoreError> {
        let own = Key::document(practice, &document.record, &document.id);
        let pointer = Key::document_pointer(practice, &document.id);
        let record = Key::record(practice, &document.record);
        // Both go with an upload that never comes.
        let settled_at = document.created_at.plus(UPLOAD_SETTLED);
        let ends = time(settled_at.plus(UNSETTLED_KEPT));
        let mut item = to_item(
            &pointer,
            &Pointer {
                record: document.record.clone(),
            },
        )?;
        item.insert("ttl".to_owned(), ends.clone());
        let stored = StoredDocument {
            document,
            sent_in: Vec::new(),
            sendings: 0,
        };
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(record.attributes()))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        let mut announced = to_item(&own, &stored)?;
        announced.insert("ttl".to_owned(), ends);
        let announced = with_op(announced, op, Action::DocumentAnnounced, Outcome::Done)?;
        let mut writes = vec![
            put_new(&self.table, announced)?,
            put_new(&self.table, item)?,
            put_new(
                &self.table,
                upload_row(practice, &stored.document.id, settled_at)?,
            )?,
            TransactWriteItem::builder().condition_check(check).build(),
        ];
        let (id, now) = (stored.document.id.as_str(), stored.document.created_at);
        if let Some(request) = request {
            writes.extend(self.request_writes(practice, request, id, now)?);
        }
        if self.transact(writes).await? {
            return Ok(Announced::Yes);
        }
        if let Some(request) = request {
            match self.earlier_request(practice, request, now).await? {
                // Our own write, whose answer was lost.
                Some(EarlierRequest::Same(made)) if made == id => return Ok(Announced::Yes),
                Some(EarlierRequest::Same(made)) => {
                    let made = made
                        .parse()
                        .map_err(|_| StoreError::Unreadable("request"))?;
                    return Ok(Announced::Repeated(made));
                }
                Some(EarlierRequest::Mismatch) => return Ok(Announced::Mismatch),
                None => {}
            }
        }
        let found = self.get(&record).await?;
        found.map_or(Ok(Announced::NoSuchRecord), |_| Err(StoreError::Contention))
    }

    /// A document by its id alone; one that is being deleted is found too.
    pub async fn document(
        &self,
        practice: &PracticeId,
        id: &DocumentId,
    ) -> Result<Option<StoredDocument>, StoreError> {
        let Some(pointer) = self.get(&Key::document_pointer(practice, id)).await? else {
            return Ok(None);
        };
        let Pointer { record } = from_item(pointer, "document")?;
        let found = self.get(&Key::document(practice, &record, id)).await?;
        found.map(StoredDocument::from_item).transpose()
    }

    /// Some of a record's documents, in no order; those that are gone are left out.
    pub async fn documents(
        &self,
        practice: &PracticeId,
        record: &RecordId,
        ids: impl IntoIterator<Item = &DocumentId>,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let keys: Vec<Key> = ids
            .into_iter()
            .map(|id| Key::document(practice, record, id))
            .collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let items = self.get_all(&keys).await?;
        items.into_iter().map(StoredDocument::from_item).collect()
    }

    /// All of a record's documents, newest day of issue first, as D8 needs them.
    pub async fn documents_of_record(
        &self,
        practice: &PracticeId,
        record: &RecordId,
    ) -> Result<Vec<Document>, StoreError> {
        let mut documents = Vec::new();
        let mut start = None;
        loop {
            let found = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :partition AND begins_with(sk, :prefix)")
                .expression_attribute_values(":partition", text(record_partition(practice, record)))
                .expression_attribute_values(":prefix", text("DOCUMENT#"))
                .consistent_read(true)
                .scan_index_forward(false)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(StoreError::unavailable("Query"))?;
            for item in found.items.unwrap_or_default() {
                documents.push(StoredDocument::from_item(item)?.document);
            }
            start = found.last_evaluated_key;
            if start.is_none() {
                return Ok(documents);
            }
        }
    }

    /// A page of a record's documents, oldest day of issue first.
    pub async fn document_page(
        &self,
        practice: &PracticeId,
        record: &RecordId,
        limit: i32,
        cursor: Option<String>,
    ) -> Result<Page<StoredDocument>, StoreError> {
        self.list(
            record_partition(practice, record),
            "DOCUMENT#",
            Paging::forward(limit, cursor),
            "document",
        )
        .await
    }

    /// Keeps what a look at the upload found, and from now on the document itself. What was found once stays found: two looks at once say the same.
    pub async fn set_document_state(
        &self,
        practice: &PracticeId,
        document: &Document,
        state: State,
        refused_because: Option<&str>,
        op: &Op,
    ) -> Result<(), StoreError> {
        let outcome = match refused_because {
            Some(_) => Outcome::Refused,
            None => Outcome::Accepted,
        };
        let (own, pointer) = (
            Key::document(practice, &document.record, &document.id),
            Key::document_pointer(practice, &document.id),
        );
        let checked = last_op(op, Action::DocumentChecked, outcome)?;
        let mut set = "SET #state = :state, last_op = :op".to_owned();
        let mut update = Update::builder()
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", to_attribute(&state)?)
            .expression_attribute_values(":op", checked);
        if let Some(reason) = refused_because {
            set.push_str(", refused_because = :reason");
            update = update.expression_attribute_values(":reason", text(reason));
        }
        let updates = [
            (own, update, format!("{set} REMOVE #ttl")),
            (pointer, Update::builder(), "REMOVE #ttl".to_owned()),
        ];
        let mut writes = Vec::with_capacity(updates.len());
        for (key, update, expression) in updates {
            let update = update
                .table_name(&self.table)
                .set_key(Some(key.attributes()))
                .update_expression(expression)
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_names("#ttl", "ttl")
                .build()
                .map_err(|_| StoreError::Unreadable("our own"))?;
            writes.push(TransactWriteItem::builder().update(update).build());
        }
        // A document that is gone by now stays gone.
        self.transact(writes).await.map(drop)
    }

    /// Whether D8 may offer the document. `false` if there is no such document any more.
    pub async fn set_document_released(
        &self,
        practice: &PracticeId,
        document: &Document,
        released: bool,
        op: &Op,
    ) -> Result<bool, StoreError> {
        let done = last_op(op, Action::DocumentChanged, Outcome::Done)?;
        let update = self
            .update(&Key::document(practice, &document.record, &document.id))
            .update_expression("SET released = :released, last_op = :op")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(deleted_at)")
            .expression_attribute_values(":released", AttributeValue::Bool(released))
            .expression_attribute_values(":op", done);
        self.change(update).await.map(|changed| changed.is_some())
    }

    /// L7: from now on the document is nowhere to be seen. Gives the deliveries in which it was sent.
    pub async fn mark_document_deleted(
        &self,
        practice: &PracticeId,
        document: &Document,
        op: &Op,
    ) -> Result<Vec<SentIn>, StoreError> {
        let done = last_op(op, Action::DocumentDeleted, Outcome::Done)?;
        let update = self
            .update(&Key::document(practice, &document.record, &document.id))
            .update_expression(
                "SET deleted_at = if_not_exists(deleted_at, :now), last_op = :op ADD sendings :one",
            )
            .expression_attribute_values(":now", time(op.at))
            .expression_attribute_values(":op", done)
            .expression_attribute_values(":one", number(1));
        let changed = self.change_existing(update).await?;
        changed.map_or_else(
            || Ok(Vec::new()),
            |item| Ok(StoredDocument::from_item(item)?.sent_in),
        )
    }

    /// Forgets a deleted document, once every delivery has let go of it.
    pub async fn forget_document(
        &self,
        practice: &PracticeId,
        document: &Document,
    ) -> Result<(), StoreError> {
        let keys = [
            Key::document(practice, &document.record, &document.id),
            Key::document_pointer(practice, &document.id),
        ];
        let mut writes = Vec::with_capacity(keys.len());
        for key in keys {
            let delete = Delete::builder()
                .table_name(&self.table)
                .set_key(Some(key.attributes()))
                .build()
                .map_err(|_| StoreError::Unreadable("our own"))?;
            writes.push(TransactWriteItem::builder().delete(delete).build());
        }
        self.transact(writes).await.map(drop)
    }

    /// The part of opening a delivery that concerns one document (L5): it must be there, and nobody may have sent it since it was read.
    pub(crate) fn remember_sending(
        &self,
        practice: &PracticeId,
        stored: &StoredDocument,
        sent_in: &[SentIn],
    ) -> Result<TransactWriteItem, StoreError> {
        let key = Key::document(practice, &stored.document.record, &stored.document.id);
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression("SET sent_in = :sent_in ADD sendings :one")
            .condition_expression("sendings = :read AND attribute_not_exists(deleted_at)")
            .expression_attribute_values(":sent_in", to_attribute(&sent_in)?)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":read", number(stored.sendings))
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}
