//! The function issue.
