//! A practice, an e-mail and a message to fill templates with.

use domain::language::Language;
use domain::practice::{Channel, PublicPractice};
use domain::symbols::{Code, Reference};
use domain::text::AdditionalText;
use domain::time::{Timestamp, ZoneName};
use pages::{DeliveryEmail, DeliveryMessage, EmailTemplate, EmailText, MessageTemplate};

/// The sample delivery's link.
pub(crate) const LINK: &str = "https://dokumente.example.org/d/K7M3QXPB2345BCDF6789GHJKLMNP";
/// The sample delivery's reference and code, as they are shown.
pub(crate) const REFERENCE: &str = "K7M3-QXPB";
pub(crate) const CODE: &str = "BCD-FGH";
/// A name or text that would like to be more than that.
pub(crate) const HOSTILE: &str = "</p><script>alert(1)</script>\"' onload=\"x ${code} <#if name?has_content>{reference}</#if> &amp;";

/// A practice that gave everything, or its name alone.
pub(crate) fn practice(name: &str, is_bare: bool) -> PublicPractice {
    let given = |text: &str| (!is_bare).then(|| text.to_owned());
    PublicPractice {
        public_name: name.to_owned(),
        phone: given("0441 234567").map(|phone| phone.try_into().unwrap()),
        email: given("praxis@example.org").map(|email| email.try_into().unwrap()),
        imprint_url: None,
        privacy_url: None,
        colour: None,
        time_zone: ZoneName::default(),
        disabled_at: None,
    }
}

pub(crate) fn reference() -> Reference {
    Reference::parse("K7M3QXPB").unwrap()
}

pub(crate) fn code() -> Code {
    Code::from_symbols(*b"BCDFGH").unwrap()
}

pub(crate) fn reachable_until() -> Timestamp {
    Timestamp::parse("2026-11-26T13:30:00Z").unwrap()
}

/// A template with this text and a plain subject.
pub(crate) fn template(body: &str) -> EmailTemplate {
    EmailTemplate::parse("Post", body, AdditionalText::default()).unwrap()
}

/// A template with this text that also says what it must.
pub(crate) fn complete(body: &str) -> EmailTemplate {
    template(&format!("{body}\n\n${{link}} ${{referenz}}"))
}

/// The e-mail to Erika Mustermann, from a practice that gave everything.
pub(crate) fn email(template: &EmailTemplate, documents: usize, additional: &str) -> EmailText {
    let practice = practice("Praxis am Park", false);
    email_of(
        template,
        &practice,
        "Erika Mustermann",
        documents,
        additional,
    )
}

/// The e-mail with these values.
pub(crate) fn email_of(
    template: &EmailTemplate,
    practice: &PublicPractice,
    name: &str,
    documents: usize,
    additional_text: &str,
) -> EmailText {
    template.render(&DeliveryEmail {
        language: Language::German,
        practice,
        name,
        documents,
        link: LINK,
        reference: &reference(),
        channel: Channel::Sms,
        additional_text,
        reachable_until: reachable_until(),
    })
}

/// The message from this practice to this person; the bound line is cut off.
pub(crate) fn message(body: &str, practice: &PublicPractice, name: &str) -> Option<String> {
    let template = MessageTemplate::parse(body).unwrap();
    let text = template
        .render(&DeliveryMessage {
            language: Language::German,
            practice,
            name,
            documents: 1,
            code: &code(),
            reference: &reference(),
            reachable_until: reachable_until(),
            host: "h.example",
        })
        .ok()?;
    let bound = "\n@h.example #BCDFGH";
    Some(text.strip_suffix(bound).unwrap_or(&text).to_owned())
}
