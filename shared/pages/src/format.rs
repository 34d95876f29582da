//! Times, durations, sizes and names of documents as people say them.

use domain::document::{Document, Kind};
use domain::practice::PublicPractice;
use domain::time::{MINUTE, Timestamp, ZoneName};
use jiff::civil::Date;

use crate::texts::Texts;

/// A space at which no line is broken: dates and times of day stay whole.
pub(crate) const NO_BREAK: char = '\u{a0}';

/// "Donnerstag, 26. November 2026, 14:30 Uhr", in the practice's zone.
pub(crate) fn moment(texts: &Texts, at: Timestamp, practice: Option<&PublicPractice>) -> String {
    let zone = practice.map_or_else(ZoneName::default, |practice| practice.time_zone.clone());
    let local = at.instant().to_zoned_datetime(zone.zone().clone());
    let weekday = name(&texts.weekdays, local.weekday().to_monday_one_offset());
    let day = texts.date_with_weekday(weekday, date(texts, local.date()));
    texts.moment(day, clock(texts, local.hour(), local.minute()))
}

/// "26. November 2026".
pub(crate) fn date(texts: &Texts, date: Date) -> String {
    texts.date(date.day(), name(&texts.months, date.month()), date.year())
}

/// "45 Sekunden", and from a minute on "3 Minuten", rounded up so that nobody comes back too early.
pub(crate) fn duration(texts: &Texts, seconds: i64) -> String {
    let seconds = seconds.max(1);
    match (seconds, (seconds + MINUTE - 1) / MINUTE) {
        (1, _) => texts.one_second().to_owned(),
        (..MINUTE, _) => texts.seconds(seconds),
        (_, 1) => texts.one_minute().to_owned(),
        (_, minutes) => texts.minutes(minutes),
    }
}

/// "240 KB", and from a million bytes on "5,2 MB".
pub(crate) fn size(texts: &Texts, bytes: u64) -> String {
    let kilobytes = (bytes + 500) / 1_000;
    if kilobytes < 1_000 {
        format!("{}{NO_BREAK}KB", kilobytes.max(1))
    } else {
        let tenths = (bytes + 50_000) / 100_000;
        let (whole, tenth) = (tenths / 10, tenths % 10);
        format!("{whole}{}{tenth}{NO_BREAK}MB", texts.decimal_mark)
    }
}

/// "3", and nothing for a single document: what templates ask to tell singular from plural.
pub(crate) fn several(documents: usize) -> String {
    if documents == 1 {
        String::new()
    } else {
        documents.to_string()
    }
}

/// What a kind of document is called.
pub(crate) fn kind(texts: &Texts, kind: Kind) -> &'static str {
    match kind {
        Kind::Invoice => texts.invoice(),
        Kind::Receipt => texts.receipt(),
        Kind::Note => texts.note(),
        Kind::Appointment => texts.appointment(),
        Kind::Prescription => texts.prescription(),
    }
}

/// "Rechnung 2026-0815": by kind and number, never by title or patient (P7).
pub(crate) fn document(texts: &Texts, document: &Document) -> String {
    format!(
        "{} {}",
        kind(texts, document.kind),
        document.number.as_str()
    )
}

/// "14:30", or "2:30 pm" where people count hours to twelve.
fn clock(texts: &Texts, hour: i8, minute: i8) -> String {
    match texts.halves_of_day {
        None => format!("{hour}:{minute:02}"),
        Some([before_noon, after_noon]) => {
            let half = if hour < 12 { before_noon } else { after_noon };
            let hour = (hour + 11) % 12 + 1;
            format!("{hour}:{minute:02}{NO_BREAK}{half}")
        }
    }
}

/// The name of a weekday or month that is counted from one.
fn name(names: &[&'static str], number: i8) -> &'static str {
    usize::try_from(number)
        .ok()
        .and_then(|number| names.get(number.checked_sub(1)?))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use domain::language::Language::{self, English, German};
    use jiff::civil::date as day;

    use super::*;

    fn texts(language: Language) -> &'static Texts {
        Texts::of(language)
    }

    fn said(language: Language, at: &str) -> String {
        spaced(&moment(
            texts(language),
            Timestamp::parse(at).unwrap(),
            None,
        ))
    }

    fn spaced(text: &str) -> String {
        text.replace(NO_BREAK, " ")
    }

    #[test]
    fn dates_and_times_of_day_stay_whole() {
        for (language, pieces) in [
            (
                German,
                [
                    "Donnerstag,",
                    "26.\u{a0}November\u{a0}2026,",
                    "14:30\u{a0}Uhr",
                ],
            ),
            (
                English,
                ["Thursday", "26\u{a0}November\u{a0}2026,", "2:30\u{a0}pm"],
            ),
        ] {
            let at = Timestamp::parse("2026-11-26T13:30:00Z").unwrap();
            let said = moment(texts(language), at, None);
            assert_eq!(said.split(' ').collect::<Vec<_>>(), pieces);
        }
    }

    #[test]
    fn moments_are_said_in_the_practices_zone() {
        assert_eq!(
            said(German, "2026-11-26T13:30:00Z"),
            "Donnerstag, 26. November 2026, 14:30 Uhr"
        );
        assert_eq!(
            said(English, "2026-11-26T13:30:00Z"),
            "Thursday 26 November 2026, 2:30 pm"
        );
        // Summer time, and a day that has already begun there.
        assert_eq!(
            said(German, "2027-06-30T22:05:00Z"),
            "Donnerstag, 1. Juli 2027, 0:05 Uhr"
        );
        assert_eq!(
            said(English, "2027-06-30T22:05:00Z"),
            "Thursday 1 July 2027, 12:05 am"
        );
        assert_eq!(
            said(English, "2027-03-01T11:00:00Z"),
            "Monday 1 March 2027, 12:00 pm"
        );
    }

    #[test]
    fn days_have_their_names() {
        let german = date(texts(German), day(2027, 3, 1));
        assert_eq!(spaced(&german), "1. März 2027");
        let english = date(texts(English), day(2027, 12, 31));
        assert_eq!(spaced(&english), "31 December 2027");
    }

    #[test]
    fn waits_are_in_minutes_from_sixty_seconds_on() {
        for (seconds, german, english) in [
            (-3, "1 Sekunde", "1 second"),
            (1, "1 Sekunde", "1 second"),
            (2, "2 Sekunden", "2 seconds"),
            (59, "59 Sekunden", "59 seconds"),
            (60, "1 Minute", "1 minute"),
            (61, "2 Minuten", "2 minutes"),
            (300, "5 Minuten", "5 minutes"),
        ] {
            assert_eq!(spaced(&duration(texts(German), seconds)), german);
            assert_eq!(spaced(&duration(texts(English), seconds)), english);
        }
    }

    #[test]
    fn sizes_are_round() {
        for (bytes, german, english) in [
            (0, "1 KB", "1 KB"),
            (499, "1 KB", "1 KB"),
            (240_400, "240 KB", "240 KB"),
            (999_499, "999 KB", "999 KB"),
            (999_500, "1,0 MB", "1.0 MB"),
            (5_242_880, "5,2 MB", "5.2 MB"),
            (26_214_400, "26,2 MB", "26.2 MB"),
        ] {
            assert_eq!(spaced(&size(texts(German), bytes)), german);
            assert_eq!(spaced(&size(texts(English), bytes)), english);
        }
    }
}
