//! The e-mail with link and reference. It is never given the code (S4).

use std::fmt;

use askama::Template;
use domain::language::Language;
use domain::practice::{Channel, PublicPractice};
use domain::symbols::Reference;
use domain::time::Timestamp;

use crate::code;
use crate::colours::{self, Button};
use crate::format;
use crate::texts::Texts;

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
    /// Constant, so that no event or log of a mail provider holds more (D9).
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

/// The e-mail that makes documents available.
pub fn delivery_email(mail: &DeliveryEmail<'_>) -> EmailText {
    let content = Content::of(mail);
    EmailText {
        // Writing into a string does not fail.
        text: TextTemplate { content: &content }
            .render()
            .unwrap_or_default(),
        html: HtmlTemplate { content: &content }
            .render()
            .unwrap_or_default(),
        subject: content.subject.to_owned(),
    }
}

/// What both forms of the e-mail say.
struct Content<'a> {
    texts: &'static Texts,
    mail: &'a DeliveryEmail<'a>,
    subject: &'static str,
    greeting: String,
    offer: String,
    reference: String,
    channel: &'static str,
    /// The lines of the additional text, by paragraph.
    additional: Vec<Vec<&'a str>>,
    until: String,
    questions: String,
    button: Button,
}

impl<'a> Content<'a> {
    fn of(mail: &'a DeliveryEmail<'a>) -> Self {
        let texts = Texts::of(mail.language);
        let practice = mail.practice;
        let until = format::moment(texts, mail.reachable_until, Some(practice));
        let (button, _) = colours::buttons(practice.colour.as_ref());
        Self {
            texts,
            mail,
            subject: if mail.documents == 1 {
                texts.subject_one()
            } else {
                texts.subject_many()
            },
            greeting: texts.greeting(mail.name),
            offer: code::offer(texts, &practice.public_name, mail.documents),
            reference: mail.reference.shown(),
            channel: match mail.channel {
                Channel::Sms => texts.code_by_sms(),
                Channel::Threema => texts.code_by_threema(),
                Channel::Spoken => texts.code_by_practice(),
                Channel::SelfService => texts.code_by_self_service(),
            },
            additional: paragraphs(mail.additional_text),
            until: texts.reachable_until(until),
            questions: texts.questions(contact(practice)),
            button,
        }
    }
}

/// The practice's name and what it gave to be reached by.
fn contact(practice: &PublicPractice) -> String {
    let mut contact = practice.public_name.clone();
    let phone = practice.phone.as_ref().map(domain::contact::Phone::as_str);
    let email = practice
        .email
        .as_ref()
        .map(domain::contact::EmailAddress::as_str);
    for way in [phone, email].into_iter().flatten() {
        contact.push_str(", ");
        contact.push_str(way);
    }
    contact
}

/// HTML knows no line breaks: empty lines part paragraphs, the others are kept within.
fn paragraphs(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .collect::<Vec<_>>()
        .split(|line| line.trim().is_empty())
        .filter(|paragraph| !paragraph.is_empty())
        .map(<[&str]>::to_vec)
        .collect()
}

#[derive(Template)]
#[template(path = "email.html")]
struct HtmlTemplate<'a> {
    content: &'a Content<'a>,
}

#[derive(Template)]
#[template(path = "email.txt", escape = "none")]
struct TextTemplate<'a> {
    content: &'a Content<'a>,
}
