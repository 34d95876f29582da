//! API keys: without one nothing is answered, a wrong or revoked one is refused at the very next request, and a scope that is missing is named.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use domain::access::Scope;
use domain::id::PracticeId;
use domain::text::Line;
use futures::future::join_all;
use operator::{OperatorError, create_key, revoke_key, set_disabled};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::World;

use crate::calls::{Answer, Call, Ids, calls, make, trace};
use crate::practices::furnish;
use crate::routes::routes;

/// What each route asks of a key.
const SCOPES: &[(&str, Scope)] = &[
    ("GET /v1/settings", Scope::Read),
    ("PUT /v1/settings", Scope::Settings),
    ("GET /v1/record-types", Scope::Read),
    ("GET /v1/record-types/{id}", Scope::Read),
    ("PUT /v1/record-types/{id}", Scope::Settings),
    ("DELETE /v1/record-types/{id}", Scope::Settings),
    ("GET /v1/records", Scope::Read),
    ("GET /v1/records/{id}", Scope::Read),
    ("PUT /v1/records/{id}", Scope::Send),
    ("DELETE /v1/records/{id}", Scope::Erase),
    ("GET /v1/templates", Scope::Read),
    ("GET /v1/templates/{kind}/{channel}/{language}", Scope::Read),
    (
        "PUT /v1/templates/{kind}/{channel}/{language}",
        Scope::Settings,
    ),
    (
        "DELETE /v1/templates/{kind}/{channel}/{language}",
        Scope::Settings,
    ),
    ("POST /v1/documents", Scope::Send),
    ("GET /v1/documents", Scope::Read),
    ("GET /v1/documents/{id}", Scope::Read),
    ("PATCH /v1/documents/{id}", Scope::Send),
    ("DELETE /v1/documents/{id}", Scope::Erase),
    ("POST /v1/deliveries", Scope::Send),
    ("POST /v1/deliveries/preview", Scope::Send),
    ("POST /v1/deliveries/{id}/code", Scope::Send),
    ("GET /v1/deliveries", Scope::Read),
    ("GET /v1/deliveries/{id}", Scope::Read),
    ("DELETE /v1/deliveries/{id}", Scope::Send),
    ("GET /v1/usage", Scope::Read),
    ("GET /v1/webhooks", Scope::Settings),
    ("GET /v1/webhooks/{id}", Scope::Settings),
    ("PUT /v1/webhooks/{id}", Scope::Settings),
    ("DELETE /v1/webhooks/{id}", Scope::Settings),
    ("POST /v1/webhooks/{id}/test", Scope::Settings),
    ("GET /v1/audit", Scope::Read),
    ("POST /v1/invoice-runs", Scope::Send),
    ("GET /v1/invoice-runs/{id}", Scope::Read),
    ("GET /v1/invoice-runs/{id}/items", Scope::Read),
    ("POST /v1/invoice-runs/{id}/cancel", Scope::Send),
    ("POST /v1/invoice-runs/{id}/retry", Scope::Send),
];

/// What the API says of itself, to everybody.
const DESCRIPTION: &str = "GET /v1/openapi.json";

const UNAUTHORIZED: (u16, &str) = (401, "{\"message\":\"Unauthorized\"}");
const FORBIDDEN: (u16, &str) = (403, "{\"message\":\"Forbidden\"}");

fn practice() -> PracticeId {
    local::practice::PRACTICE.parse().expect("a practice's id")
}

/// A further key of the practice, as the operator makes one.
async fn new_key(world: &World, scopes: Vec<Scope>) -> String {
    let label = Line::try_from("a test".to_owned()).expect("a label");
    let key = create_key(
        &world.store(),
        &practice(),
        label,
        scopes,
        world.clock().now(),
    )
    .await;
    key.expect("a key").expose().to_owned()
}

/// How `operator key list` names a key.
fn prefix(key: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(key))[..12].to_owned()
}

async fn settings_with(world: &World, authorization: Option<&str>) -> Answer {
    let call = Call {
        route: "GET /v1/settings",
        path: "/v1/settings".to_owned(),
        body: Value::Null,
    };
    make(world, &call, authorization, "a").await
}

fn is(answer: &Answer, expected: (u16, &str)) -> bool {
    let content_type = answer.headers.get("content-type").map(String::as_str);
    (answer.status, answer.text.as_str()) == expected && content_type == Some("application/json")
}

#[test]
fn every_route_has_its_scope_and_is_called_here() {
    let of_template: BTreeSet<String> = routes()
        .into_iter()
        .filter(|route| route.contains(" /v1/") && route != DESCRIPTION)
        .collect();
    let with_scope: BTreeSet<String> = SCOPES
        .iter()
        .map(|(route, _)| (*route).to_owned())
        .collect();
    let nobody = crate::calls::nobodys();
    let called: BTreeSet<String> = calls(&nobody, &nobody)
        .iter()
        .map(|call| call.route.to_owned())
        .collect();
    assert_eq!(
        with_scope, of_template,
        "SCOPES (left), template.yaml (right)"
    );
    assert_eq!(called, of_template, "calls (left), template.yaml (right)");
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_without_a_key_or_with_a_wrong_one_every_route_is_refused_by_the_gateway() {
    let world = World::start().await;
    let own = furnish(&world.practice).await;
    let before = trace(&world).await;
    let unknown = format!("Bearer zw_{}_{}", local::practice::PRACTICE, "0".repeat(64));
    let mut faults = Vec::new();
    for call in calls(&own, &own) {
        for (authorization, expected) in [
            (None, UNAUTHORIZED),
            (Some(""), UNAUTHORIZED),
            (Some(unknown.as_str()), FORBIDDEN),
        ] {
            let answer = make(&world, &call, authorization, "a").await;
            if !is(&answer, expected) {
                faults.push(format!(
                    "{} {} with {authorization:?}: {answer:?}",
                    call.method(),
                    call.path
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(trace(&world).await, before, "a refused call left a trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_a_key_is_taken_exactly_as_it_was_made_and_no_other_way() {
    let world = World::start().await;
    let other = world.another_practice("praxis-am-par").await;
    let key = world.practice.key();
    let (name, secret) = key.rsplit_once('_').expect("a key");
    let (other_name, other_secret) = other.key().rsplit_once('_').expect("a key");
    let flipped = if secret.starts_with('0') { "1" } else { "0" };
    let hash = HEXLOWER.encode(&Sha256::digest(key));
    for wrong in [
        key.to_owned(),
        format!("Basic {key}"),
        format!("Bearer {key} "),
        format!("Bearer  {key}"),
        format!("Bearer\t{key}"),
        format!("Bearer {key},"),
        format!("Bearer {key}, Bearer {key}"),
        format!("Bearer {key}0"),
        format!("Bearer {}", &key[..key.len() - 1]),
        format!("Bearer {}", key.to_uppercase()),
        format!("Bearer {name}_{}", secret.to_uppercase()),
        format!("Bearer {name}_{flipped}{}", &secret[1..]),
        format!("Bearer {name}_{other_secret}"),
        format!("Bearer {other_name}_{secret}"),
        format!("Bearer zw_praxis_{secret}"),
        format!("Bearer zw__{secret}"),
        format!("Bearer zw_{secret}"),
        format!("Bearer {secret}"),
        format!("Bearer {hash}"),
        format!("Bearer {name}_{hash}"),
        format!("Bearer {name}_{}", "0".repeat(64)),
        format!("Bearer {name}_"),
        format!("Bearer {}", "x".repeat(8_000)),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer null".to_owned(),
        "Bearer zw_".to_owned(),
        "Bearer zw_ORG#praxis-am-park_KEY".to_owned(),
        "Bearer ü".to_owned(),
        "x".to_owned(),
    ] {
        let answer = settings_with(&world, Some(&wrong)).await;
        // A client drops blanks at the end of a header, which leaves the key itself.
        if wrong.trim_end() == format!("Bearer {key}") {
            assert_eq!(answer.status, 200, "{wrong:?}");
        } else {
            assert!(is(&answer, FORBIDDEN), "{wrong:?}: {answer:?}");
        }
    }
    for right in [
        format!("Bearer {key}"),
        format!("bearer {key}"),
        format!("BEARER {key}"),
    ] {
        assert_eq!(
            settings_with(&world, Some(&right)).await.status,
            200,
            "{right:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_refused_at_the_very_next_request_and_the_others_go_on() {
    let world = World::start().await;
    let (first, second) = (
        new_key(&world, Scope::ALL.to_vec()).await,
        new_key(&world, Scope::ALL.to_vec()).await,
    );
    let other = world.another_practice("praxis-am-par").await;
    let bearer = |key: &str| format!("Bearer {key}");
    for round in 0..3 {
        assert_eq!(
            settings_with(&world, Some(&bearer(&first))).await.status,
            200,
            "round {round}: while it holds"
        );
    }
    let (store, now) = (world.store(), world.clock().now());
    let foreign: PracticeId = "praxis-am-par".parse().expect("a practice's id");
    for (practice, prefix) in [
        (&foreign, prefix(&first)),
        (&practice(), prefix(&first)[..7].to_owned()),
        (&practice(), String::new()),
        (&practice(), "0".repeat(12)),
    ] {
        let refused = revoke_key(&store, practice, &prefix, now).await;
        assert!(
            matches!(refused, Err(OperatorError::NoSuchKey(..))),
            "{practice} {prefix}: {refused:?}"
        );
    }
    assert_eq!(
        settings_with(&world, Some(&bearer(&first))).await.status,
        200,
        "nothing was revoked so far"
    );
    revoke_key(&store, &practice(), &prefix(&first), now)
        .await
        .expect("the key is revoked");
    let own = furnish(&world.practice).await;
    let before = trace(&world).await;
    for call in calls(&own, &own) {
        let answer = make(&world, &call, Some(&bearer(&first)), "a").await;
        assert!(
            is(&answer, FORBIDDEN),
            "{} {}: {answer:?}",
            call.method(),
            call.path
        );
    }
    assert_eq!(trace(&world).await, before, "a revoked key left a trace");
    revoke_key(&store, &practice(), &prefix(&first), now.plus(60))
        .await
        .expect("a second time changes nothing");
    assert_eq!(trace(&world).await, before, "a second time changes nothing");
    for key in [second.as_str(), world.practice.key(), other.key()] {
        assert_eq!(
            settings_with(&world, Some(&bearer(key))).await.status,
            200,
            "the other keys go on"
        );
    }
    let (requests, key) = (0..20, bearer(&second));
    let under_way = join_all(requests.map(|_| settings_with(&world, Some(&key))));
    let (practice, prefix) = (practice(), prefix(&second));
    let (answers, revoked) = tokio::join!(under_way, revoke_key(&store, &practice, &prefix, now));
    revoked.expect("the key is revoked");
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 200 || is(answer, FORBIDDEN)),
        "{answers:?}"
    );
    assert!(
        is(
            &settings_with(&world, Some(&bearer(&second))).await,
            FORBIDDEN
        ),
        "after it was revoked, nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t26_a_key_without_the_scope_is_told_so_and_nothing_happens() {
    let world = World::start().await;
    let own = furnish(&world.practice).await;
    let fresh = crate::calls::nobodys();
    let before = trace(&world).await.1;
    for scope in Scope::ALL {
        let others: Vec<Scope> = Scope::ALL
            .into_iter()
            .filter(|other| *other != scope)
            .collect();
        let without = format!("Bearer {}", new_key(&world, others).await);
        let none = format!("Bearer {}", new_key(&world, Vec::new()).await);
        let rows = trace(&world).await;
        for call in of_scope(&own, &fresh, scope) {
            for authorization in [&without, &none] {
                let answer = make(&world, &call, Some(authorization), "a").await;
                let body: Value = serde_json::from_str(&answer.text).expect("JSON");
                let told = (
                    answer.status,
                    &body["type"],
                    &body["status"],
                    &body["scope"],
                );
                let expected = (
                    403,
                    &json!("/problems/missing-scope"),
                    &json!(403),
                    &json!(scope.name()),
                );
                assert_eq!(told, expected, "{} {}", call.method(), call.path);
                assert!(
                    body["detail"]
                        .as_str()
                        .is_some_and(|detail| detail.contains(scope.name())),
                    "{body}"
                );
                assert_eq!(answer.headers["content-type"], "application/problem+json");
            }
        }
        assert_eq!(
            trace(&world).await,
            rows,
            "a key without {} left a trace",
            scope.name()
        );
    }
    assert_eq!(trace(&world).await.1, before, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn t26_a_key_with_nothing_but_the_scope_may_do_what_it_is_for() {
    let world = World::start().await;
    // Reading first, erasing last: what is gone cannot be read.
    for scope in [Scope::Read, Scope::Settings, Scope::Send, Scope::Erase] {
        let own = furnish(&world.practice).await;
        let only = format!("Bearer {}", new_key(&world, vec![scope]).await);
        for (at, call) in of_scope(&own, &own, scope).into_iter().enumerate() {
            let answer = make(
                &world,
                &call,
                Some(&only),
                &format!("{}-{at}", scope.name()),
            )
            .await;
            let is_done = (200..300).contains(&answer.status);
            // A record with itself as a linked one, a document that this very list has deleted, a run that has ended or would be spoken.
            let is_refused_for_a_reason = matches!(answer.status, 400 | 404 | 409 | 422)
                && answer.text.contains("/problems/");
            assert!(
                is_done || is_refused_for_a_reason,
                "{} {}: {answer:?}",
                call.method(),
                call.path
            );
            assert!(
                !answer.text.contains("missing-scope"),
                "{} {}: {answer:?}",
                call.method(),
                call.path
            );
        }
    }
}

fn of_scope(ids: &Ids, own: &Ids, scope: Scope) -> Vec<Call> {
    let asks = |route: &str| {
        SCOPES
            .iter()
            .any(|(known, asked)| *known == route && *asked == scope)
    };
    let calls: Vec<Call> = calls(ids, own)
        .into_iter()
        .filter(|call| asks(call.route))
        .collect();
    assert!(!calls.is_empty(), "no route asks for {}", scope.name());
    calls
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_keys_of_a_removed_practice_die_at_once_and_so_do_its_pages() {
    let world = World::start().await;
    let document = world.practice.document("note", "1", "2026-11-20").await;
    let sent = world.practice.send(&[&document]).await;
    let mut patient = world.patient(&sent);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    assert_eq!(patient.documents().await.status, 200);
    let other = world.another_practice("andere-praxis").await;
    let further = new_key(&world, vec![Scope::Read]).await;
    let own = format!("Bearer {}", world.practice.key());
    let further = format!("Bearer {further}");
    let (table, now) = (world.store(), world.clock().now());
    for (is_disabled, keys, documents, page) in [
        (true, 403, 303, 410),
        (false, 200, 200, 303),
        (true, 403, 303, 410),
    ] {
        set_disabled(&table, &practice(), is_disabled, now)
            .await
            .expect("done");
        for key in [&own, &further] {
            let answer = settings_with(&world, Some(key)).await;
            assert_eq!(answer.status, keys, "disabled: {is_disabled}");
        }
        let mut visitor = patient.clone();
        assert_eq!(visitor.documents().await.status, documents);
        assert_eq!(patient.clone().open().await.status, page);
        assert_eq!(other.get("/v1/settings").await.status, 200);
    }
    let nobody = "nobody".parse().expect("an id");
    assert!(set_disabled(&table, &nobody, true, now).await.is_err());
}
