//! `GET /v1/usage`.

use domain::access::Scope;
use domain::practice::MonthlyCaps;
use domain::usage::{Counted, Month, Usage, d4_monthly_caps};
use http::StatusCode;
use serde_json::{Value, json};
use store::StoreError;
use web::{Problem, Request, Response};

use crate::{Answer, Deps};

/// What was sent in a month, this one where none is asked for, and what is left of the caps that hold now.
pub(crate) async fn get(deps: &Deps, request: &Request) -> Answer {
    let practice = &request.caller(Scope::Read)?.practice;
    let month = match request.query("month") {
        None => Month::of(deps.clock.now()),
        Some(month) => month
            .parse()
            .map_err(|_| Problem::invalid_query("month", "a month such as 2026-11"))?,
    };
    let usage = deps.store.usage(practice, month).await?;
    let settings = deps
        .store
        .settings(practice)
        .await?
        .ok_or(StoreError::Unreadable("settings"))?;
    let caps = d4_monthly_caps(&settings, &deps.store.limits(practice).await?);
    let mut body = json!({"month": month.to_string()});
    for counted in Counted::ALL {
        body[counted.name()] = shown(counted, usage, caps);
    }
    Ok(Response::json(StatusCode::OK, &body))
}

/// Without a cap there is no telling what is left.
fn shown(counted: Counted, usage: Usage, caps: MonthlyCaps) -> Value {
    let (used, cap) = (usage.of(counted).max(0), caps.of(counted));
    json!({"used": used, "cap": cap, "left": cap.map(|cap| (cap - used).max(0))})
}
