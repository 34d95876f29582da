//! The documents page, and the names that files are saved under.

use std::fmt;

use askama::Template;
use domain::document::Document;
use domain::language::Language;
use domain::time::Timestamp;

use crate::format;
use crate::frame::{Frame, Layout, Rendered};
use crate::state::PageState;
use crate::texts::Texts;

/// The most characters of a document's number that a file's name takes.
const LONGEST_NUMBER: usize = 60;

/// What the documents page shows.
pub struct DocumentsPage<'a> {
    /// Until when the documents can be reached.
    pub until: Timestamp,
    /// The delivery's path, such as `/d/TOKEN`.
    pub token_path: &'a str,
    /// The hidden field of the form.
    pub form: &'a str,
    /// The sent documents.
    pub sent: &'a [Document],
    /// What D8 offers besides.
    pub offered: &'a [Document],
    /// What went wrong, if anything did.
    pub note: Option<DocumentsNote>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentsNote {
    /// The document that was just asked for is no longer there.
    Gone,
    /// The form that was to end the session was too old or foreign (P5).
    FormExpired,
}

/// The path and the form's secret stay out of logs (S2).
impl fmt::Debug for DocumentsPage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentsPage")
            .field("note", &self.note)
            .finish_non_exhaustive()
    }
}

/// `GET /d/{token}/documents` (P7).
pub fn documents_page(frame: &Frame<'_>, page: &DocumentsPage<'_>) -> Rendered {
    let texts = Texts::of(frame.language);
    let files = |documents: &[Document]| {
        documents
            .iter()
            .map(|document| File::of(frame, page.token_path, document))
            .collect()
    };
    let heading = texts.documents_heading();
    let (state, note) = match page.note {
        None => (PageState::Documents, None),
        Some(DocumentsNote::Gone) => (PageState::DocumentGone, Some(texts.document_gone())),
        Some(DocumentsNote::FormExpired) => {
            (PageState::DocumentsFormExpired, Some(texts.form_expired()))
        }
    };
    let title = match note {
        Some(_) => texts.error_title(heading),
        None => heading.to_owned(),
    };
    let template = DocumentsTemplate {
        layout: Layout::new(frame, state, &title),
        note,
        reload: page.note == Some(DocumentsNote::FormExpired),
        until: texts.documents_until(format::moment(texts, page.until, frame.practice)),
        sent: files(page.sent),
        offered: files(page.offered),
        done: frame.link(&format!("{}/done", page.token_path)),
        form: page.form,
    };
    template.layout.rendered(&template)
}

/// The name that a document is saved under: kind and number, never title or patient (P7).
///
/// Only ASCII letters, digits and hyphens, which every device and every header takes as they are.
pub fn file_name(document: &Document, language: Language) -> String {
    let kind = safe(format::kind(Texts::of(language), document.kind), usize::MAX);
    let number = safe(document.number.as_str(), LONGEST_NUMBER);
    if number.is_empty() {
        format!("{kind}.pdf")
    } else {
        format!("{kind}-{number}.pdf")
    }
}

/// Letters and digits; German ones spelled out, everything else one hyphen a row.
fn safe(text: &str, longest: usize) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            'ä' => safe.push_str("ae"),
            'ö' => safe.push_str("oe"),
            'ü' => safe.push_str("ue"),
            'Ä' => safe.push_str("Ae"),
            'Ö' => safe.push_str("Oe"),
            'Ü' => safe.push_str("Ue"),
            'ß' => safe.push_str("ss"),
            c if c.is_ascii_alphanumeric() => safe.push(c),
            _ if safe.is_empty() || safe.ends_with('-') => {}
            _ => safe.push('-'),
        }
    }
    safe.truncate(longest);
    safe.trim_end_matches('-').to_owned()
}

#[derive(Template)]
#[template(path = "documents.html")]
struct DocumentsTemplate<'a> {
    layout: Layout<'a>,
    note: Option<&'static str>,
    /// Whether a link that loads the page anew belongs to the note.
    reload: bool,
    until: String,
    sent: Vec<File>,
    offered: Vec<File>,
    done: String,
    form: &'a str,
}

/// A line of the list.
struct File {
    name: String,
    issued_on: String,
    size: String,
    href: String,
    label: String,
}

impl File {
    fn of(frame: &Frame<'_>, token_path: &str, document: &Document) -> Self {
        let texts = Texts::of(frame.language);
        let name = format::document(texts, document);
        Self {
            issued_on: format::date(texts, document.issued_on),
            size: format::size(texts, document.size),
            href: frame.link(&format!("{token_path}/documents/{}", document.id)),
            label: texts.download_named(&name),
            name,
        }
    }
}
