//! The lines of logs that the template's metric filters count are the lines that the functions write, letter by letter.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use deliveries::Hand;
use serde_json::{Value, json};
use tests::events::{between, cookie, of_patient, posted, token};
use tests::lambda::Lambda;

use crate::{send, world};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// How many lines of a log a filter of the template counts.
fn counted(filter: &str, logs: &str) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/template/transformed.json");
    let template = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{error}; run tests/template/transform.py first"));
    let template: Value = serde_json::from_str(&template).expect("JSON");
    let pattern = &template["Resources"][filter]["Properties"]["FilterPattern"];
    let pattern = pattern.as_str().unwrap_or_else(|| panic!("no {filter}"));
    let terms = pattern.trim_matches(|c| "{} ".contains(c)).split(" && ");
    let terms: Vec<(&str, Value)> = terms
        .map(|term| {
            let (field, value) = term.split_once(" = ").expect("$.field = value");
            let field = field.strip_prefix("$.").expect("a field");
            (field, serde_json::from_str(value).expect("a value"))
        })
        .collect();
    logs.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| terms.iter().all(|(field, value)| line[field] == *value))
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_and_right_codes_are_counted_each_once() {
    let world = world().await;
    let sent = send(&world).await;
    let mut verify = Lambda::start(&world, "Verify").await;
    let page = verify
        .answer(&of_patient("GET /d/{token}", &token(&sent)))
        .await;
    let form = between(
        page["body"].as_str().unwrap_or_default(),
        "name=\"form\" value=\"",
        "\"",
    )
    .to_owned();
    let wrong = if sent.code.starts_with('2') { "3" } else { "2" };
    let wrong = format!("{wrong}{}", &sent.code[1..]);
    for (code, status) in [("", 422), (wrong.as_str(), 401), (&sent.code, 303)] {
        let (route, origin) = ("POST /d/{token}", world.stack.api());
        let body = format!("form={form}&code={code}");
        let entry = posted(route, &sent, origin, &[cookie(&page)], &body);
        let answer = verify.answer(&entry).await;
        assert_eq!(answer["statusCode"], status, "{answer}");
    }
    let logs = verify.logs();
    assert_eq!(counted("WrongCodes", &logs), 1, "{logs}");
    assert_eq!(counted("RightCodes", &logs), 1, "{logs}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_s5_a_request_that_a_cap_stops_is_counted_and_one_that_is_sent_is_not() {
    let world = world().await;
    let practice = &world.practice;
    let self_service = json!({"self_service": {"allowed": true}});
    let allowed = practice.put("/v1/record-types/std", self_service).await;
    assert_eq!(allowed.status, 200);
    let sent = send(&world).await;
    let mut verify = Lambda::start(&world, "Verify").await;
    let mut request_code = Lambda::start(&world, "RequestCode").await;
    // The code that went with the sending is one SMS already.
    for (cap, status, lines) in [(1, 503, 1), (2, 303, 1)] {
        let settings =
            json!({"name": "Praxis am Park", "sms_allowed": true, "monthly_caps": {"sms": cap}});
        assert_eq!(practice.put("/v1/settings", settings).await.status, 200);
        let page = verify
            .answer(&of_patient("GET /d/{token}", &token(&sent)))
            .await;
        let body = page["body"].as_str().unwrap_or_default();
        let form = between(body, "/code?", "</form>");
        let form = between(form, "name=\"form\" value=\"", "\"");
        let (route, origin) = ("POST /d/{token}/code", world.stack.api());
        let pressed = posted(
            route,
            &sent,
            origin,
            &[cookie(&page)],
            &format!("form={form}"),
        );
        let answer = request_code.answer(&pressed).await;
        assert_eq!(answer["statusCode"], status, "{answer}");
        let logs = request_code.logs();
        assert_eq!(counted("ReachedCaps", &logs), lines, "{logs}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_pending_is_counted_and_nothing_else_that_is_settled() {
    let world = world().await;
    // The stack's own schedule is a day behind, so that the process alone finds these due.
    world.clock().set(Hand::Running(-DAY));
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = i64::try_from(now.expect("a time after 1970").as_secs()).expect("a time");
    let change = |number: u8, action: &str, outcome: &str| {
        let op = json!({"M": {
            "id": {"S": format!("01a207d9-2100-7345-84ac-89e186209d3{number}")},
            "at": {"N": (now - HOUR).to_string()},
            "actor": {"M": {"type": {"S": "key"}, "label": {"S": "Front desk"}}},
            "action": {"S": action},
            "outcome": {"S": outcome},
        }});
        let image = json!({"pk": {"S": "ORG#other"}, "sk": {"S": "RECORD#r"}, "last_op": op});
        json!({"dynamodb": {"NewImage": image, "SequenceNumber": number.to_string()}})
    };
    let mut notify = Lambda::start(&world, "Notify").await;
    let changes = json!({"Records": [
        change(0, "email", "under_way"),
        change(1, "email", "under_way"),
        change(1, "email", "accepted"),
        change(2, "entry", "under_way"),
    ]});
    let followed = notify.answer(&changes).await;
    assert_eq!(followed["batchItemFailures"], json!([]), "{followed}");
    for _ in 0..2 {
        notify.answer(&json!({"source": "aws.events"})).await;
    }
    let logs = notify.logs();
    assert_eq!(counted("PendingDeliveries", &logs), 1, "{logs}");
}
