//! What a run says of its items, and whom it tells.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::World;
use tests::dynamodb::items;

use crate::seed::seed;
use crate::{assert_counts, emails, text};

/// Starts a run of these items and waits for its end: its id and what it says.
async fn run(world: &World, items: &[Value]) -> (String, Value) {
    let started = world.practice.start_run(json!({"items": items})).await;
    let id = text(&started.body["id"]).to_owned();
    let ended = world.practice.run_ended(&id).await;
    (id, ended)
}

async fn retry(world: &World, id: &str, state: &str) -> Value {
    let path = format!("/v1/invoice-runs/{id}/retry");
    let key = format!("retry-{state}-{}", world.messages().await.len());
    let body = json!({"state": state});
    let retried = world.practice.post_as(&key, &path, body).await;
    assert_eq!(retried.status, 202, "{retried:?}");
    world.practice.run_ended(id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_item_becomes_a_delivery_of_its_own_or_says_why_not() {
    let world = World::with_smallest_hashes().await;
    let practice = &world.practice;
    let template = json!({"subject": "${praxis}", "body": "${link} ${referenz} <#if zusatzText?has_content>${zusatzText}</#if>", "standard_additional_text": "Always"});
    let path = "/v1/templates/invoice/email/de";
    assert_eq!(practice.put(path, template).await.status, 200);
    let two = json!({"record_type": "std", "recipients": [
        {"id": "patient", "name": "A", "email": "patient@example.org", "mobile": "+4915112345678"},
        {"id": "insurer", "name": "B", "email": "insurer@example.org", "mobile": "+4915112345679"},
    ]});
    assert_eq!(practice.put("/v1/records/r1", two).await.status, 200);
    let mut asked = seed(&world, 1).await;
    let invoice = practice.document("invoice", "1", "2026-11-20").await;
    for recipient in ["patient", "insurer"] {
        asked.push(json!({"document": invoice, "recipient": recipient, "channel": "sms"}));
    }
    asked.push(json!({"document": asked[0]["document"], "recipient": "nobody", "channel": "sms"}));
    let (id, ended) = run(&world, &asked).await;
    assert_eq!(
        (&ended["state"], &ended["total"]),
        (&json!("finished"), &json!(4))
    );
    assert_counts(&ended, &[("sent", 3), ("failed", 1)]);
    let shown = practice.run_items(&id, "").await;
    for (number, (item, asked)) in shown.iter().zip(&asked).enumerate() {
        assert_eq!(item["pointer"], format!("/items/{number}"));
        for field in ["document", "recipient", "channel"] {
            assert_eq!(item[field], asked[field], "{item}");
        }
    }
    for item in &shown[..3] {
        assert_eq!(item["state"], "sent", "{item}");
        assert_eq!(item["message"]["status"], "accepted", "{item}");
        let path = format!("/v1/deliveries/{}", text(&item["delivery"]));
        let delivery = practice.get(&path).await;
        // L5: neither of one run closes the other.
        assert_eq!(delivery.body["state"], "open", "{delivery:?}");
    }
    let problem = &shown[3]["problems"][0];
    assert_eq!(problem["errors"][0]["pointer"], "/items/3/recipient");
    assert_eq!(
        practice.run_items(&id, "state=failed").await,
        shown[3..],
        "a filter leaves the others out"
    );
    let messages = world.messages().await;
    assert_eq!(messages.len(), 6, "an e-mail and a message each");
    for message in &messages {
        assert!(!text(&message["text"]).contains("Always"), "D2: {message}");
    }
    assert_no_secrets(&world, &messages).await;
}

/// S2: nothing that an e-mail or message says in confidence lies in the table.
async fn assert_no_secrets(world: &World, messages: &[Value]) {
    let rows: Vec<String> = items(world.stack.dynamodb())
        .await
        .iter()
        .map(Value::to_string)
        .collect();
    let is_symbols = |word: &str, length: usize| {
        let plain = word.replace('-', "");
        plain.len() == length
            && plain
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let mut secrets = 0;
    for message in messages {
        for word in text(&message["text"]).split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
            if [6, 8, 28].iter().any(|length| is_symbols(word, *length)) {
                secrets += 1;
                for spelling in [word.to_owned(), word.replace('-', "")] {
                    let found = rows.iter().find(|row| row.contains(&spelling));
                    assert!(found.is_none(), "{spelling} in {found:?}");
                }
            }
        }
    }
    assert!(
        secrets >= messages.len(),
        "only {secrets} secrets were looked for"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_a_later_run_closes_what_an_earlier_one_opened() {
    let world = World::with_smallest_hashes().await;
    let items = seed(&world, 1).await;
    let (first, _) = run(&world, &items).await;
    let (second, ended) = run(&world, &items).await;
    assert_counts(&ended, &[("sent", 1)]);
    for (id, state) in [(&first, "closed"), (&second, "open")] {
        let item = world.practice.run_items(id, "").await.remove(0);
        let path = format!("/v1/deliveries/{}", text(&item["delivery"]));
        assert_eq!(world.practice.get(&path).await.body["state"], state);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_a_cap_lets_so_many_items_through_and_the_others_can_be_tried_again() {
    let world = World::with_smallest_hashes().await;
    let practice = &world.practice;
    let settings = |emails: i64| json!({"name": "Praxis am Park", "sms_allowed": true, "monthly_caps": {"emails": emails}});
    assert_eq!(practice.put("/v1/settings", settings(3)).await.status, 200);
    let items = seed(&world, 40).await;
    let (id, ended) = run(&world, &items).await;
    assert_counts(&ended, &[("sent", 3), ("failed", 37)]);
    for item in practice.run_items(&id, "state=failed").await {
        assert_eq!(item["problems"][0]["type"], "/problems/cap-reached");
        assert_eq!(item["delivery"], Value::Null);
    }
    assert_eq!(practice.put("/v1/settings", settings(39)).await.status, 200);
    assert_counts(
        &retry(&world, &id, "failed").await,
        &[("sent", 39), ("failed", 1)],
    );
    let used = practice.get("/v1/usage").await;
    assert_eq!(used.body["emails"]["used"], 39);
    assert!(emails(&world).await.values().all(|mails| *mails == 1));
    let body = json!({"state": "unknown"});
    let path = format!("/v1/invoice-runs/{id}/retry");
    let refused = practice.post_as("x", &path, body).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "nothing-to-retry")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_tell_waits_for_a_person_and_is_never_sent_twice_by_itself() {
    let world = World::with_smallest_hashes().await;
    let practice = &world.practice;
    let items = seed(&world, 3).await;
    world.fail("email", "timeout", 1).await;
    world.fail("email", "refuse", 1).await;
    let (id, ended) = run(&world, &items).await;
    assert_counts(&ended, &[("sent", 1), ("failed", 1), ("unknown", 1)]);
    for (state, kind) in [("failed", "email-refused"), ("unknown", "email-unknown")] {
        let item = practice
            .run_items(&id, &format!("state={state}"))
            .await
            .remove(0);
        let problem = &item["problems"][0];
        assert_eq!(problem["type"], format!("/problems/{kind}"));
        assert_eq!(problem["id"], item["delivery"]);
    }
    for _ in 0..3 {
        world.advance(3_600);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_counts(
        &practice.run_ended(&id).await,
        &[("sent", 1), ("failed", 1), ("unknown", 1)],
    );
    let sent = emails(&world).await.len();
    assert_counts(
        &retry(&world, &id, "failed").await,
        &[("sent", 2), ("unknown", 1)],
    );
    assert_counts(&retry(&world, &id, "unknown").await, &[("sent", 3)]);
    assert!(sent <= 2, "{sent} e-mails before anybody asked");
    for item in practice.run_items(&id, "").await {
        assert_eq!(item["problems"], json!([]), "{item}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_made_once_for_a_key_and_only_where_something_can_be_tried() {
    let world = World::with_smallest_hashes().await;
    let practice = &world.practice;
    let mut items = seed(&world, 2).await;
    items[1]["recipient"] = json!("nobody");
    let (id, _) = run(&world, &items).await;
    let path = format!("/v1/invoice-runs/{id}/retry");
    let body = json!({"state": "failed"});
    for _ in 0..2 {
        let retried = practice.post_as("once", &path, body.clone()).await;
        assert_eq!(retried.status, 202, "{retried:?}");
        assert_eq!(practice.run_ended(&id).await["attempt"], 2);
    }
    let other = practice
        .post_as("once", &path, json!({"state": "unknown"}))
        .await;
    assert_eq!(other.problem(), "idempotency-mismatch");
    let keyless = practice.call(Method::POST, &path, body.clone()).await;
    assert_eq!(keyless.problem(), "idempotency-key-required");
    for wrong in [json!({}), json!({"state": "sent"})] {
        let refused = practice.post_as("twice", &path, wrong).await;
        assert_eq!(refused.problem(), "invalid-body");
    }
    let cancelled = practice
        .call(
            Method::POST,
            &format!("/v1/invoice-runs/{id}/cancel"),
            Value::Null,
        )
        .await;
    assert_eq!((cancelled.status, cancelled.problem()), (409, "run-ended"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_run_is_told_once_and_reported_where_a_person_is_needed() {
    let world = World::with_smallest_hashes().await;
    let practice = &world.practice;
    let settings =
        json!({"name": "Praxis am Park", "sms_allowed": true, "report_to": "reports@example.org"});
    assert_eq!(practice.put("/v1/settings", settings).await.status, 200);
    let hook = json!({"url": "https://hooks.example.org/", "events": ["invoice_run.finished"]});
    assert_eq!(practice.put("/v1/webhooks/hook", hook).await.status, 200);
    let mut items = seed(&world, 2).await;
    let (fine, _) = run(&world, &items).await;
    items[1]["recipient"] = json!("nobody");
    let (failing, _) = run(&world, &items).await;
    retry(&world, &failing, "failed").await;
    let told = |messages: &[Value]| {
        let hooks = messages
            .iter()
            .filter(|message| message["channel"] == "webhook");
        let bodies = hooks.map(|hook| serde_json::from_str(text(&hook["body"])).expect("JSON"));
        bodies.collect::<Vec<Value>>()
    };
    let mut messages = Vec::new();
    for _ in 0..100 {
        world.advance(1);
        tokio::time::sleep(Duration::from_millis(100)).await;
        messages = world.messages().await;
        if told(&messages).len() >= 3 {
            break;
        }
    }
    let mut bodies = told(&messages);
    bodies.sort_by_key(|body| body["data"]["counts"]["failed"].to_string());
    let runs: Vec<&str> = bodies
        .iter()
        .map(|body| text(&body["data"]["invoice_run"]))
        .collect();
    assert_eq!(runs, [fine.as_str(), &failing, &failing]);
    for body in &bodies {
        assert_eq!(body["type"], "invoice_run.finished");
        assert_eq!(body["data"]["state"], "finished");
    }
    assert_eq!(bodies[0]["data"]["counts"]["sent"], 2);
    assert_eq!(bodies[1]["data"]["counts"]["failed"], 1);
    let reports: Vec<&Value> = messages
        .iter()
        .filter(|message| message["to"] == "reports@example.org")
        .collect();
    assert_eq!(reports.len(), 2, "nothing to be done about the first");
    for report in reports {
        assert!(text(&report["text"]).contains(&failing), "{report}");
        assert!(text(&report["text"]).contains("Not sent: 1."), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_did_not_go_out_is_told_with_its_item_its_run_and_in_a_report() {
    let world = World::with_smallest_hashes().await;
    let practice = &world.practice;
    let settings =
        json!({"name": "Praxis am Park", "sms_allowed": true, "report_to": "reports@example.org"});
    assert_eq!(practice.put("/v1/settings", settings).await.status, 200);
    let items = seed(&world, 3).await;
    world.fail("sms", "refuse", 1).await;
    world.fail("sms", "timeout", 1).await;
    let (id, ended) = run(&world, &items).await;
    assert_counts(&ended, &[("sent", 3)]);
    assert_eq!(ended["without_code"], 2);
    let mut fates: Vec<String> = Vec::new();
    for item in practice.run_items(&id, "state=sent").await {
        let fate = text(&item["message"]["status"]).to_owned();
        if fate != "accepted" {
            let path = format!("/v1/deliveries/{}/code", text(&item["delivery"]));
            let made = practice
                .post_as(&fate, &path, json!({"channel": "sms"}))
                .await;
            assert_eq!(made.status, 201, "the remedy: {made:?}");
        }
        fates.push(fate);
    }
    fates.sort();
    assert_eq!(fates, ["accepted", "refused", "unknown"]);
    for _ in 0..100 {
        world.advance(1);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let is_report = |message: &Value| message["to"] == "reports@example.org";
        let messages = world.messages().await;
        if let Some(report) = messages.into_iter().find(is_report) {
            let said = "the code may not have gone out: 2.";
            assert!(text(&report["text"]).contains(said), "{report}");
            return;
        }
    }
    panic!("nothing was reported");
}

#[tokio::test(flavor = "multi_thread")]
async fn f_v10_the_audit_says_who_started_retried_and_sent_and_that_it_ended() {
    let world = World::with_smallest_hashes().await;
    let practice = &world.practice;
    let mut items = seed(&world, 2).await;
    items[1]["recipient"] = json!("nobody");
    let (id, _) = run(&world, &items).await;
    retry(&world, &id, "failed").await;
    let mut rows = Vec::new();
    for _ in 0..100 {
        let audit = practice.get("/v1/audit?limit=100").await;
        rows = audit.body["items"].as_array().cloned().expect("rows");
        rows.retain(|row| row["run"] == id.as_str());
        if rows.len() >= 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut said: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (text(&row["action"]), text(&row["actor"]["type"])))
        .collect();
    said.sort_unstable();
    let expected = [
        ("run_finished", "system"),
        ("run_finished", "system"),
        ("run_retried", "key"),
        ("run_started", "key"),
    ];
    assert_eq!(said, expected);
    let record = practice.get("/v1/audit?record=p0").await;
    let sent: Vec<Value> = record.body["items"].as_array().cloned().expect("rows");
    let email = sent
        .iter()
        .find(|row| row["action"] == "email")
        .expect("an e-mail");
    assert_eq!(email["actor"]["label"], "Praxis am Park");
    assert_eq!(email["outcome"], "accepted");
}
