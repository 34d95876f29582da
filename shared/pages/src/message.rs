//! The text message with the code: one segment, never the link (S3).

use domain::gsm7;
use domain::language::Language;
use domain::practice::PublicName;
use domain::symbols::{Code, Reference};

use crate::texts::Texts;

/// The SMS, in the alphabet of text messages and in one segment.
///
/// Its last line binds the code to the page's host, so that phones offer it there and nowhere else; where it does not fit, it is left out.
pub fn sms(
    practice: &str,
    code: &Code,
    reference: &Reference,
    language: Language,
    host: &str,
) -> String {
    let texts = Texts::of(language);
    let text = [
        gsm7::cut(practice, PublicName::LONGEST),
        texts.message_code(code.shown()),
        texts.message_reference(reference.shown()),
        texts.message_warning().to_owned(),
    ]
    .join("\n");
    let bound = format!("{text}\n@{host} #{}", code.expose());
    let fits = gsm7::septets(&bound).is_some_and(|septets| septets <= gsm7::SEGMENT);
    if fits { bound } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "dokumente.example.org";

    fn sent(practice: &str, language: Language, host: &str) -> String {
        let code = Code::from_symbols(*b"BCDFGH").unwrap();
        let reference = Reference::parse("K7M3QXPB").unwrap();
        sms(practice, &code, &reference, language, host)
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
