//! How long a delivery's code works, and how many wrong entries it bears (L1 to L4).

use domain::time::{DAY, HOUR, Timestamp};
use serde_json::{Value, json};
use tests::World;

use crate::{assert_closed, sent};

const THREE_MONTHS_LATER: &str = "2027-02-23T10:00:00Z";

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn l1_open_until_three_calendar_months_have_passed() {
    let world = World::start().await;
    let (_, sent) = sent(&world, json!({})).await;
    world.set_clock(at(THREE_MONTHS_LATER).plus(-1));
    let mut patient = world.patient(&sent);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    assert_eq!(patient.documents().await.status, 200);
    world.advance(1);
    assert_eq!(
        patient.documents().await.status,
        303,
        "L9: the session ends with L1"
    );
    assert_closed(&world, &sent, "expired", "Die Dokumente waren bis").await;
    world.advance(1);
    assert_closed(&world, &sent, "expired", "Die Dokumente waren bis").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l1_a_form_handed_out_in_time_does_not_open_after_the_end() {
    let world = World::start().await;
    let (_, sent) = sent(&world, json!({"valid_days": 1})).await;
    assert_eq!(sent.answer["expires_at"], "2026-11-24T10:00:00Z");
    world.set_clock(at("2026-11-24T09:59:59Z"));
    let mut patient = world.patient(&sent);
    let page = patient.open().await;
    world.advance(1);
    let page = patient
        .post(&sent.link, &[("form", page.form()), ("code", &sent.code)])
        .await;
    assert_eq!(page.status, 410);
    assert_eq!(world.practice.shown(&sent).await["opened_at"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_the_code_works_for_72_hours_from_its_first_right_entry() {
    let world = World::start().await;
    let (_, sent) = sent(&world, json!({})).await;
    world.advance(5 * DAY);
    let opened = world.clock().now();
    assert_eq!(world.patient(&sent).enter(&sent.code).await.status, 303);
    world.set_clock(opened.plus(40 * HOUR));
    assert_eq!(
        world.patient(&sent).enter(&sent.code).await.status,
        303,
        "again and again"
    );
    world.set_clock(opened.plus(72 * HOUR - 1));
    let mut patient = world.patient(&sent);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    world.advance(1);
    assert_eq!(
        patient.documents().await.status,
        303,
        "L9: the session ends with L2"
    );
    assert_closed(
        &world,
        &sent,
        "used",
        "Nach der ersten Eingabe des Codes war die Seite 3 Tage offen.",
    )
    .await;
    assert_eq!(world.practice.shown(&sent).await["revivable"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn l3_the_next_entry_must_come_within_24_hours() {
    for (seconds, status) in [(24 * HOUR - 1, 303), (24 * HOUR, 303), (24 * HOUR + 1, 410)] {
        let world = World::start().await;
        let (_, sent) = sent(&world, json!({})).await;
        assert_eq!(
            world.patient(&sent).enter(sent.wrong_code()).await.status,
            401
        );
        world.advance(seconds);
        assert_eq!(
            world.patient(&sent).enter(&sent.code).await.status,
            status,
            "{seconds}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_waits_are_kept_to_the_second_and_what_is_refused_is_not_counted() {
    let world = World::start().await;
    let (_, sent) = sent(&world, json!({})).await;
    let mut patient = world.patient(&sent);
    for _ in 0..3 {
        assert_eq!(patient.enter(sent.wrong_code()).await.status, 401);
    }
    for wait in [5, 10, 20, 40, 80, 160] {
        world.advance(wait - 1);
        let page = patient.enter(&sent.code).await;
        assert_eq!(page.status, 429, "a second before: {}", page.text());
        assert_eq!(page.headers["retry-after"], "1");
        world.advance(1);
        assert_eq!(
            patient.enter(sent.wrong_code()).await.status,
            401,
            "at {wait}"
        );
    }
    assert_eq!(
        world.practice.shown(&sent).await["wrong_entries"]["of_code"],
        9
    );
    world.advance(300);
    assert_eq!(
        patient.enter(&sent.code).await.status,
        303,
        "the tenth entry may be right"
    );
    assert_eq!(
        world.practice.shown(&sent).await["wrong_entries"]["of_code"],
        9,
        "a right entry does not refill the ten"
    );
    let page = patient.enter(sent.wrong_code()).await;
    assert_eq!(
        page.status, 303,
        "the session is still open, so the page leads to the documents"
    );
    assert_eq!(
        world.patient(&sent).enter(sent.wrong_code()).await.status,
        410,
        "the tenth wrong one closes"
    );
    assert_closed(
        &world,
        &sent,
        "too_many_attempts",
        "Der Code wurde zu oft falsch eingegeben.",
    )
    .await;
    assert_eq!(world.patient(&sent).enter(&sent.code).await.status, 410);
    assert_eq!(
        patient.documents().await.status,
        200,
        "L9: not by wrong entries of others"
    );
}
