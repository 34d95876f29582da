//! P6: whoever reloads a page in haste waits, and nobody else does.

use std::net::{IpAddr, Ipv4Addr};

use tests::{Page, Patient, Sent, World};

use crate::world;

const SLOWED: &str = "Die Seite wurde sehr oft neu geladen.";
/// In another /24 than everybody else here.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 1, 1));

/// Opens the page this often, and shows the last time.
async fn open(patient: &mut Patient, times: usize) -> Page {
    let mut page = patient.open().await;
    for _ in 1..times {
        page = patient.open().await;
    }
    assert_eq!(page.status, 200);
    page
}

async fn enter(patient: &mut Patient, page: &Page, sent: &Sent) -> Page {
    let link = patient.link.clone();
    let fields = [("form", page.form()), ("code", sent.code.as_str())];
    patient.post(&link, &fields).await
}

/// A delivery whose page was just reloaded eleven times, from a browser that then shows this.
async fn in_haste(world: &World, number: usize) -> (Sent, Patient, Page) {
    let sent = world.practice.send_invoice(number).await;
    let mut patient = world.patient(&sent);
    let page = open(&mut patient, 12).await;
    assert!(page.says(SLOWED), "{}", page.text());
    (sent, patient, page)
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_the_eleventh_reload_in_ten_seconds_makes_its_form_wait_for_thirty() {
    let world = world(3).await;
    let sent = world.practice.send_invoice(1).await;
    let mut patient = world.patient(&sent);
    let tenth = open(&mut patient, 11).await;
    assert!(!tenth.says(SLOWED), "ten reloads are no haste");
    let eleventh = patient.open().await;
    let words = format!("{SLOWED} Bitte warten Sie 30 Sekunden. Dann können Sie es noch einmal");
    assert!(eleventh.says(&words), "{}", eleventh.text());
    for (passed, left, words) in [(0, 30, "30 Sekunden"), (29, 1, "1 Sekunde.")] {
        world.advance(passed);
        let page = enter(&mut patient, &eleventh, &sent).await;
        assert_eq!(page.status, 429, "after {passed} s");
        assert_eq!(page.headers["retry-after"], left.to_string());
        assert!(page.says(words), "{}", page.text());
        if left == 1 {
            world.advance(1);
            // What the refusal handed out waits no longer than what was refused.
            let entered = enter(&mut patient, &page, &sent).await;
            assert_eq!(entered.status, 303, "after 30 s");
        }
    }
    let entries = &world.practice.shown(&sent).await["wrong_entries"];
    assert_eq!(entries["in_life"], 0, "nothing was charged");
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_the_form_is_taken_from_the_thirtieth_second_on() {
    let world = world(3).await;
    for (number, passed, status) in [(1, 29, 429), (2, 30, 303), (3, 31, 303)] {
        let (sent, mut patient, page) = in_haste(&world, number).await;
        world.advance(passed);
        let entered = enter(&mut patient, &page, &sent).await;
        assert_eq!(entered.status, status, "after {passed} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_reloads_count_together_for_ten_seconds() {
    let world = world(3).await;
    // Each from another second of the minute on, for rows of the table end with it.
    for number in 0..7 {
        for (case, (passed, slowed)) in [(9, true), (10, false), (11, false)].iter().enumerate() {
            let (passed, slowed) = (*passed, *slowed);
            let sent = world.practice.send_invoice(3 * number + case).await;
            let mut patient = world.patient(&sent);
            open(&mut patient, 11).await;
            world.advance(passed);
            let last = patient.open().await;
            assert_eq!(last.says(SLOWED), slowed, "{passed} s, round {number}");
        }
    }
}

/// The one in haste is a stranger who got hold of the link.
#[tokio::test(flavor = "multi_thread")]
async fn p6_others_are_not_slowed_and_an_open_session_is_not_harmed() {
    let world = world(3).await;
    let sent = world.practice.send_invoice(1).await;
    let mut reader = world.patient(&sent);
    assert_eq!(reader.enter(&sent.code).await.status, 303);
    let mut early = world.patient(&sent);
    let early_page = early.open().await;
    let mut stranger = world.patient(&sent);
    let page = open(&mut stranger, 40).await;
    assert!(page.says(SLOWED));
    assert_eq!(enter(&mut stranger, &page, &sent).await.status, 429);

    assert_eq!(reader.documents().await.status, 200, "the open session");
    let taken = enter(&mut early, &early_page, &sent).await;
    assert_eq!(taken.status, 303, "a form that was handed out before");
    let mut elsewhere = world.patient(&sent).at(ELSEWHERE);
    let page = elsewhere.open().await;
    assert!(!page.says(SLOWED), "another network");
    assert_eq!(enter(&mut elsewhere, &page, &sent).await.status, 303);
    let other = world.practice.send_invoice(2).await;
    let mut patient = world.patient(&other);
    assert!(!patient.open().await.says(SLOWED), "another delivery");
}

/// P1: however often the page is opened, what a patient may do stays the same.
#[tokio::test(flavor = "multi_thread")]
async fn p6_haste_takes_nothing_away_but_the_wait() {
    let world = world(3).await;
    let sent = world.practice.send_invoice(1).await;
    let before = world.practice.shown(&sent).await;
    let messages = world.messages().await;
    let mut patient = world.patient(&sent);
    open(&mut patient, 30).await;
    assert_eq!(world.practice.shown(&sent).await, before);
    assert_eq!(world.messages().await, messages);
    assert_eq!(patient.ask().await.status, 303, "a code is sent");
}
