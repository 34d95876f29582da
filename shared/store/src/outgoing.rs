//! What practices are yet to be told, and the queue of what is due: looks at deliveries whose time has come, and attempts at telling.
//!
//! A row of the queue may lie there once too often, never once too rarely: what it stands for decides whether anything is to be done.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::audit::Op;
use domain::hashed::LinkHash;
use domain::id::{OpId, PracticeId};
use domain::outgoing::{ATTEMPT_UNDER_WAY, Outgoing};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::StoreError;
use crate::item::{Item, Key, from_item, number, text, time, to_item};
use crate::practices::put_new;

/// One row of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    sort: String,
    /// What is to be done.
    pub task: DueTask,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum DueTask {
    /// See what the clock has brought about.
    Look {
        /// Where the delivery lies.
        link: LinkHash,
    },
    /// Tell a practice something.
    Tell {
        /// The tenant.
        practice: PracticeId,
        /// The message's name.
        name: String,
    },
}

/// What became of an attempt to begin an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is ours.
    Claimed(Outgoing, Attempt),
    /// Somebody else's is under way, or the next is not due yet.
    Waiting,
    /// There is nothing to be told any more.
    Done,
}

/// An attempt at telling that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The first is 1.
    pub number: usize,
    /// Whether it is known of every earlier one that it came to nothing; else one of them may have been told.
    pub earlier_failed: bool,
}

/// A message as the table holds it.
#[derive(Serialize, Deserialize)]
struct Message {
    outgoing: Outgoing,
    attempts: usize,
    /// How many attempts are known to have come to nothing.
    #[serde(default)]
    failed: usize,
    /// Who began the last attempt.
    #[serde(default)]
    begun_by: Option<OpId>,
    next_at: Timestamp,
    done_at: Option<Timestamp>,
}

impl Store {
    /// Notes something to be told from `now` on; `false` if it was noted before, told or not. It is remembered until `kept_until`.
    pub async fn note_outgoing(
        &self,
        outgoing: &Outgoing,
        now: Timestamp,
        kept_until: Timestamp,
    ) -> Result<bool, StoreError> {
        let (practice, name) = (&outgoing.practice, outgoing.name());
        let message = Message {
            outgoing: outgoing.clone(),
            attempts: 0,
            failed: 0,
            begun_by: None,
            next_at: now,
            done_at: None,
        };
        let mut item = to_item(&Key::outgoing(practice, &name), &message)?;
        item.insert("ttl".to_owned(), time(kept_until));
        let due = Put::builder()
            .table_name(&self.table)
            .set_item(Some(tell_row(practice, &name, now)?))
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        self.transact(vec![
            put_new(&self.table, item)?,
            TransactWriteItem::builder().put(due).build(),
        ])
        .await
    }

    /// Notes that a delivery is to be looked at then. A second time changes nothing.
    pub async fn look_later(&self, link: &LinkHash, at: Timestamp) -> Result<(), StoreError> {
        let task = DueTask::Look { link: link.clone() };
        self.put(to_item(&Key::due(at, &format!("LOOK#{link}")), &task)?)
            .await
    }

    /// What is due at `now`, the longest overdue first; rows that this version cannot read are left alone.
    pub async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, StoreError> {
        self.rows_before(Key::due(now.plus(1), ""), limit, row)
            .await
    }

    /// Puts a row off until `at`, behind what is due before.
    pub async fn put_off_due(&self, due: &Due, at: Timestamp) -> Result<(), StoreError> {
        let name = due.sort.split_once('#').map_or("", |(_, name)| name);
        self.put(to_item(&Key::due(at, name), &due.task)?).await?;
        self.forget_due(due).await
    }

    /// Takes a row out of the queue.
    pub async fn forget_due(&self, due: &Due) -> Result<(), StoreError> {
        self.delete(&Key::of_queue(due.sort.clone()))
            .await
            .map(drop)
    }

    /// Begins an attempt at telling, in one conditional write: of any number at once, one is begun.
    ///
    /// It is still ours where the answer to the write was lost and the write was repeated.
    pub async fn claim_outgoing(
        &self,
        practice: &PracticeId,
        name: &str,
        op: &Op,
    ) -> Result<Claim, StoreError> {
        let key = Key::outgoing(practice, name);
        let update = self
            .update(&key)
            .update_expression("SET attempts = attempts + :one, next_at = :until, begun_by = :us")
            .condition_expression(
                "attribute_exists(pk) AND next_at <= :now AND attribute_not_exists(done_at)",
            )
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", time(op.at))
            .expression_attribute_values(":until", time(op.at.plus(ATTEMPT_UNDER_WAY)))
            .expression_attribute_values(":us", text(op.id.as_str()));
        let item = match self.change(update).await? {
            Some(item) => item,
            None => match self.get(&key).await? {
                Some(item) => item,
                None => return Ok(Claim::Done),
            },
        };
        let message: Message = from_item(item, "outgoing message")?;
        if message.done_at.is_some() {
            return Ok(Claim::Done);
        }
        if message.begun_by.as_ref() != Some(&op.id) {
            return Ok(Claim::Waiting);
        }
        let attempt = Attempt {
            number: message.attempts,
            earlier_failed: message.attempts == message.failed + 1,
        };
        Ok(Claim::Claimed(message.outgoing, attempt))
    }

    /// Puts the next attempt off until `at`, for this one came to nothing.
    pub async fn tell_again(
        &self,
        practice: &PracticeId,
        name: &str,
        failed: Attempt,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.put(tell_row(practice, name, at)?).await?;
        let update = self
            .update(&Key::outgoing(practice, name))
            .update_expression("SET next_at = :at, failed = :failed")
            .expression_attribute_values(":at", time(at))
            .expression_attribute_values(":failed", number(failed.number));
        self.change_existing(update).await.map(drop)
    }

    /// Takes back the count of an attempt that was never made. Repeated because its answer was lost, it takes back no second one.
    pub async fn uncount_attempt(
        &self,
        practice: &PracticeId,
        name: &str,
        attempt: Attempt,
        op: &Op,
    ) -> Result<(), StoreError> {
        let update = self
            .update(&Key::outgoing(practice, name))
            .update_expression("SET attempts = attempts - :one")
            .condition_expression("attempts >= :one AND (attempts = :counted OR begun_by <> :us)")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":counted", number(attempt.number))
            .expression_attribute_values(":us", text(op.id.as_str()));
        self.change(update).await.map(drop)
    }

    /// There is nothing more to be told here: it was told, or given up.
    pub async fn finish_outgoing(
        &self,
        practice: &PracticeId,
        name: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let update = self
            .update(&Key::outgoing(practice, name))
            .update_expression("SET done_at = :now")
            .expression_attribute_values(":now", time(now));
        self.change_existing(update).await.map(drop)
    }
}

fn tell_row(practice: &PracticeId, name: &str, at: Timestamp) -> Result<Item, StoreError> {
    let task = DueTask::Tell {
        practice: practice.clone(),
        name: name.to_owned(),
    };
    to_item(&Key::due(at, &format!("{practice}#{name}")), &task)
}

fn row(item: Item) -> Result<Due, StoreError> {
    let sort = item.get("sk").and_then(|sort| sort.as_s().ok()).cloned();
    Ok(Due {
        sort: sort.ok_or(StoreError::Unreadable("due row"))?,
        task: from_item(item, "due row")?,
    })
}
