//! Bodies that are no JSON objects, hold what nobody knows, or are too large.

use serde_json::{Value, json};

use crate::api::{Api, Expected, Faults, invalid};

/// Every call that takes a body, with one that it takes.
pub(crate) fn calls() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("PUT", "/v1/settings", json!({"name": "Praxis am Park"})),
        ("PUT", "/v1/record-types/new", json!({})),
        (
            "PUT",
            "/v1/records/new",
            json!({"record_type": "std", "recipients": [{"id": "p", "name": "P", "email": "p@example.org"}]}),
        ),
        (
            "POST",
            "/v1/documents",
            json!({
                "record": "r1", "kind": "invoice", "number": "1", "issued_on": "2026-11-20",
                "content_type": "application/pdf", "size": 1, "sha256": "0".repeat(64),
            }),
        ),
        (
            "PATCH",
            "/v1/documents/20261120-aaaaaaaaaaaaaaaaaaaaaaaaa",
            json!({"released": true}),
        ),
        ("POST", "/v1/deliveries", delivery()),
        ("POST", "/v1/deliveries/preview", delivery()),
        (
            "POST",
            "/v1/deliveries/01a207d9-2100-7345-84ac-89e186209d30/code",
            json!({"channel": "sms"}),
        ),
        (
            "PUT",
            "/v1/templates/note/message/de",
            json!({"body": "${praxis}: ${code}, ${referenz}"}),
        ),
        (
            "PUT",
            "/v1/webhooks/new",
            json!({"url": "https://hooks.example.org/", "events": ["delivery.opened"]}),
        ),
        (
            "POST",
            RUNS,
            json!({"items": [{"document": "20261120-aaaaaaaaaaaaaaaaaaaaaaaaa", "recipient": "patient"}]}),
        ),
        (
            "POST",
            "/v1/invoice-runs/01a207d9-2100-7345-84ac-89e186209d30/retry",
            json!({"state": "failed"}),
        ),
    ]
}

/// Takes a larger body than the others: up to 10,000 items.
const RUNS: &str = "/v1/invoice-runs";

fn delivery() -> Value {
    json!({"record": "r1", "recipient": "patient", "documents": ["20261120-aaaaaaaaaaaaaaaaaaaaaaaaa"], "channel": "sms"})
}

/// No JSON, or none that could be a body.
fn garbage() -> Vec<(&'static str, Vec<u8>)> {
    let nested = |open: &str, times: usize| open.repeat(times).into_bytes();
    vec![
        ("nothing", Vec::new()),
        ("blanks", b" \r\n\t ".to_vec()),
        ("null", b"null".to_vec()),
        ("true", b"true".to_vec()),
        ("a number", b"5".to_vec()),
        ("a text", b"\"name\"".to_vec()),
        ("an empty array", b"[]".to_vec()),
        ("an array with an object", b"[{}]".to_vec()),
        ("an open object", b"{".to_vec()),
        ("an open text", b"{\"name".to_vec()),
        ("a comma too many", b"{\"channel\":\"sms\",}".to_vec()),
        ("single quotes", b"{'name':'a'}".to_vec()),
        ("NaN", b"NaN".to_vec()),
        ("two values", b"null null".to_vec()),
        ("a form", b"name=a&channel=sms".to_vec()),
        ("XML", b"<?xml version=\"1.0\"?><name>a</name>".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("broken UTF-8", b"{\"name\":\"\xff\xfe\"}".to_vec()),
        ("overlong UTF-8", b"{\"name\":\"\xc0\xaf\"}".to_vec()),
        (
            "a surrogate in UTF-8",
            b"{\"name\":\"\xed\xa0\x80\"}".to_vec(),
        ),
        ("UTF-16", b"{\0\"\0n\0".to_vec()),
        ("only NUL", vec![0; 100]),
        ("deep arrays", nested("[", 100_000)),
        ("deep objects", nested("{\"name\":", 20_000)),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xabV\x02\0".to_vec()),
    ]
}

/// Calls with each of these bodies: a problem about the whole body, and no trace.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_json_object_is_refused_by_every_call() {
    let api = Api::start().await;
    let before = api.trace().await;
    let mut faults = Faults::default();
    for (method, path, _) in calls() {
        for (name, body) in garbage() {
            let answer = api.call(method, path, body).await;
            // A parser that had already read a field's name names the field.
            let pointers = answer.pointers();
            let is_inside =
                ["deep objects", "a comma too many"].contains(&name) && pointers.len() == 1;
            let wanted: Vec<&str> = if is_inside {
                pointers.iter().map(String::as_str).collect()
            } else {
                vec![""]
            };
            faults.add(
                &format!("{method} {path} with {name}"),
                answer.faults(invalid(&wanted)),
            );
        }
        assert_eq!(api.trace().await, before, "{method} {path} left a trace");
    }
    faults.assert_none();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_nobody_knows_is_named_and_refused() {
    let api = Api::start().await;
    let before = api.trace().await;
    let mut faults = Faults::default();
    for (method, path, good) in calls() {
        for (field, pointer) in [
            ("surprise", "/surprise"),
            ("Name", "/Name"),
            ("", "/"),
            ("a/b~c", "/a~1b~0c"),
            ("__proto__", "/__proto__"),
            ("name\0", "/name\0"),
        ] {
            let mut body = good.clone();
            body[field] = json!(1);
            let answer = api.call(method, path, body.to_string()).await;
            faults.add(
                &format!("{method} {path} {field:?}"),
                answer.faults(invalid(&[pointer])),
            );
        }
    }
    faults.assert_none();
    assert_eq!(api.trace().await, before, "an unknown field left a trace");
}

/// Serde reads a struct from an array of its fields too; the contract knows objects alone.
#[tokio::test(flavor = "multi_thread")]
async fn an_array_is_never_taken_for_an_object() {
    let api = Api::start().await;
    let document = api
        .world
        .practice
        .document("invoice", "1", "2026-11-20")
        .await;
    let before = api.trace().await;
    let recipient = json!([
        "p",
        "P",
        "p@example.org",
        null,
        null,
        null,
        null,
        null,
        null,
        null
    ]);
    let (patch, put) = (format!("/v1/documents/{document}"), "/v1/records/new");
    let sha256 = "0".repeat(64);
    let mut faults = Faults::default();
    for (method, path, body, pointer) in [
        ("PATCH", patch.as_str(), json!([true]), ""),
        (
            "PUT",
            "/v1/record-types/new",
            json!([null, {}, null, null]),
            "",
        ),
        (
            "PUT",
            "/v1/record-types/new",
            json!({"self_service": [true, null, null, null]}),
            "/self_service",
        ),
        (
            "PUT",
            "/v1/settings",
            json!({"name": "P", "monthly_caps": [1, 2, 3]}),
            "/monthly_caps",
        ),
        (
            "PUT",
            put,
            json!({"record_type": "std", "recipients": [recipient]}),
            "/recipients/0",
        ),
        (
            "PUT",
            put,
            json!(["std", true, false, [{"id": "p", "name": "P", "email": "p@example.org"}], null, null, null]),
            "",
        ),
        (
            "POST",
            "/v1/documents",
            json!([
                "r1",
                "note",
                "1",
                null,
                "2026-11-20",
                null,
                "application/pdf",
                1,
                sha256,
                true
            ]),
            "",
        ),
        (
            "POST",
            "/v1/deliveries",
            json!([
                "r1",
                "patient",
                [document],
                "spoken",
                "",
                false,
                0,
                1,
                false,
                true,
                null
            ]),
            "",
        ),
    ] {
        let answer = api.call(method, path, body.to_string()).await;
        faults.add(
            &format!("{method} {path} {body}"),
            answer.faults(invalid(&[pointer])),
        );
    }
    faults.assert_none();
    assert_eq!(api.trace().await, before, "an array left a trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_by_us_and_an_enormous_one_by_the_gateway() {
    let api = Api::start().await;
    let before = api.trace().await;
    let (ours, theirs) = (256 * 1024, 10 * 1024 * 1024);
    let padded = |body: &Value, size: usize| {
        let body = body.to_string();
        format!("{}{body}", " ".repeat(size - body.len()))
    };
    for (method, path, good) in calls() {
        let ours = if path == RUNS { 8 * ours } else { ours };
        for size in [ours + 1, ours + 50 * 1024, 2 * ours] {
            let answer = api.call(method, path, padded(&good, size)).await;
            let expected = Expected {
                status: 413,
                kind: "body-too-large",
                pointers: &[],
            };
            assert_eq!(
                answer.faults(expected),
                Vec::<String>::new(),
                "{method} {path} with {size} bytes"
            );
            assert!(
                answer.text.contains(&ours.to_string()),
                "the limit is told: {}",
                answer.text
            );
        }
    }
    for (method, path) in [
        ("PUT", "/v1/settings"),
        ("POST", "/v1/deliveries"),
        ("POST", "/v1/nothing"),
    ] {
        let answer = api.call(method, path, vec![b' '; theirs + 1]).await;
        let expected = if path == "/v1/nothing" {
            (404, "{\"message\":\"Not Found\"}")
        } else {
            (413, "{\"message\":\"Request Entity Too Large\"}")
        };
        assert_eq!(
            (answer.status, answer.text.as_str()),
            expected,
            "{method} {path}"
        );
    }
    assert_eq!(
        api.trace().await,
        before,
        "a body that is too large left a trace"
    );
    let answer = api
        .call("PUT", "/v1/record-types/new", padded(&json!({}), ours))
        .await;
    assert_eq!(
        answer.status, 200,
        "the limit itself is taken: {}",
        answer.text
    );
}
