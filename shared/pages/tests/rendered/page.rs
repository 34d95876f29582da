//! Every page in every language: well-formed, complete, escaped, and allowed by its own policy.

use crate::samples::{self, HOSTILE, PATH, bare_practice, document, practice, until};
use data_encoding::BASE64;
use domain::delivery::CloseReason;
use domain::document::{Document, Kind};
use domain::language::Language;
use domain::practice::{Channel, PublicPractice};
use jiff::civil::date;
use pages::{ClosedPage, EntryNote, Frame, Rendered, closed_page, file_name};
use sha2::{Digest as _, Sha256};

fn every_page(practice: &PublicPractice) -> Vec<(String, Language, Rendered)> {
    Language::ALL
        .into_iter()
        .flat_map(|language| {
            samples::pages(language, practice)
                .into_iter()
                .map(move |(name, page)| (format!("{} {name}", language.tag()), language, page))
        })
        .collect()
}

/// What a reader sees: without head and tags, with references resolved and spaces folded.
fn seen(html: &str) -> String {
    let body = html.split_once("<body>").map_or(html, |(_, body)| body);
    let mut text = String::new();
    for piece in body.split('<') {
        text.push_str(piece.split_once('>').map_or(piece, |(_, after)| after));
    }
    for (reference, c) in [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ] {
        text = text.replace(reference, c);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The values of an attribute, wherever it stands.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    html.split(&format!(" {attribute}=\""))
        .skip(1)
        .filter_map(|from_value| from_value.split('"').next())
        .collect()
}

fn style(html: &str) -> &str {
    html.split_once("<style>")
        .unwrap()
        .1
        .split_once("</style>")
        .unwrap()
        .0
}

fn frame(language: Language, practice: &PublicPractice) -> Frame<'_> {
    Frame {
        language,
        practice: Some(practice),
        path: PATH,
    }
}

#[test]
fn every_page_is_complete() {
    for (name, language, page) in every_page(&practice()) {
        let html = &page.html;
        let lang = language.tag().split('-').next().unwrap();
        assert!(
            html.starts_with(&format!("<!doctype html>\n<html lang=\"{lang}\">")),
            "{name}"
        );
        assert!(html.trim_end().ends_with("</html>"), "{name}");
        for (piece, times) in [
            ("<h1>", 1),
            ("<main>", 1),
            ("<style>", 1),
            ("<title>", 1),
            ("name=\"robots\" content=\"noindex\"", 1),
        ] {
            assert_eq!(html.matches(piece).count(), times, "{name} {piece}");
        }
        let words = seen(html);
        assert!(!words.contains(['{', '}']), "{name}: {words}");
        assert!(
            words.contains("Deutsch") && words.contains("English"),
            "{name}"
        );
    }
}

#[test]
fn every_page_is_allowed_by_its_own_policy() {
    for (name, _, page) in every_page(&practice()) {
        let hash = BASE64.encode(&Sha256::digest(style(&page.html)));
        assert_eq!(
            page.csp,
            format!(
                "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            ),
            "{name}"
        );
        for forbidden in [
            " style=",
            "<script",
            "javascript:",
            "@import",
            "url(",
            "<base",
        ] {
            assert!(!page.html.contains(forbidden), "{name} {forbidden}");
        }
        assert!(!values(&page.html, "src").iter().any(|_| true), "{name}");
    }
}

#[test]
fn the_policy_follows_the_practices_colour() {
    let red = PublicPractice {
        colour: "#8a1c4a".to_owned().try_into().ok(),
        ..practice()
    };
    let [plain, red] = [practice(), red]
        .map(|practice| samples::code(&frame(Language::German, &practice), Channel::Sms, None));
    assert_ne!(plain.csp, red.csp);
    assert!(style(&red.html).contains(":root{--brand:#8a1c4a;--on-brand:#ffffff}"));
}

#[test]
fn links_lead_to_this_site_or_to_the_practice() {
    for (name, language, page) in every_page(&practice()) {
        for href in values(&page.html, "href") {
            let own = href.starts_with('/') && !href.starts_with("//");
            let practice = ["tel:0441234567", "mailto:praxis@example.org"].contains(&href)
                || href.starts_with("https://praxis.example.org/");
            assert!(own || practice || href == "data:,", "{name} {href}");
            // The place is kept, and so is the language.
            assert!(!own || href.contains("?lang="), "{name} {href}");
        }
        let own_language = format!("?lang={}", language.tag());
        for action in values(&page.html, "action") {
            assert!(
                action.starts_with(PATH) && action.ends_with(&own_language),
                "{name} {action}"
            );
        }
        let outside = page.html.matches("href=\"https://").count();
        assert_eq!(
            page.html.matches("rel=\"noopener noreferrer\"").count(),
            outside,
            "{name}"
        );
    }
}

#[test]
fn the_switch_names_each_language_once() {
    let practice = practice();
    let links = |language| {
        let page = samples::code(&frame(language, &practice), Channel::Sms, None).html;
        let nav = page
            .split_once("<nav")
            .unwrap()
            .1
            .split_once("</nav>")
            .unwrap()
            .0
            .to_owned();
        values(&nav, "href")
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(links(Language::German), [format!("{PATH}?lang=en")]);
    assert_eq!(links(Language::GermanInformal), [format!("{PATH}?lang=en")]);
    assert_eq!(links(Language::English), [format!("{PATH}?lang=de")]);
}

#[test]
fn hostile_names_and_numbers_stay_text() {
    let mut hostile = practice();
    HOSTILE.clone_into(&mut hostile.public_name);
    for (name, _, page) in every_page(&hostile) {
        assert!(!page.html.contains("<script"), "{name}");
        assert_eq!(page.html.matches("</style>").count(), 1, "{name}");
        assert!(!page.html.contains("\"' onload=\""), "{name}");
    }
    let page = samples::code(&frame(Language::German, &hostile), Channel::Sms, None);
    assert!(
        seen(&page.html).contains(&format!("{HOSTILE} hat ein Dokument für Sie bereitgelegt."))
    );

    let practice = practice();
    let sent = [document(Kind::Invoice, HOSTILE, date(2026, 1, 1), 1)];
    let page = samples::documents(&frame(Language::German, &practice), &sent, &[], false);
    assert!(!page.html.contains("<script") && page.html.contains("&#60;script"));

    let mut odd = bare_practice("P");
    odd.email = "a?b&c=d%e@example.org".to_owned().try_into().ok();
    let page = samples::code(&frame(Language::German, &odd), Channel::Sms, None);
    assert!(
        page.html
            .contains("href=\"mailto:a%3Fb%26c%3Dd%25e@example.org\"")
    );
}

#[test]
fn the_code_page_says_what_the_wording_says() {
    let practice = practice();
    let page = |channel, note| {
        seen(&samples::code(&frame(Language::German, &practice), channel, note).html)
    };
    let first = page(Channel::Sms, None);
    for sentence in [
        "Dokument abholen",
        "Praxis am Park hat ein Dokument für Sie bereitgelegt.",
        "Referenz K7M3-QXPB Steht diese Referenz auch in Ihrer E-Mail? Dann sind Sie hier richtig. Wenn nicht, geben Sie bitte keinen Code ein.",
        "Er steht in der SMS. 6 Zeichen. Groß- und Kleinschreibung und Bindestrich sind egal.",
        "Weiter zum Dokument",
        "Die Download-Seite ist bis Donnerstag, 26. November 2026, 14:30 Uhr erreichbar.",
    ] {
        assert!(first.contains(sentence), "{sentence}: {first}");
    }
    assert!(page(Channel::Spoken, None).contains("Sie haben ihn von der Praxis bekommen."));
    for (note, sentence) in [
        (
            EntryNote::Wrong { until: until() },
            "Dieser Code stimmt nicht. Bitte vergleichen Sie ihn Zeichen für Zeichen. Beim Code muss dieselbe Referenz stehen. Sie haben bis Donnerstag, 26. November 2026, 14:30 Uhr Zeit. Danach gilt der Code nicht mehr.",
        ),
        (
            EntryNote::Wait { seconds: 61 },
            "Bitte warten Sie 2 Minuten. Dann können Sie es noch einmal versuchen.",
        ),
        (
            EntryNote::FormExpired,
            "Sitzung ungültig oder abgelaufen! Bitte die Webseite neu laden und noch einmal probieren! Geben Sie dann den Code noch einmal ein.",
        ),
    ] {
        let seen = page(Channel::Sms, Some(note));
        assert!(seen.contains(sentence), "{sentence}: {seen}");
    }
}

#[test]
fn what_is_wrong_is_announced() {
    let practice = practice();
    for note in samples::notes(until()) {
        let page = samples::code(
            &frame(Language::German, &practice),
            Channel::Sms,
            Some(note),
        )
        .html;
        let title = page
            .split_once("<title>")
            .unwrap()
            .1
            .split_once("</title>")
            .unwrap()
            .0;
        let (expected, role, invalid) = match note {
            EntryNote::Empty
            | EntryNote::NotACode
            | EntryNote::ForeignSymbol
            | EntryNote::ReferenceTyped
            | EntryNote::Wrong { .. } => ("Fehler: Dokument abholen", "alert", true),
            EntryNote::FormExpired | EntryNote::OurFault => {
                ("Fehler: Dokument abholen", "alert", false)
            }
            EntryNote::Wait { .. } => ("Bitte warten: Dokument abholen", "alert", false),
            EntryNote::SessionEnded | EntryNote::Done { .. } => {
                ("Dokument abholen", "status", false)
            }
        };
        assert_eq!(title, expected, "{note:?}");
        assert!(
            page.contains(&format!("id=\"note\" role=\"{role}\"")),
            "{note:?}"
        );
        assert_eq!(page.contains("aria-invalid=\"true\""), invalid, "{note:?}");
        assert_eq!(
            page.contains("aria-describedby=\"note hint\""),
            role == "alert",
            "{note:?}"
        );
    }
}

#[test]
fn the_code_page_is_light_and_keeps_its_secret_out_of_helpers() {
    for (name, _, page) in every_page(&practice()) {
        if name.contains(" code-") {
            assert!(page.html.len() <= 14 * 1024, "{name} {}", page.html.len());
            let field = page
                .html
                .split_once("<input id=\"code\"")
                .unwrap()
                .1
                .split_once('>')
                .unwrap()
                .0;
            for attribute in [
                "autocomplete=\"one-time-code\"",
                "autocapitalize=\"characters\"",
                "spellcheck=\"false\"",
                "translate=\"no\"",
                "class=\"notranslate\"",
            ] {
                assert!(field.contains(attribute), "{name} {attribute}");
            }
            assert!(!field.contains("value="), "{name}");
            assert!(
                page.html.contains("translate=\"no\">K7M3-QXPB</strong>"),
                "{name}"
            );
        }
    }
}

#[test]
fn d9_kinds_and_titles_come_after_the_code() {
    let words = [
        "Rechnung",
        "Quittung",
        "Notiz",
        "Rezept",
        "Termin",
        "Invoice",
        "Receipt",
        "invoice",
        "receipt",
        "rescription",
        "ppointment",
    ];
    for (name, _, page) in every_page(&practice()) {
        assert!(
            !page.html.contains("Geheimer Titel") && !page.html.contains("Erika"),
            "{name}"
        );
        if !name.contains(" documents") {
            assert!(!words.iter().any(|word| page.html.contains(word)), "{name}");
        }
    }
}

#[test]
fn every_close_reason_has_its_own_sentence_and_a_remedy_that_is_there() {
    for language in Language::ALL {
        let mut sentences: Vec<String> = Vec::new();
        for (reason, ended_at) in samples::REASONS.into_iter().zip([Some(until()); 8]) {
            let practice = practice();
            let page = closed_page(
                &frame(language, &practice),
                &ClosedPage { reason, ended_at },
            );
            let words = seen(&page.html);
            assert!(words.contains("0441 234567") && words.contains("praxis@example.org"));
            assert!(!sentences.contains(&words), "{reason:?}");
            sentences.push(words);
        }
    }
    let remedy = |practice: &PublicPractice| {
        let page = ClosedPage {
            reason: CloseReason::Expired,
            ended_at: None,
        };
        seen(&closed_page(&frame(Language::German, practice), &page).html)
    };
    let bare = bare_practice("P");
    assert!(remedy(&bare).contains("Bitte wenden Sie sich an die Praxis."));
    let phone = PublicPractice {
        phone: practice().phone,
        ..bare.clone()
    };
    assert!(remedy(&phone).contains("Bitte rufen Sie dort an. P Telefon 0441 234567"));
    let email = PublicPractice {
        email: practice().email,
        ..bare
    };
    assert!(remedy(&email).contains("Bitte schreiben Sie dorthin."));
    let expired = ClosedPage {
        reason: CloseReason::Expired,
        ended_at: Some(until()),
    };
    let words = seen(&closed_page(&frame(Language::English, &practice()), &expired).html);
    assert!(words.contains(
        "The documents were available until Thursday 26 November 2026, 2:30 pm. That time is over."
    ));
}

#[test]
fn the_list_shows_kind_number_day_and_size() {
    let practice = practice();
    let page = |language| {
        samples::documents(
            &frame(language, &practice),
            &samples::sent()[..1],
            &samples::offered(),
            false,
        )
    };
    let german = page(Language::German);
    let words = seen(&german.html);
    assert!(words.contains("Zum Herunterladen bis Donnerstag, 26. November 2026, 14:30 Uhr. Rechnung 2026-0815 20. November 2026 · PDF · 240 KB Herunterladen Weitere Rechnungen und Quittungen"), "{words}");
    assert!(
        words.contains("28. September 2026 · PDF · 5,2 MB"),
        "{words}"
    );
    assert!(
        german
            .html
            .contains("aria-label=\"Rechnung 2026-0815 herunterladen\"")
    );
    let link = format!("href=\"{PATH}/documents/20261120-aaaaaaaaaaaaaaaaaaaaaaaaa?lang=de\"");
    assert!(german.html.contains(&link));
    assert!(
        german
            .html
            .contains(&format!("action=\"{PATH}/done?lang=de\""))
    );
    let english = page(Language::English);
    assert!(
        seen(&english.html).contains("Receipt 2026-0688 28 September 2026 · PDF · 5.2 MB Download")
    );
    let gone = samples::documents(&frame(Language::German, &practice), &[], &[], true);
    assert!(seen(&gone.html).contains("Dieses Dokument ist nicht mehr verfügbar."));
}

#[test]
fn files_are_named_by_kind_and_number_in_safe_characters() {
    let named = |kind, number: &str, language| {
        file_name(&document(kind, number, date(2026, 1, 1), 1), language)
    };
    for (kind, number, language, expected) in [
        (
            Kind::Invoice,
            "2026-0815",
            Language::German,
            "Rechnung-2026-0815.pdf",
        ),
        (
            Kind::Appointment,
            "T/2026/7",
            Language::English,
            "Appointment-notes-T-2026-7.pdf",
        ),
        (
            Kind::Receipt,
            "Größe 7",
            Language::GermanInformal,
            "Quittung-Groesse-7.pdf",
        ),
        (
            Kind::Note,
            "../../etc/passwd",
            Language::German,
            "Notiz-etc-passwd.pdf",
        ),
        (
            Kind::Note,
            "\";filename=x.exe",
            Language::German,
            "Notiz-filename-x-exe.pdf",
        ),
        (Kind::Prescription, "診療", Language::German, "Rezept.pdf"),
    ] {
        assert_eq!(named(kind, number, language), expected);
    }
    let longest = named(Kind::Appointment, &"ß".repeat(200), Language::German);
    assert!(longest.len() < 100, "{longest}");
    let safe = |name: String| {
        name.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
    };
    assert!(safe(named(Kind::Invoice, HOSTILE, Language::German)));
}

#[test]
fn nothing_prints_secrets() {
    let practice = practice();
    let frame = frame(Language::German, &practice);
    let page = samples::code(&frame, Channel::Sms, None);
    let printed = format!("{frame:?} {page:?}");
    assert!(!printed.contains("K7M3"), "{printed}");
    let _: fn(&Document, Language) -> String = file_name;
}
