//! Webhooks: where a practice's program hears of what happens to its deliveries.
//!
//! The signing secret is made here, shown in the one answer that made it, and never again.

use channels::Posted;
use deliveries::{WebhookMessage, post_webhook};
use domain::access::Scope;
use domain::id::WebhookId;
use domain::webhook::{
    OLD_SECRET_SIGNS, PreviousSecret, WEBHOOKS, Webhook, WebhookEvents, WebhookUrl, Webhooks,
};
use http::StatusCode;
use secrets::{WebhookSecret, draw_message_id};
use serde::Deserialize;
use serde_json::{Value, json};
use web::{Problem, Request, Response};

use crate::records::chosen_id;
use crate::{Answer, Deps, Failure};

/// The body of `PUT`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    url: WebhookUrl,
    events: WebhookEvents,
    #[serde(default)]
    rotate_secret: bool,
}

/// A page of webhooks, by id.
pub(crate) async fn list(deps: &Deps, request: &Request) -> Answer {
    let practice = &request.caller(Scope::Settings)?.practice;
    let (limit, cursor) = request.paging()?;
    let webhooks = deps.store.webhooks(practice).await?.webhooks;
    let limit = usize::try_from(limit).unwrap_or_default();
    let mut items = webhooks
        .iter()
        .filter(|(id, _)| cursor.as_deref().is_none_or(|after| id.as_str() > after));
    let page: Vec<_> = items.by_ref().take(limit).collect();
    let next = items.next().and(page.last()).map(|(id, _)| id);
    let shown: Vec<Value> = page
        .iter()
        .map(|(id, webhook)| shown(id, webhook))
        .collect();
    Ok(Response::json(
        StatusCode::OK,
        &json!({"items": shown, "next_cursor": next}),
    ))
}

/// One webhook.
pub(crate) async fn get(deps: &Deps, request: &Request) -> Answer {
    let practice = &request.caller(Scope::Settings)?.practice;
    let id: WebhookId = request.id("id")?;
    let webhooks = deps.store.webhooks(practice).await?.webhooks;
    let found = webhooks.get(&id).ok_or_else(Problem::not_found)?;
    Ok(Response::json(StatusCode::OK, &shown(&id, found)))
}

/// Makes or replaces a webhook; a new one, or one that asks for it, gets a new secret.
pub(crate) async fn put(deps: &Deps, request: &Request) -> Answer {
    let caller = request.caller(Scope::Settings)?;
    let practice = &caller.practice;
    let op = deps.op(caller)?;
    let id: WebhookId = chosen_id(request)?;
    let wanted: Wanted = request.json()?;
    let now = deps.clock.now();
    let secret = WebhookSecret::draw()?;
    let keys = deps.lookup.get().await?;
    let sealed = keys.seal_webhook_secret(&secret, practice, &id)?;
    let put = deps
        .store
        .change_webhooks(practice, &op, |webhooks| {
            let known = webhooks.remove(&id);
            let webhook = match known {
                // Our own secret is there when this very change was made, and only its answer got lost.
                Some(known) if !wanted.rotate_secret || known.secret == sealed => Webhook {
                    url: wanted.url.clone(),
                    events: wanted.events.clone(),
                    gone_at: None,
                    ..known
                },
                known => Webhook {
                    url: wanted.url.clone(),
                    events: wanted.events.clone(),
                    created_at: known.as_ref().map_or(now, |known| known.created_at),
                    secret: sealed.clone(),
                    previous_secret: known.map(|known| PreviousSecret {
                        secret: known.secret,
                        until: now.plus(OLD_SECRET_SIGNS),
                    }),
                    gone_at: None,
                },
            };
            webhooks.insert(id.clone(), webhook.clone());
            within_limit(webhooks).map(|()| webhook)
        })
        .await;
    let webhook = put?;
    let mut body = shown(&id, &webhook);
    if webhook.secret == sealed {
        body["secret"] = json!(secret.expose().as_str());
    }
    Ok(Response::json(StatusCode::OK, &body))
}

/// Deletes a webhook: from now on it is told nothing, not even what is under way.
pub(crate) async fn delete(deps: &Deps, request: &Request) -> Answer {
    let caller = request.caller(Scope::Settings)?;
    let practice = &caller.practice;
    let op = deps.op(caller)?;
    let id: WebhookId = request.id("id")?;
    deps.store
        .change_webhooks(practice, &op, |webhooks| {
            let existed = webhooks.remove(&id).is_some();
            existed
                .then_some(())
                .ok_or_else(|| Failure::from(Problem::not_found()))
        })
        .await?;
    Ok(Response::no_content())
}

/// Tells a webhook that it is being tested, and answers what came back.
pub(crate) async fn test(deps: &Deps, request: &Request) -> Answer {
    let practice = &request.caller(Scope::Settings)?.practice;
    let id: WebhookId = request.id("id")?;
    let webhooks = deps.store.webhooks(practice).await?.webhooks;
    let webhook = webhooks.get(&id).ok_or_else(Problem::not_found)?;
    let keys = deps.lookup.get().await?;
    let now = deps.clock.now();
    let body =
        json!({"type": "webhook.test", "timestamp": now.to_string(), "data": {"webhook": id}})
            .to_string();
    // A repeat goes out under the same id, which is what receivers tell repeats by.
    let message_id = match request.idempotency_key()? {
        Some(key) => {
            let content = [id.as_str().as_bytes(), b" ", key.as_bytes()].concat();
            let hashes = keys.requests(practice, &request.route, &content);
            let first = hashes.first().map_or("", |hash| hash.as_str());
            format!("test-{}", &first[..first.len().min(32)])
        }
        None => draw_message_id()?,
    };
    let message = WebhookMessage {
        id: &message_id,
        body: &body,
    };
    let posted = post_webhook(&deps.webhooks, keys, practice, (&id, webhook), message, now).await?;
    Ok(Response::json(StatusCode::OK, &tested(posted)))
}

fn within_limit(webhooks: &Webhooks) -> Result<(), Failure> {
    if webhooks.len() <= WEBHOOKS {
        return Ok(());
    }
    let detail = format!("Delete one of the {WEBHOOKS} that there are: see GET /v1/webhooks.");
    let title = "There are as many webhooks as a practice may have.";
    Err(Problem::new("too-many-webhooks", 409, title, detail).into())
}

/// Never a secret.
fn shown(id: &WebhookId, webhook: &Webhook) -> Value {
    json!({
        "id": id,
        "url": webhook.url,
        "events": webhook.events,
        "created_at": webhook.created_at.to_string(),
        "old_secret_until": webhook.previous_secret.as_ref().map(|previous| previous.until.to_string()),
        "gone_at": webhook.gone_at.map(|at| at.to_string()),
    })
}

/// The answer to a test; what the receiver wrote is nobody's business.
fn tested(posted: Posted) -> Value {
    match posted {
        Posted::Answered(status @ 200..=299) => json!({"outcome": "delivered", "status": status}),
        Posted::Answered(status) => json!({"outcome": "refused", "status": status}),
        Posted::TimedOut => json!({"outcome": "timeout", "status": null}),
        Posted::Unreachable => json!({"outcome": "unreachable", "status": null}),
        Posted::NotPublic => json!({"outcome": "not_public", "status": null}),
    }
}
