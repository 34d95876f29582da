//! Webhooks: where a practice wants to hear of what happens to its deliveries, in which words, and when it is told again.
//!
//! They follow Standard Webhooks (<https://www.standardwebhooks.com>). What they say are ids: no secrets, no names.

mod address;
mod events;

use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

pub use address::{is_public, is_public_name};
pub use events::{Occurrence, look_again_at, webhook_events, webhook_events_by_clock};

use crate::delivery::CloseReason;
use crate::hashed::SealedWebhookSecret;
use crate::id::{DeliveryId, DocumentId, RecordId, RunId, WebhookId};
use crate::run::{Counts, Run};
use crate::time::{DAY, HOUR, MINUTE, Timestamp};

/// How many webhooks a practice may have.
pub const WEBHOOKS: usize = 10;
/// For how long after a rotation the old secret signs too, in seconds.
pub const OLD_SECRET_SIGNS: i64 = DAY;
/// The only port that is called.
pub const PORT: u16 = 443;

/// Seconds from a failed attempt to the next: growing, and all of them together end within a day.
const WAITS: [i64; 7] = [
    5,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    6 * HOUR,
];

/// A practice's webhooks by id.
pub type Webhooks = BTreeMap<WebhookId, Webhook>;

/// One webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Where to.
    pub url: WebhookUrl,
    /// What of.
    pub events: WebhookEvents,
    /// When it was made.
    pub created_at: Timestamp,
    /// What signs.
    pub secret: SealedWebhookSecret,
    /// What signed before a rotation, and signs on for a while.
    pub previous_secret: Option<PreviousSecret>,
    /// When the receiver answered 410, which ends everything until the practice sets the webhook anew.
    pub gone_at: Option<Timestamp>,
}

/// A secret that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// The secret itself.
    pub secret: SealedWebhookSecret,
    /// From then on it does not sign any more.
    pub until: Timestamp,
}

impl Webhook {
    /// The secrets that sign at `now`, the present one first.
    pub fn signing_secrets(&self, now: Timestamp) -> impl Iterator<Item = &SealedWebhookSecret> {
        let previous = self
            .previous_secret
            .as_ref()
            .filter(|previous| now < previous.until);
        std::iter::once(&self.secret).chain(previous.map(|previous| &previous.secret))
    }

    /// Whether it is told of this event.
    pub fn wants(&self, event: WebhookEvent) -> bool {
        self.gone_at.is_none() && self.events.0.contains(&event)
    }
}

/// What a webhook can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WebhookEvent {
    /// The first right entry of a code.
    #[serde(rename = "delivery.opened")]
    Opened,
    /// A document was downloaded.
    #[serde(rename = "delivery.downloaded")]
    Downloaded,
    /// Closed by wrong entries (L4).
    #[serde(rename = "delivery.locked")]
    Locked,
    /// Somebody said that the e-mail was not for them (L7).
    #[serde(rename = "delivery.reported")]
    Reported,
    /// Closed, for whatever reason (L8).
    #[serde(rename = "delivery.closed")]
    Closed,
    /// Nobody has opened it, and it ends in seven days (L1).
    #[serde(rename = "delivery.unopened")]
    Unopened,
    /// A patient asked for a code, and a cap kept it from being sent (L6).
    #[serde(rename = "delivery.code_capped")]
    CodeCapped,
    /// Its e-mail came back.
    #[serde(rename = "delivery.bounced")]
    Bounced,
    /// An invoice run has come to its end.
    #[serde(rename = "invoice_run.finished")]
    RunFinished,
}

impl WebhookEvent {
    /// The event's name in an id: without a full stop, which is what the signed parts are told apart by.
    fn name_in_id(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Downloaded => "downloaded",
            Self::Locked => "locked",
            Self::Reported => "reported",
            Self::Closed => "closed",
            Self::Unopened => "unopened",
            Self::CodeCapped => "capped",
            Self::Bounced => "bounced",
            Self::RunFinished => "finished",
        }
    }
}

/// What a webhook is told of: at least one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<WebhookEvent>", into = "Vec<WebhookEvent>")]
pub struct WebhookEvents(BTreeSet<WebhookEvent>);

impl TryFrom<Vec<WebhookEvent>> for WebhookEvents {
    type Error = &'static str;

    fn try_from(events: Vec<WebhookEvent>) -> Result<Self, Self::Error> {
        if events.is_empty() {
            Err("expected at least one event")
        } else {
            Ok(Self(events.into_iter().collect()))
        }
    }
}

impl From<WebhookEvents> for Vec<WebhookEvent> {
    fn from(events: WebhookEvents) -> Self {
        events.0.into_iter().collect()
    }
}

/// Where a webhook is sent to: https, port 443, a public name or address, and nothing that would identify the caller (T25).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    /// The whole address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host as the certificate and the header `Host` name it; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The address, where the host is one and no name.
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        }
    }

    /// What stands in the request's first line.
    pub fn path_and_query(&self) -> &str {
        &self.0[url::Position::BeforePath..url::Position::AfterQuery]
    }
}

/// Prints nothing of it: receivers put keys into their addresses.
impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookUrl(…)")
    }
}

impl TryFrom<String> for WebhookUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let shape = "expected an address that begins with https:// and names a host, of at most 300 characters, without user, password or fragment";
        // The parser mends blanks, line breaks and slashes before it looks.
        let rest = text.strip_prefix("https://").ok_or(shape)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_plain = text.len() <= 300
            && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
            && !authority.is_empty()
            && !authority.contains('@');
        let url = Url::parse(&text).map_err(|_| shape)?;
        if !is_plain || url.fragment().is_some() {
            return Err(shape);
        }
        if url.port().is_some() {
            return Err("expected port 443, which needs not be named");
        }
        let is_outside = match url.host() {
            Some(Host::Domain(name)) => is_public_name(name),
            Some(Host::Ipv4(address)) => is_public(address.into()),
            Some(Host::Ipv6(address)) => is_public(address.into()),
            None => false,
        };
        if is_outside {
            Ok(Self(url))
        } else {
            Err("expected a host of the public internet")
        }
    }
}

impl From<WebhookUrl> for String {
    fn from(url: WebhookUrl) -> Self {
        url.0.into()
    }
}

/// Seconds to wait after so many failed attempts; `None` when it is given up, within a day of the first.
pub fn wait_after(failed_attempts: usize) -> Option<i64> {
    WAITS.get(failed_attempts.checked_sub(1)?).copied()
}

/// The body of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payload<D> {
    /// The event.
    #[serde(rename = "type")]
    pub event: WebhookEvent,
    /// When it happened, which may be long before it is told.
    pub timestamp: String,
    /// To what.
    pub data: D,
}

/// What a webhook says of an invoice run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunData<'a> {
    /// Which.
    pub invoice_run: &'a RunId,
    /// What it is as a whole, as `GET /invoice-runs/{id}` says it.
    pub state: &'static str,
    /// Whether it only checked.
    pub dry_run: bool,
    /// How many items are in which state.
    pub counts: BTreeMap<&'static str, usize>,
    /// Of how many sent ones the code did not go out, or nobody can tell.
    pub without_code: usize,
}

/// What is told of a run that has come to its end, under an id that differs for each retry.
pub fn run_finished<'a>(
    run: &'a Run,
    counts: &Counts,
    finished_at: Timestamp,
) -> (String, Payload<RunData<'a>>) {
    let event = WebhookEvent::RunFinished;
    let payload = Payload {
        event,
        timestamp: finished_at.to_string(),
        data: RunData {
            invoice_run: &run.id,
            state: run.state().name(),
            dry_run: run.dry_run,
            counts: counts.named().collect(),
            without_code: counts.without_code,
        },
    };
    let id = format!("{}-{}-{}", run.id, event.name_in_id(), run.attempt);
    (id, payload)
}

/// What a webhook says of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryData<'a> {
    /// Which.
    pub delivery: &'a DeliveryId,
    /// Whose documents.
    pub record: &'a RecordId,
    /// What it was after the event, as `GET /deliveries/{id}` says it.
    pub state: &'static str,
    /// Why it was closed, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_because: Option<CloseReason>,
    /// Which document was downloaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<&'a DocumentId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Result<WebhookUrl, &'static str> {
        WebhookUrl::try_from(text.to_owned())
    }

    #[test]
    fn t25_a_webhook_goes_to_the_public_internet_over_https() {
        for good in [
            "https://hooks.example.org",
            "https://hooks.example.org/zweiweg?key=1",
            "https://hooks.example.org:443/",
            "https://93.184.216.34/",
            "https://[2606:4700::1111]/x",
        ] {
            assert!(url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "http://hooks.example.org",
            "HTTPS://hooks.example.org",
            "https:hooks.example.org",
            "https:///hooks.example.org",
            "https://hooks.example.org:8443/",
            "https://hooks.example.org:80/",
            "https://user@hooks.example.org/",
            "https://user:password@hooks.example.org/",
            "https://@hooks.example.org/",
            "https://hooks.example.org/#part",
            "https://hooks.example.org/\n",
            " https://hooks.example.org/",
            "https://hooks.example.org\\@127.0.0.1/",
            "https://localhost/",
            "https://hooks/",
            "https://hooks.local/",
            "https://hooks.example.org./",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://017700000001/",
            "https://0x7f.1/",
            "https://１２７.0.0.1/",
            "https://%31%32%37.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:7f00:1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[fe80::1%25eth0]/",
            &format!("https://hooks.example.org/{}", "x".repeat(300)),
        ] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_is_used_as_it_was_checked() {
        let checked = url("https://HOOKS.example.org:443/a/../b?c=d").unwrap();
        assert_eq!(checked.host(), "hooks.example.org");
        assert_eq!(checked.path_and_query(), "/b?c=d");
        assert_eq!(checked.address(), None);
        let numeric = url("https://0x5db8d822").unwrap();
        assert_eq!(numeric.address().unwrap().to_string(), "93.184.216.34");
        assert_eq!(numeric.path_and_query(), "/");
        assert_eq!(format!("{numeric:?}"), "WebhookUrl(…)");
    }

    #[test]
    fn attempts_are_made_ever_less_often_and_end_within_a_day() {
        assert_eq!(wait_after(0), None);
        assert_eq!(wait_after(1), Some(5));
        assert_eq!(wait_after(7), Some(6 * HOUR));
        assert_eq!(wait_after(8), None);
        let all: i64 = (1..).map_while(wait_after).sum();
        assert!(all < DAY && all > 23 * HOUR, "{all}");
    }

    #[test]
    fn events_are_a_closed_list() {
        let events = |json: &str| serde_json::from_str::<WebhookEvents>(json);
        assert!(events(r#"["delivery.opened","delivery.opened"]"#).is_ok());
        assert!(events("[]").is_err());
        assert!(events(r#"["delivery.sent"]"#).is_err());
    }

    #[test]
    fn the_old_secret_signs_for_a_day_after_a_rotation() {
        let until = Timestamp::from_seconds(DAY).unwrap();
        let webhook = Webhook {
            url: url("https://hooks.example.org").unwrap(),
            events: WebhookEvents::try_from(vec![WebhookEvent::Opened]).unwrap(),
            created_at: Timestamp::EPOCH,
            secret: SealedWebhookSecret::new("new".to_owned()),
            previous_secret: Some(PreviousSecret {
                secret: SealedWebhookSecret::new("old".to_owned()),
                until,
            }),
            gone_at: None,
        };
        let signing = |now| webhook.signing_secrets(now).count();
        assert_eq!([-1, 0, 1].map(|s| signing(until.plus(s))), [2, 1, 1]);
    }

    #[test]
    fn a_webhook_that_is_gone_wants_nothing() {
        let mut webhook = Webhook {
            url: url("https://hooks.example.org").unwrap(),
            events: WebhookEvents::try_from(vec![WebhookEvent::Opened]).unwrap(),
            created_at: Timestamp::EPOCH,
            secret: SealedWebhookSecret::new("s".to_owned()),
            previous_secret: None,
            gone_at: None,
        };
        assert!(webhook.wants(WebhookEvent::Opened));
        assert!(!webhook.wants(WebhookEvent::Closed));
        webhook.gone_at = Some(Timestamp::EPOCH);
        assert!(!webhook.wants(WebhookEvent::Opened));
    }
}
