//! What only time brings: small jobs, each of which can be repeated and does only so much at once.

use deliveries::Unavailable;
use domain::audit::Outcome;
use domain::time::Timestamp;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use runtime::Error;

use crate::Deps;

/// One of the schedule's jobs.
type Job = for<'a> fn(&'a Deps, Timestamp) -> BoxFuture<'a, Result<(), Unavailable>>;

/// Everything that the schedule does, with the names that logs have.
const JOBS: [(&str, Job); 2] = [
    ("settle", |deps, now| settle(deps, now).boxed()),
    ("tell", |deps, _| deps.tell.work_off().boxed()),
];
/// How many pages of what is due one run settles.
const PAGES: usize = 20;

/// Runs every job; one that fails keeps none of the others from running.
pub(crate) async fn run(deps: &Deps) -> Result<(), Error> {
    let now = deps.clock.now();
    let mut outcome = Ok(());
    for (name, job) in JOBS {
        if let Err(error) = job(deps, now).await {
            tracing::error!(job = name, %error, "a scheduled job failed");
            outcome = Err(error.into());
        }
    }
    outcome
}

/// L4, D10, L6: what was under way and has no outcome by now gets the one that the rules say.
async fn settle(deps: &Deps, now: Timestamp) -> Result<(), Unavailable> {
    for _ in 0..PAGES {
        let due = deps.store.due_audits(now).await?;
        if due.is_empty() {
            return Ok(());
        }
        for awaited in due {
            let kept = deps.store.settle_audit(&awaited).await?;
            if let Some(entry) = kept.filter(|entry| entry.outcome == Outcome::Unknown) {
                // template.yaml counts these lines by their text (PendingDeliveries).
                tracing::warn!(
                    action = entry.action.name(),
                    "what was under way was left pending"
                );
            }
        }
    }
    Ok(())
}
