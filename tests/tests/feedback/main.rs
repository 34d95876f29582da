//! F-I13: what SES says of e-mails: real event documents, twice, out of order, before the commit, of unknown e-mails; and what practices see of it.
//!
//! The documents in `events` are AWS's own examples of what SES publishes. Only the tag, the message's id and the times are put in.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

use std::time::Duration;

use domain::hashed::LinkHash;
use domain::id::PracticeId;
use domain::time::MINUTE;
use reqwest::Method;
use runtime::{Environment, Function};
use serde_json::{Value, json};
use store::Store;
use tests::{Sent, World};

const BOUNCE: &str = include_str!("events/bounce.json");
const COMPLAINT: &str = include_str!("events/complaint.json");
const DELAY: &str = include_str!("events/delay.json");
const DELIVERY: &str = include_str!("events/delivery.json");
const REJECT: &str = include_str!("events/reject.json");
const SEND: &str = include_str!("events/send.json");

/// Of an e-mail to it the outbox tells nothing by itself.
const SILENT: &str = "silent@simulator.amazonses.com";

/// A stack, and beside its own `feedback` one that is told by the tests.
struct Told {
    world: World,
    function: Function,
    store: Store,
}

impl Told {
    async fn start() -> Self {
        let world = World::start().await;
        let variables = world.stack.function_environments()["Feedback"].clone();
        let environment: Environment = variables.into_iter().collect();
        let function = feedback::function(&environment, world.clock().clone());
        write_to(&world, SILENT).await;
        Self {
            function: function.expect("all settings"),
            store: world.store(),
            world,
        }
    }

    /// A delivery of which nobody but the test says anything.
    async fn send(&self, number: &str) -> Sent {
        let practice = &self.world.practice;
        practice.send_invoice(number).await
    }

    async fn link(&self, id: &str) -> LinkHash {
        let practice: PracticeId = local::practice::PRACTICE.parse().expect("an id");
        let id = id.parse().expect("an id");
        let found = self.store.delivery_of_practice(&practice, &id).await;
        found.expect("an answer").expect("a delivery").link
    }

    /// One of AWS's documents, of this delivery's e-mail, as EventBridge brings it.
    async fn say(&self, document: &str, link: &LinkHash, message_id: &str) {
        let mut detail: Value = serde_json::from_str(document).expect("JSON");
        detail["mail"]["messageId"] = json!(message_id);
        detail["mail"]["tags"]["delivery"] = json!([link.as_str()]);
        self.call(detail).await;
    }

    async fn call(&self, detail: Value) {
        let event = json!({
            "version": "0", "id": "0", "detail-type": "x", "source": "aws.ses", "account": "1",
            "time": "2026-11-23T10:00:00Z", "region": "eu-central-1", "resources": [], "detail": detail,
        });
        let answer = (self.function)(event).await;
        assert_eq!(answer.expect("an answer"), Value::Null);
    }

    async fn email(&self, id: &str) -> Value {
        let answer = self
            .world
            .practice
            .get(&format!("/v1/deliveries/{id}"))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["email"].clone()
    }
}

/// Status, reason and since when it is late, as practices see them.
type Known = (&'static str, Option<&'static str>, Option<&'static str>);

fn message_id(sent: &Sent) -> &str {
    let id = sent.answer["email"]["message_id"].as_str();
    id.unwrap_or_default()
}

/// Changes a record so that its patient's e-mails go to an address of SES's simulator.
async fn write_to(world: &World, email: &str) {
    let record = json!({"record_type": "std", "recipients": [
        {"id": "patient", "name": "Erika Beispiel", "email": email, "mobile": "+4915112345678"},
    ]});
    let answer = world.practice.put("/v1/records/r1", record).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f_i13_what_aws_documents_say_is_kept_once_in_whatever_order_and_however_often() {
    let told = Told::start().await;
    let accepted = ("accepted", None, None);
    let delayed = ("accepted", None, Some("2020-06-16T00:25:40Z"));
    let delivered = ("delivered", None, None);
    let bounced = ("bounced", Some("Permanent/General"), None);
    let complained = ("complained", None, None);
    let rejected = ("bounced", Some("Reject"), None);
    let histories = [
        vec![(SEND, accepted), (DELIVERY, delivered)],
        vec![(DELAY, delayed), (SEND, delayed), (DELIVERY, delivered)],
        vec![(DELIVERY, delivered), (DELAY, delivered), (SEND, delivered)],
        vec![(DELAY, delayed), (BOUNCE, bounced)],
        vec![(BOUNCE, bounced), (DELIVERY, bounced)],
        vec![(DELIVERY, delivered), (BOUNCE, bounced)],
        vec![(COMPLAINT, complained), (DELIVERY, complained)],
        vec![(DELIVERY, delivered), (COMPLAINT, complained)],
        vec![(REJECT, rejected), (SEND, rejected)],
    ];
    let of_each = histories.len();
    for (number, history) in histories.into_iter().enumerate() {
        let sent = told.send(&number.to_string()).await;
        let link = told.link(&sent.id).await;
        let is = async |expected: Known, when: usize| {
            let email = told.email(&sent.id).await;
            let found = [&email["status"], &email["reason"], &email["delayed_at"]];
            let (status, reason, delayed_at) = expected;
            let expected = [json!(status), json!(reason), json!(delayed_at)];
            assert_eq!(found, expected.each_ref(), "history {number}, event {when}");
        };
        is(accepted, 0).await;
        for (when, (document, known)) in (1..).zip(&history) {
            for _ in 0..2 {
                told.say(document, &link, message_id(&sent)).await;
                is(*known, when).await;
            }
        }
        let (_, last) = history[history.len() - 1];
        for (document, _) in &history {
            told.say(document, &link, message_id(&sent)).await;
            is(last, history.len()).await;
        }
    }
    let sent = told.world.messages().await.len();
    assert_eq!(sent, 2 * of_each, "nothing was sent because of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn f_i13_what_cannot_be_read_of_our_own_e_mail_fails_and_comes_again() {
    let told = Told::start().await;
    let sent = told.send("1").await;
    let link = told.link(&sent.id).await;
    let mut detail: Value = serde_json::from_str(BOUNCE).expect("JSON");
    detail["mail"]["messageId"] = json!(message_id(&sent));
    detail["mail"]["tags"]["delivery"] = json!([link.as_str()]);
    let mut of_no_kind = detail.clone();
    of_no_kind["bounce"] = Value::Null;
    let failed = (told.function)(json!({"detail": of_no_kind})).await;
    let error = failed.expect_err("it is kept for a person");
    assert_eq!(
        error.to_string(),
        "a Bounce does not say when or what happened"
    );
    assert_eq!(told.email(&sent.id).await["status"], "accepted");
    // As it is brought back from the queue, to a version that can read it.
    told.call(detail).await;
    assert_eq!(told.email(&sent.id).await["status"], "bounced");
}

#[tokio::test(flavor = "multi_thread")]
async fn f_i13_what_is_said_of_other_e_mails_changes_nothing() {
    let told = Told::start().await;
    let sent = told.send("1").await;
    let link = told.link(&sent.id).await;
    let before = told.email(&sent.id).await;
    for document in [SEND, DELIVERY, DELAY, BOUNCE, COMPLAINT, REJECT] {
        told.say(document, &link, "another-message").await;
        let nobody = LinkHash::new("0".repeat(64));
        told.say(document, &nobody, message_id(&sent)).await;
        // As AWS writes it: without a tag of ours, such as a report's.
        told.call(serde_json::from_str(document).expect("JSON"))
            .await;
    }
    for unreadable in [Value::Null, json!([]), json!({"eventType": 7}), json!("x")] {
        told.call(unreadable).await;
    }
    assert_eq!(told.email(&sent.id).await, before);
    let list = told.world.practice.get("/v1/deliveries").await;
    assert_eq!(list.body["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn f_i13_an_event_that_comes_before_the_commit_is_kept_with_it() {
    let world = World::start().await;
    // The outbox tells of every e-mail before it answers, so that each of these is said to a pending delivery.
    for (address, status) in [
        ("success@simulator.amazonses.com", "delivered"),
        ("bounce@simulator.amazonses.com", "bounced"),
        ("complaint@simulator.amazonses.com", "complained"),
        ("ooto@simulator.amazonses.com", "delivered"),
    ] {
        write_to(&world, address).await;
        let document = world
            .practice
            .document("invoice", status, "2026-11-20")
            .await;
        let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "spoken"});
        let sent = world.practice.post_delivery(body).await;
        assert_eq!(
            sent.body["email"]["status"], "accepted",
            "as far as was known"
        );
        let id = sent.body["id"].as_str().unwrap_or_default();
        let now = world.practice.get(&format!("/v1/deliveries/{id}")).await;
        assert_eq!(now.body["email"]["status"], status, "{address}: {now:?}");
        assert_eq!(now.body["state"], "open", "an e-mail's fate closes nothing");
        assert_eq!(
            now.body["email"]["message_id"],
            sent.body["email"]["message_id"]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f_i4_of_an_e_mail_of_unknown_fate_the_provider_may_say_more_later() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "spoken"});
    world.fail("email", "timeout", 1).await;
    let unknown = world.practice.post_delivery(body).await;
    assert_eq!(unknown.problem(), "email-unknown");
    let id = unknown.body["id"].as_str().unwrap_or_default();
    let delivery = world.practice.get(&format!("/v1/deliveries/{id}")).await;
    assert_eq!(delivery.body["email"]["status"], "delivered");
    let closed = (&delivery.body["state"], &delivery.body["closed_because"]);
    assert_eq!(closed, (&json!("closed"), &json!("not_sent")), "for good");
}

#[tokio::test(flavor = "multi_thread")]
async fn f_i4_an_e_mail_of_unknown_fate_is_unknown_until_the_provider_says_that_it_took_it() {
    let told = Told::start().await;
    let practice = &told.world.practice;
    let document = practice.document("invoice", "1", "2026-11-20").await;
    let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "spoken"});
    told.world.fail("email", "timeout", 1).await;
    let unknown = practice.post_delivery(body).await;
    assert_eq!(unknown.problem(), "email-unknown");
    let id = unknown.body["id"].as_str().unwrap_or_default();
    let link = told.link(id).await;
    assert_eq!(told.email(id).await["status"], "unknown");
    for (document, status) in [(SEND, "accepted"), (DELIVERY, "delivered")] {
        told.say(document, &link, "m-1").await;
        assert_eq!(told.email(id).await["status"], status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_is_told_by_webhook_report_audit_and_the_next_preview_once_each() {
    let world = World::start().await;
    let practice = &world.practice;
    let settings = json!({"name": "Praxis am Park", "report_to": "reports@example.org"});
    assert_eq!(practice.put("/v1/settings", settings).await.status, 200);
    let webhook = json!({"url": "https://hooks.example.org/", "events": ["delivery.bounced"]});
    assert_eq!(practice.put("/v1/webhooks/all", webhook).await.status, 200);
    write_to(&world, "bounce@simulator.amazonses.com").await;
    let document = practice.document("invoice", "1", "2026-11-20").await;
    let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "spoken"});
    let preview = async || {
        let path = "/v1/deliveries/preview";
        let preview = practice.call(Method::POST, path, body.clone()).await;
        assert_eq!(preview.body["sendable"], true, "{preview:?}");
        preview.body["warnings"].clone()
    };
    assert_eq!(preview().await, json!([]));
    let sent = practice.post_delivery(body.clone()).await;
    let id = sent.body["id"].as_str().unwrap_or_default();
    let warnings = preview().await;
    assert_eq!(warnings[0]["type"], "/problems/bounced-before");
    let detail = warnings[0]["detail"].as_str().unwrap_or_default();
    assert!(
        detail.contains("bounce@simulator.amazonses.com"),
        "{detail}"
    );

    let told = async || {
        let messages = world.messages().await;
        let reports = messages
            .iter()
            .filter(|message| message["to"] == "reports@example.org");
        let hooks = messages
            .iter()
            .filter(|message| message["channel"] == "webhook");
        let audit = practice.get("/v1/audit").await.body["items"].clone();
        let audit = audit.as_array().cloned().unwrap_or_default().into_iter();
        let rows = audit.filter(|row| row["action"] == "email_bounced");
        let texts = |message: &Value| message.to_string();
        (
            reports.map(texts).collect::<Vec<_>>(),
            hooks.map(texts).collect::<Vec<_>>(),
            rows.count(),
        )
    };
    for _ in 0..200 {
        let (reports, hooks, rows) = told().await;
        if !reports.is_empty() && !hooks.is_empty() && rows > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    world.advance(MINUTE);
    // Longer than the stack's schedule takes to come again.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let (reports, hooks, rows) = told().await;
    assert_eq!(
        (reports.len(), hooks.len(), rows),
        (1, 1, 1),
        "{reports:?} {hooks:?}"
    );
    assert!(
        reports[0].contains(id) && !reports[0].contains("Erika"),
        "{reports:?}"
    );
    assert!(
        hooks[0].contains("delivery.bounced") && hooks[0].contains(id),
        "{hooks:?}"
    );

    // Another address, another history; and an e-mail that arrives ends the warning.
    write_to(&world, "erika@example.org").await;
    assert_eq!(preview().await, json!([]));
}
