//! Codes as messages, by SMS or Threema: once, by the one way that was chosen, to where the practice's record says and nowhere else (D3, D5, F-I7).

use channels::{Sent, Sms, SmsChannel, ThreemaChannel};
use domain::contact::{Mobile, SenderId, SmsCountries, ThreemaId};
use domain::delivery::{MessageFate, RequestTerms, SelfServiceOffer};
use domain::id::{PracticeId, RecipientId, RecordId};
use domain::practice::{Channel, Limits, MessageChannel, SelfService, Settings};
use domain::record::Record;
use domain::sending::{Addressee, Obstacle, d3_obstacles, d5_sender, l6_message_channel};
use domain::threema::{ThreemaKey, ThreemaRefusal};
use domain::time::Timestamp;
use domain::usage::Usage;
use store::{Count, Store};

use crate::error::Unavailable;

/// What messages are sent with.
#[derive(Debug)]
pub struct Messengers {
    /// Text messages.
    pub sms: SmsChannel,
    /// Zweiweg's own SMS sender (D5).
    pub own_sender: SenderId,
    /// Where text messages go.
    pub countries: SmsCountries,
    /// Threema, where the deployment has it.
    pub threema: Option<ThreemaChannel>,
}

/// Where a message goes, with everything that can be known before it is sent.
#[derive(Debug)]
pub(crate) enum Destination {
    Sms { to: Mobile, sender: SenderId },
    Threema { to: ThreemaId, key: ThreemaKey },
}

/// Whose message it is: the recipient of a record.
pub(crate) type Whose<'a> = (&'a PracticeId, &'a RecordId, &'a RecipientId);

/// Why there is nowhere to send to.
#[derive(Debug)]
pub(crate) enum NoDestination {
    Threema(ThreemaRefusal),
    Unavailable(Unavailable),
}

impl<E: Into<Unavailable>> From<E> for NoDestination {
    fn from(error: E) -> Self {
        Self::Unavailable(error.into())
    }
}

impl Messengers {
    /// D3 and D5a, and the countries that the operator lets text messages go to.
    pub(crate) fn obstacles(
        &self,
        channel: Channel,
        self_service: &SelfService,
        record: &Record,
        addressee: &Addressee,
        settings: &Settings,
    ) -> Vec<Obstacle> {
        let mut missing = d3_obstacles(channel, self_service, record, addressee, settings);
        let by_sms = message_channel(channel, self_service) == Some(MessageChannel::Sms);
        let mobile = addressee.mobile.as_ref().filter(|_| by_sms);
        if mobile.is_some_and(|mobile| !self.countries.allow(mobile)) {
            missing.push(Obstacle::CountryNotAllowed);
        }
        missing
    }

    /// Whether this deployment cannot send codes on this channel.
    pub(crate) fn lack(&self, channel: Channel, self_service: &SelfService) -> bool {
        let by_threema = message_channel(channel, self_service) == Some(MessageChannel::Threema);
        by_threema && self.threema.is_none()
    }

    /// L6: the button is there where the record type allows it and nothing stands in the way of its message now.
    pub(crate) fn offer(
        &self,
        self_service: &SelfService,
        channel: Channel,
        record: &Record,
        addressee: &Addressee,
        settings: &Settings,
    ) -> Option<SelfServiceOffer> {
        let message = l6_message_channel(channel, self_service);
        let by = Channel::from(message);
        let missing = self.obstacles(by, self_service, record, addressee, settings);
        let is_there = missing.is_empty() && !self.lack(by, self_service);
        let terms = RequestTerms::of(self_service);
        (self_service.allowed && is_there).then_some(SelfServiceOffer {
            channel: message,
            max_requests: terms.max_requests,
            min_interval: terms.min_interval,
        })
    }

    /// Where a message by this channel goes: for Threema, the key is looked up, and must be the one that it always was.
    pub(crate) async fn destination(
        &self,
        store: &Store,
        (practice, record, recipient): Whose<'_>,
        channel: MessageChannel,
        (addressee, settings, limits): (&Addressee, &Settings, &Limits),
        now: Timestamp,
    ) -> Result<Option<Destination>, NoDestination> {
        if channel == MessageChannel::Sms {
            let sender = d5_sender(settings, limits, &self.own_sender);
            return Ok(addressee.mobile.as_ref().map(|to| Destination::Sms {
                to: to.clone(),
                sender: sender.clone(),
            }));
        }
        let (Some(threema), Some(to)) = (&self.threema, &addressee.threema_id) else {
            return Ok(None);
        };
        let key = threema.look_up(to).await.map_err(NoDestination::Threema)?;
        let held = store.hold_threema_key(practice, record, recipient, (to, &key), now);
        if held.await? != key {
            tracing::error!(%practice, %record, %recipient, "the key of a Threema ID has changed");
            return Err(NoDestination::Threema(ThreemaRefusal::KeyChanged));
        }
        Ok(Some(Destination::Threema {
            to: to.clone(),
            key,
        }))
    }

    /// Sends once.
    pub(crate) async fn send(&self, to: &Destination, text: &str) -> MessageFate {
        let sent = match (to, &self.threema) {
            (Destination::Sms { to, sender }, _) => self.sms.send(&Sms { sender, to, text }).await,
            (Destination::Threema { to, key }, Some(threema)) => threema.send(to, key, text).await,
            (Destination::Threema { .. }, None) => Sent::Refused {
                reason: ThreemaRefusal::Unreachable.name().to_owned(),
            },
        };
        match sent {
            Sent::Accepted { message_id } => MessageFate::Accepted { message_id },
            Sent::Refused { reason } => MessageFate::Refused { reason },
            Sent::Unknown => MessageFate::Unknown,
        }
    }
}

/// How a message travels, where the channel has one, now or when the patient asks.
fn message_channel(channel: Channel, self_service: &SelfService) -> Option<MessageChannel> {
    (channel != Channel::Spoken).then(|| l6_message_channel(channel, self_service))
}

/// What a new code's message counts against the caps.
pub(crate) fn one_message(channel: MessageChannel) -> Usage {
    Usage {
        emails: 0,
        sms: i64::from(channel == MessageChannel::Sms),
        threema: i64::from(channel == MessageChannel::Threema),
    }
}

/// Takes back a message that was counted and definitely not sent; where that fails, too many are counted, which is the safe side.
pub(crate) async fn take_back(store: &Store, count: &Count) {
    if let Err(error) = store.uncount(count).await {
        tracing::warn!(%error, "what was not sent could not be taken back from the month's count");
    }
}
