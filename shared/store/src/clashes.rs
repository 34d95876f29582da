//! Writes that meet somebody else's transaction, or more than the table takes at the moment: they are tried again a little later.
//!
//! Such an answer says that nothing was written, so that another try counts nothing twice.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;

use crate::item::Item;

/// How often a write is tried in all.
const TRIES: u32 = 3;
/// About how long is waited before the second try; before the third, twice as long.
const PAUSE: Duration = Duration::from_millis(50);

/// What kept a transaction from being written: a condition of it did not hold.
#[derive(Debug)]
pub(crate) struct Refused(Vec<CancellationReason>);

impl Refused {
    /// Whether it was the condition of the write at this place.
    pub(crate) fn is_by(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(is_condition)
    }

    /// The items that were in the way, of writes that ask for them.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.0.iter().filter_map(|reason| reason.item.as_ref())
    }
}

/// Which condition cancelled a transaction, if one did.
pub(crate) fn refusal(error: &TransactWriteItemsError) -> Option<Refused> {
    let reasons = reasons(error);
    reasons
        .iter()
        .any(is_condition)
        .then(|| Refused(reasons.to_vec()))
}

/// Whether a transaction was cancelled by what passes by itself. Where a condition did not hold as well, that is the answer.
pub(crate) fn is_clash(error: &TransactWriteItemsError) -> bool {
    let passes = |reason: &CancellationReason| {
        matches!(
            reason.code(),
            Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
        )
    };
    let reasons = reasons(error);
    reasons.iter().any(passes) && !reasons.iter().any(is_condition)
}

fn reasons(error: &TransactWriteItemsError) -> &[CancellationReason] {
    match error {
        TransactWriteItemsError::TransactionCanceledException(canceled) => {
            canceled.cancellation_reasons()
        }
        _ => &[],
    }
}

fn is_condition(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// Sends a write, and again where it clashed with another.
pub(crate) async fn send_through<T, E, R, Sent>(
    send: impl Fn() -> Sent,
    is_clash: impl Fn(&E) -> bool,
) -> Result<T, SdkError<E, R>>
where
    Sent: Future<Output = Result<T, SdkError<E, R>>>,
{
    // Boxed, for the SDK's futures are nested deeply, and these lie within many more.
    for tried in 1..TRIES {
        match Box::pin(send()).await {
            Err(error) if error.as_service_error().is_some_and(&is_clash) => {
                tokio::time::sleep(pause(tried)).await;
            }
            answer => return answer,
        }
    }
    Box::pin(send()).await
}

/// From half to one and a half times the pause, so that those who met do not meet again.
fn pause(tried: u32) -> Duration {
    let about = PAUSE * tried;
    // Without a random number they may meet once more.
    let part = getrandom::u32().unwrap_or_default() % 1_024;
    about / 2 + about * part / 1_024
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use aws_sdk_dynamodb::types::error::TransactionCanceledException;

    use super::*;

    fn canceled(codes: &[&str]) -> TransactWriteItemsError {
        let mut canceled = TransactionCanceledException::builder();
        for code in codes {
            let reason = CancellationReason::builder().code(*code).build();
            canceled = canceled.cancellation_reasons(reason);
        }
        TransactWriteItemsError::TransactionCanceledException(canceled.build())
    }

    #[test]
    fn only_what_passes_by_itself_is_a_clash_and_a_condition_is_an_answer_wherever_it_stands() {
        for clash in [
            "TransactionConflict",
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
        ] {
            for codes in [[clash, "None"], ["None", clash]] {
                assert!(is_clash(&canceled(&codes)), "{codes:?}");
                assert!(refusal(&canceled(&codes)).is_none(), "{codes:?}");
            }
            let both = canceled(&[clash, "ConditionalCheckFailed"]);
            assert!(!is_clash(&both));
            let refused = refusal(&both).expect("a refusal");
            assert_eq!([refused.is_by(0), refused.is_by(1)], [false, true]);
            assert!(!refused.is_by(2), "there is no third write");
        }
        for code in ["None", "ValidationError", "ItemCollectionSizeLimitExceeded"] {
            assert!(!is_clash(&canceled(&[code])), "{code}");
            assert!(refusal(&canceled(&[code])).is_none(), "{code}");
        }
    }

    #[tokio::test]
    async fn f_v5_a_clash_is_tried_three_times_in_all_and_everything_else_once() {
        for (codes, clashes, tried, is_written) in [
            (["TransactionConflict"], 1, 2, true),
            (["TransactionConflict"], 2, 3, true),
            (["ThrottlingError"], 9, 3, false),
            (["ConditionalCheckFailed"], 9, 1, false),
        ] {
            let tries = Cell::new(0);
            let send = async || {
                tries.set(tries.get() + 1);
                if tries.get() > clashes {
                    Ok(())
                } else {
                    Err(SdkError::service_error(canceled(&codes), ()))
                }
            };
            let answer = send_through(send, is_clash).await;
            assert_eq!(
                (tries.get(), answer.is_ok()),
                (tried, is_written),
                "{codes:?}"
            );
        }
    }

    #[test]
    fn pauses_differ_and_stay_short() {
        let pauses: Vec<Duration> = (0..100).map(|_| pause(2)).collect();
        assert!(
            pauses
                .iter()
                .all(|pause| (PAUSE..3 * PAUSE).contains(pause))
        );
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }
}
