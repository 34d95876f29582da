//! What every page has around it: head, practice, language switch, footer.

use std::fmt;

use askama::Template;
use domain::contact::EmailAddress;
use domain::language::Language;
use domain::practice::PublicPractice;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::policy::policy;
use crate::script::{SCRIPT, Script};
use crate::sheet::Sheet;
use crate::state::PageState;
use crate::texts::Texts;

/// The page for which something is rendered.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// What the reader reads.
    pub language: Language,
    /// Whose page it is; `None` where nobody knows, or where it is everybody's.
    pub practice: Option<&'a PublicPractice>,
    /// The page's own path, such as `/d/TOKEN`, to which forms and the language switch lead back.
    pub path: &'a str,
}

/// A complete page.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// What it says.
    pub state: PageState,
    /// The body of the answer.
    pub html: String,
    /// The value of its `Content-Security-Policy` header, which names this page's style sheet and script.
    pub csp: String,
}

/// A path holds a link token, and a page a reference: neither may end in a log (S2).
impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendered")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What `page.html` needs, worked out.
pub(crate) struct Layout<'a> {
    pub(crate) texts: &'static Texts,
    pub(crate) state: PageState,
    pub(crate) title: String,
    pub(crate) sheet: Sheet,
    pub(crate) script: Script,
    pub(crate) practice: Option<&'a PublicPractice>,
    pub(crate) languages: Vec<Choice>,
    /// The page's own address.
    pub(crate) own: String,
    /// The page that says what is stored.
    pub(crate) stored: String,
}

/// A language in the switch.
pub(crate) struct Choice {
    pub(crate) name: &'static str,
    pub(crate) lang: &'static str,
    pub(crate) href: String,
    pub(crate) current: bool,
}

impl<'a> Layout<'a> {
    pub(crate) fn new(frame: &Frame<'a>, state: PageState, title: &str) -> Self {
        Self {
            texts: Texts::of(frame.language),
            state,
            title: title.to_owned(),
            sheet: Sheet::of(frame.practice),
            script: SCRIPT,
            practice: frame.practice,
            languages: choices(frame),
            own: frame.link(frame.path),
            stored: frame.link("/privacy"),
        }
    }

    /// The page as it is answered. Writing into a string does not fail, so there is no error to tell of.
    pub(crate) fn rendered(&self, page: &impl Template) -> Rendered {
        Rendered {
            state: self.state,
            html: page.render().unwrap_or_default(),
            csp: policy(&self.sheet),
        }
    }
}

impl Frame<'_> {
    /// An address of ours that keeps the reader's language.
    pub(crate) fn link(&self, path: &str) -> String {
        link(path, self.language)
    }
}

/// What a mail program is started with.
///
/// Askama escapes the rest: an address may hold `?`, `&` or `%`, which mean something else in a URL.
pub(crate) fn mailto(address: &EmailAddress) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'@')
        .remove(b'.')
        .remove(b'-')
        .remove(b'_');
    format!("mailto:{}", utf8_percent_encode(address.as_str(), KEPT))
}

fn link(path: &str, language: Language) -> String {
    format!("{path}?lang={}", language.tag())
}

/// Every language once by its name; where two share it, the one that is being read, else the first.
fn choices(frame: &Frame<'_>) -> Vec<Choice> {
    let own = Texts::of(frame.language);
    let mut choices: Vec<Choice> = Vec::new();
    for language in Language::ALL {
        let texts = Texts::of(language);
        if choices.iter().all(|choice| choice.name != texts.name) {
            choices.push(Choice {
                name: texts.name,
                lang: texts.lang,
                href: link(frame.path, language),
                current: texts.name == own.name,
            });
        }
    }
    choices
}
