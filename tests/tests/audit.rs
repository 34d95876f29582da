//! The audit, end to end over HTTP: what is in it, once, with whom and what came of it, and what never is.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::time::{HOUR, MINUTE};
use local::{Options, Ports, Stack, practice};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Practice, Sent, World};

/// How long the stream may take, in steps of 50 milliseconds.
const PATIENCE: usize = 200;

/// The audit, oldest first, once it holds `rows` rows that `is_meant` takes; fails if it never does, or holds more.
async fn audit_when(
    world: &World,
    query: &str,
    rows: usize,
    is_meant: impl Fn(&Value) -> bool,
) -> Vec<Value> {
    let mut found = Vec::new();
    for _ in 0..PATIENCE {
        found = audit(world, query).await;
        found.retain(|row| is_meant(row));
        if found.len() >= rows {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(found.len(), rows, "{found:#?}");
    found
}

/// All pages, oldest first.
async fn audit(world: &World, query: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/audit?limit=100{query}{cursor}");
        let answer = world.practice.get(&path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        rows.extend(answer.body["items"].as_array().cloned().unwrap_or_default());
        match answer.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    rows.reverse();
    rows
}

fn is(action: &str) -> impl Fn(&Value) -> bool {
    move |row| row["action"] == action
}

/// What, by whom, with what outcome.
fn said(row: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(&row["action"]),
        text(&row["actor"]["type"]),
        text(&row["outcome"]),
    )
}

async fn sent(world: &World, extra: Value) -> (String, Sent) {
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let sent = world.practice.send_with(&[&document], extra).await;
    (document, sent)
}

#[tokio::test(flavor = "multi_thread")]
async fn f_v10_a_delivery_is_closed_by_one_row_though_its_documents_are_sent_again_one_by_one() {
    let world = World::start().await;
    let first = world.practice.document("note", "1", "2026-11-19").await;
    let second = world.practice.document("note", "2", "2026-11-20").await;
    let send = async |documents: &[&str]| world.practice.send(documents).await;
    let both = send(&[&first, &second]).await;
    send(&[&first]).await;
    let third = send(&[&second]).await;
    send(&[&second]).await;
    let rows = audit_when(&world, "", 2, is("superseded")).await;
    let closed: BTreeSet<_> = rows.iter().map(|row| row["delivery"].as_str()).collect();
    assert_eq!(closed, [Some(&*both.id), Some(&*third.id)].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn f_v10_a_delivery_leaves_one_row_for_everything_that_was_done() {
    let world = World::start().await;
    let (document, sent) = sent(&world, json!({})).await;
    let mut patient = world.patient(&sent);
    assert_eq!(patient.enter("222222").await.status, 401);
    world.advance(1);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    let link = patient.link.clone();
    assert_eq!(
        patient
            .get(&format!("{link}/documents/{document}"))
            .await
            .status,
        303
    );
    world.advance(20);
    let id = sent.id.clone();
    let rows = audit_when(&world, "", 5, |row| row["delivery"] == id.as_str()).await;
    let mut all: Vec<_> = rows.iter().map(said).collect();
    all.sort();
    let row = |action: &str, actor: &str, outcome: &str| {
        (action.to_owned(), actor.to_owned(), outcome.to_owned())
    };
    assert_eq!(
        all,
        [
            row("downloaded", "patient", "done"),
            row("email", "key", "accepted"),
            row("entry", "patient", "right"),
            row("entry", "patient", "wrong"),
            row("message", "key", "accepted"),
        ]
    );
    for row in &rows {
        assert_eq!(row["record"], "r1", "{row}");
        if row["actor"]["type"] == "patient" {
            assert_eq!(row["address"], "127.0.0.0/24");
        } else {
            assert_eq!(row["actor"]["label"], "Praxis am Park");
            assert_eq!(row["address"], Value::Null);
        }
    }
    let downloaded = rows.iter().find(|row| is("downloaded")(row));
    assert_eq!(
        downloaded.map(|row| &row["document"]),
        Some(&json!(document))
    );
    let whole = serde_json::to_string(&audit(&world, "").await).expect("JSON");
    let token = sent.link.rsplit('/').next().unwrap_or_default().to_owned();
    for secret in [
        token.as_str(),
        &sent.reference,
        &sent.reference.replace('-', ""),
        &sent.code,
        &sent.code.replace('-', ""),
        world.practice.key(),
        "Erika",
        "erika@example.org",
        "+4915112345678",
        "127.0.0.1",
    ] {
        assert!(!whole.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f_v10_every_change_of_the_practice_leaves_one_row() {
    let world = World::start().await;
    let practice = &world.practice;
    let (document, sent) = sent(&world, json!({})).await;
    let other = json!({"record_type": "std", "recipients": [{"id": "p", "name": "A", "email": "a@example.org"}]});
    let path = format!("/v1/documents/{document}");
    let delivery = format!("/v1/deliveries/{}", sent.id);
    for (method, path, body, status) in [
        (Method::PUT, "/v1/record-types/gone", json!({}), 200),
        (Method::DELETE, "/v1/record-types/gone", Value::Null, 204),
        (Method::DELETE, "/v1/record-types/gone", Value::Null, 404),
        (Method::PUT, "/v1/records/r2", other, 200),
        (Method::PATCH, &path, json!({"released": false}), 200),
        (Method::DELETE, &delivery, Value::Null, 204),
        (Method::DELETE, &delivery, Value::Null, 204),
        (Method::DELETE, &path, Value::Null, 204),
    ] {
        let answer = practice.call(method, path, body).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    let spoken = json!({"channel": "spoken"});
    assert_eq!(practice.post_code("a", &sent.id, spoken).await.status, 409);
    for (action, actor, rows) in [
        ("practice_created", "operator", 1),
        ("key_created", "operator", 1),
        ("settings_changed", "key", 1),
        ("record_type_changed", "key", 2),
        ("record_type_deleted", "key", 1),
        ("record_changed", "key", 2),
        ("document_announced", "key", 1),
        ("document_checked", "key", 1),
        ("document_changed", "key", 1),
        ("document_deleted", "key", 1),
        ("document_withdrawn", "key", 1),
        ("email", "key", 1),
        ("message", "key", 1),
        ("revoked", "key", 1),
    ] {
        let found = audit_when(&world, "", rows, is(action)).await;
        assert!(
            found.iter().all(|row| row["actor"]["type"] == actor),
            "{action}: {found:?}"
        );
    }
    let created = audit_when(&world, "", 1, is("key_created")).await;
    assert_eq!(created[0]["key"], "Praxis am Park");
    assert_eq!(audit(&world, "").await.len(), 16, "and nothing else");
}

#[tokio::test(flavor = "multi_thread")]
async fn f_v10_what_failed_says_so_and_what_closed_others_too() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    for (channel, kind) in [("email", "refuse"), ("email", "timeout"), ("sms", "refuse")] {
        world.fail(channel, kind, 1).await;
        world.practice.post_delivery(body.clone()).await;
        world.advance(1);
    }
    assert_eq!(world.practice.post_delivery(body).await.status, 201);
    let outcomes = |rows: &[Value]| -> Vec<String> {
        let outcome = |row: &Value| row["outcome"].as_str().unwrap_or_default().to_owned();
        rows.iter().map(outcome).collect()
    };
    let emails = audit_when(&world, "", 4, is("email")).await;
    assert_eq!(
        outcomes(&emails),
        ["refused", "unknown", "accepted", "accepted"]
    );
    let messages = audit_when(&world, "", 2, is("message")).await;
    assert_eq!(outcomes(&messages), ["refused", "accepted"]);
    let superseded = audit_when(&world, "", 1, is("superseded")).await;
    assert_eq!(superseded[0]["delivery"], emails[2]["delivery"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn f_v10_a_request_for_a_code_is_one_row_with_its_outcome() {
    let world = World::start().await;
    let record_type = json!({"self_service": {"allowed": true}});
    let answer = world
        .practice
        .put("/v1/record-types/std", record_type)
        .await;
    assert_eq!(answer.status, 200);
    let (_, sent) = sent(&world, json!({})).await;
    let mut patient = world.patient(&sent);
    world.fail("sms", "refuse", 1).await;
    assert_eq!(patient.ask().await.status, 503);
    world.advance(MINUTE);
    assert_eq!(patient.ask().await.status, 303);
    let rows = audit_when(&world, "", 2, is("code_requested")).await;
    let outcomes: Vec<_> = rows.iter().map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes, [json!("refused"), json!("accepted")]);
    assert!(rows.iter().all(|row| row["actor"]["type"] == "patient"));
    let id = &sent.id;
    let sms = json!({"channel": "sms"});
    assert_eq!(world.practice.post_code("a", id, sms).await.status, 201);
    audit_when(&world, "", 1, is("code_made")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_v10_the_audit_of_a_time_and_of_a_record_comes_in_pages_newest_first() {
    let world = World::start().await;
    let record = json!({"record_type": "std", "recipients": [{"id": "p", "name": "A", "email": "a@example.org"}]});
    for _ in 0..5 {
        world.advance(MINUTE);
        let answer = world.practice.put("/v1/records/r2", record.clone()).await;
        assert_eq!(answer.status, 200);
    }
    audit_when(&world, "&record=r2", 5, |_| true).await;
    audit_when(&world, "&record=r1", 1, |_| true).await;
    for (range, rows) in [
        ("from=2026-11-23T10:02:00Z", 4),
        ("from=2026-11-23T10:02:01Z", 3),
        ("to=2026-11-23T10:02:00Z", 1),
        ("to=2026-11-23T10:02:01Z", 2),
        ("from=2026-11-23T10:02:00Z&to=2026-11-23T10:04:00Z", 2),
        ("from=2026-11-23T10:04:00Z&to=2026-11-23T10:02:00Z", 0),
    ] {
        let found = audit(&world, &format!("&record=r2&{range}")).await;
        assert_eq!(found.len(), rows, "{range}: {found:?}");
    }
    let page = world.practice.get("/v1/audit?record=r2&limit=2").await;
    let times: Vec<_> = page.body["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| row["at"].clone())
        .collect();
    assert_eq!(times, ["2026-11-23T10:05:00Z", "2026-11-23T10:04:00Z"]);
    let cursor = page.body["next_cursor"].as_str().unwrap_or_default();
    for query in [
        format!("to=2026-11-23T10:01:30Z&cursor={cursor}"),
        format!("from=2026-11-23T10:04:30Z&cursor={cursor}"),
        "cursor=x".to_owned(),
    ] {
        let answer = world
            .practice
            .get(&format!("/v1/audit?record=r2&{query}"))
            .await;
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
    }
    for bad in ["from=yesterday", "to=2026-13-01T00:00:00Z", "record=a%20b"] {
        let answer = world.practice.get(&format!("/v1/audit?{bad}")).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid-query"),
            "{bad}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f_v10_an_erased_record_is_named_nowhere_in_the_audit_not_even_later() {
    let world = World::start().await;
    let (_, sent) = sent(&world, json!({})).await;
    let mut patient = world.patient(&sent);
    assert_eq!(patient.enter("222222").await.status, 401);
    audit_when(&world, "&record=r1", 5, |_| true).await;
    // The wrong entry still waits for its outcome.
    assert_eq!(world.practice.delete("/v1/records/r1").await.status, 204);
    let erased = audit_when(&world, "", 1, is("record_erased")).await;
    let alias = erased[0]["record"].as_str().unwrap_or_default().to_owned();
    assert!(alias.starts_with("erased-"), "{alias}");
    world.advance(21);
    audit_when(&world, "", 1, is("entry")).await;
    audit_when(&world, "", 1, is("document_withdrawn")).await;
    audit_when(&world, "&record=r1", 0, |_| true).await;
    for row in audit(&world, "").await {
        assert_ne!(row["record"], "r1", "{row}");
    }
    let rows = audit(&world, &format!("&record={alias}")).await;
    assert_eq!(rows.len(), 9, "{rows:#?}");
    world.advance(HOUR);
    let again = json!({"record_type": "std", "recipients": [{"id": "p", "name": "A", "email": "a@example.org"}]});
    assert_eq!(
        world.practice.put("/v1/records/r1", again).await.status,
        200
    );
    audit_when(&world, "&record=r1", 1, is("record_changed")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_nobody_sees_the_audit_of_another_practice() {
    let world = World::start().await;
    let other = world.another_practice("other").await;
    audit_when(&world, "&record=r1", 1, |_| true).await;
    for _ in 0..PATIENCE {
        let rows = other.get("/v1/audit?record=r1").await;
        if rows.body["items"]
            .as_array()
            .is_some_and(|rows| rows.len() == 1)
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let before = audit(&world, "").await;
    assert_eq!(other.put("/v1/record-types/x", json!({})).await.status, 200);
    for _ in 0..PATIENCE {
        let rows = other.get("/v1/audit").await;
        let newest = &rows.body["items"][0]["action"];
        if *newest == "record_type_changed" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(audit(&world, "").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn f_v10_a_stream_that_comes_again_from_its_beginning_adds_no_row() {
    let folder = TempDir::new().expect("a folder");
    let options = || Options {
        directory: folder.path().to_owned(),
        ports: Ports::default(),
        parameters: BTreeMap::new(),
        variables: BTreeMap::new(),
        fed_elsewhere: Vec::new(),
    };
    let stack = Stack::start(options()).await.expect("a stack");
    let key = practice::ensure(&stack).await.expect("a key");
    let program = Practice::new(stack.api(), stack.outbox(), &key);
    program.set_up().await;
    let rows = async |program: &Practice| {
        let answer = program.get("/v1/audit?limit=100").await;
        answer.body["items"].as_array().cloned().unwrap_or_default()
    };
    // The practice, its key, settings, record type and record.
    for _ in 0..PATIENCE {
        if rows(&program).await.len() == 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let before = rows(&program).await;
    assert_eq!(before.len(), 5, "{before:#?}");
    stack.stop().await;
    let position = folder.path().join("stream-notify");
    std::fs::remove_file(&position).expect("the position");
    let stack = Stack::start(options()).await.expect("a stack");
    for _ in 0..PATIENCE {
        if position.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(position.exists(), "the stream came again");
    assert_eq!(
        rows(&Practice::new(stack.api(), stack.outbox(), &key)).await,
        before
    );
}
