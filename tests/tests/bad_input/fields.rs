//! Every field is refused with what it cannot be, and named by its pointer.

use serde_json::{Value, json};

use crate::api::{Api, Faults, invalid};
use crate::bodies::calls;
use crate::impossible::bad;

/// Values of fields within fields, each with the body that it stands in and the pointer that names it.
fn nested() -> Vec<(&'static str, Value, &'static str)> {
    let recipient = |more: Value| {
        let mut recipient = json!({"id": "p", "name": "P", "email": "p@example.org"});
        for (name, value) in more.as_object().into_iter().flatten() {
            recipient[name] = value.clone();
        }
        recipient
    };
    let record = |recipients: Value| json!({"record_type": "std", "recipients": recipients});
    let many: Vec<Value> = (0..21)
        .map(|n| recipient(json!({"id": n.to_string()})))
        .collect();
    vec![
        (
            "/v1/settings",
            json!({"name": "P", "monthly_caps": {"emails": -1}}),
            "/monthly_caps/emails",
        ),
        (
            "/v1/settings",
            json!({"name": "P", "monthly_caps": {"sms": "5"}}),
            "/monthly_caps/sms",
        ),
        (
            "/v1/settings",
            json!({"name": "P", "monthly_caps": {"fax": 1}}),
            "/monthly_caps/fax",
        ),
        (
            "/v1/record-types/new",
            json!({"self_service": {"allowed": "x"}}),
            "/self_service/allowed",
        ),
        (
            "/v1/record-types/new",
            json!({"self_service": {"channel": "spoken"}}),
            "/self_service/channel",
        ),
        (
            "/v1/record-types/new",
            json!({"self_service": {"max_requests": 0}}),
            "/self_service/max_requests",
        ),
        (
            "/v1/record-types/new",
            json!({"self_service": {"max_requests": 21}}),
            "/self_service/max_requests",
        ),
        (
            "/v1/record-types/new",
            json!({"self_service": {"min_interval_minutes": 29}}),
            "/self_service/min_interval_minutes",
        ),
        (
            "/v1/record-types/new",
            json!({"self_service": {"surprise": 1}}),
            "/self_service/surprise",
        ),
        ("/v1/records/new", record(json!(many)), "/recipients"),
        (
            "/v1/records/new",
            record(json!([
                recipient(json!({})),
                recipient(json!({"id": "q", "mobile": "1"}))
            ])),
            "/recipients/1/mobile",
        ),
        (
            "/v1/records/new",
            record(json!([recipient(json!({})), {"id": "q", "linked_record": "unknown"}])),
            "/recipients/1/linked_record",
        ),
        (
            "/v1/records/new",
            record(json!([recipient(json!({})), {"id": "q", "linked_record": "new"}])),
            "/recipients/1/linked_record",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_is_refused_with_what_it_cannot_be_and_named() {
    let api = Api::start().await;
    let mut before = api.trace().await;
    let mut faults = Faults::default();
    let mut cases = 0;
    for (method, path, good) in calls() {
        for (pointer, bad) in bad(path) {
            let mut body = good.clone();
            place(&mut body, pointer, bad.clone());
            cases += 1;
            let answer = api.call(method, path, body.to_string()).await;
            let said: String = bad.to_string().chars().take(80).collect();
            let name = format!("{method} {path} {pointer} {said}");
            faults.add(&name, answer.faults(invalid(&[pointer])));
            let after = api.trace().await;
            if after != before {
                faults.push(format!("{name}: it left a trace"));
                before = after;
            }
        }
    }
    faults.assert_none();
    assert!(cases > 500, "only {cases} cases");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_within_a_field_is_named_by_its_whole_pointer() {
    let api = Api::start().await;
    let before = api.trace().await;
    let mut faults = Faults::default();
    for (path, body, pointer) in nested() {
        let answer = api.call("PUT", path, body.to_string()).await;
        faults.add(
            &format!("PUT {path} {body}"),
            answer.faults(invalid(&[pointer])),
        );
    }
    assert_eq!(
        api.trace().await,
        before,
        "a wrong field within a field left a trace"
    );
    faults.assert_none();
}

/// Sets what is at a pointer, making the last member if it is not there.
fn place(body: &mut Value, pointer: &str, value: Value) {
    let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("nothing at the parent of {pointer}"));
    match (member.parse::<usize>(), parent.as_array_mut()) {
        (Ok(at), Some(array)) if at < array.len() => array[at] = value,
        (Ok(_), Some(array)) => array.push(value),
        _ => parent[member] = value,
    }
}
