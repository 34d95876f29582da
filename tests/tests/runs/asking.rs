//! What a practice may ask for: refused runs leave nothing, a run is there once, a dry run sends nothing.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::World;
use tests::dynamodb::items;

use crate::seed::seed;
use crate::{assert_counts, emails, text};

/// Rows of runs.
async fn rows(world: &World) -> usize {
    let of_runs = |item: &Value| {
        let partition = text(&item["pk"]["S"]);
        ["RUN#", "LANE#", "RUNS"]
            .iter()
            .any(|prefix| partition.starts_with(prefix))
    };
    let items = items(world.stack.dynamodb()).await;
    items.iter().filter(|item| of_runs(item)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn spoken_items_and_doubles_are_refused_dry_or_not_and_nothing_is_written() {
    let world = World::with_smallest_hashes().await;
    let items = seed(&world, 3).await;
    let with = |item: &Value, channel: Value| {
        let mut item = item.clone();
        item["channel"] = channel;
        item
    };
    // Nobody has said how codes travel: then they are spoken.
    let (spoken, by_default) = (
        with(&items[1], json!("spoken")),
        with(&items[2], Value::Null),
    );
    for dry_run in [false, true] {
        let post = async |items: Value| {
            let body = json!({"items": items, "dry_run": dry_run});
            world.practice.post_as("a", "/v1/invoice-runs", body).await
        };
        let refused = post(json!([items[0], spoken, by_default])).await;
        assert_eq!((refused.status, refused.problem()), (422, "spoken-in-run"));
        assert_eq!(refused.pointers(), ["/items/1/channel", "/items/2/channel"]);
        // The channel tells two items no more apart than their order.
        let again = with(&items[0], json!("self_service"));
        let refused = post(json!([items[0], items[1], again, items[0]])).await;
        assert_eq!((refused.status, refused.problem()), (422, "double-in-run"));
        assert_eq!(refused.pointers(), ["/items/2", "/items/3"]);
        let both = post(json!([items[0], spoken, items[0]])).await;
        assert_eq!(both.problem(), "spoken-in-run");
        assert_eq!(both.pointers(), ["/items/1/channel", "/items/2"]);
        assert_eq!(
            both.body["problems"],
            json!(["spoken-in-run", "double-in-run"])
        );
    }
    assert_eq!(rows(&world).await, 0);
    assert!(world.messages().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_run_is_refused_field_by_field() {
    let world = World::with_smallest_hashes().await;
    let item = seed(&world, 1).await.remove(0);
    for (body, pointer) in [
        (json!({}), "/items"),
        (json!({"items": []}), "/items"),
        (json!({"items": vec![item.clone(); 10_001]}), "/items"),
        (json!({"items": [item, {}]}), "/items/1/document"),
        (
            json!({"items": [{"document": "x", "recipient": "patient"}]}),
            "/items/0/document",
        ),
        (
            json!({"items": [{"document": item["document"], "recipient": "pat ient"}]}),
            "/items/0/recipient",
        ),
        (
            json!({"items": [{"document": item["document"], "recipient": "patient", "channel": "fax"}]}),
            "/items/0/channel",
        ),
        (json!({"items": [item], "when": "now"}), "/when"),
    ] {
        let refused = world.practice.post_as("a", "/v1/invoice-runs", body).await;
        assert_eq!((refused.status, refused.problem()), (400, "invalid-body"));
        assert_eq!(refused.pointers(), [pointer]);
    }
    let huge = json!({"items": [item], "padding": "x".repeat(2 * 1024 * 1024)});
    let refused = world.practice.post_as("a", "/v1/invoice-runs", huge).await;
    assert_eq!((refused.status, refused.problem()), (413, "body-too-large"));
    let body = json!({"items": [item]});
    let refused = world
        .practice
        .call(Method::POST, "/v1/invoice-runs", body)
        .await;
    assert_eq!(refused.problem(), "idempotency-key-required");
    assert_eq!(rows(&world).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_a_run_is_there_once_however_often_it_is_asked_for() {
    let world = World::with_smallest_hashes().await;
    let items = seed(&world, 3).await;
    let body = json!({"items": items});
    let starts = (0..5).map(|_| {
        world
            .practice
            .post_as("a", "/v1/invoice-runs", body.clone())
    });
    let answers = join_all(starts).await;
    let id = text(&answers[0].body["id"]).to_owned();
    for answer in &answers {
        assert_eq!(
            (answer.status, text(&answer.body["id"])),
            (202, id.as_str())
        );
    }
    let run = world.practice.run_ended(&id).await;
    assert_counts(&run, &[("sent", 3)]);
    // A repeat is answered as the run is now, and though it could not be asked for any more.
    let settings = json!({"name": "Praxis am Park", "sms_allowed": false});
    assert_eq!(
        world.practice.put("/v1/settings", settings).await.status,
        200
    );
    let again = world.practice.post_as("a", "/v1/invoice-runs", body).await;
    assert_eq!((again.status, &again.body), (202, &run));
    let other = json!({"items": items[..2]});
    let mismatch = world.practice.post_as("a", "/v1/invoice-runs", other).await;
    assert_eq!(mismatch.problem(), "idempotency-mismatch");
    let once = |mails: &usize| *mails == 1;
    assert!(emails(&world).await.values().all(once));
    assert_eq!(emails(&world).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_names_every_problem_of_every_item_and_sends_nothing() {
    let world = World::with_smallest_hashes().await;
    let practice = &world.practice;
    let mut items = seed(&world, 6).await;
    // No consent and no number; somebody who is not there; a document that is not there; the cap is reached at the fifth.
    let record = json!({"record_type": "std", "recipients": [{"id": "patient", "name": "A", "email": "a@example.org"}]});
    assert_eq!(practice.put("/v1/records/p1", record).await.status, 200);
    items[2]["recipient"] = json!("nobody");
    items[3]["document"] = json!("20261120-aaaaaaaaaaaaaaaaaaaaaaaaa");
    items[1]["channel"] = json!("self_service");
    let settings = json!({"name": "Praxis am Park", "sms_allowed": true, "monthly_caps": {"emails": 5, "sms": 3}});
    assert_eq!(practice.put("/v1/settings", settings).await.status, 200);
    let started = practice
        .start_run(json!({"items": items, "dry_run": true}))
        .await;
    let id = text(&started.body["id"]).to_owned();
    let run = practice.run_ended(&id).await;
    assert_eq!(run["dry_run"], true);
    assert_counts(&run, &[("checked", 1), ("failed", 5)]);
    let told: Vec<(Vec<&str>, Vec<&str>)> = practice
        .run_items(&id, "")
        .await
        .leak()
        .iter()
        .map(|item| {
            let problems = item["problems"].as_array().expect("problems");
            let kinds = problems.iter().map(|problem| text(&problem["type"]));
            let pointers = problems
                .iter()
                .filter_map(|problem| problem["errors"].as_array())
                .flatten();
            let pointers = pointers.map(|error| text(&error["pointer"]));
            (kinds.collect(), pointers.collect())
        })
        .collect();
    let no_pointer: Vec<&str> = Vec::new();
    assert_eq!(
        told,
        [
            (vec![], no_pointer.clone()),
            (
                vec!["/problems/self-service-not-allowed"],
                no_pointer.clone()
            ),
            (vec!["/problems/not-found"], vec!["/items/2/recipient"]),
            (vec!["/problems/document-gone"], vec!["/items/3/document"]),
            // The fourth by SMS, and the fifth e-mail.
            (vec!["/problems/cap-reached"], no_pointer.clone()),
            (vec!["/problems/cap-reached"], no_pointer),
        ]
    );
    assert!(world.messages().await.is_empty());
    assert_eq!(
        practice.get("/v1/usage").await.body["emails"]["used"],
        0,
        "nothing is counted"
    );
    let deliveries = practice.get("/v1/deliveries").await;
    assert_eq!(deliveries.body["items"], json!([]));
    let retried = practice
        .post_as(
            "again",
            &format!("/v1/invoice-runs/{id}/retry"),
            json!({"state": "failed"}),
        )
        .await;
    assert_eq!(retried.status, 202, "what failed can be checked again");
    assert_counts(
        &practice.run_ended(&id).await,
        &[("checked", 1), ("failed", 5)],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_a_document_of_another_practice_fails_as_one_that_nobody_has() {
    let world = World::with_smallest_hashes().await;
    let foreign = seed(&world, 1).await.remove(0);
    let other = world.another_practice("praxis-am-par").await;
    let missing = json!({"document": "20261120-aaaaaaaaaaaaaaaaaaaaaaaaa", "recipient": "patient", "channel": "sms"});
    let mut told = Vec::new();
    for item in [foreign, missing] {
        let started = other.start_run(json!({"items": [item]})).await;
        let id = text(&started.body["id"]).to_owned();
        assert_counts(&other.run_ended(&id).await, &[("failed", 1)]);
        let mut item = other.run_items(&id, "").await.remove(0);
        item["document"] = Value::Null;
        told.push(item);
        for path in ["", "/items"] {
            let path = format!("/v1/invoice-runs/{id}{path}");
            let answer = world.practice.get(&path).await;
            assert_eq!((answer.status, answer.problem()), (404, "not-found"));
        }
    }
    assert_eq!(told[0], told[1]);
    assert!(world.messages().await.is_empty());
}
