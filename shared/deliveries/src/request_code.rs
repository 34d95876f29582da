//! New codes for a delivery that was sent: asked for by the patient on the page (L6), or made by the practice (L6a).

use domain::audit::{Op, Outcome};
use domain::contact::{Mobile, ThreemaId};
use domain::delivery::{
    Delivery, MessageFate, RequestRule, RequestTerms, f_v11_is_clock_wrong, l6_request, l6_settled,
    l6a_new_code,
};
use domain::id::{DeliveryId, PracticeId};
use domain::language::Language;
use domain::practice::{
    Channel, Limits, MessageChannel, MonthlyCaps, PublicPractice, RecordType, Settings,
};
use domain::record::Record;
use domain::sending::{Addressee, Obstacle, d7_addressee, l6_message_channel};
use domain::symbols::{Code, LinkToken, Reference};
use domain::threema::ThreemaRefusal;
use domain::time::Timestamp;
use domain::usage::{ReachedCap, Usage, d4_monthly_caps};
use pages::{MessageTemplate, MessageTooLong};
use secrets::{Keys, LookupKeys, draw_code};
use store::{
    Count, EarlierRequest, IdempotencyKey, Replaced, Reserved, Store, StoreError, StoredDelivery,
    next_code, next_version,
};

use crate::clock::Clock;
use crate::compose::{Composition, InvalidTemplate, Wording, message_template_id};
use crate::error::Unavailable;
use crate::find::{Found, find};
use crate::hashing::Hashing;
use crate::messengers::{Destination, Messengers, NoDestination, one_message};
use crate::send::{MessageSent, SendDelivery, idempotency_key};

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

/// Who would receive a message now, and under which settings.
struct Present {
    settings: Settings,
    limits: Limits,
    caps: MonthlyCaps,
    record: Record,
    record_type: RecordType,
    addressee: Addressee,
    wording: MessageTemplate,
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
            let present = present(&self.store, &found.stored.delivery, self.now()).await?;
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
        let text = message(&self.base_url, present, delivery, &code, &reference, now);
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
            let present = present(&self.store, &stored.delivery, now).await?;
            let (Some(present), true) = (present, l6a_new_code(&stored.delivery, now)) else {
                return Ok(NewCodeOutcome::NotPossible);
            };
            let by = match channel {
                Channel::Spoken => None,
                Channel::Sms => Some(MessageChannel::Sms),
                Channel::Threema if self.messengers.threema.is_some() => {
                    Some(MessageChannel::Threema)
                }
                Channel::Threema | Channel::SelfService => {
                    return Ok(NewCodeOutcome::ChannelUnavailable);
                }
            };
            let missing = by.map(|by| present.missing(&self.messengers, by));
            if let Some(missing) = missing.filter(|missing| !missing.is_empty()) {
                return Ok(NewCodeOutcome::Obstacles(missing));
            }
            let to = match by {
                None => Ok(None),
                Some(by) => {
                    let delivery = &stored.delivery;
                    present
                        .destination(&self.messengers, &self.store, delivery, by, now)
                        .await?
                }
            };
            let to = match to {
                Ok(to) => to,
                Err(refusal) => return Ok(NewCodeOutcome::Threema(refusal)),
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
                let text = message(&self.base_url, present, delivery, code, reference, now);
                send(&self.messengers, to, text).await
            }
        };
        if let Err(error) = self.store.set_message_fate(&stored.link, &fate, op).await {
            tracing::warn!(delivery = stored.delivery.id.as_str(), %error, "a message's fate could not be kept");
        }
        fate
    }
}

impl Present {
    /// L6: how a code asked for on the page travels now.
    fn message_channel(&self, channel: Channel) -> MessageChannel {
        l6_message_channel(channel, &self.record_type.self_service)
    }

    fn address(&self, channel: MessageChannel) -> Option<&str> {
        let Addressee {
            mobile, threema_id, ..
        } = &self.addressee;
        match channel {
            MessageChannel::Sms => mobile.as_ref().map(Mobile::as_str),
            MessageChannel::Threema => threema_id.as_ref().map(ThreemaId::as_str),
        }
    }

    fn can_be_sent(&self, messengers: &Messengers, channel: MessageChannel) -> bool {
        let self_service = &self.record_type.self_service;
        let lack = messengers.lack(channel.into(), self_service);
        !lack && self.missing(messengers, channel).is_empty()
    }

    fn missing(&self, messengers: &Messengers, channel: MessageChannel) -> Vec<Obstacle> {
        let self_service = &self.record_type.self_service;
        let (record, addressee) = (&self.record, &self.addressee);
        messengers.obstacles(
            channel.into(),
            self_service,
            record,
            addressee,
            &self.settings,
        )
    }

    /// Where a message for the delivery goes now, or why Threema takes none for it.
    async fn destination(
        &self,
        messengers: &Messengers,
        store: &Store,
        delivery: &Delivery,
        channel: MessageChannel,
        now: Timestamp,
    ) -> Result<Result<Option<Destination>, ThreemaRefusal>, Unavailable> {
        let whose = (&delivery.practice, &delivery.record, &delivery.recipient);
        let of = (&self.addressee, &self.settings, &self.limits);
        match messengers.destination(store, whose, channel, of, now).await {
            Ok(destination) => Ok(Ok(destination)),
            Err(NoDestination::Threema(refusal)) => Ok(Err(refusal)),
            Err(NoDestination::Unavailable(error)) => Err(error),
        }
    }
}

/// The answer to a request that was made before.
fn repeated(delivery: Delivery, channel: Channel) -> NewCodeOutcome {
    let fate = delivery.message.unwrap_or(MessageFate::Unknown);
    NewCodeOutcome::Repeated(MessageSent { channel, fate })
}

/// Takes back a message that was counted and definitely not sent; where that fails, too many are counted, which is the safe side.
pub(crate) async fn take_back(store: &Store, count: &Count) {
    if let Err(error) = store.uncount(count).await {
        tracing::warn!(%error, "what was not sent could not be taken back from the month's count");
    }
}

/// The recipient as they are now. `None` if the practice took record or recipient away.
async fn present(
    store: &Store,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Option<Present>, Unavailable> {
    let practice = &delivery.practice;
    let facts = store
        .sending_facts(practice, &delivery.record, &[], now)
        .await?;
    let (Some(settings), Some(record)) = (facts.settings, facts.record) else {
        return Ok(None);
    };
    let Some(recipient) = record.recipient(&delivery.recipient) else {
        return Ok(None);
    };
    let linked = match &recipient.linked_record {
        Some(id) => match store.record(practice, id).await? {
            Some(linked) => Some(linked),
            None => return Ok(None),
        },
        None => None,
    };
    let type_id = linked
        .as_ref()
        .map_or(&record.record_type, |linked| &linked.record_type);
    let record_type = store
        .record_type(practice, type_id)
        .await?
        .unwrap_or_default();
    let first = linked.as_ref().and_then(|linked| linked.recipients.first());
    let Some(addressee) = d7_addressee(recipient, first, &[], &settings) else {
        return Ok(None);
    };
    Ok(Some(Present {
        wording: wording(store, delivery, addressee.language).await?,
        caps: d4_monthly_caps(&settings, &facts.limits),
        limits: facts.limits,
        settings,
        record,
        record_type,
        addressee,
    }))
}

/// The present wording of the delivery's message.
///
/// A template that was fine when it was saved and is refused now is left alone: the patient waits for a code, and the practice hears of it at its next sending.
async fn wording(
    store: &Store,
    delivery: &Delivery,
    language: Language,
) -> Result<MessageTemplate, Unavailable> {
    let id = message_template_id(delivery.kind, language);
    let own = store.text_template(&delivery.practice, id).await?;
    let templates = own.into_iter().map(|own| (id, own)).collect();
    let (wording, invalid) = Wording::of(templates, delivery.kind, language);
    for InvalidTemplate { id, error } in invalid {
        tracing::warn!(practice = delivery.practice.as_str(), template = %id, reason = error.reason.name(), "a text template is refused now; the built-in one is sent");
    }
    Ok(wording.message)
}

/// The finished message with a new code; one that does not fit is not sent (D11).
fn message(
    base_url: &str,
    present: &Present,
    delivery: &Delivery,
    code: &Code,
    reference: &Reference,
    now: Timestamp,
) -> Result<String, MessageTooLong> {
    let composition = Composition {
        practice: &PublicPractice::of(&present.settings),
        addressee: &present.addressee,
        documents: delivery.documents.len(),
        base_url,
        reachable_until: delivery.expires_at.unwrap_or(now),
    };
    composition.message(&present.wording, code, reference)
}

async fn send(
    messengers: &Messengers,
    to: &Destination,
    text: Result<String, MessageTooLong>,
) -> MessageFate {
    match text {
        Ok(text) => messengers.send(to, &text).await,
        Err(MessageTooLong) => MessageFate::Refused {
            reason: "message-too-long".to_owned(),
        },
    }
}
