//! Pages that show no delivery: not yet sent, unknown, our fault, and what is stored here.

use askama::Template;

use crate::frame::{Frame, Layout, Rendered};
use crate::state::PageState;
use crate::texts::Texts;

/// The answer 503 while the delivery's e-mail is being sent (P8).
pub fn pending_page(frame: &Frame<'_>) -> Rendered {
    let texts = Texts::of(frame.language);
    notice(
        frame,
        PageState::Pending,
        texts.pending_heading(),
        texts.pending(),
    )
}

/// The answer 404 to a link that nobody knows (P8).
pub fn unknown_page(frame: &Frame<'_>) -> Rendered {
    let texts = Texts::of(frame.language);
    notice(
        frame,
        PageState::Unknown,
        texts.unknown_heading(),
        texts.unknown(),
    )
}

/// The answer where something of ours failed.
pub fn fault_page(frame: &Frame<'_>) -> Rendered {
    let texts = Texts::of(frame.language);
    notice(
        frame,
        PageState::Fault,
        texts.fault_heading(),
        texts.our_fault_remedy(),
    )
}

/// `GET /privacy`: what is stored here, for how long, and who to ask.
pub fn privacy_page(frame: &Frame<'_>) -> Rendered {
    let title = Texts::of(frame.language).what_is_stored();
    let template = PrivacyTemplate {
        layout: Layout::new(frame, PageState::Privacy, title),
    };
    template.layout.rendered(&template)
}

/// One sentence under a heading and, where it helps, a link that loads the page anew.
pub(crate) fn notice(
    frame: &Frame<'_>,
    state: PageState,
    heading: &'static str,
    text: &'static str,
) -> Rendered {
    let layout = Layout::new(frame, state, heading);
    let template = NoticeTemplate {
        layout,
        heading,
        text,
        reload: matches!(state, PageState::Pending | PageState::Fault),
    };
    template.layout.rendered(&template)
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticeTemplate<'a> {
    layout: Layout<'a>,
    heading: &'static str,
    text: &'static str,
    reload: bool,
}

#[derive(Template)]
#[template(path = "privacy.html")]
struct PrivacyTemplate<'a> {
    layout: Layout<'a>,
}
