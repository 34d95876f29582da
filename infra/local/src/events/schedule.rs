//! The schedule, by the movable clock.

use std::time::{Duration, Instant};

use deliveries::Clock;
use serde_json::json;

use super::{PAUSE, call};
use crate::gateway::Callable;
use crate::servers::Stopping;
use crate::template::{ACCOUNT, REGION};

/// How long at most between two runs, whatever the template's rate: nobody wants to wait for a minute here.
const EVERY: Duration = Duration::from_secs(1);

/// Runs a function every second, and at once where the clock was moved, until the stack stops.
pub(crate) async fn run_schedule(id: String, callable: Callable, clock: Clock, stopping: Stopping) {
    let running = async {
        loop {
            let (started, hand) = (Instant::now(), clock.hand());
            let event = json!({
                "version": "0",
                "id": uuid::Uuid::new_v4().to_string(),
                "detail-type": "Scheduled Event",
                "source": "aws.events",
                "account": ACCOUNT,
                "time": clock.now().to_string(),
                "region": REGION,
                "resources": [],
                "detail": {},
            });
            if let Err(error) = call(&callable, event).await {
                tracing::error!(function = id, %error, "a scheduled run failed");
            }
            while started.elapsed() < EVERY && clock.hand() == hand {
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    tokio::select! {
        () = running => {}
        () = stopping.wait() => {}
    }
}
