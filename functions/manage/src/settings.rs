//! `GET` and `PUT /v1/settings`.

use domain::access::Scope;
use domain::id::PracticeId;
use domain::practice::{Limits, PublicPractice, Settings, d9_is_telling};
use http::StatusCode;
use pages::holds_web_address;
use serde_json::{Value, json};
use store::StoreError;
use web::{Problem, Request, Response};

use crate::{Answer, Deps, Failure};

/// The settings, the operator's limits beside them, and what is worth a warning.
pub(crate) async fn get(deps: &Deps, request: &Request) -> Answer {
    let practice = &request.caller(Scope::Read)?.practice;
    let settings = deps
        .store
        .settings(practice)
        .await?
        .ok_or(StoreError::Unreadable("settings"))?;
    Ok(answer(&settings, &limits(deps, practice).await?))
}

/// Replaces all of them.
pub(crate) async fn put(deps: &Deps, request: &Request) -> Answer {
    let caller = request.caller(Scope::Settings)?;
    let practice = &caller.practice;
    let settings: Settings = request.json()?;
    if holds_web_address(&PublicPractice::of(&settings).public_name) {
        let expected = "expected a name without the address of a web page (D11), for it stands in text messages; put a space after a full stop";
        return Err(Problem::invalid_field("/public_name", expected).into());
    }
    let limits = limits(deps, practice).await?;
    if settings
        .sender_id
        .as_ref()
        .is_some_and(|sender| !limits.allow_sender(sender))
    {
        let expected = "expected one of the senders that the operator approved: see limits of GET /v1/settings";
        return Err(Problem::invalid_field("/sender_id", expected).into());
    }
    deps.store
        .put_settings(practice, &settings, &deps.op(caller)?)
        .await?;
    Ok(answer(&settings, &limits))
}

async fn limits(deps: &Deps, practice: &PracticeId) -> Result<Limits, Failure> {
    Ok(deps.store.limits(practice).await?)
}

fn answer(settings: &Settings, limits: &Limits) -> Response {
    let mut body = json!(settings);
    body["limits"] = json!(limits);
    body["warnings"] = warnings(settings);
    Response::json(StatusCode::OK, &body)
}

/// D9: a name that tells a profession is kept, and warned about.
fn warnings(settings: &Settings) -> Value {
    let name = PublicPractice::of(settings).public_name;
    if !d9_is_telling(&name) {
        return json!([]);
    }
    json!([{
        "type": "/problems/telling-name",
        "title": "The name gives away the kind of treatment, and it stands in messages and e-mails.",
        "detail": "A neutral public_name protects better, for example \"Praxis am Park\".",
    }])
}
