//! SES's events, as EventBridge hands them on: which delivery, what, and when. Nothing else of them is read, for they hold addresses.

use std::collections::HashMap;

use domain::email_status::{Bounce, EmailEvent};
use domain::hashed::LinkHash;
use domain::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The tag that sending puts on a delivery's e-mail.
const TAG: &str = "delivery";
/// The kinds of events that are kept, as SES names them.
const KEPT: [&str; 6] = [
    "Send",
    "Delivery",
    "DeliveryDelay",
    "Complaint",
    "Bounce",
    "Reject",
];
/// The longest name of a kind of bounce that is kept.
const LONGEST_REASON: usize = 80;

/// An event that cannot be read. It says what kind of event it is, and nothing that stands in it, for events hold addresses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Nobody can tell which e-mail it is about.
    Unplaced,
    /// It is about a delivery's e-mail, and when or what happened cannot be read.
    Broken(&'static str),
}

impl std::error::Error for Unreadable {}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unplaced => f.write_str("it does not say which e-mail it is about"),
            Self::Broken(kind) => write!(f, "a {kind} does not say when or what happened"),
        }
    }
}

/// What SES says of the e-mail of one delivery.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) link: LinkHash,
    pub(crate) message_id: String,
    pub(crate) event: EmailEvent,
    pub(crate) at: Timestamp,
}

impl Said {
    /// For the log.
    pub(crate) fn kind(&self) -> &'static str {
        match self.event {
            EmailEvent::Taken => "taken",
            EmailEvent::Delivered => "delivered",
            EmailEvent::Delayed => "delayed",
            EmailEvent::Bounced(_) => "bounced",
            EmailEvent::Complained => "complained",
        }
    }
}

#[derive(Deserialize)]
struct Event {
    detail: Value,
}

/// What tells which e-mail it is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    event_type: String,
    mail: Tagged,
}

#[derive(Deserialize)]
struct Tagged {
    #[serde(default)]
    tags: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    mail: Mail,
    bounce: Option<Bounced>,
    complaint: Option<Happened>,
    delivery: Option<Happened>,
    delivery_delay: Option<Happened>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    timestamp: String,
    message_id: String,
}

#[derive(Deserialize)]
struct Happened {
    timestamp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounced {
    bounce_type: String,
    bounce_sub_type: String,
    timestamp: String,
}

/// What an event says; `None` where it is about an e-mail that belongs to no delivery, such as a report, or says nothing that is kept.
pub(crate) fn read(event: Value) -> Result<Option<Said>, Unreadable> {
    let Ok(Event { detail }) = serde_json::from_value(event) else {
        return Err(Unreadable::Unplaced);
    };
    let Ok(About { event_type, mail }) = About::deserialize(&detail) else {
        return Err(Unreadable::Unplaced);
    };
    let link = mail.tags.get(TAG).and_then(|values| values.first());
    let Some(link) = link.filter(|link| is_hash(link)) else {
        return Ok(None);
    };
    let Some(kind) = KEPT.into_iter().find(|kind| *kind == event_type) else {
        return Ok(None);
    };
    let said = serde_json::from_value(detail)
        .ok()
        .and_then(|detail| happened(kind, &LinkHash::new(link.clone()), detail));
    said.map(Some).ok_or(Unreadable::Broken(kind))
}

/// What an event of a kept kind says, if that can be read.
fn happened(kind: &str, link: &LinkHash, detail: Detail) -> Option<Said> {
    let sent_at = &detail.mail.timestamp;
    let at = |part: &Option<Happened>| {
        let stated = part.as_ref().map_or(sent_at, |part| &part.timestamp);
        time(stated)
    };
    let (event, at) = match kind {
        "Send" => (EmailEvent::Taken, time(sent_at)?),
        "Delivery" => (EmailEvent::Delivered, at(&detail.delivery)?),
        "DeliveryDelay" => (EmailEvent::Delayed, at(&detail.delivery_delay)?),
        "Complaint" => (EmailEvent::Complained, at(&detail.complaint)?),
        "Bounce" => bounced(detail.bounce.as_ref()?)?,
        // SES found something in it and let it go nowhere.
        "Reject" => came_back(time(sent_at)?, false, "Reject".to_owned()),
        _ => return None,
    };
    Some(Said {
        link: link.clone(),
        message_id: detail.mail.message_id,
        event,
        at,
    })
}

/// Of the bounces that may pass, SES tells only once it has given up; one of them is also what an out-of-office reply looks like.
fn bounced(bounce: &Bounced) -> Option<(EmailEvent, Timestamp)> {
    let kind = (bounce.bounce_type.as_str(), bounce.bounce_sub_type.as_str());
    let reason = format!("{}/{}", kind.0, kind.1);
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '/';
    let reason = reason.chars().filter(|c| is_word(*c));
    let at = time(&bounce.timestamp)?;
    let may_have_arrived = kind == ("Transient", "General");
    Some(came_back(
        at,
        may_have_arrived,
        reason.take(LONGEST_REASON).collect(),
    ))
}

fn came_back(at: Timestamp, may_have_arrived: bool, reason: String) -> (EmailEvent, Timestamp) {
    let bounce = Bounce {
        at,
        may_have_arrived,
        reason,
    };
    (EmailEvent::Bounced(bounce), at)
}

fn time(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).ok()
}

fn is_hash(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str, part: (&str, &Value), tag: &Value) -> Value {
        let (name, content) = part;
        json!({"source": "aws.ses", "detail": {
            "eventType": kind,
            name: content,
            "mail": {"timestamp": "2026-11-23T10:00:00.123Z", "messageId": "m-1", "tags": {"delivery": tag}},
        }})
    }

    fn read_with(kind: &str, name: &str, part: &Value) -> Option<(EmailEvent, i64)> {
        let said = read(event(kind, (name, part), &json!(["ab".repeat(32)]))).unwrap()?;
        assert_eq!(said.link.as_str(), "ab".repeat(32));
        assert_eq!(said.message_id, "m-1");
        Some((said.event, said.at.seconds() - 1_795_428_000))
    }

    #[test]
    fn each_kind_of_event_says_what_and_when() {
        let later = json!({"timestamp": "2026-11-23T10:01:00.999Z"});
        for (kind, name, said) in [
            ("Delivery", "delivery", EmailEvent::Delivered),
            ("DeliveryDelay", "deliveryDelay", EmailEvent::Delayed),
            ("Complaint", "complaint", EmailEvent::Complained),
        ] {
            assert_eq!(read_with(kind, name, &later), Some((said, 60)));
        }
        assert_eq!(
            read_with("Send", "send", &json!({})),
            Some((EmailEvent::Taken, 0))
        );
        for (kind, sub, may) in [
            ("Permanent", "General", false),
            ("Transient", "MailboxFull", false),
            ("Transient", "General", true),
            ("Undetermined", "Undetermined", false),
        ] {
            let part = json!({"bounceType": kind, "bounceSubType": sub, "timestamp": "2026-11-23T10:00:05Z"});
            let Some((EmailEvent::Bounced(bounce), 5)) = read_with("Bounce", "bounce", &part)
            else {
                panic!("{kind} {sub} is a bounce");
            };
            assert_eq!(bounce.may_have_arrived, may, "{kind} {sub}");
            assert_eq!(bounce.reason, format!("{kind}/{sub}"));
        }
        let rejected = read_with("Reject", "reject", &json!({"reason": "Bad content"}));
        assert!(matches!(rejected, Some((EmailEvent::Bounced(_), 0))));
    }

    #[test]
    fn what_belongs_to_no_delivery_is_let_go() {
        let opened = event("Open", ("open", &json!({})), &json!(["ab".repeat(32)]));
        assert_eq!(read(opened).unwrap(), None);
        for tag in [
            json!([]),
            json!([""]),
            json!(["AB".repeat(32)]),
            json!(["../".repeat(20)]),
        ] {
            let event = event("Send", ("send", &json!({})), &tag);
            assert_eq!(read(event).unwrap(), None);
        }
        for unreadable in [
            json!({}),
            json!([]),
            json!(null),
            json!({"detail": {"eventType": 1}}),
        ] {
            assert_eq!(read(unreadable), Err(Unreadable::Unplaced));
        }
    }

    #[test]
    fn what_cannot_be_read_of_a_deliverys_e_mail_is_named_by_its_kind_and_nothing_else() {
        let tag = json!(["ab".repeat(32)]);
        let mut of_no_day = event("Send", ("send", &json!({})), &tag);
        of_no_day["detail"]["mail"]["timestamp"] = json!("erika@example.org");
        assert_eq!(read(of_no_day), Err(Unreadable::Broken("Send")));
        let at = "2026-11-23T10:00:05Z";
        for (kind, name, part) in [
            (
                "Delivery",
                "delivery",
                json!({"timestamp": "erika@example.org"}),
            ),
            (
                "Delivery",
                "delivery",
                json!({"recipients": ["erika@example.org"]}),
            ),
            ("DeliveryDelay", "deliveryDelay", json!({"timestamp": 7})),
            ("Complaint", "complaint", json!("erika@example.org")),
            ("Bounce", "bounce", json!(null)),
            (
                "Bounce",
                "bounce",
                json!({"bounceType": "Permanent", "timestamp": at}),
            ),
            ("Bounce", "none", json!({})),
        ] {
            let unread = read(event(kind, (name, &part), &tag));
            assert_eq!(unread, Err(Unreadable::Broken(kind)), "{part}");
            let said = Unreadable::Broken(kind).to_string();
            assert_eq!(said, format!("a {kind} does not say when or what happened"));
            // Of somebody else's e-mail it is no matter of ours.
            let other = event(kind, (name, &part), &json!(["other"]));
            assert_eq!(read(other), Ok(None), "{part}");
        }
    }
}
