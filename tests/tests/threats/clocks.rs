//! T22: a clock that goes back, clocks that differ, days of 23 and 25 hours, the end of February, and a table that forgets late.

use domain::delivery::ENTRIES_PER_CODE;
use domain::time::{DAY, HOUR, MINUTE, Timestamp};
use store::Charge;
use tests::{Sent, World};

use crate::table::{item, op};
use crate::world;

/// How far a clock may be wrong.
const SKEW: i64 = 5 * MINUTE;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

async fn enter(world: &World, sent: &Sent, code: &str) -> u16 {
    world.patient(sent).enter(code).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn t22_f_v11_a_clock_that_goes_back_makes_no_limit_looser() {
    let world = world(3).await;
    let sent = world.practice.send_invoice(1).await;
    let started = world.clock().now();
    for _ in 0..3 {
        assert_eq!(enter(&world, &sent, sent.wrong_code()).await, 401);
    }
    // L4: five seconds after the third, whatever the clock did in between.
    for (passed, status) in [(-SKEW, 429), (0, 429), (4, 429), (5, 303)] {
        world.set_clock(started.plus(passed));
        assert_eq!(enter(&world, &sent, &sent.code).await, status, "{passed} s");
    }
    // L6: half an hour after the last request.
    let mut patient = world.patient(&sent);
    let asked = world.clock().now();
    assert_eq!(patient.ask().await.status, 303);
    let pause = 30 * MINUTE;
    for (passed, status) in [
        (-SKEW, 429),
        (0, 429),
        (pause - 1, 429),
        (pause, 303),
        (pause - SKEW, 429),
        (2 * pause - 1, 429),
        (2 * pause, 303),
    ] {
        world.set_clock(asked.plus(passed));
        let page = patient.ask().await;
        assert_eq!(page.status, status, "{passed} s after the request");
    }
}

/// Up to ten minutes what was written is waited for; beyond, it is our fault, and the answer says so.
#[tokio::test(flavor = "multi_thread")]
async fn f_v11_a_clock_that_cannot_be_right_judges_nothing_and_says_that_it_is_ours() {
    let world = world(2).await;
    let sent = world.practice.send_invoice(1).await;
    for _ in 0..3 {
        assert_eq!(enter(&world, &sent, sent.wrong_code()).await, 401);
    }
    let wrong_at = world.clock().now();
    for (passed, status) in [(-599, 429), (-600, 429), (-601, 503), (-DAY, 503), (5, 303)] {
        world.set_clock(wrong_at.plus(passed));
        assert_eq!(enter(&world, &sent, &sent.code).await, status, "{passed} s");
    }
    let mut patient = world.patient(&sent);
    let asked = world.clock().now();
    assert_eq!(patient.ask().await.status, 303);
    for (passed, status) in [(-599, 429), (-600, 429), (-601, 503), (30 * MINUTE, 303)] {
        world.set_clock(asked.plus(passed));
        let page = patient.ask().await;
        assert_eq!(page.status, status, "{passed} s after the request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t22_p7_a_session_does_not_outlive_its_hour_by_a_clock_that_went_back() {
    let world = world(2).await;
    let sent = world.practice.send_invoice(1).await;
    let started = world.clock().now();
    let mut patient = world.patient(&sent);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    // Used every five minutes, at a machine whose clock is right and at one that is late.
    for minutes in (5..60).step_by(5) {
        for skew in [0, -SKEW] {
            world.set_clock(started.plus(minutes * MINUTE + skew));
            let status = patient.documents().await.status;
            assert_eq!(status, 200, "after {minutes} minutes");
        }
    }
    world.set_clock(started.plus(HOUR));
    assert_eq!(patient.documents().await.status, 303, "after an hour");
}

/// Two machines take turns, one five minutes ahead of the other.
#[tokio::test(flavor = "multi_thread")]
async fn t22_two_clocks_that_differ_by_five_minutes_give_no_more_guesses() {
    let world = world(2).await;
    let store = world.store();
    let sent = world.practice.send_invoice(1).await;
    let (link, _) = item(&world, &sent).await;
    let started = world.clock().now();
    let mut judged = 0;
    for turn in 0..100 {
        let skew = if turn % 2 == 0 { 0 } else { SKEW };
        let now = started.plus(turn * MINUTE + skew);
        let (links, op) = ([link.clone()], op(&world));
        let charge = store.charge_entry(&links, now, &op).await;
        let charge = charge.expect("an answer");
        judged += u32::from(matches!(charge, Charge::Charged(_)));
    }
    assert_eq!(judged, ENTRIES_PER_CODE);
    world.set_clock(started.plus(3 * HOUR));
    assert_eq!(enter(&world, &sent, &sent.code).await, 410);
}

/// In Germany clocks go forward on 28 March 2027 and back on 31 October.
#[tokio::test(flavor = "multi_thread")]
async fn t22_hours_are_hours_on_days_when_clocks_are_changed() {
    let world = world(2).await;
    for (number, eve) in ["2027-03-27T12:00:00Z", "2027-10-30T12:00:00Z"]
        .into_iter()
        .enumerate()
    {
        let eve = at(eve);
        // L3 and L2: exactly so long, a second more.
        for (case, (passed, stale, window)) in [(0, 303, 410), (1, 410, 410), (-1, 303, 303)]
            .into_iter()
            .enumerate()
        {
            world.set_clock(eve);
            let number = 10 * number + 2 * case;
            let guessed = world.practice.send_invoice(number).await;
            assert_eq!(enter(&world, &guessed, guessed.wrong_code()).await, 401);
            let opened = world.practice.send_invoice(number + 1).await;
            assert_eq!(enter(&world, &opened, &opened.code).await, 303);
            world.set_clock(eve.plus(DAY + passed));
            let status = enter(&world, &guessed, &guessed.code).await;
            assert_eq!(status, stale, "{eve:?} and 24 h and {passed} s");
            world.set_clock(eve.plus(3 * DAY + passed));
            let status = enter(&world, &opened, &opened.code).await;
            assert_eq!(status, window, "{eve:?} and 72 h and {passed} s");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t22_l1_three_months_end_on_the_last_day_of_february() {
    let world = world(2).await;
    for (number, (sent_at, end)) in [
        ("2026-11-28T10:00:00Z", "2027-02-28T10:00:00Z"),
        ("2026-11-29T10:00:00Z", "2027-02-28T10:00:00Z"),
        ("2026-11-30T10:00:00Z", "2027-02-28T10:00:00Z"),
        ("2027-11-28T10:00:00Z", "2028-02-28T10:00:00Z"),
        ("2027-11-29T10:00:00Z", "2028-02-29T10:00:00Z"),
        ("2027-11-30T10:00:00Z", "2028-02-29T10:00:00Z"),
        ("2027-12-01T10:00:00Z", "2028-03-01T10:00:00Z"),
    ]
    .into_iter()
    .enumerate()
    {
        world.set_clock(at(sent_at));
        let sent = world.practice.send_invoice(number).await;
        for (passed, status) in [(-1, 200), (0, 410), (1, 410)] {
            world.set_clock(at(end).plus(passed));
            let page = world.patient(&sent).open().await;
            assert_eq!(page.status, status, "{sent_at}: {end} and {passed} s");
        }
    }
}

/// Nothing runs here that would take out of the table what has ended.
#[tokio::test(flavor = "multi_thread")]
async fn f_r3_what_has_ended_is_dead_however_late_the_table_forgets_it() {
    let world = world(2).await;
    let store = world.store();
    let (used, unused) = (
        world.practice.send_invoice(1).await,
        world.practice.send_invoice(2).await,
    );
    assert_eq!(enter(&world, &used, &used.code).await, 303);
    let started = world.clock().now();
    for (sent, end) in [
        (&used, started.plus(3 * DAY)),
        (&unused, started.plus_months(3)),
    ] {
        let (link, _) = item(&world, sent).await;
        for late in [0, 1, HOUR, 47 * HOUR, 29 * DAY, 30 * DAY, 60 * DAY] {
            world.set_clock(end.plus(late));
            let now = world.clock().now();
            let (links, op) = ([link.clone()], op(&world));
            let charge = store.charge_entry(&links, now, &op).await;
            let charge = charge.expect("an answer");
            assert!(matches!(charge, Charge::Refused(_)), "{late} s: {charge:?}");
            let page = world.patient(sent).open().await;
            assert!([404, 410].contains(&page.status), "{late} s");
        }
    }
}
