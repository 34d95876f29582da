//! Problems: errors of the practice's API as RFC 9457 wants them, each with a stable type and a remedy.

use domain::access::Scope;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// One error answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The last segment of `type`, as the product names it.
    pub kind: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, the same for every answer of this type.
    pub title: &'static str,
    /// What is wrong here, and how to mend it.
    pub detail: String,
    /// The fields that are wrong.
    pub errors: Vec<FieldError>,
    /// Further members, such as the id of what was made before it failed.
    pub members: Map<String, Value>,
}

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where it is (RFC 6901); empty for the whole body.
    pub pointer: String,
    /// What is expected there.
    pub detail: String,
}

impl FieldError {
    /// An error at this pointer.
    pub fn new(pointer: &str, detail: &str) -> Self {
        Self {
            pointer: pointer.to_owned(),
            detail: detail.to_owned(),
        }
    }
}

impl Problem {
    /// A problem of this type.
    pub fn new(
        kind: &'static str,
        status: u16,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            status,
            title,
            detail: detail.into(),
            errors: Vec::new(),
            members: Map::new(),
        }
    }

    /// The same with a further member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The same, pointing at the fields that are wrong.
    #[must_use]
    pub fn at(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// The body is not what the call takes.
    pub fn invalid_body(errors: Vec<FieldError>) -> Self {
        let detail =
            "Nothing was changed. Correct the fields named in errors and send the request again.";
        Self::new(
            "invalid-body",
            400,
            "The body is not what this call takes.",
            detail,
        )
        .at(errors)
    }

    /// A parameter of the query has a value that cannot be.
    pub fn invalid_query(name: &str, expected: &str) -> Self {
        let detail = format!("{name}: expected {expected}.");
        Self::new(
            "invalid-query",
            400,
            "The query is not what this call takes.",
            detail,
        )
    }

    /// One field has a value that cannot be.
    pub fn invalid_field(pointer: &str, detail: &str) -> Self {
        Self::invalid_body(vec![FieldError::new(pointer, detail)])
    }

    /// The body is too large for this call.
    pub fn body_too_large(limit: usize) -> Self {
        let detail = format!(
            "Send at most {limit} bytes. Documents go straight to the upload URL, not through the API."
        );
        Self::new("body-too-large", 413, "The body is too large.", detail)
    }

    /// The call sends something and has no idempotency key, or the header holds none.
    pub fn idempotency_key_required() -> Self {
        let detail = "Send a header Idempotency-Key with a new random value for every sending, such as a UUID: 1 to 255 visible ASCII characters.";
        Self::new(
            "idempotency-key-required",
            400,
            "The Idempotency-Key is missing or malformed.",
            detail,
        )
    }

    /// The same idempotency key came within a day with another body.
    pub fn idempotency_mismatch() -> Self {
        Self::new(
            "idempotency-mismatch",
            409,
            "This Idempotency-Key came before with other content.",
            "Use a new Idempotency-Key for another request, or repeat the same body.",
        )
    }

    /// Nothing of this id, or nothing that this practice may see.
    pub fn not_found() -> Self {
        let detail = "Check the id. Things of other practices are not found either.";
        Self::new("not-found", 404, "There is no such thing.", detail)
    }

    /// The key may not do this.
    pub fn missing_scope(scope: Scope) -> Self {
        let detail = format!("Use a key with the scope {}.", scope.name());
        Self::new("missing-scope", 403, "This key may not do that.", detail)
            .with("scope", scope.name())
    }

    /// Ours: something that we need did not answer. Carries no detail of the fault.
    pub fn unavailable() -> Self {
        let detail = "Nothing was changed or sent. Try again in a few minutes with the same Idempotency-Key.";
        Self::new(
            "unavailable",
            503,
            "The service cannot do this right now.",
            detail,
        )
    }

    /// The body of the answer.
    pub fn body(&self) -> Value {
        let mut body = json!({
            "type": format!("/problems/{}", self.kind),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        });
        if !self.errors.is_empty() {
            body["errors"] = json!(self.errors);
        }
        for (name, value) in &self.members {
            body[name] = value.clone();
        }
        body
    }
}
