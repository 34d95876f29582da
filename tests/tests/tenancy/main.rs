//! T16, T18, T26: a practice and its keys reach what is theirs, and nothing else is there for them.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

mod calls;
mod keys;
mod patients;
mod practices;
mod routes;
mod tenants;
