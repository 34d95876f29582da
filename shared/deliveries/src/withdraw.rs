//! Taking things back: deleting documents and erasing records (L7).

use documents::Documents;
use domain::audit::Op;
use domain::document::Document;
use domain::id::{PracticeId, RecordId};
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
    op: &Op,
) -> Result<(), Unavailable> {
    for sent in store.mark_document_deleted(practice, document, op).await? {
        store.drop_document(&sent.link, &document.id, op).await?;
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
    op: &Op,
) -> Result<bool, Unavailable> {
    let existed = store.delete_record(practice, record, op).await?;
    let documents = store.documents_of_record(practice, record).await?;
    for document in &documents {
        delete_document(store, bucket, practice, document, op).await?;
    }
    store.forget_threema_keys(practice, record).await?;
    Ok(existed || !documents.is_empty())
}
