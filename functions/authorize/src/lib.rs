//! `authorize`: API key in, practice and scopes out, for every `/v1` route (HTTP API Lambda authorizer, simple response, never cached).
//!
//! A key that is unknown, revoked or of a disabled practice is refused alike: the gateway answers 403 and tells nothing more.

use deliveries::Clock;
use domain::access::{ApiKey, Scope};
use domain::practice::PublicPractice;
use futures::FutureExt as _;
use runtime::{Aws, Environment, Function, MissingSettings, event_function};
use secrets::ApiKeySecret;
use serde_json::{Value, json};
use store::{Store, StoreError};

/// The function, ready to be called. Its clock is not asked: a key ends when it is revoked, not by time.
pub fn function(environment: &Environment, _clock: Clock) -> Result<Function, MissingSettings> {
    let store = environment.read(|get| Store::new(Aws::read(get).dynamodb(), get.text("TABLE")))?;
    Ok(event_function(store, |store, event| {
        async move { Ok(handle(store, &event).await?) }.boxed()
    }))
}

/// API Gateway's simple response; an error of the table fails the call, which the gateway answers with 500.
async fn handle(store: &Store, event: &Value) -> Result<Value, StoreError> {
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
