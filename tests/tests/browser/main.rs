//! The patient's pages and the outbox in a real browser: what only a browser can judge.
//!
//! Pictures of the pages are left for people in `target/screenshots`.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod browser;
mod enhancements;
mod foreign;
mod judges;
mod keyboard;
mod mails;
mod states;
mod table;
mod traffic;
mod troubles;

use std::path::{Path, PathBuf};

use fantoccini::key::Key;
use tests::{Sent, World, pdf};

use browser::{Browser, Settings};
use foreign::Site;

/// Until when a code entered at the world's beginning opens the documents, as German pages write it.
const WINDOW_ENDS: &str = "Donnerstag, 26. November 2026, 11:00 Uhr";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_job_from_mail_and_message_to_the_file_on_disk() {
    let world = World::start().await;
    let sent = send(&world, "invoice", "815").await;
    let browser = Browser::start().await;
    main_job(&browser, &world, &sent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p4_the_main_job_needs_no_javascript() {
    let world = World::start().await;
    let sent = send(&world, "invoice", "815").await;
    let browser = Browser::with(Settings {
        scripts: false,
        ..Settings::default()
    })
    .await;
    let site = Site::with_page(
        "<title>without</title><script>document.title = 'with'</script>".to_owned(),
    )
    .await;
    browser.go(&site.at("127.0.0.1")).await;
    let title = browser.client().title().await.expect("a title");
    assert_eq!(title, "without", "this browser runs scripts");

    main_job(&browser, &world, &sent).await;
}

/// What the demonstration invites to, from the outbox to "Done".
async fn main_job(browser: &Browser, world: &World, sent: &Sent) {
    browser.go(&format!("{}/", world.stack.outbox())).await;
    let mailbox = browser.text_of(".mail").await;
    assert!(mailbox.contains("erika@example.org"), "{mailbox}");
    let phone = browser.text_of(".phone .bubble").await;
    assert!(
        phone.contains(&sent.code) && phone.contains(&sent.reference),
        "the phone shows: {phone}"
    );
    let frame = browser.find(".mail iframe").await;
    frame.enter_frame().await.expect("the e-mail");
    let mail = browser.text().await;
    assert!(
        mail.contains(&sent.reference) && !mail.contains(&sent.code),
        "the e-mail says: {mail}"
    );
    browser.click("a[href*='/d/']").await;

    browser.switch_to_tab(1).await;
    assert_eq!(browser.text_of(".match .secret").await, sent.reference);
    assert_eq!(browser.url().await, sent.link);
    // As somebody types who sees no reason for capitals and hyphens.
    let typed = format!(" {} ", sent.code.to_lowercase().replace('-', "  "));
    let field = browser.tab_to("#code").await;
    type_and_enter(&field, &typed).await;

    browser.wait_for_text("Ihre Dokumente").await;
    let list = browser.text_of(".files").await;
    assert!(
        list.contains("Rechnung 815") && list.contains("20.") && list.contains("PDF"),
        "the list says: {list}"
    );
    let until = browser.text_of(".note").await;
    assert!(until.contains(WINDOW_ENDS), "{until}");
    browser.click(".files a.button").await;
    let file = browser.downloaded("Rechnung-815.pdf").await;
    assert!(file == pdf("815"), "the file differs from what was sent");

    browser.click("form button").await;
    browser.wait_for_text("Fertig.").await;
    let done = browser.text_of(".note").await;
    assert!(done.contains(WINDOW_ENDS), "after Done: {done}");
    browser.go(&format!("{}/documents", sent.link)).await;
    browser.find("#code").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_code_is_told_beside_the_field_and_the_right_one_still_works() {
    let world = World::start().await;
    let sent = send(&world, "invoice", "815").await;
    let browser = Browser::start().await;
    browser.go(&sent.link).await;
    enter(&browser, &wrong(&sent.code)).await;

    browser.wait_for_text("Dieser Code stimmt nicht.").await;
    assert_eq!(browser.status().await, 401);
    let title = browser.client().title().await.expect("a title");
    assert!(title.starts_with("Fehler: "), "the title is {title}");
    let note = browser.find("form [role=alert]").await;
    let (_, top, _, height) = note.rectangle().await.expect("its place");
    let field = browser.tab_to("#code").await;
    let (_, field_top, _, _) = field.rectangle().await.expect("its place");
    let gap = field_top - (top + height);
    assert!(
        (0.0..160.0).contains(&gap),
        "the note is {gap} px above the field"
    );
    let invalid = field.attr("aria-invalid").await.expect("an attribute");
    assert_eq!(invalid.as_deref(), Some("true"));
    let (name, description) = browser.read_out("#code").await;
    assert_eq!(name, "Code");
    assert!(
        description.contains("Dieser Code stimmt nicht.") && description.contains("6 Zeichen"),
        "a screen reader describes the field as: {description}"
    );

    type_and_enter(&field, &sent.code).await;
    browser.wait_for_text("Ihre Dokumente").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2_the_field_is_forgiving_and_says_what_it_takes_without_a_charge() {
    let world = World::start().await;
    let sent = send(&world, "invoice", "815").await;
    let browser = Browser::start().await;
    browser.go(&sent.link).await;
    enter(&browser, "BCD-FG").await;
    browser.wait_for_text("im Format XXX-XXX").await;
    assert_eq!(browser.status().await, 422);
    assert_eq!(wrong_entries(&world, &sent).await, 0);

    let wide: String = sent
        .code
        .chars()
        .map(|c| match c {
            '-' => '–',
            // The full-width form of a printable character of ASCII.
            c => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
        })
        .collect();
    enter(&browser, &format!("„{wide}“.")).await;
    browser.wait_for_text("Ihre Dokumente").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p3_the_switch_keeps_place_and_language_over_posts_and_redirects() {
    let world = World::start().await;
    let sent = send(&world, "invoice", "815").await;
    let browser = Browser::start().await;
    browser.go(&sent.link).await;
    assert_eq!(browser.text_of("h1").await, "Dokument abholen");

    browser.click("header a[hreflang=en]").await;
    browser.wait_for_text("Collect your document").await;
    assert_eq!(browser.url().await, format!("{}?lang=en", sent.link));
    assert!(
        browser.has("html[lang=en]").await,
        "the page is not English"
    );
    enter(&browser, &wrong(&sent.code)).await;
    browser.wait_for_text("This code is not right.").await;
    enter(&browser, &sent.code).await;
    browser.wait_for_text("Your documents").await;
    let documents = format!("{}/documents?lang=en", sent.link);
    assert_eq!(browser.url().await, documents);

    browser.click("header a[hreflang=de]").await;
    browser.wait_for_text("Ihre Dokumente").await;
    browser.click("header a[hreflang=en]").await;
    browser.wait_for_text("Your documents").await;
    assert_eq!(browser.url().await, documents);
    browser.click(".files a.button").await;
    assert!(browser.downloaded("Invoice-815.pdf").await == pdf("815"));
    browser.click("form button").await;
    browser
        .wait_for_text("The same code opens the documents again until")
        .await;
    assert!(browser.url().await.contains("lang=en"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p3_without_the_switch_the_browser_says_the_language() {
    let world = World::start().await;
    let sent = send(&world, "invoice", "815").await;
    let browser = Browser::with(Settings {
        languages: "en-GB,en",
        ..Settings::default()
    })
    .await;
    browser.go(&sent.link).await;
    assert_eq!(browser.text_of("h1").await, "Collect your document");
    enter(&browser, &sent.code).await;
    browser.wait_for_text("Your documents").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p7_two_deliveries_are_open_in_two_tabs_and_end_each_for_itself() {
    let world = World::start().await;
    // Of kinds that are never offered beside others.
    let note = send(&world, "note", "101").await;
    let prescription = send(&world, "prescription", "202").await;
    let browser = Browser::start().await;
    browser.go(&note.link).await;
    // Both forms are there before either is posted: they share one cookie.
    browser.new_tab(&prescription.link).await;
    enter(&browser, &prescription.code).await;
    browser.wait_for_text("Ihre Dokumente").await;
    browser.switch_to_tab(0).await;
    enter(&browser, &note.code).await;
    browser.wait_for_text("Ihre Dokumente").await;

    let shows = async |number: usize, own: &str, other: &str| {
        browser.switch_to_tab(number).await;
        browser.client().refresh().await.expect("the page again");
        let list = browser.text_of(".files").await;
        assert!(
            list.contains(own) && !list.contains(other),
            "tab {number} shows: {list}"
        );
    };
    shows(0, "Notiz 101", "Rezept").await;
    shows(1, "Rezept 202", "Notiz").await;
    browser.click("form button").await;
    browser.wait_for_text("Fertig.").await;
    shows(0, "Notiz 101", "Rezept").await;
    browser.click(".files a.button").await;
    assert!(browser.downloaded("Notiz-101.pdf").await == pdf("101"));
}

/// As on a computer that several people use.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p7_after_done_the_way_back_leads_to_no_documents() {
    let world = World::start().await;
    let sent = send(&world, "invoice", "815").await;
    let browser = Browser::start().await;
    browser.go(&sent.link).await;
    enter(&browser, &sent.code).await;
    browser.wait_for_text("Ihre Dokumente").await;
    browser.click("form button").await;
    browser.wait_for_text("Fertig.").await;
    for _ in 0..2 {
        browser.client().back().await.expect("the page before");
        browser.find("#code").await;
        assert!(!browser.has(".files").await, "the list is shown again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p5_forms_come_with_the_browsers_own_word_where_they_are_from() {
    let world = World::start().await;
    let sent = send(&world, "invoice", "815").await;
    let mut browser = Browser::start().await;
    browser.go(&sent.link).await;
    enter(&browser, &sent.code).await;
    browser.wait_for_text("Ihre Dokumente").await;
    browser.click("form button").await;
    browser.wait_for_text("Fertig.").await;

    let forms = &browser.traffic().await.forms;
    assert_eq!(forms.len(), 2, "one form for the code, one for Done");
    for headers in forms {
        let value = |wanted: &str| {
            let found = headers.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(value("origin"), Some(world.stack.api()), "{headers:?}");
        assert_eq!(value("sec-fetch-site"), Some("same-origin"), "{headers:?}");
    }
}

/// The strongest foreign site there could be: it has got hold of a good form, and its visitor's cookies come along.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p5_a_form_of_another_site_is_refused_and_nothing_charged() {
    let world = World::start().await;
    let sent = send(&world, "invoice", "815").await;
    let mut browser = Browser::start().await;
    // One site to a browser, whatever the port, and another.
    for host in ["127.0.0.1", "localhost"] {
        for code in [wrong(&sent.code), sent.code.clone()] {
            browser.go(&sent.link).await;
            let form = browser.find("input[name=form]").await;
            let form = form
                .prop("value")
                .await
                .expect("a form")
                .unwrap_or_default();
            let fields = [("form", form.as_str()), ("code", code.as_str())];
            let site = Site::that_posts(&sent.link, &fields).await;
            browser.go(&site.at(host)).await;
            browser
                .wait_for_text("Sitzung ungültig oder abgelaufen!")
                .await;
            assert_eq!(browser.status().await, 403, "a form of {host}");
            assert_eq!(browser.url().await, sent.link);
            assert_eq!(wrong_entries(&world, &sent).await, 0, "a form of {host}");
            let delivery = world.practice.shown(&sent).await;
            assert_eq!(delivery["state"], "open", "a form of {host}");
        }
    }
    let sites: Vec<String> = browser
        .traffic()
        .await
        .forms
        .iter()
        .flatten()
        .filter(|(name, _)| name == "sec-fetch-site")
        .map(|(_, value)| value.clone())
        .collect();
    assert_eq!(
        sites,
        ["same-site", "same-site", "cross-site", "cross-site"]
    );

    // The page that came instead says to reload, and that mends it.
    browser.click("form [role=alert] a").await;
    enter(&browser, &sent.code).await;
    browser.wait_for_text("Ihre Dokumente").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p4_the_pages_ask_nobody_but_their_own_server_and_the_bucket() {
    let world = World::start().await;
    let sent = send(&world, "invoice", "815").await;
    let mut browser = Browser::start().await;
    browser.go(&sent.link).await;
    browser.click("footer a[href^='/privacy']").await;
    browser.wait_for_text("Was hier gespeichert wird").await;
    browser.go(&sent.link).await;
    enter(&browser, &wrong(&sent.code)).await;
    browser.wait_for_text("Dieser Code stimmt nicht.").await;
    enter(&browser, &sent.code).await;
    browser.wait_for_text("Ihre Dokumente").await;
    browser.click(".files a.button").await;
    browser.downloaded("Rechnung-815.pdf").await;
    browser.click("form button").await;
    browser.wait_for_text("Fertig.").await;

    let (api, bucket) = (world.stack.api(), world.stack.s3());
    let traffic = browser.traffic().await;
    let origins = traffic.origins();
    assert!(
        origins.iter().any(|origin| origin == api) && origins.iter().any(|origin| origin == bucket),
        "the log has too little: {origins:?}"
    );
    // The empty icon lies in the page itself.
    let foreign = |origin: &&String| ![api, bucket, "data"].contains(&origin.as_str());
    assert_eq!(origins.iter().find(foreign), None, "{origins:?}");
    let pages = traffic
        .addresses
        .iter()
        .filter(|url| url.starts_with(api))
        .filter(|url| !url.contains("/d/") && !url.contains("/privacy"));
    assert_eq!(
        pages.count(),
        0,
        "more than the pages: {:?}",
        traffic.addresses
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outbox_fits_a_phone_and_a_desk() {
    let world = World::start().await;
    send(&world, "invoice", "815").await;
    let browser = Browser::start().await;
    browser.go(&format!("{}/", world.stack.outbox())).await;
    for width in [360, 1280] {
        browser.resize(width, 800).await;
        let needed = browser.measure("scrollWidth").await;
        assert!(needed <= u64::from(width), "{needed} px of {width}");
        browser.picture(&format!("outbox-{width}")).await;
    }
}

/// Sends one document of this kind and number, issued on 20 November 2026.
async fn send(world: &World, kind: &str, number: &str) -> Sent {
    let document = world.practice.document(kind, number, "2026-11-20").await;
    world.practice.send(&[&document]).await
}

/// Types a code as a person does, presses Enter, and waits for the page that follows.
async fn enter(browser: &Browser, code: &str) {
    browser.script("document.body.dataset.left = ''").await;
    type_and_enter(&browser.find("#code").await, code).await;
    let is_next = async || !browser.has("[data-left]").await && browser.has("body").await;
    browser.wait_until("the next page is there", is_next).await;
}

async fn type_and_enter(field: &fantoccini::elements::Element, code: &str) {
    let keys = format!("{code}{}", char::from(Key::Enter));
    field.send_keys(&keys).await.expect("the field takes keys");
}

/// Goes to a part of the page by keyboard, presses Enter, and waits for the page that follows.
async fn follow(browser: &Browser, css: &str) {
    browser.script("document.body.dataset.left = ''").await;
    let part = browser.tab_to(css).await;
    let pressed = part.send_keys(&char::from(Key::Enter).to_string()).await;
    pressed.expect("the key Enter");
    wait_for_next(browser).await;
}

/// Waits until another page is there than the one that was marked.
async fn wait_for_next(browser: &Browser) {
    let is_next = async || !browser.has("[data-left]").await && browser.has("body").await;
    browser.wait_until("the next page is there", is_next).await;
}

/// An empty folder beside the build, for people to look into; what an earlier run left there is gone.
fn emptied(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A code of the same form that is not this one.
fn wrong(code: &str) -> String {
    let other = if code.starts_with('B') { "C" } else { "B" };
    format!("{other}{}", &code[1..])
}

async fn wrong_entries(world: &World, sent: &Sent) -> u64 {
    let delivery = world.practice.shown(sent).await;
    let charged = delivery["wrong_entries"]["in_life"].as_u64();
    charged.unwrap_or_else(|| panic!("no count of wrong entries in {delivery}"))
}
