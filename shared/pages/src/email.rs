//! The e-mail with link and reference, in plain text and in HTML. It is never given the code (S4).
//!
//! The built-in wording and a practice's own are templates alike, and rendered here alike.

mod attached;
mod layout;

use std::fmt;

use askama::Template;
use domain::contact::{EmailAddress, Phone};
use domain::language::Language;
use domain::practice::{Channel, PublicPractice};
use domain::symbols::Reference;
use domain::time::Timestamp;

use crate::colours::{self, Button};
use crate::format;
use crate::text_template::{BodyVariable, EmailTemplate, Said, SubjectVariable};
use crate::texts::Texts;
pub use attached::{AttachedEmail, attached_email};
use layout::{Block, Layout, Piece};

/// What the e-mail of a delivery says.
pub struct DeliveryEmail<'a> {
    /// What the recipient reads.
    pub language: Language,
    /// Who sends it.
    pub practice: &'a PublicPractice,
    /// The recipient's name.
    pub name: &'a str,
    /// How many documents there are; nothing else of them (D9).
    pub documents: usize,
    /// The absolute address of the download page.
    pub link: &'a str,
    /// What message and page show too.
    pub reference: &'a Reference,
    /// How the code travels.
    pub channel: Channel,
    /// The practice's own words for this delivery; empty means none.
    pub additional_text: &'a str,
    /// Until when the download page can be reached.
    pub reachable_until: Timestamp,
}

/// An e-mail in words: one content, twice.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailText {
    /// Tells who writes and how many documents there are, at most, for events and logs of mail providers hold it (D9).
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same in HTML.
    pub html: String,
}

/// Link and reference stay out of logs (S2).
impl fmt::Debug for DeliveryEmail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliveryEmail")
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EmailText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailText")
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl EmailTemplate {
    /// The e-mail that makes documents available, in this template's wording.
    ///
    /// Values are never read as a template: what looks like a tag in a name or an additional text stays as it is.
    pub fn render(&self, mail: &DeliveryEmail<'_>) -> EmailText {
        let texts = Texts::of(mail.language);
        let values = Values::of(texts, mail);
        let subject = self.subject_said(|variable| !values.in_subject(variable).is_empty());
        let subject: String = subject
            .into_iter()
            .map(|said| match said {
                Said::Text(text) => text,
                Said::Value(variable) => values.in_subject(variable),
            })
            .collect();
        let subject = subject.trim();
        let body = self.body_said(|variable| !values.in_body(variable).is_empty());
        let layout = Layout::of(body.into_iter().map(|said| match said {
            Said::Text(text) => Piece::Own(text),
            Said::Value(BodyVariable::Link) => Piece::Link,
            Said::Value(BodyVariable::Reference) => Piece::Reference,
            Said::Value(variable) => Piece::Value(values.in_body(variable)),
        }));
        let (button, _) = colours::buttons(mail.practice.colour.as_ref());
        let html = HtmlTemplate {
            texts,
            subject,
            blocks: &layout.blocks(),
            link: values.link,
            reference: &values.reference,
            button,
        };
        EmailText {
            subject: subject.to_owned(),
            text: layout.text(values.link, &values.reference),
            // Writing into a string does not fail.
            html: html.render().unwrap_or_default(),
        }
    }
}

/// The value of every variable that an e-mail knows.
struct Values<'a> {
    name: &'a str,
    practice: &'a str,
    phone: &'a str,
    practice_email: &'a str,
    link: &'a str,
    reference: String,
    count: String,
    several: String,
    reachable_until: String,
    additional_text: &'a str,
    code_way: &'a str,
}

impl<'a> Values<'a> {
    fn of(texts: &'static Texts, mail: &DeliveryEmail<'a>) -> Self {
        let practice = mail.practice;
        let email = practice.email.as_ref();
        Self {
            name: mail.name,
            practice: &practice.public_name,
            phone: practice.phone.as_ref().map_or("", Phone::as_str),
            practice_email: email.map_or("", EmailAddress::as_str),
            link: mail.link,
            reference: mail.reference.shown(),
            count: mail.documents.to_string(),
            several: format::several(mail.documents),
            // Mail programs wrap as they like, and text is to be copied and searched.
            reachable_until: format::moment(texts, mail.reachable_until, Some(practice))
                .replace(format::NO_BREAK, " "),
            additional_text: mail.additional_text,
            code_way: match mail.channel {
                Channel::Sms => texts.code_by_sms(),
                Channel::Threema => texts.code_by_threema(),
                Channel::Spoken => texts.code_by_practice(),
                Channel::SelfService => texts.code_by_self_service(),
            },
        }
    }

    fn in_subject(&self, variable: SubjectVariable) -> &str {
        match variable {
            SubjectVariable::Practice => self.practice,
            SubjectVariable::Count => &self.count,
            SubjectVariable::Several => &self.several,
        }
    }

    fn in_body(&self, variable: BodyVariable) -> &str {
        match variable {
            BodyVariable::Name => self.name,
            BodyVariable::Practice => self.practice,
            BodyVariable::Phone => self.phone,
            BodyVariable::PracticeEmail => self.practice_email,
            BodyVariable::Link => self.link,
            BodyVariable::Reference => &self.reference,
            BodyVariable::Count => &self.count,
            BodyVariable::Several => &self.several,
            BodyVariable::ReachableUntil => &self.reachable_until,
            BodyVariable::AdditionalText => self.additional_text,
            BodyVariable::CodeWay => self.code_way,
        }
    }
}

#[derive(Template)]
#[template(path = "email.html")]
struct HtmlTemplate<'a> {
    texts: &'static Texts,
    subject: &'a str,
    blocks: &'a [Block<'a>],
    link: &'a str,
    reference: &'a str,
    button: Button,
}
