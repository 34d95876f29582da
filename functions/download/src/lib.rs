//! The function download.
