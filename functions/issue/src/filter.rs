//! Which deliveries a list is asked for.

use std::str::FromStr;

use domain::delivery::{Delivery, l8_state};
use domain::id::{DocumentId, RecordId};
use domain::symbols::Reference;
use domain::time::Timestamp;
use web::{Problem, Request};

/// The states that a list can be asked for.
const STATES: [&str; 5] = ["pending", "open", "opened", "closed", "sent"];

/// What the query asks for; what it leaves out is not asked for.
pub(crate) struct Filter {
    record: Option<RecordId>,
    document: Option<DocumentId>,
    state: Option<&'static str>,
    /// As a caller reads it out.
    pub(crate) reference: Option<Reference>,
}

impl Filter {
    pub(crate) fn read(request: &Request) -> Result<Self, Problem> {
        let state = |asked: &str| STATES.into_iter().find(|state| *state == asked);
        Ok(Self {
            record: asked(request, "record", id, "the id of a record")?,
            document: asked(request, "document", id, "the id of a document")?,
            state: asked(
                request,
                "state",
                state,
                "pending, open, opened, closed or sent",
            )?,
            reference: asked(
                request,
                "reference",
                Reference::read,
                "a reference as e-mail and page show it, such as XXXX-XXXX",
            )?,
        })
    }

    /// Whether this delivery is asked for now.
    pub(crate) fn takes(&self, delivery: &Delivery, now: Timestamp) -> bool {
        let documents = &delivery.documents;
        let state = l8_state(delivery, false, now).name();
        self.record.as_ref().is_none_or(|id| *id == delivery.record)
            && self
                .document
                .as_ref()
                .is_none_or(|id| documents.contains(id))
            && self.state.is_none_or(|asked| asked == state)
    }
}

fn id<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn asked<T>(
    request: &Request,
    name: &str,
    read: impl Fn(&str) -> Option<T>,
    expected: &str,
) -> Result<Option<T>, Problem> {
    let Some(text) = request.query(name) else {
        return Ok(None);
    };
    let value = read(text).ok_or_else(|| Problem::invalid_query(name, expected))?;
    Ok(Some(value))
}
