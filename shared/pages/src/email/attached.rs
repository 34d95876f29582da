//! The e-mail of an unprotected delivery (D6): it says what is attached, and has no link, no reference and no code.
//!
//! The practice's templates are all for e-mails with a link, so that this one is worded here alone.

use askama::Template as _;
use domain::contact::{EmailAddress, Phone};
use domain::document::{Document, Kind};
use domain::language::Language;
use domain::practice::PublicPractice;

use super::layout::{Layout, Piece};
use super::{EmailText, HtmlTemplate};
use crate::colours;
use crate::texts::Texts;

/// What the e-mail of an unprotected delivery says.
#[derive(Debug)]
pub struct AttachedEmail<'a> {
    /// What the recipient reads.
    pub language: Language,
    /// Who sends it.
    pub practice: &'a PublicPractice,
    /// The recipient's name.
    pub name: &'a str,
    /// What is attached.
    pub document: &'a Document,
    /// The practice's own words for this delivery; empty means none.
    pub additional_text: &'a str,
}

/// The finished e-mail. Its subject is the same for everybody, for events and logs of mail providers hold it.
pub fn attached_email(mail: &AttachedEmail<'_>) -> EmailText {
    let texts = Texts::of(mail.language);
    let number = mail.document.number.as_str();
    let greeting = texts.attached_greeting(mail.name);
    let attached = match mail.document.kind {
        Kind::Receipt => texts.attached_receipt(number),
        // D6 lets nothing else go without protection.
        _ => texts.attached_invoice(number),
    };
    let practice = mail.practice;
    let contact = [
        Some(practice.public_name.as_str()),
        practice.phone.as_ref().map(Phone::as_str),
        practice.email.as_ref().map(EmailAddress::as_str),
    ];
    let contact: Vec<&str> = contact.into_iter().flatten().collect();
    let questions = texts.attached_questions(contact.join(", "));
    let paragraphs = [&greeting, &attached, mail.additional_text, &questions];
    let layout = Layout::of(
        paragraphs
            .into_iter()
            .flat_map(|text| [Piece::Value(text), Piece::Own("\n\n")]),
    );
    let (button, _) = colours::buttons(practice.colour.as_ref());
    let subject = texts.attached_subject();
    let html = HtmlTemplate {
        texts,
        subject,
        blocks: &layout.blocks(),
        link: "",
        reference: "",
        button,
    };
    EmailText {
        subject: subject.to_owned(),
        text: layout.text("", ""),
        // Writing into a string does not fail.
        html: html.render().unwrap_or_default(),
    }
}
