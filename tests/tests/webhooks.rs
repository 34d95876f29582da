//! Webhooks from outside: their settings, their signatures, and what a test of one answers.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

use deliveries::Clock;
use http::{HeaderMap, HeaderName};
use reqwest::Method;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tests::{Answer, Practice, World};

fn wanted() -> Value {
    json!({"url": "https://hooks.example.org/zweiweg?a=b", "events": ["delivery.opened", "delivery.closed"]})
}

async fn test(practice: &Practice, id: &str) -> Answer {
    let path = format!("/v1/webhooks/{id}/test");
    practice.call(Method::POST, &path, Value::Null).await
}

/// What receivers would have got, oldest first.
async fn received(world: &World) -> Vec<Value> {
    let mut messages = world.messages().await;
    messages.retain(|message| message["channel"] == "webhook");
    messages
}

fn secret_of(answer: &Answer) -> Webhook {
    let secret = answer.body["secret"].as_str().expect("a secret");
    Webhook::new(secret).expect("a secret of the standard")
}

/// Judges a message as the standard's own library does.
fn is_signed_by(message: &Value, secret: &Webhook) -> bool {
    let body = message["body"].as_str().expect("a body");
    let headers: HeaderMap = message["headers"]
        .as_object()
        .expect("headers")
        .iter()
        .map(|(name, value)| {
            let name: HeaderName = name.parse().expect("a name");
            let value = value.as_str().unwrap_or_default();
            (name, value.parse().expect("a value"))
        })
        .collect();
    secret.verify(body.as_bytes(), &headers).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhooks_secret_is_shown_once_and_again_only_when_it_is_a_new_one() {
    let world = World::start().await;
    let practice = &world.practice;
    let made = practice.put("/v1/webhooks/a", wanted()).await;
    assert_eq!(made.status, 200, "{made:?}");
    let secret = made.body["secret"].as_str().expect("a secret").to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() == 50);
    let expected = json!({"id": "a", "url": "https://hooks.example.org/zweiweg?a=b",
        "events": ["delivery.opened", "delivery.closed"], "created_at": "2026-11-23T10:00:00Z",
        "old_secret_until": null, "gone_at": null});
    let got = practice.get("/v1/webhooks/a").await;
    assert_eq!((got.status, &got.body), (200, &expected));
    let again = practice.put("/v1/webhooks/a", wanted()).await;
    assert_eq!(again.body, expected, "without a secret");
    let mut rotating = wanted();
    rotating["rotate_secret"] = json!(true);
    let rotated = practice.put("/v1/webhooks/a", rotating).await;
    assert_ne!(rotated.body["secret"], json!(secret));
    assert_eq!(rotated.body["old_secret_until"], "2026-11-24T10:00:00Z");
    let listed = practice.get("/v1/webhooks").await;
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(1));
    assert!(listed.body["items"][0]["secret"].is_null());
    assert_eq!(practice.delete("/v1/webhooks/a").await.status, 204);
    assert_eq!(practice.delete("/v1/webhooks/a").await.status, 404);
    assert_eq!(practice.get("/v1/webhooks/a").await.status, 404);
    assert_eq!(test(practice, "a").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_practice_has_ten_webhooks_and_no_more_however_many_it_asks_for_at_once() {
    let world = World::start().await;
    let practice = &world.practice;
    for number in 0..8 {
        let made = practice
            .put(&format!("/v1/webhooks/w{number}"), wanted())
            .await;
        assert_eq!(made.status, 200, "{made:?}");
    }
    let paths: Vec<String> = (8..12).map(|n| format!("/v1/webhooks/w{n}")).collect();
    let puts = paths.iter().map(|path| practice.put(path, wanted()));
    let answers = futures::future::join_all(puts).await;
    let made = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(made.count(), 2, "{answers:?}");
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(
            (refused.status, refused.problem()),
            (409, "too-many-webhooks")
        );
    }
    let replaced = practice.put("/v1/webhooks/w0", wanted()).await;
    assert_eq!(
        replaced.status, 200,
        "one that is there can still be changed"
    );
    let first = practice.get("/v1/webhooks?limit=6").await.body;
    let cursor = first["next_cursor"].as_str().expect("a further page");
    let second = practice
        .get(&format!("/v1/webhooks?limit=6&cursor={cursor}"))
        .await
        .body;
    let lengths = [&first, &second].map(|page| page["items"].as_array().map_or(0, Vec::len));
    assert_eq!((lengths, &second["next_cursor"]), ([6, 4], &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn t25_a_webhook_that_leads_inside_is_refused_and_its_field_named() {
    let world = World::start().await;
    for url in [
        "http://hooks.example.org/",
        "https://hooks.example.org:8443/",
        "https://user@hooks.example.org/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.1.2.3/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://metadata.google.internal/",
        "javascript:alert(1)",
        "",
    ] {
        let body = json!({"url": url, "events": ["delivery.opened"]});
        let refused = world.practice.put("/v1/webhooks/a", body).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (400, "invalid-body"),
            "{url}"
        );
        assert_eq!(refused.pointers(), ["/url"], "{url}");
    }
    for (events, pointer) in [
        (json!([]), "/events"),
        (json!(["delivery.sent"]), "/events/0"),
        (json!(["delivery.opened", 1]), "/events/1"),
        (json!("delivery.opened"), "/events"),
    ] {
        let body = json!({"url": "https://hooks.example.org/", "events": events});
        let refused = world.practice.put("/v1/webhooks/a", body).await;
        assert_eq!(refused.pointers(), [pointer], "{events}");
    }
    assert_eq!(
        world.practice.get("/v1/webhooks").await.body["items"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_sends_one_signed_message_at_once_and_says_what_came_back() {
    let world = World::start().await;
    // The standard's library judges by the system's clock.
    world.set_clock(Clock::system().now());
    let made = world.practice.put("/v1/webhooks/a", wanted()).await;
    let tested = test(&world.practice, "a").await;
    let delivered = json!({"outcome": "delivered", "status": 204});
    assert_eq!((tested.status, &tested.body), (200, &delivered));
    for (kind, answer) in [
        ("refuse", json!({"outcome": "refused", "status": 500})),
        ("throttle", json!({"outcome": "refused", "status": 429})),
        ("timeout", json!({"outcome": "timeout", "status": null})),
    ] {
        world.fail("webhook", kind, 1).await;
        assert_eq!(test(&world.practice, "a").await.body, answer, "{kind}");
    }
    let received = received(&world).await;
    assert_eq!(
        received.len(),
        2,
        "one arrived, and one whose answer did not come"
    );
    let message = &received[0];
    assert_eq!(message["url"], "https://hooks.example.org/zweiweg?a=b");
    assert_eq!(message["headers"]["content-type"], "application/json");
    assert!(is_signed_by(message, &secret_of(&made)), "{message}");
    let other = Webhook::new("whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=");
    assert!(!is_signed_by(message, &other.expect("a secret")));
    let body: Value =
        serde_json::from_str(message["body"].as_str().unwrap_or_default()).expect("JSON");
    assert_eq!(body["type"], "webhook.test");
    assert_eq!(body["data"], json!({"webhook": "a"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn for_a_day_after_a_rotation_the_old_secret_signs_too() {
    let world = World::start().await;
    world.set_clock(Clock::system().now());
    let practice = &world.practice;
    let old = secret_of(&practice.put("/v1/webhooks/a", wanted()).await);
    let mut rotating = wanted();
    rotating["rotate_secret"] = json!(true);
    let new = secret_of(&practice.put("/v1/webhooks/a", rotating).await);
    test(practice, "a").await;
    let message = received(&world).await.remove(0);
    assert!(is_signed_by(&message, &new) && is_signed_by(&message, &old));
    world.advance(24 * 60 * 60);
    test(practice, "a").await;
    let later = received(&world).await.remove(1);
    let signatures = later["headers"]["webhook-signature"]
        .as_str()
        .unwrap_or_default();
    assert_eq!(signatures.split(' ').count(), 1, "{signatures}");
    let (id, at) = ("webhook-id", "webhook-timestamp");
    let header = |name: &str| {
        later["headers"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let body = later["body"].as_str().unwrap_or_default().as_bytes();
    let seconds: i64 = header(at).parse().expect("seconds");
    let expected = new.sign(&header(id), seconds, body).expect("a signature");
    assert_eq!(signatures, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_practices_webhooks_are_not_there() {
    let world = World::start().await;
    let other = world.another_practice("praxis-am-see").await;
    let made = world.practice.put("/v1/webhooks/a", wanted()).await;
    assert_eq!(made.status, 200);
    for answer in [
        other.get("/v1/webhooks/a").await,
        other.delete("/v1/webhooks/a").await,
        test(&other, "a").await,
    ] {
        assert_eq!((answer.status, answer.problem()), (404, "not-found"));
    }
    assert!(received(&world).await.is_empty());
    assert_eq!(world.practice.get("/v1/webhooks/a").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_a_repeated_test_comes_under_the_same_id() {
    let world = World::start().await;
    for id in ["one", "two"] {
        let path = format!("/v1/webhooks/{id}");
        assert_eq!(world.practice.put(&path, wanted()).await.status, 200);
    }
    for (id, key) in [
        ("one", Some("key-1")),
        ("one", Some("key-1")),
        ("one", Some("key-2")),
        ("two", Some("key-1")),
        ("one", None),
        ("one", None),
    ] {
        let url = format!("{}/v1/webhooks/{id}/test", world.stack.api());
        let mut request = reqwest::Client::new()
            .post(url)
            .bearer_auth(world.practice.key());
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        assert_eq!(request.send().await.expect("an answer").status(), 200);
    }
    let received = received(&world).await;
    let ids: Vec<&str> = received
        .iter()
        .map(|message| {
            message["headers"]["webhook-id"]
                .as_str()
                .unwrap_or_default()
        })
        .collect();
    assert_eq!(ids.len(), 6, "{received:?}");
    assert_eq!(ids[0], ids[1], "the same key");
    let different: std::collections::BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(different.len(), 5, "{ids:?}");
}
