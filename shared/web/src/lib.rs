//! HTTP as the functions speak it: API Gateway's events (payload format 2.0) in and out, problems, cookies, security headers.
//!
//! The only place that knows what an event looks like. Nothing here builds a link: a request's own host and scheme are never looked at.

mod front;
mod problem;
mod request;
mod response;

pub use front::{FRONT_SECRET, Front};
pub use problem::{FieldError, Problem};
pub use request::{BadEvent, Caller, LARGEST_FORM, LARGEST_JSON, Request};
pub use response::{Response, expired_cookie, lax_cookie, strict_cookie};
