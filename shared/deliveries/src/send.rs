//! Sending a delivery: pending, mail, open (closing the earlier ones), message, its fate (L1, L5, D1 to D10).
//!
//! Nothing that holds a code is ever queued or tried again by itself; recovery is a new code or a new delivery.

use std::collections::BTreeMap;

use channels::{AttachedFile, Email, EmailChannel, Sent};
use documents::Documents;
use domain::audit::Op;
use domain::contact::{Mobile, ThreemaId};
use domain::delivery::{
    CloseReason, Delivery, MessageFate, State, l1_expires_at, l6_settled, l8_state,
};
use domain::hashed::AddressHash;
use domain::id::{DeliveryId, DocumentId, PracticeId, RecipientId, RecordId, RunId};
use domain::practice::{Channel, MessageChannel, PublicPractice};
use domain::sending::{Obstacle, Overrides};
use domain::symbols::{Code, LinkToken, Reference};
use domain::text::AdditionalText;
use domain::text_template::{d2_additional_text, d2_is_unused};
use domain::threema::ThreemaRefusal;
use domain::time::Timestamp;
use domain::usage::{ReachedCap, Usage};
use pages::{AttachedEmail, EmailTemplate, EmailText, attached_email, file_name};
use secrets::{HashError, Keys, LookupKeys, delivery_id, draw_code, draw_link_token};
use store::{
    Count, EarlierRequest, IdempotencyKey, ItemClaim, OpenFailure, Opening, Page, PendingDelivery,
    PendingFailure, Store, StoreError, StoredDelivery,
};

use crate::clock::Clock;
use crate::compose::{Composition, InvalidTemplate, Wording, email_holds_code};
use crate::error::Unavailable;
use crate::hashing::Hashing;
use crate::messengers::{Destination, Messengers, NoDestination};
use crate::plan::{Plan, Shared};
use crate::request_code::take_back;

/// The route to which idempotency keys of sendings belong.
const ROUTE: &str = "POST /v1/deliveries";

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

/// Why nothing was sent, or what may have been.
#[derive(Debug)]
pub enum SendError {
    /// The practice has no such record.
    NoSuchRecord,
    /// The record has no such recipient.
    NoSuchRecipient,
    /// The record has no documents of these positions in the request, or they were deleted.
    DocumentsGone(Vec<usize>),
    /// These documents' bytes are not there, or were refused for this reason.
    DocumentsNotReady(Vec<(usize, Option<String>)>),
    /// D3, D5a: all that is missing.
    Obstacles(Vec<Obstacle>),
    /// D6: the request waives protection in vain.
    MustBeProtected,
    /// This deployment cannot send codes on this channel.
    ChannelUnavailable(Channel),
    /// F-I7: no message can be sealed for the recipient's Threema ID, or not now.
    Threema(ThreemaRefusal),
    /// L5: more earlier deliveries than one sending may close.
    TooManyEarlier,
    /// D4: one more would break this cap.
    CapReached(ReachedCap),
    /// D1.
    CodeInEmail,
    /// D11.
    MessageTooLong,
    /// D2: the template has no place for the additional text.
    AdditionalTextUnused,
    /// A template that was fine when it was saved and is not now.
    TemplateInvalid(InvalidTemplate),
    /// The same request was made before; its delivery as it is now.
    Repeated(Box<StoredDelivery>),
    /// The same request is under way.
    InProgress,
    /// The same idempotency key, another body.
    Mismatch,
    /// Of an item of a run: its code would have to be spoken, and nobody would ever see it.
    SpokenInRun,
    /// Of an item of a run: somebody else has taken it up, or the run was cancelled.
    NotOurs,
    /// A draft was sent before.
    DraftSpent,
    /// A draft is older than an hour.
    DraftExpired,
    /// What a draft's preview showed is no longer what would be sent.
    DraftOutdated,
    /// No draft of this practice.
    NoDraft,
    /// D10: refused; the delivery is closed.
    EmailRefused { id: DeliveryId, reason: String },
    /// D10: it may have arrived; the delivery is closed.
    EmailUnknown { id: DeliveryId },
    /// Ours.
    Unavailable(Unavailable),
}

impl<E: Into<Unavailable>> From<E> for SendError {
    fn from(error: E) -> Self {
        Self::Unavailable(error.into())
    }
}

impl SendError {
    /// Whether it is a no to what was asked, with nothing written; the same request may have been granted before.
    fn is_refusal(&self) -> bool {
        match self {
            Self::Repeated(_)
            | Self::InProgress
            | Self::Mismatch
            | Self::NotOurs
            | Self::EmailRefused { .. }
            | Self::EmailUnknown { .. }
            | Self::Unavailable(_) => false,
            Self::NoSuchRecord
            | Self::NoSuchRecipient
            | Self::DocumentsGone(_)
            | Self::DocumentsNotReady(_)
            | Self::Obstacles(_)
            | Self::MustBeProtected
            | Self::ChannelUnavailable(_)
            | Self::Threema(_)
            | Self::TooManyEarlier
            | Self::CapReached(_)
            | Self::CodeInEmail
            | Self::MessageTooLong
            | Self::AdditionalTextUnused
            | Self::TemplateInvalid(_)
            | Self::SpokenInRun
            | Self::DraftSpent
            | Self::DraftExpired
            | Self::DraftOutdated
            | Self::NoDraft => true,
        }
    }
}

/// The delivery's secrets, drawn for it alone.
pub(crate) struct Secrets {
    pub(crate) token: LinkToken,
    pub(crate) code: Code,
}

/// What would leave the house.
pub(crate) struct Texts {
    pub(crate) practice: PublicPractice,
    pub(crate) email: EmailText,
    /// The text message; `None` where the channel has none, or it would not fit.
    pub(crate) message: Option<String>,
    /// What is wrong with them (D1, D2, D11), most telling first.
    pub(crate) problems: Vec<SendError>,
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
        let opened = self.open(request, &plan, &stored, sent).await;
        match &opened {
            Ok(_) => {}
            Err(SendError::EmailRefused { .. }) => self.take_back(&count, plan.counts).await,
            // The e-mail may have arrived; no message is sent after it.
            Err(_) => {
                let message = Usage {
                    emails: 0,
                    ..plan.counts
                };
                self.take_back(&count, message).await;
            }
        }
        let (message_id, expires_at, superseded) = opened?;
        if stored.delivery.unprotected {
            return Ok(SentDelivery {
                id: stored.delivery.id,
                opens: None,
                email_message_id: message_id,
                superseded,
            });
        }
        let fate = self
            .send_message(&stored, destination.as_ref(), texts, &request.op)
            .await;
        if matches!(fate, MessageFate::Refused { .. }) {
            let message = Usage {
                emails: 0,
                ..plan.counts
            };
            self.take_back(&count, message).await;
        }
        Ok(SentDelivery {
            id: stored.delivery.id,
            opens: Some(Opens {
                reference: secrets.token.reference(),
                code: secrets.code.clone(),
                message: MessageSent {
                    channel: plan.resolved.channel.value,
                    fate,
                },
                expires_at,
            }),
            email_message_id: message_id,
            superseded,
        })
    }

    /// D6: the name and the bytes of what goes with the e-mail, read before anything is counted or written.
    async fn attached(
        &self,
        request: &SendRequest,
        plan: &Plan,
    ) -> Result<Option<(String, Vec<u8>)>, SendError> {
        if plan.resolved.protected.value {
            return Ok(None);
        }
        let document = &plan.documents[0].document;
        let bytes = self.documents.read(&request.practice, document).await?;
        let bytes = bytes.ok_or(SendError::DocumentsGone(vec![0]))?;
        Ok(Some((file_name(document, plan.addressee.language), bytes)))
    }

    /// The finished texts of a delivery that is made at this moment.
    pub(crate) fn compose(
        &self,
        request: &SendRequest,
        plan: &Plan,
        secrets: &Secrets,
        now: Timestamp,
    ) -> Texts {
        let practice = PublicPractice::of(&plan.settings);
        if !plan.resolved.protected.value {
            return attached_texts(request, plan, practice);
        }
        let composition = Composition {
            practice: &practice,
            addressee: &plan.addressee,
            documents: request.documents.len(),
            base_url: &self.base_url,
            reachable_until: l1_expires_at(now, plan.resolved.valid_days.value),
        };
        let Wording { email, message } = &plan.wording;
        let channel = plan.resolved.channel.value;
        let additional_text = request.additional_text(email);
        let is_unused = d2_is_unused(
            additional_text,
            email.has_place_for_additional_text(),
            request.allow_unused_additional_text,
        );
        let email = composition.email(email, &secrets.token, channel, additional_text.as_str());
        let reference = secrets.token.reference();
        let message = composition.message(message, &secrets.code, &reference);
        let holds_code = email_holds_code(&email, &practice, &secrets.token, &secrets.code);
        // A code that is spoken now can be asked for by message later; then it is the present template's matter.
        let is_too_long = channel != Channel::Spoken && message.is_err();
        let wrong = [
            (holds_code, SendError::CodeInEmail),
            (is_unused, SendError::AdditionalTextUnused),
            (is_too_long, SendError::MessageTooLong),
        ];
        let problems = wrong
            .into_iter()
            .filter_map(|(is_wrong, problem)| is_wrong.then_some(problem))
            .collect();
        Texts {
            practice,
            email,
            message: message
                .ok()
                .filter(|_| matches!(channel, Channel::Sms | Channel::Threema)),
            problems,
        }
    }

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

    async fn take_back(&self, count: &Count, not_sent: Usage) {
        let not_sent = Count {
            further: not_sent,
            ..count.clone()
        };
        take_back(&self.store, &not_sent).await;
    }

    /// The delivery as it will be written. Before the count: where keys are out of reach, nothing may be counted.
    async fn stored(
        &self,
        request: &SendRequest,
        plan: &Plan,
        secrets: &Secrets,
        now: Timestamp,
    ) -> Result<StoredDelivery, SendError> {
        let lookup = self.lookup.get().await?;
        let id = delivery_id(now)?;
        let reference = secrets.token.reference();
        Ok(StoredDelivery {
            link: first(lookup.links(&secrets.token))?,
            delivery: new_delivery(request, plan, &id, now),
            code: self.hashing.hash(&id, 1, &secrets.code).await?,
            sealed_reference: self.hashing.keys().await?.seal(&reference, &id)?,
        })
    }

    /// Takes back what was counted, where certainly nothing was written.
    async fn write_pending(
        &self,
        request: &SendRequest,
        plan: &Plan,
        secrets: &Secrets,
        stored: &StoredDelivery,
        count: &Count,
    ) -> Result<(), SendError> {
        let lookup = self.lookup.get().await?;
        let practice = &request.practice;
        let reference = secrets.token.reference();
        let links = lookup.links(&secrets.token);
        let key;
        let once = match &request.once {
            Once::Request { key: own, body } => {
                key = idempotency_key(lookup, practice, ROUTE, own, body);
                store::Once::Request(&key)
            }
            Once::Item(claim) => store::Once::Item(claim),
        };
        let pending = PendingDelivery {
            stored,
            lookup_key: lookup.newest().ok_or(HashError::UnknownKey)?,
            older_links: links.get(1..).unwrap_or_default(),
            reference: &first(lookup.references(practice, &reference))?,
            addresses: &addresses(lookup, practice, plan),
            once,
            op: &request.op,
        };
        let Err(failure) = self.store.add_pending(&pending).await else {
            return Ok(());
        };
        if !may_be_written(&failure) {
            self.take_back(count, plan.counts).await;
        }
        Err(match failure {
            PendingFailure::Repeated(id) => self.repeated(practice, &id).await?,
            PendingFailure::Mismatch => SendError::Mismatch,
            PendingFailure::Taken => SendError::DraftSpent,
            PendingFailure::NotOurs => SendError::NotOurs,
            PendingFailure::Store(error) => error.into(),
        })
    }

    async fn repeated(&self, practice: &PracticeId, id: &str) -> Result<SendError, SendError> {
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

    /// D10 and L5: opens the delivery if its e-mail was accepted, else closes it before the answer goes out.
    async fn open(
        &self,
        request: &SendRequest,
        plan: &Plan,
        stored: &StoredDelivery,
        sent: Sent,
    ) -> Result<(String, Timestamp, Vec<DeliveryId>), SendError> {
        let id = stored.delivery.id.clone();
        let message_id = match sent {
            Sent::Accepted { message_id } => message_id,
            Sent::Refused { reason } => {
                self.close_not_sent(stored, Some(&reason), &request.op)
                    .await;
                return Err(SendError::EmailRefused { id, reason });
            }
            Sent::Unknown => {
                self.close_not_sent(stored, None, &request.op).await;
                return Err(SendError::EmailUnknown { id });
            }
        };
        let accepted_at = self.clock.now();
        let expires_at = l1_expires_at(accepted_at, plan.resolved.valid_days.value);
        let opening = Opening {
            link: &stored.link,
            delivery: &stored.delivery,
            message_id: &message_id,
            accepted_at,
            expires_at,
            keep_earlier: request.keep_earlier,
            closed_before: &plan.closed_before,
            run: request.run(),
            op: &request.op,
        };
        match self.store.open_delivery(&opening).await {
            Ok(opened) => return Ok((message_id, expires_at, opened.superseded)),
            Err(OpenFailure::Refused) => tracing::warn!(
                delivery = id.as_str(),
                "an accepted delivery could not be opened"
            ),
            Err(OpenFailure::Store(error)) => {
                tracing::error!(delivery = id.as_str(), %error, "opening a delivery failed");
            }
        }
        // The answer to the opening may have been lost: what the table says now, holds.
        self.close_not_sent(stored, None, &request.op).await;
        let now_stored = self
            .store
            .delivery(std::slice::from_ref(&stored.link))
            .await;
        match now_stored {
            Ok(Some(now_stored)) if now_stored.delivery.sent_at.is_some() => {
                Ok((message_id, expires_at, Vec::new()))
            }
            _ => Err(SendError::EmailUnknown { id }),
        }
    }

    /// Where even this write fails, the delivery stays pending and counts as not sent a minute later.
    async fn close_not_sent(
        &self,
        stored: &StoredDelivery,
        refused_because: Option<&str>,
        op: &Op,
    ) {
        if let Err(error) = self
            .store
            .set_not_sent(&stored.link, refused_because, self.clock.now(), op)
            .await
        {
            tracing::warn!(delivery = stored.delivery.id.as_str(), %error, "a delivery could not be closed as not sent");
        }
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

    /// D2: what is said beside the template's own words.
    pub(crate) fn additional_text<'a>(&'a self, template: &'a EmailTemplate) -> &'a AdditionalText {
        let standard = template.standard_additional_text();
        d2_additional_text(self.additional_text.as_ref(), standard)
    }
}

/// D6: an e-mail that says what is attached, and nothing else that could go wrong: no link, no code, no template.
fn attached_texts(request: &SendRequest, plan: &Plan, practice: PublicPractice) -> Texts {
    let additional_text = request.additional_text.as_ref();
    let email = attached_email(&AttachedEmail {
        language: plan.addressee.language,
        practice: &practice,
        name: plan.addressee.name.as_str(),
        document: &plan.documents[0].document,
        additional_text: additional_text.map_or("", AdditionalText::as_str),
    });
    Texts {
        practice,
        email,
        message: None,
        problems: Vec::new(),
    }
}

/// Whether the delivery may have been written as pending all the same: then nobody knows what becomes of it.
fn may_be_written(failure: &PendingFailure) -> bool {
    matches!(
        failure,
        PendingFailure::Store(StoreError::Unavailable { .. })
    )
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

/// Where the e-mail goes, and the message where there is one, under the newest key.
fn addresses(lookup: &LookupKeys, practice: &PracticeId, plan: &Plan) -> Vec<AddressHash> {
    let by = |channel| plan.resolved.protected.value && plan.resolved.channel.value == channel;
    let addressee = &plan.addressee;
    let mobile = addressee.mobile.as_ref().filter(|_| by(Channel::Sms));
    let threema = addressee.threema_id.as_ref();
    let threema = threema.filter(|_| by(Channel::Threema));
    [
        Some(addressee.email.as_str()),
        mobile.map(Mobile::as_str),
        threema.map(ThreemaId::as_str),
    ]
    .into_iter()
    .flatten()
    .filter_map(|address| lookup.addresses(practice, address).into_iter().next())
    .collect()
}

fn new_delivery(request: &SendRequest, plan: &Plan, id: &DeliveryId, now: Timestamp) -> Delivery {
    Delivery {
        id: id.clone(),
        practice: request.practice.clone(),
        record: request.record.clone(),
        recipient: request.recipient.clone(),
        language: plan.addressee.language,
        channel: plan.resolved.channel.value,
        documents: request.documents.iter().cloned().collect(),
        kind: plan.documents[0].document.kind,
        offered_invoices: plan.resolved.offered_invoices.value,
        unprotected: !plan.resolved.protected.value,
        self_service: plan.self_service,
        code_requests: 0,
        last_request_at: None,
        next_code: None,
        created_at: now,
        sent_at: None,
        expires_at: None,
        not_sent_at: None,
        revoked_at: None,
        reported_at: None,
        capped_at: None,
        superseded_at: None,
        opened_at: None,
        code_version: 1,
        wrong_for_code: 0,
        wrong_in_life: 0,
        wrong_in_row: 0,
        last_wrong_at: None,
        sessions: BTreeMap::new(),
        email_message_id: None,
        email_refused_because: None,
        email_taken_at: None,
        email_delivered_at: None,
        email_delayed_at: None,
        email_bounce: None,
        email_complained_at: None,
        message: None,
        downloads: Vec::new(),
    }
}

/// The hash under the newest key; there always is one, for a function does not start without `LOOKUP_KEYS`.
fn first<T>(hashes: Vec<T>) -> Result<T, SendError> {
    hashes
        .into_iter()
        .next()
        .ok_or_else(|| HashError::UnknownKey.into())
}
