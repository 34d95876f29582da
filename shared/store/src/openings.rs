//! How often pages are opened from each network (P6): a number for each second, in rows that last a minute.

use std::collections::BTreeMap;

use domain::hashed::NetworkHash;
use domain::openings::COUNTED_WITHIN;
use domain::time::{MINUTE, Timestamp};

use crate::Store;
use crate::error::StoreError;
use crate::item::{Item, Key, VERSION, from_item, number, time};

/// How long a row is kept after its last change, in seconds: longer than anything looks back.
const KEPT: i64 = 2 * MINUTE;

impl Store {
    /// Counts an opening now, and says in which second of this minute there were how many.
    ///
    /// A repeat by the SDK may count twice: a form that waits for half a minute is the safe side.
    pub async fn count_opening(
        &self,
        network: &NetworkHash,
        now: Timestamp,
    ) -> Result<Vec<(Timestamp, u32)>, StoreError> {
        let update = self
            .update(&Key::openings(network, minute(now)))
            .update_expression("SET v = :v, #ttl = :ttl ADD #second :one")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_names("#second", now.seconds().to_string())
            .expression_attribute_values(":v", number(VERSION))
            .expression_attribute_values(":ttl", time(now.plus(KEPT)))
            .expression_attribute_values(":one", number(1));
        let counted = self.change(update).await?;
        counted.map_or_else(|| Ok(Vec::new()), openings_from)
    }

    /// The openings of the minute before, if they count together with one now.
    pub async fn earlier_openings(
        &self,
        network: &NetworkHash,
        now: Timestamp,
    ) -> Result<Vec<(Timestamp, u32)>, StoreError> {
        let earliest = minute(now.plus(1 - COUNTED_WITHIN));
        if earliest == minute(now) {
            return Ok(Vec::new());
        }
        let earlier = self.get(&Key::openings(network, earliest)).await?;
        earlier.map_or_else(|| Ok(Vec::new()), openings_from)
    }
}

fn minute(at: Timestamp) -> i64 {
    at.seconds().div_euclid(MINUTE)
}

fn openings_from(item: Item) -> Result<Vec<(Timestamp, u32)>, StoreError> {
    let seconds: BTreeMap<String, u32> = from_item(item, "openings")?;
    let second = |name: String| Timestamp::from_seconds(name.parse().ok()?).ok();
    let opening = |(name, count)| Some((second(name)?, count));
    let openings: Option<Vec<_>> = seconds.into_iter().map(opening).collect();
    openings.ok_or(StoreError::Unreadable("openings"))
}
