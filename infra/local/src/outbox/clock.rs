//! The movable clock: its addresses, and its hand on disk.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use deliveries::{Clock, Hand};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Outbox, json_answer, problem};
use crate::files;

const EXPECTED: &str = "expected {\"advance_seconds\": a whole number} or {\"now\": \"2026-11-23T14:30:00Z\", \"stopped\": true or false}";

/// The clock of one stack, with the file that keeps its hand over a restart.
pub(crate) struct ClockFile {
    clock: Clock,
    path: PathBuf,
}

/// A hand as the file has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stored {
    Running(i64),
    Stopped(Timestamp),
}

impl ClockFile {
    /// Puts the hand where the last run left it.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let clock = Clock::system();
        if let Some(stored) = files::read_if_there(&path)? {
            clock.set(match serde_json::from_slice(&stored)? {
                Stored::Running(offset) => Hand::Running(offset),
                Stored::Stopped(at) => Hand::Stopped(at),
            });
        }
        Ok(Self { clock, path })
    }

    /// The clock itself, which the functions share.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    fn store(&self) -> io::Result<()> {
        let stored = match self.clock.hand() {
            Hand::Running(offset) => Stored::Running(offset),
            Hand::Stopped(at) => Stored::Stopped(at),
        };
        files::replace(&self.path, &serde_json::to_vec(&stored)?)
    }
}

/// What `POST /clock` may ask for.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    Advance(i64),
    Show { now: Timestamp, stopped: bool },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    advance_seconds: Option<i64>,
    now: Option<String>,
    stopped: Option<bool>,
}

impl Change {
    fn parse(body: &[u8]) -> Result<Self, String> {
        let body: Body =
            serde_json::from_slice(body).map_err(|error| format!("{EXPECTED}: {error}"))?;
        match body {
            Body {
                advance_seconds: Some(seconds),
                now: None,
                stopped: None,
            } => Ok(Self::Advance(seconds)),
            Body {
                advance_seconds: None,
                now: Some(now),
                stopped,
            } => Ok(Self::Show {
                now: Timestamp::parse(&now).map_err(|error| format!("now: {error}"))?,
                stopped: stopped.unwrap_or(false),
            }),
            _ => Err(EXPECTED.to_owned()),
        }
    }

    fn apply(&self, clock: &Clock) -> Result<(), String> {
        match *self {
            Self::Show { now, stopped } => clock.show(now, stopped),
            Self::Advance(seconds) => {
                let then = clock.now().seconds().saturating_add(seconds);
                let then = Timestamp::from_seconds(then)
                    .map_err(|_| "advance_seconds leaves the years 1970 to 9000")?;
                clock.set(match clock.hand() {
                    Hand::Running(offset) => Hand::Running(offset + seconds),
                    Hand::Stopped(_) => Hand::Stopped(then),
                });
            }
        }
        Ok(())
    }
}

pub(super) async fn read(outbox: State<Arc<Outbox>>) -> Response {
    shown(outbox.clock.clock())
}

pub(super) async fn change(outbox: State<Arc<Outbox>>, body: Bytes) -> Response {
    let clock = outbox.clock.clock();
    if let Err(detail) = Change::parse(&body).and_then(|change| change.apply(clock)) {
        return problem(StatusCode::BAD_REQUEST, &detail);
    }
    match outbox.clock.store() {
        Ok(()) => shown(clock),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn shown(clock: &Clock) -> Response {
    let stopped = matches!(clock.hand(), Hand::Stopped(_));
    json_answer(
        StatusCode::OK,
        &json!({"now": clock.now().to_string(), "stopped": stopped}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(json: &str) -> Result<Change, String> {
        Change::parse(json.as_bytes())
    }

    #[test]
    fn a_clock_is_moved_and_stopped_and_stays_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock.json");
        let file = ClockFile::open(path.clone()).unwrap();
        change(r#"{"now":"2027-01-01T00:00:00Z","stopped":true}"#)
            .unwrap()
            .apply(file.clock())
            .unwrap();
        change(r#"{"advance_seconds":3600}"#)
            .unwrap()
            .apply(file.clock())
            .unwrap();
        file.store().unwrap();

        let again = ClockFile::open(path.clone()).unwrap();
        assert_eq!(again.clock().now().to_string(), "2027-01-01T01:00:00Z");
        assert_eq!(again.clock().hand(), file.clock().hand());

        change(r#"{"now":"2027-01-01T00:00:00Z"}"#)
            .unwrap()
            .apply(again.clock())
            .unwrap();
        again.store().unwrap();
        assert!(matches!(
            ClockFile::open(path).unwrap().clock().hand(),
            Hand::Running(_)
        ));
    }

    #[test]
    fn a_running_clock_advances_by_what_was_asked() {
        let clock = Clock::system();
        change(r#"{"advance_seconds":86400}"#)
            .unwrap()
            .apply(&clock)
            .unwrap();
        change(r#"{"advance_seconds":-400}"#)
            .unwrap()
            .apply(&clock)
            .unwrap();
        assert_eq!(clock.hand(), Hand::Running(86_000));
    }

    #[test]
    fn bad_changes_say_what_is_expected() {
        for bad in [
            "",
            "{}",
            "[]",
            r#"{"advance_seconds":"1"}"#,
            r#"{"advance_seconds":1.5}"#,
            r#"{"advance_seconds":1,"now":"2027-01-01T00:00:00Z"}"#,
            r#"{"advance_seconds":1,"stopped":true}"#,
            r#"{"stopped":true}"#,
            r#"{"now":"2027-02-30T00:00:00Z"}"#,
            r#"{"now":"tomorrow"}"#,
        ] {
            let error = change(bad).unwrap_err();
            assert!(error.contains("expected"), "{bad}: {error}");
        }
        let clock = Clock::system();
        assert!(Change::Advance(i64::MAX).apply(&clock).is_err());
        assert!(Change::Advance(i64::MIN).apply(&clock).is_err());
        assert_eq!(clock.hand(), Hand::Running(0));
    }
}
