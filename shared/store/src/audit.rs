//! The audit: rows projected from the table's stream, each once, and what the erasure of a record leaves in them.
//!
//! Every row lies in its practice's partition and once more in its record's, so that a record's rows are found without reading the others.

use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem};
use data_encoding::HEXLOWER;
use domain::audit::{AUDIT_KEPT, ERASURE_SETTLES, Entry, Op};
use domain::id::{PracticeId, RecordId};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Store;
use crate::changes::Change;
use crate::error::StoreError;
use crate::item::{GONE_KEPT, Item, Key, from_item, number, text, time, to_item};
use crate::table::Page;

/// Rows of an erased record that one transaction rewrites, with three writes each.
const REWRITTEN_AT_ONCE: i32 = 30;
/// Of every row's sort key.
const PREFIX: &str = "AT#";

/// A line of the audit and its place, which is the same however often it is worked out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Whose.
    pub practice: PracticeId,
    /// The request's id, which sorts by time, and a hash of what it did to what.
    id: String,
    /// What is kept.
    pub entry: Entry,
}

impl AuditRow {
    /// The row of a change.
    pub fn of(change: &Change) -> Self {
        let subject = format!("{} {}", change.op.action.name(), change.place);
        let hash = Sha256::digest(subject.as_bytes());
        Self {
            practice: change.practice.clone(),
            id: format!("{}-{}", change.op.id, HEXLOWER.encode(&hash[..8])),
            entry: Entry {
                at: change.op.at,
                actor: change.op.actor.clone(),
                action: change.op.action,
                outcome: change.op.outcome,
                record: change.record.as_ref().map(|id| id.as_str().to_owned()),
                delivery: change.delivery.as_ref().map(|change| change.new.id.clone()),
                document: change.document.clone(),
                key: change.key.clone(),
                run: change.run.as_ref().map(|change| change.run.id.clone()),
            },
        }
    }

    /// Whether both are the same row, whatever came of it.
    pub fn is_same(&self, other: &Self) -> bool {
        self.practice == other.practice && self.id == other.id
    }

    fn key(&self) -> Key {
        Key::audit(&self.practice, &format!("{PREFIX}{}", self.id))
    }

    /// The places of the row: its practice's partition, and its record's.
    fn keys(&self) -> impl Iterator<Item = Key> {
        let copy = self.entry.record.as_ref().map(|record| {
            Key::audit_of_record(&self.practice, record, &format!("{PREFIX}{}", self.id))
        });
        std::iter::once(self.key()).chain(copy)
    }
}

/// A row that waits for an outcome, and where it waits.
#[derive(Debug)]
pub struct AwaitedAudit {
    key: Key,
    row: AuditRow,
}

/// What stands for a record that was erased.
#[derive(Serialize, Deserialize)]
struct Erased {
    alias: String,
    until: Timestamp,
}

impl Store {
    /// Keeps a row; where it is kept already, only an outcome that was taken for granted gives way to a known one.
    pub async fn add_audit(&self, row: &AuditRow) -> Result<(), StoreError> {
        self.write_audit(
            row,
            "attribute_not_exists(pk) OR attribute_exists(settled)",
            false,
        )
        .await
        .map(drop)
    }

    /// Keeps a row with the outcome that counts where none is known, to be settled when it is due.
    pub async fn await_audit(&self, row: &AuditRow, due: Timestamp) -> Result<(), StoreError> {
        self.put(to_item(&Key::awaited(due, &row.id), row)?).await
    }

    /// What is due at `now`, the oldest first; rows that this version cannot read are left alone.
    pub async fn due_audits(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<AwaitedAudit>, StoreError> {
        self.rows_before(Key::awaited(now.plus(1), ""), limit, |item| {
            let key = Key::of(&item).ok_or(StoreError::Unreadable("audit"))?;
            let row = from_item(item, "audit")?;
            Ok(AwaitedAudit { key, row })
        })
        .await
    }

    /// Keeps a row that is due, unless it is known by now what came of it; answers what was kept. Safe to repeat.
    pub async fn settle_audit<'a>(
        &self,
        awaited: &'a AwaitedAudit,
    ) -> Result<Option<&'a Entry>, StoreError> {
        let is_kept = self
            .write_audit(&awaited.row, "attribute_not_exists(pk)", true)
            .await?;
        self.delete(&awaited.key).await?;
        Ok(is_kept.then_some(&awaited.row.entry))
    }

    /// A page of a practice's audit, or of one record's, newest first, from `from` on and before `to`.
    pub async fn audit(
        &self,
        practice: &PracticeId,
        record: Option<&str>,
        (from, to): (Option<Timestamp>, Option<Timestamp>),
        limit: i32,
        cursor: Option<String>,
    ) -> Result<Page<Entry>, StoreError> {
        let place = |sort: &str| match record {
            Some(record) => Key::audit_of_record(practice, record, sort),
            None => Key::audit(practice, sort),
        };
        let bound = |at: Timestamp| format!("{PREFIX}{}", time_of_id(at));
        let first = from.map_or_else(|| PREFIX.to_owned(), bound);
        // Beyond every hexadecimal digit.
        let end = to.map_or_else(|| format!("{PREFIX}g"), bound);
        let start = cursor.map(|cursor| format!("{PREFIX}{cursor}"));
        let start = start.filter(|start| *start < end);
        if end < first || start.as_ref().is_some_and(|start| *start <= first) {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        }
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :partition AND sk BETWEEN :first AND :end")
            .expression_attribute_values(":partition", text(place("").partition))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":end", text(end))
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(limit)
            .set_exclusive_start_key(start.map(|start| place(&start).attributes()))
            .send()
            .await
            .map_err(StoreError::unavailable("Query"))?;
        let name_of = |item: &Item| {
            let sort = item.get("sk")?.as_s().ok()?;
            sort.strip_prefix(PREFIX).map(str::to_owned)
        };
        let next = found.last_evaluated_key.as_ref().and_then(name_of);
        let mut items = Vec::new();
        for item in found.items.unwrap_or_default() {
            let name = name_of(&item).ok_or(StoreError::Unreadable("audit"))?;
            items.push((name, from_item(item, "audit")?));
        }
        Ok(Page { items, next })
    }

    /// Puts an alias in the place of an erased record's id, in every row that names it. Safe to repeat.
    ///
    /// Rows that are projected later get it too: see [`Store::add_audit`].
    pub async fn erase_audit(
        &self,
        practice: &PracticeId,
        record: &RecordId,
    ) -> Result<(), StoreError> {
        let Some(alias) = self.alias_of(practice, record).await? else {
            return Ok(());
        };
        loop {
            let page = self
                .audit(
                    practice,
                    Some(record.as_str()),
                    (None, None),
                    REWRITTEN_AT_ONCE,
                    None,
                )
                .await?;
            let mut writes = Vec::new();
            for (id, entry) in page.items {
                let old = AuditRow {
                    practice: practice.clone(),
                    id,
                    entry,
                };
                let mut new = old.clone();
                new.entry.record = Some(alias.clone());
                for key in new.keys() {
                    writes.push(self.audit_put(&key, &new, None, false)?);
                }
                for copy in old.keys().skip(1) {
                    let delete = Delete::builder()
                        .table_name(&self.table)
                        .set_key(Some(copy.attributes()))
                        .build()
                        .map_err(|_| StoreError::Unreadable("our own"))?;
                    writes.push(TransactWriteItem::builder().delete(delete).build());
                }
            }
            if writes.is_empty() {
                return Ok(());
            }
            self.transact(writes).await?;
        }
    }

    async fn alias_of(
        &self,
        practice: &PracticeId,
        record: &RecordId,
    ) -> Result<Option<String>, StoreError> {
        let found = self.get(&Key::gone_record(practice, record)).await?;
        let erased: Option<Erased> = found.map(|item| from_item(item, "record")).transpose()?;
        Ok(erased.map(|erased| erased.alias))
    }

    /// Writes the row in its places, on condition that its record was not erased in between: then with its alias.
    /// Whether it was written, or the condition kept another.
    async fn write_audit(
        &self,
        row: &AuditRow,
        condition: &str,
        is_settled: bool,
    ) -> Result<bool, StoreError> {
        let mut row = row.clone();
        let mut record: Option<RecordId> = row.entry.record.as_ref().and_then(|id| id.parse().ok());
        for _ in 0..4 {
            let mut writes = Vec::new();
            for (at, key) in row.keys().enumerate() {
                let condition = (at == 0).then_some(condition);
                writes.push(self.audit_put(&key, &row, condition, is_settled)?);
            }
            let checked = writes.len();
            if let Some(record) = &record {
                writes.push(self.not_erased(&row, record)?);
            }
            let Some(refused) = self.transact_or_say(writes).await? else {
                return Ok(true);
            };
            if refused.is_by(0) {
                return Ok(false);
            }
            if refused.is_by(checked)
                && let Some(erased) = record.take()
            {
                row.entry.record = self.alias_of(&row.practice, &erased).await?;
            }
        }
        Err(StoreError::Contention)
    }

    fn audit_put(
        &self,
        key: &Key,
        row: &AuditRow,
        condition: Option<&str>,
        is_settled: bool,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut item = to_item(key, &row.entry)?;
        item.insert("ttl".to_owned(), time(row.entry.at.plus(AUDIT_KEPT)));
        if is_settled {
            item.insert("settled".to_owned(), number(1));
        }
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .set_condition_expression(condition.map(str::to_owned))
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn not_erased(
        &self,
        row: &AuditRow,
        record: &RecordId,
    ) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(Key::gone_record(&row.practice, record).attributes()))
            .condition_expression("attribute_not_exists(pk) OR #until < :at")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":at", time(row.entry.at))
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }
}

/// The part of erasing a record that later rows of its audit go by.
pub(crate) fn erasure(
    practice: &PracticeId,
    record: &RecordId,
    op: &Op,
) -> Result<Item, StoreError> {
    let random = op.id.as_str().rsplit('-').next().unwrap_or_default();
    let erased = Erased {
        alias: format!("erased-{random}"),
        until: op.at.plus(ERASURE_SETTLES),
    };
    let mut item = to_item(&Key::gone_record(practice, record), &erased)?;
    item.insert("ttl".to_owned(), time(op.at.plus(GONE_KEPT)));
    Ok(item)
}

/// How ids of requests made at this second or later begin: a UUID of version 7 begins with its milliseconds.
fn time_of_id(at: Timestamp) -> String {
    let milliseconds = at.seconds() * 1000;
    format!("{:08x}-{:04x}", milliseconds >> 16, milliseconds & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::OpId;

    #[test]
    fn ids_lie_where_their_second_says() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let id = OpId::new(at("2026-11-23T10:00:00Z"), &[0; 10]);
        assert!(id.as_str() >= time_of_id(at("2026-11-23T10:00:00Z")).as_str());
        assert!(id.as_str() < time_of_id(at("2026-11-23T10:00:01Z")).as_str());
        assert!(id.as_str() > time_of_id(at("2026-11-23T09:59:59Z")).as_str());
    }
}
