//! `authorize`: API key in, practice and scopes out, for every `/v1` route (HTTP API Lambda authorizer, simple response, never cached).
//!
//! A key that is unknown, revoked or of a disabled practice is refused alike: the gateway answers 403 and tells nothing more.

use deliveries::Clock;
use domain::access::{ApiKey, Scope};
use domain::practice::PublicPractice;
use futures::FutureExt as _;
use runtime::{Aws, Environment, Function, MissingSettings, event_function, front};
use secrets::ApiKeySecret;
use serde_json::{Value, json};
use store::{Store, StoreError};
use web::{FRONT_SECRET, Front};

/// What this function may touch.
#[derive(Debug)]
struct Deps {
    store: Store,
    front: Front,
}

/// The function, ready to be called. Its clock is not asked: a key ends when it is revoked, not by time.
pub fn function(environment: &Environment, _clock: Clock) -> Result<Function, MissingSettings> {
    let deps = environment.read(|get| Deps {
        store: Store::new(Aws::read(get).dynamodb(), get.text("TABLE")),
        front: front(get),
    })?;
    Ok(event_function(deps, |deps, event| {
        async move { Ok(handle(deps, &event).await?) }.boxed()
    }))
}

/// API Gateway's simple response; an error of the table fails the call, which the gateway answers with 500.
async fn handle(deps: &Deps, event: &Value) -> Result<Value, StoreError> {
    let Deps { store, front } = deps;
    // The gateway asks here first: whoever goes around what stands in front costs no read.
    if !front.admits(event["headers"][FRONT_SECRET].as_str()) {
        return Ok(refused());
    }
    let header = event["identitySource"][0]
        .as_str()
        .or(event["headers"]["authorization"].as_str());
    let Some(secret) = header.and_then(ApiKeySecret::from_authorization) else {
        return Ok(refused());
    };
    let Some(key) = store.api_key(&secret.hash()).await? else {
        return Ok(refused());
    };
    let practice = store.public_practice(&key.practice).await?;
    Ok(if may_call(&key, practice.as_ref()) {
        allowed(&key)
    } else {
        refused()
    })
}

fn may_call(key: &ApiKey, practice: Option<&PublicPractice>) -> bool {
    key.revoked_at.is_none() && practice.is_some_and(|practice| practice.disabled_at.is_none())
}

fn allowed(key: &ApiKey) -> Value {
    let scopes: Vec<&str> = key.scopes.iter().copied().map(Scope::name).collect();
    json!({
        "isAuthorized": true,
        "context": {"practice": key.practice, "label": key.label, "scopes": scopes.join(" ")},
    })
}

fn refused() -> Value {
    json!({"isAuthorized": false})
}
