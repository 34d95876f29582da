//! What a practice is yet to be told: one message to one of its webhooks, or one report by e-mail.

use serde::{Deserialize, Serialize};

use crate::id::{DeliveryId, PracticeId, RecordId, RunId, WebhookId};
use crate::webhook::WebhookEvent;

/// For how long an attempt that was begun keeps others from beginning one, in seconds; longer than any takes.
pub const ATTEMPT_UNDER_WAY: i64 = 60;

/// One thing to be told to one receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The tenant.
    pub practice: PracticeId,
    /// To which webhook; none for a report by e-mail.
    pub webhook: Option<WebhookId>,
    /// What its cause determines, so that it is told once.
    pub message_id: String,
    /// What happened.
    pub event: WebhookEvent,
    /// To what.
    #[serde(flatten)]
    pub subject: Subject,
    /// JSON, for a webhook.
    pub body: String,
}

/// What a practice is told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Subject {
    /// One of its deliveries.
    Delivery {
        /// Which.
        delivery: DeliveryId,
        /// Whose documents.
        record: RecordId,
    },
    /// One of its invoice runs.
    Run {
        /// Which.
        run: RunId,
        /// How many of its items failed.
        failed: usize,
        /// Of how many nobody can tell.
        unknown: usize,
        /// Of how many sent ones the code did not go out, or nobody can tell.
        without_code: usize,
    },
}

impl Outgoing {
    /// Its name among all that the practice is told.
    pub fn name(&self) -> String {
        match &self.webhook {
            Some(webhook) => format!("WEBHOOK#{webhook}#{}", self.message_id),
            None => format!("REPORT#{}", self.message_id),
        }
    }
}

/// Whether the practice gets an e-mail about this whenever it happens: whatever needs a person. A run may need one, or not.
pub fn is_reported(event: WebhookEvent) -> bool {
    match event {
        WebhookEvent::Locked
        | WebhookEvent::Reported
        | WebhookEvent::CodeCapped
        | WebhookEvent::Bounced => true,
        WebhookEvent::Opened
        | WebhookEvent::Downloaded
        | WebhookEvent::Closed
        | WebhookEvent::Unopened
        | WebhookEvent::RunFinished => false,
    }
}
