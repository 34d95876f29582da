//! The bodies of sending, previewing and making a new code.

use deliveries::{DraftRequest, Once, SendRequest};
use domain::audit::Op;
use domain::id::{DocumentId, RecipientId, RecordId};
use domain::practice::{Channel, OfferedInvoices, ValidDays};
use domain::sending::Overrides;
use domain::text::AdditionalText;
use serde::{Deserialize, Deserializer};
use web::{Caller, FieldError, Problem, Request};

/// The most documents in one delivery.
const MOST_DOCUMENTS: usize = 24;

/// As the practice sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    record: Option<RecordId>,
    recipient: Option<RecipientId>,
    #[serde(default)]
    documents: Vec<DocumentId>,
    channel: Option<Channel>,
    additional_text: Option<AdditionalText>,
    #[serde(default)]
    allow_unused_additional_text: bool,
    offered_invoices: Option<OfferedInvoices>,
    valid_days: Option<ValidDays>,
    #[serde(default)]
    keep_earlier: bool,
    #[serde(default, deserialize_with = "stated")]
    protected: Option<bool>,
    draft: Option<String>,
}

/// The body of `POST /v1/deliveries/{id}/code`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCode {
    pub(crate) channel: Channel,
}

/// A switch that is left out or said, never null.
fn stated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    bool::deserialize(deserializer).map(Some)
}

/// What a practice wants sent.
pub(crate) enum Asked {
    /// This.
    New(SendRequest),
    /// What a preview showed.
    Draft(DraftRequest),
}

/// Reads and checks a request to send.
pub(crate) fn asked(caller: &Caller, request: &Request, op: Op) -> Result<Asked, Problem> {
    let key = request.required_idempotency_key()?;
    let mut body: Body = request.json()?;
    let Some(draft) = body.draft.take() else {
        return send_request(caller, request, body, key, op).map(Asked::New);
    };
    if body.names_more_than_texts() {
        let detail = "expected nothing beside the draft but additional_text and allow_unused_additional_text";
        return Err(Problem::invalid_field("/draft", detail));
    }
    Ok(Asked::Draft(DraftRequest {
        practice: caller.practice.clone(),
        draft,
        additional_text: body.additional_text,
        allow_unused_additional_text: body.allow_unused_additional_text,
        key,
        body: request.body().to_vec(),
        op,
    }))
}

/// Reads and checks a request for a preview, which needs no idempotency key: it stores nothing.
pub(crate) fn previewed(
    caller: &Caller,
    request: &Request,
    op: Op,
) -> Result<SendRequest, Problem> {
    let body: Body = request.json()?;
    if body.draft.is_some() {
        return Err(Problem::invalid_field(
            "/draft",
            "expected record, recipient and documents: a preview makes the draft",
        ));
    }
    send_request(caller, request, body, String::new(), op)
}

impl Body {
    fn names_more_than_texts(&self) -> bool {
        self.record.is_some()
            || self.recipient.is_some()
            || !self.documents.is_empty()
            || self.channel.is_some()
            || self.offered_invoices.is_some()
            || self.valid_days.is_some()
            || self.keep_earlier
            || self.protected == Some(false)
    }
}

fn send_request(
    caller: &Caller,
    request: &Request,
    body: Body,
    key: String,
    op: Op,
) -> Result<SendRequest, Problem> {
    let errors = body_errors(&body);
    let (Some(record), Some(recipient), true) = (body.record, body.recipient, errors.is_empty())
    else {
        return Err(Problem::invalid_body(errors));
    };
    Ok(SendRequest {
        practice: caller.practice.clone(),
        record,
        recipient,
        documents: body.documents,
        overrides: Overrides {
            channel: body.channel,
            offered_invoices: body.offered_invoices.map(OfferedInvoices::get),
            valid_days: body.valid_days.map(ValidDays::get),
            protected: body.protected,
        },
        additional_text: body.additional_text,
        allow_unused_additional_text: body.allow_unused_additional_text,
        keep_earlier: body.keep_earlier,
        once: Once::Request {
            key,
            body: request.body().to_vec(),
        },
        op,
    })
}

fn body_errors(body: &Body) -> Vec<FieldError> {
    let documents = &body.documents;
    let repeated = (1..documents.len()).find(|at| documents[..*at].contains(&documents[*at]));
    let mut errors = Vec::new();
    if body.record.is_none() {
        errors.push(FieldError::new("/record", "expected the id of a record"));
    }
    if body.recipient.is_none() {
        errors.push(FieldError::new(
            "/recipient",
            "expected the id of one of the record's recipients",
        ));
    }
    if !(1..=MOST_DOCUMENTS).contains(&documents.len()) {
        errors.push(FieldError::new("/documents", "expected 1 to 24 documents"));
    }
    if let Some(at) = repeated {
        errors.push(FieldError::new(
            &format!("/documents/{at}"),
            "expected every document once",
        ));
    }
    errors
}
