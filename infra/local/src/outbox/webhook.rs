//! Webhooks: takes what would have gone out to a practice's program, and answers in its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::fault::Kind;
use super::mailbox::{Channel, Message, Request};
use super::{Outbox, Outcome, problem};

/// Where the functions hand webhooks over.
pub(crate) const PATH: &str = "/webhooks";

/// The header that names the receiver; everything else is as the receiver would get it.
const RECEIVER: &str = "x-relayed-to";

pub(super) async fn take(outbox: State<Arc<Outbox>>, headers: HeaderMap, body: Bytes) -> Response {
    let at = outbox.clock.clock().now().to_string();
    let Some(message) = message(&headers, &body, at) else {
        let detail = "expected a webhook, its receiver in the header x-relayed-to";
        return problem(StatusCode::BAD_REQUEST, detail);
    };
    let status = match outbox.send(message, Vec::new()).await {
        Outcome::Accepted => StatusCode::NO_CONTENT,
        Outcome::Failing(Kind::Throttle) => StatusCode::TOO_MANY_REQUESTS,
        Outcome::Failing(Kind::Gone) => StatusCode::GONE,
        Outcome::Failing(_) | Outcome::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        Outcome::Held => StatusCode::GATEWAY_TIMEOUT,
    };
    status.into_response()
}

fn message(headers: &HeaderMap, body: &[u8], at: String) -> Option<Message> {
    let url = headers.get(RECEIVER)?.to_str().ok()?.to_owned();
    let shown = headers.iter().filter(|(name, _)| {
        **name == header::CONTENT_TYPE
            || **name == header::USER_AGENT
            || name.as_str().starts_with("webhook-")
    });
    let headers: BTreeMap<String, String> = shown
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    Some(Message {
        channel: Channel::Webhook,
        to: url.clone(),
        from: None,
        reply_to: None,
        subject: None,
        text: None,
        html: None,
        attachments: Vec::new(),
        at,
        request: Some(Request {
            url,
            headers,
            body: String::from_utf8(body.to_vec()).ok()?,
        }),
    })
}
