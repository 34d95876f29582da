//! Bad input: whatever a practice's program, a browser or an attacker sends gets an answer that says what to do, and leaves no trace.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod api;
mod bodies;
mod codes;
mod cookies;
mod deliveries;
mod documents;
mod fields;
mod forms;
mod headers;
mod impossible;
mod links;
mod missing;
mod names;
mod payloads;
mod queries;
mod values;
mod visit;
mod wire;
