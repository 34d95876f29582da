//! Sendings that cannot be: everything that is missing is named, nothing is sent, nothing is stored.

use serde_json::{Value, json};
use tests::pdf;

use crate::api::{Api, Expected, invalid};

impl Api {
    async fn deliver(&self, extra: Value) -> crate::api::Answer {
        let mut body = json!({"record": "r1", "recipient": "patient", "channel": "sms"});
        for (name, value) in extra.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.call("POST", "/v1/deliveries", body.to_string()).await
    }

    /// A document of `r1` that has been looked at: the first look at an upload is kept, whatever it was for.
    async fn known_document(&self, number: &str) -> String {
        let id = self
            .world
            .practice
            .document("invoice", number, "2026-11-20")
            .await;
        let looked_at = self
            .world
            .practice
            .get(&format!("/v1/documents/{id}"))
            .await;
        assert_eq!(looked_at.body["state"], "ready", "{looked_at:?}");
        id
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_not_this_records_or_not_there_are_named_one_by_one() {
    let api = Api::start().await;
    let practice = &api.world.practice;
    let record = json!({"record_type": "std", "recipients": [{"id": "patient", "name": "E", "email": "e@example.org"}]});
    assert_eq!(practice.put("/v1/records/r2", record).await.status, 200);
    let good = api.known_document("1").await;
    let deleted = practice.document("invoice", "2", "2026-11-20").await;
    assert_eq!(
        practice
            .delete(&format!("/v1/documents/{deleted}"))
            .await
            .status,
        204
    );
    let waiting = practice
        .announce("invoice", "3", "2026-11-20", &pdf("3"))
        .await;
    let waiting = waiting.body["id"].as_str().unwrap_or_default();
    let announcement = json!({"record": "r2", "kind": "invoice", "number": "4", "issued_on": "2026-11-20",
        "content_type": "application/pdf", "size": 1, "sha256": "0".repeat(64)});
    let of_other = api
        .call("POST", "/v1/documents", announcement.to_string())
        .await
        .json();
    let of_other = of_other["id"].as_str().unwrap_or_default();
    let unknown = "20261120-aaaaaaaaaaaaaaaaaaaaaaaaa";
    let before = api.trace().await;
    let day = 24 * 60 * 60;
    for (name, documents, kind, pointers) in [
        (
            "of another record",
            vec![of_other],
            "document-gone",
            vec!["/documents/0"],
        ),
        (
            "that nobody has",
            vec![unknown],
            "document-gone",
            vec!["/documents/0"],
        ),
        (
            "that was deleted",
            vec![deleted.as_str()],
            "document-gone",
            vec!["/documents/0"],
        ),
        (
            "never uploaded",
            vec![waiting],
            "document-not-ready",
            vec!["/documents/0"],
        ),
        (
            "one good among them",
            vec![of_other, good.as_str(), unknown],
            "document-gone",
            vec!["/documents/0", "/documents/2"],
        ),
        (
            "good and waiting",
            vec![good.as_str(), waiting],
            "document-not-ready",
            vec!["/documents/1"],
        ),
    ] {
        let answer = api.deliver(json!({"documents": documents})).await;
        let expected = Expected {
            status: 409,
            kind,
            pointers: &pointers,
        };
        assert_eq!(
            answer.faults(expected),
            Vec::<String>::new(),
            "documents {name}"
        );
        assert_eq!(api.trace().await, before, "documents {name} left a trace");
    }
    api.world.advance(day);
    let answer = api.deliver(json!({"documents": [waiting]})).await;
    assert_eq!(
        answer.status, 409,
        "an upload that never came: {}",
        answer.text
    );
    assert_eq!(
        api.trace().await,
        before,
        "an upload that never came left a trace"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_everything_that_is_missing_is_named() {
    let api = Api::start().await;
    let practice = &api.world.practice;
    let document = api.known_document("1").await;
    let recipient = |mobile: Value| json!({"id": "patient", "name": "E", "email": "e@example.org", "mobile": mobile});
    let number = json!("+4915112345678");
    for (consent, mobile, electronic, problems) in [
        (false, &number, true, vec!["no-consent"]),
        (true, &Value::Null, true, vec!["no-mobile"]),
        (true, &number, false, vec!["sending-forbidden"]),
        (false, &Value::Null, true, vec!["no-consent", "no-mobile"]),
        (
            false,
            &number,
            false,
            vec!["sending-forbidden", "no-consent"],
        ),
        (
            false,
            &Value::Null,
            false,
            vec!["sending-forbidden", "no-consent", "no-mobile"],
        ),
    ] {
        let settings = json!({"name": "Praxis am Park", "sms_allowed": consent});
        assert_eq!(practice.put("/v1/settings", settings).await.status, 200);
        let record = json!({"record_type": "std", "electronic_sending": electronic, "recipients": [recipient(mobile.clone())]});
        assert_eq!(practice.put("/v1/records/r1", record).await.status, 200);
        let before = api.trace().await;
        let answer = api.deliver(json!({"documents": [document]})).await;
        let expected = Expected {
            status: 422,
            kind: problems[0],
            pointers: &[],
        };
        assert_eq!(
            answer.faults(expected),
            Vec::<String>::new(),
            "{problems:?}"
        );
        assert_eq!(
            answer.json()["problems"],
            json!(problems),
            "{}",
            answer.text
        );
        assert_eq!(api.trace().await, before, "{problems:?} left a trace");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_deployment_does_not_offer_is_refused_before_anything_is_sent() {
    let api = Api::start().await;
    let document = api.known_document("1").await;
    let before = api.trace().await;
    for (extra, status, kind, pointers) in [
        (json!({"channel": "threema"}), 422, "no-consent", vec![]),
        (
            json!({"channel": "self_service"}),
            422,
            "self-service-not-allowed",
            vec![],
        ),
        (
            json!({"protected": false}),
            422,
            "must-be-protected",
            vec![],
        ),
        (json!({"draft": "x"}), 400, "invalid-body", vec!["/draft"]),
        (
            json!({"draft": "x".repeat(100_000)}),
            400,
            "invalid-body",
            vec!["/draft"],
        ),
        (
            json!({"record": "unknown"}),
            404,
            "not-found",
            vec!["/record"],
        ),
        (
            json!({"recipient": "unknown"}),
            404,
            "not-found",
            vec!["/recipient"],
        ),
    ] {
        let mut body = json!({"documents": [document]});
        for (name, value) in extra.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let answer = api.deliver(body).await;
        let expected = Expected {
            status,
            kind,
            pointers: &pointers,
        };
        assert_eq!(answer.faults(expected), Vec::<String>::new(), "{extra}");
        assert_eq!(api.trace().await, before, "{extra} left a trace");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_was_tampered_with_is_none() {
    let api = Api::start().await;
    let document = api.known_document("1").await;
    let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "spoken"});
    let preview = api
        .call("POST", "/v1/deliveries/preview", body.to_string())
        .await
        .json();
    let draft = preview["draft"].as_str().expect("a draft");
    let other = |at: usize| {
        if draft.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        }
    };
    let mut spoiled: Vec<String> = (0..draft.len() - 1)
        .step_by(7)
        .map(|at| format!("{}{}{}", &draft[..at], other(at), &draft[at + 1..]))
        .collect();
    spoiled.extend([
        String::new(),
        draft[1..].to_owned(),
        format!("{draft}AAAA"),
        format!("{draft}="),
        draft.to_lowercase(),
        draft.chars().rev().collect(),
        "ä".repeat(50),
    ]);
    spoiled.extend(
        (0..draft.len())
            .step_by(40)
            .map(|length| draft[..length].to_owned()),
    );
    let before = api.trace().await;
    for spoiled in spoiled {
        let answer = api
            .call(
                "POST",
                "/v1/deliveries",
                json!({"draft": spoiled}).to_string(),
            )
            .await;
        assert_eq!(
            answer.faults(invalid(&["/draft"])),
            Vec::<String>::new(),
            "{spoiled}"
        );
    }
    let beside = json!({"draft": draft, "record": "r1"});
    let answer = api.call("POST", "/v1/deliveries", beside.to_string()).await;
    assert_eq!(
        answer.faults(invalid(&["/draft"])),
        Vec::<String>::new(),
        "more than a draft"
    );
    api.world.advance(60 * 60);
    let answer = api
        .call(
            "POST",
            "/v1/deliveries",
            json!({"draft": draft}).to_string(),
        )
        .await;
    let expected = Expected {
        status: 409,
        kind: "draft-expired",
        pointers: &[],
    };
    assert_eq!(
        answer.faults(expected),
        Vec::<String>::new(),
        "exactly an hour is too late"
    );
    assert_eq!(
        api.trace().await,
        before,
        "a draft that is none left a trace"
    );
    api.world.advance(-1);
    let answer = api
        .call(
            "POST",
            "/v1/deliveries",
            json!({"draft": draft}).to_string(),
        )
        .await;
    assert_eq!(
        answer.status, 201,
        "a second less is in time: {}",
        answer.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_an_idempotency_key_that_is_one() {
    let api = Api::start().await;
    let document = api.known_document("1").await;
    let sent = api.world.practice.send(&[&document]).await;
    let body =
        json!({"record": "r1", "recipient": "patient", "channel": "sms", "documents": [document]})
            .to_string();
    let new_code = format!("/v1/deliveries/{}/code", sent.id);
    let calls = [
        ("/v1/deliveries", body.as_str()),
        (&new_code, "{\"channel\":\"sms\"}"),
    ];
    let before = api.trace().await;
    let (long, name) = ("x".repeat(256), "idempotency-key");
    for headers in [
        vec![],
        vec![(name, "")],
        vec![(name, " ")],
        vec![(name, "a b")],
        vec![(name, "a\tb")],
        vec![(name, "schlüssel")],
        vec![(name, "\u{a0}")],
        vec![(name, long.as_str())],
        vec![("idempotency_key", "a")],
        vec![("x-idempotency-key", "a")],
    ] {
        for (path, body) in calls {
            let answer = api.call_with("POST", path, &headers, body).await;
            let expected = Expected {
                status: 400,
                kind: "idempotency-key-required",
                pointers: &[],
            };
            assert_eq!(
                answer.faults(expected),
                Vec::<String>::new(),
                "{path} {headers:?}"
            );
            assert_eq!(api.trace().await, before, "{path} {headers:?} left a trace");
        }
    }
    let answer = api
        .call_with("POST", "/v1/deliveries", &[(name, &long[1..])], body)
        .await;
    assert_eq!(
        answer.status, 201,
        "255 characters are a key: {}",
        answer.text
    );
}
