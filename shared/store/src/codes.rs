//! New codes for a delivery that was sent (L6, L6a).
//!
//! A code that a patient asks for waits in a slot of its own until the fate of its message is known; until then the old one is judged.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use domain::audit::{Action, Op, Outcome};
use domain::delivery::{
    CODE_UNDER_WAY, Delivery, ENTRIES_PER_LIFE, NextCode, Session, l2_window_end,
};
use domain::hashed::{CodeHash, LinkHash, NumberHash};
use domain::time::{DAY, Timestamp};

use crate::error::StoreError;
use crate::item::{Key, last_op, number, time, to_attribute};
use crate::requests::{IdempotencyKey, repeated_request};
use crate::{Store, StoredDelivery};

/// Messages that patients may ask for in a day: for one number, and for one practice. Against abuse of other people's money and phones.
pub(crate) const PER_NUMBER_AND_DAY: u32 = 20;
/// See [`PER_NUMBER_AND_DAY`].
pub(crate) const PER_PRACTICE_AND_DAY: u32 = 200;

/// What makes a new code the present one: everything that counts per code starts anew.
const ANEW: &str = "wrong_for_code = :zero, wrong_in_row = :zero";
const OVER: &str = "last_wrong_at, opened_at, next_code, next_code_hash";

/// What became of reserving a new code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// The slot is taken: the message may go out.
    Yes,
    /// Somebody changed the delivery in between: look again.
    Changed,
    /// The day's cap of the number or the practice is reached.
    CapReached,
}

/// What became of replacing a code (L6a).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// The new code holds.
    Yes,
    /// Somebody changed the delivery in between: look again.
    Changed,
    /// The same request was made before.
    Repeated,
    /// The same idempotency key was used with another body.
    Mismatch,
}

impl Store {
    /// L6: puts a new code into the slot and counts the request, for the delivery and for the day's caps; all or nothing.
    ///
    /// `seen` is the delivery as it was judged; if it is no longer like that, nothing is written.
    pub async fn reserve_code(
        &self,
        seen: &StoredDelivery,
        hash: &CodeHash,
        to: &NumberHash,
        now: Timestamp,
        op: &Op,
    ) -> Result<Reserved, StoreError> {
        let delivery = &seen.delivery;
        let caps = [
            (
                Key::day_of_practice(&delivery.practice, now),
                PER_PRACTICE_AND_DAY,
            ),
            (Key::day_of_number(to, now), PER_NUMBER_AND_DAY),
        ];
        let mut writes = vec![self.slot_write(seen, hash, now, op)?];
        for (key, cap) in caps {
            writes.push(self.cap_write(&key, cap, now)?);
        }
        let Some(refused) = self.transact_or_say(writes).await? else {
            return Ok(Reserved::Yes);
        };
        let is_cap = !refused.is_by(0) && (refused.is_by(1) || refused.is_by(2));
        Ok(if is_cap {
            Reserved::CapReached
        } else {
            Reserved::Changed
        })
    }

    /// L6: the message was accepted, or its fate is unknown: the new code holds alone. Safe to repeat.
    pub async fn promote_code(
        &self,
        link: &LinkHash,
        version: u32,
        outcome: Outcome,
        op: &Op,
    ) -> Result<(), StoreError> {
        let said = last_op(op, Action::CodeRequested, outcome)?;
        self.promote(link, version, "", said).await
    }

    /// L6: nobody was left to say what became of the message: the same, and the patient may ask again at once.
    pub async fn promote_overdue_code(
        &self,
        link: &LinkHash,
        version: u32,
        op: &Op,
    ) -> Result<(), StoreError> {
        let said = last_op(&op.by_system(), Action::CodeSettled, Outcome::Unknown)?;
        self.promote(link, version, ", last_request_at", said).await
    }

    async fn promote(
        &self,
        link: &LinkHash,
        version: u32,
        also_over: &str,
        said: AttributeValue,
    ) -> Result<(), StoreError> {
        let update = self
            .slot_update(link, version)
            .update_expression(format!(
                "SET #code = next_code_hash, code_version = :version, {ANEW}, last_op = :op REMOVE {OVER}{also_over}"
            ))
            .expression_attribute_names("#code", "code")
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":op", said);
        self.change(update).await.map(drop)
    }

    /// L6: the message was refused: the old code stays, and the request does not count.
    pub async fn drop_code(
        &self,
        link: &LinkHash,
        next: &NextCode,
        op: &Op,
    ) -> Result<(), StoreError> {
        let refused = last_op(op, Action::CodeRequested, Outcome::Refused)?;
        let update = self
            .slot_update(link, next.version)
            .expression_attribute_values(":one", number(-1))
            .expression_attribute_values(":op", refused);
        let update = match next.previous_request_at {
            Some(previous) => update
                .update_expression(
                    "SET last_request_at = :previous, last_op = :op REMOVE next_code, next_code_hash ADD code_requests :one",
                )
                .expression_attribute_values(":previous", time(previous)),
            None => update.update_expression(
                "SET last_op = :op REMOVE next_code, next_code_hash, last_request_at ADD code_requests :one",
            ),
        };
        self.change(update).await.map(drop)
    }

    /// L6: a cap kept a code from being sent; the practice is told of it by what follows the stream.
    pub async fn note_cap(
        &self,
        link: &LinkHash,
        now: Timestamp,
        op: &Op,
    ) -> Result<(), StoreError> {
        let refused = last_op(op, Action::CodeRequested, Outcome::Refused)?;
        let update = self
            .update(&Key::delivery(link))
            .update_expression("SET capped_at = :now, last_op = :op")
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":op", refused);
        self.change_existing(update).await.map(drop)
    }

    /// L6a: a new code of the practice holds at once, and the request that asked for it is remembered; both or neither.
    pub async fn replace_code(
        &self,
        seen: &StoredDelivery,
        hash: &CodeHash,
        request: &IdempotencyKey,
        now: Timestamp,
        op: &Op,
    ) -> Result<Replaced, StoreError> {
        let delivery = &seen.delivery;
        let ended = ended_sessions(delivery, now);
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::delivery(&seen.link).attributes()))
            .update_expression(format!(
                "SET #code = :hash, code_version = :version, {ANEW}, last_op = :op{ended} REMOVE {OVER}"
            ))
            .condition_expression(format!("{UNCHANGED} AND {NOT_FOR_GOOD}"))
            .expression_attribute_names("#code", "code")
            .expression_attribute_names("#documents", "documents")
            .expression_attribute_values(":hash", to_attribute(hash)?)
            .expression_attribute_values(":version", number(next_version(delivery)))
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":seen", number(delivery.code_version))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":life_limit", number(ENTRIES_PER_LIFE))
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":op", last_op(op, Action::CodeMade, Outcome::Done)?);
        if !ended.is_empty() {
            update = without_sessions(update)?;
        }
        let update = update
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        let mut writes = vec![TransactWriteItem::builder().update(update).build()];
        writes.extend(self.request_writes(
            &delivery.practice,
            request,
            delivery.id.as_str(),
            now,
        )?);
        let Some(refused) = self.transact_or_say(writes).await? else {
            return Ok(Replaced::Yes);
        };
        Ok(match repeated_request(&refused)? {
            Some(earlier) if earlier.is_same(request) => Replaced::Repeated,
            Some(_) => Replaced::Mismatch,
            None => Replaced::Changed,
        })
    }

    fn slot_update(&self, link: &LinkHash, version: u32) -> UpdateItemFluentBuilder {
        self.update(&Key::delivery(link))
            .condition_expression("next_code.version = :version")
            .expression_attribute_values(":version", number(version))
    }

    fn slot_write(
        &self,
        seen: &StoredDelivery,
        hash: &CodeHash,
        now: Timestamp,
        op: &Op,
    ) -> Result<TransactWriteItem, StoreError> {
        let delivery = &seen.delivery;
        let next = next_code(delivery, now);
        let ended = ended_sessions(delivery, now);
        let same_requests = match delivery.last_request_at {
            Some(_) => "last_request_at = :last",
            None => "attribute_not_exists(last_request_at)",
        };
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::delivery(&seen.link).attributes()))
            .update_expression(format!(
                "SET next_code = :next, next_code_hash = :hash, last_request_at = :now, last_op = :op{ended} ADD code_requests :one"
            ))
            .condition_expression(format!(
                "{UNCHANGED} AND {NOT_FOR_GOOD} AND attribute_not_exists(next_code) AND code_requests = :requests AND {same_requests}"
            ))
            .expression_attribute_names("#documents", "documents")
            .expression_attribute_values(":next", to_attribute(&next)?)
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":hash", to_attribute(hash)?)
            .expression_attribute_values(":seen", number(delivery.code_version))
            .expression_attribute_values(":requests", number(delivery.code_requests))
            .expression_attribute_values(":life_limit", number(ENTRIES_PER_LIFE))
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":op", last_op(op, Action::CodeRequested, Outcome::UnderWay)?);
        if let Some(last) = delivery.last_request_at {
            update = update.expression_attribute_values(":last", time(last));
        }
        if !ended.is_empty() {
            update = without_sessions(update)?;
        }
        let update = update
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn cap_write(
        &self,
        key: &Key,
        cap: u32,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression("SET #ttl = :ttl ADD messages :one")
            .condition_expression("attribute_not_exists(messages) OR messages < :cap")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":ttl", time(now.plus(2 * DAY)))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":cap", number(cap))
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// L9: what L2 has ended does not come back when a new code starts the window anew.
fn ended_sessions(delivery: &Delivery, now: Timestamp) -> &'static str {
    let is_used = delivery
        .opened_at
        .is_some_and(|opened| now >= l2_window_end(opened));
    if is_used { ", #sessions = :none" } else { "" }
}

fn without_sessions(update: UpdateBuilder) -> Result<UpdateBuilder, StoreError> {
    let none: BTreeMap<String, Session> = BTreeMap::new();
    Ok(update
        .expression_attribute_names("#sessions", "sessions")
        .expression_attribute_values(":none", to_attribute(&none)?))
}

/// Nobody made another code since the delivery was judged.
const UNCHANGED: &str = "v = :v AND code_version = :seen";

/// What no new code opens again is closed for good; this is not.
pub(crate) const NOT_FOR_GOOD: &str = "attribute_exists(sent_at) AND attribute_not_exists(not_sent_at) \
     AND attribute_not_exists(revoked_at) AND attribute_not_exists(reported_at) \
     AND attribute_not_exists(superseded_at) AND attribute_exists(#documents) \
     AND expires_at > :now AND wrong_in_life < :life_limit";

/// The slot's content for a delivery that is asked a code for at `now`.
pub fn next_code(delivery: &Delivery, now: Timestamp) -> NextCode {
    NextCode {
        version: next_version(delivery),
        deadline: now.plus(CODE_UNDER_WAY),
        previous_request_at: delivery.last_request_at,
    }
}

/// A version that no code of this delivery ever had, so that an entry charged for an older one never commits.
pub fn next_version(delivery: &Delivery) -> u32 {
    delivery
        .next_code
        .as_ref()
        .map_or(delivery.code_version, |next| next.version)
        + 1
}
