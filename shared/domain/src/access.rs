//! API keys: who may do what on the practice's side.

use serde::{Deserialize, Serialize};

use crate::id::PracticeId;
use crate::text::Line;
use crate::time::Timestamp;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Change settings, record types, templates and webhooks.
    Settings,
    /// Keep records and documents, and send.
    Send,
    /// Read.
    Read,
    /// Delete records and documents.
    Erase,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 4] = [Self::Settings, Self::Send, Self::Read, Self::Erase];

    /// The scope's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Send => "send",
            Self::Read => "read",
            Self::Erase => "erase",
        }
    }

    /// The scope of exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// What is stored of an API key; the key itself is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The practice that it belongs to.
    pub practice: PracticeId,
    /// A person or a program; the audit names it.
    pub label: Line,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it no longer works.
    pub revoked_at: Option<Timestamp>,
}
