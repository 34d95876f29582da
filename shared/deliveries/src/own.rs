//! A practice's own deliveries: what it is shown of them, and taking one back (L7).

use domain::audit::Op;
use domain::delivery::{Delivery, State, l6_settled, l8_state};
use domain::id::{DeliveryId, PracticeId};
use domain::symbols::Reference;
use store::Page;

use crate::error::Unavailable;
use crate::send::SendDelivery;

impl SendDelivery {
    /// A delivery of the practice as it counts now.
    pub async fn delivery(
        &self,
        practice: &PracticeId,
        id: &DeliveryId,
    ) -> Result<Option<Delivery>, Unavailable> {
        let found = self.store.delivery_of_practice(practice, id).await?;
        Ok(found.map(|stored| l6_settled(stored.delivery, self.clock.now())))
    }

    /// A page of the practice's deliveries as they count now, newest first.
    pub async fn deliveries(
        &self,
        practice: &PracticeId,
        limit: i32,
        cursor: Option<String>,
    ) -> Result<Page<Delivery>, Unavailable> {
        let Page { items, next } = self.store.deliveries(practice, limit, cursor).await?;
        let now = self.clock.now();
        let settled = |(id, delivery)| (id, l6_settled(delivery, now));
        Ok(Page {
            items: items.into_iter().map(settled).collect(),
            next,
        })
    }

    /// The practice's deliveries of a reference that somebody reads out, as they count now.
    pub async fn deliveries_of_reference(
        &self,
        practice: &PracticeId,
        reference: &Reference,
    ) -> Result<Vec<Delivery>, Unavailable> {
        let references = self.lookup.get().await?.references(practice, reference);
        let found = self
            .store
            .deliveries_of_reference(practice, &references)
            .await?;
        let now = self.clock.now();
        let settled = found.into_iter().map(|delivery| l6_settled(delivery, now));
        Ok(settled.collect())
    }

    /// L7: takes a delivery back. `None` if the practice has no such delivery; `false` if it went without protection and nobody can take it back.
    pub async fn revoke(
        &self,
        practice: &PracticeId,
        id: &DeliveryId,
        op: &Op,
    ) -> Result<Option<bool>, Unavailable> {
        let Some(stored) = self.store.delivery_of_practice(practice, id).await? else {
            return Ok(None);
        };
        if l8_state(&stored.delivery, false, self.clock.now()) == State::Sent {
            return Ok(Some(false));
        }
        self.store.revoke(&stored.link, op).await?;
        Ok(Some(true))
    }
}
