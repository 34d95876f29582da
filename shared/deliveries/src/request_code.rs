//! New codes that patients ask for on the page (L6).

use domain::audit::{Op, Outcome};
use domain::delivery::{MessageFate, RequestRule, RequestTerms, f_v11_is_clock_wrong, l6_request};
use domain::symbols::LinkToken;
use domain::time::Timestamp;
use secrets::{Keys, LookupKeys, draw_code};
use store::{Count, Reserved, Store, StoreError, next_code};

use crate::clock::Clock;
use crate::error::Unavailable;
use crate::find::{Found, find};
use crate::hashing::Hashing;
use crate::messengers::{Messengers, one_message, take_back};
use crate::present::{Present, send};

/// What asking for a code needs.
#[derive(Debug)]
pub struct RequestCode {
    /// The table.
    pub store: Store,
    /// The keys of links and forms.
    pub lookup: Keys<LookupKeys>,
    /// The keys of codes.
    pub hashing: Hashing,
    /// Text messages and Threema.
    pub messengers: Messengers,
    /// The scheme and host of every link.
    pub base_url: String,
    /// The clock.
    pub clock: Clock,
}

/// What became of a patient's request.
#[derive(Debug)]
pub enum RequestOutcome {
    /// A message with a new code was accepted; the old code no longer works.
    Sent(Found),
    /// Nobody can tell whether the message arrives; the old code no longer works.
    FateUnknown(Found),
    /// Nothing was sent, by the rules; the old code stays.
    Refused(RequestRule, Found),
    /// Nothing was sent: the message was refused, or a cap is reached. The request does not count.
    CannotSend(Found),
    /// There is no such delivery.
    Unknown,
}

impl RequestCode {
    /// The present time, by the clock that rules are judged by.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The keys of forms and links.
    pub async fn lookup(&self) -> Result<&LookupKeys, Unavailable> {
        Ok(self.lookup.get().await?)
    }

    /// What a link leads to.
    pub async fn find(&self, token: &LinkToken) -> Result<Option<Found>, Unavailable> {
        find(&self.store, &self.lookup, token, self.now()).await
    }

    /// L6: judges the request, takes the slot, sends, and makes the new code the present one unless its message was refused.
    pub async fn request(&self, token: &LinkToken, op: &Op) -> Result<RequestOutcome, Unavailable> {
        for _ in 0..4 {
            let Some(found) = self.find(token).await? else {
                return Ok(RequestOutcome::Unknown);
            };
            if let Some(version) = found.overdue_code {
                // A function that ended before it could tell the fate of its message: its code holds alone, by our write.
                self.store
                    .promote_overdue_code(&found.stored.link, version, op)
                    .await?;
            }
            let present = Present::of(&self.store, &found.stored.delivery, self.now()).await?;
            let rule = self.judge(&found, present.as_ref());
            let (RequestRule::Allowed, Some(present)) = (rule, present) else {
                let delivery = &found.stored.delivery;
                if matches!(rule, RequestRule::TooEarly(_))
                    && f_v11_is_clock_wrong(delivery, self.now())
                {
                    return Err(Unavailable::ClockWrong);
                }
                return Ok(RequestOutcome::Refused(rule, found));
            };
            if let Some(outcome) = self.ask(token, found, &present, op).await? {
                return Ok(outcome);
            }
        }
        Err(StoreError::Contention.into())
    }

    /// By the present settings: what the record type says, and whether anything is missing for a message.
    fn judge(&self, found: &Found, present: Option<&Present>) -> RequestRule {
        let terms = present.map_or(
            RequestTerms {
                allowed: false,
                max_requests: 0,
                min_interval: 0,
            },
            |present| {
                let mut terms = RequestTerms::of(&present.record_type.self_service);
                let channel = present.message_channel(found.stored.delivery.channel);
                terms.allowed &= present.can_be_sent(&self.messengers, channel);
                terms
            },
        );
        l6_request(
            &found.stored.delivery,
            terms,
            found.is_disabled(),
            self.now(),
        )
    }

    /// `None` if somebody was faster: then it is judged again.
    async fn ask(
        &self,
        token: &LinkToken,
        found: Found,
        present: &Present,
        op: &Op,
    ) -> Result<Option<RequestOutcome>, Unavailable> {
        let delivery = &found.stored.delivery;
        let (now, channel) = (self.now(), present.message_channel(delivery.channel));
        let number = match present.address(channel) {
            Some(address) => self.lookup().await?.number(address),
            None => None,
        };
        let destination =
            present.destination(&self.messengers, &self.store, delivery, channel, now);
        let (Some(number), Some(to)) = (number, destination.await?.ok().flatten()) else {
            return Ok(Some(RequestOutcome::CannotSend(found)));
        };
        let (code, next) = (draw_code()?, next_code(delivery, now));
        let hash = self.hashing.hash(&delivery.id, next.version, &code).await?;
        let count = Count {
            practice: delivery.practice.clone(),
            at: now,
            further: one_message(channel),
        };
        if self.store.count(&count, present.caps).await?.is_some() {
            return self.capped("month", found, now, op).await.map(Some);
        }
        let reserved = self
            .store
            .reserve_code(&found.stored, &hash, &number, now, op)
            .await;
        // What was certainly not written is not counted.
        if !matches!(
            reserved,
            Ok(Reserved::Yes) | Err(StoreError::Unavailable { .. })
        ) {
            take_back(&self.store, &count).await;
        }
        match reserved? {
            Reserved::Yes => {}
            Reserved::Changed => return Ok(None),
            Reserved::CapReached => return self.capped("day", found, now, op).await.map(Some),
        }
        let reference = token.reference();
        let text = present.message(&self.base_url, delivery, &code, &reference, now);
        let fate = send(&self.messengers, &to, text).await;
        let link = &found.stored.link;
        Ok(Some(match fate {
            MessageFate::Refused { .. } => {
                take_back(&self.store, &count).await;
                self.store.drop_code(link, &next, op).await?;
                RequestOutcome::CannotSend(found)
            }
            fate => {
                let outcome = match fate {
                    MessageFate::Accepted { .. } => Outcome::Accepted,
                    _ => Outcome::Unknown,
                };
                self.store
                    .promote_code(link, next.version, outcome, op)
                    .await?;
                let found = self.find(token).await?.unwrap_or(found);
                match fate {
                    MessageFate::Accepted { .. } => RequestOutcome::Sent(found),
                    _ => RequestOutcome::FateUnknown(found),
                }
            }
        }))
    }

    /// A cap of the month or the day is reached: neutral to the patient, and told to the practice and, by an alarm on this line, to the operator (F-S5).
    async fn capped(
        &self,
        of: &'static str,
        found: Found,
        now: Timestamp,
        op: &Op,
    ) -> Result<RequestOutcome, Unavailable> {
        let delivery = &found.stored.delivery;
        tracing::warn!(
            delivery = delivery.id.as_str(),
            practice = delivery.practice.as_str(),
            of,
            "a cap of messages is reached"
        );
        self.store.note_cap(&found.stored.link, now, op).await?;
        Ok(RequestOutcome::CannotSend(found))
    }
}
