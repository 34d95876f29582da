//! A delivery's facts and the rules that judge them (L1 to L9).
//!
//! The facts are written once each and never taken back; every state is worked out from them and the clock, at every request.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::document::Kind;
use crate::email_status::Bounce;
use crate::hashed::LinkHash;
use crate::id::{DeliveryId, DocumentId, PracticeId, RecipientId, RecordId, RunId};
use crate::language::Language;
use crate::practice::{Bounded, Channel, MessageChannel, SelfService};
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
/// L6: how long the message of a new code may be under way before its fate counts as unknown, in seconds.
pub const CODE_UNDER_WAY: i64 = 20;
/// L6: codes that may be asked for where nothing is set.
pub const REQUESTS_BY_DEFAULT: i64 = 3;
/// L6: minutes between two requests where nothing is set, and at least.
pub const MINUTES_BETWEEN_REQUESTS: i64 = 30;
/// How long a delivery may wait for its e-mail before it counts as not sent, in seconds.
pub const PENDING: i64 = 60;
/// L8: how long a closed delivery is kept so that its page can say why, in seconds.
pub const KEPT_AFTER_END: i64 = 30 * DAY;
/// F-V11: how far the clocks of two functions may differ before neither is believed, in seconds.
pub const CLOCKS_DIFFER: i64 = 10 * MINUTE;
/// P7: how long a session lives without a request, in seconds.
pub const SESSION_IDLE: i64 = 15 * MINUTE;
/// P7: how long a URL of a document lives at most, in seconds.
pub const DOWNLOAD_LIFE: u64 = 60;
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
    /// D11: the kind of the first sent document, which decides how its messages read.
    pub kind: Kind,
    /// D8, as resolved when it was sent.
    pub offered_invoices: i64,
    /// D6: the document was attached to the e-mail; there is no page.
    #[serde(default)]
    pub unprotected: bool,
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
    /// L6: how a code asked for on the page travels, if the button is there: the record type allowed it and nothing was missing when it was sent.
    pub self_service: Option<SelfServiceOffer>,
    /// L6: codes that the patient asked for and that count.
    #[serde(default)]
    pub code_requests: u32,
    /// L6: when the patient last asked for a code.
    pub last_request_at: Option<Timestamp>,
    /// L6: when a cap last kept a code that the patient asked for from being sent.
    pub capped_at: Option<Timestamp>,
    /// L6: a new code whose message is on its way.
    pub next_code: Option<NextCode>,
    /// P7: open sessions by the hash of their secret.
    #[serde(default)]
    pub sessions: BTreeMap<String, Session>,
    /// What the mail provider said when it took the e-mail.
    pub email_message_id: Option<String>,
    /// D10: why the mail provider refused the e-mail; left out where nobody can tell what became of it.
    pub email_refused_because: Option<String>,
    /// When the mail provider said, after its answer, that it took the e-mail; kept where the answer was lost.
    pub email_taken_at: Option<Timestamp>,
    /// When the receiving server took the e-mail.
    pub email_delivered_at: Option<Timestamp>,
    /// When the receiving server last put the e-mail off.
    pub email_delayed_at: Option<Timestamp>,
    /// The e-mail came back.
    pub email_bounce: Option<Bounce>,
    /// When the recipient called the e-mail unwanted.
    pub email_complained_at: Option<Timestamp>,
    /// What became of the message on the second channel.
    pub message: Option<MessageFate>,
    /// When documents were downloaded, oldest first, the first 50.
    #[serde(default)]
    pub downloads: Vec<Download>,
}

/// L6: what was allowed of asking for codes when the delivery was sent; the page shows it, a request is judged by what holds then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfServiceOffer {
    /// How such a code travels.
    pub channel: MessageChannel,
    /// How often in the delivery's life.
    pub max_requests: u32,
    /// How long between two, in seconds.
    pub min_interval: i64,
}

/// A new code between being made and the fate of its message; its hash lies beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextCode {
    /// One more than the present code's.
    pub version: u32,
    /// From then on its message counts as sent with unknown fate: the new code holds alone.
    pub deadline: Timestamp,
    /// What `last_request_at` was before, for the case that the message is refused.
    pub previous_request_at: Option<Timestamp>,
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
    /// Whether a later sending has closed it; should the document be deleted, it leaves this one too.
    #[serde(default)]
    pub superseded: bool,
    /// The invoice run that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
}

/// L5: most earlier deliveries that one sending may close.
///
/// DynamoDB's transactions hold 100 actions: the new delivery and its documents take theirs first.
pub fn l5_most_superseded(documents: usize) -> usize {
    90.min(99_usize.saturating_sub(documents))
}

/// L5: whether sending one of its documents again, to `recipient` at `now`, closes this earlier delivery.
///
/// Deliveries of one run to different recipients do not close each other; a retry closes what the same item became before.
pub fn l5_is_superseded(
    earlier: &SentIn,
    recipient: &RecipientId,
    run: Option<&RunId>,
    keep_earlier: bool,
    now: Timestamp,
) -> bool {
    let is_of_same_run = run.is_some() && earlier.run.as_ref() == run;
    !earlier.superseded
        && now < earlier.expires_at
        && !((keep_earlier || is_of_same_run) && earlier.recipient != *recipient)
}

/// L5: whether a later sending changes anything for this delivery at `now`; not where its page goes on to name what closed it before (L8).
pub fn l5_is_to_be_closed(delivery: &Delivery, now: Timestamp) -> bool {
    match l8_state(delivery, false, now) {
        State::Closed(
            CloseReason::NotSent
            | CloseReason::Revoked
            | CloseReason::Reported
            | CloseReason::Superseded,
        )
        | State::Sent => false,
        State::Pending | State::Open | State::Opened | State::Closed(_) => true,
    }
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
    /// D6: it went without protection; there is nothing to open and nothing to close.
    Sent,
}

impl State {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Open => "open",
            Self::Opened => "opened",
            Self::Closed(_) => "closed",
            Self::Sent => "sent",
        }
    }

    /// Why it is closed, if it is.
    pub fn closed_because(self) -> Option<CloseReason> {
        match self {
            Self::Closed(reason) => Some(reason),
            Self::Pending | Self::Open | Self::Opened | Self::Sent => None,
        }
    }
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
    if delivery.unprotected && delivery.sent_at.is_some() {
        return State::Sent;
    }
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
        // Nobody was ever sent a link to it.
        State::Sent => EntryRule::Closed(CloseReason::NotSent),
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

/// F-V11: whether something that entries and requests wait for lies so far ahead of `now` that a clock must be wrong.
///
/// Up to then what was written is waited for as it stands; beyond, nobody can say how long a wait is.
pub fn f_v11_is_clock_wrong(delivery: &Delivery, now: Timestamp) -> bool {
    let latest = delivery.last_wrong_at.max(delivery.last_request_at);
    latest.is_some_and(|latest| latest > now.plus(CLOCKS_DIFFER))
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

/// L7: whether somebody can say at `now` that the e-mail was not for them, which closes the delivery: as long as it is not closed.
pub fn l7_report(delivery: &Delivery, disabled: bool, now: Timestamp) -> bool {
    match l8_state(delivery, disabled, now) {
        State::Open | State::Opened => true,
        State::Pending | State::Closed(_) | State::Sent => false,
    }
}

/// L6: what the record type says now of asking for codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestTerms {
    /// Whether it is allowed at all.
    pub allowed: bool,
    /// How often in a delivery's life.
    pub max_requests: u32,
    /// How long between two, in seconds.
    pub min_interval: i64,
}

impl RequestTerms {
    /// The terms of a record type.
    pub fn of(settings: &SelfService) -> Self {
        let max = settings
            .max_requests
            .map_or(REQUESTS_BY_DEFAULT, Bounded::get);
        let minutes = settings
            .min_interval_minutes
            .map_or(MINUTES_BETWEEN_REQUESTS, Bounded::get);
        Self {
            allowed: settings.allowed,
            max_requests: u32::try_from(max).unwrap_or_default(),
            min_interval: minutes * MINUTE,
        }
    }
}

/// L6: whether a patient may ask for a code now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestRule {
    /// Yes.
    Allowed,
    /// Not before this point in time.
    TooEarly(Timestamp),
    /// As often as it may be done, it was.
    UsedUp,
    /// Not for this delivery, or no longer for its record type.
    NotAllowed,
    /// Its e-mail is being sent.
    Pending,
    /// Closed, and no new code would open it again.
    Closed(CloseReason),
}

/// L6: judges a request for a code at `now`; exactly `min_interval` after the last one is enough.
pub fn l6_request(
    delivery: &Delivery,
    terms: RequestTerms,
    disabled: bool,
    now: Timestamp,
) -> RequestRule {
    match l8_state(delivery, disabled, now) {
        State::Pending => return RequestRule::Pending,
        State::Closed(reason) if !l6_is_revivable(delivery, reason) => {
            return RequestRule::Closed(reason);
        }
        State::Sent => return RequestRule::NotAllowed,
        State::Closed(_) | State::Open | State::Opened => {}
    }
    let next = delivery
        .last_request_at
        .map(|last| last.plus(terms.min_interval));
    if !terms.allowed || delivery.self_service.is_none() {
        RequestRule::NotAllowed
    } else if delivery.code_requests >= terms.max_requests {
        RequestRule::UsedUp
    } else {
        match next {
            Some(next) if now < next => RequestRule::TooEarly(next),
            _ => RequestRule::Allowed,
        }
    }
}

/// L6a: whether the practice can make a new code: the delivery is open, or a new code would open it again.
pub fn l6a_new_code(delivery: &Delivery, now: Timestamp) -> bool {
    match l8_state(delivery, false, now) {
        State::Pending | State::Sent => false,
        State::Open | State::Opened => true,
        State::Closed(reason) => l6_is_revivable(delivery, reason),
    }
}

/// L6: a delivery as it counts at `now`: a new code whose message has been under way for too long holds alone.
///
/// Who asked for it may ask again at once, for nobody can tell what became of the message.
#[must_use]
pub fn l6_settled(mut delivery: Delivery, now: Timestamp) -> Delivery {
    if delivery
        .next_code
        .as_ref()
        .is_some_and(|next| now >= next.deadline)
    {
        take_next_code(&mut delivery);
        delivery.last_request_at = None;
    }
    delivery
}

/// L6: the new code holds: wrong entries of the code and in a row, L3's clock and L2's window start anew.
fn take_next_code(delivery: &mut Delivery) {
    if let Some(next) = delivery.next_code.take() {
        delivery.code_version = next.version;
        delivery.wrong_for_code = 0;
        delivery.wrong_in_row = 0;
        delivery.last_wrong_at = None;
        delivery.opened_at = None;
    }
}

/// When the documents can be reached at the longest: the earlier of L1 and L2.
pub fn reachable_until(delivery: &Delivery) -> Option<Timestamp> {
    let window = delivery.opened_at.map(l2_window_end);
    delivery
        .expires_at
        .map(|expires_at| window.map_or(expires_at, |window| window.min(expires_at)))
}

/// P7: for how long a URL of a document may live that is handed out at `now`, in seconds: never past the session that asks for it; `None` where that is over.
///
/// Asking has just ended its idleness, so that what is left of it is what ends it for good.
pub fn p7_download_life(delivery: &Delivery, session: &Session, now: Timestamp) -> Option<u64> {
    let end = session.created_at.plus(SESSION_LIFE);
    let end = reachable_until(delivery).map_or(end, |until| until.min(end));
    let left = u64::try_from(end.seconds() - now.seconds()).ok()?;
    (left > 0).then_some(left.min(DOWNLOAD_LIFE))
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
            State::Pending | State::Closed(_) | State::Sent => false,
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
pub(crate) mod tests;
