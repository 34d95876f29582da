//! Records and record types, and what a sending needs to know of them.

use domain::audit::{Action, Op, Outcome};
use domain::id::{DocumentId, PracticeId, RecordId, RecordTypeId};
use domain::practice::{Limits, RecordType, Settings};
use domain::record::Record;
use domain::time::Timestamp;
use domain::usage::{Month, Usage};

use crate::audit::erasure;
use crate::error::StoreError;
use crate::item::{Key, from_item, gone, practice_partition, to_item, with_op};
use crate::restore::limits_from;
use crate::table::{Page, Paging};
use crate::usage::usage_from;
use crate::{Store, StoredDocument};

/// What a sending needs to know, read in one round trip.
#[derive(Debug)]
pub struct SendingFacts {
    /// The practice's settings.
    pub settings: Option<Settings>,
    /// What the operator allows.
    pub limits: Limits,
    /// Drafts that were made before are refused: the table was restored from a backup then.
    pub drafts_since: Option<Timestamp>,
    /// What the practice has sent this month.
    pub usage: Usage,
    /// Whose documents.
    pub record: Option<Record>,
    /// Those of the asked documents that the record has.
    pub documents: Vec<StoredDocument>,
}

impl Store {
    /// A record.
    pub async fn record(
        &self,
        practice: &PracticeId,
        id: &RecordId,
    ) -> Result<Option<Record>, StoreError> {
        let found = self.get(&Key::record(practice, id)).await?;
        found.map(|item| from_item(item, "record")).transpose()
    }

    /// Replaces a record.
    pub async fn put_record(
        &self,
        practice: &PracticeId,
        id: &RecordId,
        record: &Record,
        op: &Op,
    ) -> Result<(), StoreError> {
        let item = to_item(&Key::record(practice, id), record)?;
        self.put(with_op(item, op, Action::RecordChanged, Outcome::Done)?)
            .await
    }

    /// A page of a practice's records.
    pub async fn records(
        &self,
        practice: &PracticeId,
        limit: i32,
        cursor: Option<String>,
    ) -> Result<Page<Record>, StoreError> {
        self.list(
            practice_partition(practice),
            "RECORD#",
            Paging::forward(limit, cursor),
            "record",
        )
        .await
    }

    /// Deletes a record, so that nothing can be added to it any more; `false` if there was none.
    pub async fn delete_record(
        &self,
        practice: &PracticeId,
        id: &RecordId,
        op: &Op,
    ) -> Result<bool, StoreError> {
        let gone = erasure(practice, id, op)?;
        let gone = with_op(gone, op, Action::RecordErased, Outcome::Done)?;
        self.delete_with(&Key::record(practice, id), gone).await
    }

    /// A record type.
    pub async fn record_type(
        &self,
        practice: &PracticeId,
        id: &RecordTypeId,
    ) -> Result<Option<RecordType>, StoreError> {
        let found = self.get(&Key::record_type(practice, id)).await?;
        found.map(|item| from_item(item, "record type")).transpose()
    }

    /// Replaces a record type.
    pub async fn put_record_type(
        &self,
        practice: &PracticeId,
        id: &RecordTypeId,
        record_type: &RecordType,
        op: &Op,
    ) -> Result<(), StoreError> {
        let item = to_item(&Key::record_type(practice, id), record_type)?;
        self.put(with_op(item, op, Action::RecordTypeChanged, Outcome::Done)?)
            .await
    }

    /// Deletes a record type; `false` if there was none.
    pub async fn delete_record_type(
        &self,
        practice: &PracticeId,
        id: &RecordTypeId,
        op: &Op,
    ) -> Result<bool, StoreError> {
        let gone = gone(&Key::gone_record_type(practice, id), op);
        let gone = with_op(gone, op, Action::RecordTypeDeleted, Outcome::Done)?;
        self.delete_with(&Key::record_type(practice, id), gone)
            .await
    }

    /// A page of a practice's record types.
    pub async fn record_types(
        &self,
        practice: &PracticeId,
        limit: i32,
        cursor: Option<String>,
    ) -> Result<Page<RecordType>, StoreError> {
        self.list(
            practice_partition(practice),
            "TYPE#",
            Paging::forward(limit, cursor),
            "record type",
        )
        .await
    }

    /// Settings, limits, this month's usage, record and documents in one consistent read.
    pub async fn sending_facts(
        &self,
        practice: &PracticeId,
        record: &RecordId,
        documents: &[DocumentId],
        now: Timestamp,
    ) -> Result<SendingFacts, StoreError> {
        let fixed = [
            Key::settings(practice),
            Key::limits(practice),
            Key::record(practice, record),
            Key::month(practice, Month::of(now)),
        ];
        let document_keys = documents
            .iter()
            .map(|id| Key::document(practice, record, id));
        let keys: Vec<Key> = fixed.iter().cloned().chain(document_keys).collect();
        let mut items = self.get_all(&keys).await?;
        let mut take = |key: &Key| {
            items
                .iter()
                .position(|item| key.is_of(item))
                .map(|at| items.swap_remove(at))
        };
        let [settings, limits, record, usage] = fixed.each_ref().map(&mut take);
        let (limits, drafts_since) =
            limits.map_or_else(|| Ok((Limits::default(), None)), limits_from)?;
        Ok(SendingFacts {
            drafts_since,
            settings: settings
                .map(|item| from_item(item, "settings"))
                .transpose()?,
            limits,
            usage: usage.map_or_else(|| Ok(Usage::default()), usage_from)?,
            record: record.map(|item| from_item(item, "record")).transpose()?,
            documents: items
                .into_iter()
                .map(StoredDocument::from_item)
                .collect::<Result<_, _>>()?,
        })
    }
}
