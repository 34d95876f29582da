//! Why a run was not started, cancelled or taken up again, with its stable type and its remedy.

use deliveries::RunError;
use problems::{spoken_in_run, unavailable};
use serde_json::json;
use web::{FieldError, Problem};

/// Every way in which nothing was changed.
pub(crate) fn run_problem(error: RunError) -> Problem {
    match error {
        RunError::Refused { spoken, doubles } => refused(&spoken, &doubles),
        RunError::Mismatch => Problem::idempotency_mismatch(),
        RunError::NoSuchRun => Problem::not_found(),
        RunError::Ended => Problem::new(
            "run-ended",
            409,
            "The run has come to its end.",
            "Nothing was changed: there is nothing left to cancel. Open deliveries can be revoked with DELETE /v1/deliveries/{id}.",
        ),
        RunError::UnderWay => Problem::new(
            "run-under-way",
            409,
            "The run has not come to its end.",
            "Nothing was changed. Ask GET /v1/invoice-runs/{id} until finished_at is there, or cancel the run first.",
        ),
        RunError::NothingToRetry => Problem::new(
            "nothing-to-retry",
            409,
            "No item of the run is in this state.",
            "Nothing was changed. See counts of GET /v1/invoice-runs/{id}.",
        ),
        RunError::Unavailable(error) => unavailable(&error),
    }
}

/// Both kinds are pointed at together; what could not be sent at all gives the type.
fn refused(spoken: &[usize], doubles: &[usize]) -> Problem {
    let double = || {
        Problem::new(
            "double-in-run",
            422,
            "The run has the same document for the same recipient twice.",
            "Nothing was sent. Leave out the items named in errors: each has an item before it with the same document and recipient.",
        )
    };
    let problem = if spoken.is_empty() {
        double()
    } else {
        spoken_in_run()
    };
    let kinds: Vec<&str> = [
        (!spoken.is_empty()).then_some(spoken_in_run().kind),
        (!doubles.is_empty()).then_some(double().kind),
    ]
    .into_iter()
    .flatten()
    .collect();
    let at = |items: &[usize], field: &str, detail: &str| -> Vec<FieldError> {
        let errors = items
            .iter()
            .map(|item| FieldError::new(&format!("/items/{item}{field}"), detail));
        errors.collect()
    };
    let spoken = at(
        spoken,
        "/channel",
        "expected a channel that needs nobody to speak the code",
    );
    let doubles = at(
        doubles,
        "",
        "expected every document and recipient together once",
    );
    problem
        .with("problems", json!(kinds))
        .at([spoken, doubles].concat())
}
