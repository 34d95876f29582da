//! Runs, at every boundary.

use super::*;
use crate::delivery::PENDING;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds).unwrap()
}

fn run(attempt: u32, retried: Option<ItemState>) -> Run {
    Run {
        id: "01a207d9-2100-7345-84ac-89e186209d30".parse().unwrap(),
        practice: "park".parse().unwrap(),
        dry_run: false,
        items: 10,
        created_at: at(0),
        asked_by: "Front desk".to_owned(),
        attempt,
        retried,
        cancelled_at: None,
        finished_at: None,
        counts: None,
    }
}

fn line(state: ItemState, attempt: u32) -> Line {
    Line {
        state,
        attempt,
        delivery: None,
        message: None,
        problems: None,
    }
}

fn item(document: char, recipient: &str) -> RunItem {
    let document = format!("20261120-{}", String::from(document).repeat(25));
    RunItem {
        document: document.parse().unwrap(),
        recipient: recipient.parse().unwrap(),
        channel: None,
        earlier: 0,
    }
}

#[test]
fn every_item_belongs_to_one_lane_and_to_one_step() {
    for items in [1, 15, 16, 17, 33, 64, 65, 127, 128, 129, 2_000, MOST_ITEMS] {
        let lanes = lanes(items);
        assert!(
            (1..=MOST_LANES).contains(&lanes.len()),
            "{items}: {lanes:?}"
        );
        let mut taken = Vec::new();
        for lane in &lanes {
            assert!(!lane.is_empty(), "{items}: {lanes:?}");
            let mut next = lane.start;
            while next < lane.end {
                let step = step(next, lane.end);
                assert!((1..=ITEMS_PER_STEP).contains(&step.len()), "{step:?}");
                let page = |item: usize| item / ITEMS_PER_PAGE;
                assert_eq!(page(step.start), page(step.end - 1), "{step:?}");
                next = step.end;
                taken.extend(step);
            }
        }
        assert_eq!(taken, (0..items).collect::<Vec<_>>());
    }
}

#[test]
fn a_run_of_the_most_items_fits_into_one_transaction() {
    let pages = MOST_ITEMS.div_ceil(ITEMS_PER_PAGE);
    // Beside the pages: the run, that it is active, its lanes, and its idempotency key under two look-up keys.
    assert!(pages + 1 + 1 + MOST_LANES + 2 <= 100, "{pages} pages");
}

#[test]
fn an_item_is_taken_up_once_in_an_attempt() {
    let first = run(1, None);
    assert_eq!(turn(&first, None), Turn::Take(None));
    assert_eq!(
        turn(&first, Some(&line(ItemState::Sending, 1))),
        Turn::Settle
    );
    for state in [
        ItemState::Sent,
        ItemState::Checked,
        ItemState::Failed,
        ItemState::Unknown,
    ] {
        assert_eq!(turn(&first, Some(&line(state, 1))), Turn::Pass, "{state:?}");
    }
    let retry = run(3, Some(ItemState::Failed));
    assert_eq!(turn(&retry, None), Turn::Pass, "it was cancelled");
    assert_eq!(
        turn(&retry, Some(&line(ItemState::Failed, 1))),
        Turn::Take(Some(1))
    );
    assert_eq!(
        turn(&retry, Some(&line(ItemState::Failed, 3))),
        Turn::Pass,
        "it failed again"
    );
    assert_eq!(turn(&retry, Some(&line(ItemState::Unknown, 1))), Turn::Pass);
    assert_eq!(turn(&retry, Some(&line(ItemState::Sent, 2))), Turn::Pass);
}

#[test]
fn what_is_said_of_an_item_follows_from_its_line_and_its_run() {
    let first = run(1, None);
    assert_eq!(item_state(&first, None), ItemState::Waiting);
    let mut cancelled = first.clone();
    cancelled.cancelled_at = Some(at(1));
    assert_eq!(cancelled.state(), RunState::Cancelling);
    assert_eq!(item_state(&cancelled, None), ItemState::Cancelled);
    let sending = line(ItemState::Sending, 1);
    assert_eq!(item_state(&cancelled, Some(&sending)), ItemState::Sending);
    cancelled.finished_at = Some(at(2));
    assert_eq!(cancelled.state(), RunState::Cancelled);

    let mut retry = run(2, Some(ItemState::Unknown));
    let (unknown, failed) = (line(ItemState::Unknown, 1), line(ItemState::Failed, 1));
    assert_eq!(item_state(&retry, Some(&unknown)), ItemState::Waiting);
    assert_eq!(item_state(&retry, Some(&failed)), ItemState::Failed);
    assert_eq!(item_state(&retry, None), ItemState::Cancelled);
    let counts = Counts::of(
        &retry,
        [unknown.clone(), failed, line(ItemState::Unknown, 2)],
    );
    assert_eq!(
        ItemState::ALL.map(|state| counts.of_state(state)),
        [1, 0, 0, 0, 1, 1, 7]
    );
    assert_eq!(counts.without_code, 0);
    retry.cancelled_at = Some(at(3));
    assert_eq!(item_state(&retry, Some(&unknown)), ItemState::Unknown);
}

#[test]
fn an_item_whose_worker_died_is_judged_by_its_delivery_a_minute_later() {
    let mut delivery = crate::delivery::tests::delivery();
    (delivery.created_at, delivery.sent_at, delivery.expires_at) = (at(0), None, None);
    let outcome = |delivery: &Delivery, seconds: i64| item_outcome(Some(delivery), at(seconds));
    assert_eq!(outcome(&delivery, PENDING - 1), None);
    assert_eq!(outcome(&delivery, PENDING), Some(ItemState::Unknown));
    let mut refused = delivery.clone();
    refused.not_sent_at = Some(at(1));
    assert_eq!(outcome(&refused, 1), Some(ItemState::Unknown));
    refused.email_refused_because = Some("MessageRejected".to_owned());
    assert_eq!(outcome(&refused, 1), Some(ItemState::Failed));
    let mut sent = delivery;
    sent.sent_at = Some(at(2));
    sent.expires_at = Some(at(2).plus(DAY));
    for seconds in [2, PENDING, 10 * DAY] {
        assert_eq!(outcome(&sent, seconds), Some(ItemState::Sent));
    }
    assert_eq!(item_outcome(None, at(0)), Some(ItemState::Unknown));
}

#[test]
fn a_code_that_may_not_have_gone_out_is_counted() {
    let reason = "x".to_owned();
    let message_id = reason.clone();
    for (state, message, counted) in [
        (ItemState::Sent, Some(MessageFate::Unknown), 1),
        (ItemState::Sent, Some(MessageFate::Refused { reason }), 1),
        (
            ItemState::Sent,
            Some(MessageFate::Accepted { message_id }),
            0,
        ),
        (ItemState::Sent, Some(MessageFate::None), 0),
        (ItemState::Sent, None, 0),
        (ItemState::Failed, None, 0),
    ] {
        let line = Line {
            message,
            ..line(state, 1)
        };
        let counts = Counts::of(&run(1, None), [line.clone()]);
        assert_eq!(counts.without_code, counted, "{line:?}");
    }
    let mut delivery = crate::delivery::tests::delivery();
    assert_eq!(item_message(&delivery), Some(MessageFate::Unknown));
    delivery.channel = Channel::SelfService;
    assert_eq!(item_message(&delivery), None);
}

#[test]
fn the_same_document_and_recipient_twice_is_found_wherever_it_stands() {
    let items = [
        item('a', "patient"),
        item('a', "insurer"),
        item('b', "patient"),
        item('a', "patient"),
        item('a', "patient"),
    ];
    assert_eq!(doubles(&items), [3, 4]);
    assert_eq!(doubles(&items[..3]), [0_usize; 0]);
}
