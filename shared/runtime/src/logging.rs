//! Structured logs, one JSON object a line, on standard error.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::environment::Environment;

/// The crates whose lines are written. Libraries are not among them: the AWS SDK writes whole requests at its lower levels, with the texts of messages.
const OURS: [&str; 20] = [
    "authorize",
    "channels",
    "deliveries",
    "dispatch",
    "documents",
    "download",
    "feedback",
    "invoice_run",
    "issue",
    "local",
    "manage",
    "notify",
    "problems",
    "request_code",
    "runtime",
    "secrets",
    "store",
    "verify",
    "visits",
    "web",
];

/// Starts logging at `LOG_LEVEL` (`error`, `warn`, `info`, `debug`, `trace`; `info` if unset), pinned in code to our own crates: no variable makes a library talk.
///
/// A second call changes nothing.
pub fn start_logging(environment: &Environment) {
    let level = environment
        .optional("LOG_LEVEL")
        .and_then(|level| level.parse().ok())
        .unwrap_or(LevelFilter::INFO);
    let ours = OURS.into_iter().map(|name| (name, level));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr);
    let started = tracing_subscriber::registry()
        .with(lines)
        .with(Targets::new().with_targets(ours))
        .try_init();
    drop(started);
}
