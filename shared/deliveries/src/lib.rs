//! The use cases: send, enter a code, list, download, revoke, run.
//!
//! Each is a few steps over the table, the bucket, the keys and the channels, and ends in an outcome that the handlers turn into an answer.
//! Rules are asked of `domain`; nothing here knows HTTP.

mod changed_addresses;
mod clock;
mod compose;
mod dispatch;
mod enter;
mod error;
mod find;
mod hashing;
mod messengers;
mod new_code;
mod own;
mod plan;
mod present;
mod preview;
mod read;
mod request_code;
mod runs;
mod send;
mod tell;
mod uploads;
mod warnings;
mod webhooks;
mod withdraw;

pub use changed_addresses::deliveries_to_changed_addresses;
pub use clock::{Clock, Hand};
pub use compose::InvalidTemplate;
pub use dispatch::Dispatch;
pub use enter::{EnterCode, EntryOutcome, Opened, ReportOutcome};
pub use error::Unavailable;
pub use find::{Found, session_cookie_name};
pub use hashing::Hashing;
pub use messengers::Messengers;
pub use new_code::NewCodeOutcome;
pub use preview::{DraftRequest, MessagePreview, Preview, PreviewOpens};
pub use read::{DownloadOutcome, Entered, Listing, ReadDocuments};
pub use request_code::{RequestCode, RequestOutcome};
pub use runs::{RetryRequest, RunError, RunItemNow, RunRequest, Runs};
pub use send::{
    MessageSent, Once, Opens, SendDelivery, SendError, SendRequest, SentDelivery, idempotency_key,
};
pub use tell::Tell;
pub use uploads::{look_at_uploads, settle_uploads};
pub use warnings::Warning;
pub use webhooks::{WebhookMessage, post_webhook};
pub use withdraw::{delete_document, erase_record};
