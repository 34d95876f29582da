//! What `issue` answers: a preview, a sent delivery, a new code, a delivery's state.

use deliveries::{MessageSent, Preview, SentDelivery, Warning};
use domain::delivery::{Delivery, MessageFate, l6_is_revivable, l8_state, reachable_until};
use domain::document::Document;
use domain::email_status::{EmailStatus, bounce, email_status};
use domain::practice::Channel;
use domain::symbols::Code;
use domain::time::Timestamp;
use problems::send_problem;
use serde_json::{Value, json};

/// The answer that carries the code, once.
pub(crate) fn sent(sent: &SentDelivery) -> Value {
    json!({
        "id": sent.id,
        "reference": sent.reference.shown(),
        "code": sent.code.shown(),
        "email": {"status": "accepted", "message_id": sent.email_message_id},
        "message": message(sent.message.channel, &sent.message.fate),
        "expires_at": sent.expires_at.to_string(),
        "superseded": sent.superseded,
    })
}

/// What a sending would do.
pub(crate) fn preview(preview: Preview) -> Value {
    let documents: Vec<Value> = preview.documents.iter().map(offered).collect();
    let problems: Vec<Value> = preview
        .problems
        .into_iter()
        .map(|problem| send_problem(problem).body())
        .collect();
    json!({
        "reference": preview.reference.shown(),
        "code": preview.code.shown(),
        "email": {"to": preview.to, "subject": preview.subject, "text": preview.text, "html": preview.html},
        "message": {
            "channel": preview.message.channel,
            "to": preview.message.to,
            "text": preview.message.text,
            "segments": preview.message.segments,
        },
        "documents": documents,
        "settings": preview.settings,
        "supersedes": preview.supersedes,
        "sendable": problems.is_empty(),
        "problems": problems,
        "warnings": preview.warnings.iter().map(warning).collect::<Vec<_>>(),
        "draft": preview.draft,
    })
}

fn warning(warning: &Warning) -> Value {
    match warning {
        Warning::BouncedBefore { address, at } => json!({
            "type": "/problems/bounced-before",
            "title": "The last e-mail to this address did not arrive.",
            "detail": format!(
                "It came back on {at}: {}. Check the address of the recipient before sending again.",
                address.as_str()
            ),
        }),
    }
}

fn offered(document: &Document) -> Value {
    json!({
        "id": document.id,
        "kind": document.kind,
        "number": document.number,
        "issued_on": document.issued_on,
        "size": document.size,
    })
}

/// The answer to a repeated request: the same, built anew, without code and reference.
pub(crate) fn repeated(delivery: &Delivery, now: Timestamp) -> Value {
    json!({
        "id": delivery.id,
        "email": email(delivery, now),
        "message": delivery.message.as_ref().map_or_else(
            || message(delivery.channel, &MessageFate::Unknown),
            |fate| message(delivery.channel, fate),
        ),
        "expires_at": shown(delivery.expires_at),
    })
}

/// The answer to a new code; a repeated request does not see it again.
pub(crate) fn new_code(code: Option<&Code>, sent: &MessageSent) -> Value {
    let mut body = json!({"message": message(sent.channel, &sent.fate)});
    if let Some(code) = code {
        body["code"] = json!(code.shown());
    }
    body
}

/// A delivery's state by the clock, its times and counts.
pub(crate) fn delivery(delivery: &Delivery, now: Timestamp) -> Value {
    let state = l8_state(delivery, false, now);
    let closed_because = state.closed_because();
    let downloads: Vec<Value> = delivery
        .downloads
        .iter()
        .map(|download| json!({"document": download.document, "at": download.at.to_string()}))
        .collect();
    json!({
        "id": delivery.id,
        "record": delivery.record,
        "recipient": delivery.recipient,
        "documents": delivery.documents,
        "channel": delivery.channel,
        "offered_invoices": delivery.offered_invoices,
        "state": state.name(),
        "closed_because": closed_because,
        "revivable": closed_because.is_some_and(|reason| l6_is_revivable(delivery, reason)),
        "created_at": delivery.created_at.to_string(),
        "sent_at": shown(delivery.sent_at),
        "opened_at": shown(delivery.opened_at),
        "expires_at": shown(delivery.expires_at),
        "reachable_until": shown(reachable_until(delivery)),
        "downloads": downloads,
        "code_requests": delivery.code_requests,
        "wrong_entries": {"of_code": delivery.wrong_for_code, "in_life": delivery.wrong_in_life},
        "email": email(delivery, now),
        "message": delivery.message.as_ref().map(|fate| message(delivery.channel, fate)),
    })
}

fn email(delivery: &Delivery, now: Timestamp) -> Value {
    let status = email_status(delivery, now);
    let bounced_because = bounce(delivery).map(|bounce| &bounce.reason);
    json!({
        "status": status,
        "message_id": delivery.email_message_id,
        "reason": delivery.email_refused_because.as_ref().or(bounced_because),
        "delayed_at": shown(delivery.email_delayed_at.filter(|_| status == EmailStatus::Accepted)),
    })
}

/// A channel without a message has none to say anything of.
fn message(channel: Channel, fate: &MessageFate) -> Value {
    let mut body = json!(fate);
    body["channel"] = json!(channel);
    body
}

fn shown(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}
