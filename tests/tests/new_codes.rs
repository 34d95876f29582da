//! Self-service (L6) and new codes of the practice (L6a), end to end over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use domain::time::{DAY, HOUR, MINUTE};
use futures::future::join_all;
use serde_json::{Value, json};
use tests::front::Front;
use tests::{Page, Patient, Sent, World};

/// A world whose record type allows asking for codes, and a delivery in it.
async fn delivery(extra: Value) -> (World, Sent) {
    let world = World::start().await;
    let sent = sent(&world, extra).await;
    (world, sent)
}

async fn sent(world: &World, extra: Value) -> Sent {
    allow(world, json!({"allowed": true})).await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    world.practice.send_with(&[&document], extra).await
}

/// The same with a patient's request whose message went out, and which could never say what became of it.
async fn cut_off() -> (World, Sent) {
    let fails = Arc::new(AtomicBool::new(false));
    let asked = fails.clone();
    let front = Front::open(move |passing| {
        let is_last = passing.call == "DYNAMODB UpdateItem"
            && String::from_utf8_lossy(&passing.body).contains("SET #code = next_code_hash");
        let fails = is_last && asked.load(Ordering::Relaxed);
        async move {
            if fails {
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            } else {
                passing.pass_on().await
            }
        }
    });
    let world = World::behind(&front.await).await;
    let sent = sent(&world, json!({})).await;
    fails.store(true, Ordering::Relaxed);
    assert_eq!(world.patient(&sent).ask().await.status, 503);
    fails.store(false, Ordering::Relaxed);
    assert_eq!(sms_sent(&world).await, 2, "the message went out");
    (world, sent)
}

async fn allow(world: &World, self_service: Value) {
    let answer = world
        .practice
        .put(
            "/v1/record-types/std",
            json!({"self_service": self_service}),
        )
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Presses the button and follows to the page that says what happened.
async fn ask_and_read(patient: &mut Patient) -> Page {
    let page = patient.ask().await;
    assert_eq!(page.status, 303, "{}", page.text());
    patient.get(page.location()).await
}

async fn sms_sent(world: &World) -> usize {
    world
        .messages()
        .await
        .iter()
        .filter(|message| message["channel"] == "sms")
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_a_patient_fetches_the_code_when_it_suits() {
    let (world, sent) = delivery(json!({"channel": "self_service"})).await;
    assert_eq!(
        sms_sent(&world).await,
        0,
        "no code is sent before it is asked for"
    );
    let mut patient = world.patient(&sent);
    let page = patient.open().await;
    assert!(
        page.says("Noch keinen Code? Sie können noch 3-mal einen Code anfordern."),
        "{}",
        page.text()
    );
    let page = ask_and_read(&mut patient).await;
    assert!(page.says("Der Code ist unterwegs zu Ihrem Telefon. Kommt er nicht an, können Sie ab Montag, 23. November 2026, 11:30 Uhr einen neuen anfordern."), "{}", page.text());
    assert!(page.says("Sie können noch 2-mal"), "{}", page.text());
    let messages = world.messages().await;
    assert!(
        messages[1]["text"]
            .as_str()
            .is_some_and(|text| text.contains(&sent.reference) && !text.contains("/d/"))
    );
    assert_eq!(
        world.patient(&sent).enter(&sent.code).await.status,
        401,
        "the first code is dead"
    );
    assert_eq!(patient.enter(&world.newest_code().await).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_the_button_is_there_only_where_it_was_allowed_at_sending_and_is() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "self_service"});
    assert_eq!(
        world.practice.post_delivery(body).await.problem(),
        "self-service-not-allowed"
    );
    let before = world
        .practice
        .send_with(&[&document], json!({"keep_earlier": true}))
        .await;
    allow(&world, json!({"allowed": true})).await;
    assert!(
        !world
            .patient(&before)
            .open()
            .await
            .says("Noch keinen Code?"),
        "not allowed at sending"
    );

    let (world, sent) = delivery(json!({})).await;
    let mut patient = world.patient(&sent);
    let form = patient.open().await.request_form().to_owned();
    allow(&world, json!({"allowed": false})).await;
    let page = patient
        .post(&format!("{}/code", sent.link), &[("form", &form)])
        .await;
    assert_eq!(page.status, 403, "{}", page.text());
    assert!(
        page.says("Hier können Sie keinen weiteren Code anfordern."),
        "{}",
        page.text()
    );
    allow(&world, json!({"allowed": true})).await;
    world
        .practice
        .put("/v1/settings", json!({"name": "Praxis am Park"}))
        .await;
    assert_eq!(
        patient.ask().await.status,
        403,
        "consent to SMS was taken back"
    );
    assert_eq!(sms_sent(&world).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_never_two_within_30_minutes_and_never_more_than_allowed() {
    let (world, sent) = delivery(json!({})).await;
    let mut patient = world.patient(&sent);
    for request in 1..=3 {
        assert_eq!(patient.ask().await.status, 303, "request {request}");
        assert_eq!(sms_sent(&world).await, 1 + request);
        let form = patient.open().await.request_form().to_owned();
        world.advance(30 * MINUTE - 1);
        if request < 3 {
            let page = patient.ask().await;
            assert_eq!(page.status, 429, "a second before");
            assert_eq!(page.headers["retry-after"], "1");
            assert!(
                page.says("können Sie einen neuen Code anfordern."),
                "{}",
                page.text()
            );
        }
        world.advance(1);
        if request == 3 {
            let page = patient
                .post(&format!("{}/code", sent.link), &[("form", &form)])
                .await;
            assert_eq!(page.status, 403, "that form is 30 minutes old");
        }
    }
    assert!(
        !patient.open().await.says("Noch keinen Code?"),
        "used up: no button"
    );
    assert_eq!(sms_sent(&world).await, 4);
    let shown = world.practice.shown(&sent).await;
    assert_eq!(shown["code_requests"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_a_new_code_revives_what_time_or_ten_wrong_entries_closed() {
    let (world, sent) = delivery(json!({})).await;
    let mut patient = world.patient(&sent);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    world.advance(72 * HOUR);
    let page = patient.open().await;
    assert_eq!(page.status, 410);
    assert!(
        page.says("Sie brauchen einen neuen Code") && page.says("Hier können Sie ihn anfordern."),
        "{}",
        page.text()
    );
    assert!(
        ask_and_read(&mut patient)
            .await
            .says("Der Code ist unterwegs")
    );
    let second = world.newest_code().await;
    assert_eq!(
        world.patient(&sent).enter(&sent.code).await.status,
        401,
        "the old code stays dead"
    );
    assert_eq!(
        patient.enter(&second).await.status,
        303,
        "L2's window starts anew"
    );

    let wrong = if second == "BCD-FGH" {
        "BCD-FGJ"
    } else {
        "BCD-FGH"
    };
    for _ in 0..10 {
        world.advance(300);
        world.patient(&sent).enter(wrong).await;
    }
    let mut stranger = world.patient(&sent);
    assert_eq!(stranger.open().await.status, 410, "ten wrong entries");
    world.advance(30 * MINUTE);
    assert_eq!(stranger.ask().await.status, 303);
    assert_eq!(stranger.enter(&world.newest_code().await).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_nothing_revives_what_is_closed_for_good() {
    let (world, sent) = delivery(json!({})).await;
    let mut patient = world.patient(&sent);
    let url = format!("{}/code", sent.link);
    let form = patient.open().await.request_form().to_owned();
    world.practice.revoke(&sent).await;
    let page = patient.post(&url, &[("form", &form)]).await;
    assert_eq!(page.status, 410);
    assert!(
        page.says("Die Praxis stellt das Dokument nicht mehr bereit.") && !page.says("anfordern"),
        "{}",
        page.text()
    );
    assert_eq!(sms_sent(&world).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_a_refused_message_keeps_the_old_code_and_does_not_count() {
    let (world, sent) = delivery(json!({})).await;
    world.fail("sms", "refuse", 1).await;
    let mut patient = world.patient(&sent);
    let page = patient.ask().await;
    assert_eq!(page.status, 503, "{}", page.text());
    assert!(
        page.says("Der Code lässt sich gerade nicht verschicken."),
        "{}",
        page.text()
    );
    assert!(page.says("Sie können noch 3-mal"), "{}", page.text());
    assert_eq!(patient.ask().await.status, 303, "may ask again at once");
    assert_eq!(patient.enter(&world.newest_code().await).await.status, 303);

    let (world, sent) = delivery(json!({})).await;
    world.fail("sms", "refuse", 1).await;
    let mut patient = world.patient(&sent);
    patient.ask().await;
    assert_eq!(
        patient.enter(&sent.code).await.status,
        303,
        "the old code stays"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_a_message_of_unknown_fate_leaves_the_new_code_alone_valid() {
    let (world, sent) = delivery(json!({})).await;
    world.fail("sms", "timeout", 1).await;
    let mut patient = world.patient(&sent);
    let page = ask_and_read(&mut patient).await;
    assert!(
        page.says("Wir wissen nicht, ob die Nachricht ankommt. Ein früherer Code gilt nicht mehr."),
        "{}",
        page.text()
    );
    assert_eq!(world.patient(&sent).enter(&sent.code).await.status, 401);
    assert_eq!(patient.enter(&world.newest_code().await).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn f_s4_after_a_request_that_was_cut_off_the_patient_may_ask_again_20_seconds_later() {
    let (world, sent) = cut_off().await;
    let asked_for = world.newest_code().await;
    world.advance(19);
    let mut patient = world.patient(&sent);
    assert_eq!(patient.ask().await.status, 429, "a second before");
    world.advance(1);
    assert_eq!(patient.ask().await.status, 303, "the interval is waived");
    assert_eq!(sms_sent(&world).await, 3);
    assert_eq!(patient.ask().await.status, 429, "and waived once");
    for dead in [&sent.code, &asked_for] {
        assert_eq!(world.patient(&sent).enter(dead).await.status, 401);
    }
    assert_eq!(patient.enter(&world.newest_code().await).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn f_s4_after_a_request_that_was_cut_off_the_practice_makes_a_code_though_the_patient_does_nothing()
 {
    for seconds in [19, 20, DAY] {
        let (world, sent) = cut_off().await;
        let asked_for = world.newest_code().await;
        world.advance(seconds);
        let spoken = json!({"channel": "spoken"});
        let made = world.practice.post_code("one", &sent.id, spoken).await;
        assert_eq!(made.status, 201, "{seconds} s: {made:?}");
        let code = made.body["code"].as_str().unwrap_or_default();
        for earlier in [&sent.code, &asked_for] {
            let entered = world.patient(&sent).enter(earlier).await;
            assert_eq!(entered.status, 401, "{seconds} s");
        }
        let entered = world.patient(&sent).enter(code).await;
        assert_eq!(entered.status, 303, "{seconds} s");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l6_100_parallel_requests_send_one_message() {
    let (world, sent) = delivery(json!({})).await;
    let mut patient = world.patient(&sent);
    let form = patient.open().await.request_form().to_owned();
    let url = format!("{}/code", sent.link);
    let pages = join_all((0..100).map(|_| {
        let mut tab = patient.clone();
        let (url, form) = (url.clone(), form.clone());
        async move { tab.post(&url, &[("form", &form)]).await.status }
    }))
    .await;
    assert_eq!(
        sms_sent(&world).await,
        2,
        "the first code's and one more: {pages:?}"
    );
    assert_eq!(
        pages.iter().filter(|status| **status == 303).count(),
        1,
        "{pages:?}"
    );
    assert_eq!(patient.enter(&world.newest_code().await).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn t14_a_number_gets_at_most_20_asked_messages_a_day() {
    let world = World::start().await;
    allow(&world, json!({"allowed": true, "max_requests": 20})).await;
    let sent = world.practice.send_invoice(1).await;
    let mut patient = world.patient(&sent);
    for request in 0..19 {
        assert_eq!(patient.ask().await.status, 303, "request {request}");
        world.advance(30 * MINUTE);
    }
    let other = world.practice.document("note", "2", "2026-11-20").await;
    let another = world.practice.send(&[&other]).await;
    let mut another = world.patient(&another);
    assert_eq!(
        another.ask().await.status,
        303,
        "the twentieth, of another delivery"
    );
    world.advance(30 * MINUTE);
    let page = another.ask().await;
    assert_eq!(page.status, 503, "{}", page.text());
    assert!(
        page.says("Der Code lässt sich gerade nicht verschicken."),
        "neutral: {}",
        page.text()
    );
    world.advance(DAY);
    assert_eq!(another.ask().await.status, 303, "another day");
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_request_from_elsewhere_sends_nothing() {
    let (world, sent) = delivery(json!({})).await;
    let mut patient = world.patient(&sent);
    let page = patient.open().await;
    let url = format!("{}/code", sent.link);
    for form in ["", page.form()] {
        assert_eq!(
            patient.post(&url, &[("form", form)]).await.status,
            403,
            "the form of another purpose, or none"
        );
    }
    let fields = [("form", page.request_form())];
    let foreign = [("origin", "https://evil.example")];
    assert_eq!(patient.post_with(&url, &fields, &foreign).await.status, 403);
    assert_eq!(sms_sent(&world).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn l6a_the_practice_makes_a_new_code_spoken_or_by_message() {
    let (world, sent) = delivery(json!({})).await;
    let spoken = world
        .practice
        .post_code("one", &sent.id, json!({"channel": "spoken"}))
        .await;
    assert_eq!(spoken.status, 201, "{spoken:?}");
    let code = spoken.body["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        world.patient(&sent).enter(&sent.code).await.status,
        401,
        "the old code is dead at once"
    );
    assert_eq!(world.patient(&sent).enter(&code).await.status, 303);
    assert_eq!(sms_sent(&world).await, 1, "nothing was sent");

    let by_sms = world
        .practice
        .post_code("two", &sent.id, json!({"channel": "sms"}))
        .await;
    assert_eq!(by_sms.body["message"]["status"], "accepted");
    assert_eq!(by_sms.body["code"], json!(world.newest_code().await));
    let messages = world.messages().await;
    let text = messages
        .last()
        .and_then(|message| message["text"].as_str())
        .unwrap_or_default();
    assert!(
        text.contains(&sent.reference),
        "the sealed reference is in the message: {text}"
    );

    let again = world
        .practice
        .post_code("two", &sent.id, json!({"channel": "sms"}))
        .await;
    assert_eq!(
        (again.status, again.body.get("code")),
        (201, None),
        "a repeat sends nothing and shows no code"
    );
    assert_eq!(sms_sent(&world).await, 2);
    let other = world
        .practice
        .post_code("two", &sent.id, json!({"channel": "spoken"}))
        .await;
    assert_eq!(other.problem(), "idempotency-mismatch");
}

#[tokio::test(flavor = "multi_thread")]
async fn l6a_revives_and_refuses_as_the_rules_say() {
    let (world, sent) = delivery(json!({})).await;
    world.patient(&sent).enter(&sent.code).await;
    world.advance(72 * HOUR);
    assert_eq!(world.patient(&sent).open().await.status, 410);
    let made = world
        .practice
        .post_code("one", &sent.id, json!({"channel": "spoken"}))
        .await;
    let code = made.body["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        world.patient(&sent).enter(&code).await.status,
        303,
        "revived"
    );
    let shown = world.practice.shown(&sent).await;
    assert_eq!(shown["code_requests"], 0, "does not count as the patient's");
    world.practice.revoke(&sent).await;
    let refused = world
        .practice
        .post_code("two", &sent.id, json!({"channel": "spoken"}))
        .await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "code-not-possible")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l9_a_session_that_the_window_has_ended_does_not_come_back_with_a_new_code() {
    let (world, sent) = delivery(json!({})).await;
    let mut code = sent.code.clone();
    for by_patient in [true, false] {
        assert_eq!(world.patient(&sent).enter(&code).await.status, 303);
        world.advance(3 * DAY - 5 * MINUTE);
        let mut reader = world.patient(&sent);
        assert_eq!(reader.enter(&code).await.status, 303);
        world.advance(5 * MINUTE);
        assert_eq!(reader.documents().await.status, 303, "L2");
        if by_patient {
            ask_and_read(&mut world.patient(&sent)).await;
            code = world.newest_code().await;
        } else {
            let spoken = json!({"channel": "spoken"});
            let answer = world.practice.post_code("a", &sent.id, spoken).await;
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        assert_eq!(reader.documents().await.status, 303, "ended is ended");
    }
}
