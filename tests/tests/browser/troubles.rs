//! What people and networks do besides: double clicks, the way back, two tabs, a form left open, a lost connection. No dead end.

use serde_json::json;
use tests::World;

use crate::browser::{Browser, Settings};
use crate::{enter, send, wrong, wrong_entries};

/// A browser with scripts and one without, one after the other.
async fn browsers() -> [(bool, Browser); 2] {
    let with = async |scripts| {
        let settings = Settings {
            scripts,
            ..Settings::default()
        };
        let browser = Browser::with(settings).await;
        // Wide and high enough for everything to be clicked.
        browser.resize(1280, 1600).await;
        (scripts, browser)
    };
    [with(true).await, with(false).await]
}

async fn type_code(browser: &Browser, code: &str) {
    let typed = browser.find("#code").await.send_keys(code).await;
    typed.expect("the field takes keys");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_does_what_a_click_does() {
    let world = World::with_smallest_hashes().await;
    let allowed = json!({"self_service": {"allowed": true}});
    let answer = world.practice.put("/v1/record-types/std", allowed).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    for (scripts, browser) in browsers().await {
        let number = if scripts { "1" } else { "2" };
        let sent = send(&world, "note", number).await;
        browser.go(&sent.link).await;
        type_code(&browser, &wrong(&sent.code)).await;
        browser.double_click("#code ~ button").await;
        browser.wait_for_text("Dieser Code stimmt nicht.").await;
        let charged = wrong_entries(&world, &sent).await;
        // Without a script the browser posts twice, and nobody can tell.
        let most = if scripts { 1 } else { 2 };
        assert!((1..=most).contains(&charged), "{charged} entries");

        let messages = world.messages().await.len();
        browser.double_click("form[action*='/code'] button").await;
        let told = if scripts {
            "[data-state=code-sent]"
        } else {
            "[data-state=code-sent], [data-state=code-too-early]"
        };
        browser.find(told).await;
        assert_eq!(world.messages().await.len(), messages + 1);

        let code = newest_code(&world).await;
        type_code(&browser, &code).await;
        browser.double_click("#code ~ button").await;
        browser.wait_for_text("Ihre Dokumente").await;
        browser.double_click("form button").await;
        browser.find("#code").await;
        // The same code opens it again.
        enter(&browser, &code).await;
        browser.wait_for_text("Ihre Dokumente").await;
    }
}

/// The code of the newest message.
async fn newest_code(world: &World) -> String {
    let messages = world.messages().await;
    let text = messages.last().and_then(|message| message["text"].as_str());
    let text = text.unwrap_or_default();
    let (_, from_code) = text.split_once("Ihr Code: ").expect("a code");
    from_code[..7].to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_back_and_forth_and_a_second_tab_lead_on() {
    let world = World::with_smallest_hashes().await;
    for (scripts, browser) in browsers().await {
        let number = if scripts { "1" } else { "2" };
        let sent = send(&world, "note", number).await;
        browser.go(&sent.link).await;
        enter(&browser, &wrong(&sent.code)).await;
        browser.wait_for_text("Dieser Code stimmt nicht.").await;
        browser.client().back().await.expect("the page before");
        let field = browser.find("[data-state=code] #code").await;
        field.clear().await.expect("the field is emptied");
        // A second tab with the same page; the form of the first still holds.
        browser.new_tab(&sent.link).await;
        browser.switch_to_tab(0).await;
        enter(&browser, &sent.code).await;
        browser.wait_for_text("Ihre Dokumente").await;
        browser.switch_to_tab(1).await;
        enter(&browser, &sent.code).await;
        browser.wait_for_text("Ihre Dokumente").await;
        // Done in one tab; the other says so when it is used next.
        browser.click("form button").await;
        browser.wait_for_text("Fertig.").await;
        browser.switch_to_tab(0).await;
        browser.client().refresh().await.expect("the page again");
        browser.find("#code").await;
        enter(&browser, &sent.code).await;
        browser.wait_for_text("Ihre Dokumente").await;
        browser.client().back().await.expect("the page before");
        browser.client().forward().await.expect("the page after");
        browser.wait_for_text("Ihre Dokumente").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p5_a_form_left_open_for_half_an_hour_is_mended_by_its_link() {
    let world = World::with_smallest_hashes().await;
    for (scripts, browser) in browsers().await {
        let number = if scripts { "1" } else { "2" };
        let sent = send(&world, "note", number).await;
        browser.go(&sent.link).await;
        world.advance(30 * 60);
        enter(&browser, &sent.code).await;
        browser
            .wait_for_text("Sitzung ungültig oder abgelaufen!")
            .await;
        assert_eq!(wrong_entries(&world, &sent).await, 0);
        browser.click("#note a").await;
        browser.find("[data-state=code]").await;
        enter(&browser, &sent.code).await;
        browser.wait_for_text("Ihre Dokumente").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_lost_in_the_middle_costs_nothing() {
    let world = World::with_smallest_hashes().await;
    for (scripts, browser) in browsers().await {
        let number = if scripts { "1" } else { "2" };
        let sent = send(&world, "note", number).await;
        browser.go(&sent.link).await;
        type_code(&browser, &sent.code).await;
        browser.connected(false).await;
        // The driver tells of the error, as the browser does.
        let _ = browser.find("#code ~ button").await.click().await;
        browser
            .wait_until("the page is gone", async || !browser.has("#code").await)
            .await;
        browser.connected(true).await;
        browser.client().back().await.expect("the page before");
        // A browser may have kept what was typed.
        let field = browser.find("[data-state=code] #code").await;
        field.clear().await.expect("the field is emptied");
        enter(&browser, &sent.code).await;
        browser.wait_for_text("Ihre Dokumente").await;
        // The same in the list.
        browser.connected(false).await;
        let _ = browser.client().refresh().await;
        browser
            .wait_until("the page is gone", async || !browser.has(".files").await)
            .await;
        browser.connected(true).await;
        browser.client().refresh().await.expect("the page again");
        browser.wait_for_text("Ihre Dokumente").await;
        assert_eq!(wrong_entries(&world, &sent).await, 0);
    }
}
