//! What is told of a delivery, one second before, at and after the instant at which it begins to hold.

use super::*;
use crate::delivery::tests::{SENT, delivery};
use crate::delivery::{Download, ENTRIES_PER_CODE, WINDOW};
use crate::email_status::Bounce;
use crate::time::{HOUR, MINUTE};

fn sent() -> Timestamp {
    Timestamp::parse(SENT).unwrap()
}

/// The sent delivery with changes.
fn with(change: impl FnOnce(&mut Delivery)) -> Delivery {
    let mut delivery = delivery();
    change(&mut delivery);
    delivery
}

fn names(told: &[Occurrence]) -> Vec<WebhookEvent> {
    told.iter().map(|occurrence| occurrence.event).collect()
}

fn by_clock(delivery: &Delivery, now: Timestamp) -> Vec<WebhookEvent> {
    names(&webhook_events_by_clock(delivery, now))
}

/// What is told one second before, at and one second after an instant.
fn around(delivery: &Delivery, instant: Timestamp) -> [Vec<WebhookEvent>; 3] {
    [-1, 0, 1].map(|second| by_clock(delivery, instant.plus(second)))
}

fn locked() -> Delivery {
    with(|delivery| {
        delivery.wrong_for_code = ENTRIES_PER_CODE;
        delivery.wrong_in_row = ENTRIES_PER_CODE;
        delivery.last_wrong_at = Some(sent().plus(HOUR));
    })
}

#[test]
fn each_write_tells_what_it_changed_and_nothing_else() {
    use WebhookEvent::{Bounced, Closed, Downloaded, Opened, Reported};
    let now = sent().plus(HOUR);
    let document = delivery().documents.first().unwrap().clone();
    let download = Download { document, at: now };
    let opened = with(|delivery| delivery.opened_at = Some(now));
    let downloaded = with(|delivery| {
        delivery.opened_at = Some(now);
        delivery.downloads.push(download.clone());
    });
    let twice = with(|delivery| {
        delivery.opened_at = Some(now);
        delivery.downloads = vec![download.clone(), download];
    });
    let revoked = with(|delivery| delivery.revoked_at = Some(now));
    let reported = with(|delivery| delivery.reported_at = Some(now));
    let superseded = with(|delivery| delivery.superseded_at = Some(now));
    let emptied = with(|delivery| delivery.documents.clear());
    let asked = with(|delivery| delivery.code_requests = 1);
    let delivered = with(|delivery| delivery.email_delivered_at = Some(now));
    let came_back = |delivery: &Delivery| Delivery {
        email_bounce: Some(Bounce {
            at: now,
            may_have_arrived: true,
            reason: "Transient/General".to_owned(),
        }),
        ..delivery.clone()
    };
    let wrong = with(|delivery| {
        delivery.wrong_in_row = 1;
        delivery.last_wrong_at = Some(now);
    });
    for (old, new, told) in [
        (delivery(), opened.clone(), vec![Opened]),
        (opened.clone(), downloaded.clone(), vec![Downloaded]),
        (downloaded, twice, vec![Downloaded]),
        (delivery(), revoked.clone(), vec![Closed]),
        (delivery(), reported, vec![Reported, Closed]),
        (delivery(), superseded, vec![Closed]),
        (delivery(), emptied, vec![Closed]),
        (revoked.clone(), revoked, vec![]),
        (delivery(), came_back(&delivery()), vec![Bounced]),
        (delivered.clone(), came_back(&delivered), vec![]),
        (delivery(), asked, vec![]),
        (delivery(), wrong, vec![]),
        (opened.clone(), opened, vec![]),
    ] {
        let events = names(&webhook_events(Some(&old), &new, now));
        assert_eq!(events, told, "{new:?}");
    }
    assert!(webhook_events(None, &delivery(), now).is_empty());
}

#[test]
fn a_delivery_whose_e_mail_failed_is_told_as_closed() {
    let pending = with(|delivery| {
        delivery.sent_at = None;
        delivery.expires_at = None;
    });
    let mut failed = pending.clone();
    failed.not_sent_at = Some(sent().plus(3));
    let told = webhook_events(Some(&pending), &failed, sent().plus(3));
    assert_eq!(names(&told), [WebhookEvent::Closed]);
    assert_eq!(look_again_at(&pending, sent()), Some(sent().plus(PENDING)));
    assert_eq!(
        around(&pending, sent().plus(PENDING)),
        [
            vec![],
            vec![WebhookEvent::Closed],
            vec![WebhookEvent::Closed]
        ]
    );
}

#[test]
fn l4_a_lock_is_told_once_its_last_entry_can_no_longer_turn_out_right() {
    use WebhookEvent::{Closed, Locked};
    let charged_at = sent().plus(HOUR);
    let told = webhook_events(Some(&delivery()), &locked(), charged_at);
    assert!(told.is_empty(), "{told:?}");
    let confirmed = charged_at.plus(20);
    assert_eq!(look_again_at(&locked(), charged_at), Some(confirmed));
    assert_eq!(
        around(&locked(), confirmed),
        [vec![], vec![Locked, Closed], vec![Locked, Closed]]
    );
    assert_eq!(look_again_at(&locked(), confirmed), None);
}

#[test]
fn l1_l2_l3_an_end_that_nobody_writes_is_told_by_the_clock() {
    let closed = || vec![WebhookEvent::Closed];
    let (opened_at, wrong_at) = (sent().plus(MINUTE), sent().plus(MINUTE));
    let opened = with(|delivery| delivery.opened_at = Some(opened_at));
    let stale = with(|delivery| {
        delivery.wrong_in_row = 1;
        delivery.last_wrong_at = Some(wrong_at);
    });
    for (delivery, end) in [
        (&opened, opened_at.plus(WINDOW)),
        (&stale, wrong_at.plus(24 * HOUR + 1)),
    ] {
        assert_eq!(look_again_at(delivery, wrong_at), Some(end));
        assert_eq!(around(delivery, end), [vec![], closed(), closed()]);
        assert_eq!(look_again_at(delivery, end), None);
    }
    let expires_at = delivery().expires_at.unwrap();
    let last_week = expires_at.plus(-DAY);
    assert_eq!(look_again_at(&delivery(), last_week), Some(expires_at));
    let told = around(&delivery(), expires_at);
    assert_eq!(told, [vec![WebhookEvent::Unopened], closed(), closed()]);
}

#[test]
fn an_unopened_delivery_is_told_of_seven_days_before_its_end() {
    let unopened = || vec![WebhookEvent::Unopened];
    let at = delivery().expires_at.unwrap().plus(-7 * DAY);
    assert_eq!(look_again_at(&delivery(), sent()), Some(at));
    assert_eq!(around(&delivery(), at), [vec![], unopened(), unopened()]);
    let opened = with(|delivery| delivery.opened_at = Some(at.plus(-DAY)));
    assert!(by_clock(&opened, at).is_empty());
    let short = with(|delivery| delivery.expires_at = Some(sent().plus(7 * DAY)));
    assert!(by_clock(&short, sent().plus(DAY)).is_empty());
    let eight_days = with(|delivery| delivery.expires_at = Some(sent().plus(8 * DAY)));
    assert_eq!(by_clock(&eight_days, sent().plus(DAY)), unopened());
}

#[test]
fn what_is_told_has_one_id_whoever_notices_it() {
    let end = sent().plus(WINDOW);
    let used = with(|delivery| delivery.opened_at = Some(sent()));
    let mut revoked = used.clone();
    revoked.revoked_at = Some(end.plus(10));
    let id = |told: Vec<Occurrence>| {
        let closed = told.iter().find(|told| told.event == WebhookEvent::Closed);
        closed.unwrap().message_id(&used.id)
    };
    let by_clock = id(webhook_events_by_clock(&used, end));
    assert_eq!(by_clock, format!("{}-closed-1", used.id));
    assert!(!by_clock.contains('.'));
    assert_eq!(
        id(webhook_events_by_clock(&revoked, end.plus(60))),
        by_clock
    );
    assert!(webhook_events(Some(&used), &revoked, end.plus(10)).is_empty());
    let anew = with(|delivery| {
        delivery.code_version = 2;
        delivery.revoked_at = Some(end);
    });
    assert_ne!(
        id(webhook_events(Some(&used), &anew, end.plus(-1))),
        by_clock
    );
}

#[test]
fn a_payload_holds_ids_and_nothing_of_a_person() {
    let now = sent().plus(HOUR);
    let document = delivery().documents.first().unwrap().clone();
    let downloaded = with(|delivery| {
        delivery.opened_at = Some(now);
        delivery.downloads.push(Download { document, at: now });
    });
    let told = webhook_events(Some(&delivery()), &downloaded, now);
    let payload = serde_json::to_value(told[1].payload(&downloaded, now)).unwrap();
    let expected = serde_json::json!({
        "type": "delivery.downloaded", "timestamp": "2026-11-23T11:00:00Z",
        "data": {"delivery": downloaded.id, "record": "r1", "state": "opened",
            "document": format!("20261120-{}", "a".repeat(25))},
    });
    assert_eq!(payload, expected);
    let revoked = with(|delivery| delivery.revoked_at = Some(now));
    let told = webhook_events(Some(&delivery()), &revoked, now);
    let payload = serde_json::to_value(told[0].payload(&revoked, now)).unwrap();
    assert_eq!(payload["data"]["closed_because"], "revoked");
}
