//! The built-in templates and the list of variables: complete in every language, and templates like any other.

use std::collections::BTreeSet;

use domain::language::Language;
use domain::practice::Channel;
use domain::text::AdditionalText;
use domain::time::Timestamp;
use pages::{
    DeliveryEmail, DeliveryMessage, EmailTemplate, EmailText, MessageTemplate, Place, Variable,
    variables,
};

use crate::samples::{CODE, LINK, REFERENCE, code, practice, reachable_until, reference};

const CHANNELS: [Channel; 4] = [
    Channel::Sms,
    Channel::Threema,
    Channel::Spoken,
    Channel::SelfService,
];

fn rendered(language: Language, channel: Channel, is_bare: bool, documents: usize) -> EmailText {
    let practice = practice("Praxis am Park", is_bare);
    EmailTemplate::built_in(language).render(&DeliveryEmail {
        language,
        practice: &practice,
        name: "Erika Mustermann",
        documents,
        link: LINK,
        reference: &reference(),
        channel,
        additional_text: if is_bare { "" } else { "Bis bald." },
        reachable_until: reachable_until(),
    })
}

#[test]
fn every_built_in_template_can_be_fetched_edited_and_saved() {
    for language in Language::ALL {
        let email = EmailTemplate::built_in(language);
        let edited = format!("{}\n\nGruß", email.body());
        let saved = EmailTemplate::parse(email.subject(), email.body(), AdditionalText::default());
        assert_eq!(saved.unwrap(), email, "{}", language.tag());
        assert!(!email.body().is_empty() && email.has_place_for_additional_text());
        assert!(EmailTemplate::parse(email.subject(), &edited, AdditionalText::default()).is_ok());
        let message = MessageTemplate::built_in(language);
        let saved = MessageTemplate::parse(message.body()).unwrap();
        assert_eq!(saved, message, "{}", language.tag());
        assert!(!message.body().is_empty());
    }
}

#[test]
fn every_built_in_email_is_whole_with_and_without_the_values_that_may_be_missing() {
    for language in Language::ALL {
        for channel in CHANNELS {
            for is_bare in [false, true] {
                for documents in [1, 3] {
                    let mail = rendered(language, channel, is_bare, documents);
                    let place = format!("{} {channel:?} {is_bare} {documents}", language.tag());
                    for form in [&mail.text, &mail.html] {
                        assert!(form.contains(LINK) && form.contains(REFERENCE), "{place}");
                        assert!(form.contains("Erika Mustermann"), "{place}");
                        assert_eq!(form.contains("0441 234567"), !is_bare, "{place}");
                        assert_eq!(form.contains("praxis@example.org"), !is_bare, "{place}");
                        assert_eq!(form.contains("Bis bald."), !is_bare, "{place}");
                        assert!(form.contains("2026"), "{place}");
                        assert!(!form.contains("${") && !form.contains("<#"), "{place}");
                    }
                    let text = &mail.text;
                    assert!(!text.contains("\n\n\n") && text.trim() == text, "{place}");
                    assert!(!mail.subject.is_empty() && !mail.subject.contains("mehrere"));
                    let ends_bare = text.ends_with("Praxis am Park");
                    assert_eq!(ends_bare, is_bare, "{place}");
                }
            }
        }
    }
}

#[test]
fn the_channel_decides_how_the_code_is_said_to_come() {
    for language in Language::ALL {
        let texts: BTreeSet<String> = CHANNELS
            .map(|channel| rendered(language, channel, false, 1).text)
            .into();
        assert_eq!(texts.len(), CHANNELS.len(), "{}", language.tag());
    }
}

#[test]
fn the_built_in_message_is_the_one_that_is_sent() {
    let practice = practice("Praxis „Am Park“", false);
    for language in Language::ALL {
        let message = DeliveryMessage {
            language,
            practice: &practice,
            name: "Erika Mustermann",
            documents: 2,
            code: &code(),
            reference: &reference(),
            reachable_until: reachable_until(),
            host: "dokumente.example.org",
        };
        let text = MessageTemplate::built_in(language)
            .render(&message)
            .unwrap();
        assert!(text.starts_with("Praxis \"Am Park\"\n"), "{text}");
        assert!(text.contains(CODE) && text.contains(REFERENCE), "{text}");
        assert!(text.ends_with("\n@dokumente.example.org #BCDFGH"), "{text}");
        let printed = format!("{message:?}");
        assert!(
            !printed.contains("Erika") && !printed.contains("BCD"),
            "{printed}"
        );
    }
}

#[test]
fn every_variable_is_explained_with_an_example_in_every_language() {
    let expected = [
        "name",
        "praxis",
        "telefon",
        "praxisEmail",
        "link",
        "referenz",
        "code",
        "anzahl",
        "mehrere",
        "gueltigBis",
        "zusatzText",
        "codeWeg",
    ];
    for language in Language::ALL {
        let variables = variables(language);
        let names: Vec<&str> = variables
            .iter()
            .map(|entry| entry.variable.name())
            .collect();
        assert_eq!(names, expected);
        for entry in &variables {
            let name = entry.variable.name();
            assert!(
                !entry.description.is_empty() && !entry.example.is_empty(),
                "{name}"
            );
            assert_eq!(entry.variable.to_string(), format!("${{{name}}}"));
        }
        let until = variables
            .iter()
            .find(|entry| entry.variable == Variable::ReachableUntil);
        let mail = rendered(language, Channel::Sms, false, 1);
        assert!(
            mail.text.contains(until.unwrap().example),
            "{}",
            language.tag()
        );
    }
}

/// The list says of each place what the place says of itself.
#[test]
fn the_list_names_the_places_where_a_variable_may_be_said() {
    for entry in variables(Language::German) {
        let variable = entry.variable;
        let says_all = "${link}${referenz}";
        let none = AdditionalText::default;
        let subject = EmailTemplate::parse(&variable.to_string(), says_all, none());
        let email = EmailTemplate::parse("x", &format!("{variable}{says_all}"), none());
        let mut body = format!("{variable} ${{code}} ${{referenz}}");
        for once in [Variable::Code, Variable::Reference] {
            if variable == once {
                body = "${code} ${referenz}".to_owned();
            }
        }
        for (place, is_allowed) in [
            (Place::Subject, subject.is_ok()),
            (Place::Email, email.is_ok()),
            (Place::Message, MessageTemplate::parse(&body).is_ok()),
        ] {
            let place_name = place.name();
            assert_eq!(
                entry.places.contains(&place),
                is_allowed,
                "{variable} {place_name}"
            );
        }
    }
}

#[test]
fn no_moment_is_longer_than_a_message_expects() {
    let body = "${gueltigBis} ${code} ${referenz}";
    let longest = 41;
    let fill = "x".repeat(160 - longest - 7 - 9 - 2);
    assert!(MessageTemplate::parse(&format!("{fill}{body}")).is_ok());
    assert!(MessageTemplate::parse(&format!("{fill}x{body}")).is_err());
    for language in Language::ALL {
        for month in 1..=12 {
            for day in 10..=28 {
                let at = Timestamp::parse(&format!("2026-{month:02}-{day}T11:30:00Z")).unwrap();
                let said = EmailTemplate::parse(
                    "x",
                    "${gueltigBis}\n\n${link}${referenz}",
                    AdditionalText::default(),
                );
                let practice = practice("P", true);
                let mail = said.unwrap().render(&DeliveryEmail {
                    language,
                    practice: &practice,
                    name: "",
                    documents: 1,
                    link: LINK,
                    reference: &reference(),
                    channel: Channel::Sms,
                    additional_text: "",
                    reachable_until: at,
                });
                let moment = mail.text.lines().next().unwrap();
                assert!(moment.chars().count() <= longest, "{moment}");
            }
        }
    }
}
