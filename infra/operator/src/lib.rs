//! What an operator does: makes practices, disables and erases them, makes and revokes their API keys, watches their invoice runs, looks after the HMAC keys, and makes restored tables safe.
//!
//! There is no public route for any of this.

mod erase;
mod keys;
mod practices;
mod restore;
mod watch;

use domain::access::{ApiKey, Scope};
use domain::audit::Actor;
use domain::hashed::ApiKeyHash;
use domain::id::{PracticeId, RunId};
use domain::practice::{Limits, LimitsChange, Settings};
use domain::text::Line;
use domain::time::Timestamp;
use secrets::{ApiKeySecret, draw_op};
use store::{Store, StoreError};

pub use erase::{Erased, Step, Traces, Whole, erase, traces};
pub use keys::{KeyUse, KeyUses, reseal_webhooks, survey_keys};
pub use practices::{PracticeNow, practice_now, practices};
pub use restore::{
    ClosedCounts, MissingSetting, TableSettings, close_restored, missing_settings, table_settings,
};
pub use watch::{RunEnding, done, ending, said, watch_run};

/// Why a command did nothing, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The id is taken.
    #[error(
        "there already is a practice {0}; nothing was changed. Make a further key with: operator key create {0} --label …"
    )]
    PracticeExists(PracticeId),
    /// Nobody has made the practice.
    #[error("there is no practice {0}; make it with: operator practice create {0} --name …")]
    NoSuchPractice(PracticeId),
    /// No key, or more than one, begins like that.
    #[error("no single key of {0} begins with {1}; see: operator key list {0}")]
    NoSuchKey(PracticeId, String),
    /// No run of the practice has this id.
    #[error("there is no run {1} of {0}; runs are forgotten some months after they were made")]
    NoSuchRun(PracticeId, RunId),
    /// The table.
    #[error("{0}. Check the table's name, the region and your permissions")]
    Store(#[from] StoreError),
    /// The generator.
    #[error(transparent)]
    Draw(#[from] secrets::DrawError),
    /// What AWS says of the table's settings.
    #[error(
        "DynamoDB did not do {operation}: {reason}. Check the table's name, the region and your permissions"
    )]
    Settings {
        /// Which call.
        operation: &'static str,
        /// The service's error code.
        reason: String,
    },
    /// A prefix that could be many keys'.
    #[error(
        "{0} is too short to say which key is meant: name 8 or more characters of its hash, as `operator key list` shows them"
    )]
    ShortKey(String),
    /// What is to be erased was not named twice.
    #[error("nothing was changed: --confirm must say {0} once more")]
    NotConfirmed(String),
    /// A table in use must not be closed by mistake.
    #[error(
        "AWS does not say that {0} was restored from a backup, so nothing was changed. If it holds restored data all the same, add --any-table; every delivery in it will be closed for good"
    )]
    NotRestored(String),
    /// The restore is not over.
    #[error(
        "{0} is still being restored; wait until `aws dynamodb describe-table` says ACTIVE, and run this again"
    )]
    BeingRestored(String),
    /// The bucket was not named.
    #[error(
        "say which bucket, with --bucket or ZWEIWEG_BUCKET: output DocumentsBucketName of the stack; nothing was changed"
    )]
    NoBucket,
    /// The bucket.
    #[error(
        "{0}. Check --bucket, the region and your permissions; what was deleted stays deleted, run this again"
    )]
    Documents(#[from] documents::DocumentsError),
    /// KMS.
    #[error("{0}. Your own permissions are what counts here")]
    Key(#[from] secrets::KeyError),
    /// The secret of a webhook.
    #[error("{0}. Name every key in --lookup-keys that `operator keys status` shows")]
    Seal(#[from] secrets::SealError),
}

/// Makes a practice that has said nothing but its name.
pub async fn create_practice(
    store: &Store,
    id: &PracticeId,
    name: Line,
    limits: &Limits,
    now: Timestamp,
) -> Result<(), OperatorError> {
    let op = draw_op(Actor::Operator, now)?;
    if store
        .create_practice(id, &Settings::named(name), limits, &op)
        .await?
    {
        Ok(())
    } else {
        Err(OperatorError::PracticeExists(id.clone()))
    }
}

/// L7: disables a practice, or enables it again.
///
/// Keys of a disabled practice are refused and its deliveries count as revoked, both from the next request on; nothing is deleted.
pub async fn set_disabled(
    store: &Store,
    practice: &PracticeId,
    is_disabled: bool,
    now: Timestamp,
) -> Result<(), OperatorError> {
    let op = draw_op(Actor::Operator, now)?;
    if store.set_disabled(practice, is_disabled, &op).await? {
        Ok(())
    } else {
        Err(OperatorError::NoSuchPractice(practice.clone()))
    }
}

/// D4: changes what the practice may do at most, from the next request on, and says what it may do now.
///
/// The practice's own caps, and its sender, stay as it set them; what is above or beside these limits is not used.
pub async fn change_limits(
    store: &Store,
    practice: &PracticeId,
    change: &LimitsChange,
    now: Timestamp,
) -> Result<Limits, OperatorError> {
    let op = draw_op(Actor::Operator, now)?;
    let changed = store.change_limits(practice, change, &op).await?;
    changed.ok_or_else(|| OperatorError::NoSuchPractice(practice.clone()))
}

/// Makes a key. It is shown once: the table holds its hash alone.
pub async fn create_key(
    store: &Store,
    practice: &PracticeId,
    label: Line,
    scopes: Vec<Scope>,
    now: Timestamp,
) -> Result<ApiKeySecret, OperatorError> {
    if store.settings(practice).await?.is_none() {
        return Err(OperatorError::NoSuchPractice(practice.clone()));
    }
    let secret = ApiKeySecret::draw(practice)?;
    let key = ApiKey {
        practice: practice.clone(),
        label,
        scopes,
        created_at: now,
        revoked_at: None,
    };
    let op = draw_op(Actor::Operator, now)?;
    store.add_api_key(&secret.hash(), &key, &op).await?;
    Ok(secret)
}

/// Revokes the key whose hash begins like this, as `operator key list` shows it; it stops working with the next request.
pub async fn revoke_key(
    store: &Store,
    practice: &PracticeId,
    prefix: &str,
    now: Timestamp,
) -> Result<(), OperatorError> {
    let keys = store.api_keys(practice).await?;
    let matching: Vec<&ApiKeyHash> = keys
        .iter()
        .map(|(hash, _)| hash)
        .filter(|hash| hash.as_str().starts_with(prefix))
        .collect();
    match matching.as_slice() {
        [only] if prefix.len() >= 8 => {
            let op = draw_op(Actor::Operator, now)?;
            Ok(store.revoke_api_key(practice, only, &op).await?)
        }
        _ => Err(OperatorError::NoSuchKey(
            practice.clone(),
            prefix.to_owned(),
        )),
    }
}
