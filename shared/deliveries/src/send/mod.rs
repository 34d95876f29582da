//! Sending a delivery: pending, mail, open (closing the earlier ones), message, its fate (L1, L5, D1 to D10).
//!
//! Nothing that holds a code is ever queued or tried again by itself; recovery is a new code or a new delivery.

mod error;
mod repeats;
mod texts;
mod writes;

use channels::{AttachedFile, Email, EmailChannel};
use documents::Documents;
use domain::audit::Op;
use domain::delivery::MessageFate;
use domain::id::{DeliveryId, DocumentId, PracticeId, RecipientId, RecordId, RunId};
use domain::practice::{Channel, MessageChannel};
use domain::sending::Overrides;
use domain::symbols::{Code, Reference};
use domain::text::AdditionalText;
use domain::time::Timestamp;
use domain::usage::Usage;
use secrets::{Keys, LookupKeys, draw_code, draw_link_token};
use store::{Count, ItemClaim, Store, StoredDelivery};

use crate::clock::Clock;
use crate::hashing::Hashing;
use crate::messengers::{Destination, Messengers, NoDestination, take_back};
use crate::plan::{Plan, Shared};

pub use error::SendError;
pub use repeats::idempotency_key;
pub(crate) use texts::{Secrets, Texts};

/// What sending needs.
#[derive(Debug)]
pub struct SendDelivery {
    pub store: Store,
    pub documents: Documents,
    pub lookup: Keys<LookupKeys>,
    pub hashing: Hashing,
    pub email: EmailChannel,
    pub messengers: Messengers,
    /// The scheme and host of every link, without a slash at its end.
    pub base_url: String,
    pub clock: Clock,
}

/// What a practice asks for.
#[derive(Clone, Debug)]
pub struct SendRequest {
    pub practice: PracticeId,
    pub record: RecordId,
    pub recipient: RecipientId,
    /// 1 to 24, all different; the first one's kind decides the settings (D11).
    pub documents: Vec<DocumentId>,
    pub overrides: Overrides,
    /// D2: `None` is filled in from the template, empty means none.
    pub additional_text: Option<AdditionalText>,
    /// D2: whether an additional text may be left out because the template has no place for it.
    pub allow_unused_additional_text: bool,
    /// L5: spares deliveries to other recipients.
    pub keep_earlier: bool,
    /// What keeps it from being sent twice.
    pub once: Once,
    /// Who asks.
    pub op: Op,
}

/// What keeps a sending from being made twice.
#[derive(Clone, Debug)]
pub enum Once {
    /// The request that asks for it.
    Request {
        /// Its idempotency key.
        key: String,
        /// Its body, of which a hash is kept.
        body: Vec<u8>,
    },
    /// The item of a run that it is.
    Item(ItemClaim),
}

/// A delivery that was sent.
#[derive(Debug)]
pub struct SentDelivery {
    pub id: DeliveryId,
    /// What opens the page; none of an unprotected delivery (D6).
    pub opens: Option<Opens>,
    pub email_message_id: String,
    /// L5.
    pub superseded: Vec<DeliveryId>,
}

/// What a page is opened with, and how the code travels.
#[derive(Debug)]
pub struct Opens {
    pub reference: Reference,
    /// Shown to the practice once.
    pub code: Code,
    pub message: MessageSent,
    pub expires_at: Timestamp,
}

/// The message on the second channel.
#[derive(Debug)]
pub struct MessageSent {
    pub channel: Channel,
    pub fate: MessageFate,
}

impl SendDelivery {
    /// Sends one delivery, or says why not, or what the same request became before. The order of its writes is D10's and L5's.
    pub async fn send(&self, request: &SendRequest) -> Result<SentDelivery, SendError> {
        let sent = self.send_with(request, &Shared::default()).await;
        let Once::Request { key, body } = &request.once else {
            return sent;
        };
        self.or_repeated(sent, &request.practice, key, body).await
    }

    /// The same beside others, without a look at what was asked before.
    pub(crate) async fn send_with(
        &self,
        request: &SendRequest,
        shared: &Shared,
    ) -> Result<SentDelivery, SendError> {
        let secrets = Secrets {
            token: draw_link_token()?,
            code: draw_code()?,
        };
        let mut plan = self.plan(request, shared).await?;
        let mut texts = self.compose(request, &plan, &secrets, self.clock.now());
        plan.problems.append(&mut texts.problems);
        self.send_planned(request, plan, &texts, &secrets).await
    }

    /// Sends what was composed, if the plan has no problems.
    pub(crate) async fn send_planned(
        &self,
        request: &SendRequest,
        mut plan: Plan,
        texts: &Texts,
        secrets: &Secrets,
    ) -> Result<SentDelivery, SendError> {
        if !plan.problems.is_empty() {
            return Err(plan.problems.swap_remove(0));
        }
        let now = self.clock.now();
        let destination = self.destination(request, &plan, texts, now).await?;
        let attached = self.attached(request, &plan).await?;
        let stored = self.stored(request, &plan, secrets, now).await?;
        let count = self.count(request, &plan, now).await?;
        self.write_pending(request, &plan, secrets, &stored, &count)
            .await?;
        let sent = self
            .email
            .send(&Email {
                from_name: &texts.practice.public_name,
                to: &plan.addressee.email,
                reply_to: plan.settings.reply_to.as_ref(),
                subject: &texts.email.subject,
                text: &texts.email.text,
                html: &texts.email.html,
                delivery: Some(&stored.link),
                attachment: attached
                    .as_ref()
                    .map(|(name, bytes)| AttachedFile { name, bytes }),
            })
            .await;
        let message = Usage {
            emails: 0,
            ..plan.counts
        };
        let opened = self.open(request, &plan, &stored, sent).await;
        if let Err(error) = &opened {
            let not_sent = match error {
                SendError::EmailRefused { .. } => plan.counts,
                // The e-mail may have arrived; no message is sent after it.
                _ => message,
            };
            self.take_back(&count, not_sent).await;
        }
        let (email_message_id, expires_at, superseded) = opened?;
        let opens = if stored.delivery.unprotected {
            None
        } else {
            let to = destination.as_ref();
            let fate = self.send_message(&stored, to, texts, &request.op).await;
            if matches!(fate, MessageFate::Refused { .. }) {
                self.take_back(&count, message).await;
            }
            let channel = plan.resolved.channel.value;
            Some(Opens {
                reference: secrets.token.reference(),
                code: secrets.code.clone(),
                message: MessageSent { channel, fate },
                expires_at,
            })
        };
        Ok(SentDelivery {
            id: stored.delivery.id,
            opens,
            email_message_id,
            superseded,
        })
    }

    /// D4: counts the sending before anything is written.
    async fn count(
        &self,
        request: &SendRequest,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<Count, SendError> {
        let count = Count {
            practice: request.practice.clone(),
            at: now,
            further: plan.counts,
        };
        match self.store.count(&count, plan.caps).await? {
            None => Ok(count),
            Some(reached) => Err(SendError::CapReached(reached)),
        }
    }

    async fn take_back(&self, count: &Count, not_sent: Usage) {
        let not_sent = Count {
            further: not_sent,
            ..count.clone()
        };
        take_back(&self.store, &not_sent).await;
    }

    /// Where the code goes, if it goes by message.
    async fn destination(
        &self,
        request: &SendRequest,
        plan: &Plan,
        texts: &Texts,
        now: Timestamp,
    ) -> Result<Option<Destination>, SendError> {
        let channel = match (plan.resolved.channel.value, &texts.message) {
            (Channel::Sms, Some(_)) => MessageChannel::Sms,
            (Channel::Threema, Some(_)) => MessageChannel::Threema,
            _ => return Ok(None),
        };
        let whose = (&request.practice, &request.record, &request.recipient);
        let of = (&plan.addressee, &plan.settings, &plan.limits);
        let found = self
            .messengers
            .destination(&self.store, whose, channel, of, now);
        match found.await {
            Ok(destination) => Ok(destination),
            Err(NoDestination::Unavailable(error)) => Err(error.into()),
            Err(NoDestination::Threema(refusal)) => Err(SendError::Threema(refusal)),
        }
    }

    /// The message on the second channel; whatever becomes of it, the answer carries the code (D10).
    async fn send_message(
        &self,
        stored: &StoredDelivery,
        destination: Option<&Destination>,
        texts: &Texts,
        op: &Op,
    ) -> MessageFate {
        let (Some(text), Some(to)) = (&texts.message, destination) else {
            return MessageFate::None;
        };
        let fate = self.messengers.send(to, text).await;
        if let Err(error) = self.store.set_message_fate(&stored.link, &fate, op).await {
            tracing::warn!(delivery = stored.delivery.id.as_str(), %error, "a message's fate could not be kept");
        }
        fate
    }
}

impl SendRequest {
    /// The run that it is an item of.
    pub(crate) fn run(&self) -> Option<&RunId> {
        match &self.once {
            Once::Request { .. } => None,
            Once::Item(claim) => Some(&claim.run),
        }
    }
}
