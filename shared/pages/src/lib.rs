//! Patient pages, e-mails and messages, in every language.
//!
//! Each function takes what there is to say and returns it complete; nothing here asks whether it may be said.
//! Sending is the crate `channels`, headers and status codes are the crate `web`.

mod closed;
mod code;
mod colours;
mod documents;
mod email;
mod format;
mod frame;
mod message;
mod not_mine;
mod notices;
mod policy;
mod report;
mod script;
mod sheet;
mod state;
mod text_template;
mod texts;

pub use closed::{ClosedPage, closed_page};
pub use code::{CodePage, EntryNote, SelfServiceButton, code_page};
pub use documents::{DocumentsNote, DocumentsPage, documents_page, file_name};
pub use email::{AttachedEmail, DeliveryEmail, EmailText, attached_email};
pub use frame::{Frame, Rendered};
pub use message::{DeliveryMessage, MessageTooLong};
pub use not_mine::{NotMinePage, not_mine_page, thanks_page};
pub use notices::{fault_page, pending_page, privacy_page, unknown_page};
pub use report::{Report, report};
pub use state::PageState;
pub use text_template::{
    EmailTemplate, MessageTemplate, Place, Reason, TemplateError, Variable, VariableEntry,
    holds_web_address, variables,
};
