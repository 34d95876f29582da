//! The keys of recipients' Threema IDs: held from the first message on, so that another one is noticed.

use domain::contact::ThreemaId;
use domain::id::{PracticeId, RecipientId, RecordId};
use domain::threema::ThreemaKey;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::StoreError;
use crate::item::{Key, from_item, record_partition, text, to_item};
use crate::table::{Page, Paging};

const PREFIX: &str = "THREEMA#";

/// The key of an ID, as it was first told.
#[derive(Serialize, Deserialize)]
struct HeldKey {
    threema_id: ThreemaId,
    key: ThreemaKey,
    first_seen_at: Timestamp,
}

impl Store {
    /// The key that is held for a recipient's ID: this one, if none is held yet. Another ID of the same recipient begins anew.
    pub async fn hold_threema_key(
        &self,
        practice: &PracticeId,
        record: &RecordId,
        recipient: &RecipientId,
        (id, key): (&ThreemaId, &ThreemaKey),
        now: Timestamp,
    ) -> Result<ThreemaKey, StoreError> {
        let place = Key::threema_key(practice, record, recipient);
        for _ in 0..2 {
            let found = self.get(&place).await?;
            let held: Option<HeldKey> = found
                .map(|item| from_item(item, "Threema key"))
                .transpose()?;
            if let Some(held) = held.filter(|held| held.threema_id == *id) {
                return Ok(held.key);
            }
            let new = HeldKey {
                threema_id: id.clone(),
                key: key.clone(),
                first_seen_at: now,
            };
            let put = self
                .put_item(to_item(&place, &new)?)
                .condition_expression("attribute_not_exists(pk) OR threema_id <> :id")
                .expression_attribute_values(":id", text(id.as_str()));
            // Where somebody was faster, theirs counts.
            if self.put_if(put).await? {
                return Ok(key.clone());
            }
        }
        Err(StoreError::Contention)
    }

    /// Forgets the keys of a record that is erased.
    pub async fn forget_threema_keys(
        &self,
        practice: &PracticeId,
        record: &RecordId,
    ) -> Result<(), StoreError> {
        loop {
            let partition = record_partition(practice, record);
            let held: Page<HeldKey> = self
                .list(partition, PREFIX, Paging::forward(25, None), "Threema key")
                .await?;
            for (recipient, _) in &held.items {
                let recipient = recipient
                    .parse()
                    .map_err(|_| StoreError::Unreadable("Threema key"))?;
                self.delete(&Key::threema_key(practice, record, &recipient))
                    .await?;
            }
            if held.next.is_none() {
                return Ok(());
            }
        }
    }
}
