//! The function verify.
