//! Looking at uploads that nobody has looked at yet.

use documents::{Documents, Look};
use domain::audit::Op;
use domain::document::State;
use domain::id::PracticeId;
use store::{Store, StoredDocument};

use crate::error::Unavailable;

/// Looks at those documents that still await their upload, and keeps what was found; each look holds one file in memory.
pub async fn look_at_uploads(
    store: &Store,
    bucket: &Documents,
    practice: &PracticeId,
    documents: &mut [StoredDocument],
    op: &Op,
) -> Result<(), Unavailable> {
    for document in documents.iter_mut().map(|stored| &mut stored.document) {
        if document.state != State::AwaitingUpload || document.deleted_at.is_some() {
            continue;
        }
        let (state, reason) = match bucket.look(practice, document).await? {
            Look::Missing => continue,
            Look::Ready => (State::Ready, None),
            Look::Refused(reason) => (State::Refused, Some(reason)),
        };
        store
            .set_document_state(practice, document, state, reason, op)
            .await?;
        document.state = state;
        document.refused_because = reason.map(str::to_owned);
    }
    Ok(())
}
