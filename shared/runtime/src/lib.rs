//! How a function lives on Lambda: its environment, its AWS clients, its logs and the loop that feeds it.
//!
//! The local stack uses the same pieces, so that what runs there is what is shipped.

mod aws;
mod environment;
mod function;
mod logging;

pub use aws::Aws;
pub use environment::{Environment, MissingSettings, Reader};
pub use function::{Error, Function, event_function, front, http_function, run};
pub use logging::start_logging;
