//! How a run goes on: by a stream that comes twice, at once, late or not at all, and not after it was cancelled.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::World;

use crate::seed::seed;
use crate::worker::Worker;
use crate::{assert_counts, emails, text};

/// A stack that leaves runs to the test, and one of so many items: its id.
async fn started(items: usize) -> (World, String) {
    let world = World::feeding(&["Dispatch"]).await;
    let items = seed(&world, items).await;
    let started = world.practice.start_run(json!({"items": items})).await;
    let id = text(&started.body["id"]).to_owned();
    (world, id)
}

async fn run(world: &World, id: &str) -> Value {
    world
        .practice
        .get(&format!("/v1/invoice-runs/{id}"))
        .await
        .body
}

async fn sent(world: &World) -> usize {
    let emails = emails(world).await;
    assert!(emails.values().all(|mails| *mails == 1), "{emails:?}");
    emails.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_by_starting_and_everything_by_following_the_lanes() {
    let (world, id) = started(40).await;
    assert_counts(&run(&world, &id).await, &[("waiting", 40)]);
    assert_eq!(sent(&world).await, 0);
    let worker = Worker::new(&world, &[]);
    assert_eq!(worker.lanes().await.len(), 3);
    worker.drain().await;
    let ended = run(&world, &id).await;
    assert_counts(&ended, &[("sent", 40)]);
    assert_eq!(
        (sent(&world).await, &ended["state"]),
        (40, &json!("finished"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_comes_again_at_once_and_late_sends_every_item_once() {
    let (world, id) = started(70).await;
    let workers = [Worker::new(&world, &[]), Worker::new(&world, &[])];
    let mut seen: Vec<Value> = Vec::new();
    loop {
        let lanes = workers[0].lanes().await;
        if lanes.iter().all(|lane| seen.contains(lane)) {
            break;
        }
        seen.extend(lanes);
        // Everything that ever came, four times at once, by two workers. One that loses a race for an item asks for its lane again.
        let again = (0..4).flat_map(|round| {
            let worker = &workers[round % 2];
            seen.iter().map(|lane| worker.feed(lane))
        });
        join_all(again).await;
    }
    // An item that a slower worker had taken up when the lanes ended is settled by the schedule.
    world.advance(60);
    workers[0].minute().await;
    let ended = run(&world, &id).await;
    assert_counts(&ended, &[("sent", 70)]);
    assert_eq!(sent(&world).await, 70);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_cancelling_has_answered_nothing_is_sent() {
    let (world, id) = started(64).await;
    let worker = Worker::new(&world, &[]);
    let lanes = worker.lanes().await;
    assert!(worker.feed(&lanes[0]).await);
    let before = sent(&world).await;
    assert_eq!(before, 16);
    // The others are under way while it is cancelled.
    let path = format!("/v1/invoice-runs/{id}/cancel");
    let under_way = join_all(lanes[1..].iter().map(|lane| worker.feed(lane)));
    let cancel = world.practice.call(Method::POST, &path, Value::Null);
    let cancelling = async {
        let cancelled = cancel.await;
        (cancelled, run(&world, &id).await)
    };
    let (_, (cancelled, at_once)) = tokio::join!(under_way, cancelling);
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    let again = world.practice.call(Method::POST, &path, Value::Null).await;
    assert_eq!(again.status, 200, "a second time changes nothing");
    worker.drain().await;
    world.advance(60);
    worker.minute().await;
    let ended = run(&world, &id).await;
    assert_eq!(ended["state"], "cancelled");
    let counted = |run: &Value, state: &str| run["counts"][state].as_u64().unwrap_or_default();
    let taken_up = counted(&at_once, "sent") + counted(&at_once, "sending");
    assert_eq!(counted(&ended, "sent"), taken_up, "{at_once} {ended}");
    assert_eq!(counted(&ended, "cancelled"), 64 - taken_up);
    assert_eq!(sent(&world).await as u64, taken_up);
    let items = world.practice.run_items(&id, "state=cancelled").await;
    assert_eq!(items.len() as u64, 64 - taken_up);
}

#[tokio::test(flavor = "multi_thread")]
async fn left_overs_older_than_the_stream_keeps_are_found_by_the_schedule() {
    let (world, id) = started(70).await;
    let worker = Worker::new(&world, &[]);
    for lane in worker.lanes().await {
        assert!(worker.feed(&lane).await);
    }
    assert_eq!(sent(&world).await, 64, "one step of each lane");
    let forgotten = worker.lanes().await;
    worker.minute().await;
    assert_eq!(worker.lanes().await, forgotten, "nothing stands still yet");
    world.advance(2 * 24 * 3_600);
    worker.minute().await;
    let pushed = worker.lanes().await;
    assert!(
        pushed.iter().zip(&forgotten).all(|(now, then)| now != then),
        "each has a new record in the stream"
    );
    worker.drain().await;
    assert_counts(&run(&world, &id).await, &[("sent", 70)]);
    assert_eq!(sent(&world).await, 70);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_send_rate_holds_to_the_second() {
    let (world, id) = started(10).await;
    let worker = Worker::new(&world, &[("SEND_RATE", "4")]);
    for (sent_by_then, waiting) in [(4, 6), (8, 2)] {
        worker.drain().await;
        assert_eq!(sent(&world).await, sent_by_then);
        assert_counts(
            &run(&world, &id).await,
            &[("sent", sent_by_then), ("waiting", waiting)],
        );
        world.advance(1);
    }
    worker.drain().await;
    assert_counts(&run(&world, &id).await, &[("sent", 10)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_practice_sends_nothing_until_it_is_enabled_again() {
    let (world, id) = started(3).await;
    let worker = Worker::new(&world, &[]);
    let practice = local::practice::PRACTICE.parse().expect("an id");
    let table = world.store();
    let set = async |is_disabled: bool| {
        let now = world.clock().now();
        let set = operator::set_disabled(&table, &practice, is_disabled, now).await;
        set.expect("done");
    };
    set(true).await;
    worker.drain().await;
    assert_eq!(sent(&world).await, 0);
    set(false).await;
    world.advance(60);
    worker.minute().await;
    worker.drain().await;
    assert_counts(&run(&world, &id).await, &[("sent", 3)]);
}

/// How often the first lane was pushed in vain, and whether it waits for tokens.
async fn first_lane(worker: &Worker) -> (Value, bool) {
    let lane = worker.lanes().await[0]["dynamodb"]["NewImage"].take();
    let waits = lane["waits_for_tokens"]["BOOL"] == json!(true);
    (lane["stalls"]["N"].clone(), waits)
}

#[tokio::test(flavor = "multi_thread")]
async fn minutes_for_which_a_practice_was_disabled_fail_no_item_at_its_first_fault() {
    let (world, id) = started(1).await;
    let worker = Worker::new(&world, &[]);
    let practice = local::practice::PRACTICE.parse().expect("an id");
    let set = async |is_disabled: bool| {
        let now = world.clock().now();
        let set = operator::set_disabled(&world.store(), &practice, is_disabled, now).await;
        set.expect("done");
    };
    set(true).await;
    for _ in 0..=domain::run::STALLS {
        world.advance(60);
        worker.minute().await;
        worker.drain().await;
    }
    assert_eq!(first_lane(&worker).await, (json!("0"), false));
    set(false).await;
    worker.minute().await;
    assert_eq!(first_lane(&worker).await, (json!("1"), false));
    let without_keys = Worker::new(&world, &[("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")]);
    let lane = worker.lanes().await.remove(0);
    assert!(!without_keys.feed(&lane).await, "it comes again");
    worker.drain().await;
    assert_counts(&run(&world, &id).await, &[("sent", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_for_want_of_tokens_is_none_in_vain() {
    let (world, id) = started(1).await;
    let worker = Worker::new(&world, &[]);
    let address = world.stack.dynamodb();
    let table = tests::dynamodb::table(address).await;
    let nobody_has_any = json!({"TableName": table, "Item": {
        "pk": {"S": "RATE"}, "sk": {"S": "EMAILS"}, "v": {"N": "1"},
        "tokens": {"N": "0"}, "at": {"N": world.clock().now().plus(3_600).seconds().to_string()},
    }});
    tests::dynamodb::call(address, "PutItem", nobody_has_any).await;
    let lane = worker.lanes().await.remove(0);
    assert!(worker.feed(&lane).await);
    assert_eq!(first_lane(&worker).await, (json!("0"), true));
    for (stalls, why) in [("0", "for want of tokens"), ("1", "for nothing known")] {
        world.advance(60);
        worker.minute().await;
        let pushed = first_lane(&worker).await;
        assert_eq!(pushed, (json!(stalls), false), "{why}");
    }
    world.advance(3_600);
    worker.drain().await;
    assert_counts(&run(&world, &id).await, &[("sent", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_cannot_be_read_keep_no_other_from_being_pushed_and_finished() {
    let (world, id) = started(40).await;
    let address = world.stack.dynamodb();
    let table = tests::dynamodb::table(address).await;
    // A run, and its row among those that are not finished: both come before the first practice's.
    for (practice, is_run) in [("a-practice", true), ("b-practice", false)] {
        let other = world.another_practice(practice).await;
        let document = other.document("invoice", "1", "2026-11-20").await;
        let item = json!({"document": document, "recipient": "patient", "channel": "sms"});
        let started = other.start_run(json!({"items": [item]})).await;
        let run = text(&started.body["id"]);
        let (pk, sk) = if is_run {
            (format!("RUN#{practice}#{run}"), "RUN".to_owned())
        } else {
            ("RUNS".to_owned(), format!("{practice}#{run}"))
        };
        let of_newer_version = json!({
            "TableName": table, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}, "UpdateExpression": "SET v = :v",
            "ConditionExpression": "attribute_exists(pk)", "ExpressionAttributeValues": {":v": {"N": "2"}},
        });
        tests::dynamodb::call(address, "UpdateItem", of_newer_version).await;
    }
    let worker = Worker::new(&world, &[]);
    let of_first = async || {
        let mut lanes = worker.lanes().await;
        lanes.retain(|lane| lane.to_string().contains(&id));
        lanes
    };
    let before = of_first().await;
    world.advance(60);
    let told = worker.schedule().await;
    assert!(told.is_err(), "the schedule says that something was wrong");
    let pushed = of_first().await;
    assert!(pushed.iter().zip(&before).all(|(now, then)| now != then));
    let path = format!("/v1/invoice-runs/{id}/cancel");
    let cancelled = world.practice.call(Method::POST, &path, Value::Null).await;
    assert_eq!(cancelled.body["state"], "cancelling", "{cancelled:?}");
    assert!(worker.schedule().await.is_err());
    assert_eq!(run(&world, &id).await["state"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_cannot_be_read_fails_alone() {
    let (world, id) = started(5).await;
    let address = world.stack.dynamodb();
    let items = world.practice.run_items(&id, "").await;
    let of_newer_version = json!({
        "TableName": tests::dynamodb::table(address).await,
        "Key": {"pk": {"S": format!("ORG#{}#p2", local::practice::PRACTICE)}, "sk": {"S": format!("DOCUMENT#{}", text(&items[2]["document"]))}},
        "UpdateExpression": "SET v = :v",
        "ExpressionAttributeValues": {":v": {"N": "2"}},
    });
    tests::dynamodb::call(address, "UpdateItem", of_newer_version).await;
    let worker = Worker::new(&world, &[]);
    worker.drain().await;
    assert_counts(&run(&world, &id).await, &[("sent", 4), ("failed", 1)]);
    let failed = world.practice.run_items(&id, "state=failed").await;
    assert_eq!(failed[0]["pointer"], "/items/2");
    assert_eq!(failed[0]["problems"][0]["type"], "/problems/unavailable");
}
