//! What becomes of a run's items: one line each, made by whoever takes the item up, in the transaction that makes its delivery.

use std::collections::BTreeMap;
use std::ops::Range;

use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem};
use domain::delivery::MessageFate;
use domain::hashed::LinkHash;
use domain::id::{DeliveryId, PracticeId, RunId};
use domain::run::{ItemState, Line, Run};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::StoreError;
use crate::item::{Item, Key, from_item, number, text, time, to_attribute, to_item};

/// The right to send one item of a run in one attempt. Of any number of workers, one gets it, and none once the run was cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemClaim {
    /// The tenant.
    pub practice: PracticeId,
    /// Of which run.
    pub run: RunId,
    /// By which of its lanes.
    pub lane: usize,
    /// Which item, counted from 0.
    pub number: usize,
    /// In which attempt.
    pub attempt: u32,
    /// The attempt whose line it replaces, if there is one.
    pub replaces: Option<u32>,
    /// As long as the run is kept.
    pub kept_until: Timestamp,
}

/// A line as the table holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredLine {
    /// What is known.
    #[serde(flatten)]
    pub line: Line,
    /// Where its delivery lies.
    #[serde(default)]
    pub link: Option<LinkHash>,
}

impl ItemClaim {
    fn key(&self) -> Key {
        Key::run_item(&self.practice, &self.run, self.number)
    }

    /// Holds as long as nobody else has taken the item up in this attempt.
    fn condition(&self) -> &'static str {
        match self.replaces {
            None => "attribute_not_exists(pk)",
            Some(_) => "#attempt = :replaces",
        }
    }

    fn item(&self, stored: &StoredLine) -> Result<Item, StoreError> {
        let mut item = to_item(&self.key(), stored)?;
        item.insert("ttl".to_owned(), time(self.kept_until));
        Ok(item)
    }
}

impl Store {
    /// The part of making a delivery that takes an item up.
    pub(crate) fn claim_writes(
        &self,
        claim: &ItemClaim,
        delivery: &DeliveryId,
        link: &LinkHash,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let unreadable = |_| StoreError::Unreadable("our own");
        let taken_up = StoredLine {
            line: Line {
                state: ItemState::Sending,
                attempt: claim.attempt,
                delivery: Some(delivery.clone()),
                message: None,
                problems: None,
            },
            link: Some(link.clone()),
        };
        let mut put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(claim.item(&taken_up)?))
            .condition_expression(claim.condition());
        if let Some(replaces) = claim.replaces {
            put = put
                .expression_attribute_names("#attempt", "attempt")
                .expression_attribute_values(":replaces", number(replaces));
        }
        let lane = Key::lane(&claim.practice, &claim.run, claim.lane);
        let goes_on = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(lane.attributes()))
            .condition_expression("#attempt = :attempt AND attribute_not_exists(#cancelled_at)")
            .expression_attribute_names("#attempt", "attempt")
            .expression_attribute_names("#cancelled_at", "cancelled_at")
            .expression_attribute_values(":attempt", number(claim.attempt))
            .build()
            .map_err(unreadable)?;
        Ok(vec![
            TransactWriteItem::builder()
                .put(put.build().map_err(unreadable)?)
                .build(),
            TransactWriteItem::builder()
                .condition_check(goes_on)
                .build(),
        ])
    }

    /// Writes down an item's outcome that needed no delivery; `false` if another worker has taken it up.
    pub async fn add_line(&self, claim: &ItemClaim, line: &Line) -> Result<bool, StoreError> {
        let stored = StoredLine {
            line: line.clone(),
            link: None,
        };
        let mut put = self
            .put_item(claim.item(&stored)?)
            .condition_expression(claim.condition());
        if let Some(replaces) = claim.replaces {
            put = put
                .expression_attribute_names("#attempt", "attempt")
                .expression_attribute_values(":replaces", number(replaces));
        }
        self.put_if(put).await
    }

    /// Writes down what became of an item that is being sent; what is known already stays.
    pub async fn settle_line(
        &self,
        run: &Run,
        item: usize,
        delivery: &DeliveryId,
        (state, message, problems): (ItemState, Option<&MessageFate>, Option<&str>),
    ) -> Result<(), StoreError> {
        let mut set = "SET #state = :state".to_owned();
        let mut update = self
            .update(&Key::run_item(&run.practice, &run.id, item))
            .condition_expression("#state = :sending AND #delivery = :delivery")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#delivery", "delivery")
            .expression_attribute_values(":state", to_attribute(&state)?)
            .expression_attribute_values(":sending", to_attribute(&ItemState::Sending)?)
            .expression_attribute_values(":delivery", text(delivery.as_str()));
        if let Some(message) = message {
            set.push_str(", #message = :message");
            update = update
                .expression_attribute_names("#message", "message")
                .expression_attribute_values(":message", to_attribute(message)?);
        }
        if let Some(problems) = problems {
            set.push_str(", #problems = :problems");
            update = update
                .expression_attribute_names("#problems", "problems")
                .expression_attribute_values(":problems", text(problems));
        }
        self.change(update.update_expression(set)).await.map(drop)
    }

    /// The lines of some of a run's items, by their numbers; an item that nobody has taken up has none.
    pub async fn lines(
        &self,
        run: &Run,
        items: &Range<usize>,
    ) -> Result<BTreeMap<usize, StoredLine>, StoreError> {
        self.query_lines(run, items, None).await
    }

    /// All lines of a run without their problems, to be counted.
    pub async fn brief_lines(&self, run: &Run) -> Result<BTreeMap<usize, StoredLine>, StoreError> {
        let brief = "sk, #v, #state, #attempt, #delivery, #link, #message";
        self.query_lines(run, &(0..run.items), Some(brief)).await
    }

    async fn query_lines(
        &self,
        run: &Run,
        items: &Range<usize>,
        brief: Option<&str>,
    ) -> Result<BTreeMap<usize, StoredLine>, StoreError> {
        let mut lines = BTreeMap::new();
        if items.is_empty() {
            return Ok(lines);
        }
        let sort = |item: usize| text(Key::run_item(&run.practice, &run.id, item).sort);
        let partition = Key::run(&run.practice, &run.id).partition;
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :partition AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":partition", text(&partition))
            .expression_attribute_values(":first", sort(items.start))
            .expression_attribute_values(":last", sort(items.end - 1))
            .consistent_read(true);
        if let Some(brief) = brief {
            query = query.projection_expression(brief);
            for name in ["v", "state", "attempt", "delivery", "link", "message"] {
                query = query.expression_attribute_names(format!("#{name}"), name);
            }
        }
        let mut start = None;
        loop {
            let found = query
                .clone()
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(StoreError::unavailable("Query"))?;
            for item in found.items.unwrap_or_default() {
                let (number, line) = read(item)?;
                lines.insert(number, line);
            }
            start = found.last_evaluated_key;
            if start.is_none() {
                return Ok(lines);
            }
        }
    }
}

fn read(item: Item) -> Result<(usize, StoredLine), StoreError> {
    let unreadable = || StoreError::Unreadable("item of a run");
    let sort = item.get("sk").and_then(|sort| sort.as_s().ok());
    let number = sort.and_then(|sort| sort.strip_prefix("ITEM#")?.parse().ok());
    Ok((
        number.ok_or_else(unreadable)?,
        from_item(item, "item of a run")?,
    ))
}
