//! What can go wrong between us and the table.

use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// The table did not answer, refused, or holds something that this version does not know.
///
/// Never carries an item: items hold personal data.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing is known of the effect.
    #[error("DynamoDB did not do {operation}: {reason}")]
    Unavailable {
        /// Which call.
        operation: &'static str,
        /// The service's error code, or what kept us from hearing one.
        reason: String,
    },
    /// An item of another version, or one that nobody of ours wrote.
    #[error(
        "an item of the table cannot be read ({0}); is a newer version of the functions deployed beside this one?"
    )]
    Unreadable(&'static str),
    /// Others changed the same items again and again, or more was written than the table takes.
    #[error("the table's items changed too often in between, or it takes no more at the moment")]
    Contention,
}

impl StoreError {
    pub(crate) fn unavailable<E: ProvideErrorMetadata, R>(
        operation: &'static str,
    ) -> impl Fn(SdkError<E, R>) -> Self {
        move |error| match error.code() {
            Some("TransactionConflictException") => Self::Contention,
            _ => Self::Unavailable {
                operation,
                reason: Reason(&error).to_string(),
            },
        }
    }
}

/// Says what happened without the SDK's own words, which may quote the request.
struct Reason<'a, E, R>(&'a SdkError<E, R>);

impl<E: ProvideErrorMetadata, R> fmt::Display for Reason<'_, E, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            SdkError::ServiceError(error) => match error.err().code() {
                Some("AccessDeniedException") => {
                    "AccessDeniedException; check that the function's role may do this to the items' partitions, and use the table's key"
                }
                code => code.unwrap_or("an error without a code"),
            },
            SdkError::TimeoutError(_) => "no answer in time",
            SdkError::DispatchFailure(_) => "no connection",
            SdkError::ResponseError(_) => "an answer that cannot be read",
            _ => "the request could not be made",
        })
    }
}
