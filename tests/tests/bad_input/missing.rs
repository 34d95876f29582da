//! What is missing or wrong in a body is named, all of it, in words of the contract.

use serde_json::{Value, json};

use crate::api::{Api, Faults, invalid};
use crate::bodies::calls;

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
    let mut faults = Faults::default();
    for (method, path, body, pointer) in cases {
        let answer = api.call(method, path, body.to_string()).await;
        faults.add(
            &format!("{method} {path} {body}"),
            answer.faults(invalid(&[pointer])),
        );
    }
    assert_eq!(api.trace().await, before, "a missing field left a trace");
    faults.assert_none();
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
    let mut faults = Faults::default();
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
    faults.assert_none();
}
