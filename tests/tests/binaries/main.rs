//! Each function as it is deployed: a process of its own that is fed over the Lambda Runtime API.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod counted;
mod front;
mod networks;
mod round_trips;

use std::collections::BTreeMap;
use std::process::Stdio;

use deliveries::Hand;
use serde_json::{Value, json};
use tests::{Sent, World, pdf};
use tokio::time::timeout;

use tests::events::{between, cookie, event, json_body, of_patient, of_practice, posted, token};
use tests::lambda::{Lambda, Outcome, PATIENCE, binary, command};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authorize_tells_a_key_from_one_that_is_none() {
    let world = world().await;
    let mut function = Lambda::start(&world, "Authorize").await;

    let verdict = function.answer(&question(world.practice.key())).await;
    assert_eq!(verdict["isAuthorized"], true, "{verdict}");
    let context = &verdict["context"];
    assert_eq!(context["practice"], local::practice::PRACTICE, "{verdict}");
    assert_eq!(context["scopes"], "settings send read erase", "{verdict}");
    assert!(context["label"].is_string(), "{verdict}");

    let mut wrong = world.practice.key().to_owned();
    let last = if wrong.pop() == Some('2') { '3' } else { '2' };
    wrong.push(last);
    for key in [wrong.as_str(), "", "zw_praxis-am-park_"] {
        let verdict = function.answer(&question(key)).await;
        assert_eq!(verdict, json!({"isAuthorized": false}), "key {key:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn manage_answers_a_practice() {
    let world = world().await;
    let mut function = Lambda::start(&world, "Manage").await;
    let answer = function.answer(&of_practice("GET /v1/settings")).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    assert_eq!(json_body(&answer)["name"], "Praxis am Park", "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn issue_really_sends_link_and_code_two_ways() {
    let world = world().await;
    let sent = send(&world).await;
    let messages = world.messages().await;
    let text = |channel: &str| {
        let found = messages
            .iter()
            .find(|message| message["channel"] == channel);
        let message = found.unwrap_or_else(|| panic!("no {channel} in {messages:?}"));
        message["text"].as_str().unwrap_or_default()
    };
    assert!(text("email").contains(&sent.link) && !text("email").contains(&sent.code));
    assert!(text("sms").contains(&sent.code) && !text("sms").contains("/d/"));
    assert_eq!(messages.len(), 2, "one e-mail and one message");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_shows_the_code_page_of_a_delivery() {
    let world = world().await;
    let sent = send(&world).await;
    let mut function = Lambda::start(&world, "Verify").await;

    let page = function
        .answer(&of_patient("GET /d/{token}", &token(&sent)))
        .await;
    assert_eq!(page["statusCode"], 200, "{page}");
    let html = page["body"].as_str().unwrap_or_default();
    assert!(html.contains(&sent.reference), "{html}");

    let nobody = function
        .answer(&of_patient("GET /d/{token}", &"B".repeat(28)))
        .await;
    assert_eq!(nobody["statusCode"], 404, "{nobody}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn download_sends_whoever_has_no_session_to_the_code_page() {
    let world = world().await;
    let sent = send(&world).await;
    let mut function = Lambda::start(&world, "Download").await;
    let event = of_patient("GET /d/{token}/documents", &token(&sent));
    let answer = function.answer(&event).await;
    assert_eq!(answer["statusCode"], 303, "{answer}");
    let location = answer["headers"]["location"].as_str().unwrap_or_default();
    let code_page = format!("/d/{}?", token(&sent));
    assert!(location.starts_with(&code_page), "to {location}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_entered_with_one_process_opens_the_documents_with_another() {
    let world = world().await;
    let sent = send(&world).await;
    let token = token(&sent);
    let mut verify = Lambda::start(&world, "Verify").await;
    let page = verify.answer(&of_patient("GET /d/{token}", &token)).await;
    let html = page["body"].as_str().unwrap_or_default();
    let form = between(html, "name=\"form\" value=\"", "\"");
    let body = format!("form={form}&code={}", sent.code);
    let (route, origin) = ("POST /d/{token}", world.stack.api());
    let entry = posted(route, &sent, origin, &[cookie(&page)], &body);
    let opened = verify.answer(&entry).await;
    assert_eq!(opened["statusCode"], 303, "{opened}");

    let mut download = Lambda::start(&world, "Download").await;
    let mut visit = of_patient("GET /d/{token}/documents", &token);
    visit["cookies"] = json!([cookie(&opened)]);
    let list = download.answer(&visit).await;
    assert_eq!(list["statusCode"], 200, "{list}");
    let html = list["body"].as_str().unwrap_or_default();
    let document = between(html, "/documents/", "\"");
    let (document, _) = document.split_once('?').unwrap_or((document, ""));
    let mut click = of_patient("GET /d/{token}/documents/{id}", &token);
    click["cookies"] = json!([cookie(&opened)]);
    click["pathParameters"]["id"] = json!(document);
    let redirect = download.answer(&click).await;
    assert_eq!(redirect["statusCode"], 303, "{redirect}");
    let url = redirect["headers"]["location"].as_str().unwrap_or_default();
    let file = reqwest::get(url).await.expect("the bucket's answer");
    assert_eq!(file.status(), 200, "{url}");
    assert!(file.bytes().await.expect("the file") == pdf("815"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_without_its_variables_names_all_of_them_at_once() {
    let world = World::bare().await;
    for (id, complete) in world.stack.function_environments() {
        let binary = binary(id);
        let needed: Vec<&String> = complete.keys().filter(|name| is_needed(name)).collect();
        assert!(needed.len() >= 4, "{binary} needs {needed:?}");
        // Whoever names an ID of Threema needs what belongs to it.
        let threema = [("THREEMA_ID".to_owned(), "*ZWEIWEG".to_owned())];
        let said = refusal(&binary, &threema.into()).await;
        let unnamed: Vec<_> = needed.iter().filter(|name| !names(&said, name)).collect();
        assert!(
            unnamed.is_empty(),
            "{binary} does not name {unnamed:?}, but says: {said}"
        );
        assert!(
            !said.contains("panicked"),
            "{binary} ends in a panic: {said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_names_the_one_variable_that_it_lacks_and_no_other() {
    let world = World::bare().await;
    for (id, complete) in world.stack.function_environments() {
        let binary = binary(id);
        for lacking in complete.keys().filter(|name| is_needed(name)) {
            let mut variables = complete.clone();
            variables.remove(lacking);
            let said = refusal(&binary, &variables).await;
            let named: Vec<_> = complete.keys().filter(|name| names(&said, name)).collect();
            assert_eq!(named, [lacking], "{binary} says: {said}");
            let secret = &complete["AWS_SECRET_ACCESS_KEY"];
            assert!(!said.contains(secret), "{binary} tells a secret: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_event_gets_an_answer_and_the_process_lives() {
    let world = world().await;
    let hostile: [Vec<u8>; 12] = [
        Vec::new(),
        b"garbage".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        b"{\"routeKey\":".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        "[".repeat(100_000).into_bytes(),
        format!("\"{}\"", "x".repeat(1_000_000)).into_bytes(),
        br#"{"version":"2.0","routeKey":1,"headers":[],"requestContext":"x"}"#.to_vec(),
        br#"{"version":"2.0","routeKey":"POST /d/{token}","headers":{"cookie":"\n"},"requestContext":{"http":{"method":"POST"}},"pathParameters":{"token":"\u0000../../"},"body":"***","isBase64Encoded":true}"#.to_vec(),
        br#"{"version":"2.0","routeKey":"GET /v1/settings","headers":{},"requestContext":{"http":{"method":"GET"},"authorizer":{"lambda":{"practice":"\u0000","label":1,"scopes":[]}}},"isBase64Encoded":false,"identitySource":[{"a":1}]}"#.to_vec(),
    ];
    for id in world.stack.function_environments().keys() {
        let is_authorizer = id == "Authorize";
        let mut function = Lambda::start(&world, id).await;
        for event in &hostile {
            let shown = String::from_utf8_lossy(&event[..event.len().min(80)]).into_owned();
            match function.invoke(event.clone()).await {
                Outcome::Answer(answer) if is_authorizer => {
                    assert_eq!(answer, json!({"isAuthorized": false}), "to {shown}");
                }
                // An event of SES that cannot be read will never be, and is let go.
                Outcome::Answer(Value::Null) if id == "Feedback" => {}
                Outcome::Answer(answer) => {
                    let status = answer["statusCode"].as_u64().unwrap_or_default();
                    assert!((400..500).contains(&status), "{id} to {shown}: {answer}");
                }
                Outcome::Error(_) => {}
            }
        }
        let question = question(world.practice.key());
        match function.invoke(question.to_string().into_bytes()).await {
            Outcome::Answer(answer) if is_authorizer => {
                assert_eq!(answer["isAuthorized"], true, "{answer}");
            }
            Outcome::Answer(answer) if id == "Feedback" => assert_eq!(answer, Value::Null),
            // Most do not know that route, and say so.
            Outcome::Answer(answer) => assert!(answer["statusCode"].is_u64(), "{id}: {answer}"),
            // What follows the stream or SES takes no requests.
            Outcome::Error(error) => {
                assert!(
                    ["Dispatch", "Feedback", "Notify"].contains(&id.as_str()),
                    "{id}: {error}"
                );
            }
        }
        assert!(function.is_running(), "{id} has ended");
    }
}

/// A set-up practice in a stack that goes by the system's clock, as binaries do.
async fn world() -> World {
    let world = World::start().await;
    world.clock().set(Hand::Running(0));
    world
}

/// A delivery sent by the binary.
async fn send(world: &World) -> Sent {
    let document = world
        .practice
        .document("invoice", "815", "2026-11-20")
        .await;
    let mut event = of_practice("POST /v1/deliveries");
    event["headers"] = json!({"content-type": "application/json", "idempotency-key": "one"});
    let request =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    event["body"] = json!(request.to_string());
    let mut issue = Lambda::start(world, "Issue").await;
    let answer = issue.answer(&event).await;
    assert_eq!(answer["statusCode"], 201, "{answer}");
    let body = json_body(&answer);
    let text = |name: &str| body[name].as_str().expect("a text").to_owned();
    let symbols = text("reference").replace('-', "");
    let messages = world.messages().await;
    let link = messages
        .iter()
        .filter_map(|message| message["text"].as_str())
        .flat_map(str::split_whitespace)
        .find(|word| word.contains(&format!("/d/{symbols}")));
    let link = link.expect("a link in the e-mail").to_owned();
    let logs = issue.logs();
    let token = link.rsplit('/').next().unwrap_or_default();
    assert!(!logs.is_empty(), "the process logs nothing");
    for secret in [token, &symbols, &text("reference"), &text("code")] {
        assert!(!logs.contains(secret), "a secret is in the logs: {logs}");
    }
    Sent {
        id: text("id"),
        reference: text("reference"),
        code: text("code"),
        link,
        answer: body,
    }
}

/// What the gateway asks the authorizer.
fn question(key: &str) -> Value {
    let mut event = event("GET /v1/settings");
    let header = format!("Bearer {key}");
    event["type"] = json!("REQUEST");
    event["identitySource"] = json!([header]);
    event["headers"]["authorization"] = json!(header);
    event
}

/// Without a level there is a usual one, without addresses of one's own there is AWS, without a relay the internet, without an ID no Threema, without a secret nothing in front, and lasting credentials have no token.
fn is_needed(name: &str) -> bool {
    ![
        "AWS_SESSION_TOKEN",
        "LOG_LEVEL",
        "ORIGIN_SECRET_HASHES",
        "WEBHOOK_RELAY",
        "THREEMA_ID",
    ]
    .contains(&name)
        && !name.starts_with("AWS_ENDPOINT_URL")
}

/// Whether a text names a variable, and not only a longer one.
fn names(text: &str, variable: &str) -> bool {
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_of_a_name(c))
        .any(|word| word == variable)
}

/// What a process says that does not start with these variables.
async fn refusal(binary: &str, variables: &BTreeMap<String, String>) -> String {
    let process = command(binary, variables)
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    let ended = timeout(PATIENCE, process.wait_with_output()).await;
    let ended = ended.unwrap_or_else(|_| panic!("{binary} runs with {variables:?}"));
    let ended = ended.expect("the end of the process");
    assert!(
        !ended.status.success(),
        "{binary} ends with {}",
        ended.status
    );
    String::from_utf8_lossy(&ended.stderr).into_owned()
}
