//! Announced uploads that are yet to be settled: whether they came, and whether anybody still wants them.

use domain::id::{DocumentId, PracticeId};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::StoreError;
use crate::item::{Item, Key, from_item, to_item};

/// How many are looked up together.
const AT_ONCE: usize = 100;

/// An upload that is to be settled now.
#[derive(Debug)]
pub struct DueUpload {
    key: Key,
    /// The tenant.
    pub practice: PracticeId,
    /// What was announced.
    pub document: DocumentId,
}

#[derive(Serialize, Deserialize)]
struct Row {
    practice: PracticeId,
    document: DocumentId,
}

impl Store {
    /// Some uploads that are to be settled at `now`, the longest overdue first; rows that this version cannot read are left alone.
    pub async fn due_uploads(&self, now: Timestamp) -> Result<Vec<DueUpload>, StoreError> {
        let end = Key::upload(now.plus(1), "");
        self.rows_before(end, AT_ONCE, |item| {
            let key = Key::of(&item).ok_or(StoreError::Unreadable("upload"))?;
            let Row { practice, document } = from_item(item, "upload")?;
            Ok(DueUpload {
                key,
                practice,
                document,
            })
        })
        .await
    }

    /// It is settled later. Should this end half-way, it can be repeated.
    pub async fn put_off_upload(&self, due: &DueUpload, at: Timestamp) -> Result<(), StoreError> {
        self.put(upload_row(&due.practice, &due.document, at)?)
            .await?;
        self.forget_upload(due).await
    }

    /// There is nothing more to be settled here.
    pub async fn forget_upload(&self, settled: &DueUpload) -> Result<(), StoreError> {
        self.delete(&settled.key).await.map(drop)
    }
}

/// Notes that an upload is to be settled then.
pub(crate) fn upload_row(
    practice: &PracticeId,
    document: &DocumentId,
    at: Timestamp,
) -> Result<Item, StoreError> {
    let row = Row {
        practice: practice.clone(),
        document: document.clone(),
    };
    to_item(&Key::upload(at, document.as_str()), &row)
}
