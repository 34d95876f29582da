//! Entering a code (L4): an attempt is charged before it is judged, and a right entry takes back only its own charge.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::audit::{Action, Op, Outcome};
use domain::delivery::{
    ENTRIES_PER_CODE, ENTRIES_PER_LIFE, STALE_AFTER, Session, WINDOW, l4_wait, oldest_session,
};
use domain::hashed::{LinkHash, SessionHash};
use domain::time::Timestamp;

use crate::clashes::send_through;
use crate::error::StoreError;
use crate::item::{Item, Key, last_op, number, time, to_attribute};
use crate::{Store, StoredDelivery};

/// Nobody closed it. `#documents` goes with the delivery's last document (L7).
const NOT_CLOSED: &str = "v = :v AND attribute_exists(sent_at) AND attribute_not_exists(not_sent_at) \
     AND attribute_not_exists(revoked_at) AND attribute_not_exists(reported_at) \
     AND attribute_not_exists(superseded_at) AND attribute_exists(#documents) \
     AND expires_at > :now AND (attribute_not_exists(opened_at) OR opened_at > :window)";

/// What became of an attempt to enter a code.
#[derive(Debug)]
pub enum Charge {
    /// It is charged; now it may be judged. The delivery as it is with the charge.
    Charged(StoredDelivery),
    /// It is neither charged nor judged; the delivery says why.
    Refused(StoredDelivery),
    /// There is no such delivery.
    Unknown,
}

/// What became of a right entry.
#[derive(Debug)]
pub enum Commit {
    /// The session is open.
    Opened(StoredDelivery),
    /// Something ended the delivery in between; the delivery says what.
    Refused(StoredDelivery),
}

/// A session to be opened by a right entry.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// What the browser will hold, hashed.
    pub hash: &'a SessionHash,
    /// When.
    pub now: Timestamp,
}

impl Store {
    /// L4: charges one attempt, if one may be made at `now`, in one conditional write.
    ///
    /// A repeat by the SDK may charge twice; that errs on the safe side.
    pub async fn charge_entry(
        &self,
        links: &[LinkHash],
        now: Timestamp,
        op: &Op,
    ) -> Result<Charge, StoreError> {
        for link in links {
            // A second round only where a new code's message has been under way for too long.
            for _ in 0..2 {
                match send(self.charge(link, now, op)?, link).await? {
                    Changed::Yes(delivery) => return Ok(Charge::Charged(delivery)),
                    Changed::No(Some(delivery)) => match delivery.overdue_code(now) {
                        Some(version) => self.promote_overdue_code(link, version, op).await?,
                        None => return Ok(Charge::Refused(delivery)),
                    },
                    Changed::No(None) => break,
                }
            }
        }
        Ok(Charge::Unknown)
    }

    fn charge(
        &self,
        link: &LinkHash,
        now: Timestamp,
        op: &Op,
    ) -> Result<UpdateItemFluentBuilder, StoreError> {
        let update = self
            .judged_update(link, now)
            .update_expression(
                "SET last_wrong_at = :now, last_op = :op ADD wrong_for_code :one, wrong_in_life :one, wrong_in_row :one",
            )
            .condition_expression(format!("{NOT_CLOSED} AND {}", entry_condition()))
            .expression_attribute_values(":op", last_op(op, Action::Entry, Outcome::UnderWay)?)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":code_limit", number(ENTRIES_PER_CODE))
            .expression_attribute_values(":life_limit", number(ENTRIES_PER_LIFE))
            .expression_attribute_values(":stale", time(now.plus(-STALE_AFTER)));
        Ok(with_wait_values(update, now))
    }

    /// L2: a right entry opens the delivery (its first one starts the window) and a session, and takes back its charge.
    ///
    /// `charged` is the delivery as the charge left it. Safe to repeat: the session's hash marks its own success.
    pub async fn commit_entry(
        &self,
        charged: &StoredDelivery,
        session: NewSession<'_>,
        op: &Op,
    ) -> Result<Commit, StoreError> {
        let opened = Session {
            created_at: session.now,
            seen_at: session.now,
        };
        let mut seen = charged.clone();
        for _ in 0..4 {
            let oldest = oldest_session(&seen.delivery).cloned();
            // Where another entry has ended the oldest meanwhile, ending it again would make room for nobody.
            let (remove, is_there) = if oldest.is_some() {
                (
                    " REMOVE #sessions.#oldest",
                    " AND attribute_exists(#sessions.#oldest)",
                )
            } else {
                ("", "")
            };
            let mut update = self
                .judged_update(&charged.link, session.now)
                .update_expression(format!(
                    "SET opened_at = if_not_exists(opened_at, :now), wrong_in_row = :zero, #sessions.#session = :session, last_op = :op \
                     ADD wrong_for_code :back, wrong_in_life :back{remove}"
                ))
                .condition_expression(format!(
                    "{NOT_CLOSED} AND code_version = :code_version AND attribute_not_exists(#sessions.#session) AND size(#sessions) = :sessions{is_there}"
                ))
                .expression_attribute_names("#sessions", "sessions")
                .expression_attribute_names("#session", session.hash.as_str())
                .expression_attribute_values(":session", to_attribute(&opened)?)
                .expression_attribute_values(":sessions", number(seen.delivery.sessions.len()))
                .expression_attribute_values(":code_version", number(charged.delivery.code_version))
                .expression_attribute_values(":back", number(-1))
                .expression_attribute_values(":zero", number(0))
                .expression_attribute_values(":op", last_op(op, Action::Entry, Outcome::Right)?);
            if let Some(oldest) = oldest {
                update = update.expression_attribute_names("#oldest", oldest);
            }
            match send(update, &charged.link).await? {
                Changed::Yes(delivery) => return Ok(Commit::Opened(delivery)),
                Changed::No(None) => return Ok(Commit::Refused(seen)),
                Changed::No(Some(delivery))
                    if delivery
                        .delivery
                        .sessions
                        .contains_key(session.hash.as_str()) =>
                {
                    return Ok(Commit::Opened(delivery));
                }
                Changed::No(Some(delivery))
                    if delivery
                        .delivery
                        .sessions
                        .keys()
                        .eq(seen.delivery.sessions.keys()) =>
                {
                    return Ok(Commit::Refused(delivery));
                }
                // Another right entry came in between and changed the sessions: look again.
                Changed::No(Some(delivery)) => seen = delivery,
            }
        }
        Err(StoreError::Contention)
    }

    fn judged_update(&self, link: &LinkHash, now: Timestamp) -> UpdateItemFluentBuilder {
        self.update(&Key::delivery(link))
            .expression_attribute_names("#documents", "documents")
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":window", time(now.plus(-WINDOW)))
    }
}

/// L3 and L4 as a condition: each length of the row of wrong entries with its own wait.
fn entry_condition() -> String {
    let rows: Vec<String> = waiting_rows()
        .map(|row| format!("(wrong_in_row = :row{row} AND last_wrong_at <= :free{row})"))
        .collect();
    format!(
        "(attribute_not_exists(next_code) OR next_code.deadline > :now) \
         AND wrong_for_code < :code_limit AND wrong_in_life < :life_limit \
         AND (wrong_in_row = :zero OR last_wrong_at >= :stale) \
         AND (wrong_in_row < :first_row OR {})",
        rows.join(" OR ")
    )
}

fn with_wait_values(update: UpdateItemFluentBuilder, now: Timestamp) -> UpdateItemFluentBuilder {
    waiting_rows().fold(
        update.expression_attribute_values(":first_row", number(waiting_rows().start)),
        |update, row| {
            update
                .expression_attribute_values(format!(":row{row}"), number(row))
                .expression_attribute_values(format!(":free{row}"), time(now.plus(-l4_wait(row))))
        },
    )
}

/// The lengths of a row after which L4 makes wait; the tenth wrong entry closes.
fn waiting_rows() -> std::ops::Range<u32> {
    3..ENTRIES_PER_CODE
}

enum Changed {
    Yes(StoredDelivery),
    /// The condition did not hold; the item as it is, if there is one.
    No(Option<StoredDelivery>),
}

/// Sends the update, and tells from the losing item why it lost, without another read.
async fn send(update: UpdateItemFluentBuilder, link: &LinkHash) -> Result<Changed, StoreError> {
    let update = update
        .return_values(ReturnValue::AllNew)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let sent = send_through(
        || update.clone().send(),
        UpdateItemError::is_transaction_conflict_exception,
    );
    let read = |item: Item| StoredDelivery::from_item(link, item);
    match sent.await {
        Ok(updated) => read(updated.attributes.unwrap_or_default()).map(Changed::Yes),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(lost)) => {
                let item = lost.item.clone().filter(|item| !item.is_empty());
                item.map(read).transpose().map(Changed::No)
            }
            _ => Err(StoreError::unavailable("UpdateItem")(error)),
        },
    }
}
