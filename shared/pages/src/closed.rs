//! The page of a closed delivery: its reason, and the one remedy that applies.

use std::fmt;

use askama::Template;
use domain::delivery::CloseReason;
use domain::practice::PublicPractice;
use domain::time::Timestamp;

use crate::code::{Button, EntryNote, Note, SelfServiceButton};
use crate::format;
use crate::frame::{Frame, Layout, Rendered};
use crate::state::PageState;
use crate::texts::Texts;

/// What the page of a closed delivery shows.
#[derive(Clone, Copy)]
pub struct ClosedPage<'a> {
    /// Why it is closed.
    pub reason: CloseReason,
    /// The end of its life, which `expired` names.
    pub ended_at: Option<Timestamp>,
    /// The button that asks for a code, where a new code would open it again (L6).
    pub self_service: Option<SelfServiceButton<'a>>,
    /// What happened last.
    pub note: Option<EntryNote>,
}

/// The form's secret stays out of logs (S2).
impl fmt::Debug for ClosedPage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClosedPage")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// The answer 410 to everything about a closed delivery (P8).
pub fn closed_page(frame: &Frame<'_>, page: &ClosedPage<'_>) -> Rendered {
    let texts = Texts::of(frame.language);
    let reason = match (page.reason, page.ended_at) {
        (CloseReason::Expired, Some(ended_at)) => {
            texts.closed_expired(format::moment(texts, ended_at, frame.practice))
        }
        (reason, _) => timeless(texts, reason).to_owned(),
    };
    let heading = match page.self_service {
        Some(_) => texts.new_code_heading(),
        None => texts.closed_heading(),
    };
    let template = ClosedTemplate {
        layout: Layout::new(frame, state(page), heading),
        heading,
        note: page.note.map(|note| Note::of(frame, note)),
        button: page.self_service.map(|button| {
            // There is nothing else to do here, so it is the page's main button.
            let is_first = true;
            Button::of(frame, SelfServiceButton { is_first, ..button })
        }),
        reason,
        question: (page.reason == CloseReason::Superseded)
            .then(|| texts.closed_superseded_question()),
        contact: contact(texts, frame.practice),
    };
    template.layout.rendered(&template)
}

fn state(page: &ClosedPage<'_>) -> PageState {
    match (page.reason, page.self_service, page.note) {
        (_, Some(_), Some(_)) => PageState::RevivableNoted,
        (CloseReason::TooManyAttempts, Some(_), _) => PageState::RevivableTooManyAttempts,
        (CloseReason::StaleFailure, Some(_), _) => PageState::RevivableStaleFailure,
        (CloseReason::Used, Some(_), _) => PageState::RevivableUsed,
        (CloseReason::NotSent, ..) => PageState::NotSent,
        (CloseReason::Revoked, ..) => PageState::Revoked,
        (CloseReason::Reported, ..) => PageState::Reported,
        (CloseReason::Superseded, ..) => PageState::Superseded,
        (CloseReason::TooManyAttempts, None, _) => PageState::TooManyAttempts,
        (CloseReason::Expired, ..) => PageState::Expired,
        (CloseReason::StaleFailure, None, _) => PageState::StaleFailure,
        (CloseReason::Used, None, _) => PageState::Used,
    }
}

/// The sentence of a reason that names no point in time.
fn timeless(texts: &Texts, reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::NotSent => texts.closed_not_sent(),
        CloseReason::Revoked => texts.closed_revoked(),
        CloseReason::Reported => texts.closed_reported(),
        CloseReason::Superseded => texts.closed_superseded(),
        CloseReason::TooManyAttempts => texts.closed_too_many_attempts(),
        CloseReason::Expired => texts.closed_expired_some_time_ago(),
        CloseReason::StaleFailure => texts.closed_stale_failure(),
        CloseReason::Used => texts.closed_used(),
    }
}

/// Only what can be done: nobody is asked to call where there is no number.
fn contact(texts: &Texts, practice: Option<&PublicPractice>) -> &'static str {
    let phone = practice.is_some_and(|practice| practice.phone.is_some());
    let email = practice.is_some_and(|practice| practice.email.is_some());
    match (phone, email) {
        (true, true) => texts.call_or_write(),
        (true, false) => texts.call(),
        (false, true) => texts.write(),
        (false, false) => texts.turn_to_practice(),
    }
}

#[derive(Template)]
#[template(path = "closed.html")]
struct ClosedTemplate<'a> {
    layout: Layout<'a>,
    heading: &'static str,
    note: Option<Note>,
    button: Option<Button<'a>>,
    reason: String,
    question: Option<&'static str>,
    contact: &'static str,
}
