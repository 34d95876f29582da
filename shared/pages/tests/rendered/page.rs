//! Every page in every language: well-formed, complete, escaped, and allowed by its own policy.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use domain::document::Kind;
use domain::language::Language;
use domain::practice::{Channel, PublicPractice};
use jiff::civil::date;
use pages::{PageState, Rendered};
use sha2::{Digest as _, Sha256};

use crate::html::{element, seen, values};
use crate::samples::{self, HOSTILE, PATH, bare_practice, document, frame, practice};

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

#[test]
fn every_state_is_rendered_in_every_language_and_says_its_name() {
    for language in Language::ALL {
        let pages = samples::pages(language, &practice());
        let shown: BTreeSet<PageState> = pages.iter().map(|(_, page)| page.state).collect();
        let all: BTreeSet<PageState> = PageState::ALL.iter().copied().collect();
        assert_eq!(shown, all, "shown (left), there are (right)");
        for (name, page) in pages {
            let state = format!("<article data-state=\"{}\">", page.state.name());
            assert!(page.html.contains(&state), "{name}");
        }
    }
    let names: BTreeSet<&str> = PageState::ALL.iter().map(|state| state.name()).collect();
    assert_eq!(names.len(), PageState::ALL.len(), "two states share a name");
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
        let [style, script] = ["style", "script"]
            .map(|name| BASE64.encode(&Sha256::digest(element(&page.html, name))));
        assert_eq!(
            page.csp,
            format!(
                "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            ),
            "{name}"
        );
        for forbidden in [
            " style=",
            "<script ",
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
    assert!(element(&red.html, "style").contains(":root{--brand:#8a1c4a;--on-brand:#ffffff}"));
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
        for own in ["<script", "</script>", "<style", "</style>"] {
            assert_eq!(page.html.matches(own).count(), 1, "{name}: {own}");
        }
        assert!(!page.html.contains("\"' onload=\""), "{name}");
    }
    let page = samples::code(&frame(Language::German, &hostile), Channel::Sms, None);
    assert!(
        seen(&page.html).contains(&format!("{HOSTILE} hat ein Dokument für Sie bereitgelegt."))
    );

    let practice = practice();
    let sent = [document(Kind::Invoice, HOSTILE, date(2026, 1, 1), 1)];
    let page = samples::documents(&frame(Language::German, &practice), &sent, &[], None);
    assert!(page.html.matches("<script").count() == 1 && page.html.contains("&#60;script"));

    let mut odd = bare_practice("P");
    odd.email = "a?b&c=d%e@example.org".to_owned().try_into().ok();
    let page = samples::code(&frame(Language::German, &odd), Channel::Sms, None);
    assert!(
        page.html
            .contains("href=\"mailto:a%3Fb%26c%3Dd%25e@example.org\"")
    );
}

#[test]
fn the_code_page_is_light_and_keeps_its_secret_out_of_helpers() {
    for (name, _, page) in every_page(&practice()) {
        if page.html.contains("<input id=\"code\"") {
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
        if !name.contains(" document") {
            assert!(!words.iter().any(|word| page.html.contains(word)), "{name}");
        }
    }
}

#[test]
fn nothing_prints_secrets() {
    let practice = practice();
    let frame = frame(Language::German, &practice);
    let page = samples::code(&frame, Channel::Sms, None);
    let printed = format!("{frame:?} {page:?}");
    assert!(!printed.contains("K7M3"), "{printed}");
}
