//! Which open deliveries went to an address that a record no longer has, so that the practice can revoke them (L7).

use std::collections::{BTreeMap, BTreeSet};

use domain::delivery::{Delivery, State, l6_settled, l8_state};
use domain::id::{DeliveryId, PracticeId, RecipientId, RecordId};
use domain::time::Timestamp;
use secrets::LookupKeys;
use store::Store;

use crate::error::Unavailable;

/// Newest first; those of recipients of other records that are linked to this one too, for their e-mails went to its first recipient.
pub async fn deliveries_to_changed_addresses(
    store: &Store,
    lookup: &LookupKeys,
    practice: &PracticeId,
    record: &RecordId,
    changed: &BTreeMap<RecipientId, BTreeSet<String>>,
    now: Timestamp,
) -> Result<Vec<DeliveryId>, Unavailable> {
    let mut found = BTreeSet::new();
    for (recipient, addresses) in changed {
        for address in addresses {
            let hashes = lookup.addresses(practice, address);
            for delivery in store.deliveries_to_address(practice, &hashes).await? {
                let is_own = delivery.record == *record && delivery.recipient == *recipient;
                if is_open(&delivery, now)
                    && (is_own || is_linked(store, practice, &delivery, record).await?)
                {
                    found.insert(delivery.id);
                }
            }
        }
    }
    Ok(found.into_iter().rev().collect())
}

fn is_open(delivery: &Delivery, now: Timestamp) -> bool {
    let settled = l6_settled(delivery.clone(), now);
    match l8_state(&settled, false, now) {
        State::Pending | State::Open | State::Opened => true,
        State::Closed(_) | State::Sent => false,
    }
}

/// Whether the delivery's recipient takes addresses from this record.
async fn is_linked(
    store: &Store,
    practice: &PracticeId,
    delivery: &Delivery,
    record: &RecordId,
) -> Result<bool, Unavailable> {
    if delivery.record == *record {
        return Ok(false);
    }
    let theirs = store.record(practice, &delivery.record).await?;
    let recipient = theirs
        .as_ref()
        .and_then(|theirs| theirs.recipient(&delivery.recipient));
    Ok(recipient.is_some_and(|recipient| recipient.linked_record.as_ref() == Some(record)))
}
