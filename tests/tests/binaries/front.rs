//! T21: with CloudFront in front, who goes around it is refused before anything is done, and only it says where a request comes from.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::events::{of_patient, of_practice};
use tests::lambda::{Lambda, Outcome};

use crate::{question, world};

const OLD: &str = "the secret until today";
const NEW: &str = "the secret from today on";
/// A function that takes requests, and one that it answers without anything of AWS.
const TAKE_REQUESTS: [(&str, &str); 6] = [
    ("Download", "GET /d/{token}/documents"),
    ("InvoiceRun", "GET /v1/invoice-runs/{id}"),
    ("Issue", "GET /v1/deliveries"),
    ("Manage", "GET /v1/openapi.json"),
    ("RequestCode", "POST /d/{token}/code"),
    ("Verify", "GET /privacy"),
];

/// The variables of a deployment behind CloudFront, whose secret is being replaced, and which reaches nothing of AWS.
fn behind_cloudfront() -> BTreeMap<String, String> {
    let hash = |secret: &str| HEXLOWER.encode(&Sha256::digest(secret));
    let services = ["DYNAMODB", "KMS", "S3"];
    let nowhere = services.map(|name| {
        let variable = format!("AWS_ENDPOINT_URL_{name}");
        (variable, "http://127.0.0.1:9".to_owned())
    });
    let hashes = format!("{},{}", hash(OLD), hash(NEW));
    let own = ("ORIGIN_SECRET_HASHES".to_owned(), hashes);
    nowhere.into_iter().chain([own]).collect()
}

/// The event with the header of what stands in front.
fn with(secret: &str, mut event: Value) -> Value {
    event["headers"]["x-front-secret"] = json!(secret);
    event
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t21_whoever_goes_around_the_front_is_refused_before_anything_is_done() {
    let world = world().await;
    for (id, route) in TAKE_REQUESTS {
        let mut function = Lambda::start_with(&world, id, &behind_cloudfront()).await;
        let asked = if route.contains("/v1/") {
            of_practice(route)
        } else {
            // Not even a token, so that nothing has to be looked up.
            of_patient(route, "none")
        };
        for around in [asked.clone(), with("a guess", asked.clone())] {
            let answer = function.answer(&around).await;
            assert_eq!(answer["statusCode"], 403, "{id}: {answer}");
            assert_eq!(answer["body"], r#"{"message":"Forbidden"}"#, "{id}");
        }
        for secret in [OLD, NEW] {
            let answer = function.answer(&with(secret, asked.clone())).await;
            assert_ne!(answer["statusCode"], 403, "{id}: {answer}");
        }
        for secret in [OLD, NEW, "a guess"] {
            assert!(!function.logs().contains(secret), "{id} logs {secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t21_the_authorizer_reads_nothing_for_whoever_goes_around_the_front() {
    let world = world().await;
    let mut function = Lambda::start_with(&world, "Authorize", &behind_cloudfront()).await;
    let asked = question(world.practice.key());
    for around in [asked.clone(), with("a guess", asked.clone())] {
        let verdict = function.answer(&around).await;
        assert_eq!(verdict, json!({"isAuthorized": false}));
    }
    // With the secret it asks the table, which is not there.
    let through = with(NEW, asked).to_string().into_bytes();
    let outcome = function.invoke(through).await;
    assert!(matches!(outcome, Outcome::Error(_)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hashes_of_secrets_that_are_none_are_named_when_the_process_starts() {
    let world = world().await;
    let mut variables = world.stack.function_environments()["Verify"].clone();
    for wrong in [OLD, "0123", &"0".repeat(63)] {
        variables.insert("ORIGIN_SECRET_HASHES".to_owned(), wrong.to_owned());
        let said = crate::refusal("verify", &variables).await;
        assert!(crate::names(&said, "ORIGIN_SECRET_HASHES"), "{said}");
        assert!(!said.contains(wrong), "{said}");
    }
}
