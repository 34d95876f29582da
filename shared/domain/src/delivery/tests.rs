//! The rules of a delivery at one second before, at and after each boundary.

use super::*;

pub(crate) const SENT: &str = "2026-11-23T10:00:00Z";

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// One that was sent at [`SENT`] and that nobody has touched.
pub(crate) fn delivery() -> Delivery {
    let sent_at = at(SENT);
    Delivery {
        id: DeliveryId::new(sent_at, &[7; 10]),
        practice: "praxis".parse().unwrap(),
        record: "r1".parse().unwrap(),
        recipient: "patient".parse().unwrap(),
        language: Language::German,
        channel: Channel::Sms,
        documents: BTreeSet::from([DocumentId::new(
            jiff::civil::date(2026, 11, 20),
            &"a".repeat(25),
        )
        .unwrap()]),
        kind: Kind::Invoice,
        offered_invoices: 24,
        unprotected: false,
        created_at: sent_at,
        sent_at: Some(sent_at),
        expires_at: Some(l1_expires_at(sent_at, None)),
        not_sent_at: None,
        revoked_at: None,
        reported_at: None,
        capped_at: None,
        superseded_at: None,
        opened_at: None,
        code_version: 1,
        wrong_for_code: 0,
        wrong_in_life: 0,
        wrong_in_row: 0,
        last_wrong_at: None,
        self_service: Some(SelfServiceOffer {
            channel: MessageChannel::Sms,
            max_requests: 3,
            min_interval: 30 * MINUTE,
        }),
        code_requests: 0,
        last_request_at: None,
        next_code: None,
        sessions: BTreeMap::new(),
        email_message_id: None,
        email_refused_because: None,
        email_taken_at: None,
        email_delivered_at: None,
        email_delayed_at: None,
        email_bounce: None,
        email_complained_at: None,
        message: None,
        downloads: Vec::new(),
    }
}

/// One second before, at, and one second after an instant.
fn around(instant: Timestamp) -> [Timestamp; 3] {
    [instant.plus(-1), instant, instant.plus(1)]
}

fn states(delivery: &Delivery, instant: Timestamp) -> [State; 3] {
    around(instant).map(|now| l8_state(delivery, false, now))
}

#[test]
fn l1_three_calendar_months_and_not_a_second_more() {
    let end = at("2027-02-23T10:00:00Z");
    let closed = State::Closed(CloseReason::Expired);
    assert_eq!(states(&delivery(), end), [State::Open, closed, closed]);
}

#[test]
fn l1_fewer_days_count_never_more() {
    let sent = at(SENT);
    assert_eq!(l1_expires_at(sent, Some(1)), sent.plus(DAY));
    assert_eq!(l1_expires_at(sent, Some(92)), at("2027-02-23T10:00:00Z"));
    assert_eq!(
        l1_expires_at(at("2026-11-30T10:00:00Z"), None),
        at("2027-02-28T10:00:00Z")
    );
}

#[test]
fn l2_seventy_two_hours_from_the_first_right_entry() {
    let mut delivery = delivery();
    let opened = at("2026-12-01T08:00:00Z");
    delivery.opened_at = Some(opened);
    let closed = State::Closed(CloseReason::Used);
    assert_eq!(
        states(&delivery, opened.plus(72 * HOUR)),
        [State::Opened, closed, closed]
    );
    assert_eq!(reachable_until(&delivery), Some(opened.plus(WINDOW)));
}

#[test]
fn l2_the_earlier_of_l1_and_l2_counts() {
    let mut delivery = delivery();
    let end = at("2027-02-23T10:00:00Z");
    delivery.opened_at = Some(end.plus(-HOUR));
    let closed = State::Closed(CloseReason::Expired);
    assert_eq!(states(&delivery, end), [State::Opened, closed, closed]);
    assert_eq!(reachable_until(&delivery), Some(end));
}

#[test]
fn l3_exactly_24_hours_after_a_wrong_entry_is_in_time() {
    let mut delivery = delivery();
    let wrong = at("2026-12-01T08:00:00Z");
    delivery.wrong_in_row = 1;
    delivery.last_wrong_at = Some(wrong);
    let limit = wrong.plus(24 * HOUR);
    assert_eq!(
        states(&delivery, limit),
        [
            State::Open,
            State::Open,
            State::Closed(CloseReason::StaleFailure)
        ]
    );
    delivery.wrong_in_row = 0;
    assert_eq!(
        l8_state(&delivery, false, limit.plus(1)),
        State::Open,
        "a right entry cleared it"
    );
}

#[test]
fn l4_waits_double_from_the_third_wrong_entry_on() {
    let waits: Vec<i64> = (0..12).map(l4_wait).collect();
    assert_eq!(waits, [0, 0, 0, 5, 10, 20, 40, 80, 160, 300, 300, 300]);
    assert_eq!(l4_wait(u32::MAX), 300);
}

#[test]
fn l4_an_entry_is_judged_exactly_when_the_wait_is_over() {
    let mut delivery = delivery();
    let wrong = at("2026-12-01T08:00:00Z");
    delivery.last_wrong_at = Some(wrong);
    for (row, wait) in [(3, 5), (4, 10), (9, 300)] {
        delivery.wrong_in_row = row;
        delivery.wrong_for_code = row;
        let free = wrong.plus(wait);
        assert_eq!(
            around(free).map(|now| l4_entry(&delivery, false, now)),
            [
                EntryRule::WaitUntil(free),
                EntryRule::Judged,
                EntryRule::Judged
            ]
        );
    }
    assert_eq!(
        l4_entry(&delivery, false, wrong.plus(-300)),
        EntryRule::WaitUntil(wrong.plus(300)),
        "a clock that went back loosens nothing"
    );
}

#[test]
fn l4_ten_of_a_code_or_thirty_of_a_life() {
    let mut delivery = delivery();
    let now = at(SENT).plus(1);
    for (code, life, closed) in [
        (9, 29, false),
        (10, 10, true),
        (0, 30, true),
        (0, 29, false),
    ] {
        delivery.wrong_for_code = code;
        delivery.wrong_in_life = life;
        let state = l8_state(&delivery, false, now);
        assert_eq!(
            state == State::Closed(CloseReason::TooManyAttempts),
            closed,
            "{code}/{life}"
        );
    }
}

#[test]
fn l5_keep_earlier_spares_other_recipients_alone() {
    let now = at(SENT);
    let earlier = SentIn {
        link: LinkHash::new("l".to_owned()),
        delivery: DeliveryId::new(now, &[1; 10]),
        recipient: "insurer".parse().unwrap(),
        expires_at: now.plus(10),
        superseded: false,
        run: None,
    };
    let (insurer, patient) = ("insurer".parse().unwrap(), "patient".parse().unwrap());
    assert!(l5_is_superseded(&earlier, &patient, None, false, now));
    assert!(!l5_is_superseded(&earlier, &patient, None, true, now));
    assert!(l5_is_superseded(&earlier, &insurer, None, true, now));
    let expired = around(earlier.expires_at)
        .map(|now| l5_is_superseded(&earlier, &insurer, None, false, now));
    assert_eq!(expired, [true, false, false]);
    assert_eq!([l5_most_superseded(1), l5_most_superseded(24)], [90, 75]);
    let closed = SentIn {
        superseded: true,
        ..earlier
    };
    assert!(!l5_is_superseded(
        &closed,
        &closed.recipient,
        None,
        false,
        at(SENT)
    ));
}

#[test]
fn l5_deliveries_of_one_run_do_not_close_each_other() {
    let now = at(SENT);
    let run = |number| crate::id::RunId::new(now, &[number; 10]);
    let earlier = SentIn {
        link: LinkHash::new("l".to_owned()),
        delivery: DeliveryId::new(now, &[1; 10]),
        recipient: "insurer".parse().unwrap(),
        expires_at: now.plus(10),
        superseded: false,
        run: Some(run(1)),
    };
    let (insurer, patient) = ("insurer".parse().unwrap(), "patient".parse().unwrap());
    for (recipient, later, is_closed) in [
        (&patient, Some(run(1)), false),
        (&insurer, Some(run(1)), true),
        (&patient, Some(run(2)), true),
        (&patient, None, true),
    ] {
        assert_eq!(
            l5_is_superseded(&earlier, recipient, later.as_ref(), false, now),
            is_closed,
            "{recipient} {later:?}"
        );
    }
    let outside = SentIn {
        run: None,
        ..earlier
    };
    assert!(l5_is_superseded(&outside, &patient, None, false, now));
}

#[test]
fn l5_what_an_act_has_closed_is_not_closed_again_and_what_time_has_is() {
    let sent = delivery();
    let now = at(SENT).plus(1);
    let with = |change: fn(&mut Delivery, Timestamp)| {
        let mut delivery = sent.clone();
        change(&mut delivery, now);
        l5_is_to_be_closed(&delivery, now)
    };
    let to_be_closed: [fn(&mut Delivery, Timestamp); 5] = [
        |_, _| (),
        |delivery, now| delivery.opened_at = Some(now),
        |delivery, now| delivery.opened_at = Some(now.plus(-WINDOW)),
        |delivery, _| delivery.wrong_for_code = ENTRIES_PER_CODE,
        |delivery, _| delivery.wrong_in_life = ENTRIES_PER_LIFE,
    ];
    assert_eq!(to_be_closed.map(with), [true; 5]);
    let closed: [fn(&mut Delivery, Timestamp); 6] = [
        |delivery, now| delivery.not_sent_at = Some(now),
        |delivery, now| delivery.revoked_at = Some(now),
        |delivery, _| delivery.documents.clear(),
        |delivery, now| delivery.reported_at = Some(now),
        |delivery, now| delivery.superseded_at = Some(now),
        |delivery, _| delivery.unprotected = true,
    ];
    assert_eq!(closed.map(with), [false; 6]);
}

#[test]
fn l6_revives_what_a_new_code_may_revive() {
    let mut delivery = delivery();
    delivery.wrong_in_life = 29;
    assert!(l6_is_revivable(&delivery, CloseReason::TooManyAttempts));
    delivery.wrong_in_life = 30;
    assert!(!l6_is_revivable(&delivery, CloseReason::TooManyAttempts));
    assert!(l6_is_revivable(&delivery, CloseReason::Used));
    assert!(!l6_is_revivable(&delivery, CloseReason::Superseded));
}

#[test]
fn l7_disabling_a_practice_or_deleting_the_last_document_revokes() {
    let mut delivery = delivery();
    let now = at(SENT).plus(1);
    assert_eq!(
        l8_state(&delivery, true, now),
        State::Closed(CloseReason::Revoked)
    );
    delivery.documents.clear();
    assert_eq!(
        l8_state(&delivery, false, now),
        State::Closed(CloseReason::Revoked)
    );
}

type Step = fn(&mut Delivery);

#[test]
fn l7_an_e_mail_can_be_reported_as_long_as_its_delivery_is_not_closed() {
    let end = at("2027-02-23T10:00:00Z");
    let reports =
        |delivery: &Delivery, instant| around(instant).map(|now| l7_report(delivery, false, now));
    assert_eq!(reports(&delivery(), end), [true, false, false]);
    assert!(
        !l7_report(&delivery(), true, at(SENT)),
        "a disabled practice"
    );
    let mut opened = delivery();
    opened.opened_at = Some(at(SENT));
    let window = at(SENT).plus(WINDOW);
    assert_eq!(reports(&opened, window), [true, false, false]);
    let mut locked = delivery();
    locked.wrong_for_code = ENTRIES_PER_CODE;
    assert!(!l7_report(&locked, false, at(SENT)));
    let mut reported = delivery();
    reported.reported_at = Some(at(SENT));
    assert!(!l7_report(&reported, false, at(SENT)), "once is enough");
    let mut pending = delivery();
    (pending.sent_at, pending.expires_at) = (None, None);
    assert!(!l7_report(&pending, false, at(SENT)), "nobody has it yet");
}

#[test]
fn l8_the_first_reason_of_the_list_is_named() {
    let now = at("2027-06-01T00:00:00Z");
    let mut delivery = delivery();
    delivery.opened_at = Some(at("2026-12-01T08:00:00Z"));
    let steps: [(Step, CloseReason); 6] = [
        (|_| {}, CloseReason::Expired),
        (|d| d.wrong_in_life = 30, CloseReason::TooManyAttempts),
        (|d| d.superseded_at = d.sent_at, CloseReason::Superseded),
        (|d| d.reported_at = d.sent_at, CloseReason::Reported),
        (|d| d.revoked_at = d.sent_at, CloseReason::Revoked),
        (|d| d.not_sent_at = d.sent_at, CloseReason::NotSent),
    ];
    for (step, expected) in steps {
        step(&mut delivery);
        assert_eq!(l8_state(&delivery, false, now), State::Closed(expected));
    }
}

#[test]
fn l8_pending_for_a_minute_then_not_sent() {
    let mut delivery = delivery();
    delivery.sent_at = None;
    delivery.expires_at = None;
    let not_sent = State::Closed(CloseReason::NotSent);
    assert_eq!(
        states(&delivery, at(SENT).plus(60)),
        [State::Pending, not_sent, not_sent]
    );
}

#[test]
fn l9_wrong_entries_of_others_leave_a_session_open() {
    let mut delivery = delivery();
    let opened = at("2026-12-01T08:00:00Z");
    delivery.opened_at = Some(opened);
    let session = Session {
        created_at: opened,
        seen_at: opened,
    };
    let now = opened.plus(60);
    delivery.wrong_for_code = 10;
    delivery.wrong_in_life = 30;
    assert!(l9_session_lives(&delivery, false, &session, now));
    delivery.superseded_at = Some(now);
    assert!(!l9_session_lives(&delivery, false, &session, now));
}

#[test]
fn p7_a_session_ends_after_15_idle_minutes_and_60_in_all() {
    let mut delivery = delivery();
    let opened = at("2026-12-01T08:00:00Z");
    delivery.opened_at = Some(opened);
    let lives = |session: &Session, instant| {
        around(instant).map(|now| l9_session_lives(&delivery, false, session, now))
    };
    let idle = Session {
        created_at: opened,
        seen_at: opened,
    };
    assert_eq!(lives(&idle, opened.plus(15 * MINUTE)), [true, false, false]);
    let busy = Session {
        created_at: opened,
        seen_at: opened.plus(59 * MINUTE),
    };
    assert_eq!(lives(&busy, opened.plus(60 * MINUTE)), [true, false, false]);
}

#[test]
fn p7_a_url_lives_for_a_minute_and_never_past_its_session() {
    let mut delivery = delivery();
    let opened = at("2026-12-01T08:00:00Z");
    delivery.opened_at = Some(opened);
    let session = |created_at| Session {
        created_at,
        seen_at: created_at,
    };
    let lives = |delivery: &Delivery, created_at: Timestamp, end: Timestamp| {
        [-61, -60, -59, -1, 0, 1]
            .map(|second| p7_download_life(delivery, &session(created_at), end.plus(second)))
    };
    let expected = [Some(60), Some(60), Some(59), Some(1), None, None];
    let of_session = lives(&delivery, opened, opened.plus(60 * MINUTE));
    assert_eq!(of_session, expected, "60 minutes in all");
    let window = opened.plus(WINDOW);
    let of_window = lives(&delivery, window.plus(-10 * MINUTE), window);
    assert_eq!(of_window, expected, "L2");
    let expiry = opened.plus(30 * MINUTE);
    delivery.expires_at = Some(expiry);
    assert_eq!(lives(&delivery, opened, expiry), expected, "L1");
}

#[test]
fn l9_l2_ends_a_session_even_behind_a_lock() {
    let mut delivery = delivery();
    let opened = at("2026-12-01T08:00:00Z");
    delivery.opened_at = Some(opened);
    delivery.wrong_for_code = 10;
    let end = opened.plus(WINDOW);
    let session = Session {
        created_at: end.plus(-60),
        seen_at: end.plus(-60),
    };
    assert_eq!(
        around(end).map(|now| l9_session_lives(&delivery, false, &session, now)),
        [true, false, false]
    );
}

const TERMS: RequestTerms = RequestTerms {
    allowed: true,
    max_requests: 3,
    min_interval: 30 * MINUTE,
};

#[test]
fn l6_two_requests_are_at_least_the_interval_apart() {
    let mut delivery = delivery();
    let asked = at("2026-12-01T08:00:00Z");
    delivery.last_request_at = Some(asked);
    delivery.code_requests = 1;
    let next = asked.plus(30 * MINUTE);
    assert_eq!(
        around(next).map(|now| l6_request(&delivery, TERMS, false, now)),
        [
            RequestRule::TooEarly(next),
            RequestRule::Allowed,
            RequestRule::Allowed
        ]
    );
    delivery.code_requests = 3;
    assert_eq!(
        l6_request(&delivery, TERMS, false, next),
        RequestRule::UsedUp
    );
}

#[test]
fn l6_revives_but_not_what_is_closed_for_good() {
    let mut delivery = delivery();
    let now = at("2026-12-10T08:00:00Z");
    let judge = |delivery: &Delivery| l6_request(delivery, TERMS, false, now);
    delivery.opened_at = Some(at("2026-12-01T08:00:00Z"));
    assert_eq!(judge(&delivery), RequestRule::Allowed, "used");
    delivery.wrong_for_code = 10;
    assert_eq!(judge(&delivery), RequestRule::Allowed, "ten");
    delivery.wrong_in_life = 30;
    let thirty = RequestRule::Closed(CloseReason::TooManyAttempts);
    assert_eq!(judge(&delivery), thirty);
    delivery.superseded_at = Some(now);
    assert_eq!(
        judge(&delivery),
        RequestRule::Closed(CloseReason::Superseded)
    );
    assert!(!l6a_new_code(&delivery, now));
}

#[test]
fn l6_the_button_needs_both_the_time_of_sending_and_now() {
    let mut delivery = delivery();
    let now = at(SENT).plus(1);
    let forbidden = RequestTerms {
        allowed: false,
        ..TERMS
    };
    assert_eq!(
        l6_request(&delivery, forbidden, false, now),
        RequestRule::NotAllowed
    );
    delivery.self_service = None;
    assert_eq!(
        l6_request(&delivery, TERMS, false, now),
        RequestRule::NotAllowed
    );
}

#[test]
fn l6_a_new_code_holds_alone_when_its_message_was_under_way_too_long() {
    let mut delivery = delivery();
    let deadline = at("2026-12-10T08:00:20Z");
    delivery.opened_at = Some(at("2026-12-01T08:00:00Z"));
    delivery.last_request_at = Some(deadline.plus(-20));
    delivery.next_code = Some(NextCode {
        version: 2,
        deadline,
        previous_request_at: None,
    });
    let versions = around(deadline).map(|now| l6_settled(delivery.clone(), now).code_version);
    assert_eq!(versions, [1, 2, 2]);
    let settled = l6_settled(delivery, deadline);
    assert_eq!(
        l8_state(&settled, false, deadline),
        State::Open,
        "L2's window starts anew"
    );
    assert_eq!(
        l6_request(&settled, TERMS, false, deadline),
        RequestRule::Allowed,
        "waived once"
    );
}

#[test]
fn d6_what_went_unprotected_has_no_page_and_no_code() {
    let mut delivery = delivery();
    delivery.unprotected = true;
    let now = at(SENT).plus(1);
    assert_eq!(l8_state(&delivery, false, now), State::Sent);
    let not_sent = EntryRule::Closed(CloseReason::NotSent);
    assert_eq!(l4_entry(&delivery, false, now), not_sent);
    let asked = l6_request(&delivery, TERMS, false, now);
    assert_eq!(asked, RequestRule::NotAllowed);
    assert!(!l6a_new_code(&delivery, now));
    assert!(!l7_report(&delivery, false, now));
    let session = Session {
        created_at: now,
        seen_at: now,
    };
    assert!(!l9_session_lives(&delivery, false, &session, now));
    (delivery.sent_at, delivery.expires_at) = (None, None);
    assert_eq!(l8_state(&delivery, false, now), State::Pending);
}

#[test]
fn p8_while_the_e_mail_is_being_sent_nothing_can_be_done() {
    let mut delivery = delivery();
    (delivery.sent_at, delivery.expires_at) = (None, None);
    let now = at(SENT).plus(1);
    assert_eq!(l4_entry(&delivery, false, now), EntryRule::Pending);
    let asked = l6_request(&delivery, TERMS, false, now);
    assert_eq!(asked, RequestRule::Pending);
    assert!(!l6a_new_code(&delivery, now));
    assert_eq!(reachable_until(&delivery), None);
}

#[test]
fn l8_a_closed_delivery_says_why() {
    let used = State::Closed(CloseReason::Used);
    assert_eq!(used.closed_because(), Some(CloseReason::Used));
    for state in [State::Pending, State::Open, State::Opened, State::Sent] {
        assert_eq!(state.closed_because(), None, "{state:?}");
    }
    let mut delivery = delivery();
    delivery.superseded_at = delivery.sent_at;
    let superseded = EntryRule::Closed(CloseReason::Superseded);
    assert_eq!(l4_entry(&delivery, false, at(SENT)), superseded);
}

#[test]
fn l6a_a_new_code_is_made_for_what_is_open_or_can_be_revived() {
    let mut delivery = delivery();
    let now = at(SENT).plus(DAY);
    assert!(l6a_new_code(&delivery, now));
    delivery.opened_at = Some(at(SENT));
    assert!(l6a_new_code(&delivery, now));
    assert!(l6a_new_code(&delivery, now.plus(WINDOW)), "used");
    delivery.revoked_at = Some(now);
    assert!(!l6a_new_code(&delivery, now));
}

#[test]
fn l6_the_terms_are_the_record_types_or_three_codes_half_an_hour_apart() {
    let terms = |json: &str| RequestTerms::of(&serde_json::from_str(json).unwrap());
    let expected = RequestTerms {
        allowed: false,
        ..TERMS
    };
    assert_eq!(terms(r#"{"allowed":false}"#), expected);
    let own = r#"{"allowed":true,"max_requests":5,"min_interval_minutes":45}"#;
    let expected = RequestTerms {
        allowed: true,
        max_requests: 5,
        min_interval: 2_700,
    };
    assert_eq!(terms(own), expected);
}

#[test]
fn l4_without_a_row_there_is_no_wait_though_the_clock_went_back() {
    let mut delivery = delivery();
    let wrong = at("2026-12-01T08:00:00Z");
    delivery.last_wrong_at = Some(wrong);
    let early = wrong.plus(-10);
    assert_eq!(l4_entry(&delivery, false, early), EntryRule::Judged);
    delivery.wrong_in_row = 1;
    assert_eq!(
        l4_entry(&delivery, false, early),
        EntryRule::WaitUntil(wrong)
    );
}

#[test]
fn f_v11_beyond_ten_minutes_ahead_a_clock_is_wrong() {
    let mut delivery = delivery();
    let now = at("2026-12-01T08:00:00Z");
    assert!(!f_v11_is_clock_wrong(&delivery, now));
    for (passed, is_wrong) in [
        (-DAY, false),
        (0, false),
        (599, false),
        (600, false),
        (601, true),
    ] {
        let fact = Some(now.plus(passed));
        (delivery.last_wrong_at, delivery.last_request_at) = (fact, None);
        assert_eq!(f_v11_is_clock_wrong(&delivery, now), is_wrong, "{passed} s");
        (delivery.last_wrong_at, delivery.last_request_at) = (Some(now.plus(-DAY)), fact);
        assert_eq!(f_v11_is_clock_wrong(&delivery, now), is_wrong, "{passed} s");
    }
}

#[test]
fn p7_a_fourth_session_ends_the_oldest_and_a_third_ends_none() {
    let mut delivery = delivery();
    let opened = at("2026-12-01T08:00:00Z");
    for (name, passed) in [("b", 20), ("a", 10), ("c", 30)] {
        assert_eq!(oldest_session(&delivery), None);
        let created_at = opened.plus(passed);
        let session = Session {
            created_at,
            seen_at: created_at,
        };
        delivery.sessions.insert(name.to_owned(), session);
    }
    assert_eq!(oldest_session(&delivery).map(String::as_str), Some("a"));
}

#[test]
fn l9_a_session_begins_when_it_was_made_and_ends_with_its_practice() {
    let mut delivery = delivery();
    let opened = at("2026-12-01T08:00:00Z");
    delivery.opened_at = Some(opened);
    let session = Session {
        created_at: opened,
        seen_at: opened,
    };
    let lives = around(opened).map(|now| l9_session_lives(&delivery, false, &session, now));
    assert_eq!(lives, [false, true, true]);
    assert!(!l9_session_lives(&delivery, true, &session, opened));
    // L3: what has become stale is closed for others, not for whoever is inside.
    let now = opened.plus(60);
    delivery.wrong_in_row = 1;
    delivery.last_wrong_at = Some(now.plus(-STALE_AFTER - 1));
    let stale = State::Closed(CloseReason::StaleFailure);
    assert_eq!(l8_state(&delivery, false, now), stale);
    assert!(l9_session_lives(&delivery, false, &session, now));
}

#[test]
fn what_the_rules_name_is_so_many_seconds() {
    assert_eq!([MINUTE, HOUR, DAY], [60, 3_600, 86_400]);
    assert_eq!([STALE_AFTER, WINDOW], [86_400, 259_200]);
    assert_eq!([SESSION_IDLE, SESSION_LIFE], [900, 3_600]);
    assert_eq!(KEPT_AFTER_END, 2_592_000);
}
