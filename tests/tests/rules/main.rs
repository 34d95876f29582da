//! The rules of a delivery and of sending, end to end over HTTP, met at their boundary instants with a clock that stands still.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod closing;
mod life;
mod sending;
mod sessions;
mod superseding;

use serde_json::{Value, json};
use tests::{Sent, World};

/// A delivery of one document; `extra` replaces or adds fields.
pub(crate) async fn sent(world: &World, extra: Value) -> (String, Sent) {
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let sent = world.practice.send_with(&[&document], extra).await;
    (document, sent)
}

/// It opens nothing any more, and page and practice are told why.
pub(crate) async fn assert_closed(world: &World, sent: &Sent, reason: &str, said: &str) {
    let page = world.patient(sent).open().await;
    assert_eq!(page.status, 410, "{}", page.text());
    assert!(page.says(said), "{}", page.text());
    let shown = world.practice.shown(sent).await;
    assert_eq!(
        (&shown["state"], &shown["closed_because"]),
        (&json!("closed"), &json!(reason))
    );
}
