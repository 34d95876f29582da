//! Making a table safe that was restored from a backup: whatever ended, was spent or was withdrawn after the backup is as it was before, so that nothing of it may count any more.
//! For the operator's commands alone, before any function sees the table.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::{Action, Op, Outcome};
use domain::delivery::{Session, State, l6_is_revivable, l8_state};
use domain::hashed::ApiKeyHash;
use domain::id::PracticeId;
use domain::practice::Limits;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::item::{Item, Key, from_item, last_op, time, to_attribute, to_item};
use crate::survey::Row;
use crate::{Store, StoredDelivery};

/// The attribute beside a practice's limits that refuses older drafts.
const DRAFTS_SINCE: &str = "drafts_since";

/// What was made safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closed {
    /// A delivery that could be opened, or with a new code could have been: it is revoked, and its sessions are gone.
    Delivery,
    /// An API key: it is revoked.
    Key,
    /// A practice: it is disabled, and its drafts are refused.
    Practice,
    /// A record: nothing is sent for it until the practice has put it again, for its addresses are those of then.
    Record,
    /// A document: it is not offered until the practice has released it again.
    Document,
    /// A part of an invoice run: it is gone.
    Run,
    /// A row of the queue: what it would have told was told, or is out of date.
    Due,
}

/// That a table was made safe.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Marker {
    begun_at: Timestamp,
    done_at: Option<Timestamp>,
}

impl Closed {
    /// As an operator reads it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivery => "deliveries revoked",
            Self::Key => "API keys revoked",
            Self::Practice => "practices disabled",
            Self::Record => "records that wait to be put again",
            Self::Document => "documents withheld",
            Self::Run => "parts of invoice runs deleted",
            Self::Due => "rows of the queue deleted",
        }
    }
}

impl Store {
    /// Makes one row of a restored table safe; what it was, if anything had to be done. Safe to repeat.
    ///
    /// Keys whose hash begins like one of `kept_keys` go on working.
    pub async fn close_restored(
        &self,
        row: &Row,
        kept_keys: &[String],
        op: &Op,
    ) -> Result<Option<Closed>, StoreError> {
        let (kind, rest) = row.partition().split_once('#').unwrap_or_default();
        match (kind, row.sort()) {
            ("LINK", _) => self.close_delivery(row, op).await,
            ("KEY", _) => {
                if kept_keys.iter().any(|kept| rest.starts_with(kept.as_str())) {
                    return Ok(None);
                }
                self.close_key(row, rest, op).await
            }
            ("PUB", _) => self.close_practice(row, rest, op).await,
            ("ORG", sort) if sort.starts_with("RECORD#") => {
                self.withhold(row, "electronic_sending", Closed::Record)
                    .await
            }
            // The pointer of a document has no such attribute.
            ("ORG", sort) if sort.starts_with("DOCUMENT#") => {
                self.withhold(row, "released", Closed::Document).await
            }
            ("RUN" | "LANE", _) => self.remove(row).await.map(|()| Some(Closed::Run)),
            _ if row.partition() == Key::ACTIVE_RUNS => {
                self.remove(row).await.map(|()| Some(Closed::Run))
            }
            _ if row.partition() == "DUE" => self.remove(row).await.map(|()| Some(Closed::Due)),
            _ => Ok(None),
        }
    }

    /// Notes that making the table safe has begun, or is done.
    pub async fn mark_restored(
        &self,
        begun_at: Timestamp,
        is_done: bool,
    ) -> Result<(), StoreError> {
        let marker = Marker {
            begun_at,
            done_at: is_done.then_some(begun_at),
        };
        self.put(to_item(&Key::restored(), &marker)?).await
    }

    /// When the table was last made safe; `None` if never, or not to the end.
    pub async fn restored_and_closed_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let found = self.get(&Key::restored()).await?;
        let marker: Option<Marker> = found.map(|item| from_item(item, "marker")).transpose()?;
        Ok(marker.and_then(|marker| marker.done_at))
    }

    async fn close_delivery(&self, row: &Row, op: &Op) -> Result<Option<Closed>, StoreError> {
        let Some(stored) = row.delivery() else {
            return Ok(None);
        };
        let StoredDelivery { link, delivery, .. } = stored?;
        let is_open = match l8_state(&delivery, false, op.at) {
            State::Pending | State::Open | State::Opened => true,
            State::Closed(reason) => l6_is_revivable(&delivery, reason),
            State::Sent => false,
        };
        if !is_open && delivery.sessions.is_empty() {
            return Ok(None);
        }
        let none: BTreeMap<String, Session> = BTreeMap::new();
        let update = self
            .update(&Key::delivery(&link))
            .update_expression(
                "SET revoked_at = if_not_exists(revoked_at, :now), #sessions = :none, last_op = :op REMOVE next_code, next_code_hash",
            )
            .expression_attribute_names("#sessions", "sessions")
            .expression_attribute_values(":now", time(op.at))
            .expression_attribute_values(":none", to_attribute(&none)?)
            .expression_attribute_values(":op", last_op(op, Action::Revoked, Outcome::Done)?);
        self.change_existing(update).await?;
        Ok(Some(Closed::Delivery))
    }

    async fn close_key(
        &self,
        row: &Row,
        hash: &str,
        op: &Op,
    ) -> Result<Option<Closed>, StoreError> {
        let Some(practice) = row.practice() else {
            return Err(StoreError::Unreadable("API key"));
        };
        if row.has("revoked_at") {
            return Ok(None);
        }
        let hash = ApiKeyHash::new(hash.to_owned());
        self.revoke_api_key(&practice, &hash, op).await?;
        Ok(Some(Closed::Key))
    }

    async fn close_practice(
        &self,
        row: &Row,
        practice: &str,
        op: &Op,
    ) -> Result<Option<Closed>, StoreError> {
        let practice: PracticeId = practice
            .parse()
            .map_err(|_| StoreError::Unreadable("practice"))?;
        let update = self
            .update(&Key::limits(&practice))
            .update_expression("SET #drafts_since = :now")
            .expression_attribute_names("#drafts_since", DRAFTS_SINCE)
            .expression_attribute_values(":now", time(op.at));
        self.change_existing(update).await?;
        if row.has("disabled_at") {
            return Ok(None);
        }
        self.set_disabled(&practice, true, op).await?;
        Ok(Some(Closed::Practice))
    }

    /// Sets a flag to no, where it says yes.
    async fn withhold(
        &self,
        row: &Row,
        flag: &str,
        closed: Closed,
    ) -> Result<Option<Closed>, StoreError> {
        let update = self
            .update(&row.key())
            .update_expression("SET #flag = :no")
            .condition_expression("#flag = :yes")
            .expression_attribute_names("#flag", flag)
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":no", AttributeValue::Bool(false));
        let changed = self.change(update).await?;
        Ok(changed.map(|_| closed))
    }
}

/// What the operator allows a practice, and from when on its drafts are taken.
pub(crate) fn limits_from(mut item: Item) -> Result<(Limits, Option<Timestamp>), StoreError> {
    let since = item.remove(DRAFTS_SINCE);
    let since = since.map(serde_dynamo::from_attribute_value).transpose();
    let since = since.map_err(|_| StoreError::Unreadable("limits"))?;
    Ok((from_item(item, "limits")?, since))
}
