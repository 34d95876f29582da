//! Bodies of the practice's calls: what is no JSON, what has the wrong shape, and every field with what it cannot be.

use serde_json::{Value, json};

use crate::api::{Api, Expected, invalid};
use crate::fields;

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
        (
            "POST",
            "/v1/deliveries",
            json!({
                "record": "r1", "recipient": "patient", "documents": ["20261120-aaaaaaaaaaaaaaaaaaaaaaaaa"], "channel": "sms",
            }),
        ),
    ]
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
    let mut faults = Vec::new();
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
            faults.extend(
                answer
                    .faults(invalid(&wanted))
                    .into_iter()
                    .map(|fault| format!("{method} {path} with {name}: {fault}")),
            );
        }
        assert_eq!(api.trace().await, before, "{method} {path} left a trace");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_nobody_knows_is_named_and_refused() {
    let api = Api::start().await;
    let before = api.trace().await;
    let mut faults = Vec::new();
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
            faults.extend(
                answer
                    .faults(invalid(&[pointer]))
                    .into_iter()
                    .map(|fault| format!("{method} {path} {field:?}: {fault}")),
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
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
    let mut faults = Vec::new();
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
        faults.extend(
            answer
                .faults(invalid(&[pointer]))
                .into_iter()
                .map(|fault| format!("{method} {path} {body}: {fault}")),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(api.trace().await, before, "an array left a trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_is_refused_with_what_it_cannot_be_and_named() {
    let api = Api::start().await;
    let mut before = api.trace().await;
    let mut faults = Vec::new();
    let mut cases = 0;
    for (method, path, good) in calls() {
        for (pointer, bad) in fields::bad(path) {
            let mut body = good.clone();
            place(&mut body, pointer, bad.clone());
            cases += 1;
            let answer = api.call(method, path, body.to_string()).await;
            let said: String = bad.to_string().chars().take(80).collect();
            let name = format!("{method} {path} {pointer} {said}");
            faults.extend(
                answer
                    .faults(invalid(&[pointer]))
                    .into_iter()
                    .map(|fault| format!("{name}: {fault}")),
            );
            let after = api.trace().await;
            if after != before {
                faults.push(format!("{name}: it left a trace"));
                before = after;
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(cases > 500, "only {cases} cases");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_within_a_field_is_named_by_its_whole_pointer() {
    let api = Api::start().await;
    let before = api.trace().await;
    let mut faults = Vec::new();
    for (path, body, pointer) in fields::nested() {
        let answer = api.call("PUT", path, body.to_string()).await;
        faults.extend(
            answer
                .faults(invalid(&[pointer]))
                .into_iter()
                .map(|fault| format!("PUT {path} {body}: {fault}")),
        );
    }
    assert_eq!(
        api.trace().await,
        before,
        "a wrong field within a field left a trace"
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_missing_field_is_named_by_its_pointer() {
    let api = Api::start().await;
    let before = api.trace().await;
    let record = |recipients: Value| json!({"record_type": "std", "recipients": recipients});
    let (id, name, email) = (("id", "p"), ("name", "P"), ("email", "p@example.org"));
    let recipient = |fields: &[(&str, &str)]| -> Value {
        fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect()
    };
    let mut cases = vec![
        ("PUT", "/v1/settings", json!({}), "/name"),
        (
            "PATCH",
            "/v1/documents/20261120-aaaaaaaaaaaaaaaaaaaaaaaaa",
            json!({}),
            "/released",
        ),
        (
            "PUT",
            "/v1/records/new",
            json!({"recipients": [recipient(&[id, name, email])]}),
            "/record_type",
        ),
        (
            "PUT",
            "/v1/records/new",
            json!({"record_type": "std"}),
            "/recipients",
        ),
        (
            "PUT",
            "/v1/records/new",
            record(json!([recipient(&[name, email])])),
            "/recipients/0/id",
        ),
        (
            "PUT",
            "/v1/records/new",
            record(json!([recipient(&[id, email])])),
            "/recipients/0/name",
        ),
        (
            "PUT",
            "/v1/records/new",
            record(json!([recipient(&[id, name])])),
            "/recipients/0/email",
        ),
        ("PUT", "/v1/records/new", record(json!([])), "/recipients"),
        (
            "PUT",
            "/v1/records/new",
            record(json!([
                recipient(&[id, name, email]),
                recipient(&[id, name, email])
            ])),
            "/recipients/1/id",
        ),
        (
            "PUT",
            "/v1/records/new",
            record(json!([recipient(&[id, ("linked_record", "r1")])])),
            "/recipients/0/linked_record",
        ),
    ];
    let announcement = calls().remove(3).2;
    for (field, pointer) in [
        ("record", "/record"),
        ("kind", "/kind"),
        ("number", "/number"),
        ("issued_on", "/issued_on"),
        ("content_type", "/content_type"),
        ("size", "/size"),
        ("sha256", "/sha256"),
    ] {
        let mut body = announcement.clone();
        body.as_object_mut().expect("an object").remove(field);
        cases.push(("POST", "/v1/documents", body, pointer));
    }
    let mut faults = Vec::new();
    for (method, path, body, pointer) in cases {
        let answer = api.call(method, path, body.to_string()).await;
        faults.extend(
            answer
                .faults(invalid(&[pointer]))
                .into_iter()
                .map(|fault| format!("{method} {path} {body}: {fault}")),
        );
    }
    assert_eq!(api.trace().await, before, "a missing field left a trace");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_missing_or_wrong_in_a_delivery_is_named_at_once() {
    let api = Api::start().await;
    let before = api.trace().await;
    let id = "20261120-aaaaaaaaaaaaaaaaaaaaaaaaa";
    for (body, pointers) in [
        (json!({}), vec!["/record", "/recipient", "/documents"]),
        (
            json!({"record": null, "recipient": null}),
            vec!["/record", "/recipient", "/documents"],
        ),
        (
            json!({"recipient": "patient", "documents": [id, id]}),
            vec!["/record", "/documents/1"],
        ),
        (
            json!({"record": "r1", "recipient": "patient", "documents": []}),
            vec!["/documents"],
        ),
    ] {
        let answer = api.call("POST", "/v1/deliveries", body.to_string()).await;
        assert_eq!(
            answer.faults(invalid(&pointers)),
            Vec::<String>::new(),
            "{body}"
        );
    }
    let announcement = json!({
        "record": "r1", "kind": "invoice", "number": "1", "issued_on": "2026-11-20",
        "content_type": "text/html", "size": 0, "sha256": "ABC",
    });
    let answer = api
        .call("POST", "/v1/documents", announcement.to_string())
        .await;
    assert_eq!(
        answer.faults(invalid(&["/content_type", "/size", "/sha256"])),
        Vec::<String>::new()
    );
    assert_eq!(api.trace().await, before, "a refused body left a trace");
}

/// What goes wrong is said in words of the contract, not of the language that we are written in.
#[tokio::test(flavor = "multi_thread")]
async fn problems_speak_of_json_not_of_rust() {
    let api = Api::start().await;
    let mut faults = Vec::new();
    for (method, path, body) in [
        ("PUT", "/v1/settings", json!([])),
        (
            "PUT",
            "/v1/settings",
            json!({"name": "P", "monthly_caps": 5}),
        ),
        (
            "PUT",
            "/v1/settings",
            json!({"name": "P", "valid_days": "7"}),
        ),
        ("PUT", "/v1/settings", json!({"name": "P", "channel": 5})),
        ("PUT", "/v1/settings", json!({"name": "P", "language": 5})),
        ("PUT", "/v1/records/new", json!(null)),
        (
            "PUT",
            "/v1/records/new",
            json!({"record_type": "std", "recipients": [5]}),
        ),
        ("POST", "/v1/documents", json!({"size": "5"})),
        ("POST", "/v1/deliveries", json!("x")),
        (
            "PATCH",
            "/v1/documents/20261120-aaaaaaaaaaaaaaaaaaaaaaaaa",
            json!({"released": "x"}),
        ),
    ] {
        let answer = api.call(method, path, body.to_string()).await;
        for error in answer.json()["errors"].as_array().into_iter().flatten() {
            let detail = error["detail"].as_str().unwrap_or_default();
            let ours = [
                "struct", "enum", "tuple", "variant", "u64", "i64", "usize", "sequence", "map",
                "unit", "element",
            ];
            if let Some(word) = ours.iter().find(|word| {
                detail
                    .split(|c: char| !c.is_alphanumeric())
                    .any(|part| part == **word)
            }) {
                faults.push(format!("{method} {path} {body}: {word:?} in {detail:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
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
        for size in [ours + 1, 300 * 1024, 1024 * 1024] {
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
                answer.text.contains("262144"),
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
