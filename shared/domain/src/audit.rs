//! The audit: what every write says of itself, and what is kept of it for a year. Holds no secret and no patient's name.

use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::delivery::{CODE_UNDER_WAY, PENDING};
use crate::id::{DeliveryId, DocumentId, OpId, RunId};
use crate::time::{DAY, Timestamp};

/// How long an entry of the audit is kept, in seconds.
pub const AUDIT_KEPT: i64 = 365 * DAY;
/// L4: how long after its charge an entry without a commit counts as wrong, in seconds.
pub const ENTRY_UNDER_WAY: i64 = 20;
/// How long after a record was erased a write that was under way may still name it, in seconds: longer than any function runs.
pub const ERASURE_SETTLES: i64 = 60;

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Actor {
    /// A program or person of the practice.
    Key {
        /// The label of the API key.
        label: String,
    },
    /// Whoever has the link.
    Patient {
        /// The network that the request came from: a /24 or a /56.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// The operator.
    Operator,
    /// Nobody: time passed.
    System,
}

/// One request or command, as everything says that is written for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// Unique; sorts by time.
    pub id: OpId,
    /// When it came.
    pub at: Timestamp,
    /// From whom.
    pub actor: Actor,
}

impl Op {
    /// What the same request finds to be done by the clock alone.
    #[must_use]
    pub fn by_system(&self) -> Self {
        Self {
            actor: Actor::System,
            ..self.clone()
        }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The operator made the practice.
    PracticeCreated,
    /// The operator disabled the practice (L7).
    PracticeDisabled,
    /// The operator enabled it again.
    PracticeEnabled,
    /// The operator changed what it allows the practice (D4).
    LimitsChanged,
    /// The operator made an API key.
    KeyCreated,
    /// The operator revoked an API key.
    KeyRevoked,
    /// The settings were replaced.
    SettingsChanged,
    /// A text template was made or replaced.
    TemplateChanged,
    /// A text template was deleted.
    TemplateDeleted,
    /// A webhook was made, changed or deleted.
    WebhooksChanged,
    /// A record type was made or replaced.
    RecordTypeChanged,
    /// A record type was deleted.
    RecordTypeDeleted,
    /// A record was made or replaced.
    RecordChanged,
    /// A record was erased.
    RecordErased,
    /// A document was announced.
    DocumentAnnounced,
    /// What was uploaded was looked at.
    DocumentChecked,
    /// A document was released or withheld.
    DocumentChanged,
    /// A document was deleted.
    DocumentDeleted,
    /// A deleted document left a delivery.
    DocumentWithdrawn,
    /// A delivery's e-mail (L5, D10).
    Email,
    /// A delivery's e-mail came back.
    EmailBounced,
    /// The recipient of a delivery's e-mail called it unwanted.
    EmailComplained,
    /// A message with a code.
    Message,
    /// A later delivery closed this one (L5).
    Superseded,
    /// L7.
    Revoked,
    /// L7: "not for me".
    Reported,
    /// A patient asked for a code (L6).
    CodeRequested,
    /// The practice made a code (L6a).
    CodeMade,
    /// L6: nobody was left to say what became of a message: its code holds.
    CodeSettled,
    /// An entry of the code (L4).
    Entry,
    /// P7.
    Downloaded,
    /// P7: "Done".
    SessionEnded,
    /// An invoice run was started.
    RunStarted,
    /// An invoice run was cancelled.
    RunCancelled,
    /// What failed in an invoice run, or is unknown, was asked for again.
    RunRetried,
    /// Nothing is left to be done in an invoice run.
    RunFinished,
}

impl Action {
    /// The name in the table and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::PracticeCreated => "practice_created",
            Self::PracticeDisabled => "practice_disabled",
            Self::LimitsChanged => "limits_changed",
            Self::PracticeEnabled => "practice_enabled",
            Self::KeyCreated => "key_created",
            Self::KeyRevoked => "key_revoked",
            Self::SettingsChanged => "settings_changed",
            Self::TemplateChanged => "template_changed",
            Self::TemplateDeleted => "template_deleted",
            Self::WebhooksChanged => "webhooks_changed",
            Self::RecordTypeChanged => "record_type_changed",
            Self::RecordTypeDeleted => "record_type_deleted",
            Self::RecordChanged => "record_changed",
            Self::RecordErased => "record_erased",
            Self::DocumentAnnounced => "document_announced",
            Self::DocumentChecked => "document_checked",
            Self::DocumentChanged => "document_changed",
            Self::DocumentDeleted => "document_deleted",
            Self::DocumentWithdrawn => "document_withdrawn",
            Self::Email => "email",
            Self::EmailBounced => "email_bounced",
            Self::EmailComplained => "email_complained",
            Self::Message => "message",
            Self::Superseded => "superseded",
            Self::Revoked => "revoked",
            Self::Reported => "reported",
            Self::CodeRequested => "code_requested",
            Self::CodeMade => "code_made",
            Self::CodeSettled => "code_settled",
            Self::Entry => "entry",
            Self::Downloaded => "downloaded",
            Self::SessionEnded => "session_ended",
            Self::RunStarted => "run_started",
            Self::RunCancelled => "run_cancelled",
            Self::RunRetried => "run_retried",
            Self::RunFinished => "run_finished",
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is done.
    Done,
    /// Another write will say; see [`Outcome::after`].
    UnderWay,
    /// A provider took it.
    Accepted,
    /// A provider, or the look at a file, did not take it.
    Refused,
    /// Nobody can tell.
    Unknown,
    /// The code was right.
    Right,
    /// The code was wrong.
    Wrong,
}

impl Outcome {
    /// What counts where no other write has said what came of an action that was under way, and how many seconds after it began.
    pub fn after(action: Action) -> Option<(i64, Self)> {
        match action {
            Action::Entry => Some((ENTRY_UNDER_WAY, Self::Wrong)),
            Action::CodeRequested => Some((CODE_UNDER_WAY, Self::Unknown)),
            Action::Email => Some((PENDING, Self::Unknown)),
            _ => None,
        }
    }
}

/// What a write says of itself in the item that it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastOp {
    /// The request's id.
    pub id: OpId,
    /// When it came.
    pub at: Timestamp,
    /// From whom.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// What came of it.
    pub outcome: Outcome,
    /// Which of a delivery's documents it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentId>,
}

impl LastOp {
    /// This, done for a request.
    pub fn new(op: &Op, action: Action, outcome: Outcome) -> Self {
        Self {
            id: op.id.clone(),
            at: op.at,
            actor: op.actor.clone(),
            action,
            outcome,
            document: None,
        }
    }
}

/// One line of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When the request came.
    pub at: Timestamp,
    /// From whom.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// What came of it.
    pub outcome: Outcome,
    /// The practice's id of the record, or what stands for one that was erased.
    pub record: Option<String>,
    /// Which delivery.
    pub delivery: Option<DeliveryId>,
    /// Which document.
    pub document: Option<DocumentId>,
    /// The label of the key that was made or revoked.
    pub key: Option<String>,
    /// Which invoice run.
    pub run: Option<RunId>,
}

/// An address cut to its network: a /24, or a /56 of IPv6; `None` for what is no address.
pub fn network(address: &str) -> Option<String> {
    match address.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Some(format!("{a}.{b}.{c}.0/24"))
        }
        IpAddr::V6(address) => {
            let kept = u128::from(address) & (u128::MAX << (128 - 56));
            Some(format!("{}/56", core::net::Ipv6Addr::from(kept)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_cut_to_their_networks() {
        for (address, expected) in [
            ("203.0.113.77", Some("203.0.113.0/24")),
            ("::ffff:203.0.113.77", Some("203.0.113.0/24")),
            (
                "2001:db8:1234:5678:9abc:def0:1234:5678",
                Some("2001:db8:1234:5600::/56"),
            ),
            ("::1", Some("::/56")),
            ("", None),
            ("203.0.113.77:80", None),
        ] {
            assert_eq!(network(address).as_deref(), expected, "{address}");
        }
        for last in 0..=u16::MAX {
            let address = format!("2001:db8:1234:56{:02x}::{last:x}", last % 256);
            assert_eq!(
                network(&address).as_deref(),
                Some("2001:db8:1234:5600::/56")
            );
        }
    }

    #[test]
    fn every_action_has_the_name_that_is_stored() {
        for action in [
            Action::PracticeCreated,
            Action::PracticeDisabled,
            Action::PracticeEnabled,
            Action::LimitsChanged,
            Action::CodeRequested,
            Action::EmailBounced,
            Action::EmailComplained,
            Action::Entry,
        ] {
            assert_eq!(
                serde_json::to_value(action).unwrap(),
                serde_json::json!(action.name())
            );
        }
    }

    #[test]
    fn what_is_under_way_settles_by_itself() {
        assert_eq!(Outcome::after(Action::Entry), Some((20, Outcome::Wrong)));
        assert_eq!(Outcome::after(Action::Email), Some((60, Outcome::Unknown)));
        assert_eq!(Outcome::after(Action::Downloaded), None);
    }
}
