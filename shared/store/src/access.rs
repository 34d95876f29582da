//! API keys.

use domain::access::ApiKey;
use domain::hashed::ApiKeyHash;
use domain::id::PracticeId;
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::item::{Key, from_item, text, time, to_item};
use crate::table::Paging;
use crate::{Page, Store};

impl Store {
    /// The key of this hash, whether it was revoked or not.
    pub async fn api_key(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError> {
        let found = self.get(&Key::api_key(hash)).await?;
        found.map(|item| from_item(item, "API key")).transpose()
    }

    /// Keeps a new key, and lists it with its practice.
    pub async fn add_api_key(&self, hash: &ApiKeyHash, key: &ApiKey) -> Result<(), StoreError> {
        let own = Key::api_key(hash);
        let listed = Key::listed_api_key(&key.practice, hash);
        self.put(to_item(&listed, key)?).await?;
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
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for key in [Key::api_key(hash), Key::listed_api_key(practice, hash)] {
            self.client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(key.attributes()))
                .update_expression("SET revoked_at = if_not_exists(revoked_at, :now)")
                .condition_expression("attribute_exists(pk) AND practice = :practice")
                .expression_attribute_values(":now", time(now))
                .expression_attribute_values(":practice", text(practice.as_str()))
                .send()
                .await
                .map_err(StoreError::unavailable("UpdateItem"))?;
        }
        Ok(())
    }
}
