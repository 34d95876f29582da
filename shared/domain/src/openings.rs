//! P6: a page that is opened again and again hands out forms that have to wait.

use crate::time::Timestamp;

/// Within how many seconds openings of a page count together.
pub const COUNTED_WITHIN: i64 = 10;
/// How many openings within that time are no haste: one, and ten times anew.
pub const UNHURRIED: u32 = 11;
/// How many seconds a form waits that is handed out in haste.
pub const SLOWED_FOR: i64 = 30;

/// P6: until when the code is not taken from a form that is handed out `now`, if its page was opened too often.
///
/// `openings` are those of one page from one network, this one included: in which second how many.
pub fn p6_slowed_until(
    openings: impl IntoIterator<Item = (Timestamp, u32)>,
    now: Timestamp,
) -> Option<Timestamp> {
    let lately = openings
        .into_iter()
        .filter(|(at, _)| at.plus(COUNTED_WITHIN) > now)
        .fold(0, |sum: u32, (_, count)| sum.saturating_add(count));
    (lately > UNHURRIED).then(|| now.plus(SLOWED_FOR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p6_the_eleventh_reload_within_ten_seconds_slows() {
        let start = Timestamp::from_seconds(1_800_000_000).unwrap();
        let at = |second| start.plus(second);
        for (openings, now, slowed) in [
            (vec![(0, 1)], 0, false),
            // The opening and ten reloads, then eleven.
            (vec![(0, 11)], 0, false),
            (vec![(0, 12)], 0, true),
            (vec![(0, 1), (9, 10)], 9, false),
            (vec![(0, 1), (9, 11)], 9, true),
            (vec![(0, 1), (10, 11)], 10, false),
            (vec![(0, 11), (9, 1)], 9, true),
            (vec![(0, 11), (10, 1)], 10, false),
            (vec![(0, 11), (11, 1)], 11, false),
            (vec![(0, 500), (10, 11)], 10, false),
            (vec![(0, 500), (10, 12)], 10, true),
            // A clock that is behind another one's makes nothing looser.
            (vec![(3, 11), (0, 1)], 0, true),
            (vec![(0, u32::MAX), (1, u32::MAX)], 1, true),
        ] {
            let openings = openings.into_iter().map(|(second, n)| (at(second), n));
            let until = p6_slowed_until(openings, at(now));
            assert_eq!(until, slowed.then(|| at(now + 30)), "at {now}");
        }
    }
}
