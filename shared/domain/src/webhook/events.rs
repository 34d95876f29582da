//! What there is to tell of a delivery: what a write changed, and what the clock alone has brought about.
//!
//! Everything told has an id that its cause determines, so that it is told once however often it is noticed.

use super::{DeliveryData, Payload, WebhookEvent};
use crate::delivery::{
    CloseReason, Delivery, PENDING, STALE_AFTER, State, l2_window_end, l8_state,
};
use crate::email_status::bounce;
use crate::id::{DeliveryId, DocumentId};
use crate::time::{DAY, Timestamp};

/// How long before its end a delivery that nobody opened is told of, in seconds.
const UNOPENED_BEFORE_END: i64 = 7 * DAY;
/// From then on a charged entry that was not taken back counts as wrong, in seconds.
const CHARGE_IS_WRONG_AFTER: i64 = 20;

/// Something that happened to a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// What.
    pub event: WebhookEvent,
    /// When.
    pub at: Timestamp,
    /// Tells it from others of its kind: the code's version, or which download it was.
    number: i64,
    /// What was downloaded.
    document: Option<DocumentId>,
}

impl Occurrence {
    /// The message's id, the same however often this is noticed; it holds no full stop.
    pub fn message_id(&self, delivery: &DeliveryId) -> String {
        format!("{delivery}-{}-{}", self.event.name_in_id(), self.number)
    }

    /// The id of the report of it. A cap is the practice's: it is reported once a day, not once for each delivery.
    pub fn report_id(&self, delivery: &DeliveryId) -> String {
        match self.event {
            WebhookEvent::CodeCapped => format!("{}-{}", self.event.name_in_id(), self.number),
            _ => self.message_id(delivery),
        }
    }

    /// What is told of it, of the delivery as it is at `now`.
    pub fn payload<'a>(
        &'a self,
        delivery: &'a Delivery,
        now: Timestamp,
    ) -> Payload<DeliveryData<'a>> {
        let state = l8_state(delivery, false, now);
        Payload {
            event: self.event,
            timestamp: self.at.to_string(),
            data: DeliveryData {
                delivery: &delivery.id,
                record: &delivery.record,
                state: state.name(),
                closed_because: state.closed_because(),
                document: self.document.as_ref(),
            },
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.event, self.number) == (other.event, other.number)
    }
}

/// What a write at about `now` brought about: what holds of `new` and did not hold of `old`.
pub fn webhook_events(old: Option<&Delivery>, new: &Delivery, now: Timestamp) -> Vec<Occurrence> {
    let known = old.map_or_else(Vec::new, |old| occurrences(old, now));
    let mut told = occurrences(new, now);
    told.retain(|occurrence| !known.iter().any(|known| known.is_same(occurrence)));
    told
}

/// What holds of a delivery at `now` that no write may ever tell.
pub fn webhook_events_by_clock(delivery: &Delivery, now: Timestamp) -> Vec<Occurrence> {
    let mut told = occurrences(delivery, now);
    told.retain(|occurrence| {
        matches!(
            occurrence.event,
            WebhookEvent::Locked | WebhookEvent::Closed | WebhookEvent::Unopened
        )
    });
    told
}

/// When the clock will next bring something about, should nobody write before.
pub fn look_again_at(delivery: &Delivery, now: Timestamp) -> Option<Timestamp> {
    let counts_as_wrong = delivery
        .last_wrong_at
        .map(|wrong| wrong.plus(CHARGE_IS_WRONG_AFTER));
    let moments = match l8_state(delivery, false, now) {
        State::Pending => vec![Some(delivery.created_at.plus(PENDING))],
        State::Closed(CloseReason::TooManyAttempts) => vec![counts_as_wrong],
        State::Closed(_) | State::Sent => Vec::new(),
        State::Open | State::Opened => vec![
            delivery.expires_at,
            unopened_at(delivery),
            delivery.opened_at.map(l2_window_end),
            stale_at(delivery),
        ],
    };
    let later = moments.into_iter().flatten().filter(|at| *at > now);
    later.min()
}

/// Everything that has happened to a delivery until `now`.
fn occurrences(delivery: &Delivery, now: Timestamp) -> Vec<Occurrence> {
    let version = i64::from(delivery.code_version);
    let told = |event, at: Option<Timestamp>, number| {
        at.map(|at| Occurrence {
            event,
            at,
            number,
            document: None,
        })
    };
    let closed = closed_at(delivery, now);
    let closed_at = closed.map(|(_, at)| at);
    let locked_at = closed
        .filter(|(reason, _)| *reason == CloseReason::TooManyAttempts)
        .map(|(_, at)| at);
    // Once a day, however often the patient tries.
    let capped_day = delivery.capped_at.map_or(0, Timestamp::day);
    let unopened = unopened_at(delivery)
        .filter(|at| now >= *at && l8_state(delivery, false, now) == State::Open);
    let bounced_at = bounce(delivery).map(|bounce| bounce.at);
    let once = [
        told(WebhookEvent::Opened, delivery.opened_at, version),
        told(WebhookEvent::Reported, delivery.reported_at, 1),
        told(WebhookEvent::Locked, locked_at, version),
        told(WebhookEvent::Closed, closed_at, version),
        told(WebhookEvent::Unopened, unopened, 1),
        told(WebhookEvent::CodeCapped, delivery.capped_at, capped_day),
        told(WebhookEvent::Bounced, bounced_at, 1),
    ];
    let downloads = delivery.downloads.iter().zip(1..);
    let downloads = downloads.map(|(download, number)| Occurrence {
        event: WebhookEvent::Downloaded,
        at: download.at,
        number,
        document: Some(download.document.clone()),
    });
    once.into_iter().flatten().chain(downloads).collect()
}

/// Why and since when it is closed at `now`. A lock counts only once the last entry can no longer turn out right.
fn closed_at(delivery: &Delivery, now: Timestamp) -> Option<(CloseReason, Timestamp)> {
    let reason = l8_state(delivery, false, now).closed_because()?;
    let at = match reason {
        CloseReason::NotSent => delivery
            .not_sent_at
            .or(Some(delivery.created_at.plus(PENDING))),
        // A delivery whose last document was deleted keeps no time of it.
        CloseReason::Revoked => delivery.revoked_at.or(Some(now)),
        CloseReason::Reported => delivery.reported_at,
        CloseReason::Superseded => delivery.superseded_at,
        CloseReason::TooManyAttempts => delivery
            .last_wrong_at
            .filter(|wrong| now >= wrong.plus(CHARGE_IS_WRONG_AFTER)),
        CloseReason::Expired => delivery.expires_at,
        CloseReason::StaleFailure => stale_at(delivery),
        CloseReason::Used => delivery.opened_at.map(l2_window_end),
    };
    at.map(|at| (reason, at))
}

/// L3: the first second at which the next entry would come too late.
fn stale_at(delivery: &Delivery) -> Option<Timestamp> {
    let wrong = delivery
        .last_wrong_at
        .filter(|_| delivery.wrong_in_row > 0)?;
    Some(wrong.plus(STALE_AFTER + 1))
}

/// Seven days before its end, if nobody has opened it, and if it lives for longer than that.
fn unopened_at(delivery: &Delivery) -> Option<Timestamp> {
    if delivery.opened_at.is_some() || !delivery.downloads.is_empty() {
        return None;
    }
    let at = delivery.expires_at?.plus(-UNOPENED_BEFORE_END);
    delivery.sent_at.is_some_and(|sent| sent < at).then_some(at)
}

#[cfg(test)]
mod tests;
