//! The use cases: send, enter a code, list, download, revoke.
