//! A practice's webhooks: one item, changed as a whole on condition that nobody else changed it in between.

use domain::audit::{Action, Op, Outcome};
use domain::id::PracticeId;
use domain::webhook::Webhooks;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::StoreError;
use crate::item::{Key, from_item, number, to_item, with_op};

/// How often a change is tried anew when others change the same webhooks at the same time.
const TRIES: usize = 8;

/// All webhooks of a practice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredWebhooks {
    /// The webhooks by id.
    pub webhooks: Webhooks,
    /// Grows with every change.
    revision: u64,
}

impl Store {
    /// A practice's webhooks; one that has never had any has none.
    pub async fn webhooks(&self, practice: &PracticeId) -> Result<StoredWebhooks, StoreError> {
        let found = self.get(&Key::webhooks(practice)).await?;
        found.map_or_else(
            || Ok(StoredWebhooks::default()),
            |item| from_item(item, "webhooks"),
        )
    }

    /// Changes a practice's webhooks: `change` is asked again where somebody was faster, and an error of it leaves them as they are.
    pub async fn change_webhooks<T, E: From<StoreError>>(
        &self,
        practice: &PracticeId,
        op: &Op,
        mut change: impl FnMut(&mut Webhooks) -> Result<T, E>,
    ) -> Result<T, E> {
        for _ in 0..TRIES {
            let mut stored = self.webhooks(practice).await?;
            let changed = change(&mut stored.webhooks)?;
            if self.replace_webhooks(practice, stored, op).await? {
                return Ok(changed);
            }
        }
        Err(StoreError::Contention.into())
    }

    /// `false` if somebody was faster.
    async fn replace_webhooks(
        &self,
        practice: &PracticeId,
        mut stored: StoredWebhooks,
        op: &Op,
    ) -> Result<bool, StoreError> {
        let seen = stored.revision;
        stored.revision += 1;
        let item = to_item(&Key::webhooks(practice), &stored)?;
        let item = with_op(item, op, Action::WebhooksChanged, Outcome::Done)?;
        let put = self
            .put_item(item)
            .condition_expression("attribute_not_exists(pk) OR revision = :seen")
            .expression_attribute_values(":seen", number(seen));
        self.put_if(put).await
    }
}
