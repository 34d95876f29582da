//! The account's event bus: gives what happens to every function that has a rule for it.

use serde_json::Value;

use super::{Filter, call};
use crate::gateway::Callable;

/// The functions with rules.
#[derive(Default)]
pub(crate) struct Bus(Vec<Listener>);

/// A function and what it wants to hear of.
pub(crate) struct Listener {
    /// The function's logical id.
    pub(crate) id: String,
    pub(crate) callable: Callable,
    pub(crate) rules: Vec<Filter>,
}

impl Bus {
    /// To these functions.
    pub(crate) fn new(listeners: Vec<Listener>) -> Self {
        Self(listeners)
    }

    /// Waits until every function that wants to hear of it is done with it. A failure is logged and not tried again.
    pub(crate) async fn put(&self, event: &Value) {
        for listener in &self.0 {
            let is_meant = listener.rules.iter().any(|rule| rule.takes(event));
            if is_meant && let Err(error) = call(&listener.callable, event.clone()).await {
                tracing::error!(function = listener.id, %error, "the function failed");
            }
        }
    }
}
