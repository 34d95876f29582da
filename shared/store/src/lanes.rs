//! Lanes of invoice runs: how far each is. A lane's change is what the table's stream brings to whoever sends; a cursor moves by a condition, so that of two workers at one place one goes on.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::{PracticeId, RunId};
use domain::practice::PublicPractice;
use domain::rate::{SendRate, TokenBucket};
use domain::run::{LANE_IDLE, Run, lanes};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Store;
use crate::changes::item_of;
use crate::error::StoreError;
use crate::item::{Key, from_item, number, time, to_item};

/// How often tokens are tried for when others take some at the same moment.
const TRIES: usize = 16;
const WAITS: &str = "waits_for_tokens";

/// One lane of an attempt of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The tenant.
    pub practice: PracticeId,
    /// Of which run.
    pub run: RunId,
    /// Counted from 0.
    pub lane: usize,
    /// Of which attempt.
    pub attempt: u32,
    /// The item that comes next.
    pub next: usize,
    /// The first item that belongs to it no more.
    pub end: usize,
    /// When it last moved, or was pushed.
    pub touched_at: Timestamp,
    /// How often it was pushed since it last moved, although nothing but a fault can have kept it.
    pub stalls: u32,
    /// Whether it stands still for want of tokens alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits_for_tokens: bool,
    /// When the run was cancelled.
    #[serde(default)]
    pub cancelled_at: Option<Timestamp>,
}

/// A lane with everything that decides whether it may go on.
#[derive(Debug)]
pub struct LaneNow {
    /// Its run.
    pub run: Run,
    /// The lane.
    pub lane: Lane,
    /// Whether the operator has disabled the practice.
    pub is_disabled: bool,
}

impl Lane {
    /// Those of a run's present attempt, each at its beginning.
    pub(crate) fn all(run: &Run, now: Timestamp) -> impl Iterator<Item = Self> + use<'_> {
        lanes(run.items)
            .into_iter()
            .enumerate()
            .map(move |(lane, items)| Self {
                practice: run.practice.clone(),
                run: run.id.clone(),
                lane,
                attempt: run.attempt,
                next: items.start,
                end: items.end,
                touched_at: now,
                stalls: 0,
                waits_for_tokens: false,
                cancelled_at: None,
            })
    }

    /// From a record of the stream, which holds it as it was then.
    pub fn of_stream(record: &Value) -> Result<Self, StoreError> {
        let unreadable = StoreError::Unreadable("lane of the stream");
        let item = item_of(&record["dynamodb"]["NewImage"]).ok_or(unreadable)?;
        from_item(item, "lane of the stream")
    }

    /// Whether it takes up nothing further.
    pub fn is_done(&self) -> bool {
        self.next >= self.end || self.cancelled_at.is_some()
    }

    /// Whether it should have moved by now.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        !self.is_done() && now >= self.touched_at.plus(LANE_IDLE)
    }

    pub(crate) fn key(&self) -> Key {
        Key::lane(&self.practice, &self.run, self.lane)
    }
}

impl Store {
    /// A lane as it is now, with its run and its practice, in one consistent read.
    pub async fn lane_now(&self, seen: &Lane) -> Result<Option<LaneNow>, StoreError> {
        let keys = [
            Key::run(&seen.practice, &seen.run),
            seen.key(),
            Key::public(&seen.practice),
        ];
        let mut items = self.get_all(&keys).await?;
        let [run, lane, public] = keys.each_ref().map(|key| {
            let at = items.iter().position(|item| key.is_of(item))?;
            Some(items.swap_remove(at))
        });
        let (Some(run), Some(lane), Some(public)) = (run, lane, public) else {
            return Ok(None);
        };
        let public: PublicPractice = from_item(public, "practice")?;
        Ok(Some(LaneNow {
            run: from_item(run, "run")?,
            lane: from_item(lane, "lane")?,
            is_disabled: public.disabled_at.is_some(),
        }))
    }

    /// All lanes of a run.
    pub async fn lanes(&self, run: &Run) -> Result<Vec<Lane>, StoreError> {
        let keys: Vec<Key> = (0..lanes(run.items).len())
            .map(|lane| Key::lane(&run.practice, &run.id, lane))
            .collect();
        let items = self.get_all(&keys).await?;
        items
            .into_iter()
            .map(|item| from_item(item, "lane"))
            .collect()
    }

    /// Goes on to an item; `false` if another worker did before, or the run was cancelled.
    pub async fn move_lane(
        &self,
        lane: &Lane,
        next: usize,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let update = self
            .update(&lane.key())
            .update_expression(
                "SET #next = :next, #touched_at = :now, #stalls = :none REMOVE #waits_for_tokens",
            )
            .condition_expression(
                "#next = :seen AND #attempt = :attempt AND attribute_not_exists(#cancelled_at)",
            )
            .expression_attribute_names("#next", "next")
            .expression_attribute_names("#touched_at", "touched_at")
            .expression_attribute_names("#stalls", "stalls")
            .expression_attribute_names("#attempt", "attempt")
            .expression_attribute_names("#cancelled_at", "cancelled_at")
            .expression_attribute_names("#waits_for_tokens", WAITS)
            .expression_attribute_values(":next", number(next))
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":seen", number(lane.next))
            .expression_attribute_values(":attempt", number(lane.attempt));
        self.change(update).await.map(|moved| moved.is_some())
    }

    /// Notes that a lane could not go on for want of tokens: the stream brings it once for that, then it waits for the schedule.
    pub async fn wait_for_tokens(&self, lane: &Lane) -> Result<(), StoreError> {
        let update = self
            .update(&lane.key())
            .update_expression("SET #waits_for_tokens = :yes")
            .condition_expression(
                "#next = :seen AND #attempt = :attempt AND attribute_not_exists(#waits_for_tokens)",
            )
            .expression_attribute_names("#next", "next")
            .expression_attribute_names("#attempt", "attempt")
            .expression_attribute_names("#waits_for_tokens", WAITS)
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":seen", number(lane.next))
            .expression_attribute_values(":attempt", number(lane.attempt));
        self.change(update).await.map(drop)
    }

    /// Lets the stream bring a lane once more that stands still.
    pub async fn push_lane(&self, lane: &Lane, now: Timestamp) -> Result<(), StoreError> {
        let stalls = u32::from(!lane.waits_for_tokens);
        let update = self
            .update(&lane.key())
            .update_expression(
                "SET #touched_at = :now REMOVE #waits_for_tokens ADD #stalls :stalls",
            )
            .condition_expression(
                "#next = :seen AND #attempt = :attempt AND #touched_at = :touched_at",
            )
            .expression_attribute_names("#next", "next")
            .expression_attribute_names("#touched_at", "touched_at")
            .expression_attribute_names("#stalls", "stalls")
            .expression_attribute_names("#attempt", "attempt")
            .expression_attribute_names("#waits_for_tokens", WAITS)
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":stalls", number(stalls))
            .expression_attribute_values(":seen", number(lane.next))
            .expression_attribute_values(":attempt", number(lane.attempt))
            .expression_attribute_values(":touched_at", time(lane.touched_at));
        self.change(update).await.map(drop)
    }

    /// Takes so many of the deployment's tokens for e-mails as there are, at most those wanted.
    pub async fn take_tokens(
        &self,
        rate: SendRate,
        wanted: u32,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let key = Key::rate();
        for _ in 0..TRIES {
            let found = self.get(&key).await?;
            let bucket: Option<TokenBucket> =
                found.map(|item| from_item(item, "send rate")).transpose()?;
            let (given, left) = TokenBucket::take(bucket, rate, wanted, now);
            if given == 0 {
                return Ok(0);
            }
            let mut put = self.put_item(to_item(&key, &left)?);
            put = match bucket {
                None => put.condition_expression("attribute_not_exists(pk)"),
                Some(seen) => put
                    .condition_expression("#tokens = :tokens AND #at = :at")
                    .expression_attribute_names("#tokens", "tokens")
                    .expression_attribute_names("#at", "at")
                    .expression_attribute_values(":tokens", number(seen.tokens))
                    .expression_attribute_values(":at", time(seen.at)),
            };
            if self.put_if(put).await? {
                return Ok(given);
            }
        }
        Err(StoreError::Contention)
    }
}
