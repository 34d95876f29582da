//! What only time brings: small jobs, each of which can be repeated and does only so much at once.

use std::time::{Duration, Instant};

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
/// How much of what is due one run settles.
const ROWS: usize = 500;
/// From then on nothing further is settled, so that the other job has its time too; the schedule comes again.
const SETTLE_TIME: Duration = Duration::from_secs(8);

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
///
/// One that cannot be settled now keeps none behind it from being settled.
async fn settle(deps: &Deps, now: Timestamp) -> Result<(), Unavailable> {
    let began = Instant::now();
    let mut outcome = Ok(());
    for awaited in deps.store.due_audits(now, ROWS).await? {
        if began.elapsed() > SETTLE_TIME {
            break;
        }
        match deps.store.settle_audit(&awaited).await {
            Ok(Some(entry)) if entry.outcome == Outcome::Unknown => {
                // template.yaml counts these lines by their text (PendingDeliveries).
                tracing::warn!(
                    action = entry.action.name(),
                    "what was under way was left pending"
                );
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "an outcome could not be settled");
                outcome = Err(error.into());
            }
        }
    }
    outcome
}
