//! Monthly caps and usage, end to end over HTTP.
#![cfg(test)]

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::practice::{Limits, MonthlyCaps};
use domain::time::{HOUR, Timestamp};
use futures::future::join_all;
use operator::create_practice;
use serde_json::{Value, json};
use tests::front::Front;
use tests::{Practice, World};

/// A world whose practice has these caps, and a document to send.
async fn capped(caps: Value) -> (World, String) {
    let world = World::start().await;
    set_caps(&world.practice, caps).await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    (world, document)
}

async fn set_caps(practice: &Practice, caps: Value) {
    let settings = json!({"name": "Praxis am Park", "sms_allowed": true, "monthly_caps": caps});
    assert_eq!(practice.put("/v1/settings", settings).await.status, 200);
}

fn delivery(document: &str, channel: &str) -> Value {
    json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": channel})
}

async fn usage(practice: &Practice) -> Value {
    let answer = practice.get("/v1/usage").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_a_cap_lets_so_many_through_and_not_one_more() {
    let (world, document) = capped(json!({"emails": 2, "sms": 5})).await;
    for left in [1, 0] {
        let answer = world
            .practice
            .post_delivery(delivery(&document, "sms"))
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(usage(&world.practice).await["emails"]["left"], left);
    }
    let sent = world.messages().await.len();
    let refused = world
        .practice
        .post_delivery(delivery(&document, "sms"))
        .await;
    assert_eq!((refused.status, refused.problem()), (409, "cap-reached"));
    assert_eq!(refused.body["cap"], "emails");
    assert_eq!(refused.body["limit"], 2);
    assert_eq!(refused.body["month"], "2026-11");
    let preview = world
        .practice
        .call(
            reqwest::Method::POST,
            "/v1/deliveries/preview",
            delivery(&document, "sms"),
        )
        .await;
    assert_eq!(preview.body["sendable"], false);
    assert_eq!(preview.body["problems"][0]["type"], "/problems/cap-reached");
    assert_eq!(world.messages().await.len(), sent, "nothing was sent");
    let list = world.practice.get("/v1/deliveries").await;
    assert_eq!(
        list.body["items"].as_array().map(Vec::len),
        Some(2),
        "nothing was written"
    );
    assert_eq!(
        usage(&world.practice).await,
        json!({"month": "2026-11", "emails": {"used": 2, "cap": 2, "left": 0},
            "sms": {"used": 2, "cap": 5, "left": 3}, "threema": {"used": 0, "cap": null, "left": null}})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_a_repeated_request_is_answered_though_the_cap_is_reached() {
    let (world, document) = capped(json!({"emails": 1, "sms": 2})).await;
    let body = delivery(&document, "sms");
    let first = world.practice.post_delivery_as("a", body.clone()).await;
    let again = world.practice.post_delivery_as("a", body.clone()).await;
    assert_eq!((again.status, &again.body["id"]), (201, &first.body["id"]));
    let other = world
        .practice
        .post_delivery_as("a", delivery(&document, "spoken"))
        .await;
    assert_eq!(other.problem(), "idempotency-mismatch");
    let id = first.body["id"].as_str().unwrap_or_default();
    let sms = json!({"channel": "sms"});
    assert_eq!(
        world.practice.post_code("b", id, sms.clone()).await.status,
        201
    );
    let again = world.practice.post_code("b", id, sms.clone()).await;
    assert_eq!((again.status, &again.body["code"]), (201, &Value::Null));
    let refused = world.practice.post_code("c", id, sms).await;
    assert_eq!((refused.status, refused.problem()), (409, "cap-reached"));
    let spoken = world
        .practice
        .post_code("d", id, json!({"channel": "spoken"}))
        .await;
    assert_eq!(spoken.status, 201, "a spoken code counts nowhere");
    assert_eq!(usage(&world.practice).await["sms"]["used"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_of_ten_sendings_at_once_only_as_many_as_are_left_go_out() {
    let (world, document) = capped(json!({"emails": 3})).await;
    let sendings = (0..10).map(|_| world.practice.post_delivery(delivery(&document, "spoken")));
    let answers = join_all(sendings).await;
    let sent = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(sent, 3, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.problem(), "cap-reached");
    }
    assert_eq!(world.messages().await.len(), 3);
    assert_eq!(usage(&world.practice).await["emails"]["used"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_a_new_month_begins_with_its_first_second() {
    let (world, document) = capped(json!({"emails": 1})).await;
    world.set_clock(Timestamp::parse("2026-11-30T23:59:59Z").expect("a time"));
    let body = delivery(&document, "spoken");
    assert_eq!(world.practice.post_delivery(body.clone()).await.status, 201);
    let refused = world.practice.post_delivery(body.clone()).await;
    assert_eq!(refused.problem(), "cap-reached");
    world.advance(1);
    assert_eq!(usage(&world.practice).await["emails"]["left"], 1);
    assert_eq!(world.practice.post_delivery(body).await.status, 201);
    assert_eq!(usage(&world.practice).await["month"], "2026-12");
    let before = world.practice.get("/v1/usage?month=2026-11").await;
    assert_eq!(before.body["emails"]["used"], 1);
    for bad in ["2026-13", "november", ""] {
        let answer = world.practice.get(&format!("/v1/usage?month={bad}")).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid-query"),
            "{bad}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_what_was_refused_is_taken_back_and_what_may_have_arrived_is_not() {
    let (world, document) = capped(json!({"emails": 9, "sms": 9})).await;
    for (channel, kind, emails, sms) in [
        ("email", "refuse", 0, 0),
        ("email", "timeout", 1, 0),
        ("sms", "refuse", 1, 0),
        ("sms", "timeout", 1, 1),
    ] {
        let before = usage(&world.practice).await;
        world.fail(channel, kind, 1).await;
        world
            .practice
            .post_delivery(delivery(&document, "sms"))
            .await;
        let after = usage(&world.practice).await;
        for (counted, expected) in [("emails", emails), ("sms", sms)] {
            let used = |usage: &Value| usage[counted]["used"].as_i64().unwrap_or_default();
            let further = used(&after) - used(&before);
            assert_eq!(further, expected, "{channel} {kind}: {counted}");
        }
    }
}

/// What AWS says where it has certainly done nothing.
fn certainly_not_done(call: &str) -> Response {
    let body = match call {
        KEYS => r#"{"__type": "KMSInternalException"}"#,
        _ => {
            r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "CancellationReasons": [{"Code": "TransactionConflict"}]}"#
        }
    };
    let kind = [("content-type", "application/x-amz-json-1.0")];
    (StatusCode::BAD_REQUEST, kind, body).into_response()
}

const KEYS: &str = "KMS GenerateMac";
const TRANSACTION: &str = "DYNAMODB TransactWriteItems";

#[tokio::test(flavor = "multi_thread")]
async fn d4_what_was_certainly_not_written_is_not_counted() {
    let failing = Arc::new(Mutex::new(""));
    let asked = failing.clone();
    let front = Front::open(move |passing| {
        let fails = passing.call == *asked.lock().expect("no panic in between");
        async move {
            if fails {
                certainly_not_done(&passing.call)
            } else {
                passing.pass_on().await
            }
        }
    });
    let world = World::behind(&front.await).await;
    let practice = &world.practice;
    let document = practice.document("invoice", "1", "2026-11-20").await;
    let fail = |call| *failing.lock().expect("no panic in between") = call;
    let nothing = usage(practice).await;
    // In this order: once a function has its keys, it keeps them.
    for call in [KEYS, TRANSACTION] {
        fail(call);
        let answer = practice.post_delivery(delivery(&document, "sms")).await;
        assert_eq!((answer.status, answer.problem()), (503, "unavailable"));
        fail("");
        assert_eq!(usage(practice).await, nothing, "{call}");
    }
    let sent = practice.send(&[&document]).await;
    let once = usage(practice).await;
    for (counted, used) in [("emails", 1), ("sms", 1)] {
        assert_eq!(once[counted]["used"], used, "{counted}");
    }
    fail(TRANSACTION);
    let sms = json!({"channel": "sms"});
    let answer = practice.post_code("a", &sent.id, sms).await;
    assert_eq!((answer.status, answer.problem()), (503, "unavailable"));
    fail("");
    assert_eq!(usage(practice).await, once);
    assert_eq!(world.messages().await.len(), 2, "one e-mail, one SMS");
    assert_eq!(world.patient(&sent).enter(&sent.code).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_a_patient_who_asks_for_a_code_is_told_neutrally_that_it_cannot_be_sent() {
    let (world, document) = capped(json!({"sms": 1})).await;
    let record_type = json!({"self_service": {"allowed": true}});
    assert_eq!(
        world
            .practice
            .put("/v1/record-types/std", record_type)
            .await
            .status,
        200
    );
    let extra = json!({"channel": "self_service"});
    let sent = world.practice.send_with(&[&document], extra).await;
    let mut patient = world.patient(&sent);
    for (status, used) in [(303, 1), (503, 1)] {
        let page = patient.ask().await;
        assert_eq!(page.status, status, "{}", page.text());
        assert_eq!(usage(&world.practice).await["sms"]["used"], used);
        world.advance(HOUR);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_the_operators_limit_wins_over_a_higher_cap_of_the_practice() {
    let world = World::bare().await;
    let store = world.store();
    let limits = Limits {
        sender_ids: None,
        monthly_caps: MonthlyCaps {
            emails: Some(1.try_into().expect("a cap")),
            ..MonthlyCaps::default()
        },
    };
    let name = "P".to_owned().try_into().expect("a name");
    create_practice(
        &store,
        &"limited".parse().expect("an id"),
        name,
        &limits,
        world.clock().now(),
    )
    .await
    .expect("a practice");
    let practice = world.another_practice("limited").await;
    set_caps(&practice, json!({"emails": 100})).await;
    let document = practice.document("invoice", "1", "2026-11-20").await;
    let body = delivery(&document, "spoken");
    assert_eq!(practice.post_delivery(body.clone()).await.status, 201);
    let refused = practice.post_delivery(body).await;
    assert_eq!(
        (refused.problem(), &refused.body["limit"]),
        ("cap-reached", &json!(1))
    );
    assert_eq!(
        usage(&practice).await["emails"],
        json!({"used": 1, "cap": 1, "left": 0})
    );
    assert_eq!(
        usage(&world.practice).await["emails"]["used"],
        0,
        "each practice counts alone"
    );
}
