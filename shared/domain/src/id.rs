//! Ids, one type each, so that a document's cannot be passed where a record's is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

const CHOSEN: &str = "expected 1 to 64 of the characters A-Z a-z 0-9 _ -";

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident: $valid:expr, $expected:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) { Ok(Self(text)) } else { Err($expected) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text_id! {
    /// A practice, chosen by the operator; part of its API keys.
    PracticeId: |text| (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
        "expected 1 to 32 of the characters a-z 0-9 -";
    /// A record type, chosen by the practice.
    RecordTypeId: chosen, CHOSEN;
    /// A record, chosen by the practice. Appears in logs and audit, so it must not be a name.
    RecordId: chosen, CHOSEN;
    /// A recipient within a record, chosen by the practice.
    RecipientId: chosen, CHOSEN;
    /// A webhook, chosen by the practice.
    WebhookId: chosen, CHOSEN;
    /// A document: the day it was issued on and a random part, so that sorting by id sorts by that day.
    DocumentId: |text| text.len() == 34 && text.as_bytes()[8] == b'-'
        && text.bytes().take(8).all(|b| b.is_ascii_digit())
        && text.bytes().skip(9).all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
        "expected the id of a document";
    /// A request as the audit knows it: a UUID of version 7, so that sorting by id sorts by time.
    OpId: |text| text.len() == 36 && text == text.to_ascii_lowercase() && uuid::Uuid::try_parse(text).is_ok(),
        "expected the id of a request";
    /// A delivery: a UUID of version 7, so that sorting by id sorts by creation.
    DeliveryId: |text| text.len() == 36 && text == text.to_ascii_lowercase() && uuid::Uuid::try_parse(text).is_ok(),
        "expected the id of a delivery";
    /// An invoice run: a UUID of version 7, so that sorting by id sorts by creation.
    RunId: |text| text.len() == 36 && text == text.to_ascii_lowercase() && uuid::Uuid::try_parse(text).is_ok(),
        "expected the id of an invoice run";
}

fn chosen(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

impl DocumentId {
    /// From the day of issue and 25 random symbols of `a-z0-9`.
    pub fn new(issued_on: jiff::civil::Date, random: &str) -> Result<Self, &'static str> {
        let (year, month, day) = (issued_on.year(), issued_on.month(), issued_on.day());
        Self::try_from(format!("{year:04}{month:02}{day:02}-{random}"))
    }
}

impl DeliveryId {
    /// From the moment of creation and 10 random bytes.
    pub fn new(created_at: Timestamp, random: &[u8; 10]) -> Self {
        Self(uuid_of(created_at, random))
    }
}

impl OpId {
    /// From the moment of the request and 10 random bytes.
    pub fn new(at: Timestamp, random: &[u8; 10]) -> Self {
        Self(uuid_of(at, random))
    }
}

impl RunId {
    /// From the moment of the request and 10 random bytes.
    pub fn new(created_at: Timestamp, random: &[u8; 10]) -> Self {
        Self(uuid_of(created_at, random))
    }
}

/// RFC 9562, version 7.
fn uuid_of(at: Timestamp, random: &[u8; 10]) -> String {
    let millis = u64::try_from(at.seconds()).unwrap_or_default() * 1000;
    let uuid = uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid();
    uuid.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_ids_match_the_contract() {
        for good in ["a", "A-1_b", &"x".repeat(64)] {
            assert!(good.parse::<RecordId>().is_ok(), "{good}");
        }
        for bad in ["", "ä", "a b", "a/b", "a#b", &"x".repeat(65)] {
            assert!(bad.parse::<RecordId>().is_err(), "{bad}");
        }
        assert!("praxis-am-park".parse::<PracticeId>().is_ok());
        assert!("Praxis_am_Park".parse::<PracticeId>().is_err());
    }

    #[test]
    fn delivery_ids_sort_by_time() {
        let earlier = DeliveryId::new(Timestamp::from_seconds(1_700_000_000).unwrap(), &[0xff; 10]);
        let later = DeliveryId::new(Timestamp::from_seconds(1_700_000_001).unwrap(), &[0; 10]);
        assert!(earlier < later);
        assert_eq!(earlier.as_str().parse(), Ok(earlier));
    }

    #[test]
    fn document_ids_sort_by_day_of_issue() {
        let random = "a".repeat(25);
        let id = DocumentId::new(jiff::civil::date(2026, 11, 20), &random).unwrap();
        assert_eq!(id.as_str(), format!("20261120-{random}"));
        assert!(
            "20261120-AAAAAAAAAAAAAAAAAAAAAAAAA"
                .parse::<DocumentId>()
                .is_err()
        );
    }
}
