//! Every problem of sending, with its stable type and its remedy; the functions that send, and those that tell of it, say the same.

use deliveries::{InvalidTemplate, SendError, Unavailable};
use domain::sending::Obstacle;
use domain::threema::ThreemaRefusal;
use domain::usage::{Counted, ReachedCap};
use serde_json::json;
use web::{FieldError, Problem};

/// Every way in which nothing was sent, or nobody can tell.
pub fn send_problem(error: SendError) -> Problem {
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
            let detail = "Choose another channel: in the request, the recipient, the record, its type or the settings.";
            Problem::new(
                "not-available",
                422,
                "This deployment does not offer that.",
                detail,
            )
            .with("channel", json!(channel))
        }
        SendError::Threema(refusal) => threema_problem(refusal),
        SendError::CapReached(reached) => cap_problem(reached),
        SendError::EmailRefused { id, reason } => {
            let detail = format!(
                "Nothing was sent: {reason}. Check the address; if it is right, tell whoever runs this service. Then send again with a new Idempotency-Key."
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
        SendError::TemplateInvalid(InvalidTemplate { id, error }) => {
            let detail = format!(
                "Nothing was sent. The text template {id} cannot be used any more: {error} See PUT /v1/templates/{id}."
            );
            Problem::new(
                "template-invalid",
                422,
                "The text template cannot be used.",
                detail,
            )
            .with("template", json!(id.to_string()))
            .with("line", json!(error.line))
            .with("column", json!(error.column))
            .with("reason", json!(error.reason.name()))
        }
        SendError::NoDraft => Problem::invalid_field(
            "/draft",
            "expected the draft of a preview, as it was answered",
        ),
        SendError::Mismatch => Problem::idempotency_mismatch(),
        SendError::SpokenInRun => spoken_in_run(),
        error => plain_problem(&error),
    }
}

/// Those that say the same whatever the request was.
fn plain_problem(error: &SendError) -> Problem {
    let (kind, status, title, detail) = match error {
        SendError::TooManyEarlier => (
            "too-many-earlier",
            409,
            "The documents are in too many open e-mails.",
            "Nothing was sent. Revoke some of the open deliveries of these documents first.",
        ),
        SendError::MustBeProtected => (
            "must-be-protected",
            422,
            "Only what the record expressly allows can go unprotected, and only a single invoice or receipt.",
            "Nothing was sent. Leave protected out, or set allow_unprotected in the record, if the patient agreed, and send one invoice or receipt.",
        ),
        SendError::CodeInEmail => (
            "code-in-email",
            422,
            "The e-mail contains the code.",
            "Nothing was sent. Take the code out of the texts; sent again as it is, the request gets another code.",
        ),
        SendError::MessageTooLong => (
            "message-too-long",
            422,
            "The text message would be longer than one message.",
            "Nothing was sent. Shorten the text template of the message, or the public_name in the settings.",
        ),
        SendError::AdditionalTextUnused => (
            "additional-text-unused",
            422,
            "The template has no place for the additional text.",
            "Nothing was sent. Put <#if zusatzText?has_content>${zusatzText}</#if> into the template where the text belongs, leave the text out, or send allow_unused_additional_text.",
        ),
        SendError::InProgress => (
            "in-progress",
            409,
            "This is already under way.",
            "Ask again in a minute with the same Idempotency-Key.",
        ),
        SendError::DraftSpent => (
            "draft-spent",
            409,
            "This e-mail has already been sent.",
            "Nothing was sent now. See GET /v1/deliveries, or make a new preview.",
        ),
        SendError::DraftExpired => (
            "draft-expired",
            409,
            "The draft is older than an hour.",
            "Nothing was sent. Make a new preview and send its draft within an hour.",
        ),
        SendError::DraftOutdated => (
            "draft-outdated",
            409,
            "What the preview showed has changed since.",
            "Nothing was sent. The settings, a text template or the record are not as they were. Make a new preview, look at it and send its draft.",
        ),
        // What names something of the request is answered above, and what is no problem by the caller.
        _ => return Problem::unavailable(),
    };
    Problem::new(kind, status, title, detail)
}

/// D4: which cap, how high it is, in which month, and what to do.
pub fn cap_problem(reached: ReachedCap) -> Problem {
    let ReachedCap {
        counted,
        cap,
        month,
    } = reached;
    let (things, other_way) = match counted {
        Counted::Emails => ("e-mails", ""),
        Counted::Sms => ("text messages", "choose another channel, "),
        Counted::Threema => ("Threema messages", "choose another channel, "),
    };
    let detail = format!(
        "Nothing was sent: {cap} {things} are allowed in {month}. Raise monthly_caps.{} in the settings, {other_way}ask the operator where the limit is theirs, or wait for the next month; see GET /v1/usage.",
        counted.name()
    );
    Problem::new("cap-reached", 409, "The month's limit is reached.", detail)
        .with("cap", json!(counted))
        .with("limit", json!(cap))
        .with("month", json!(month.to_string()))
}

/// Of an item of a run: nobody would ever see its code.
pub fn spoken_in_run() -> Problem {
    let detail = "Nothing was sent. Choose sms, threema or self_service as channel, in the item or in the settings that hold for it, or send it by itself with POST /v1/deliveries.";
    Problem::new(
        "spoken-in-run",
        422,
        "In a run, no code can be spoken.",
        detail,
    )
}

/// Ours; the log says more.
pub fn unavailable(error: &Unavailable) -> Problem {
    tracing::error!(%error, "something that is needed did not answer");
    Problem::unavailable()
}

/// F-I7: nothing was sent, for no message can be sealed for this Threema ID, or not now; never by SMS instead.
pub fn threema_problem(refusal: ThreemaRefusal) -> Problem {
    let problem = match refusal {
        ThreemaRefusal::UnknownId => Problem::new(
            "threema-id-unknown",
            422,
            "There is no such Threema ID.",
            "Nothing was sent. Correct the recipient's threema_id, or choose another channel.",
        ),
        ThreemaRefusal::KeyChanged => Problem::new(
            "threema-key-changed",
            409,
            "The key of this Threema ID is another than it was.",
            "Nothing was sent: the key of a Threema ID never changes, so that somebody else may answer in its place. Ask the person for the ID that they use now, or choose another channel.",
        ),
        _ => Problem::new(
            "threema-unavailable",
            409,
            "Threema takes no message now.",
            "Nothing was sent. Where it is temporary, send again later; choose another channel, or ask the operator.",
        ),
    };
    problem
        .with("reason", json!(refusal.name()))
        .with("temporary", json!(refusal.is_temporary()))
}

/// D6 and L7: the document left with the e-mail.
pub fn not_revocable() -> Problem {
    let detail = "Nothing was changed: the document was attached to the e-mail, and nobody can take it back.";
    Problem::new(
        "not-revocable",
        409,
        "An unprotected delivery cannot be taken back.",
        detail,
    )
}

/// L6a: no new code would open the delivery.
pub fn code_not_possible() -> Problem {
    let detail = "Nothing was changed. Send a new delivery.";
    Problem::new(
        "code-not-possible",
        409,
        "There are no more new codes for this e-mail.",
        detail,
    )
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
        Obstacle::NoThreemaConsent => (
            "no-consent",
            "Threema messages are not allowed in the settings.",
            "Set threema_allowed in the settings (messages are charged for), or choose another channel.",
        ),
        Obstacle::NoThreemaId => (
            "no-threema-id",
            "The recipient has no Threema ID.",
            "Add a Threema ID to the recipient, or choose another channel.",
        ),
        Obstacle::CountryNotAllowed => (
            "country-not-allowed",
            "Text messages do not go to the country of this number.",
            "Choose another channel, or ask the operator to let text messages go there.",
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
