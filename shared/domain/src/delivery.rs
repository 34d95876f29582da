//! A delivery's facts and the rules that judge them (L1 to L9).
//!
//! The facts are written once each and never taken back; every state is worked out from them and the clock, at every request.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::hashed::LinkHash;
use crate::id::{DeliveryId, DocumentId, PracticeId, RecipientId, RecordId};
use crate::language::Language;
use crate::practice::Channel;
use crate::time::{DAY, HOUR, MINUTE, Timestamp};

/// L1: calendar months that a delivery is open at most.
pub const OPEN_MONTHS: i32 = 3;
/// L2: how long the code works after its first right entry, in seconds.
pub const WINDOW: i64 = 72 * HOUR;
/// L3: how long after a wrong entry the next one may come, in seconds.
pub const STALE_AFTER: i64 = 24 * HOUR;
/// L4: wrong entries of one code that close the delivery.
pub const ENTRIES_PER_CODE: u32 = 10;
/// L4: wrong entries in a delivery's whole life that close it for good.
pub const ENTRIES_PER_LIFE: u32 = 30;
/// How long a delivery may wait for its e-mail before it counts as not sent, in seconds.
pub const PENDING: i64 = 60;
/// L8: how long a closed delivery is kept so that its page can say why, in seconds.
pub const KEPT_AFTER_END: i64 = 30 * DAY;
/// P7: how long a session lives without a request, in seconds.
pub const SESSION_IDLE: i64 = 15 * MINUTE;
/// P7: how long a session lives at most, in seconds.
pub const SESSION_LIFE: i64 = 60 * MINUTE;
/// How many sessions a delivery has at once; a further one ends the oldest.
pub const SESSIONS: usize = 3;

/// Everything that is known of a delivery but its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The practice's name of it.
    pub id: DeliveryId,
    /// The tenant.
    pub practice: PracticeId,
    /// Whose documents.
    pub record: RecordId,
    /// To whom.
    pub recipient: RecipientId,
    /// What the recipient reads.
    pub language: Language,
    /// How the code travels.
    pub channel: Channel,
    /// The sent documents that are still there; the attribute goes with the last one (L7).
    #[serde(default)]
    pub documents: BTreeSet<DocumentId>,
    /// D8, as resolved when it was sent.
    pub offered_invoices: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the e-mail was accepted.
    pub sent_at: Option<Timestamp>,
    /// L1: the end of its life, once it was sent.
    pub expires_at: Option<Timestamp>,
    /// D10: when the e-mail failed.
    pub not_sent_at: Option<Timestamp>,
    /// L7.
    pub revoked_at: Option<Timestamp>,
    /// L7.
    pub reported_at: Option<Timestamp>,
    /// L5.
    pub superseded_at: Option<Timestamp>,
    /// L2: the first right entry of the present code.
    pub opened_at: Option<Timestamp>,
    /// Counts the delivery's codes.
    pub code_version: u32,
    /// L4: wrong entries of the present code, those being judged included.
    pub wrong_for_code: u32,
    /// L4: wrong entries in its whole life, those being judged included.
    pub wrong_in_life: u32,
    /// L4: wrong entries since the last right one.
    pub wrong_in_row: u32,
    /// L3 and L4: the last wrong entry.
    pub last_wrong_at: Option<Timestamp>,
    /// P7: open sessions by the hash of their secret.
    #[serde(default)]
    pub sessions: BTreeMap<String, Session>,
    /// What the mail provider said when it took the e-mail.
    pub email_message_id: Option<String>,
    /// D10: why the mail provider refused the e-mail; left out where nobody can tell what became of it.
    pub email_refused_because: Option<String>,
    /// What became of the message on the second channel.
    pub message: Option<MessageFate>,
    /// When documents were downloaded, oldest first, the first 50.
    #[serde(default)]
    pub downloads: Vec<Download>,
}

/// An open documents page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// When the right code was entered.
    pub created_at: Timestamp,
    /// The last request.
    pub seen_at: Timestamp,
}

/// One download.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    /// Which document.
    pub document: DocumentId,
    /// When its URL was handed out.
    pub at: Timestamp,
}

/// How many downloads are kept with their times.
pub const DOWNLOADS_KEPT: usize = 50;

/// An earlier delivery in which a document was sent, as the document remembers it (L5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentIn {
    /// Where the delivery lies.
    pub link: LinkHash,
    /// The practice's name of it.
    pub delivery: DeliveryId,
    /// To whom.
    pub recipient: RecipientId,
    /// L1: from then on it is closed for good anyway.
    pub expires_at: Timestamp,
}

/// L5: most earlier deliveries that one sending may close.
///
/// DynamoDB's transactions hold 100 actions: the new delivery and its documents take theirs first.
pub fn l5_most_superseded(documents: usize) -> usize {
    90.min(99_usize.saturating_sub(documents))
}

/// L5: whether sending one of its documents again, to `recipient` at `now`, closes this earlier delivery.
pub fn l5_is_superseded(earlier: &SentIn, recipient: &RecipientId, keep_earlier: bool, now: Timestamp) -> bool {
    now < earlier.expires_at && !(keep_earlier && earlier.recipient != *recipient)
}

/// What became of the message on the second channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum MessageFate {
    /// The provider took it; that is not yet delivered.
    Accepted {
        /// The provider's name of it.
        message_id: String,
    },
    /// The provider did not take it.
    Refused {
        /// What the provider said.
        reason: String,
    },
    /// Nobody can tell.
    Unknown,
    /// The channel has no message: the practice speaks, or the patient asks.
    None,
}

/// Why a delivery is closed, in the order of L8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// D10: its e-mail was refused, or nobody knows.
    NotSent,
    /// L7.
    Revoked,
    /// L7.
    Reported,
    /// L5.
    Superseded,
    /// L4: ten wrong entries of its code, or thirty in its life.
    TooManyAttempts,
    /// L1.
    Expired,
    /// L3.
    StaleFailure,
    /// L2.
    Used,
}

impl CloseReason {
    /// The reason's name in the API and in the files of texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Revoked => "revoked",
            Self::Reported => "reported",
            Self::Superseded => "superseded",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Expired => "expired",
            Self::StaleFailure => "stale_failure",
            Self::Used => "used",
        }
    }
}

/// What a delivery is at a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its e-mail is being sent.
    Pending,
    /// Nobody has entered the right code yet.
    Open,
    /// The code was entered; L2's window runs.
    Opened,
    /// Closed.
    Closed(CloseReason),
}

/// Whether a code may be entered now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryRule {
    /// It is judged.
    Judged,
    /// L4: not before this point in time; not judged, not counted.
    WaitUntil(Timestamp),
    /// Its e-mail is being sent (P8).
    Pending,
    /// Closed.
    Closed(CloseReason),
}

/// L1: when a delivery accepted at `accepted` ends: after three calendar months, or after fewer days.
pub fn l1_expires_at(accepted: Timestamp, valid_days: Option<i64>) -> Timestamp {
    let latest = accepted.plus_months(OPEN_MONTHS);
    valid_days.map_or(latest, |days| latest.min(accepted.plus(days * DAY)))
}

/// L2: when the window of a code first entered at `opened_at` ends.
pub fn l2_window_end(opened_at: Timestamp) -> Timestamp {
    opened_at.plus(WINDOW)
}

/// L3: whether an entry at `now` comes too late after a wrong one; exactly 24 hours is in time.
pub fn l3_is_stale(last_wrong_at: Timestamp, now: Timestamp) -> bool {
    now > last_wrong_at.plus(STALE_AFTER)
}

/// L4: seconds to wait after so many wrong entries in a row: 5 from the third on, doubled each time, at most 300.
pub fn l4_wait(wrong_in_row: u32) -> i64 {
    match wrong_in_row.checked_sub(3) {
        None => 0,
        Some(beyond) => 5_i64.checked_shl(beyond).unwrap_or(300).clamp(5, 300),
    }
}

/// L8: what a delivery of a practice, disabled or not, is at `now`.
pub fn l8_state(delivery: &Delivery, disabled: bool, now: Timestamp) -> State {
    let Some(expires_at) = delivery
        .expires_at
        .filter(|_| delivery.not_sent_at.is_none())
    else {
        let failed = delivery.not_sent_at.is_some() || now >= delivery.created_at.plus(PENDING);
        return if failed {
            State::Closed(CloseReason::NotSent)
        } else {
            State::Pending
        };
    };
    let stale = delivery.wrong_in_row > 0
        && delivery
            .last_wrong_at
            .is_some_and(|wrong| l3_is_stale(wrong, now));
    let used = delivery
        .opened_at
        .is_some_and(|opened| now >= l2_window_end(opened));
    let reasons = [
        (
            delivery.revoked_at.is_some() || disabled || delivery.documents.is_empty(),
            CloseReason::Revoked,
        ),
        (delivery.reported_at.is_some(), CloseReason::Reported),
        (delivery.superseded_at.is_some(), CloseReason::Superseded),
        (
            delivery.wrong_in_life >= ENTRIES_PER_LIFE,
            CloseReason::TooManyAttempts,
        ),
        (now >= expires_at, CloseReason::Expired),
        (
            delivery.wrong_for_code >= ENTRIES_PER_CODE,
            CloseReason::TooManyAttempts,
        ),
        (stale, CloseReason::StaleFailure),
        (used, CloseReason::Used),
    ];
    match reasons.into_iter().find(|(holds, _)| *holds) {
        Some((_, reason)) => State::Closed(reason),
        None if delivery.opened_at.is_some() => State::Opened,
        None => State::Open,
    }
}

/// L4 and L8: whether a code may be entered at `now`.
pub fn l4_entry(delivery: &Delivery, disabled: bool, now: Timestamp) -> EntryRule {
    match l8_state(delivery, disabled, now) {
        State::Pending => EntryRule::Pending,
        State::Closed(reason) => EntryRule::Closed(reason),
        State::Open | State::Opened => {
            let free_at = delivery
                .last_wrong_at
                .map(|wrong| wrong.plus(l4_wait(delivery.wrong_in_row)));
            match free_at {
                Some(free_at) if delivery.wrong_in_row > 0 && now < free_at => {
                    EntryRule::WaitUntil(free_at)
                }
                _ => EntryRule::Judged,
            }
        }
    }
}

/// L6: whether a new code would open a delivery closed for this reason again.
pub fn l6_is_revivable(delivery: &Delivery, reason: CloseReason) -> bool {
    match reason {
        CloseReason::Used | CloseReason::StaleFailure => true,
        CloseReason::TooManyAttempts => delivery.wrong_in_life < ENTRIES_PER_LIFE,
        CloseReason::NotSent
        | CloseReason::Revoked
        | CloseReason::Reported
        | CloseReason::Superseded
        | CloseReason::Expired => false,
    }
}

/// When the documents can be reached at the longest: the earlier of L1 and L2.
pub fn reachable_until(delivery: &Delivery) -> Option<Timestamp> {
    let window = delivery.opened_at.map(l2_window_end);
    delivery
        .expires_at
        .map(|expires_at| window.map_or(expires_at, |window| window.min(expires_at)))
}

/// L9 and P7: whether a session still shows documents at `now`.
///
/// Wrong entries of others and a new code do not end it.
pub fn l9_session_lives(
    delivery: &Delivery,
    disabled: bool,
    session: &Session,
    now: Timestamp,
) -> bool {
    let in_time = now >= session.created_at
        && now < session.created_at.plus(SESSION_LIFE)
        && now < session.seen_at.plus(SESSION_IDLE);
    in_time
        && match l8_state(delivery, disabled, now) {
            State::Opened | State::Open => true,
            State::Closed(CloseReason::TooManyAttempts | CloseReason::StaleFailure) => {
                reachable_until(delivery).is_some_and(|until| now < until)
            }
            State::Pending | State::Closed(_) => false,
        }
}

/// The session that a further one would end: the oldest, if there are as many as a delivery may have.
pub fn oldest_session(delivery: &Delivery) -> Option<&String> {
    if delivery.sessions.len() < SESSIONS {
        return None;
    }
    delivery
        .sessions
        .iter()
        .min_by_key(|(_, session)| session.created_at)
        .map(|(hash, _)| hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "2026-11-23T10:00:00Z";

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn delivery() -> Delivery {
        let sent_at = at(SENT);
        Delivery {
            id: DeliveryId::new(sent_at, &[7; 10]),
            practice: "praxis".parse().unwrap(),
            record: "r1".parse().unwrap(),
            recipient: "patient".parse().unwrap(),
            language: Language::German,
            channel: Channel::Sms,
            documents: BTreeSet::from([DocumentId::new(
                jiff::civil::date(2026, 11, 20),
                &"a".repeat(25),
            )
            .unwrap()]),
            offered_invoices: 24,
            created_at: sent_at,
            sent_at: Some(sent_at),
            expires_at: Some(l1_expires_at(sent_at, None)),
            not_sent_at: None,
            revoked_at: None,
            reported_at: None,
            superseded_at: None,
            opened_at: None,
            code_version: 1,
            wrong_for_code: 0,
            wrong_in_life: 0,
            wrong_in_row: 0,
            last_wrong_at: None,
            sessions: BTreeMap::new(),
            email_message_id: None,
            email_refused_because: None,
            message: None,
            downloads: Vec::new(),
        }
    }

    /// One second before, at, and one second after an instant.
    fn around(instant: Timestamp) -> [Timestamp; 3] {
        [instant.plus(-1), instant, instant.plus(1)]
    }

    fn states(delivery: &Delivery, instant: Timestamp) -> [State; 3] {
        around(instant).map(|now| l8_state(delivery, false, now))
    }

    #[test]
    fn l1_three_calendar_months_and_not_a_second_more() {
        let end = at("2027-02-23T10:00:00Z");
        let closed = State::Closed(CloseReason::Expired);
        assert_eq!(states(&delivery(), end), [State::Open, closed, closed]);
    }

    #[test]
    fn l1_fewer_days_count_never_more() {
        let sent = at(SENT);
        assert_eq!(l1_expires_at(sent, Some(1)), sent.plus(DAY));
        assert_eq!(l1_expires_at(sent, Some(92)), at("2027-02-23T10:00:00Z"));
        assert_eq!(
            l1_expires_at(at("2026-11-30T10:00:00Z"), None),
            at("2027-02-28T10:00:00Z")
        );
    }

    #[test]
    fn l2_seventy_two_hours_from_the_first_right_entry() {
        let mut delivery = delivery();
        let opened = at("2026-12-01T08:00:00Z");
        delivery.opened_at = Some(opened);
        let closed = State::Closed(CloseReason::Used);
        assert_eq!(
            states(&delivery, opened.plus(72 * HOUR)),
            [State::Opened, closed, closed]
        );
        assert_eq!(reachable_until(&delivery), Some(opened.plus(WINDOW)));
    }

    #[test]
    fn l2_the_earlier_of_l1_and_l2_counts() {
        let mut delivery = delivery();
        let end = at("2027-02-23T10:00:00Z");
        delivery.opened_at = Some(end.plus(-HOUR));
        let closed = State::Closed(CloseReason::Expired);
        assert_eq!(states(&delivery, end), [State::Opened, closed, closed]);
        assert_eq!(reachable_until(&delivery), Some(end));
    }

    #[test]
    fn l3_exactly_24_hours_after_a_wrong_entry_is_in_time() {
        let mut delivery = delivery();
        let wrong = at("2026-12-01T08:00:00Z");
        delivery.wrong_in_row = 1;
        delivery.last_wrong_at = Some(wrong);
        let limit = wrong.plus(24 * HOUR);
        assert_eq!(
            states(&delivery, limit),
            [
                State::Open,
                State::Open,
                State::Closed(CloseReason::StaleFailure)
            ]
        );
        delivery.wrong_in_row = 0;
        assert_eq!(
            l8_state(&delivery, false, limit.plus(1)),
            State::Open,
            "a right entry cleared it"
        );
    }

    #[test]
    fn l4_waits_double_from_the_third_wrong_entry_on() {
        let waits: Vec<i64> = (0..12).map(l4_wait).collect();
        assert_eq!(waits, [0, 0, 0, 5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(l4_wait(u32::MAX), 300);
    }

    #[test]
    fn l4_an_entry_is_judged_exactly_when_the_wait_is_over() {
        let mut delivery = delivery();
        let wrong = at("2026-12-01T08:00:00Z");
        delivery.last_wrong_at = Some(wrong);
        for (row, wait) in [(3, 5), (4, 10), (9, 300)] {
            delivery.wrong_in_row = row;
            delivery.wrong_for_code = row;
            let free = wrong.plus(wait);
            assert_eq!(
                around(free).map(|now| l4_entry(&delivery, false, now)),
                [
                    EntryRule::WaitUntil(free),
                    EntryRule::Judged,
                    EntryRule::Judged
                ]
            );
        }
        assert_eq!(
            l4_entry(&delivery, false, wrong.plus(-300)),
            EntryRule::WaitUntil(wrong.plus(300)),
            "a clock that went back loosens nothing"
        );
    }

    #[test]
    fn l4_ten_of_a_code_or_thirty_of_a_life() {
        let mut delivery = delivery();
        let now = at(SENT).plus(1);
        for (code, life, closed) in [
            (9, 29, false),
            (10, 10, true),
            (0, 30, true),
            (0, 29, false),
        ] {
            delivery.wrong_for_code = code;
            delivery.wrong_in_life = life;
            let state = l8_state(&delivery, false, now);
            assert_eq!(
                state == State::Closed(CloseReason::TooManyAttempts),
                closed,
                "{code}/{life}"
            );
        }
    }

    #[test]
    fn l5_keep_earlier_spares_other_recipients_alone() {
        let now = at(SENT);
        let earlier = SentIn {
            link: LinkHash::new("l".to_owned()),
            delivery: DeliveryId::new(now, &[1; 10]),
            recipient: "insurer".parse().unwrap(),
            expires_at: now.plus(10),
        };
        let (insurer, patient) = ("insurer".parse().unwrap(), "patient".parse().unwrap());
        assert!(l5_is_superseded(&earlier, &patient, false, now));
        assert!(!l5_is_superseded(&earlier, &patient, true, now));
        assert!(l5_is_superseded(&earlier, &insurer, true, now));
        let expired = around(earlier.expires_at).map(|now| l5_is_superseded(&earlier, &insurer, false, now));
        assert_eq!(expired, [true, false, false]);
        assert_eq!([l5_most_superseded(1), l5_most_superseded(24)], [90, 75]);
    }

    #[test]
    fn l6_revives_what_a_new_code_may_revive() {
        let mut delivery = delivery();
        delivery.wrong_in_life = 29;
        assert!(l6_is_revivable(&delivery, CloseReason::TooManyAttempts));
        delivery.wrong_in_life = 30;
        assert!(!l6_is_revivable(&delivery, CloseReason::TooManyAttempts));
        assert!(l6_is_revivable(&delivery, CloseReason::Used));
        assert!(!l6_is_revivable(&delivery, CloseReason::Superseded));
    }

    #[test]
    fn l7_disabling_a_practice_or_deleting_the_last_document_revokes() {
        let mut delivery = delivery();
        let now = at(SENT).plus(1);
        assert_eq!(
            l8_state(&delivery, true, now),
            State::Closed(CloseReason::Revoked)
        );
        delivery.documents.clear();
        assert_eq!(
            l8_state(&delivery, false, now),
            State::Closed(CloseReason::Revoked)
        );
    }

    #[test]
    fn l8_the_first_reason_of_the_list_is_named() {
        let now = at("2027-06-01T00:00:00Z");
        let mut delivery = delivery();
        delivery.opened_at = Some(at("2026-12-01T08:00:00Z"));
        let steps: [(fn(&mut Delivery), CloseReason); 6] = [
            (|_| {}, CloseReason::Expired),
            (|d| d.wrong_in_life = 30, CloseReason::TooManyAttempts),
            (|d| d.superseded_at = d.sent_at, CloseReason::Superseded),
            (|d| d.reported_at = d.sent_at, CloseReason::Reported),
            (|d| d.revoked_at = d.sent_at, CloseReason::Revoked),
            (|d| d.not_sent_at = d.sent_at, CloseReason::NotSent),
        ];
        for (step, expected) in steps {
            step(&mut delivery);
            assert_eq!(l8_state(&delivery, false, now), State::Closed(expected));
        }
    }

    #[test]
    fn l8_pending_for_a_minute_then_not_sent() {
        let mut delivery = delivery();
        delivery.sent_at = None;
        delivery.expires_at = None;
        let not_sent = State::Closed(CloseReason::NotSent);
        assert_eq!(
            states(&delivery, at(SENT).plus(60)),
            [State::Pending, not_sent, not_sent]
        );
    }

    #[test]
    fn l9_wrong_entries_of_others_leave_a_session_open() {
        let mut delivery = delivery();
        let opened = at("2026-12-01T08:00:00Z");
        delivery.opened_at = Some(opened);
        let session = Session {
            created_at: opened,
            seen_at: opened,
        };
        let now = opened.plus(60);
        delivery.wrong_for_code = 10;
        delivery.wrong_in_life = 30;
        assert!(l9_session_lives(&delivery, false, &session, now));
        delivery.superseded_at = Some(now);
        assert!(!l9_session_lives(&delivery, false, &session, now));
    }

    #[test]
    fn p7_a_session_ends_after_15_idle_minutes_and_60_in_all() {
        let mut delivery = delivery();
        let opened = at("2026-12-01T08:00:00Z");
        delivery.opened_at = Some(opened);
        let lives = |session: &Session, instant| {
            around(instant).map(|now| l9_session_lives(&delivery, false, session, now))
        };
        let idle = Session {
            created_at: opened,
            seen_at: opened,
        };
        assert_eq!(lives(&idle, opened.plus(15 * MINUTE)), [true, false, false]);
        let busy = Session {
            created_at: opened,
            seen_at: opened.plus(59 * MINUTE),
        };
        assert_eq!(lives(&busy, opened.plus(60 * MINUTE)), [true, false, false]);
    }

    #[test]
    fn l9_l2_ends_a_session_even_behind_a_lock() {
        let mut delivery = delivery();
        let opened = at("2026-12-01T08:00:00Z");
        delivery.opened_at = Some(opened);
        delivery.wrong_for_code = 10;
        let end = opened.plus(WINDOW);
        let session = Session {
            created_at: end.plus(-60),
            seen_at: end.plus(-60),
        };
        assert_eq!(
            around(end).map(|now| l9_session_lives(&delivery, false, &session, now)),
            [true, false, false]
        );
    }
}
