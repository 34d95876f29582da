//! The practice of a local stack, made as an operator makes one, and a key to it.

use crate::{Error, Stack};

/// The id of the practice; the same in every run.
pub const PRACTICE: &str = "praxis-am-park";

/// Makes the practice where it does not exist, with no caps and any sender, and a new key with every scope.
pub async fn ensure(stack: &Stack) -> Result<String, Error> {
    let _ = stack.environment();
    Err(Error::Practice("not wired yet".to_owned()))
}
