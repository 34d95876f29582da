//! API keys.

use domain::access::ApiKey;
use domain::audit::{Action, Op, Outcome};
use domain::hashed::ApiKeyHash;
use domain::id::PracticeId;

use crate::error::StoreError;
use crate::item::{Key, from_item, last_op, text, time, to_item, with_op};
use crate::table::Paging;
use crate::{Page, Store};

impl Store {
    /// The key of this hash, whether it was revoked or not.
    pub async fn api_key(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError> {
        let found = self.get(&Key::api_key(hash)).await?;
        found.map(|item| from_item(item, "API key")).transpose()
    }

    /// Keeps a new key, and lists it with its practice.
    pub async fn add_api_key(
        &self,
        hash: &ApiKeyHash,
        key: &ApiKey,
        op: &Op,
    ) -> Result<(), StoreError> {
        let own = Key::api_key(hash);
        let listed = Key::listed_api_key(&key.practice, hash);
        let listed = to_item(&listed, key)?;
        self.put(with_op(listed, op, Action::KeyCreated, Outcome::Done)?)
            .await?;
        self.put(to_item(&own, key)?).await
    }

    /// A practice's keys, in no order.
    pub async fn api_keys(
        &self,
        practice: &PracticeId,
    ) -> Result<Vec<(ApiKeyHash, ApiKey)>, StoreError> {
        let mut keys = Vec::new();
        let mut cursor = None;
        loop {
            let Page { items, next } = self
                .list(
                    crate::item::practice_partition(practice),
                    "KEY#",
                    Paging::forward(100, cursor),
                    "API key",
                )
                .await?;
            keys.extend(
                items
                    .into_iter()
                    .map(|(hash, key)| (ApiKeyHash::new(hash), key)),
            );
            cursor = next;
            if cursor.is_none() {
                return Ok(keys);
            }
        }
    }

    /// From now on the key does not work; a second time changes nothing.
    pub async fn revoke_api_key(
        &self,
        practice: &PracticeId,
        hash: &ApiKeyHash,
        op: &Op,
    ) -> Result<(), StoreError> {
        let done = last_op(op, Action::KeyRevoked, Outcome::Done)?;
        for (key, says) in [
            (Key::api_key(hash), None),
            (Key::listed_api_key(practice, hash), Some(done)),
        ] {
            let update = self
                .update(&key)
                .condition_expression("practice = :practice AND attribute_not_exists(revoked_at)")
                .expression_attribute_values(":now", time(op.at))
                .expression_attribute_values(":practice", text(practice.as_str()));
            let update = match says {
                Some(done) => update
                    .update_expression("SET revoked_at = :now, last_op = :op")
                    .expression_attribute_values(":op", done),
                None => update.update_expression("SET revoked_at = :now"),
            };
            self.change(update).await?;
        }
        Ok(())
    }
}
