//! What a practice is told of its deliveries: each thing once, signed, tried for a day, and reported where a person is needed.
//!
//! The stack's own `notify` follows the stream and the clock; a second one beside it notices everything again and races it for every attempt.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use channels::{EmailChannel, WebhookChannel};
use deliveries::Tell;
use domain::audit::Actor;
use domain::delivery::Delivery;
use domain::hashed::{LinkHash, SealedWebhookSecret};
use domain::id::PracticeId;
use domain::time::{DAY, HOUR, MINUTE};
use runtime::{Aws, Environment};
use secrets::{Keys, draw_op};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use store::{Claim, DueTask, Store, StoreError};
use tests::dynamodb::{call, items, table};
use tests::{Sent, World};

const ALL: [&str; 7] = [
    "delivery.opened",
    "delivery.downloaded",
    "delivery.locked",
    "delivery.reported",
    "delivery.closed",
    "delivery.unopened",
    "delivery.code_capped",
];

/// A stack, what tells its practices, and the deliveries as they were last noticed.
struct Telling {
    world: World,
    tell: Tell,
    secret: Webhook,
    noticed: HashMap<String, Delivery>,
}

impl Telling {
    /// With a webhook `all` for every event.
    async fn start() -> Self {
        Self::of(World::start().await).await
    }

    /// The same, and nobody else tells: no worker of the stack is under way while hours pass within moments.
    async fn alone() -> Self {
        Self::of(World::feeding(&["Notify"]).await).await
    }

    async fn of(world: World) -> Self {
        let webhook = json!({"url": "https://hooks.example.org/", "events": ALL});
        let made = world.practice.put("/v1/webhooks/all", webhook).await;
        let secret = made.body["secret"].as_str().expect("a secret");
        Self {
            secret: Webhook::new(secret).expect("a secret of the standard"),
            tell: tell(&world),
            noticed: HashMap::new(),
            world,
        }
    }

    async fn send(&mut self, number: &str) -> (String, Sent) {
        let practice = &self.world.practice;
        let document = practice.document("invoice", number, "2026-11-20").await;
        let sent = practice.send(&[&document]).await;
        self.notice(&sent).await;
        (document, sent)
    }

    /// Puts another sealed secret into the webhook `all`: the one that was there.
    async fn replace_secret(&self, sealed: &str) -> String {
        let practice = local::practice::PRACTICE.parse().expect("an id");
        let op = draw_op(Actor::System, self.world.clock().now()).expect("a name");
        let replaced = self.tell.store.change_webhooks(&practice, &op, |webhooks| {
            let webhook = webhooks.values_mut().next();
            let secret = &mut webhook.ok_or(StoreError::Contention)?.secret;
            let sealed = SealedWebhookSecret::new(sealed.to_owned());
            Ok::<_, StoreError>(std::mem::replace(secret, sealed))
        });
        replaced.await.expect("replaced").as_str().to_owned()
    }

    /// Puts so many rows that cannot be read at the head of the queue, and so many looks at a delivery that cannot be.
    async fn break_the_queue(&self, count: usize) {
        let address = self.world.stack.dynamodb();
        let table = table(address).await;
        let put = async |partition: &str, sort: &str| {
            let item = json!({"pk": {"S": partition}, "sk": {"S": sort}, "task": {"S": "of a later version"}});
            call(
                address,
                "PutItem",
                json!({"TableName": table, "Item": item}),
            )
            .await;
        };
        for number in 0..count {
            put("DUE", &format!("000000000001#{number}")).await;
            let link = LinkHash::new(format!("broken-{number}"));
            put(&format!("LINK#{link}"), "DELIVERY").await;
            let long_ago = self.world.clock().now().plus(-DAY);
            let noted = self.tell.store.look_later(&link, long_ago).await;
            noted.expect("noted");
        }
    }

    /// Notices what was written since, twice, as a stream may bring it twice.
    async fn notice(&mut self, sent: &Sent) {
        let practice: PracticeId = local::practice::PRACTICE.parse().expect("an id");
        let id = sent.id.parse().expect("an id");
        let found = self.tell.store.delivery_of_practice(&practice, &id).await;
        let stored = found.expect("an answer").expect("a delivery");
        let old = self.noticed.get(&sent.id);
        for _ in 0..2 {
            let images = (old, &stored.delivery);
            let now = self.world.clock().now();
            let noted = self.tell.changed(&stored.link, images, now).await;
            noted.expect("noted");
        }
        self.noticed.insert(sent.id.clone(), stored.delivery);
    }

    /// Works off what is due, as the schedule does every minute.
    async fn minute(&self) {
        self.tell.work_off().await.expect("worked off");
    }

    /// The events that arrived, with how often and why, after each signature was checked.
    async fn told(&self) -> BTreeMap<String, u32> {
        let mut told = BTreeMap::new();
        for message in self.messages("webhook").await {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (headers, body) = (&message["headers"], text(&message["body"]));
            let seconds = text(&headers["webhook-timestamp"])
                .parse()
                .expect("seconds");
            let id = text(&headers["webhook-id"]);
            let expected = self.secret.sign(&id, seconds, body.as_bytes());
            assert_eq!(
                text(&headers["webhook-signature"]),
                expected.expect("signed")
            );
            let body: Value = serde_json::from_str(&body).expect("JSON");
            let why = &body["data"]["closed_because"];
            let name = match why.as_str() {
                Some(why) => format!("{} {why}", text(&body["type"])),
                None => text(&body["type"]),
            };
            *told.entry(name).or_insert(0) += 1;
        }
        told
    }

    /// Waits until just this has arrived.
    async fn settled(&self, expected: &BTreeMap<String, u32>) {
        for _ in 0..100 {
            if self.told().await == *expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(self.told().await, *expected);
    }

    /// Lets some minutes pass until just this has arrived, and stays so: what a busy machine has put off comes a minute later.
    async fn minutes_until(&self, expected: &BTreeMap<String, u32>) {
        let mut further = 2;
        for _ in 0..10 {
            self.minute().await;
            if self.told().await == *expected {
                further -= 1;
            }
            if further == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            self.world.advance(MINUTE);
        }
        self.settled(expected).await;
    }

    /// How many attempts at telling count, once none is under way.
    async fn attempts(&self) -> Vec<String> {
        let rows = items(self.world.stack.dynamodb()).await;
        let told = rows.iter().filter(|row| {
            let sort = row["sk"]["S"].as_str();
            sort.is_some_and(|sort| sort.starts_with("TELL#"))
        });
        told.map(|row| row["attempts"]["N"].to_string()).collect()
    }

    async fn messages(&self, channel: &str) -> Vec<Value> {
        let mut messages = self.world.messages().await;
        messages.retain(|message| message["channel"] == channel);
        messages
    }

    async fn reports(&self) -> Vec<Value> {
        let mut mails = self.messages("email").await;
        mails.retain(|mail| {
            mail["to"] == "reports@example.org" || mail["to"][0] == "reports@example.org"
        });
        mails
    }

    /// Begins the second attempt at a report, as a worker does that dies then.
    async fn begin_second_report(&self) {
        let soon = self.world.clock().now().plus(MINUTE / 2);
        let due = self.tell.store.due(soon, 100).await.expect("a queue");
        for row in due {
            let DueTask::Tell { practice, name } = row.task else {
                continue;
            };
            let op = draw_op(Actor::System, soon).expect("a name");
            let claimed = self.tell.store.claim_outgoing(&practice, &name, &op).await;
            match claimed.expect("an answer") {
                Claim::Claimed(outgoing, attempt) if outgoing.webhook.is_none() => {
                    assert_eq!((attempt.number, attempt.earlier_failed), (2, true));
                    return;
                }
                _ => {}
            }
        }
        panic!("no report is due");
    }

    async fn report_to_somebody(&self) {
        let settings = json!({"name": "Praxis am Park", "sms_allowed": true, "report_to": "reports@example.org"});
        assert_eq!(
            self.world
                .practice
                .put("/v1/settings", settings)
                .await
                .status,
            200
        );
    }
}

/// As `notify` has it.
fn tell(world: &World) -> Tell {
    let environment: Environment = world.stack.function_environments()["Notify"]
        .clone()
        .into_iter()
        .collect();
    let tell = environment.read(|get| {
        let aws = Aws::read(get);
        Tell {
            store: Store::new(aws.dynamodb(), get.text("TABLE")),
            lookup: Keys::new(aws.kms(), get.list("LOOKUP_KEYS")),
            webhooks: WebhookChannel::new(get.optional("WEBHOOK_RELAY")),
            email: EmailChannel::new(
                aws.ses(),
                get.text("MAIL_FROM"),
                get.text("CONFIGURATION_SET"),
            ),
            clock: world.clock().clone(),
        }
    });
    tell.expect("all settings")
}

fn once<const N: usize>(events: [&str; N]) -> BTreeMap<String, u32> {
    events.map(|event| (event.to_owned(), 1)).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_a_delivery_is_told_once_each_however_often_it_is_noticed() {
    let mut telling = Telling::start().await;
    let (document, sent) = telling.send("1").await;
    let mut patient = telling.world.patient(&sent);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    telling.notice(&sent).await;
    assert_eq!(patient.click(&document).await.status, 303);
    telling.notice(&sent).await;
    telling.minute().await;
    telling.minute().await;
    telling
        .settled(&once(["delivery.opened", "delivery.downloaded"]))
        .await;
    let revoked = telling.world.practice.revoke(&sent).await;
    assert!(revoked.status < 300, "{revoked:?}");
    telling.notice(&sent).await;
    // The clock would close it too, later: it is closed already.
    telling.world.advance(72 * HOUR);
    let minutes = (0..8).map(|_| telling.minute());
    futures::future::join_all(minutes).await;
    let all = once([
        "delivery.opened",
        "delivery.downloaded",
        "delivery.closed revoked",
    ]);
    telling.settled(&all).await;
    // Longer than the stack's schedule takes to come again.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(telling.told().await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_tells_what_nobody_writes() {
    let mut telling = Telling::start().await;
    let (_, unopened) = telling.send("1").await;
    let (_, used) = telling.send("2").await;
    let mut patient = telling.world.patient(&used);
    assert_eq!(patient.enter(&used.code).await.status, 303);
    telling.notice(&used).await;
    telling.minute().await;
    let mut expected = once(["delivery.opened"]);
    telling.settled(&expected).await;
    let opened_at = telling.world.clock().now();
    telling.world.set_clock(opened_at.plus(72 * HOUR - 1));
    telling.minute().await;
    telling.minute().await;
    assert_eq!(telling.told().await, expected, "a second before");
    telling.world.advance(1);
    telling.minute().await;
    // What is found in one run may go out in the next.
    telling.minute().await;
    expected.extend(once(["delivery.closed used"]));
    telling.settled(&expected).await;
    let expires_at = telling.noticed[&unopened.id].expires_at.expect("an end");
    for (at, event) in [
        (expires_at.plus(-7 * DAY), "delivery.unopened"),
        (expires_at, "delivery.closed expired"),
    ] {
        telling.world.set_clock(at.plus(-1));
        telling.minute().await;
        telling.minute().await;
        assert_eq!(telling.told().await, expected, "a second before {event}");
        telling.world.set_clock(at);
        telling.minute().await;
        telling.minute().await;
        expected.extend(once([event]));
        telling.settled(&expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_and_an_e_mail_to_a_wrong_address_are_reported_once_each() {
    let mut telling = Telling::start().await;
    telling.report_to_somebody().await;
    let (_, locked) = telling.send("1").await;
    let (_, reported) = telling.send("2").await;
    let wrong = locked.wrong_code();
    let mut patient = telling.world.patient(&locked);
    for _ in 0..10 {
        telling.world.advance(5 * MINUTE);
        patient.enter(wrong).await;
        telling.notice(&locked).await;
    }
    telling.world.advance(19);
    telling.minute().await;
    let early = telling.told().await;
    assert!(
        early.is_empty(),
        "the last entry could still be right: {early:?}"
    );
    telling.world.advance(1);
    telling.minute().await;
    telling.minute().await;
    let mut expected = once([
        "delivery.locked too_many_attempts",
        "delivery.closed too_many_attempts",
    ]);
    telling.settled(&expected).await;
    telling.world.patient(&reported).report().await;
    telling.notice(&reported).await;
    telling.minute().await;
    telling.minute().await;
    expected.extend(once([
        "delivery.reported reported",
        "delivery.closed reported",
    ]));
    telling.settled(&expected).await;
    telling.minute().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let reports = telling.reports().await;
    assert_eq!(reports.len(), 2, "{reports:?}");
    for (report, sent) in reports.iter().zip([&locked, &reported]) {
        let text = report["text"].as_str().unwrap_or_default();
        assert!(text.contains(&sent.id) && text.contains("r1"), "{text}");
        for secret in [&sent.code, &sent.reference, &sent.link] {
            assert!(!report.to_string().contains(secret), "{report}");
        }
        assert!(!report.to_string().contains("Erika"), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_address_nothing_is_reported_not_even_later() {
    let mut telling = Telling::start().await;
    let (_, first) = telling.send("1").await;
    telling.world.patient(&first).report().await;
    telling.notice(&first).await;
    telling.minute().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    telling.report_to_somebody().await;
    telling.world.advance(DAY);
    telling.minute().await;
    assert!(telling.reports().await.is_empty());
}

/// A day of minutes; how many reports arrived of an e-mail to a wrong address, after so many attempts that ended like this.
async fn reports_after(kind: &str, failures: u32) -> usize {
    let mut telling = Telling::alone().await;
    telling.report_to_somebody().await;
    let (_, sent) = telling.send("1").await;
    telling.world.fail("email", kind, failures).await;
    telling.world.patient(&sent).report().await;
    telling.notice(&sent).await;
    for _ in 0..26 * 60 {
        telling.minute().await;
        telling.world.advance(MINUTE);
    }
    telling.reports().await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_is_refused_is_tried_again_for_a_day_and_sent_once() {
    let (throttled, refused, given_up) = tokio::join!(
        reports_after("throttle", 2),
        reports_after("refuse", 7),
        reports_after("refuse", 8)
    );
    assert_eq!(throttled, 1, "what was too much now is not later");
    assert_eq!(refused, 1, "the eighth attempt is made");
    assert_eq!(given_up, 0, "the ninth is not");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_unknown_fate_is_never_repeated() {
    let (taken, lost) = tokio::join!(reports_after("timeout", 1), reports_after("error", 1));
    assert_eq!(taken, 1, "it was taken, and no answer came");
    assert_eq!(lost, 0, "it was not, and nobody can know");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_whose_worker_died_is_not_repeated_though_an_earlier_attempt_was_refused() {
    let mut telling = Telling::alone().await;
    telling.report_to_somebody().await;
    let (_, sent) = telling.send("1").await;
    telling.world.fail("email", "refuse", 1).await;
    telling.world.patient(&sent).report().await;
    telling.notice(&sent).await;
    telling.minute().await;
    telling.begin_second_report().await;
    for _ in 0..26 * 60 {
        telling.minute().await;
        telling.world.advance(MINUTE);
    }
    assert!(telling.reports().await.is_empty());
}

/// A day of minutes; how many webhooks arrived after `failures` that did not.
async fn after_failures(failures: u32) -> usize {
    let mut telling = Telling::alone().await;
    let (_, sent) = telling.send("1").await;
    assert_eq!(
        telling.world.patient(&sent).enter(&sent.code).await.status,
        303
    );
    telling.notice(&sent).await;
    telling.world.fail("webhook", "refuse", failures).await;
    for _ in 0..26 * 60 {
        telling.minute().await;
        telling.world.advance(MINUTE);
    }
    telling.messages("webhook").await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_is_tried_again_for_a_day_and_then_given_up() {
    let (seven, eight) = tokio::join!(after_failures(7), after_failures(8));
    assert_eq!(seven, 1, "the eighth attempt is made");
    assert_eq!(eight, 0, "the ninth is not");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_what_they_did_not_ask_for_or_what_is_not_theirs() {
    let mut telling = Telling::start().await;
    let other = telling.world.another_practice("praxis-am-see").await;
    let foreign = json!({"url": "https://foreign.example.org/", "events": ALL});
    assert_eq!(other.put("/v1/webhooks/all", foreign).await.status, 200);
    let closed = json!({"url": "https://closed.example.org/", "events": ["delivery.closed"]});
    let gone = json!({"url": "https://gone.example.org/", "events": ALL});
    for (id, webhook) in [("closed", closed), ("gone", gone)] {
        let path = format!("/v1/webhooks/{id}");
        assert_eq!(telling.world.practice.put(&path, webhook).await.status, 200);
    }
    let (_, sent) = telling.send("1").await;
    let deleted = telling.world.practice.delete("/v1/webhooks/gone").await;
    assert_eq!(deleted.status, 204);
    assert_eq!(
        telling.world.patient(&sent).enter(&sent.code).await.status,
        303
    );
    telling.notice(&sent).await;
    telling.minute().await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let received = telling.messages("webhook").await;
    let urls: Vec<&str> = received
        .iter()
        .filter_map(|message| message["url"].as_str())
        .collect();
    assert_eq!(urls, ["https://hooks.example.org/"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_answers_410_is_told_nothing_more_until_it_is_set_anew() {
    let mut telling = Telling::start().await;
    let (document, sent) = telling.send("1").await;
    let mut patient = telling.world.patient(&sent);
    telling.world.fail("webhook", "gone", 1).await;
    patient.enter(&sent.code).await;
    telling.notice(&sent).await;
    telling.minute().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let shown = telling.world.practice.get("/v1/webhooks/all").await;
    assert_eq!(shown.body["gone_at"], "2026-11-23T10:00:00Z");
    patient.click(&document).await;
    telling.notice(&sent).await;
    telling.world.advance(DAY);
    telling.minute().await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(telling.told().await.is_empty());
    let webhook = json!({"url": "https://hooks.example.org/", "events": ALL});
    let anew = telling
        .world
        .practice
        .put("/v1/webhooks/all", webhook)
        .await;
    assert_eq!((anew.status, &anew.body["gone_at"]), (200, &Value::Null));
    patient.enter(&sent.code).await;
    patient.click(&document).await;
    telling.notice(&sent).await;
    telling.minute().await;
    telling.settled(&once(["delivery.downloaded"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_ours_costs_a_message_none_of_its_attempts() {
    let mut telling = Telling::start().await;
    let secret = telling.replace_secret("nobody:can-open-this").await;
    let (_, sent) = telling.send("1").await;
    telling.world.patient(&sent).enter(&sent.code).await;
    telling.notice(&sent).await;
    for _ in 0..20 {
        telling.minute().await;
        telling.world.advance(MINUTE);
    }
    for _ in 0..100 {
        if telling.attempts().await == ["\"0\""] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(telling.attempts().await, ["\"0\""]);
    telling.world.fail("webhook", "throttle", 1).await;
    telling.replace_secret(&secret).await;
    telling.minutes_until(&once(["delivery.opened"])).await;
}

/// More than one run works off: rows that cannot be read, and looks at deliveries that cannot be.
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_in_the_queue_keeps_nobody_else_waiting() {
    let mut telling = Telling::start().await;
    telling.break_the_queue(200).await;
    let (_, sent) = telling.send("1").await;
    telling.world.patient(&sent).enter(&sent.code).await;
    telling.notice(&sent).await;
    telling.minutes_until(&once(["delivery.opened"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_a_cap_that_keeps_codes_from_patients_is_reported_once_a_day() {
    let mut telling = Telling::start().await;
    let practice = &telling.world.practice;
    for (path, body) in [
        (
            "/v1/settings",
            json!({"name": "Praxis am Park", "sms_allowed": true, "report_to": "reports@example.org", "monthly_caps": {"sms": 2}}),
        ),
        (
            "/v1/record-types/std",
            json!({"self_service": {"allowed": true}}),
        ),
    ] {
        assert_eq!(practice.put(path, body).await.status, 200);
    }
    let (_, first) = telling.send("1").await;
    let (_, second) = telling.send("2").await;
    for (hours, sent, capped, reports) in [
        (0, &first, 1, 1),
        (1, &first, 1, 1),
        (1, &second, 2, 1),
        (24, &first, 3, 2),
    ] {
        telling.world.advance(hours * HOUR);
        let mut patient = telling.world.patient(sent);
        let answer = patient.ask().await;
        assert_eq!(answer.status, 503, "neutral: {}", answer.text());
        telling.notice(sent).await;
        telling.minute().await;
        let told = BTreeMap::from([("delivery.code_capped".to_owned(), capped)]);
        telling.settled(&told).await;
        telling.minute().await;
        assert_eq!(telling.reports().await.len(), reports, "after {hours} h");
    }
}
