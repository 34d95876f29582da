//! Invoice runs: many deliveries asked for at once; which states a run and its items have, and what may follow what.
//!
//! A run's rows never change; beside each lies at most one line that says what became of it. Everything else is worked out from both.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::delivery::{CloseReason, Delivery, MessageFate, OPEN_MONTHS, State, l8_state};
use crate::id::{DeliveryId, DocumentId, PracticeId, RecipientId, RunId};
use crate::practice::Channel;
use crate::time::{DAY, Timestamp};

/// The most items of a run.
pub const MOST_ITEMS: usize = 10_000;
/// How many items lie in one row of the table: 10,000 of them fit, with everything else of a run, into one transaction of 100 writes and 4 MB.
pub const ITEMS_PER_PAGE: usize = 128;
/// How many lanes a run has at most; each sends its part of the run one after the other.
pub const MOST_LANES: usize = 4;
/// A run with fewer items than this for each has fewer lanes.
const ITEMS_PER_LANE: usize = 16;
/// How many items one step of a lane takes at most, so that a step ends well within its function's time.
pub const ITEMS_PER_STEP: usize = 16;
/// For how long a lane may stand still before the schedule gives it another push, in seconds: longer than any step takes.
pub const LANE_IDLE: i64 = 60;
/// After so many pushes in vain, an item that cannot be judged fails instead of holding up those behind it.
pub const STALLS: u32 = 5;
/// How long after a run was made it can be asked for, in days beside the months in which its deliveries may be open.
const KEPT_DAYS: i64 = 30;

/// One item as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunItem {
    /// What is sent.
    pub document: DocumentId,
    /// To whom.
    pub recipient: RecipientId,
    /// How the code travels; where it is left out, by the settings (D4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// How many items before it have a code that travels the same way: a dry run counts them against the caps (D4).
    #[serde(default)]
    pub earlier: u32,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The practice's name of it.
    pub id: RunId,
    /// The tenant.
    pub practice: PracticeId,
    /// Whether it only checks.
    pub dry_run: bool,
    /// How many items it has.
    pub items: usize,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// The label of the key that asked for it, or that last asked for a part of it again.
    pub asked_by: String,
    /// How often it was asked for: 1, and one more for each retry.
    pub attempt: u32,
    /// Items of which state the last retry takes up.
    #[serde(default)]
    pub retried: Option<ItemState>,
    /// When the practice cancelled it.
    #[serde(default)]
    pub cancelled_at: Option<Timestamp>,
    /// When nothing was left to be done.
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
    /// What had become of its items by then.
    #[serde(default)]
    pub counts: Option<Counts>,
}

/// What is known of an item that was taken up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What became of it; `sending` as long as that is not written down.
    pub state: ItemState,
    /// In which attempt of the run.
    pub attempt: u32,
    /// The delivery that it became.
    #[serde(default)]
    pub delivery: Option<DeliveryId>,
    /// What became of the message on the second channel, once the e-mail was accepted.
    #[serde(default)]
    pub message: Option<MessageFate>,
    /// What kept it from being sent, as JSON.
    #[serde(default)]
    pub problems: Option<String>,
}

impl Line {
    /// Whether the e-mail went out and the message with the code did not, or nobody can tell.
    pub fn is_without_code(&self) -> bool {
        let is_missing = matches!(
            self.message,
            Some(MessageFate::Refused { .. } | MessageFate::Unknown)
        );
        self.state == ItemState::Sent && is_missing
    }
}

/// What an item is at a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Its turn will come.
    Waiting,
    /// Its e-mail is being sent.
    Sending,
    /// Its e-mail was accepted.
    Sent,
    /// In a dry run: nothing stands in its way.
    Checked,
    /// Nothing was sent.
    Failed,
    /// It may have been sent, nobody can tell; a person decides.
    Unknown,
    /// The run was cancelled before its turn came.
    Cancelled,
}

impl ItemState {
    /// Every state, in the order in which an item passes through them.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Sending,
        Self::Sent,
        Self::Checked,
        Self::Failed,
        Self::Unknown,
        Self::Cancelled,
    ];

    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Checked => "checked",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether items of this state can be asked for again.
    pub fn can_be_retried(self) -> bool {
        matches!(self, Self::Failed | Self::Unknown)
    }
}

/// How many items are in each state, and of how many a person must send the code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    states: BTreeMap<ItemState, usize>,
    /// Sent ones whose message was refused, or may have been lost: nobody saw their codes.
    pub without_code: usize,
}

impl Counts {
    /// Of a run with these lines; items without one are counted too.
    pub fn of(run: &Run, lines: impl IntoIterator<Item = Line>) -> Self {
        let mut counts = Self::default();
        let mut known = 0;
        for line in lines {
            known += 1;
            counts.add(item_state(run, Some(&line)), 1);
            counts.without_code += usize::from(line.is_without_code());
        }
        counts.add(item_state(run, None), run.items.saturating_sub(known));
        counts
    }

    fn add(&mut self, state: ItemState, items: usize) {
        *self.states.entry(state).or_default() += items;
    }

    /// Every state by its name, with how many are in it.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, usize)> {
        ItemState::ALL
            .into_iter()
            .map(|state| (state.name(), self.of_state(state)))
    }

    /// How many are in this one.
    pub fn of_state(&self, state: ItemState) -> usize {
        self.states.get(&state).copied().unwrap_or_default()
    }
}

/// What a run is as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Items are waiting or under way.
    Running,
    /// Nothing further is taken up; what was under way ends.
    Cancelling,
    /// It was cancelled, and nothing is under way.
    Cancelled,
    /// Every item has its outcome.
    Finished,
}

impl RunState {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Finished => "finished",
        }
    }

    /// Whether something may still happen.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Running | Self::Cancelling)
    }
}

impl Run {
    /// What it is as a whole.
    pub fn state(&self) -> RunState {
        match (self.cancelled_at, self.finished_at) {
            (None, None) => RunState::Running,
            (Some(_), None) => RunState::Cancelling,
            (Some(_), Some(_)) => RunState::Cancelled,
            (None, Some(_)) => RunState::Finished,
        }
    }

    /// Until when the table keeps it: as long as its deliveries can be asked for.
    pub fn kept_until(&self) -> Timestamp {
        let last = self.created_at.plus_months(OPEN_MONTHS);
        last.plus(KEPT_DAYS * DAY)
    }

    /// Whether the last retry is still to take this line up.
    fn takes_up(&self, line: &Line) -> bool {
        self.attempt > line.attempt && self.retried == Some(line.state)
    }
}

/// What is said of an item.
pub fn item_state(run: &Run, line: Option<&Line>) -> ItemState {
    let goes_on = run.state() == RunState::Running;
    match line {
        // The first attempt takes up every item, unless it was cancelled.
        None if goes_on && run.attempt == 1 => ItemState::Waiting,
        None => ItemState::Cancelled,
        Some(line) if goes_on && run.takes_up(line) => ItemState::Waiting,
        Some(line) => line.state,
    }
}

/// What a lane does with an item when it gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is sent, or checked; the line that it replaces was written in this attempt, if there is one.
    Take(Option<u32>),
    /// Another worker took it up and has not said what became of it.
    Settle,
    /// It has its outcome.
    Pass,
}

/// What a lane of the run's present attempt does with an item.
pub fn turn(run: &Run, line: Option<&Line>) -> Turn {
    match line {
        None if run.attempt == 1 => Turn::Take(None),
        Some(line) if run.takes_up(line) => Turn::Take(Some(line.attempt)),
        Some(line) if line.state == ItemState::Sending => Turn::Settle,
        _ => Turn::Pass,
    }
}

/// What became of an item whose worker did not say it: its delivery tells, and a minute after it was made it is certain.
///
/// `None` as long as its e-mail may still be accepted.
pub fn item_outcome(delivery: Option<&Delivery>, now: Timestamp) -> Option<ItemState> {
    // Claimed and gone: nobody can tell.
    let Some(delivery) = delivery else {
        return Some(ItemState::Unknown);
    };
    match l8_state(delivery, false, now) {
        State::Pending => None,
        State::Closed(CloseReason::NotSent) if delivery.email_refused_because.is_some() => {
            Some(ItemState::Failed)
        }
        State::Closed(CloseReason::NotSent) => Some(ItemState::Unknown),
        _ => Some(ItemState::Sent),
    }
}

/// What became of the message of an item whose worker did not say it.
///
/// A delivery that was opened and says nothing of a message that it should have had: nobody can tell.
pub fn item_message(delivery: &Delivery) -> Option<MessageFate> {
    let has_message = matches!(delivery.channel, Channel::Sms | Channel::Threema);
    let lost = (delivery.sent_at.is_some() && has_message).then_some(MessageFate::Unknown);
    delivery.message.clone().or(lost)
}

/// Which items each lane of a run sends.
pub fn lanes(items: usize) -> Vec<Range<usize>> {
    let lanes = items.div_ceil(ITEMS_PER_LANE).clamp(1, MOST_LANES);
    let start = |lane: usize| items * lane / lanes;
    (0..lanes)
        .map(|lane| start(lane)..start(lane + 1))
        .collect()
}

/// Which items the step of a lane that begins at `next` takes: never those of two pages.
pub fn step(next: usize, end: usize) -> Range<usize> {
    let page_end = (next / ITEMS_PER_PAGE + 1) * ITEMS_PER_PAGE;
    next..end.min(page_end).min(next + ITEMS_PER_STEP)
}

/// The items that name a document and a recipient which an item before them names.
pub fn doubles(items: &[RunItem]) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let is_double = |item: &RunItem| !seen.insert((item.document.clone(), item.recipient.clone()));
    positions(items, is_double)
}

/// The positions of the items of which something holds.
pub fn positions(items: &[RunItem], mut holds: impl FnMut(&RunItem) -> bool) -> Vec<usize> {
    let items = items.iter().enumerate();
    items
        .filter_map(|(position, item)| holds(item).then_some(position))
        .collect()
}

#[cfg(test)]
mod tests;
