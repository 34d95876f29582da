//! The code page, with what there is to say about the last entry.

use std::fmt;

use askama::Template;
use domain::practice::{Channel, MessageChannel};
use domain::symbols::Reference;
use domain::time::Timestamp;

use crate::format;
use crate::frame::{Frame, Layout, Rendered};
use crate::state::PageState;
use crate::texts::Texts;

/// What the code page shows. Nothing of the documents but their number (D9).
pub struct CodePage<'a> {
    /// The reference of the e-mail, to be compared.
    pub reference: &'a Reference,
    /// How many documents there are.
    pub documents: usize,
    /// Where the code is to be found.
    pub channel: Channel,
    /// The hidden field of the form.
    pub form: &'a str,
    /// The button that asks for a code, where it is (L6).
    pub self_service: Option<SelfServiceButton<'a>>,
    /// Until when the documents can be reached, if that is known.
    pub until: Option<Timestamp>,
    /// What happened last.
    pub note: Option<EntryNote>,
}

/// The button that asks for a code.
#[derive(Clone, Copy)]
pub struct SelfServiceButton<'a> {
    /// How the code will travel.
    pub channel: MessageChannel,
    /// How often it may still be pressed.
    pub left: u32,
    /// Whether it stands before the field, because no code was sent yet.
    pub is_first: bool,
    /// The hidden field of its form.
    pub form: &'a str,
}

/// The form's secret stays out of logs (S2).
impl fmt::Debug for SelfServiceButton<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelfServiceButton")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// What happened last. Never what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryNote {
    /// Nothing was typed.
    Empty,
    /// Not the form of a code.
    NotACode {
        /// Whether the page said so before: it may be in a translator's hands.
        again: bool,
    },
    /// The form of a code, but with a character that no code has.
    ForeignSymbol,
    /// The reference instead of the code.
    ReferenceTyped,
    /// A code, but not the right one (L3).
    Wrong {
        /// Until when the next entry may come.
        until: Timestamp,
        /// Whether a later code replaced an earlier one, so that it may be the earlier that was typed.
        after_request: bool,
    },
    /// A message with a new code is on its way (L6).
    CodeSent {
        /// From when on another can be asked for.
        from: Timestamp,
    },
    /// Nobody knows whether the message with the new code arrives (L6).
    CodeFateUnknown {
        /// From when on another can be asked for.
        from: Timestamp,
    },
    /// A code was asked for lately (L6).
    CodeTooEarly {
        /// From when on another can be asked for.
        from: Timestamp,
    },
    /// No code can be asked for here, or no further one (L6).
    NoMoreCodes,
    /// No message can be sent now.
    CannotSendCode,
    /// Too early (L4).
    Wait {
        /// How long the wait is.
        seconds: i64,
    },
    /// The page was reloaded very often (P6).
    Reloaded {
        /// How long the wait is.
        seconds: i64,
    },
    /// The form was too old or foreign (P5).
    FormExpired,
    /// The documents page was open for too long (P7).
    SessionEnded,
    /// The reader closed the documents page.
    Done {
        /// Until when the code opens it again.
        until: Timestamp,
    },
}

/// The reference and the form's secret stay out of logs (S2).
impl fmt::Debug for CodePage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodePage")
            .field("note", &self.note)
            .finish_non_exhaustive()
    }
}

/// `GET /d/{token}`, and the answer to an entry that does not open the documents.
pub fn code_page(frame: &Frame<'_>, page: &CodePage<'_>) -> Rendered {
    let texts = Texts::of(frame.language);
    let note = page.note.map(|note| Note::of(frame, note));
    let is_first_look = note.is_none();
    let is_error = note.as_ref().is_some_and(Note::is_error);
    let is_before_first_request = page.self_service.is_some_and(|button| button.is_first);
    let heading = texts.code_heading();
    let title = match page.note {
        Some(EntryNote::Wait { .. } | EntryNote::Reloaded { .. }) => texts.wait_title(heading),
        _ if is_error => texts.error_title(heading),
        _ => heading.to_owned(),
    };
    let template = CodeTemplate {
        layout: Layout::new(frame, state(page), &title),
        offer: frame
            .practice
            .filter(|_| is_first_look)
            .map(|practice| offer(texts, &practice.public_name, page.documents)),
        reference: page.reference.shown(),
        form: page.form,
        button: page.self_service.map(|button| Button::of(frame, button)),
        place: match page.channel {
            Channel::Sms => Some(texts.code_in_sms()),
            Channel::Threema => Some(texts.code_in_threema()),
            Channel::Spoken => Some(texts.code_from_practice()),
            Channel::SelfService => Some(texts.code_in_sms()).filter(|_| !is_before_first_request),
        },
        // The notes name points in time of their own, and two at once would confuse.
        until: page
            .until
            .filter(|_| is_first_look)
            .map(|until| texts.reachable_until(format::moment(texts, until, frame.practice))),
        not_mine: frame.link(&format!("{}/not-mine", frame.path)),
        is_error,
        is_no_code: matches!(page.note, Some(EntryNote::NotACode { .. })),
        is_invalid: note
            .as_ref()
            .is_some_and(|note| note.kind == NoteKind::InvalidEntry),
        note,
    };
    template.layout.rendered(&template)
}

fn state(page: &CodePage<'_>) -> PageState {
    let Some(note) = page.note else {
        return match page.self_service {
            Some(button) if button.is_first => PageState::CodeToAskFor,
            _ => PageState::Code,
        };
    };
    match note {
        EntryNote::Empty => PageState::Empty,
        EntryNote::NotACode { again: false } => PageState::NotACode,
        EntryNote::NotACode { again: true } => PageState::NotACodeAgain,
        EntryNote::ForeignSymbol => PageState::ForeignSymbol,
        EntryNote::ReferenceTyped => PageState::ReferenceTyped,
        EntryNote::Wrong {
            after_request: false,
            ..
        } => PageState::Wrong,
        EntryNote::Wrong { .. } => PageState::WrongAfterRequest,
        EntryNote::CodeSent { .. } => PageState::CodeSent,
        EntryNote::CodeFateUnknown { .. } => PageState::CodeFateUnknown,
        EntryNote::CodeTooEarly { .. } => PageState::CodeTooEarly,
        EntryNote::NoMoreCodes => PageState::NoMoreCodes,
        EntryNote::CannotSendCode => PageState::CannotSendCode,
        EntryNote::Wait { .. } => PageState::Wait,
        EntryNote::Reloaded { .. } => PageState::Reloaded,
        EntryNote::FormExpired => PageState::FormExpired,
        EntryNote::SessionEnded => PageState::SessionEnded,
        EntryNote::Done { .. } => PageState::Done,
    }
}

/// Who has how many documents for the reader.
pub(crate) fn offer(texts: &Texts, practice: &str, documents: usize) -> String {
    match documents {
        1 => texts.offer_one(practice),
        n => texts.offer_many(practice, n),
    }
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodeTemplate<'a> {
    layout: Layout<'a>,
    note: Option<Note>,
    is_error: bool,
    is_invalid: bool,
    /// Whether the next entry is told that the page said so already.
    is_no_code: bool,
    offer: Option<String>,
    reference: String,
    form: &'a str,
    button: Option<Button<'a>>,
    place: Option<&'static str>,
    until: Option<String>,
    not_mine: String,
}

/// The button that asks for a code, in words.
pub(crate) struct Button<'a> {
    pub(crate) is_first: bool,
    pub(crate) form: &'a str,
    pub(crate) action: String,
    pub(crate) label: &'static str,
    pub(crate) left: String,
}

impl<'a> Button<'a> {
    /// The button of a page of the delivery at the frame's path.
    pub(crate) fn of(frame: &Frame<'_>, button: SelfServiceButton<'a>) -> Self {
        let texts = Texts::of(frame.language);
        Self {
            is_first: button.is_first,
            form: button.form,
            action: frame.link(&format!("{}/code", frame.path)),
            label: match button.channel {
                MessageChannel::Sms => texts.ask_by_sms(),
                MessageChannel::Threema => texts.ask_by_threema(),
            },
            left: match button.left {
                1 => texts.one_request_left().to_owned(),
                n => texts.requests_left(n),
            },
        }
    }
}

/// A note in words.
pub(crate) struct Note {
    kind: NoteKind,
    /// Stands out.
    pub(crate) event: String,
    /// The seconds that are counted down in it.
    pub(crate) seconds: Option<i64>,
    pub(crate) remedy: Option<String>,
    /// Whether a link that loads the page anew belongs to the remedy.
    pub(crate) reload: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NoteKind {
    /// What is in the field cannot be taken.
    InvalidEntry,
    /// It did not work, whatever is in the field.
    Failure,
    /// It worked.
    Success,
    /// Neither.
    Information,
}

impl Note {
    pub(crate) fn of(frame: &Frame<'_>, note: EntryNote) -> Self {
        use NoteKind::{Failure, Information, InvalidEntry, Success};
        let texts = Texts::of(frame.language);
        let moment = |until| format::moment(texts, until, frame.practice);
        let (kind, event, remedy) = match note {
            EntryNote::Empty => (InvalidEntry, texts.entry_empty(), None),
            EntryNote::NotACode { again } => {
                let remedy = again.then(|| texts.entry_not_a_code_again().to_owned());
                (InvalidEntry, texts.entry_not_a_code(), remedy)
            }
            EntryNote::ForeignSymbol => (InvalidEntry, texts.entry_foreign_symbol(), None),
            EntryNote::ReferenceTyped => {
                let remedy = texts.entry_reference_remedy().to_owned();
                (InvalidEntry, texts.entry_reference(), Some(remedy))
            }
            EntryNote::Wrong {
                until,
                after_request,
            } => {
                let mut remedy = texts.entry_wrong_remedy(moment(until));
                if after_request {
                    remedy = format!("{} {remedy}", texts.only_latest_code());
                }
                (InvalidEntry, texts.entry_wrong(), Some(remedy))
            }
            EntryNote::Wait { seconds } | EntryNote::Reloaded { seconds } => {
                let wait = texts.wait(format::duration(texts, seconds));
                let event = match note {
                    EntryNote::Reloaded { .. } => format!("{} {wait}", texts.reloaded()),
                    _ => wait,
                };
                return Self {
                    kind: Failure,
                    event,
                    seconds: Some(seconds.max(1)),
                    remedy: Some(texts.wait_remedy().to_owned()),
                    reload: false,
                };
            }
            EntryNote::CodeSent { from } => (
                Success,
                texts.code_sent(),
                Some(texts.code_sent_remedy(moment(from))),
            ),
            EntryNote::CodeFateUnknown { from } => (
                Information,
                texts.code_fate_unknown(),
                Some(texts.code_fate_unknown_remedy(moment(from))),
            ),
            EntryNote::CodeTooEarly { from } => {
                return Self {
                    kind: Failure,
                    event: texts.code_too_early(moment(from)),
                    seconds: None,
                    remedy: None,
                    reload: false,
                };
            }
            EntryNote::NoMoreCodes => (
                Failure,
                texts.no_more_codes(),
                Some(texts.no_more_codes_remedy().to_owned()),
            ),
            EntryNote::CannotSendCode => (
                Failure,
                texts.cannot_send_code(),
                Some(texts.cannot_send_code_remedy().to_owned()),
            ),
            EntryNote::FormExpired => (
                Failure,
                texts.form_expired(),
                Some(texts.form_expired_remedy().to_owned()),
            ),
            EntryNote::SessionEnded => (
                Information,
                texts.session_ended(),
                Some(texts.session_ended_remedy().to_owned()),
            ),
            EntryNote::Done { until } => (
                Success,
                texts.done(),
                Some(texts.done_remedy(moment(until))),
            ),
        };
        Self {
            kind,
            event: event.to_owned(),
            seconds: None,
            remedy,
            // The browser's own reload would post the old form again.
            reload: matches!(
                note,
                EntryNote::FormExpired | EntryNote::NotACode { again: true }
            ),
        }
    }

    fn is_error(&self) -> bool {
        matches!(self.kind, NoteKind::InvalidEntry | NoteKind::Failure)
    }

    /// The class that colours it.
    pub(crate) fn tone(&self) -> &'static str {
        match self.kind {
            NoteKind::InvalidEntry | NoteKind::Failure => "bad",
            NoteKind::Success => "good",
            NoteKind::Information => "plain",
        }
    }

    /// How a screen reader announces it.
    pub(crate) fn role(&self) -> &'static str {
        if self.is_error() { "alert" } else { "status" }
    }
}
