//! Sending: a delivery is written as pending, and opened once its e-mail was accepted, closing the earlier ones in the same transaction (L5, D10).

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};
use domain::audit::{Action, Op, Outcome};
use domain::delivery::{Delivery, KEPT_AFTER_END, PENDING, SentIn, l5_is_superseded};
use domain::hashed::{AddressHash, LinkHash, ReferenceHash};
use domain::id::{DeliveryId, RunId};
use domain::time::Timestamp;

use crate::deliveries::{DeliveryPointer, time_to_live};
use crate::error::StoreError;
use crate::item::{Item, Key, last_op, text, time, to_attribute, to_item, with_op};
use crate::practices::put_new;
use crate::requests::{IdempotencyKey, repeated_request};
use crate::run_items::ItemClaim;
use crate::{Store, StoredDelivery, StoredDocument};

/// How many superseded deliveries a document remembers: its item must not grow without end.
const SUPERSEDED_REMEMBERED: usize = 300;

/// A delivery that is about to be sent.
#[derive(Debug)]
pub struct PendingDelivery<'a> {
    /// Its facts and the hash of its code, and where it will lie.
    pub stored: &'a StoredDelivery,
    /// The name of the look-up key that places it there.
    pub lookup_key: &'a str,
    /// Where the older look-up keys would place it: a draft that was sent under one of them lies there.
    pub older_links: &'a [LinkHash],
    /// Its reference, hashed.
    pub reference: &'a ReferenceHash,
    /// Where its e-mail and message go, hashed.
    pub addresses: &'a [AddressHash],
    /// What keeps it from being sent twice.
    pub once: Once<'a>,
    /// Who sends.
    pub op: &'a Op,
}

/// What keeps a delivery from being sent twice, written together with it.
#[derive(Clone, Copy, Debug)]
pub enum Once<'a> {
    /// The request that it answers.
    Request(&'a IdempotencyKey),
    /// The item of a run that it is.
    Item(&'a ItemClaim),
}

/// Why a pending delivery was not written; nothing else was either.
#[derive(Debug)]
pub enum PendingFailure {
    /// The same request was made before and became this delivery.
    Repeated(String),
    /// The same idempotency key was used with another body.
    Mismatch,
    /// There already is a delivery of this link: a draft can be sent once.
    Taken,
    /// Somebody else has taken the item of the run up, or the run was cancelled.
    NotOurs,
    /// The table.
    Store(StoreError),
}

/// What opening a delivery needs.
#[derive(Debug)]
pub struct Opening<'a> {
    /// Where it lies.
    pub link: &'a LinkHash,
    /// Its facts, as written when it was pending.
    pub delivery: &'a Delivery,
    /// What the mail provider said.
    pub message_id: &'a str,
    /// When the e-mail was accepted.
    pub accepted_at: Timestamp,
    /// L1; of an unprotected delivery, until when it is remembered.
    pub expires_at: Timestamp,
    /// L5: spares deliveries to other recipients.
    pub keep_earlier: bool,
    /// L5: where earlier deliveries lie that are closed already, by whatever closed them.
    pub closed_before: &'a BTreeSet<LinkHash>,
    /// L5: the run that it belongs to.
    pub run: Option<&'a RunId>,
    /// Who sends.
    pub op: &'a Op,
}

/// Which deliveries an opened one closed (L5).
#[derive(Debug)]
pub struct Opened {
    /// Their ids.
    pub superseded: Vec<DeliveryId>,
}

/// Why an accepted delivery could not be opened. It must then be closed as not sent.
#[derive(Debug)]
pub enum OpenFailure {
    /// It took more than a minute, a document was deleted in between, or it would close more than a transaction holds.
    Refused,
    /// The table.
    Store(StoreError),
}

impl Store {
    /// D10, first write: the delivery as pending, its place, and the request that it answers; all or nothing.
    pub async fn add_pending(&self, pending: &PendingDelivery<'_>) -> Result<(), PendingFailure> {
        let write = self.pending_write(pending).map_err(PendingFailure::Store)?;
        let sent = self.transact_or_say(write).await;
        let Some(refused) = sent.map_err(PendingFailure::Store)? else {
            return Ok(());
        };
        let request = match pending.once {
            Once::Request(request) => request,
            Once::Item(_) => return Err(PendingFailure::NotOurs),
        };
        let earlier = repeated_request(&refused).map_err(PendingFailure::Store)?;
        Err(match earlier {
            // Our own write, whose answer was lost.
            Some(earlier) if earlier.made == pending.stored.delivery.id.as_str() => return Ok(()),
            Some(earlier) if earlier.is_same(request) => PendingFailure::Repeated(earlier.made),
            Some(_) => PendingFailure::Mismatch,
            None if (0..=pending.older_links.len()).any(|at| refused.is_by(at)) => {
                PendingFailure::Taken
            }
            None => PendingFailure::Store(StoreError::Contention),
        })
    }

    fn pending_write(
        &self,
        pending: &PendingDelivery<'_>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let delivery = &pending.stored.delivery;
        let (practice, now) = (&delivery.practice, delivery.created_at);
        let pointer_key = Key::delivery_pointer(practice, &delivery.id);
        let mut pointer = to_item(
            &pointer_key,
            &DeliveryPointer {
                link: pending.stored.link.clone(),
            },
        )?;
        pointer.insert(
            "ttl".to_owned(),
            time_to_live(now.plus_months(domain::delivery::OPEN_MONTHS)),
        );
        let by_address = pending
            .addresses
            .iter()
            .map(|address| Key::address(practice, address, &delivery.id));
        let further: Vec<Key> = [Key::reference(practice, pending.reference, &delivery.id)]
            .into_iter()
            .chain(by_address)
            .collect();
        let mut write = vec![put_new(&self.table, delivery_item(pending)?)?];
        if let Once::Request(_) = pending.once {
            for link in pending.older_links {
                write.push(self.nothing_at(link)?);
            }
        }
        for key in &further {
            let mut same = pointer.clone();
            same.extend(key.attributes());
            write.push(put_new(&self.table, same)?);
        }
        write.push(put_new(&self.table, pointer)?);
        write.extend(match pending.once {
            Once::Request(request) => {
                self.request_writes(practice, request, delivery.id.as_str(), now)?
            }
            Once::Item(claim) => self.claim_writes(claim, &delivery.id, &pending.stored.link)?,
        });
        Ok(write)
    }

    fn nothing_at(&self, link: &LinkHash) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(Key::delivery(link).attributes()))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// D10: the e-mail was refused, for this reason, or nobody knows. Closed for good, whatever else happens; an open delivery stays open.
    pub async fn set_not_sent(
        &self,
        link: &LinkHash,
        refused_because: Option<&str>,
        now: Timestamp,
        op: &Op,
    ) -> Result<(), StoreError> {
        let outcome = match refused_because {
            Some(_) => Outcome::Refused,
            None => Outcome::Unknown,
        };
        let mut update = self
            .update(&Key::delivery(link))
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(sent_at)")
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":op", last_op(op, Action::Email, outcome)?);
        update = match refused_because {
            Some(reason) => update
                .update_expression("SET not_sent_at = if_not_exists(not_sent_at, :now), last_op = :op, email_refused_because = :reason")
                .expression_attribute_values(":reason", text(reason)),
            None => update.update_expression("SET not_sent_at = if_not_exists(not_sent_at, :now), last_op = :op"),
        };
        self.change(update).await.map(drop)
    }

    /// L5: opens a delivery whose e-mail was accepted, and closes in the same transaction every earlier one in which its documents were sent, if it is not closed already.
    ///
    /// Of two at once, the loser reads again and commits again, and so closes the other.
    pub async fn open_delivery(&self, opening: &Opening<'_>) -> Result<Opened, OpenFailure> {
        let delivery = opening.delivery;
        for _ in 0..8 {
            let documents = self
                .documents(&delivery.practice, &delivery.record, &delivery.documents)
                .await
                .map_err(OpenFailure::Store)?;
            if documents.len() < delivery.documents.len()
                || documents.iter().any(|d| d.document.deleted_at.is_some())
            {
                return Err(OpenFailure::Refused);
            }
            let (write, superseded) = self
                .opening_write(opening, &documents)
                .map_err(OpenFailure::Store)?;
            if write.len() > 100 {
                return Err(OpenFailure::Refused);
            }
            match self.transact_or_say(write).await {
                Ok(None) => return Ok(Opened { superseded }),
                Ok(Some(refused)) if refused.is_by(0) => return Err(OpenFailure::Refused),
                // Another one was faster at a document, or is at it: the e-mail is out, so that it is worth another look.
                Ok(Some(_)) | Err(StoreError::Contention) => {}
                Err(error) => return Err(OpenFailure::Store(error)),
            }
        }
        Err(OpenFailure::Store(StoreError::Contention))
    }

    fn opening_write(
        &self,
        opening: &Opening<'_>,
        documents: &[StoredDocument],
    ) -> Result<(Vec<TransactWriteItem>, Vec<DeliveryId>), StoreError> {
        let Opening {
            link,
            delivery,
            accepted_at,
            expires_at,
            ..
        } = opening;
        let own = SentIn {
            link: (*link).clone(),
            delivery: delivery.id.clone(),
            recipient: delivery.recipient.clone(),
            expires_at: *expires_at,
            // D6: there is no page that a later sending could close; but a deleted document leaves this delivery too.
            superseded: delivery.unprotected,
            run: opening.run.cloned(),
        };
        let mut write = vec![self.open_write(opening)?];
        let mut superseded = BTreeMap::new();
        for stored in documents {
            let mut sent_in = remembered(&stored.sent_in, *accepted_at);
            for earlier in &mut sent_in {
                if l5_is_superseded(
                    earlier,
                    &delivery.recipient,
                    opening.run,
                    opening.keep_earlier,
                    *accepted_at,
                ) {
                    earlier.superseded = true;
                    if !opening.closed_before.contains(&earlier.link) {
                        superseded.insert(earlier.link.clone(), earlier.delivery.clone());
                    }
                }
            }
            sent_in.push(own.clone());
            write.push(self.remember_sending(&delivery.practice, stored, &sent_in)?);
        }
        for link in superseded.keys() {
            write.push(self.supersede_write(link, *accepted_at, opening.op)?);
        }
        Ok((write, superseded.into_values().collect()))
    }

    /// A delivery left pending for a minute already counts as not sent and stays so.
    fn open_write(&self, opening: &Opening<'_>) -> Result<TransactWriteItem, StoreError> {
        let now = opening.accepted_at;
        let mut set =
            "SET sent_at = :now, email_message_id = :message_id, #ttl = :ttl, last_op = :op"
                .to_owned();
        let mut update = Update::builder();
        if !opening.delivery.unprotected {
            set.push_str(", expires_at = :end");
            update = update.expression_attribute_values(":end", time(opening.expires_at));
        }
        let update = update
            .table_name(&self.table)
            .set_key(Some(Key::delivery(opening.link).attributes()))
            .update_expression(set)
            .condition_expression("attribute_not_exists(sent_at) AND attribute_not_exists(not_sent_at) AND created_at > :pending")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":message_id", text(opening.message_id))
            .expression_attribute_values(":ttl", time_to_live(opening.expires_at))
            .expression_attribute_values(":pending", time(now.plus(-PENDING)))
            .expression_attribute_values(":op", last_op(opening.op, Action::Email, Outcome::Accepted)?)
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn supersede_write(
        &self,
        link: &LinkHash,
        now: Timestamp,
        op: &Op,
    ) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::delivery(link).attributes()))
            .update_expression(
                "SET superseded_at = if_not_exists(superseded_at, :now), last_op = :op",
            )
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":op", last_op(op, Action::Superseded, Outcome::Done)?)
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// The delivery's item: its facts, its documents as a set that loses members, and the hashes of its secrets.
fn delivery_item(pending: &PendingDelivery<'_>) -> Result<Item, StoreError> {
    let StoredDelivery {
        link,
        delivery,
        code,
        sealed_reference,
    } = pending.stored;
    let mut item = to_item(&Key::delivery(link), delivery)?;
    let documents = delivery.documents.iter().map(ToString::to_string).collect();
    item.insert("documents".to_owned(), AttributeValue::Ss(documents));
    item.insert("code".to_owned(), to_attribute(code)?);
    item.insert(
        "reference_sealed".to_owned(),
        text(sealed_reference.as_str()),
    );
    item.insert("lookup_key".to_owned(), text(pending.lookup_key));
    item.insert("ttl".to_owned(), time_to_live(delivery.created_at));
    with_op(item, pending.op, Action::Email, Outcome::UnderWay)
}

/// The sendings that a document still remembers: those whose page can still say something, of the superseded ones the newest.
fn remembered(sent_in: &[SentIn], now: Timestamp) -> Vec<SentIn> {
    let kept = || {
        let told = |earlier: &&SentIn| now < earlier.expires_at.plus(KEPT_AFTER_END);
        sent_in.iter().filter(told)
    };
    let superseded = kept().filter(|earlier| earlier.superseded).count();
    let mut forgotten = superseded.saturating_sub(SUPERSEDED_REMEMBERED);
    kept()
        .filter(|earlier| {
            let is_forgotten = earlier.superseded && forgotten > 0;
            forgotten -= usize::from(is_forgotten);
            !is_forgotten
        })
        .cloned()
        .collect()
}
