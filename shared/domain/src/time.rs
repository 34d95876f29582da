//! Points in time and the calendar arithmetic of the rules.

use std::fmt;

use jiff::{ToSpan as _, ZonedDateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// One minute in seconds.
pub const MINUTE: i64 = 60;
/// One hour in seconds.
pub const HOUR: i64 = 60 * MINUTE;
/// Twenty-four hours in seconds; daylight saving changes nothing about it.
pub const DAY: i64 = 24 * HOUR;

/// A point in time in whole seconds since 1970-01-01 UTC.
///
/// Whole seconds, because every rule is judged to the second and DynamoDB's TTL attribute counts seconds too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// The text or number names no point in time between the years 1970 and 9000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a point in time like 2026-11-23T14:30:00Z")]
pub struct TimestampError;

impl Timestamp {
    /// 9000-01-01, far from the end of every calendar in use here, so that adding a delivery's life never overflows.
    const LATEST: i64 = 221_845_392_000;

    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// From whole seconds since 1970; refuses what lies outside the years 1970 to 9000.
    pub fn from_seconds(seconds: i64) -> Result<Self, TimestampError> {
        if (0..=Self::LATEST).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(TimestampError)
        }
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// Whole days of UTC since 1970.
    pub fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    /// From RFC 3339; a fraction of a second is dropped.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let instant: jiff::Timestamp = text.parse().map_err(|_| TimestampError)?;
        Self::from_seconds(instant.as_second())
    }

    /// This much later (or earlier, if negative), kept inside the range of the type.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds).clamp(0, Self::LATEST))
    }

    /// This many calendar months later in UTC, clamped to the month's last day (L8): 30 November plus three is 28 February.
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        let later = ZonedDateTime::new(self.instant(), TimeZone::UTC).checked_add(months.months());
        later.map_or(Self(Self::LATEST), |later| {
            Self(later.timestamp().as_second()).plus(0)
        })
    }

    /// The same point in the calendar library's type, for writing it out in a time zone.
    pub fn instant(self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

/// RFC 3339 in UTC, as the practice's API writes times.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.instant())
    }
}

/// A name of the IANA time zone database, such as `Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ZoneName(TimeZone);

impl ZoneName {
    /// The zone itself.
    pub fn zone(&self) -> &TimeZone {
        &self.0
    }
}

impl Default for ZoneName {
    fn default() -> Self {
        Self(TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC))
    }
}

impl TryFrom<String> for ZoneName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match TimeZone::get(&name) {
            Ok(zone) if !zone.is_unknown() => Ok(Self(zone)),
            _ => Err("expected a time zone's IANA name, such as Europe/Berlin".to_owned()),
        }
    }
}

impl From<ZoneName> for String {
    fn from(name: ZoneName) -> Self {
        name.0.iana_name().unwrap_or("UTC").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn l8_months_are_calendar_months_clamped_to_the_last_day() {
        for (from, months, to) in [
            ("2026-11-30T10:00:00Z", 3, "2027-02-28T10:00:00Z"),
            ("2027-11-30T10:00:00Z", 3, "2028-02-29T10:00:00Z"),
            ("2026-12-31T23:59:59Z", 3, "2027-03-31T23:59:59Z"),
            // Daylight saving begins in between: nothing changes in UTC.
            ("2027-01-15T00:30:00Z", 3, "2027-04-15T00:30:00Z"),
        ] {
            assert_eq!(at(from).plus_months(months), at(to), "{from}");
        }
    }

    #[test]
    fn times_outside_the_range_are_refused() {
        assert!(Timestamp::from_seconds(-1).is_err());
        assert!(Timestamp::from_seconds(Timestamp::LATEST).is_ok());
        assert!(Timestamp::from_seconds(Timestamp::LATEST + 1).is_err());
        assert!(Timestamp::parse("2026-02-30T00:00:00Z").is_err());
        assert_eq!(
            at("2026-11-23T14:30:00.9Z").to_string(),
            "2026-11-23T14:30:00Z"
        );
    }

    #[test]
    fn days_begin_at_midnight_in_utc() {
        for (time, day) in [
            ("1970-01-01T23:59:59Z", 0),
            ("1970-01-02T00:00:00Z", 1),
            ("2027-01-01T00:30:00+01:00", 20_818),
        ] {
            assert_eq!(at(time).day(), day, "{time}");
        }
    }

    #[test]
    fn zones_are_known_by_their_names() {
        assert!(ZoneName::try_from("Europe/Vienna".to_owned()).is_ok());
        for unknown in ["Europe/Nowhere", "Etc/Unknown", ""] {
            assert!(ZoneName::try_from(unknown.to_owned()).is_err(), "{unknown}");
        }
        assert_eq!(String::from(ZoneName::default()), "Europe/Berlin");
    }
}
