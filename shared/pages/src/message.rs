//! The message with the code: one segment of a text message, never the link (S3).
//!
//! The built-in wording and a practice's own are templates alike, and rendered here alike.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use domain::contact::Phone;
use domain::gsm7;
use domain::language::Language;
use domain::practice::{PublicName, PublicPractice};
use domain::symbols::{Code, Reference};
use domain::time::Timestamp;

use crate::format;
use crate::text_template::{MessageTemplate, MessageVariable, Said};
use crate::texts::Texts;

/// What the message of a delivery says.
pub struct DeliveryMessage<'a> {
    /// What the recipient reads.
    pub language: Language,
    /// Who sends it.
    pub practice: &'a PublicPractice,
    /// The recipient's name.
    pub name: &'a str,
    /// How many documents there are; nothing else of them (D9).
    pub documents: usize,
    /// The code.
    pub code: &'a Code,
    /// What e-mail and page show too.
    pub reference: &'a Reference,
    /// Until when the download page can be reached.
    pub reachable_until: Timestamp,
    /// The host of the page on which the code is entered.
    pub host: &'a str,
}

/// D11: the message would be longer than one text message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageTooLong;

impl fmt::Display for MessageTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message would be longer than one text message")
    }
}

impl Error for MessageTooLong {}

/// Whom the message is for stays out of logs, the code and the reference too (S2).
impl fmt::Debug for DeliveryMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliveryMessage")
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

impl MessageTemplate {
    /// The message in the alphabet of text messages, in one segment.
    ///
    /// Its last line binds the code to the page's host, so that phones offer it there and nowhere else; where it does not fit, it is left out.
    pub fn render(&self, message: &DeliveryMessage<'_>) -> Result<String, MessageTooLong> {
        let said = self.said(|variable| !value(message, variable).is_empty());
        let text: String = said
            .into_iter()
            .map(|said| match said {
                Said::Text(text) => Cow::Borrowed(text),
                Said::Value(variable) => value(message, variable),
            })
            .collect();
        let text = gsm7::fold(text.trim());
        if fits(&text) {
            Ok(bound(text, message.code, message.host))
        } else {
            Err(MessageTooLong)
        }
    }
}

fn value<'a>(message: &DeliveryMessage<'a>, variable: MessageVariable) -> Cow<'a, str> {
    let practice = message.practice;
    match variable {
        MessageVariable::Name => message.name.into(),
        MessageVariable::Practice => gsm7::cut(&practice.public_name, PublicName::LONGEST).into(),
        MessageVariable::Phone => practice.phone.as_ref().map_or("", Phone::as_str).into(),
        MessageVariable::Reference => message.reference.shown().into(),
        MessageVariable::Code => message.code.shown().into(),
        MessageVariable::Count => message.documents.to_string().into(),
        MessageVariable::Several => format::several(message.documents).into(),
        MessageVariable::ReachableUntil => {
            let texts = Texts::of(message.language);
            format::moment(texts, message.reachable_until, Some(practice)).into()
        }
    }
}

fn fits(text: &str) -> bool {
    gsm7::septets(text).is_some_and(|septets| septets <= gsm7::SEGMENT)
}

fn bound(text: String, code: &Code, host: &str) -> String {
    let bound = format!("{text}\n@{host} #{}", code.expose());
    if fits(&bound) { bound } else { text }
}

#[cfg(test)]
mod tests {
    use domain::time::ZoneName;

    use super::*;

    const HOST: &str = "dokumente.example.org";

    fn sent(practice: &str, language: Language, host: &str) -> String {
        let code = Code::from_symbols(*b"BCDFGH").unwrap();
        let reference = Reference::parse("K7M3QXPB").unwrap();
        let practice = PublicPractice {
            public_name: practice.to_owned(),
            phone: None,
            email: None,
            imprint_url: None,
            privacy_url: None,
            colour: None,
            time_zone: ZoneName::default(),
            disabled_at: None,
        };
        let message = DeliveryMessage {
            language,
            practice: &practice,
            name: "Erika Mustermann",
            documents: 1,
            code: &code,
            reference: &reference,
            reachable_until: Timestamp::parse("2027-02-23T13:30:00Z").unwrap(),
            host,
        };
        MessageTemplate::built_in(language)
            .render(&message)
            .unwrap()
    }

    #[test]
    fn the_message_says_who_what_and_which() {
        assert_eq!(
            sent("Praxis „Am Park“", Language::German, HOST),
            "Praxis \"Am Park\"\nIhr Code: BCD-FGH\nReferenz: K7M3-QXPB (wie in unserer E-Mail)\nBitte nicht weitergeben.\n@dokumente.example.org #BCDFGH"
        );
        assert_eq!(
            sent("Praxis am Park", Language::English, HOST),
            "Praxis am Park\nYour code: BCD-FGH\nReference: K7M3-QXPB (as in our e-mail)\nPlease do not share it.\n@dokumente.example.org #BCDFGH"
        );
        assert!(sent("Praxis", Language::GermanInformal, HOST).contains("\nDein Code: BCD-FGH\n"));
    }

    #[test]
    fn one_segment_holds_the_longest_names_in_every_language() {
        let wide = "€".repeat(300);
        let long = "Gemeinschaftspraxis am Alten Stadtpark Nordwest".repeat(5);
        let foreign = "Łódź 診療所 ".repeat(20);
        for language in Language::ALL {
            for practice in ["", "P", &wide, &long, &foreign, "{code}\n{reference}"] {
                for host in [
                    HOST,
                    "a.example",
                    &"very-long-host.".repeat(20),
                    "dókumente.example",
                ] {
                    let text = sent(practice, language, host);
                    assert!(gsm7::septets(&text).unwrap() <= gsm7::SEGMENT, "{text}");
                    assert!(
                        text.contains("BCD-FGH") && text.contains("K7M3-QXPB"),
                        "{text}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_bound_line_is_there_exactly_where_it_fits() {
        for length in 1..60 {
            let host = "h".repeat(length);
            let text = sent(&"P".repeat(40), Language::German, &host);
            let bound = format!("\n@{host} #BCDFGH");
            let without = gsm7::septets(text.trim_end_matches(&bound)).unwrap();
            let fits = without + bound.len() <= gsm7::SEGMENT;
            assert_eq!(text.ends_with(&bound), fits, "{length}");
        }
    }
}
