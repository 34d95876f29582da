//! The whole journey without a mouse: in German and English, without scripts and with them, narrow and wide, light and dark.

use fantoccini::key::Key;
use tests::{World, pdf};

use crate::browser::{Browser, Settings};
use crate::{enter, follow, send, wrong};

/// What the journey meets in a language.
struct Words {
    language: &'static str,
    wrong: &'static str,
    documents: &'static str,
    kind: &'static str,
    done: &'static str,
    stored: &'static str,
    thanks: &'static str,
}

const GERMAN: Words = Words {
    language: "de",
    wrong: "Dieser Code stimmt nicht.",
    documents: "Ihre Dokumente",
    kind: "Notiz",
    done: "Fertig.",
    stored: "Was hier gespeichert wird",
    thanks: "Danke. Bitte löschen Sie die E-Mail.",
};

const ENGLISH: Words = Words {
    language: "en",
    wrong: "This code is not right.",
    documents: "Your documents",
    kind: "Note",
    done: "Done.",
    stored: "What is stored here",
    thanks: "Thank you. Please delete the e-mail.",
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p4_the_whole_journey_needs_no_mouse_with_scripts() {
    journeys(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p4_the_whole_journey_needs_no_mouse_and_no_scripts() {
    journeys(false).await;
}

async fn journeys(scripts: bool) {
    let world = World::with_smallest_hashes().await;
    let settings = Settings {
        scripts,
        ..Settings::default()
    };
    let mut browser = Browser::with(settings).await;
    let mut number = 100;
    for words in [GERMAN, ENGLISH] {
        for (width, scheme) in [
            (320, "light"),
            (320, "dark"),
            (1280, "light"),
            (1280, "dark"),
        ] {
            number += 1;
            browser.resize(width, 800).await;
            browser.colours(scheme).await;
            journey(&world, &browser, &words, scripts, &number.to_string()).await;
        }
    }
    let api = world.stack.api();
    let traffic = browser.traffic().await;
    let allowed = [api, world.stack.s3(), "data"];
    let foreign = |origin: &&String| !allowed.contains(&origin.as_str());
    let origins = traffic.origins();
    assert_eq!(origins.iter().find(foreign), None, "{origins:?}");
    assert_eq!(
        traffic.forms.len(),
        8 * 4,
        "a wrong code, a right one, Done and a yes"
    );
    for headers in &traffic.forms {
        let origin = headers.iter().find(|(name, _)| name == "origin");
        let origin = origin.map(|(_, value)| value.as_str());
        assert_eq!(origin, Some(api), "{headers:?}");
    }
}

async fn journey(world: &World, browser: &Browser, words: &Words, scripts: bool, number: &str) {
    let sent = send(world, "note", number).await;
    browser.go(&sent.link).await;
    if words.language != "de" {
        let other = format!("header a[hreflang={}]", words.language);
        follow(browser, &other).await;
    }
    browser.tab_to("#code").await;
    enter(browser, &wrong(&sent.code)).await;
    browser.wait_for_text(words.wrong).await;
    if scripts {
        let focused = browser.script("return document.activeElement.id").await;
        assert_eq!(focused, "code", "the focus is where the fault is");
    }
    browser.tab_to("#code").await;
    enter(browser, &sent.code).await;
    browser.wait_for_text(words.documents).await;
    let download = browser.tab_to(".files a.button").await;
    let pressed = download
        .send_keys(&char::from(Key::Enter).to_string())
        .await;
    pressed.expect("the key Enter");
    let file = format!("{}-{number}.pdf", words.kind);
    assert!(browser.downloaded(&file).await == pdf(number), "{file}");
    follow(browser, "form button").await;
    browser.wait_for_text(words.done).await;

    follow(browser, "footer a[href^='/privacy']").await;
    assert_eq!(browser.text_of("h1").await, words.stored);
    browser.client().back().await.expect("the page before");
    follow(browser, "a[href*='/not-mine']").await;
    follow(browser, "a.button.quiet").await;
    follow(browser, "a[href*='/not-mine']").await;
    follow(browser, "form button").await;
    browser.wait_for_text(words.thanks).await;
}
