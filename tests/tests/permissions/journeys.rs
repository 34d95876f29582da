//! Everything that practices, patients, the stream and the clock bring about, so that every kind of call to AWS is made at least once.
//!
//! What each journey does is tested elsewhere; here only that it went through.

use std::time::Duration;

use deliveries::Clock;
use domain::time::{DAY, HOUR, MINUTE};
use futures::future::join_all;
use reqwest::Method;
use runtime::{Environment, Function, MissingSettings};
use serde_json::{Value, json};
use tests::events::{between, cookie, json_body, of_patient, of_practice, posted, token};
use tests::recorder::Recorder;
use tests::{Answer, Page, Patient, Practice, Sent, World, pdf};

use crate::seed::{seed, seed_from};

/// What the stream and the schedule bring may take this long, in steps of 100 milliseconds.
const PATIENCE: usize = 300;

/// All of them, one after the other, in a practice that is set up.
pub(crate) async fn all(world: &World, recorder: &Recorder) {
    settings(&world.practice).await;
    things(&world.practice).await;
    documents(&world.practice).await;
    deliveries(world).await;
    unprotected(world).await;
    refusals(world).await;
    patients(world).await;
    self_service(world).await;
    threema(world).await;
    rotation(world).await;
    runs(world).await;
    caps(world).await;
    unwritten(world, recorder).await;
    time_passes(world).await;
    takes_back(world).await;
    told(world).await;
}

/// Waits until it is so.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..PATIENCE {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{what} does not come about");
}

async fn ask(practice: &Practice, method: &Method, path: &str, body: Value, status: u16) -> Answer {
    let answer = practice.call(method.clone(), path, body).await;
    assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
    answer
}

async fn get(practice: &Practice, path: &str) -> Value {
    ask(practice, &Method::GET, path, Value::Null, 200)
        .await
        .body
}

async fn put(practice: &Practice, path: &str, body: Value) -> Value {
    ask(practice, &Method::PUT, path, body, 200).await.body
}

async fn delete(practice: &Practice, path: &str) {
    ask(practice, &Method::DELETE, path, Value::Null, 204).await;
}

/// What a practice sets, with these caps.
fn wanted(caps: &Value) -> Value {
    json!({"name": "Praxis am Park", "sms_allowed": true, "threema_allowed": true, "report_to": "reports@example.org", "monthly_caps": caps})
}

/// Consent to everything, reports to somebody, webhooks of everything.
async fn settings(practice: &Practice) {
    put(practice, "/v1/settings", wanted(&json!({}))).await;
    get(practice, "/v1/settings").await;
    let of_type = json!({"channel": "sms", "self_service": {"allowed": true, "channel": "sms", "max_requests": 10}});
    put(practice, "/v1/record-types/std", of_type).await;
    let events = json!([
        "delivery.opened",
        "delivery.downloaded",
        "delivery.locked",
        "delivery.reported",
        "delivery.closed",
        "invoice_run.finished"
    ]);
    let webhook = json!({"url": "https://hooks.example.org/", "events": events});
    for id in ["all", "going"] {
        put(practice, &format!("/v1/webhooks/{id}"), webhook.clone()).await;
    }
    get(practice, "/v1/webhooks").await;
    get(practice, "/v1/webhooks/all").await;
    ask(
        practice,
        &Method::POST,
        "/v1/webhooks/all/test",
        Value::Null,
        200,
    )
    .await;
    put(practice, "/v1/webhooks/gone", webhook).await;
    delete(practice, "/v1/webhooks/gone").await;
}

/// Record types, records and text templates.
async fn things(practice: &Practice) {
    put(practice, "/v1/record-types/old", json!({})).await;
    get(practice, "/v1/record-types/old").await;
    get(practice, "/v1/record-types").await;
    delete(practice, "/v1/record-types/old").await;
    let person = |id: &str| json!({"id": id, "name": "Erika Beispiel", "email": format!("{id}@example.org"), "mobile": "+4915112345678", "threema_id": "ABCD1234"});
    let record = json!({"record_type": "std", "allow_unprotected": true, "recipients": [person("patient"), person("child")]});
    put(practice, "/v1/records/r1", record).await;
    let linked = json!({"record_type": "std", "recipients": [person("patient"), {"id": "other", "linked_record": "r1"}]});
    put(practice, "/v1/records/r2", linked).await;
    get(practice, "/v1/records").await;
    get(practice, "/v1/records/r2").await;
    let template = "/v1/templates/note/message/de";
    put(practice, template, json!({"body": "${code} ${referenz}"})).await;
    get(practice, template).await;
    get(practice, "/v1/templates").await;
    delete(practice, template).await;
}

/// Announcing, looking, releasing, deleting.
async fn documents(practice: &Practice) {
    let document = practice.document("note", "1", "2026-11-20").await;
    let path = format!("/v1/documents/{document}");
    assert_eq!(get(practice, &path).await["state"], "ready");
    get(practice, "/v1/documents?record=r1").await;
    ask(
        practice,
        &Method::PATCH,
        &path,
        json!({"released": false}),
        200,
    )
    .await;
    delete(practice, &path).await;
    let content = pdf("2");
    let announcement = json!({"record": "r1", "kind": "note", "number": "2", "issued_on": "2026-11-20", "content_type": "application/pdf",
        "size": content.len(), "sha256": "0".repeat(64)});
    for _ in 0..2 {
        let announced = practice
            .post_as("announced", "/v1/documents", announcement.clone())
            .await;
        assert_eq!(announced.status, 201, "{announced:?}");
    }
}

async fn send(world: &World, number: &str, extra: Value) -> (String, Sent) {
    let document = world
        .practice
        .document("invoice", number, "2026-11-20")
        .await;
    let sent = world.practice.send_with(&[&document], extra).await;
    (document, sent)
}

/// Previews, drafts, repeats, lists, new codes.
async fn deliveries(world: &World) {
    let practice = &world.practice;
    let (document, sent) = send(world, "10", json!({})).await;
    send(
        world,
        "11",
        json!({"record": "r1", "recipient": "child", "channel": "spoken"}),
    )
    .await;
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    let preview = ask(
        practice,
        &Method::POST,
        "/v1/deliveries/preview",
        body.clone(),
        200,
    )
    .await;
    let draft = practice
        .post_delivery(json!({"draft": preview.body["draft"]}))
        .await;
    assert_eq!(draft.status, 201, "{draft:?}");
    for _ in 0..2 {
        let again = practice.post_delivery_as("again", body.clone()).await;
        assert_eq!(again.status, 201, "{again:?}");
    }
    let id = &draft.body["id"].as_str().unwrap_or_default().to_owned();
    let reference = &sent.reference;
    for query in [
        String::new(),
        "?record=r1".to_owned(),
        format!("?document={document}"),
        "?state=open".to_owned(),
        format!("?reference={reference}"),
    ] {
        get(practice, &format!("/v1/deliveries{query}")).await;
    }
    get(practice, &format!("/v1/deliveries/{}", sent.id)).await;
    let (_, kept) = send(world, "12", json!({})).await;
    for channel in ["sms", "spoken", "threema"] {
        for _ in 0..2 {
            let made = practice
                .post_code(channel, &kept.id, json!({"channel": channel}))
                .await;
            assert_eq!(made.status, 201, "{made:?}");
        }
    }
    get(practice, "/v1/usage").await;
    delete(practice, &format!("/v1/deliveries/{}", kept.id)).await;
    let gone = practice.delete(&format!("/v1/deliveries/{id}")).await;
    assert!([204, 409].contains(&gone.status), "{gone:?}");
}

/// D6: attached to the e-mail.
async fn unprotected(world: &World) {
    let document = world.practice.document("invoice", "20", "2026-11-20").await;
    let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms", "protected": false});
    let sent = world.practice.post_delivery(body).await;
    assert_eq!(
        (sent.status, &sent.body["code"]),
        (201, &Value::Null),
        "{sent:?}"
    );
}

/// Messages that are refused, and one that bounces.
async fn refusals(world: &World) {
    let document = world.practice.document("invoice", "30", "2026-11-20").await;
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    for (channel, status) in [("email", 502), ("sms", 201)] {
        world.fail(channel, "refuse", 1).await;
        let sent = world.practice.post_delivery(body.clone()).await;
        assert_eq!(sent.status, status, "{channel}: {sent:?}");
    }
    let bounces = json!({"record_type": "std", "recipients": [
        {"id": "patient", "name": "Erika Beispiel", "email": "bounce@simulator.amazonses.com", "mobile": "+4915112345678"},
    ]});
    put(&world.practice, "/v1/records/bounces", bounces).await;
    let document = document_of(&world.practice, "bounces").await;
    world
        .practice
        .send_with(&[&document], json!({"record": "bounces"}))
        .await;
}

async fn document_of(practice: &Practice, record: &str) -> String {
    let content = pdf(record);
    let sha256 = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(&content));
    let announcement = json!({"record": record, "kind": "invoice", "number": "1", "issued_on": "2026-11-20", "released": true,
        "content_type": "application/pdf", "size": content.len(), "sha256": sha256});
    let announced = ask(practice, &Method::POST, "/v1/documents", announcement, 201).await;
    assert_eq!(practice.upload(&announced, content).await, 200);
    announced.body["id"].as_str().unwrap_or_default().to_owned()
}

/// Wrong and right codes, documents, the end of a session, and who was not meant.
async fn patients(world: &World) {
    let (document, sent) = send(world, "40", json!({})).await;
    let mut patient = world.patient(&sent);
    let wrong = sent.wrong_code();
    assert_eq!(patient.enter(wrong).await.status, 401);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    assert_eq!(patient.open().await.status, 303);
    assert_eq!(patient.documents().await.status, 200);
    patient.download(&document).await;
    assert!(patient.done().await.status < 400);
    let privacy = format!("{}/privacy", world.stack.api());
    assert_eq!(patient.get(&privacy).await.status, 200);
    let nobodys = patient
        .link
        .replace(&sent.reference.replace('-', ""), "BCDFGHJK");
    assert_eq!(
        world.patient(&sent).sharing(&nobodys).open().await.status,
        404
    );
    let alone = json!({"offered_invoices": 0});
    let (_, only) = send(world, "43", alone).await;
    let mut patient = world.patient(&only);
    assert_eq!(patient.enter(&only.code).await.status, 303);
    assert_eq!(patient.documents().await.status, 200);
    let (_, others) = send(world, "41", json!({"recipient": "child"})).await;
    assert_eq!(world.patient(&others).report().await.status, 410);
    let (_, locked) = send(world, "42", json!({})).await;
    let wrong = locked.wrong_code();
    for _ in 0..10 {
        world.advance(5 * MINUTE);
        world.patient(&locked).enter(wrong).await;
    }
}

async fn ask_for_code(patient: &mut Patient) -> Page {
    let page = patient.open().await;
    let form = page.html.split("/code?").nth(1).unwrap_or_default();
    let form = form
        .split("name=\"form\" value=\"")
        .nth(1)
        .unwrap_or_default();
    let form = form.split('"').next().unwrap_or_default().to_owned();
    let url = format!("{}/code", patient.link);
    patient.post(&url, &[("form", &form)]).await
}

/// L6: accepted, and refused.
async fn self_service(world: &World) {
    let (_, sent) = send(world, "50", json!({"channel": "self_service"})).await;
    let mut patient = world.patient(&sent);
    assert_eq!(ask_for_code(&mut patient).await.status, 303);
    world.advance(31 * MINUTE);
    world.fail("sms", "refuse", 1).await;
    let asked = ask_for_code(&mut patient).await;
    assert_eq!(asked.status, 503, "{}", asked.text());
}

/// Codes by Threema: by the practice to one recipient, asked for by another, whose key nobody has looked up yet.
async fn threema(world: &World) {
    let practice = &world.practice;
    send(world, "60", json!({"channel": "threema"})).await;
    let by_threema =
        json!({"self_service": {"allowed": true, "channel": "threema", "max_requests": 10}});
    put(practice, "/v1/record-types/threema", by_threema).await;
    let record = json!({"record_type": "threema", "recipients": [
        {"id": "patient", "name": "Erika Beispiel", "email": "t@example.org", "threema_id": "EFGH5678"},
    ]});
    put(practice, "/v1/records/t", record).await;
    let document = document_of(practice, "t").await;
    let extra = json!({"record": "t", "channel": "self_service"});
    let sent = practice.send_with(&[&document], extra).await;
    let asked = ask_for_code(&mut world.patient(&sent)).await;
    assert_eq!(asked.status, 303, "{}", asked.text());
}

/// A function as it is while the lookup key is being changed, and what it answers.
///
/// Which keys a role may use then is decided by whoever changes them, so that these calls to KMS are not recorded.
async fn rotated(
    world: &World,
    id: &str,
    function: fn(&Environment, Clock) -> Result<Function, MissingSettings>,
    event: Value,
) -> Value {
    let mut variables = world.stack.function_environments()[id].clone();
    let keys = &world.stack.function_environments()["Verify"];
    let both = format!("{},{}", keys["PEPPER_KEYS"], keys["LOOKUP_KEYS"]);
    variables.insert("LOOKUP_KEYS".to_owned(), both);
    variables.insert(
        "AWS_ENDPOINT_URL_KMS".to_owned(),
        world.stack.outbox().to_owned(),
    );
    let environment: Environment = variables.into_iter().collect();
    let function = function(&environment, world.clock().clone()).expect("all settings");
    function(event).await.expect("an answer")
}

/// Links and idempotency keys of the key before are looked for too.
async fn rotation(world: &World) {
    let (document, sent) = send(world, "65", json!({})).await;
    let open = of_patient("GET /d/{token}", &token(&sent));
    let page = rotated(world, "Verify", verify::function, open).await;
    assert_eq!(page["statusCode"], 200, "{page}");
    let list = of_patient("GET /d/{token}/documents", &token(&sent));
    let list = rotated(world, "Download", download::function, list).await;
    assert_eq!(list["statusCode"], 303, "{list}");
    let html = page["body"].as_str().unwrap_or_default();
    let form = html.split("/code?").nth(1).unwrap_or_default();
    let form = between(form, "name=\"form\" value=\"", "\"");
    let (route, origin) = ("POST /d/{token}/code", world.stack.api());
    let asking = posted(
        route,
        &sent,
        origin,
        &[cookie(&page)],
        &format!("form={form}"),
    );
    let asked = rotated(world, "RequestCode", request_code::function, asking).await;
    assert_ne!(asked["statusCode"], 403, "{asked}");
    let with_key = |route: &str, body: &Value| {
        let mut event = of_practice(route);
        event["headers"] =
            json!({"content-type": "application/json", "idempotency-key": "rotated"});
        event["body"] = json!(body.to_string());
        event
    };
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    let again = with_key("POST /v1/deliveries", &body);
    let again = rotated(world, "Issue", issue::function, again).await;
    assert_eq!(again["statusCode"], 201, "{again}");
    let run = json!({"items": [{"document": document, "recipient": "child", "channel": "sms"}]});
    let run = with_key("POST /v1/invoice-runs", &run);
    let run = rotated(world, "InvoiceRun", invoice_run::function, run).await;
    assert_eq!(run["statusCode"], 202, "{run}");
    let run = json_body(&run)["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    world.practice.run_ended(&run).await;
}

/// Dry and real, with a document that nobody has looked at and a code by Threema; failed and tried again; cancelled.
async fn runs(world: &World) {
    let practice = &world.practice;
    let mut items = seed(world, 3).await;
    let document = practice.document("invoice", "66", "2026-11-20").await;
    items.push(json!({"document": document, "recipient": "child", "channel": "threema"}));
    // How its code travels is for the settings to say.
    items.push(json!({"document": document, "recipient": "patient"}));
    for body in [
        json!({"items": items, "dry_run": true}),
        json!({"items": items}),
    ] {
        let id = start(practice, body).await;
        practice.run_ended(&id).await;
        practice.run_items(&id, "").await;
    }
    world.fail("email", "refuse", 1).await;
    let body = json!({"items": items[..1]});
    let started = practice
        .post_as("twice", "/v1/invoice-runs", body.clone())
        .await;
    let again = practice.post_as("twice", "/v1/invoice-runs", body).await;
    assert_eq!(started.body["id"], again.body["id"], "{again:?}");
    let id = started.body["id"].as_str().unwrap_or_default().to_owned();
    let ended = practice.run_ended(&id).await;
    assert_eq!(ended["counts"]["failed"], 1, "{ended}");
    let retry = format!("/v1/invoice-runs/{id}/retry");
    for _ in 0..2 {
        let retried = practice
            .post_as("retried", &retry, json!({"state": "failed"}))
            .await;
        assert_eq!(retried.status, 202, "{retried:?}");
    }
    practice.run_ended(&id).await;
    let id = start(practice, json!({"items": items})).await;
    let cancel = format!("/v1/invoice-runs/{id}/cancel");
    ask(practice, &Method::POST, &cancel, Value::Null, 200).await;
    practice.run_ended(&id).await;
}

async fn start(practice: &Practice, body: Value) -> String {
    let started = practice.start_run(body).await;
    started.body["id"].as_str().unwrap_or_default().to_owned()
}

/// D4: caps that are reached while several send at once.
async fn caps(world: &World) {
    let practice = &world.practice;
    let one_more = async |channel: &str| {
        let used = get(practice, "/v1/usage").await[channel]["used"].as_i64();
        let caps = json!({channel: used.unwrap_or_default() + 1});
        put(practice, "/v1/settings", wanted(&caps)).await;
    };
    let mut documents = Vec::new();
    let mut asking = Vec::new();
    for number in 0..6 {
        let name = format!("80{number}");
        documents.push(practice.document("invoice", &name, "2026-11-20").await);
        let extra = json!({"channel": "self_service"});
        asking.push(send(world, &format!("81{number}"), extra).await.1);
    }
    one_more("emails").await;
    let sendings = documents.iter().map(|document| {
        practice.post_delivery(json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "spoken"}))
    });
    let refused = join_all(sendings).await;
    let refusals = refused.iter().filter(|sent| sent.status == 409).count();
    assert_eq!(refusals, 5, "{refused:?}");
    one_more("emails").await;
    let items = seed_from(world, 10..14).await;
    let id = start(practice, json!({"items": items})).await;
    let ended = practice.run_ended(&id).await;
    assert_eq!(ended["counts"]["failed"], 3, "{ended}");
    one_more("sms").await;
    let asked = asking.iter().map(|sent| async move {
        let mut patient = world.patient(sent);
        ask_for_code(&mut patient).await.status
    });
    let asked = join_all(asked).await;
    assert!(asked.contains(&303) && asked.contains(&503), "{asked:?}");
    put(practice, "/v1/settings", wanted(&json!({}))).await;
}

/// A worker that could not write down what came of an item: the schedule asks the delivery.
async fn unwritten(world: &World, recorder: &Recorder) {
    let items = seed_from(world, 20..21).await;
    // As often as the SDK tries.
    recorder.fail("Dispatch", "dynamodb:UpdateItem", "RUN#x#x", 3);
    let id = start(&world.practice, json!({"items": items})).await;
    until("the failure", async || !recorder.fails()).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.advance(2 * MINUTE);
    let ended = world.practice.run_ended(&id).await;
    assert_eq!(ended["counts"]["sent"], 1, "{ended}");
}

/// Entries that nobody committed, what was never opened, what has ended.
async fn time_passes(world: &World) {
    for seconds in [MINUTE, HOUR, 4 * DAY, 90 * DAY] {
        world.advance(seconds);
        // The schedule comes at once where the clock was moved.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Deleting what was sent, and everything of a person.
async fn takes_back(world: &World) {
    let practice = &world.practice;
    let (document, _) = send(world, "70", json!({})).await;
    delete(practice, &format!("/v1/documents/{document}")).await;
    send(world, "71", json!({})).await;
    let moved = json!({"record_type": "std", "recipients": [
        {"id": "patient", "name": "Erika Beispiel", "email": "moved@example.org", "mobile": "+4915112345678"},
    ]});
    put(practice, "/v1/records/r1", moved).await;
    delete(practice, "/v1/records/r1").await;
}

/// The audit, webhooks and reports, with receivers that fail and are gone.
async fn told(world: &World) {
    let practice = &world.practice;
    until("the erasure in the audit", async || {
        let rows = get(practice, "/v1/audit?limit=100").await;
        let mut rows = rows["items"].as_array().into_iter().flatten();
        rows.any(|row| row["action"] == "record_erased")
    })
    .await;
    get(practice, "/v1/audit?record=r2").await;
    world.fail("webhook", "error", 1).await;
    world.fail("webhook", "gone", 2).await;
    let patient = json!({"id": "patient", "name": "Erika Beispiel", "email": "r2@example.org", "mobile": "+4915112345678"});
    let record = json!({"record_type": "std", "recipients": [patient]});
    put(practice, "/v1/records/r2", record).await;
    let document = document_of(practice, "r2").await;
    let extra = json!({"record": "r2"});
    let sent = practice.send_with(&[&document], extra).await;
    assert_eq!(world.patient(&sent).enter(&sent.code).await.status, 303);
    until("the end of a webhook", async || {
        world.advance(10 * MINUTE);
        tokio::time::sleep(Duration::from_millis(300)).await;
        let webhooks = get(practice, "/v1/webhooks").await;
        let mut webhooks = webhooks["items"].as_array().into_iter().flatten();
        webhooks.any(|webhook| !webhook["gone_at"].is_null())
    })
    .await;
    until("a report", async || {
        let messages = world.messages().await;
        let mut to = messages.iter().map(|message| message["to"].to_string());
        to.any(|to| to.contains("reports@example.org"))
    })
    .await;
}
