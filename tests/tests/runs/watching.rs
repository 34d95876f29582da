//! `operator run watch`: what it says where nobody looks at a terminal, and with which code it ends.

use reqwest::Method;
use serde_json::{Value, json};
use tests::World;
use tests::operator::operator;

use crate::seed::seed;
use crate::text;

/// What watching a run ends with.
async fn watch(world: &World, run: &str) -> (Option<i32>, String, String) {
    let what = ["run", "watch", local::practice::PRACTICE, run];
    operator(world, &what).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watched_run_ends_with_a_code_that_says_how() {
    let world = World::with_smallest_hashes().await;
    let practice = &world.practice;
    let mut items = seed(&world, 30).await;
    let started = practice.start_run(json!({"items": items})).await;
    let (code, out, lines) = watch(&world, text(&started.body["id"])).await;
    assert_eq!((code, out.as_str()), (Some(0), "finished: 30 sent\n"));
    assert_eq!(lines.lines().last(), Some("30 of 30: 30 sent"), "{lines}");

    items[1]["recipient"] = json!("nobody");
    let started = practice.start_run(json!({"items": items})).await;
    let id = text(&started.body["id"]).to_owned();
    let (code, out, _) = watch(&world, &id).await;
    assert_eq!(
        (code, out.as_str()),
        (Some(3), "finished: 29 sent, 1 failed\n")
    );

    let settings =
        json!({"name": "Praxis am Park", "sms_allowed": true, "monthly_caps": {"emails": 0}});
    assert_eq!(practice.put("/v1/settings", settings).await.status, 200);
    let many = seed(&world, 300).await;
    let started = practice.start_run(json!({"items": many})).await;
    let id = text(&started.body["id"]).to_owned();
    let path = format!("/v1/invoice-runs/{id}/cancel");
    let cancelled = practice.call(Method::POST, &path, Value::Null).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    let (code, out, _) = watch(&world, &id).await;
    assert_eq!(code, Some(4), "{out}");
    assert!(out.starts_with("cancelled: "), "{out}");

    let nobodys = "01a207d9-2100-7345-84ac-89e186209d31";
    let (code, out, said) = watch(&world, nobodys).await;
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(said.contains("there is no run"), "{said}");
}
