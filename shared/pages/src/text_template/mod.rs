//! Text templates: a practice's wording of the e-mail and of the message, in the subset of `FreeMarker` that practices already use.
//!
//! A template is text with `${name}` and `<#if name?has_content>…<#else>…</#if>`; everything else that looks like `FreeMarker` is refused with line and column.
//! What may stand where is checked when a template is parsed (D9, D11), so whatever was parsed can be sent.
//! A variable that a place does not know has no value of that place's type: an e-mail template cannot hold the code (S4).
//! Turning a template and its values into an e-mail or a message is the task of `email` and `message`.

mod alphabet;
mod email;
mod error;
mod message;
mod parse;
mod paths;
mod telling;
mod tokens;
mod tree;
mod variable;
mod web_address;

pub use email::EmailTemplate;
pub use error::{Place, Reason, TemplateError};
pub use message::MessageTemplate;
pub use variable::{Variable, VariableEntry, variables};
pub use web_address::holds_web_address;

pub(crate) use tree::Said;
pub(crate) use variable::{BodyVariable, MessageVariable, SubjectVariable};
