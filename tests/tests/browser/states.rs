//! Every state of every page, from the pages' own list: reached in a real browser, judged and pictured.
//!
//! Each is looked at in German, informal German and English, on a phone and on a desk, in light and in dark:
//! nothing stands out sideways, axe-core finds no violation of WCAG 2.2 AA, and the Nu checker none of HTML.
//! The pictures are left in `target/screenshots`, the pages as they were sent in `target/pages`.

use std::collections::BTreeSet;
use std::path::Path;

use domain::delivery::l4_wait;
use pages::PageState;
use serde_json::{Value, json};
use tests::{Sent, World};
use tokio::time::sleep;

use crate::browser::{Browser, PERIOD};
use crate::judges::html_faults;
use crate::{emptied, enter, table, wrong};

/// A page that nobody has.
const UNKNOWN: &str = "/d/BCDFGHJKLMNPQRSTVWXZ23456789";
const HALF_AN_HOUR: i64 = 30 * 60;
const HOUR: i64 = 2 * HALF_AN_HOUR;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_is_reached_and_judged_in_every_language_light_and_dark_narrow_and_wide() {
    let world = World::with_smallest_hashes().await;
    let mut browser = Browser::start().await;
    browser.keep_axe_at_hand().await;
    let folder = emptied("pages");
    let mut faults = Vec::new();
    // With practices as different as they can be: of few words, as bright and long-winded as allowed, and very dark.
    let tours = [
        (
            "de",
            json!({"name": "Praxis am Park", "phone": "0441 234567"}),
        ),
        (
            "de-x-informal",
            json!({
                "name": "Gemeinschaftspraxis am Alten Stadtpark 1", "phone": "+49 (0) 441 23 45 67-890", "colour": "#ffe600",
                "imprint_url": "https://praxis.example.org/impressum", "privacy_url": "https://praxis.example.org/datenschutz",
            }),
        ),
        ("en", json!({"name": "P", "colour": "#0a1a4f"})),
    ];
    for (number, (language, mut settings)) in tours.into_iter().enumerate() {
        settings["sms_allowed"] = json!(true);
        settings["reply_to"] = json!("praxis@example.org");
        let answer = world.practice.put("/v1/settings", settings).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut tour = Tour {
            world: &world,
            browser: &mut browser,
            folder: &folder,
            language,
            documents: 100 * number,
            seen: BTreeSet::new(),
            faults: Vec::new(),
        };
        tour.code_page().await;
        tour.asking_for_a_code().await;
        tour.documents().await;
        tour.not_mine().await;
        tour.ends().await;
        tour.revivable_ends().await;
        tour.pages_of_nobody().await;
        let all: BTreeSet<PageState> = PageState::ALL.iter().copied().collect();
        assert_eq!(tour.seen, all, "seen (left), there are (right)");
        faults.append(&mut tour.faults);
    }
    faults.extend(html_faults(&folder));
    let ours = [world.stack.api(), "data"];
    let origins = browser.traffic().await.origins();
    let foreign = origins
        .iter()
        .filter(|origin| !ours.contains(&origin.as_str()));
    faults.extend(foreign.map(|origin| format!("the browser asked {origin}")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A walk through all states in one language.
struct Tour<'a> {
    world: &'a World,
    browser: &'a mut Browser,
    folder: &'a Path,
    language: &'static str,
    documents: usize,
    seen: BTreeSet<PageState>,
    faults: Vec<String>,
}

impl Tour<'_> {
    async fn code_page(&mut self) {
        self.allow_requests(false).await;
        let sent = self.send(json!({})).await;
        self.open(&sent).await;
        self.look(PageState::Code).await;
        for (typed, state) in [
            ("", PageState::Empty),
            ("BCD-FG", PageState::NotACode),
            ("BCD-FG", PageState::NotACodeAgain),
            ("BCD-FGA", PageState::ForeignSymbol),
            (sent.reference.as_str(), PageState::ReferenceTyped),
            (&wrong(&sent.code), PageState::Wrong),
        ] {
            enter(self.browser, typed).await;
            self.look(state).await;
        }
        for _ in 0..3 {
            enter(self.browser, &wrong(&sent.code)).await;
        }
        self.look(PageState::Wait).await;

        let sent = self.send(json!({})).await;
        let mut hurried = self.world.patient(&sent);
        for _ in 0..11 {
            hurried.open().await;
        }
        self.open(&sent).await;
        self.look(PageState::Reloaded).await;
        self.world.advance(HALF_AN_HOUR);
        enter(self.browser, &sent.code).await;
        self.look(PageState::FormExpired).await;
    }

    async fn asking_for_a_code(&mut self) {
        self.allow_requests(true).await;
        let sent = self.send(json!({"channel": "self_service"})).await;
        self.open(&sent).await;
        self.look(PageState::CodeToAskFor).await;
        self.ask().await;
        self.look(PageState::CodeSent).await;
        self.ask().await;
        self.look(PageState::CodeTooEarly).await;
        // Any code but the one that was sent.
        let code = self.newest_code().await;
        enter(self.browser, &wrong(&code)).await;
        self.look(PageState::WrongAfterRequest).await;
        self.world.advance(HALF_AN_HOUR);
        self.world.fail("sms", "refuse", 1).await;
        self.open(&sent).await;
        self.ask().await;
        self.look(PageState::CannotSendCode).await;
        self.world.fail("sms", "timeout", 1).await;
        self.ask().await;
        self.look(PageState::CodeFateUnknown).await;
        self.allow_requests(false).await;
        self.ask().await;
        self.look(PageState::NoMoreCodes).await;
    }

    async fn documents(&mut self) {
        let kinds = ["invoice", "note"];
        let mut documents = Vec::new();
        for kind in kinds {
            let number = self.number();
            documents.push(
                self.world
                    .practice
                    .document(kind, &number, "2026-11-20")
                    .await,
            );
        }
        let ids: Vec<&str> = documents.iter().map(String::as_str).collect();
        let sent = self.world.practice.send(&ids).await;
        self.open(&sent).await;
        enter(self.browser, &sent.code).await;
        self.look(PageState::Documents).await;
        let name = format!("{}-documents", self.language);
        let paper = self.browser.printed(&name).await;
        let numbers = [self.documents - 1, self.documents];
        let missing = numbers.map(|number| format!("2026-{number:04}"));
        let missing = missing.iter().filter(|number| !paper.contains(*number));
        self.faults
            .extend(missing.map(|number| format!("{name}: {number} is not printed")));
        let buttons = ["Deutsch", "English", "Fertig", "Done"];
        let buttons = buttons.iter().filter(|button| paper.contains(**button));
        self.faults
            .extend(buttons.map(|button| format!("{name}: {button} is printed")));
        let gone = format!("/v1/documents/{}", documents[1]);
        assert_eq!(self.world.practice.delete(&gone).await.status, 204);
        let link = format!(".files a[href*='{}']", documents[1]);
        self.browser.click(&link).await;
        self.look(PageState::DocumentGone).await;
        self.browser.delete_cookie("__Host-form").await;
        self.browser.click("form button").await;
        self.look(PageState::DocumentsFormExpired).await;
        self.world.advance(HOUR);
        self.browser.click(".note a").await;
        self.look(PageState::SessionEnded).await;
        enter(self.browser, &sent.code).await;
        self.browser.find("[data-state=documents]").await;
        self.browser.click("form button").await;
        self.look(PageState::Done).await;
    }

    async fn not_mine(&mut self) {
        let sent = self.send(json!({})).await;
        self.open(&sent).await;
        self.browser.click("a[href*='/not-mine']").await;
        self.look(PageState::NotMine).await;
        self.world.advance(HALF_AN_HOUR);
        self.browser.click("form button").await;
        self.look(PageState::NotMineFormExpired).await;
        self.browser.click("form button").await;
        self.look(PageState::NotMineThanks).await;
        self.open(&sent).await;
        self.look(PageState::Reported).await;
    }

    /// The ends of deliveries that no new code opens again.
    async fn ends(&mut self) {
        self.allow_requests(false).await;
        let revoked = self.send(json!({})).await;
        assert_eq!(self.world.practice.revoke(&revoked).await.status, 204);
        self.open(&revoked).await;
        self.look(PageState::Revoked).await;

        let number = self.number();
        let document = self
            .world
            .practice
            .document("invoice", &number, "2026-11-20")
            .await;
        let earlier = self.world.practice.send(&[&document]).await;
        self.world.practice.send(&[&document]).await;
        self.open(&earlier).await;
        self.look(PageState::Superseded).await;

        let sent = self.send(json!({})).await;
        self.exhaust(&sent).await;
        self.open(&sent).await;
        self.look(PageState::TooManyAttempts).await;

        let stale = self.send(json!({})).await;
        self.world.patient(&stale).enter(&wrong(&stale.code)).await;
        let used = self.send(json!({})).await;
        self.world.patient(&used).enter(&used.code).await;
        self.world.advance(72 * HOUR);
        self.open(&stale).await;
        self.look(PageState::StaleFailure).await;
        self.open(&used).await;
        self.look(PageState::Used).await;

        let expired = self.send(json!({"valid_days": 2})).await;
        self.world.advance(48 * HOUR);
        self.open(&expired).await;
        self.look(PageState::Expired).await;
        self.sending().await;
    }

    /// An e-mail that is being sent, and of which then nobody can tell whether it was.
    async fn sending(&mut self) {
        let number = self.number();
        let document = self
            .world
            .practice
            .document("invoice", &number, "2026-11-20")
            .await;
        let before = self.world.messages().await.len();
        self.world.fail("email", "timeout", 1).await;
        let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
        let world = self.world;
        let link = async {
            loop {
                let messages = world.messages().await;
                let text = messages.get(before).and_then(|mail| mail["text"].as_str());
                if let Some(text) = text {
                    let link = text.split_whitespace().find(|word| word.contains("/d/"));
                    break link.expect("a link").to_owned();
                }
                sleep(PERIOD).await;
            }
        };
        let look = async {
            let link = link.await;
            self.go(&link).await;
            self.look(PageState::Pending).await;
            link
        };
        let (answer, link) = futures::join!(world.practice.post_delivery(body), look);
        assert_eq!(answer.problem(), "email-unknown");
        self.go(&link).await;
        self.look(PageState::NotSent).await;
    }

    async fn revivable_ends(&mut self) {
        self.allow_requests(true).await;
        let exhausted = self.send(json!({})).await;
        self.exhaust(&exhausted).await;
        self.open(&exhausted).await;
        self.look(PageState::RevivableTooManyAttempts).await;
        let stale = self.send(json!({})).await;
        self.world.patient(&stale).enter(&wrong(&stale.code)).await;
        let used = self.send(json!({})).await;
        self.world.patient(&used).enter(&used.code).await;
        self.world.advance(72 * HOUR);
        self.open(&stale).await;
        self.look(PageState::RevivableStaleFailure).await;
        self.open(&used).await;
        self.look(PageState::RevivableUsed).await;
        self.world.fail("sms", "refuse", 1).await;
        self.ask().await;
        self.look(PageState::RevivableNoted).await;
    }

    async fn pages_of_nobody(&mut self) {
        let api = self.world.stack.api();
        self.go(&format!("{api}{UNKNOWN}")).await;
        self.look(PageState::Unknown).await;
        self.go(&format!("{api}/privacy")).await;
        self.look(PageState::Privacy).await;
        let sent = self.send(json!({})).await;
        let practice = table::break_practice(self.world.stack.dynamodb()).await;
        self.open(&sent).await;
        self.look(PageState::Fault).await;
        table::put_back(self.world.stack.dynamodb(), practice).await;
    }

    /// Looks at what the browser shows, which has to be this state.
    async fn look(&mut self, state: PageState) {
        let name = format!("{}-{}", self.language, state.name());
        let shown = format!("[data-state={}]", state.name());
        self.browser.find(&shown).await;
        let html = self.browser.as_sent().await;
        let page = self.folder.join(format!("{name}.html"));
        std::fs::write(page, html).expect("a page on disk");
        let faults = self.browser.judge(&name).await;
        self.faults.extend(faults);
        self.seen.insert(state);
    }

    async fn open(&self, sent: &Sent) {
        self.go(&sent.link).await;
    }

    async fn go(&self, url: &str) {
        self.browser
            .go(&format!("{url}?lang={}", self.language))
            .await;
    }

    /// Presses the button that asks for a code.
    async fn ask(&self) {
        self.browser.click("form[action*='/code'] button").await;
    }

    async fn newest_code(&self) -> String {
        let messages = self.world.messages().await;
        let message = messages
            .iter()
            .rev()
            .find(|message| message["channel"] == "sms");
        let text = message.and_then(|message| message["text"].as_str());
        let code = text
            .unwrap_or_default()
            .split_whitespace()
            .find(|word| word.len() == 7 && word.as_bytes()[3] == b'-');
        code.expect("a code").to_owned()
    }

    /// Ten wrong entries of a stranger's.
    async fn exhaust(&self, sent: &Sent) {
        let mut stranger = self.world.patient(sent);
        for entry in 1..=10 {
            stranger.enter(&wrong(&sent.code)).await;
            self.world.advance(l4_wait(entry));
        }
    }

    async fn allow_requests(&self, allowed: bool) {
        let body = json!({"self_service": {"allowed": allowed}});
        let answer = self.world.practice.put("/v1/record-types/std", body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    fn number(&mut self) -> String {
        self.documents += 1;
        format!("2026-{:04}", self.documents)
    }

    /// Sends an invoice of its own.
    async fn send(&mut self, extra: Value) -> Sent {
        let number = self.number();
        let practice = &self.world.practice;
        let document = practice.document("invoice", &number, "2026-11-20").await;
        practice.send_with(&[&document], extra).await
    }
}
