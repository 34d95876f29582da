//! Documents of a record.

use std::cmp::Ordering;

pub use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{DocumentId, RecordId};
use crate::text::Line;
use crate::time::{DAY, HOUR, Timestamp};

/// The largest document that is taken, in bytes: 25 MiB.
pub const LARGEST: u64 = 25 * 1024 * 1024;
/// How long an announced upload may take to come, in seconds.
pub const UPLOAD_WITHIN: i64 = DAY;
/// How long after it was announced an upload is settled, in seconds: none can still be under way then.
pub const UPLOAD_SETTLED: i64 = UPLOAD_WITHIN + HOUR;
/// After how long an upload that was not found is looked for again, in seconds: S3 says the same of a file that it denies as of one that is not there.
pub const UPLOAD_LOOKED_FOR_AGAIN: i64 = 6 * HOUR;
/// The earliest day of issue that D8 offers besides the sent documents.
pub const OFFERED_SINCE: Date = jiff::civil::date(2020, 1, 1);

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An invoice.
    Invoice,
    /// A receipt.
    Receipt,
    /// A note.
    Note,
    /// Notes on an appointment.
    Appointment,
    /// A prescription.
    Prescription,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 5] = [
        Self::Invoice,
        Self::Receipt,
        Self::Note,
        Self::Appointment,
        Self::Prescription,
    ];

    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::Receipt => "receipt",
            Self::Note => "note",
            Self::Appointment => "appointment",
            Self::Prescription => "prescription",
        }
    }

    /// D8 speaks of these two alone.
    pub fn is_invoice_or_receipt(self) -> bool {
        matches!(self, Self::Invoice | Self::Receipt)
    }
}

/// Whether the announced bytes are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing has been looked at yet.
    AwaitingUpload,
    /// The announced bytes are there and are a PDF.
    Ready,
    /// What came is not what was announced, or is no PDF.
    Refused,
}

/// A document's facts; its bytes lie in the bucket under `object`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Sorts by the day of issue.
    pub id: DocumentId,
    /// Whose it is.
    pub record: RecordId,
    /// What it is.
    pub kind: Kind,
    /// The practice's number of it; shown to the patient after the code.
    pub number: Line,
    /// The practice's own title; shown to nobody but the practice.
    pub title: Option<Line>,
    /// The day it was issued on.
    pub issued_on: Date,
    /// The name of the file that the practice uploaded; shown to nobody but the practice.
    pub file_name: Option<Line>,
    /// Announced size in bytes.
    pub size: u64,
    /// Announced SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Whether D8 may offer it besides other documents.
    pub released: bool,
    /// What is known of the bytes.
    pub state: State,
    /// Why the bytes were refused.
    pub refused_because: Option<String>,
    /// When it was announced.
    pub created_at: Timestamp,
    /// Since when it is being deleted; from then on it is nowhere to be seen (L7).
    pub deleted_at: Option<Timestamp>,
}

impl Document {
    /// Whether it may be sent or shown: the bytes are there and nobody deleted it.
    pub fn is_available(&self) -> bool {
        self.state == State::Ready && self.deleted_at.is_none()
    }

    /// Whether its upload never came: a day after it was announced it is gone.
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        self.state == State::AwaitingUpload && now >= self.created_at.plus(UPLOAD_WITHIN)
    }

    /// When an upload that was not found by now is looked for again: the same instant for everybody who asks within it.
    pub fn looked_for_again_at(&self, now: Timestamp) -> Timestamp {
        let first = self.created_at.plus(UPLOAD_SETTLED);
        let since = (now.seconds() - first.seconds()).max(0);
        let looks = since / UPLOAD_LOOKED_FOR_AGAIN + 1;
        first.plus(looks * UPLOAD_LOOKED_FOR_AGAIN)
    }

    /// How lists are sorted: the latest day of issue first; of one day the one that was announced last, then the higher number.
    pub fn newest_first(&self, other: &Self) -> Ordering {
        let age = |document: &Self| (document.issued_on, document.created_at);
        let by_age = age(other).cmp(&age(self));
        by_age.then_with(|| other.number.as_str().cmp(self.number.as_str()))
    }

    /// D8: whether the page offers it besides the sent ones.
    pub fn is_offered(&self) -> bool {
        self.is_available()
            && self.released
            && self.kind.is_invoice_or_receipt()
            && self.issued_on >= OFFERED_SINCE
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_not_found_is_looked_for_every_six_hours() {
        let document: Document = serde_json::from_value(json!({
            "id": "20261120-aaaaaaaaaaaaaaaaaaaaaaaaa", "record": "r1", "kind": "invoice", "number": "1",
            "issued_on": "2026-11-20", "size": 1, "sha256": "0".repeat(64), "released": true,
            "state": "awaiting_upload", "created_at": 0,
        }))
        .expect("a document");
        let first = 25 * HOUR;
        for (now, again) in [
            (first, first + 6 * HOUR),
            (first + 6 * HOUR - 1, first + 6 * HOUR),
            (first + 6 * HOUR, first + 12 * HOUR),
            (first + 6 * HOUR + 1, first + 12 * HOUR),
        ] {
            let at = document.looked_for_again_at(document.created_at.plus(now));
            assert_eq!(at, document.created_at.plus(again), "{now}");
        }
    }
}
