//! New codes that a practice makes: they hold at once, and are sent by message or shown once to be spoken (L6a).

use domain::audit::Op;
use domain::delivery::{Delivery, MessageFate, l6_settled, l6a_new_code};
use domain::id::{DeliveryId, PracticeId};
use domain::practice::{Channel, MessageChannel};
use domain::sending::Obstacle;
use domain::symbols::{Code, Reference};
use domain::threema::ThreemaRefusal;
use domain::time::Timestamp;
use domain::usage::{ReachedCap, Usage};
use secrets::draw_code;
use store::{
    Count, EarlierRequest, IdempotencyKey, Replaced, StoreError, StoredDelivery, next_version,
};

use crate::error::Unavailable;
use crate::messengers::{Destination, one_message, take_back};
use crate::present::{Present, send};
use crate::send::{MessageSent, SendDelivery, idempotency_key};

/// What became of a practice's new code.
#[derive(Debug)]
pub enum NewCodeOutcome {
    /// It holds at once; what became of its message.
    Made(Code, MessageSent),
    /// The same request was made before; what became of its message.
    Repeated(MessageSent),
    /// The same idempotency key, another body.
    Mismatch,
    /// There is no such delivery.
    Unknown,
    /// No new code would open it.
    NotPossible,
    /// D4: one more would break this cap.
    CapReached(ReachedCap),
    /// D3: all that is missing for a message.
    Obstacles(Vec<Obstacle>),
    /// This deployment cannot send codes on this channel.
    ChannelUnavailable,
    /// F-I7: no message can be sealed for the recipient's Threema ID, or not now.
    Threema(ThreemaRefusal),
}

/// The message's channel and where it goes; neither where the code is spoken.
type Way = (Option<MessageChannel>, Option<Destination>);

impl NewCodeOutcome {
    /// Whether it is a no to what was asked, with nothing written; the same request may have been granted before.
    fn is_refusal(&self) -> bool {
        match self {
            Self::Made(..) | Self::Repeated(_) | Self::Mismatch => false,
            Self::Unknown
            | Self::NotPossible
            | Self::CapReached(_)
            | Self::Obstacles(_)
            | Self::ChannelUnavailable
            | Self::Threema(_) => true,
        }
    }
}

impl SendDelivery {
    /// L6a: a new code that holds at once, sent by SMS or shown once to be spoken.
    pub async fn new_code(
        &self,
        practice: &PracticeId,
        id: &DeliveryId,
        channel: Channel,
        (key, body): (&str, &[u8]),
        op: &Op,
    ) -> Result<NewCodeOutcome, Unavailable> {
        let route = "POST /v1/deliveries/{id}/code";
        let lookup = self.lookup.get().await?;
        let body = [id.as_str().as_bytes(), body].concat();
        let request = idempotency_key(lookup, practice, route, key, &body);
        let made = self.make_code(practice, id, channel, &request, op).await?;
        if !made.is_refusal() {
            return Ok(made);
        }
        // If it was made before, what that became.
        let now = self.clock.now();
        Ok(
            match self.store.earlier_request(practice, &request, now).await? {
                Some(EarlierRequest::Same(_)) => {
                    let stored = self.store.delivery_of_practice(practice, id).await?;
                    stored.map_or(made, |stored| repeated(stored.delivery, channel))
                }
                Some(EarlierRequest::Mismatch) => NewCodeOutcome::Mismatch,
                None => made,
            },
        )
    }

    async fn make_code(
        &self,
        practice: &PracticeId,
        id: &DeliveryId,
        channel: Channel,
        request: &IdempotencyKey,
        op: &Op,
    ) -> Result<NewCodeOutcome, Unavailable> {
        for _ in 0..4 {
            let now = self.clock.now();
            let Some(mut stored) = self.store.delivery_of_practice(practice, id).await? else {
                return Ok(NewCodeOutcome::Unknown);
            };
            if let Some(version) = stored.overdue_code(now) {
                // F-S4: what a function left that ended in between; the table must say it too before anything replaces it.
                self.store
                    .promote_overdue_code(&stored.link, version, op)
                    .await?;
            }
            stored.delivery = l6_settled(stored.delivery, now);
            let present = Present::of(&self.store, &stored.delivery, now).await?;
            let (Some(present), true) = (present, l6a_new_code(&stored.delivery, now)) else {
                return Ok(NewCodeOutcome::NotPossible);
            };
            let (by, to) = match self.way(&present, &stored.delivery, channel, now).await? {
                Ok(way) => way,
                Err(outcome) => return Ok(outcome),
            };
            // Before the count: where keys are out of reach, nothing may be counted or replaced.
            let keys = self.hashing.keys().await?;
            let to = match to {
                None => None,
                Some(to) => Some((to, keys.unseal(&stored.sealed_reference, id)?)),
            };
            let code = draw_code()?;
            let hash = self
                .hashing
                .hash(id, next_version(&stored.delivery), &code)
                .await?;
            let count = Count {
                practice: practice.clone(),
                at: now,
                further: by.map_or(Usage::default(), one_message),
            };
            if let Some(reached) = self.store.count(&count, present.caps).await? {
                return Ok(NewCodeOutcome::CapReached(reached));
            }
            let replaced = self
                .store
                .replace_code(&stored, &hash, request, now, op)
                .await;
            // What was certainly not written is not counted.
            if !matches!(
                replaced,
                Ok(Replaced::Yes) | Err(StoreError::Unavailable { .. })
            ) {
                take_back(&self.store, &count).await;
            }
            match replaced? {
                Replaced::Yes => {
                    let fate = self
                        .send_new_code(&stored, &present, to.as_ref(), &code, op)
                        .await;
                    if matches!(fate, MessageFate::Refused { .. }) {
                        take_back(&self.store, &count).await;
                    }
                    return Ok(NewCodeOutcome::Made(code, MessageSent { channel, fate }));
                }
                Replaced::Changed => {}
                Replaced::Repeated => return Ok(repeated(stored.delivery, channel)),
                Replaced::Mismatch => return Ok(NewCodeOutcome::Mismatch),
            }
        }
        Err(StoreError::Contention.into())
    }

    /// How the new code travels and where to, if it goes by message, or why it cannot go this way.
    async fn way(
        &self,
        present: &Present,
        delivery: &Delivery,
        channel: Channel,
        now: Timestamp,
    ) -> Result<Result<Way, NewCodeOutcome>, Unavailable> {
        let by = match channel {
            Channel::Spoken => return Ok(Ok((None, None))),
            Channel::Sms => MessageChannel::Sms,
            Channel::Threema if self.messengers.threema.is_some() => MessageChannel::Threema,
            Channel::Threema | Channel::SelfService => {
                return Ok(Err(NewCodeOutcome::ChannelUnavailable));
            }
        };
        let missing = present.missing(&self.messengers, by);
        if !missing.is_empty() {
            return Ok(Err(NewCodeOutcome::Obstacles(missing)));
        }
        let to = present.destination(&self.messengers, &self.store, delivery, by, now);
        Ok(match to.await? {
            Ok(to) => Ok((Some(by), to)),
            Err(refusal) => Err(NewCodeOutcome::Threema(refusal)),
        })
    }

    async fn send_new_code(
        &self,
        stored: &StoredDelivery,
        present: &Present,
        to: Option<&(Destination, Reference)>,
        code: &Code,
        op: &Op,
    ) -> MessageFate {
        let fate = match to {
            None => MessageFate::None,
            Some((to, reference)) => {
                let (delivery, now) = (&stored.delivery, self.clock.now());
                let text = present.message(&self.base_url, delivery, code, reference, now);
                send(&self.messengers, to, text).await
            }
        };
        if let Err(error) = self.store.set_message_fate(&stored.link, &fate, op).await {
            tracing::warn!(delivery = stored.delivery.id.as_str(), %error, "a message's fate could not be kept");
        }
        fate
    }
}

/// The answer to a request that was made before.
fn repeated(delivery: Delivery, channel: Channel) -> NewCodeOutcome {
    let fate = delivery.message.unwrap_or(MessageFate::Unknown);
    NewCodeOutcome::Repeated(MessageSent { channel, fate })
}
