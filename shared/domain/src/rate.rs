//! The send rate of runs: a bucket of tokens, one for each e-mail, that all runs of a deployment share.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// E-mails per second that runs may send: 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendRate(u32);

/// The least there is; no settings fall back on it.
impl Default for SendRate {
    fn default() -> Self {
        Self(1)
    }
}

impl TryFrom<String> for SendRate {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.parse() {
            Ok(rate @ 1..=10_000) => Ok(Self(rate)),
            _ => Err("expected 1 to 10000 e-mails per second"),
        }
    }
}

/// How many tokens were left when somebody last took some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenBucket {
    /// Left over.
    pub tokens: u32,
    /// When.
    pub at: Timestamp,
}

impl TokenBucket {
    /// How many of the wanted tokens there are at `now`, and the bucket without them. It holds those of one second, and a new one is full.
    #[must_use]
    pub fn take(bucket: Option<Self>, rate: SendRate, wanted: u32, now: Timestamp) -> (u32, Self) {
        let full = Self {
            tokens: rate.0,
            at: now,
        };
        let filled = match bucket {
            // A clock that goes back fills nothing.
            Some(bucket) if now <= bucket.at => bucket,
            Some(_) | None => full,
        };
        let given = wanted.min(filled.tokens);
        let left = Self {
            tokens: filled.tokens - given,
            at: filled.at,
        };
        (given, left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn as_many_are_given_in_a_second_as_the_rate_says() {
        let rate = SendRate::try_from("10".to_owned()).unwrap();
        let mut bucket = None;
        let mut taken = Vec::new();
        for (seconds, wanted) in [(0, 4), (0, 4), (0, 4), (0, 4), (1, 16), (1, 1), (5, 16)] {
            let (given, left) = TokenBucket::take(bucket, rate, wanted, at(seconds));
            taken.push(given);
            bucket = Some(left);
        }
        assert_eq!(taken, [4, 4, 2, 0, 10, 0, 10]);
        let (given, _) = TokenBucket::take(bucket, rate, 1, at(4));
        assert_eq!(given, 0, "the clock went back");
    }

    #[test]
    fn a_rate_is_a_number_within_bounds() {
        for (text, is_rate) in [
            ("1", true),
            ("10000", true),
            ("0", false),
            ("10001", false),
            ("-1", false),
            ("1.5", false),
            ("", false),
        ] {
            assert_eq!(
                SendRate::try_from(text.to_owned()).is_ok(),
                is_rate,
                "{text}"
            );
        }
    }
}
