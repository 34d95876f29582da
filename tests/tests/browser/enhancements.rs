//! What scripts add, and nothing depends on: the hyphen while typing, the focus on what is wrong, the wait that counts down.

use fantoccini::key::Key;
use tests::World;

use crate::browser::Browser;
use crate::{enter, send, wrong};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hyphen_comes_while_a_code_is_typed_and_stands_in_nobodys_way() {
    let world = World::with_smallest_hashes().await;
    let sent = send(&world, "note", "1").await;
    let browser = Browser::start().await;
    browser.go(&sent.link).await;
    let back = char::from(Key::Backspace).to_string();
    let (left, end) = (char::from(Key::Left), char::from(Key::End));
    for (typed, expected) in [
        ("bc".to_owned(), "bc"),
        ("bcd".to_owned(), "bcd-"),
        ("bcdf".to_owned(), "bcd-f"),
        ("bcd-fgh".to_owned(), "bcd-fgh"),
        ("bcd fgh".to_owned(), "bcd-fgh"),
        // What is taken away stays away.
        (format!("bcdf{back}"), "bcd-"),
        (format!("bcdf{back}{back}"), "bcd"),
        (format!("bcdf{back}{back}{back}"), "bc"),
        (format!("bcdf{back}{back}g"), "bcd-g"),
        // In the middle nothing jumps.
        (format!("bcdfgh{left}{left}{left}{left}{back}"), "bc-fgh"),
        (format!("bcdfg{left}{left}k{end}"), "bcd-kfg"),
        // What is no code stays as it is typed, but for a hyphen in its beginning.
        ("K7M3-QXPB".to_owned(), "K7M-3QXPB"),
        ("äöü".to_owned(), "äöü"),
    ] {
        let field = browser.find("#code").await;
        field.clear().await.expect("the field is emptied");
        field.send_keys(&typed).await.expect("the field takes keys");
        let value = field.prop("value").await.expect("a value");
        assert_eq!(value.as_deref(), Some(expected), "{typed:?}");
    }
    // As a phone does that fills in the code of a message.
    let filled = "const field = document.getElementById('code'); field.value = 'BCDFGH'; field.dispatchEvent(new InputEvent('input', {bubbles: true})); return field.value";
    assert_eq!(browser.script(filled).await, "BCD-FGH");

    browser
        .find("#code")
        .await
        .clear()
        .await
        .expect("the field");
    enter(&browser, &sent.reference).await;
    browser.wait_for_text("Das ist die Referenz.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_focus_goes_to_what_is_wrong_and_nowhere_else() {
    let world = World::with_smallest_hashes().await;
    let sent = send(&world, "note", "1").await;
    let browser = Browser::start().await;
    let focused = async || {
        let script = "return document.activeElement.id || document.activeElement.localName";
        browser.script(script).await
    };
    browser.go(&sent.link).await;
    assert_eq!(focused().await, "body", "nothing is wrong");
    enter(&browser, "").await;
    assert_eq!(focused().await, "code");
    enter(&browser, &wrong(&sent.code)).await;
    assert_eq!(focused().await, "code");
    world.advance(30 * 60);
    enter(&browser, &sent.code).await;
    assert_eq!(focused().await, "note", "the field is not to blame");
    browser.click("#note a").await;
    browser.find("[data-state=code]").await;
    assert_eq!(focused().await, "body");
}

/// Two seconds are left of a wait of five, by the server's clock; the browser counts by its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_counts_down_and_says_when_it_is_over() {
    let world = World::with_smallest_hashes().await;
    let sent = send(&world, "note", "1").await;
    let browser = Browser::start().await;
    browser.go(&sent.link).await;
    for _ in 0..3 {
        enter(&browser, &wrong(&sent.code)).await;
    }
    world.advance(3);
    enter(&browser, &sent.code).await;
    let title = async || browser.client().title().await.expect("a title");
    assert_eq!(title().await, "Bitte warten: Dokument abholen");
    browser.wait_for_text("Bitte warten Sie 1 Sekunde.").await;
    browser
        .wait_for_text("Jetzt können Sie es noch einmal versuchen.")
        .await;
    assert_eq!(title().await, "Dokument abholen");
    assert!(!browser.text().await.contains("Bitte warten"));
    world.advance(2);
    enter(&browser, &sent.code).await;
    browser.wait_for_text("Ihre Dokumente").await;
}

/// From a minute on, a wait is told in minutes, and then in seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_wait_is_told_in_minutes_first() {
    let world = World::with_smallest_hashes().await;
    let sent = send(&world, "note", "1").await;
    let browser = Browser::start().await;
    browser.go(&sent.link).await;
    // The browser's own clock, which the test moves.
    browser
        .before_every_page("let shift = 0; const now = Date.now; Date.now = () => now() + shift; window.later = (seconds) => { shift += 1000 * seconds; }")
        .await;
    let mut other = world.patient(&sent);
    for entry in 1..=8 {
        other.enter(&wrong(&sent.code)).await;
        world.advance(domain::delivery::l4_wait(entry));
    }
    other.enter(&wrong(&sent.code)).await;
    enter(&browser, &sent.code).await;
    browser.wait_for_text("Bitte warten Sie 5 Minuten.").await;
    for (later, said) in [
        (65, "Bitte warten Sie 4 Minuten."),
        (120, "Bitte warten Sie 2 Minuten."),
        (65, "Sekunden. Dann"),
        (60, "Jetzt können Sie es noch einmal versuchen."),
    ] {
        browser.script(&format!("later({later})")).await;
        browser.wait_for_text(said).await;
    }
}
