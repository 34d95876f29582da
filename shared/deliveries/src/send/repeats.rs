//! What a request is answered that was made before.

use domain::delivery::{CloseReason, State, l8_state};
use domain::id::{DeliveryId, PracticeId};
use secrets::LookupKeys;
use store::{EarlierRequest, IdempotencyKey, StoreError};

use super::{SendDelivery, SendError, SentDelivery};

/// The route to which idempotency keys of sendings belong.
pub(super) const ROUTE: &str = "POST /v1/deliveries";

impl SendDelivery {
    /// What a request is answered that cannot be sent now: if it was made before, what that became.
    pub(crate) async fn or_repeated(
        &self,
        sent: Result<SentDelivery, SendError>,
        practice: &PracticeId,
        key: &str,
        body: &[u8],
    ) -> Result<SentDelivery, SendError> {
        let refusal = match sent {
            Err(error) if error.is_refusal() => error,
            sent => return sent,
        };
        let key = idempotency_key(self.lookup.get().await?, practice, ROUTE, key, body);
        let now = self.clock.now();
        Err(
            match self.store.earlier_request(practice, &key, now).await? {
                Some(EarlierRequest::Same(id)) => self.repeated(practice, &id).await?,
                Some(EarlierRequest::Mismatch) => SendError::Mismatch,
                None => refusal,
            },
        )
    }

    /// What became of the delivery that it made.
    pub(super) async fn repeated(
        &self,
        practice: &PracticeId,
        id: &str,
    ) -> Result<SendError, SendError> {
        let unreadable = StoreError::Unreadable("request");
        let id: DeliveryId = id.parse().map_err(|_| unreadable)?;
        let found = self.store.delivery_of_practice(practice, &id).await?;
        let stored = found.ok_or(StoreError::Unreadable("delivery"))?;
        Ok(match l8_state(&stored.delivery, false, self.clock.now()) {
            State::Pending => SendError::InProgress,
            State::Closed(CloseReason::NotSent) => match stored.delivery.email_refused_because {
                Some(reason) => SendError::EmailRefused {
                    id: stored.delivery.id,
                    reason,
                },
                None => SendError::EmailUnknown {
                    id: stored.delivery.id,
                },
            },
            _ => SendError::Repeated(Box::new(stored)),
        })
    }
}

/// A request's idempotency key and body as the table remembers them.
pub fn idempotency_key(
    lookup: &LookupKeys,
    practice: &PracticeId,
    route: &str,
    key: &str,
    body: &[u8],
) -> IdempotencyKey {
    IdempotencyKey {
        keys: lookup.requests(practice, route, key.as_bytes()),
        bodies: lookup.requests(practice, route, body),
    }
}
