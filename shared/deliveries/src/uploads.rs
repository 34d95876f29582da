//! Looking at uploads that nobody has looked at yet, and settling what became of all that were announced.

use std::time::{Duration, Instant};

use documents::{Documents, Look};
use domain::audit::{Actor, Op};
use domain::document::State;
use domain::id::PracticeId;
use domain::time::Timestamp;
use secrets::draw_op;
use store::{DueUpload, Store, StoredDocument};

use crate::error::Unavailable;

/// From then on nothing further is settled, so that the function ends within its time; the schedule comes again.
const SETTLE_TIME: Duration = Duration::from_secs(3);

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

/// Settles the uploads that are due: one that came is looked at and stays, of one whose document is gone no byte does.
///
/// One that was not found is looked for again until time takes its announcement away. One that cannot be settled now keeps none behind it from being settled.
pub async fn settle_uploads(
    store: &Store,
    bucket: &Documents,
    now: Timestamp,
) -> Result<(), Unavailable> {
    let began = Instant::now();
    let mut outcome = Ok(());
    for due in store.due_uploads(now).await? {
        if began.elapsed() > SETTLE_TIME {
            break;
        }
        if let Err(error) = settle(store, bucket, &due, now).await {
            tracing::error!(document = due.document.as_str(), %error, "an upload could not be settled");
            outcome = Err(error);
        }
    }
    outcome
}

/// A document that was deleted while its upload was under way has no row, and its bytes came after they were deleted.
async fn settle(
    store: &Store,
    bucket: &Documents,
    due: &DueUpload,
    now: Timestamp,
) -> Result<(), Unavailable> {
    let practice = &due.practice;
    let found = store.document(practice, &due.document).await?;
    match found.filter(|stored| stored.document.deleted_at.is_none()) {
        Some(mut stored) => {
            let op = draw_op(Actor::System, now)?;
            look_at_uploads(
                store,
                bucket,
                practice,
                std::slice::from_mut(&mut stored),
                &op,
            )
            .await?;
            if stored.document.state == State::AwaitingUpload {
                let later = stored.document.looked_for_again_at(now);
                return Ok(store.put_off_upload(due, later).await?);
            }
        }
        None => bucket.delete_by_id(practice, &due.document).await?,
    }
    Ok(store.forget_upload(due).await?)
}
