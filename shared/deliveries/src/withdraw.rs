//! Taking things back: deleting documents and erasing records (L7).

use documents::Documents;
use domain::document::Document;
use domain::id::{PracticeId, RecordId};
use domain::time::Timestamp;
use store::Store;

use crate::error::Unavailable;

/// L7: the document leaves every delivery and open session at once; a delivery with none left is revoked.
///
/// Each step can be repeated: what a broken run left is done by the next.
pub async fn delete_document(
    store: &Store,
    bucket: &Documents,
    practice: &PracticeId,
    document: &Document,
    now: Timestamp,
) -> Result<(), Unavailable> {
    for sent in store.mark_document_deleted(practice, document, now).await? {
        store.drop_document(&sent.link, &document.id).await?;
    }
    bucket.delete(practice, document).await?;
    Ok(store.forget_document(practice, document).await?)
}

/// Erases a record with its recipients and documents, which closes its deliveries. `false` if there was nothing.
///
/// The record goes first, so that nothing can be added meanwhile.
pub async fn erase_record(
    store: &Store,
    bucket: &Documents,
    practice: &PracticeId,
    record: &RecordId,
    now: Timestamp,
) -> Result<bool, Unavailable> {
    let existed = store.delete_record(practice, record).await?;
    let documents = store.documents_of_record(practice, record).await?;
    for document in &documents {
        delete_document(store, bucket, practice, document, now).await?;
    }
    Ok(existed || !documents.is_empty())
}
