//! The API's description against the tree: the same routes, the same problems, and nothing that leads nowhere.
//!
//! What it says of requests and answers is tried by schemathesis (`tests/contract/run`), and every answer that
//! `tests::Practice` gets in any test is held against it too.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tests::{Description, World};

use crate::routes::routes;

#[path = "tenancy/routes.rs"]
mod routes;

/// Where the answers to practices are made.
const SOURCES: [&str; 6] = [
    "functions/invoice_run/src",
    "functions/issue/src",
    "functions/manage/src",
    "shared/problems/src",
    "shared/runtime/src/function.rs",
    "shared/web/src",
];

/// What is written like a type of problem there, and is none: headers and their values, a word.
const NO_PROBLEMS: [&str; 18] = [
    "accept-language",
    "cache-control",
    "cloudfront-viewer-address",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "e-mails",
    "idempotency-key",
    "no-store",
    "permissions-policy",
    "referrer-policy",
    "same-origin",
    "sec-fetch-site",
    "strict-transport-security",
    "x-content-type-options",
    "x-front-secret",
    "x-robots-tag",
];

#[test]
fn the_description_has_the_routes_of_the_template_and_no_others() {
    let deployed: BTreeSet<String> = routes()
        .into_iter()
        .filter(|route| route.contains(" /v1/"))
        .collect();
    let described: BTreeSet<String> = Description::checked_in()
        .operations()
        .map(|(route, _)| route)
        .collect();
    assert_eq!(
        described, deployed,
        "description (left), template.yaml (right)"
    );
}

#[test]
fn the_description_has_the_problems_of_the_functions_and_no_others() {
    let sources = sources();
    let literals: BTreeSet<&str> = sources.split('"').skip(1).step_by(2).collect();
    let is_kind = |text: &&str| {
        text.contains('-')
            && text
                .split('-')
                .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    let written: BTreeSet<&str> = literals
        .iter()
        .copied()
        .filter(is_kind)
        .filter(|text| !NO_PROBLEMS.contains(text))
        .collect();
    let examples = problems();
    let described: BTreeSet<&str> = examples.keys().map(String::as_str).collect();
    let missing: Vec<_> = written.difference(&described).collect();
    assert!(missing.is_empty(), "not described: {missing:?}");
    for (kind, example) in examples {
        assert!(literals.contains(kind.as_str()), "nothing answers {kind}");
        let title = example["value"]["title"].as_str().unwrap_or_default();
        assert!(sources.contains(title), "{kind} has another title");
    }
}

#[test]
fn every_response_shows_each_of_its_problems() {
    let description = Description::checked_in();
    let mut shown = BTreeSet::new();
    for (route, operation) in description.operations() {
        for (status, response) in fields(&operation["responses"]) {
            let response = description.resolved(response);
            let kinds = description.problems(response);
            let examples = &response["content"]["application/problem+json"]["examples"];
            let of_examples: BTreeSet<String> = examples
                .as_object()
                .into_iter()
                .flatten()
                .map(|(_, example)| {
                    let problem = &description.resolved(example)["value"];
                    assert_eq!(problem["status"].to_string(), *status, "{route}");
                    problem["type"].as_str().unwrap_or_default().to_owned()
                })
                .collect();
            assert_eq!(kinds, of_examples, "{route} {status}");
            shown.extend(kinds);
        }
    }
    let all: BTreeSet<String> = problems()
        .keys()
        .map(|kind| format!("/problems/{kind}"))
        .collect();
    assert_eq!(shown, all, "of responses (left), of components (right)");
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let description = Description::checked_in();
    let mut referred = BTreeSet::new();
    references(&description.0, &mut referred);
    for pointer in &referred {
        let found = description.0.pointer(pointer.trim_start_matches('#'));
        assert!(found.is_some(), "nothing is at {pointer}");
    }
    for (kind, components) in fields(&description.0["components"]) {
        for name in fields(components)
            .keys()
            .filter(|_| kind != "securitySchemes")
        {
            let pointer = format!("#/components/{kind}/{name}");
            let is_used = referred.iter().any(|other| {
                other
                    .strip_prefix(&pointer)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            assert!(is_used, "nothing refers to {pointer}");
        }
    }
}

/// They are run by `tests/contract/run`.
#[test]
fn every_call_has_its_example() {
    let description = Description::checked_in();
    let examples = include_str!("../../examples/api.sh");
    let called: BTreeSet<String> = examples
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.strip_prefix("expect ")?.split_once("\"$api")?;
            let (path, rest) = rest.split_once('"')?;
            let method = match rest.split_once("-X ") {
                Some((_, rest)) => rest.split(' ').next()?,
                None if rest.contains("-d ") => "POST",
                None => "GET",
            };
            let method = method.parse().expect("a method");
            let called = description.operation(&method, &format!("/v1{path}"));
            Some(called.expect(line).0)
        })
        .collect();
    let described: BTreeSet<String> = description.operations().map(|(route, _)| route).collect();
    assert_eq!(called, described, "examples (left), description (right)");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_handed_out_without_a_key() {
    let world = World::bare().await;
    let answer = reqwest::get(format!("{}/v1/openapi.json", world.stack.api())).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    let text = answer.text().await.expect("a body");
    let served: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(served, Description::checked_in().0);
}

/// The problems of the description by the last segment of their type.
fn problems() -> &'static serde_json::Map<String, Value> {
    fields(&Description::checked_in().0["components"]["examples"])
}

fn references(node: &Value, found: &mut BTreeSet<String>) {
    match node {
        Value::Object(fields) => {
            if let Some(pointer) = fields.get("$ref").and_then(Value::as_str) {
                found.insert(pointer.to_owned());
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// The sources of the answers, without their own tests and comments.
fn sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut text = String::new();
    for place in SOURCES {
        let place = root.join(place);
        let files = if place.is_dir() {
            let entries = fs::read_dir(&place).expect("a folder");
            entries
                .map(|entry| entry.expect("an entry").path())
                .collect()
        } else {
            vec![place]
        };
        for file in files
            .iter()
            .filter(|file| file.extension().is_some_and(|ending| ending == "rs"))
        {
            let source = fs::read_to_string(file).expect("a source");
            let source = source.split("#[cfg(test)]").next().unwrap_or_default();
            for line in source
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
            {
                // A quoted quotation mark would end a text too early.
                text.push_str(&line.replace("\\\"", "'").replace("'\"'", ""));
                text.push('\n');
            }
        }
    }
    text
}

fn fields(value: &Value) -> &serde_json::Map<String, Value> {
    value
        .as_object()
        .unwrap_or_else(|| panic!("an object, not {value}"))
}
