//! What a practice sends in a calendar month of UTC, and the caps on it.

use std::fmt;

use jiff::{ZonedDateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::practice::{Cap, Limits, MonthlyCaps, Settings};
use crate::time::Timestamp;

/// A calendar month of UTC; written `2026-11`, as the table's keys and the API have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month in which a point in time lies.
    pub fn of(at: Timestamp) -> Self {
        let day = ZonedDateTime::new(at.instant(), TimeZone::UTC);
        Self {
            year: day.year(),
            month: day.month(),
        }
    }
}

impl std::str::FromStr for Month {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a month such as 2026-11";
        let first_day = Timestamp::parse(&format!("{text}-01T00:00:00Z")).map_err(|_| EXPECTED)?;
        let month = Self::of(first_day);
        if month.to_string() == text {
            Ok(month)
        } else {
            Err(EXPECTED)
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// What is counted and may be capped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// E-mails.
    Emails,
    /// SMS segments; every SMS is one (D11).
    Sms,
    /// Threema messages.
    Threema,
}

impl Counted {
    /// Everything that is counted.
    pub const ALL: [Self; 3] = [Self::Emails, Self::Sms, Self::Threema];

    /// The name in the settings, the table and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Emails => "emails",
            Self::Sms => "sms",
            Self::Threema => "threema",
        }
    }
}

/// How many of each were sent, or may have been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// E-mails.
    #[serde(default)]
    pub emails: i64,
    /// SMS segments.
    #[serde(default)]
    pub sms: i64,
    /// Threema messages.
    #[serde(default)]
    pub threema: i64,
}

impl Usage {
    /// How many of this kind.
    pub fn of(self, counted: Counted) -> i64 {
        match counted {
            Counted::Emails => self.emails,
            Counted::Sms => self.sms,
            Counted::Threema => self.threema,
        }
    }
}

impl Usage {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            emails: self.emails + other.emails,
            sms: self.sms + other.sms,
            threema: self.threema + other.threema,
        }
    }
}

impl MonthlyCaps {
    /// The cap on this kind, if there is one.
    pub fn of(self, counted: Counted) -> Option<i64> {
        let cap = match counted {
            Counted::Emails => self.emails,
            Counted::Sms => self.sms,
            Counted::Threema => self.threema,
        };
        cap.map(Cap::get)
    }
}

/// A cap that one sending more would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReachedCap {
    /// On what.
    pub counted: Counted,
    /// How many there may be.
    pub cap: i64,
    /// In which month.
    pub month: Month,
}

/// D4: the caps that hold: of the practice's own and the operator's the lower one each.
pub fn d4_monthly_caps(settings: &Settings, limits: &Limits) -> MonthlyCaps {
    let lower = |own: Option<Cap>, limit: Option<Cap>| own.into_iter().chain(limit).min();
    let (own, limit) = (settings.monthly_caps, limits.monthly_caps);
    MonthlyCaps {
        emails: lower(own.emails, limit.emails),
        sms: lower(own.sms, limit.sms),
        threema: lower(own.threema, limit.threema),
    }
}

/// The first cap that these further ones would break.
pub fn reached_cap(
    caps: MonthlyCaps,
    used: Usage,
    further: Usage,
    month: Month,
) -> Option<ReachedCap> {
    let breaks = |counted: &Counted| {
        let further = further.of(*counted);
        let cap = caps.of(*counted)?;
        (further > 0 && used.of(*counted) + further > cap).then_some(ReachedCap {
            counted: *counted,
            cap,
            month,
        })
    };
    Counted::ALL.iter().find_map(breaks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(emails: Option<i64>, sms: Option<i64>) -> MonthlyCaps {
        let cap = |cap: Option<i64>| cap.map(|cap| Cap::try_from(cap).unwrap());
        MonthlyCaps {
            emails: cap(emails),
            sms: cap(sms),
            threema: None,
        }
    }

    fn usage(emails: i64, sms: i64) -> Usage {
        Usage {
            emails,
            sms,
            threema: 0,
        }
    }

    #[test]
    fn a_month_begins_with_its_first_second_in_utc() {
        for (at, month) in [
            ("2026-11-30T23:59:59Z", "2026-11"),
            ("2026-12-01T00:00:00Z", "2026-12"),
            ("2026-12-31T23:59:59Z", "2026-12"),
            ("2027-01-01T00:00:00Z", "2027-01"),
        ] {
            let of = Month::of(Timestamp::parse(at).unwrap());
            assert_eq!(of.to_string(), month, "{at}");
            assert_eq!(month.parse(), Ok(of));
        }
        for bad in ["", "2026", "2026-13", "2026-1", "2026-11-01", "11-2026"] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }

    #[test]
    fn d4_of_two_caps_the_lower_one_holds() {
        let settings = |caps| Settings {
            monthly_caps: caps,
            ..Settings::named("P".to_owned().try_into().unwrap())
        };
        let limits = |monthly_caps| Limits {
            sender_ids: None,
            monthly_caps,
        };
        for (own, limit, holds) in [
            (None, None, None),
            (Some(5), None, Some(5)),
            (None, Some(7), Some(7)),
            (Some(5), Some(7), Some(5)),
            (Some(7), Some(5), Some(5)),
        ] {
            let caps = d4_monthly_caps(&settings(caps(own, None)), &limits(caps(limit, None)));
            assert_eq!(caps.of(Counted::Emails), holds, "{own:?} {limit:?}");
        }
    }

    #[test]
    fn a_cap_is_reached_by_the_first_one_too_many() {
        let month: Month = "2026-11".parse().unwrap();
        for (cap, used, further, reached) in [
            (Some(3), usage(2, 0), usage(1, 0), false),
            (Some(3), usage(3, 0), usage(1, 0), true),
            // What was sent before the cap was lowered.
            (Some(3), usage(9, 0), usage(1, 0), true),
            (Some(3), usage(9, 0), usage(0, 1), false),
            (Some(0), usage(0, 0), usage(1, 0), true),
            (None, usage(9, 0), usage(1, 0), false),
        ] {
            let found = reached_cap(caps(cap, None), used, further, month);
            assert_eq!(found.is_some(), reached, "{cap:?} {used:?}");
        }
        let both = reached_cap(caps(None, Some(1)), usage(5, 1), usage(1, 1), month).unwrap();
        assert_eq!((both.counted, both.cap), (Counted::Sms, 1));
    }
}
