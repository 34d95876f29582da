//! Threema: a person's public key, and what the gateway says no with.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The public key of a Threema ID: 32 bytes, written as 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ThreemaKey([u8; 32]);

impl ThreemaKey {
    /// The key itself.
    pub fn bytes(&self) -> [u8; 32] {
        self.0
    }
}

impl TryFrom<String> for ThreemaKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let expected = "expected 64 hexadecimal digits";
        let mut key = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(expected);
        }
        for (at, byte) in key.iter_mut().enumerate() {
            let digits = text.get(2 * at..2 * at + 2).unwrap_or_default();
            *byte = u8::from_str_radix(digits, 16).map_err(|_| expected)?;
        }
        Ok(Self(key))
    }
}

impl From<ThreemaKey> for String {
    fn from(key: ThreemaKey) -> Self {
        let halves = key.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        halves
            .filter_map(|half| char::from_digit(u32::from(half), 16))
            .collect()
    }
}

/// It tells whose it is to whoever looks it up, so that it stays out of logs.
impl fmt::Debug for ThreemaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThreemaKey(…)")
    }
}

/// Why a Threema message was certainly not sent (F-I7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreemaRefusal {
    /// The gateway knows the recipient's or the sender's ID, and does not take it.
    BadRecipientOrSender,
    /// The gateway does not know us.
    BadCredentials,
    /// The deployment's credits are used up.
    NoCredits,
    /// There is no such Threema ID, or no longer.
    UnknownId,
    /// The message is longer than the gateway takes.
    TooLong,
    /// Too many at once.
    RateLimit,
    /// The gateway has a fault of its own.
    ServerError,
    /// The key of the ID is another than it was: keys of Threema IDs do not change.
    KeyChanged,
    /// The gateway, or the service that keeps our secret, did not answer before anything was sent.
    Unreachable,
}

impl ThreemaRefusal {
    /// Every one there is.
    pub const ALL: [Self; 9] = [
        Self::BadRecipientOrSender,
        Self::BadCredentials,
        Self::NoCredits,
        Self::UnknownId,
        Self::TooLong,
        Self::RateLimit,
        Self::ServerError,
        Self::KeyChanged,
        Self::Unreachable,
    ];

    /// What the gateway says with this HTTP status, if it says no.
    pub fn of_status(status: u16) -> Option<Self> {
        match status {
            400 => Some(Self::BadRecipientOrSender),
            401 => Some(Self::BadCredentials),
            402 => Some(Self::NoCredits),
            404 => Some(Self::UnknownId),
            413 => Some(Self::TooLong),
            429 => Some(Self::RateLimit),
            500 => Some(Self::ServerError),
            _ => None,
        }
    }

    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRecipientOrSender => "bad-recipient-or-sender",
            Self::BadCredentials => "bad-credentials",
            Self::NoCredits => "no-credits",
            Self::UnknownId => "unknown-id",
            Self::TooLong => "too-long",
            Self::RateLimit => "rate-limit",
            Self::ServerError => "server-error",
            Self::KeyChanged => "key-changed",
            Self::Unreachable => "unreachable",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.name() == name)
    }

    /// F-I7: whether the same may go through a little later, with nothing changed by anybody.
    pub fn is_temporary(self) -> bool {
        matches!(
            self,
            Self::RateLimit | Self::ServerError | Self::Unreachable
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_32_bytes_in_hexadecimal_and_does_not_print() {
        let text = "0123456789abcdef".repeat(4);
        let key = ThreemaKey::try_from(text.clone()).unwrap();
        assert_eq!(key.bytes()[..2], [0x01, 0x23]);
        assert_eq!(String::from(key.clone()), text);
        assert_eq!(format!("{key:?}"), "ThreemaKey(…)");
        for bad in [
            "",
            "0",
            &"0".repeat(63),
            &"x".repeat(64),
            &"é".repeat(32),
            &"0".repeat(65),
        ] {
            assert!(ThreemaKey::try_from((*bad).to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn f_i7_each_no_of_the_gateway_is_its_own_and_says_whether_it_lasts() {
        for (status, name, is_temporary) in [
            (400, "bad-recipient-or-sender", false),
            (401, "bad-credentials", false),
            (402, "no-credits", false),
            (404, "unknown-id", false),
            (413, "too-long", false),
            (429, "rate-limit", true),
            (500, "server-error", true),
        ] {
            let refusal = ThreemaRefusal::of_status(status).unwrap();
            assert_eq!(
                (refusal.name(), refusal.is_temporary()),
                (name, is_temporary)
            );
            assert_eq!(ThreemaRefusal::named(name), Some(refusal));
        }
        for other in [200, 301, 403, 502, 503, 504] {
            assert_eq!(ThreemaRefusal::of_status(other), None, "{other}");
        }
    }
}
