//! Who would receive a new code by message now, where, and in which words: by the present settings, whatever they were when the delivery was sent.

use domain::contact::{Mobile, ThreemaId};
use domain::delivery::{Delivery, MessageFate};
use domain::language::Language;
use domain::practice::{
    Channel, Limits, MessageChannel, MonthlyCaps, PublicPractice, RecordType, Settings,
};
use domain::record::Record;
use domain::sending::{Addressee, Obstacle, d7_addressee, l6_message_channel};
use domain::symbols::{Code, Reference};
use domain::threema::ThreemaRefusal;
use domain::time::Timestamp;
use domain::usage::d4_monthly_caps;
use pages::{MessageTemplate, MessageTooLong};
use store::Store;

use crate::compose::{Composition, InvalidTemplate, Wording, message_template_id};
use crate::error::Unavailable;
use crate::messengers::{Destination, Messengers, NoDestination};

/// Who would receive a message now, and under which settings.
pub(crate) struct Present {
    settings: Settings,
    limits: Limits,
    pub(crate) caps: MonthlyCaps,
    record: Record,
    pub(crate) record_type: RecordType,
    addressee: Addressee,
    wording: MessageTemplate,
}

impl Present {
    /// The recipient as they are now. `None` if the practice took record or recipient away.
    pub(crate) async fn of(
        store: &Store,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<Option<Self>, Unavailable> {
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
        Ok(Some(Self {
            wording: wording(store, delivery, addressee.language).await?,
            caps: d4_monthly_caps(&settings, &facts.limits),
            limits: facts.limits,
            settings,
            record,
            record_type,
            addressee,
        }))
    }

    /// L6: how a code asked for on the page travels now.
    pub(crate) fn message_channel(&self, channel: Channel) -> MessageChannel {
        l6_message_channel(channel, &self.record_type.self_service)
    }

    pub(crate) fn address(&self, channel: MessageChannel) -> Option<&str> {
        let Addressee {
            mobile, threema_id, ..
        } = &self.addressee;
        match channel {
            MessageChannel::Sms => mobile.as_ref().map(Mobile::as_str),
            MessageChannel::Threema => threema_id.as_ref().map(ThreemaId::as_str),
        }
    }

    pub(crate) fn can_be_sent(&self, messengers: &Messengers, channel: MessageChannel) -> bool {
        let self_service = &self.record_type.self_service;
        let lack = messengers.lack(channel.into(), self_service);
        !lack && self.missing(messengers, channel).is_empty()
    }

    pub(crate) fn missing(
        &self,
        messengers: &Messengers,
        channel: MessageChannel,
    ) -> Vec<Obstacle> {
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
    pub(crate) async fn destination(
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

    /// The finished message with a new code; one that does not fit is not sent (D11).
    pub(crate) fn message(
        &self,
        base_url: &str,
        delivery: &Delivery,
        code: &Code,
        reference: &Reference,
        now: Timestamp,
    ) -> Result<String, MessageTooLong> {
        let composition = Composition {
            practice: &PublicPractice::of(&self.settings),
            addressee: &self.addressee,
            documents: delivery.documents.len(),
            base_url,
            reachable_until: delivery.expires_at.unwrap_or(now),
        };
        composition.message(&self.wording, code, reference)
    }
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

/// What becomes of a message; one that does not fit is not sent.
pub(crate) async fn send(
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
