//! The clock that every rule is judged by.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::time::Timestamp;

/// Tells the time: the system's, or one that the local stack moves. Clones of a clock move together.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Mutex<Hand>>);

/// How a clock's time follows from the system's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// The system's time and this many seconds.
    Running(i64),
    /// Stands still at this point in time, so that a test can meet an instant exactly.
    Stopped(Timestamp),
}

impl Default for Hand {
    fn default() -> Self {
        Self::Running(0)
    }
}

impl Clock {
    /// The system's clock, which nothing moves on Lambda.
    pub fn system() -> Self {
        Self::default()
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        match self.hand() {
            Hand::Running(offset) => system_now().plus(offset),
            Hand::Stopped(at) => at,
        }
    }

    /// Where the hand is, so that the local stack can keep it over a restart.
    pub fn hand(&self) -> Hand {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the hand elsewhere.
    pub fn set(&self, hand: Hand) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = hand;
    }

    /// Makes the clock show `now`, running or stopped.
    pub fn show(&self, now: Timestamp, stopped: bool) {
        self.set(if stopped {
            Hand::Stopped(now)
        } else {
            Hand::Running(now.seconds() - system_now().seconds())
        });
    }
}

fn system_now() -> Timestamp {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs());
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_seconds(seconds).ok())
        .unwrap_or(Timestamp::EPOCH)
}
