//! "This e-mail was not meant for me": the question, and the thanks.

use std::fmt;

use askama::Template;

use crate::frame::{Frame, Layout, Rendered};
use crate::notices::notice;
use crate::state::PageState;
use crate::texts::Texts;

/// What the question shows.
pub struct NotMinePage<'a> {
    /// The delivery's path, such as `/d/TOKEN`.
    pub token_path: &'a str,
    /// The hidden field of the form.
    pub form: &'a str,
    /// Whether the form that was just posted was too old or foreign (P5).
    pub form_expired: bool,
}

/// The path and the form's secret stay out of logs (S2).
impl fmt::Debug for NotMinePage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotMinePage")
            .field("form_expired", &self.form_expired)
            .finish_non_exhaustive()
    }
}

/// `GET /d/{token}/not-mine`: says what will happen, and asks (L7).
pub fn not_mine_page(frame: &Frame<'_>, page: &NotMinePage<'_>) -> Rendered {
    let texts = Texts::of(frame.language);
    let heading = texts.not_mine();
    let (state, title) = if page.form_expired {
        (PageState::NotMineFormExpired, texts.error_title(heading))
    } else {
        (PageState::NotMine, heading.to_owned())
    };
    let template = NotMineTemplate {
        layout: Layout::new(frame, state, &title),
        form: page.form,
        form_expired: page.form_expired,
        back: frame.link(page.token_path),
    };
    template.layout.rendered(&template)
}

/// The answer 410 to a yes (L7).
pub fn thanks_page(frame: &Frame<'_>) -> Rendered {
    let texts = Texts::of(frame.language);
    notice(
        frame,
        PageState::NotMineThanks,
        texts.closed_heading(),
        texts.not_mine_thanks(),
    )
}

#[derive(Template)]
#[template(path = "not_mine.html")]
struct NotMineTemplate<'a> {
    layout: Layout<'a>,
    form: &'a str,
    form_expired: bool,
    back: String,
}
