//! How often each operation goes to AWS: a function's process speaks to a counting server in front of each service.
//!
//! Calls that are under way at the same time are one round trip. The function is warm: its keys are derived, its connections made.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tests::events::{between, cookie, of_patient, of_practice, posted, token};
use tests::front::in_front_of;
use tests::lambda::Lambda;
use tests::{Sent, World};
use tokio::time::sleep;

use crate::{send, world};

/// How long a call is kept under way.
const TOGETHER: Duration = Duration::from_millis(30);
/// Calls in the order in which they began: what they were, and whether another was under way.
#[derive(Clone, Debug, Default)]
struct Counter(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    under_way: usize,
    /// The calls of each round trip.
    rounds: Vec<Vec<String>>,
}

impl Counter {
    fn begin(&self, call: String) {
        let mut counted = self.0.lock().expect("no panic while counting");
        counted.under_way += 1;
        let joins = counted.under_way > 1;
        match counted.rounds.last_mut() {
            Some(round) if joins => round.push(call),
            _ => counted.rounds.push(vec![call]),
        }
    }

    fn end(&self) {
        self.0.lock().expect("no panic while counting").under_way -= 1;
    }

    /// The round trips since the last time.
    fn take(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut self.0.lock().expect("no panic while counting").rounds)
    }
}

/// The variables that lead a function's calls through counting servers.
async fn counted(world: &World, id: &str, counter: &Counter) -> BTreeMap<String, String> {
    let counter = counter.clone();
    in_front_of(world, id, move |passing| {
        let counter = counter.clone();
        async move {
            counter.begin(passing.call.clone());
            // Long enough for calls that go together to be seen together: locally, one would be over before the next is here.
            sleep(TOGETHER).await;
            let answer = passing.pass_on().await;
            counter.end();
            answer
        }
    })
    .await
}

/// What a call takes, the second time that it is made: the first one warms.
async fn rounds_of(
    function: &mut Lambda,
    counter: &Counter,
    events: [&Value; 2],
    status: u16,
) -> Vec<Vec<String>> {
    for event in events {
        counter.take();
        let answer = function.answer(event).await;
        assert_eq!(answer["statusCode"], status, "{answer}");
    }
    counter.take()
}

fn entry(world: &World, page: &Value, sent: &Sent, code: &str) -> Value {
    let html = page["body"].as_str().unwrap_or_default();
    let form = between(html, "name=\"form\" value=\"", "\"");
    let body = format!("form={form}&code={code}");
    let (route, origin) = ("POST /d/{token}", world.stack.api());
    posted(route, sent, origin, &[cookie(page)], &body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_takes_two_round_trips_a_wrong_code_two_and_a_right_one_three() {
    let world = world().await;
    let sent = send(&world).await;
    let token = token(&sent);
    let counter = Counter::default();
    let own = counted(&world, "Verify", &counter).await;
    let mut verify = Lambda::start_with(&world, "Verify", &own).await;
    let ask = of_patient("GET /d/{token}", &token);
    let page = rounds_of(&mut verify, &counter, [&ask, &ask], 200).await;
    assert!(page.len() <= 2, "the code page: {page:?}");
    let shown = verify.answer(&ask).await;
    let wrong = entry(&world, &shown, &sent, sent.wrong_code());
    let rounds = rounds_of(&mut verify, &counter, [&wrong, &wrong], 401).await;
    assert!(rounds.len() <= 2, "a wrong code: {rounds:?}");
    let right = entry(&world, &shown, &sent, &sent.code);
    let rounds = rounds_of(&mut verify, &counter, [&right, &right], 303).await;
    assert!(rounds.len() <= 3, "a right code: {rounds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_takes_two_round_trips_and_a_download_three() {
    let world = world().await;
    let sent = send(&world).await;
    let token = token(&sent);
    let mut verify = Lambda::start(&world, "Verify").await;
    let page = verify.answer(&of_patient("GET /d/{token}", &token)).await;
    let opened = verify
        .answer(&entry(&world, &page, &sent, &sent.code))
        .await;
    assert_eq!(opened["statusCode"], 303, "{opened}");

    let counter = Counter::default();
    let own = counted(&world, "Download", &counter).await;
    let mut download = Lambda::start_with(&world, "Download", &own).await;
    let mut visit = of_patient("GET /d/{token}/documents", &token);
    visit["cookies"] = json!([cookie(&opened)]);
    let rounds = rounds_of(&mut download, &counter, [&visit, &visit], 200).await;
    assert!(rounds.len() <= 2, "the list: {rounds:?}");
    let list = download.answer(&visit).await;
    let html = list["body"].as_str().unwrap_or_default();
    let document = between(html, "/documents/", "\"");
    let (document, _) = document.split_once('?').unwrap_or((document, ""));
    let mut click = of_patient("GET /d/{token}/documents/{id}", &token);
    click["cookies"] = json!([cookie(&opened)]);
    click["pathParameters"]["id"] = json!(document);
    let rounds = rounds_of(&mut download, &counter, [&click, &click], 303).await;
    assert!(rounds.len() <= 3, "a download: {rounds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sending_takes_two_round_trips_to_read_and_four_to_write_beside_its_two_messages() {
    let world = world().await;
    let practice = &world.practice;
    let first = practice.document("note", "1", "2026-11-20").await;
    let second = practice.document("note", "2", "2026-11-20").await;
    // Uploads are looked at before.
    for document in [&first, &second] {
        let seen = practice.get(&format!("/v1/documents/{document}")).await;
        assert_eq!(seen.body["state"], "ready", "{seen:?}");
    }
    let sending = |document: &str| {
        let mut event = of_practice("POST /v1/deliveries");
        event["headers"] = json!({"content-type": "application/json", "idempotency-key": document});
        let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
        event["body"] = json!(body.to_string());
        event
    };
    let counter = Counter::default();
    let own = counted(&world, "Issue", &counter).await;
    let mut issue = Lambda::start_with(&world, "Issue", &own).await;
    let rounds = rounds_of(
        &mut issue,
        &counter,
        [&sending(&first), &sending(&second)],
        201,
    )
    .await;
    let of = |kinds: &[&str]| {
        let is_of = |round: &&Vec<String>| round.iter().any(|call| kinds.contains(&call.as_str()));
        rounds.iter().filter(is_of).count()
    };
    let reads = [
        "DYNAMODB GetItem",
        "DYNAMODB BatchGetItem",
        "DYNAMODB Query",
        "S3 HEAD",
    ];
    let writes = [
        "DYNAMODB UpdateItem",
        "DYNAMODB PutItem",
        "DYNAMODB TransactWriteItems",
    ];
    let sends = ["SESV2 POST", "SNS POST"];
    // Opening reads the documents once more, consistently, in the round trip that its transaction needs (L5).
    assert!(of(&reads) <= 3, "reads: {rounds:?}");
    assert!(of(&writes) <= 4, "writes: {rounds:?}");
    assert_eq!(of(&sends), 2, "sends: {rounds:?}");
    assert_eq!(
        rounds.len(),
        of(&reads) + of(&writes) + of(&sends),
        "nothing else: {rounds:?}"
    );
}
