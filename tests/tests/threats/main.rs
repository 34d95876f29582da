//! The threat table: an attack each, with the figure that is promised of it where `CI` is set, and with less where a person waits.
//!
//! What another target covers already is not here: T5 is in `canary`, T9 and the brute force of T4 in the code's hash, T11, T12 and T19 in `bad_input`, what T21 costs in `costs`, T18 in `tenancy`, T25 in `webhooks`.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod alternating;
mod clocks;
mod downloads;
mod floods;
mod forgery;
mod guesses;
mod leaks;
mod overreach;
mod parsers;
mod pumping;
mod reloads;
mod sessions;
mod table;
mod twice;
mod visitors;

use serde_json::json;
use tests::{Sent, World};

/// A world with the cheapest hashes, in which a patient may ask for a code this often.
pub(crate) async fn world(max_requests: u32) -> World {
    allowing(World::with_smallest_hashes().await, max_requests).await
}

/// The same without what follows each write, for very many of them.
pub(crate) async fn unaudited(max_requests: u32) -> World {
    allowing(World::feeding(&["Dispatch", "Notify"]).await, max_requests).await
}

async fn allowing(world: World, max_requests: u32) -> World {
    let allowed = json!({"self_service": {"allowed": true, "max_requests": max_requests}});
    let answer = world.practice.put("/v1/record-types/std", allowed).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    world
}

/// The path below the host that a link leads to.
pub(crate) fn path(sent: &Sent) -> String {
    format!("/d/{}", sent.link.rsplit('/').next().unwrap_or_default())
}
