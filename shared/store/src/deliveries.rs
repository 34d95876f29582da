//! Deliveries: finding, and the facts that end or change one.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::{Action, LastOp, Op, Outcome};
use domain::delivery::{DOWNLOADS_KEPT, Delivery, Download, ENTRIES_PER_LIFE, MessageFate};
use domain::hashed::{
    AddressHash, CodeHash, LinkHash, ReferenceHash, SealedReference, SessionHash,
};
use domain::id::{DeliveryId, DocumentId, PracticeId};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::codes::NOT_FOR_GOOD;
use crate::error::StoreError;
use crate::item::{
    Item, Key, address_prefix, from_item, last_op, number, practice_partition, reference_prefix,
    time, to_attribute,
};
use crate::table::Paging;
use crate::{Page, Store};

/// More deliveries than will ever share a reference of 38 bits by chance.
const MOST_ALIKE: i32 = 25;

/// A delivery, where it lies, and the hash of its code.
#[derive(Clone, Debug)]
pub struct StoredDelivery {
    /// Where it lies.
    pub link: LinkHash,
    /// Its facts.
    pub delivery: Delivery,
    /// What a code is compared with.
    pub code: CodeHash,
    /// Its reference, for the message of L6a.
    pub sealed_reference: SealedReference,
}

/// Where the delivery of an id lies.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeliveryPointer {
    pub(crate) link: LinkHash,
}

impl StoredDelivery {
    /// L6: the version of a new code whose message has been under way for too long, so that it holds alone.
    pub fn overdue_code(&self, now: Timestamp) -> Option<u32> {
        let next = self.delivery.next_code.as_ref()?;
        (now >= next.deadline).then_some(next.version)
    }

    pub(crate) fn from_item(link: &LinkHash, item: Item) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Unreadable("delivery");
        let code = item.get("code").cloned().ok_or_else(unreadable)?;
        let sealed = item
            .get("reference_sealed")
            .and_then(|sealed| sealed.as_s().ok())
            .ok_or_else(unreadable)?;
        Ok(Self {
            link: link.clone(),
            code: serde_dynamo::from_attribute_value(code).map_err(|_| unreadable())?,
            sealed_reference: SealedReference::new(sealed.clone()),
            delivery: from_item(item, "delivery")?,
        })
    }
}

impl Store {
    /// The delivery of a link; `links` are the places where it may lie, one for each live key.
    pub async fn delivery(&self, links: &[LinkHash]) -> Result<Option<StoredDelivery>, StoreError> {
        let keys: Vec<Key> = links.iter().map(Key::delivery).collect();
        let item = match keys.as_slice() {
            [only] => self.get(only).await?,
            several => self.get_all(several).await?.pop(),
        };
        let Some(item) = item else { return Ok(None) };
        let at = keys
            .iter()
            .position(|key| key.is_of(&item))
            .ok_or(StoreError::Unreadable("delivery"))?;
        StoredDelivery::from_item(&links[at], item).map(Some)
    }

    /// The delivery of this id, if it is the practice's.
    pub async fn delivery_of_practice(
        &self,
        practice: &PracticeId,
        id: &DeliveryId,
    ) -> Result<Option<StoredDelivery>, StoreError> {
        let Some(pointer) = self.get(&Key::delivery_pointer(practice, id)).await? else {
            return Ok(None);
        };
        let DeliveryPointer { link } = from_item(pointer, "delivery")?;
        self.delivery(&[link]).await
    }

    /// A page of a practice's deliveries, newest first; fewer than `limit` where time has tidied some away.
    pub async fn deliveries(
        &self,
        practice: &PracticeId,
        limit: i32,
        cursor: Option<String>,
    ) -> Result<Page<Delivery>, StoreError> {
        self.pointed_to(practice, "DELIVERY#", limit, cursor).await
    }

    /// The deliveries of a reference, hashed under each live key: none or one, two by chance.
    pub async fn deliveries_of_reference(
        &self,
        practice: &PracticeId,
        references: &[ReferenceHash],
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut found = Vec::new();
        for reference in references {
            let prefix = reference_prefix(reference);
            let page = self.pointed_to(practice, &prefix, MOST_ALIKE, None).await?;
            found.extend(page.items.into_iter().map(|(_, delivery)| delivery));
        }
        Ok(found)
    }

    /// Every delivery that went to an e-mail address or number, hashed under each live key, as long as the table keeps it.
    pub async fn deliveries_to_address(
        &self,
        practice: &PracticeId,
        addresses: &[AddressHash],
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut found = Vec::new();
        for address in addresses {
            let prefix = address_prefix(address);
            let mut cursor = None;
            loop {
                let page = self.pointed_to(practice, &prefix, 100, cursor).await?;
                found.extend(page.items.into_iter().map(|(_, delivery)| delivery));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// The last delivery that went to an e-mail address or number, hashed under each live key, if the table still keeps it.
    pub async fn last_delivery_to_address(
        &self,
        practice: &PracticeId,
        addresses: &[AddressHash],
    ) -> Result<Option<Delivery>, StoreError> {
        let mut last: Option<Delivery> = None;
        for address in addresses {
            let page = self
                .pointed_to(practice, &address_prefix(address), 1, None)
                .await?;
            let found = page.items.into_iter().map(|(_, delivery)| delivery);
            last = last.into_iter().chain(found).max_by_key(|d| d.created_at);
        }
        Ok(last)
    }

    /// A page of the deliveries that a practice's pointers of this prefix lead to.
    async fn pointed_to(
        &self,
        practice: &PracticeId,
        prefix: &str,
        limit: i32,
        cursor: Option<String>,
    ) -> Result<Page<Delivery>, StoreError> {
        let rows: Page<DeliveryPointer> = self
            .list(
                practice_partition(practice),
                prefix,
                Paging::backward(limit, cursor),
                "delivery",
            )
            .await?;
        let links = rows.items.iter().map(|(_, pointer)| &pointer.link);
        let keys: Vec<Key> = links.map(Key::delivery).collect();
        let items = if keys.is_empty() {
            Vec::new()
        } else {
            self.get_all(&keys).await?
        };
        let mut deliveries = Vec::with_capacity(items.len());
        for item in items {
            let delivery: Delivery = from_item(item, "delivery")?;
            deliveries.push((delivery.id.to_string(), delivery));
        }
        deliveries.sort_by(|(a, _), (b, _)| b.cmp(a));
        Ok(Page {
            items: deliveries,
            next: rows.next,
        })
    }

    /// L7: the practice takes it back; a second time changes nothing.
    pub async fn revoke(&self, link: &LinkHash, op: &Op) -> Result<(), StoreError> {
        let update = self
            .update(&Key::delivery(link))
            .update_expression("SET revoked_at = :now, last_op = :op")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(revoked_at)")
            .expression_attribute_values(":now", time(op.at))
            .expression_attribute_values(":op", last_op(op, Action::Revoked, Outcome::Done)?);
        self.change(update).await.map(drop)
    }

    /// L7: whoever got the e-mail by mistake said so. `false` if something had closed the delivery for good by then.
    pub async fn report(
        &self,
        link: &LinkHash,
        now: Timestamp,
        op: &Op,
    ) -> Result<bool, StoreError> {
        let update = self
            .update(&Key::delivery(link))
            .update_expression("SET reported_at = :now, last_op = :op")
            .condition_expression(NOT_FOR_GOOD)
            .expression_attribute_names("#documents", "documents")
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":life_limit", number(ENTRIES_PER_LIFE))
            .expression_attribute_values(":op", last_op(op, Action::Reported, Outcome::Done)?);
        self.change(update).await.map(|changed| changed.is_some())
    }

    /// L7: a deleted document leaves the delivery; the delivery without any counts as revoked.
    pub async fn drop_document(
        &self,
        link: &LinkHash,
        document: &DocumentId,
        op: &Op,
    ) -> Result<(), StoreError> {
        let mut done = LastOp::new(op, Action::DocumentWithdrawn, Outcome::Done);
        done.document = Some(document.clone());
        let update = self
            .update(&Key::delivery(link))
            .update_expression("SET last_op = :op DELETE #documents :gone")
            .expression_attribute_names("#documents", "documents")
            .expression_attribute_values(":gone", AttributeValue::Ss(vec![document.to_string()]))
            .expression_attribute_values(":op", to_attribute(&done)?);
        self.change_existing(update).await.map(drop)
    }

    /// What became of the message on the second channel.
    pub async fn set_message_fate(
        &self,
        link: &LinkHash,
        fate: &MessageFate,
        op: &Op,
    ) -> Result<(), StoreError> {
        let outcome = match fate {
            MessageFate::Accepted { .. } => Some(Outcome::Accepted),
            MessageFate::Refused { .. } => Some(Outcome::Refused),
            MessageFate::Unknown => Some(Outcome::Unknown),
            MessageFate::None => None,
        };
        let mut update = self
            .update(&Key::delivery(link))
            .expression_attribute_names("#message", "message")
            .expression_attribute_values(":fate", to_attribute(fate)?);
        update = match outcome {
            Some(outcome) => update
                .update_expression("SET #message = :fate, last_op = :op")
                .expression_attribute_values(":op", last_op(op, Action::Message, outcome)?),
            // Nothing was sent, so that there is nothing to tell of it.
            None => update.update_expression("SET #message = :fate"),
        };
        self.change_existing(update).await.map(drop)
    }

    /// P7: the session was used just now, for a download or not. `false` if there is no such session any more.
    pub async fn touch_session(
        &self,
        delivery: &StoredDelivery,
        session: &SessionHash,
        download: Option<(&Download, &Op)>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut update = self
            .update(&Key::delivery(&delivery.link))
            .expression_attribute_names("#sessions", "sessions")
            .expression_attribute_names("#session", session.as_str())
            .expression_attribute_values(":now", time(now));
        let mut set = "SET #sessions.#session.seen_at = :now".to_owned();
        if let Some((download, op)) = download {
            let mut done = LastOp::new(op, Action::Downloaded, Outcome::Done);
            done.document = Some(download.document.clone());
            set.push_str(", last_op = :op");
            update = update.expression_attribute_values(":op", to_attribute(&done)?);
            if delivery.delivery.downloads.len() < DOWNLOADS_KEPT {
                set.push_str(", downloads = list_append(downloads, :download)");
                update =
                    update.expression_attribute_values(":download", to_attribute(&[download])?);
            }
        }
        let update = update.update_expression(set);
        let update = update.condition_expression("attribute_exists(#sessions.#session)");
        self.change(update).await.map(|changed| changed.is_some())
    }

    /// P7: "Done". A session that is gone already stays gone.
    pub async fn end_session(
        &self,
        link: &LinkHash,
        session: &SessionHash,
        op: &Op,
    ) -> Result<(), StoreError> {
        let update = self
            .update(&Key::delivery(link))
            .update_expression("SET last_op = :op REMOVE #sessions.#session")
            .expression_attribute_values(":op", last_op(op, Action::SessionEnded, Outcome::Done)?)
            .expression_attribute_names("#sessions", "sessions")
            .expression_attribute_names("#session", session.as_str());
        self.change_existing(update).await.map(drop)
    }
}

/// The end of a delivery's item in the table: the 30 days of L8 after `end`.
pub(crate) fn time_to_live(end: Timestamp) -> AttributeValue {
    number(end.plus(domain::delivery::KEPT_AFTER_END).seconds())
}
