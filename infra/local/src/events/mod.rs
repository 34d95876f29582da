//! Events that nobody asks for: the table's stream and the schedule, fed to functions as Lambda feeds them.

mod bus;
mod filter;
mod schedule;
mod stream;

use std::time::Duration;

use runtime::Error as FunctionError;
use serde_json::Value;

pub(crate) use bus::{Bus, Listener};
pub(crate) use filter::Filter;
pub(crate) use schedule::run_schedule;
pub(crate) use stream::{Failures, Position, Stream};

use crate::gateway::Callable;

/// How often is looked for something to do.
const PAUSE: Duration = Duration::from_millis(100);

/// One run of a function, within its time limit; a panic ends the run alone.
async fn call(callable: &Callable, event: Value) -> Result<Value, FunctionError> {
    let run = tokio::spawn((callable.function)(event));
    let abort = run.abort_handle();
    match tokio::time::timeout(callable.timeout, run).await {
        Ok(ended) => ended?,
        Err(late) => {
            abort.abort();
            Err(late.into())
        }
    }
}
