//! The e-mail in every language: one content in two forms, no code, nothing loaded, everything escaped.

use crate::samples::{self, HOSTILE, bare_practice, practice};
use domain::language::Language;
use pages::EmailText;

const LINK: &str = "https://dokumente.example.org/d/K7M3QXPB2345BCDF6789GHJKLMNP";

fn email(language: Language, words: &str, name: &str) -> EmailText {
    samples::emails(language, &practice(), words)
        .into_iter()
        .find(|(state, _)| state == name)
        .unwrap()
        .1
}

/// The HTML form's words, a line for each paragraph, to be compared with the plain one.
fn words(html: &str) -> String {
    let body = html
        .split_once("<body")
        .unwrap()
        .1
        .split_once('>')
        .unwrap()
        .1;
    let mut text = String::new();
    for piece in body.split('<') {
        text.push_str(piece.split_once('>').map_or(piece, |(_, after)| after));
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_plain_text_is_that_of_the_wording() {
    let mail = email(Language::German, "Bis bald.\nGruß", "email-threema");
    assert_eq!(mail.subject, "Dokumente liegen für Sie bereit");
    assert_eq!(
        mail.text,
        format!(
            "Guten Tag Erika Mustermann,\n\n\
             Praxis am Park hat 2 Dokumente für Sie bereitgelegt.\n\n\
             Zur Download-Seite:\n{LINK}\n\n\
             Referenz: K7M3-QXPB\n\n\
             Sie brauchen außerdem einen Code. Er kommt als Threema-Nachricht.\n\n\
             So erkennen Sie, dass alles zusammengehört: In dieser E-Mail, beim Code und auf der Download-Seite steht dieselbe Referenz.\n\n\
             Bis bald.\nGruß\n\n\
             Die Download-Seite ist bis Dienstag, 23. Februar 2027, 14:30 Uhr erreichbar. Sobald Sie den Code zum ersten Mal eingeben, haben Sie noch 3 Tage Zeit, längstens bis zu diesem Datum.\n\n\
             Bei Fragen: Praxis am Park, 0441 234567, praxis@example.org"
        )
    );
    let mail = email(Language::English, "", "email-sms");
    assert_eq!(mail.subject, "A document is ready for you");
    assert!(mail.text.starts_with("Hello Erika Mustermann,\n\nPraxis am Park has a document for you.\n\nGo to the download page:\n"));
    assert!(
        mail.text
            .contains("You will also need a code. It comes by text message.\n\nHow to tell")
    );
    assert!(mail.text.contains("the same reference.\n\nYou can reach the download page until Tuesday 23 February 2027, 2:30 pm. Once"));
    let mail = email(Language::GermanInformal, "", "email-spoken");
    assert!(mail.text.starts_with(
        "Hallo Erika Mustermann,\n\nPraxis am Park hat 3 Dokumente für dich bereitgelegt."
    ));
}

#[test]
fn both_forms_say_the_same() {
    for language in Language::ALL {
        for (name, mail) in samples::emails(language, &practice(), "Bis bald.\n\nGruß") {
            let plain = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let html = words(&mail.html);
            // The button stands where the plain text introduces the link with a colon.
            let html = html.replacen(&format!(" {LINK}"), &format!(": {LINK}"), 1);
            assert_eq!(plain, html, "{} {name}", language.tag());
            assert!(!plain.contains(['{', '}']), "{name}");
        }
    }
}

#[test]
fn nothing_is_loaded_and_every_link_is_the_one() {
    for language in Language::ALL {
        for (name, mail) in samples::emails(language, &practice(), "www.example.org") {
            for forbidden in [
                "<img", "<link", "<script", "<style", "url(", " src=", "@import",
            ] {
                assert!(!mail.html.contains(forbidden), "{name} {forbidden}");
            }
            assert_eq!(mail.html.matches("href=").count(), 2, "{name}");
            assert_eq!(
                mail.html.matches(&format!("href=\"{LINK}\"")).count(),
                2,
                "{name}"
            );
            assert!(
                mail.html
                    .contains(&format!("<html lang=\"{}\">", &language.tag()[..2])),
                "{name}"
            );
        }
    }
}

#[test]
fn d9_the_mail_tells_no_kind() {
    let words = [
        "rechnung",
        "quittung",
        "notiz",
        "rezept",
        "termin",
        "invoice",
        "receipt",
        "prescription",
        "appointment",
    ];
    for language in Language::ALL {
        for (name, mail) in samples::emails(language, &practice(), "") {
            let all = format!("{} {} {}", mail.subject, mail.text, mail.html).to_lowercase();
            assert!(!words.iter().any(|word| all.contains(word)), "{name}");
        }
    }
}

#[test]
fn hostile_texts_stay_text_and_keep_their_lines() {
    for (name, mail) in samples::emails(Language::German, &bare_practice(HOSTILE), HOSTILE) {
        assert!(
            !mail.html.contains("<script") && !mail.html.contains("</style"),
            "{name}"
        );
        assert!(
            mail.text.contains(&format!("Guten Tag {HOSTILE},")),
            "{name}"
        );
        assert!(
            mail.text.ends_with(&format!("Bei Fragen: {HOSTILE}")),
            "{name}"
        );
    }
    let mail = email(Language::German, "a <b>\n  c\n\n\n\nd", "email-threema");
    assert!(mail.html.contains(
        "<p style=\"margin:0 0 16px\">a &#60;b&#62;<br>  c</p>\n<p style=\"margin:0 0 16px\">d</p>"
    ));
}

#[test]
fn nothing_prints_secrets() {
    let mail = email(Language::German, "", "email-sms");
    assert_eq!(
        format!("{mail:?}"),
        "EmailText { subject: \"Ein Dokument liegt für Sie bereit\", .. }"
    );
}
