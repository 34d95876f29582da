//! The Lambda function `dispatch`: reads its environment, makes its clients once, and runs.

use deliveries::Clock;
use runtime::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let environment = Environment::process();
    runtime::start_logging(&environment);
    runtime::run(dispatch::function(&environment, Clock::system())?).await
}
