//! What `issue` answers: a preview, a sent delivery, a new code, a delivery's state.

use deliveries::{MessageSent, Opens, Preview, PreviewOpens, SentDelivery, Warning};
use domain::delivery::{Delivery, MessageFate, l6_is_revivable, l8_state, reachable_until};
use domain::document::Document;
use domain::email_status::{EmailStatus, bounce, email_status};
use domain::practice::Channel;
use domain::symbols::Code;
use domain::threema::ThreemaRefusal;
use domain::time::Timestamp;
use problems::send_problem;
use serde_json::{Value, json};

/// The answer that carries the code, once.
pub(crate) fn sent(sent: &SentDelivery) -> Value {
    let mut body = json!({
        "id": sent.id,
        "email": {"status": "accepted", "message_id": sent.email_message_id},
        "message": null,
        "expires_at": null,
        "superseded": sent.superseded,
    });
    if let Some(Opens {
        reference,
        code,
        message: sent,
        expires_at,
    }) = &sent.opens
    {
        body["reference"] = json!(reference.shown());
        body["code"] = json!(code.shown());
        body["message"] = message(sent.channel, &sent.fate);
        body["expires_at"] = json!(expires_at.to_string());
    }
    body
}

/// What a sending would do.
pub(crate) fn preview(preview: Preview) -> Value {
    let documents: Vec<Value> = preview.documents.iter().map(offered).collect();
    let problems: Vec<Value> = preview
        .problems
        .into_iter()
        .map(|problem| send_problem(problem).body())
        .collect();
    let opens = preview.opens.as_ref();
    json!({
        "reference": opens.map(|opens| opens.reference.shown()),
        "code": opens.map(|opens| opens.code.shown()),
        "email": {"to": preview.to, "subject": preview.subject, "text": preview.text, "html": preview.html},
        "message": opens.map(message_preview),
        "documents": documents,
        "settings": preview.settings,
        "supersedes": preview.supersedes,
        "sendable": problems.is_empty(),
        "problems": problems,
        "warnings": preview.warnings.iter().map(warning).collect::<Vec<_>>(),
        "draft": preview.draft,
    })
}

fn message_preview(opens: &PreviewOpens) -> Value {
    let message = &opens.message;
    json!({"channel": message.channel, "to": message.to, "text": message.text, "segments": message.segments})
}

fn warning(warning: &Warning) -> Value {
    match warning {
        Warning::Unprotected => json!({
            "type": "/problems/unprotected",
            "title": "The document would be attached to the e-mail, without link and code.",
            "detail": "Only for documents without health data. Sending health data unprotected can be a crime.",
        }),
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
        "message": (!delivery.unprotected).then(|| {
            let fate = delivery.message.as_ref();
            message(delivery.channel, fate.unwrap_or(&MessageFate::Unknown))
        }),
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
        "protected": !delivery.unprotected,
        "channel": (!delivery.unprotected).then_some(delivery.channel),
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
    if let (Channel::Threema, MessageFate::Refused { reason }) = (channel, fate)
        && let Some(refusal) = ThreemaRefusal::named(reason)
    {
        body["temporary"] = json!(refusal.is_temporary());
    }
    body
}

fn shown(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}
