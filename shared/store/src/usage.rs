//! What a practice has sent in a month: one row, changed before anything is sent, so that caps hold under parallel requests.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use domain::id::PracticeId;
use domain::practice::MonthlyCaps;
use domain::time::{DAY, Timestamp};
use domain::usage::{Counted, Month, ReachedCap, Usage, reached_cap};

use crate::Store;
use crate::error::StoreError;
use crate::item::{Item, Key, from_item, number, time};

/// How long a month's row is kept after its last change, in seconds: the month before and the same one a year ago can be asked for.
const KEPT: i64 = 400 * DAY;

/// What was counted for one sending, in the month in which it was asked for.
#[derive(Clone, Debug)]
pub struct Count {
    /// Whose.
    pub practice: PracticeId,
    /// When it was asked for.
    pub at: Timestamp,
    /// How many of each.
    pub further: Usage,
}

impl Store {
    /// What a practice has sent in a month.
    pub async fn usage(&self, practice: &PracticeId, month: Month) -> Result<Usage, StoreError> {
        let found = self.get(&Key::month(practice, month)).await?;
        found.map_or_else(|| Ok(Usage::default()), usage_from)
    }

    /// Counts a sending before it is made, or says which cap it would break; then nothing is counted.
    ///
    /// A repeat by the SDK may count twice: too many counted is the safe side.
    pub async fn count(
        &self,
        count: &Count,
        caps: MonthlyCaps,
    ) -> Result<Option<ReachedCap>, StoreError> {
        if count.further == Usage::default() {
            return Ok(None);
        }
        let month = Month::of(count.at);
        // A cap that leaves no room at all needs no row; and a row that is not there yet meets every other.
        if let Some(reached) = reached_cap(caps, Usage::default(), count.further, month) {
            return Ok(Some(reached));
        }
        let mut update = self.count_update(count, 1);
        let mut conditions = Vec::new();
        for counted in Counted::ALL {
            let further = count.further.of(counted);
            if let (Some(cap), true) = (caps.of(counted), further > 0) {
                let name = counted.name();
                conditions.push(format!(
                    "(attribute_not_exists(#{name}) OR #{name} <= :room_{name})"
                ));
                update = update
                    .expression_attribute_values(format!(":room_{name}"), number(cap - further));
            }
        }
        if !conditions.is_empty() {
            update = update.condition_expression(conditions.join(" AND "));
        }
        if self.change(update).await?.is_some() {
            return Ok(None);
        }
        let used = self.usage(&count.practice, month).await?;
        // Where another sending was taken back in between, there may be room again: the next request will find it.
        reached_cap(caps, used, count.further, month)
            .map_or(Err(StoreError::Contention), |reached| Ok(Some(reached)))
    }

    /// Takes back what was counted and then definitely not sent.
    pub async fn uncount(&self, count: &Count) -> Result<(), StoreError> {
        if count.further == Usage::default() {
            return Ok(());
        }
        self.change_existing(self.count_update(count, -1))
            .await
            .map(drop)
    }

    fn count_update(&self, count: &Count, sign: i64) -> UpdateItemFluentBuilder {
        let mut update = self
            .update(&Key::month(&count.practice, Month::of(count.at)))
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":ttl", time(count.at.plus(KEPT)))
            .expression_attribute_values(":v", number(1));
        let mut added = Vec::new();
        for counted in Counted::ALL {
            let further = count.further.of(counted);
            if further > 0 {
                let name = counted.name();
                added.push(format!("#{name} :{name}"));
                update = update
                    .expression_attribute_names(format!("#{name}"), name)
                    .expression_attribute_values(format!(":{name}"), number(sign * further));
            }
        }
        update.update_expression(format!("SET v = :v, #ttl = :ttl ADD {}", added.join(", ")))
    }
}

pub(crate) fn usage_from(item: Item) -> Result<Usage, StoreError> {
    from_item(item, "usage")
}
