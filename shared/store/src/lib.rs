//! The one table: every atomic fact is one method.
