//! The practice of a local stack, made as an operator makes one, and a key to it.

use domain::access::Scope;
use domain::id::PracticeId;
use domain::practice::Limits;
use domain::text::Line;
use operator::{OperatorError, create_key, create_practice};
use runtime::Aws;
use store::Store;

use crate::{Error, Stack};

/// The id of the practice; the same in every run.
pub const PRACTICE: &str = "praxis-am-park";

/// Makes the practice where it does not exist, with no caps and any sender, and a new key with every scope.
///
/// Keys of earlier runs go on working.
pub async fn ensure(stack: &Stack) -> Result<String, Error> {
    make(stack, PRACTICE).await
}

/// The same for a practice of another id.
pub async fn make(stack: &Stack, practice: &str) -> Result<String, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Practice(error.to_string());
    let practice: PracticeId = practice.parse().map_err(|error| failed(&error))?;
    let environment = stack.environment();
    let table = environment
        .read(|get| get.text("TABLE"))
        .map_err(|error| failed(&error))?;
    let aws = Aws::new(environment).map_err(|error| failed(&error))?;
    let store = Store::new(aws.dynamodb(), table);
    let name = Line::try_from("Praxis am Park".to_owned()).map_err(|error| failed(&error))?;
    let now = stack.clock().now();
    match create_practice(&store, &practice, name.clone(), &Limits::default(), now).await {
        Ok(()) | Err(OperatorError::PracticeExists(_)) => {}
        Err(error) => return Err(failed(&error)),
    }
    let key = create_key(
        &store,
        &practice,
        name,
        Scope::ALL.to_vec(),
        stack.clock().now(),
    )
    .await;
    key.map(|key| key.expose().to_owned())
        .map_err(|error| failed(&error))
}
