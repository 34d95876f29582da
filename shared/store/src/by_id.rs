//! Many things of a practice by their ids together, for runs; what is not there is left out.

use std::collections::{BTreeMap, BTreeSet};

use domain::document::Document;
use domain::id::{DocumentId, PracticeId, RecordId, RecordTypeId};
use domain::practice::RecordType;
use domain::record::Record;
use serde::de::DeserializeOwned;

use crate::documents::Pointer;
use crate::error::StoreError;
use crate::item::{Item, Key, from_item};
use crate::{Store, StoredDocument};

/// How many keys one read takes.
const KEYS_AT_ONCE: usize = 100;

impl Store {
    /// Whose each document is.
    pub async fn records_of_documents(
        &self,
        practice: &PracticeId,
        documents: &[DocumentId],
    ) -> Result<BTreeMap<DocumentId, RecordId>, StoreError> {
        let documents: BTreeSet<&DocumentId> = documents.iter().collect();
        let keys = documents
            .into_iter()
            .map(|id| Key::document_pointer(practice, id));
        let found = self.by_key(keys, "DOCUMENT#", "document").await?;
        let owners = found
            .into_iter()
            .map(|(id, Pointer { record })| (id, record));
        Ok(owners.collect())
    }

    /// Documents of these records.
    pub async fn documents_by_id(
        &self,
        practice: &PracticeId,
        owners: &BTreeMap<DocumentId, RecordId>,
    ) -> Result<BTreeMap<DocumentId, Document>, StoreError> {
        let keys = owners
            .iter()
            .map(|(id, record)| Key::document(practice, record, id));
        let found = self.by_key(keys, "DOCUMENT#", "document").await?;
        let documents = found
            .into_iter()
            .map(|(id, stored): (_, StoredDocument)| (id, stored.document));
        Ok(documents.collect())
    }

    /// Records.
    pub async fn records_by_id(
        &self,
        practice: &PracticeId,
        ids: &BTreeSet<RecordId>,
    ) -> Result<BTreeMap<RecordId, Record>, StoreError> {
        let keys = ids.iter().map(|id| Key::record(practice, id));
        self.by_key(keys, "RECORD#", "record").await
    }

    /// Record types.
    pub async fn record_types_by_id(
        &self,
        practice: &PracticeId,
        ids: &BTreeSet<RecordTypeId>,
    ) -> Result<BTreeMap<RecordTypeId, RecordType>, StoreError> {
        let keys = ids.iter().map(|id| Key::record_type(practice, id));
        self.by_key(keys, "TYPE#", "record type").await
    }

    /// The items of these keys, each under what follows the prefix in its sort key.
    async fn by_key<I: Ord + std::str::FromStr, T: DeserializeOwned>(
        &self,
        keys: impl Iterator<Item = Key>,
        prefix: &str,
        kind: &'static str,
    ) -> Result<BTreeMap<I, T>, StoreError> {
        let keys: Vec<Key> = keys.collect();
        let id_of = |item: &Item| {
            let sort = item.get("sk")?.as_s().ok()?;
            sort.strip_prefix(prefix)?.parse().ok()
        };
        let mut found = BTreeMap::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            for item in self.get_all(keys).await? {
                let id = id_of(&item).ok_or(StoreError::Unreadable(kind))?;
                found.insert(id, from_item(item, kind)?);
            }
        }
        Ok(found)
    }
}
