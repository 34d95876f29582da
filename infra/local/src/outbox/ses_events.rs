//! What SES tells of an e-mail that it took: that it was delivered, or, to an address of its simulator, what that address stands for.
//!
//! `silent` is not one of AWS's: of an e-mail to it nothing is told, so that a test can tell it all.

use domain::time::Timestamp;
use serde_json::{Map, Value, json};

use super::random_id;
use crate::template::{ACCOUNT, REGION, arn};

/// Where SES plays what can become of an e-mail.
const SIMULATOR: &str = "simulator.amazonses.com";

/// An e-mail on its way.
pub(super) struct Sending<'a> {
    pub(super) message_id: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a [String],
    pub(super) subject: &'a str,
    /// Lists of values by name.
    pub(super) tags: Map<String, Value>,
    pub(super) at: Timestamp,
}

impl Sending<'_> {
    /// Everything that is told of it, in order.
    pub(super) fn events(&self) -> Vec<Value> {
        let at = self.at.to_string();
        let to = self.to.first().map_or("", String::as_str);
        let delivery = || {
            let part = json!({"timestamp": at, "processingTimeMillis": 40, "recipients": self.to, "smtpResponse": "250 2.0.0 OK"});
            self.event("Email Delivered", "Delivery", ("delivery", part))
        };
        let bounce = |kind: &str, sub: &str, status: &str| {
            let recipient = json!({"emailAddress": to, "action": "failed", "status": status});
            let part = json!({"bounceType": kind, "bounceSubType": sub, "bouncedRecipients": [recipient], "timestamp": at, "feedbackId": random_id()});
            self.event("Email Bounced", "Bounce", ("bounce", part))
        };
        let complaint = || {
            let part = json!({"complainedRecipients": [{"emailAddress": to}], "timestamp": at, "complaintFeedbackType": "abuse", "feedbackId": random_id()});
            self.event("Email Complaint Received", "Complaint", ("complaint", part))
        };
        let sent = self.event("Email Sent", "Send", ("send", json!({})));
        let becomes = match played(to) {
            Some("silent") => return Vec::new(),
            Some("bounce") => vec![bounce("Permanent", "General", "5.1.1")],
            Some("suppressionlist") => vec![bounce("Permanent", "Suppressed", "5.1.1")],
            Some("complaint") => vec![delivery(), complaint()],
            Some("ooto") => vec![delivery(), bounce("Transient", "General", "4.0.0")],
            _ => vec![delivery()],
        };
        std::iter::once(sent).chain(becomes).collect()
    }

    fn event(&self, title: &str, kind: &str, (name, part): (&str, Value)) -> Value {
        json!({
            "version": "0",
            "id": random_id(),
            "detail-type": title,
            "source": "aws.ses",
            "account": ACCOUNT,
            "time": self.at.to_string(),
            "region": REGION,
            "resources": [arn("ses", "configuration-set/local")],
            "detail": {
                "eventType": kind,
                "mail": {
                    "timestamp": self.at.to_string(),
                    "source": self.from,
                    "sendingAccountId": ACCOUNT,
                    "messageId": self.message_id,
                    "destination": self.to,
                    "headersTruncated": false,
                    "commonHeaders": {"from": [self.from], "to": self.to, "messageId": self.message_id, "subject": self.subject},
                    "tags": self.tags,
                },
                name: part,
            },
        })
    }
}

/// What an address of the simulator stands for; a label behind a plus tells several of them apart.
fn played(to: &str) -> Option<&str> {
    let (local, domain) = to.split_once('@')?;
    let name = local.split('+').next();
    name.filter(|_| domain.eq_ignore_ascii_case(SIMULATOR))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(to: &str) -> Vec<String> {
        let sending = Sending {
            message_id: "m",
            from: "Praxis <praxispost@zweiweg.example>",
            to: &[to.to_owned()],
            subject: "Ein Dokument",
            tags: Map::new(),
            at: Timestamp::EPOCH,
        };
        let events = sending.events().into_iter();
        let kind = |event: Value| event["detail"]["eventType"].as_str().unwrap().to_owned();
        events.map(kind).collect()
    }

    #[test]
    fn addresses_of_the_simulator_play_what_they_stand_for() {
        for (to, expected) in [
            ("a@example.org", ["Send", "Delivery"].as_slice()),
            ("bounce@example.org", &["Send", "Delivery"]),
            ("bounce@simulator.amazonses.com", &["Send", "Bounce"]),
            ("bounce+7@simulator.amazonses.com", &["Send", "Bounce"]),
            ("silent@simulator.amazonses.com", &[]),
            (
                "ooto@simulator.amazonses.com",
                &["Send", "Delivery", "Bounce"],
            ),
            (
                "complaint@simulator.amazonses.com",
                &["Send", "Delivery", "Complaint"],
            ),
        ] {
            assert_eq!(kinds(to), expected, "{to}");
        }
    }
}
