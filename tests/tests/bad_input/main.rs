//! Bad input: whatever a practice's program, a browser or an attacker sends gets an answer that says what to do, and leaves no trace.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod api;
mod bodies;
mod fields;
