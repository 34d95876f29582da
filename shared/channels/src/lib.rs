//! Sends e-mails, messages and webhooks, once, and says what became of them. What they say is rendered elsewhere.
//!
//! Nothing here prints an SDK input or error: both may hold the text of a message.

mod email;
mod sms;
mod threema;
mod tls;
mod webhook;

pub use email::{AttachedFile, Email, EmailChannel};
pub use sms::{Sms, SmsChannel};
pub use threema::ThreemaChannel;
pub use webhook::{Posted, WebhookChannel, WebhookRequest};

/// What became of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The provider took it; that is not yet delivered.
    Accepted {
        /// The provider's name of it.
        message_id: String,
    },
    /// The provider did not take it: nothing was sent.
    Refused {
        /// The provider's error code.
        reason: String,
    },
    /// Nobody can tell. It is never tried again by itself.
    Unknown,
}

/// What AWS's services say where a role lacks a permission.
const DENIED: [&str; 3] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
];

/// Tells the operator of a permission that is missing. AWS's own words stay out of the log: they may name a phone number.
fn tell_denied(action: &'static str, code: Option<&str>) {
    if let Some(code) = code.filter(|code| DENIED.contains(code)) {
        tracing::error!(
            action,
            code,
            "AWS denied it; check that the function's role may do this"
        );
    }
}

/// Tells a refusal of the action from an unknown fate: only a provider that answered with its own error certainly sent nothing.
///
/// An error of the 500s may have come after the effect.
macro_rules! fate {
    ($sdk:ident, $action:literal, $error:expr) => {{
        use $sdk::error::{ProvideErrorMetadata as _, SdkError};
        match &$error {
            SdkError::ServiceError(answered) if answered.raw().status().is_client_error() => {
                let code = answered.err().code();
                $crate::tell_denied($action, code);
                $crate::Sent::Refused {
                    reason: code.unwrap_or("refused").to_owned(),
                }
            }
            SdkError::ConstructionFailure(_) => $crate::Sent::Refused {
                reason: "invalid".to_owned(),
            },
            _ => $crate::Sent::Unknown,
        }
    }};
}
pub(crate) use fate;
