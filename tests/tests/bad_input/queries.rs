//! Ids, limits and cursors that cannot be.

use serde_json::json;

use crate::api::{Api, Expected, Faults};

#[tokio::test(flavor = "multi_thread")]
async fn ids_in_paths_and_queries_that_cannot_be_are_refused() {
    let api = Api::start().await;
    let before = api.trace().await;
    let not_found = Expected {
        status: 404,
        kind: "not-found",
        pointers: &[],
    };
    let long = "x".repeat(65);
    let huge = "x".repeat(8_000);
    let ids = [
        "%20",
        "%00",
        "a%00b",
        "a%2Fb",
        "..",
        "a%23b",
        "%C3%A4",
        "a.b",
        "a:b",
        "%F0%9F%92%A9",
        "a%0d%0ab",
        "%3Cscript%3E",
        "*",
        "a%25",
        "r1%20",
        "R1",
        "RECORD%23r1",
        long.as_str(),
        huge.as_str(),
    ];
    let mut faults = Faults::default();
    for id in ids {
        for (methods, path) in [
            (&["GET", "DELETE"][..], "/v1/record-types"),
            (&["GET", "DELETE"], "/v1/records"),
            (&["GET", "DELETE", "PATCH"], "/v1/documents"),
            (&["GET", "DELETE"], "/v1/deliveries"),
        ] {
            for method in methods {
                let body = if *method == "PATCH" {
                    "{\"released\":true}"
                } else {
                    ""
                };
                let answer = api.call(method, &format!("{path}/{id}"), body).await;
                // A decoded slash makes another path, which no route takes; so does one that clients shorten by themselves.
                let is_no_route = id.contains("%2F") || id == "..";
                if is_no_route && !answer.text.contains("/problems/") {
                    continue;
                }
                let said: String = id.chars().take(70).collect();
                faults.add(&format!("{method} {path}/{said}"), answer.faults(not_found));
            }
        }
        for (path, body) in [
            ("/v1/record-types", json!({})),
            (
                "/v1/records",
                json!({"record_type": "std", "recipients": [{"id": "p", "name": "P", "email": "p@example.org"}]}),
            ),
        ] {
            if ["R1", "a%2Fb", ".."].contains(&id) {
                continue;
            }
            let answer = api
                .call("PUT", &format!("{path}/{id}"), body.to_string())
                .await;
            let expected = Expected {
                status: 400,
                kind: "invalid-id",
                pointers: &[],
            };
            let said: String = id.chars().take(70).collect();
            faults.add(&format!("PUT {path}/{said}"), answer.faults(expected));
        }
    }
    faults.assert_none();
    assert_eq!(api.trace().await, before, "a bad id left a trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_cursors_that_cannot_be_are_refused() {
    let api = Api::start().await;
    api.world
        .practice
        .document("invoice", "1", "2026-11-20")
        .await;
    let before = api.trace().await;
    let invalid = Expected {
        status: 400,
        kind: "invalid-query",
        pointers: &[],
    };
    let mut faults = Faults::default();
    let long = format!("cursor={}", "x".repeat(2_000));
    for path in [
        "/v1/record-types?",
        "/v1/records?",
        "/v1/documents?record=r1&",
        "/v1/deliveries?",
    ] {
        for query in [
            "limit=0",
            "limit=-1",
            "limit=101",
            "limit=1.5",
            "limit=x",
            "limit=",
            "limit=%31%30%30%30",
            "limit=99999999999999999999",
            "limit=%D9%A1",
            "limit=1%00",
            "limit=0x10",
            long.as_str(),
            "cursor=%00",
            "cursor=%0d%0a",
            "cursor=%F0%9F%92%A9",
            "cursor=a%20b",
            "cursor=a%23b",
        ] {
            let answer = api.call("GET", &format!("{path}{query}"), "").await;
            let said: String = query.chars().take(60).collect();
            faults.add(&format!("GET {path}{said}"), answer.faults(invalid));
        }
    }
    for query in [
        "",
        "?record=",
        "?record=a%20b",
        "?record=a%00",
        "?Record=r1",
    ] {
        let answer = api.call("GET", &format!("/v1/documents{query}"), "").await;
        faults.add(&format!("GET /v1/documents{query}"), answer.faults(invalid));
    }
    assert_eq!(api.trace().await, before, "a query left a trace");
    faults.assert_none();
}
