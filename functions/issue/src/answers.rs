//! What `issue` answers: a sent delivery, a delivery's state, and every problem of sending.

use deliveries::{MessageSent, Preview, SendError, SentDelivery};
use domain::delivery::{Delivery, MessageFate, State, l6_is_revivable, l8_state, reachable_until};
use domain::document::Document;
use domain::practice::Channel;
use domain::sending::Obstacle;
use domain::symbols::Code;
use domain::time::Timestamp;
use serde_json::{Value, json};
use web::{FieldError, Problem};

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
        "draft": preview.draft,
    })
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
pub(crate) fn repeated(delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id,
        "email": email(delivery),
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

/// L6a: no new code would open the delivery.
pub(crate) fn code_not_possible() -> Problem {
    let detail = "Nothing was changed. Send a new delivery.";
    Problem::new(
        "code-not-possible",
        409,
        "There are no more new codes for this e-mail.",
        detail,
    )
}

/// A delivery's state by the clock, its times and counts.
pub(crate) fn delivery(delivery: &Delivery, now: Timestamp) -> Value {
    let state = l8_state(delivery, false, now);
    let closed_because = match state {
        State::Closed(reason) => Some(reason),
        _ => None,
    };
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
        "state": match state {
            State::Pending => "pending",
            State::Open => "open",
            State::Opened => "opened",
            State::Closed(_) => "closed",
        },
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
        "email": email(delivery),
        "message": delivery.message.as_ref().map(|fate| message(delivery.channel, fate)),
    })
}

fn email(delivery: &Delivery) -> Value {
    let status = match (
        &delivery.email_message_id,
        &delivery.email_refused_because,
        delivery.not_sent_at,
    ) {
        (Some(_), ..) => "accepted",
        (None, Some(_), _) => "refused",
        (None, None, Some(_)) => "unknown",
        (None, None, None) => "pending",
    };
    json!({"status": status, "message_id": delivery.email_message_id, "reason": delivery.email_refused_because})
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

/// Every way in which nothing was sent, or nobody can tell.
pub(crate) fn send_problem(error: SendError) -> Problem {
    match error {
        SendError::NoSuchRecord => nothing_at("/record", "expected a record that exists"),
        SendError::NoSuchRecipient => nothing_at(
            "/recipient",
            "expected one of the record's recipients, whose linked record exists",
        ),
        SendError::DocumentsGone(positions) => {
            let at = positions
                .into_iter()
                .map(|position| document(position, "not a document of this record, or deleted"));
            let detail = "Nothing was sent. Leave these documents out, or upload them again.";
            Problem::new("document-gone", 409, "A document is not there.", detail).at(at.collect())
        }
        SendError::DocumentsNotReady(documents) => {
            let at = documents.into_iter().map(|(position, refused)| {
                document(position, refused.as_deref().unwrap_or("not uploaded yet"))
            });
            let detail = "Nothing was sent. Upload the announced files to their upload URLs, or announce them anew; then send again.";
            Problem::new(
                "document-not-ready",
                409,
                "A document has no file yet.",
                detail,
            )
            .at(at.collect())
        }
        SendError::Obstacles(obstacles) => obstacle_problem(&obstacles),
        SendError::ChannelUnavailable(channel) => {
            let detail = "Choose sms or spoken as channel: in the request, the recipient, the record, its type or the settings.";
            Problem::new(
                "not-available",
                422,
                "This deployment does not offer that channel.",
                detail,
            )
            .with("channel", json!(channel))
        }
        SendError::TooManyEarlier => {
            let detail =
                "Nothing was sent. Revoke some of the open deliveries of these documents first.";
            Problem::new(
                "too-many-earlier",
                409,
                "The documents are in too many open e-mails.",
                detail,
            )
        }
        SendError::CodeInEmail => {
            let detail = "Nothing was sent. Take the code out of the texts; sent again as it is, the request gets another code.";
            Problem::new(
                "code-in-email",
                422,
                "The e-mail contains the code.",
                detail,
            )
        }
        SendError::MessageTooLong => {
            let detail = "Nothing was sent. Shorten the public_name in the settings.";
            Problem::new(
                "message-too-long",
                422,
                "The text message would be longer than one message.",
                detail,
            )
        }
        SendError::InProgress => {
            let detail = "Ask again in a minute with the same Idempotency-Key.";
            Problem::new("in-progress", 409, "This is already under way.", detail)
        }
        SendError::Mismatch => {
            let detail = "Use a new Idempotency-Key for another request, or repeat the same body.";
            Problem::new(
                "idempotency-mismatch",
                409,
                "This Idempotency-Key came before with other content.",
                detail,
            )
        }
        SendError::DraftSpent => {
            let detail = "Nothing was sent now. See GET /v1/deliveries, or make a new preview.";
            Problem::new(
                "draft-spent",
                409,
                "This e-mail has already been sent.",
                detail,
            )
        }
        SendError::DraftExpired => {
            let detail = "Nothing was sent. Make a new preview and send its draft within an hour.";
            Problem::new(
                "draft-expired",
                409,
                "The draft is older than an hour.",
                detail,
            )
        }
        SendError::NoDraft => Problem::invalid_field(
            "/draft",
            "expected the draft of a preview, as it was answered",
        ),
        SendError::EmailRefused { id, reason } => {
            let detail = format!(
                "Nothing was sent: {reason}. Check the address, then send again with a new Idempotency-Key."
            );
            Problem::new("email-refused", 502, "The e-mail was not accepted.", detail)
                .with("id", json!(id))
        }
        SendError::EmailUnknown { id } => {
            let detail = "The e-mail may have arrived; its link is closed, and no code was sent. Send again with a new Idempotency-Key.";
            Problem::new(
                "email-unknown",
                502,
                "Nobody can tell whether the e-mail arrived.",
                detail,
            )
            .with("id", json!(id))
        }
        // The caller answers these two before it asks for a problem.
        SendError::Repeated(_) | SendError::Unavailable(_) => Problem::unavailable(),
    }
}

fn nothing_at(pointer: &str, detail: &str) -> Problem {
    Problem::not_found().at(vec![FieldError::new(pointer, detail)])
}

fn document(position: usize, detail: &str) -> FieldError {
    FieldError::new(&format!("/documents/{position}"), detail)
}

/// D3: the first obstacle gives the type, `problems` lists all of them.
fn obstacle_problem(obstacles: &[Obstacle]) -> Problem {
    let all: Vec<&str> = obstacles
        .iter()
        .map(|obstacle| obstacle_texts(*obstacle).0)
        .collect();
    let (kind, title, remedy) = obstacles
        .first()
        .map_or(("not-available", "", ""), |first| obstacle_texts(*first));
    Problem::new(kind, 422, title, format!("Nothing was sent. {remedy}"))
        .with("problems", json!(all))
}

fn obstacle_texts(obstacle: Obstacle) -> (&'static str, &'static str, &'static str) {
    match obstacle {
        Obstacle::SendingForbidden => (
            "sending-forbidden",
            "Electronic sending is switched off for this record.",
            "Switch electronic_sending on for the record, if the patient agreed.",
        ),
        Obstacle::NoConsent => (
            "no-consent",
            "Text messages are not allowed in the settings.",
            "Set sms_allowed in the settings (messages are charged for), or choose another channel.",
        ),
        Obstacle::NoMobile => (
            "no-mobile",
            "The recipient has no mobile number.",
            "Add a mobile number to the recipient, or choose another channel.",
        ),
        Obstacle::SelfServiceNotAllowed => (
            "self-service-not-allowed",
            "The record type does not allow asking for the code.",
            "Set self_service.allowed in the record type, or choose another channel.",
        ),
        Obstacle::NoEmail => (
            "no-email",
            "The recipient has no e-mail address.",
            "Add an e-mail address to the recipient, or to the record that it is linked to.",
        ),
    }
}
