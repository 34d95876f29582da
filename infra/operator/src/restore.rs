//! After a table was restored from a backup: what of its settings is missing, and making its content safe before anybody uses it.
//!
//! What ended, was spent, withdrawn or erased after the backup is in the restored table as it was before.
//! Nobody can tell what that was, so nothing of it counts: every delivery is closed, every key revoked, every practice disabled, every run gone.
//! Each is written as the fact that it would be written as anyway, so that no function needs to know of a restore.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::{
    BillingMode, ContinuousBackupsStatus, PointInTimeRecoveryStatus, SseStatus, StreamViewType,
    TimeToLiveStatus,
};
use domain::audit::Actor;
use domain::time::Timestamp;
use futures::{TryStreamExt as _, stream};
use secrets::draw_op;
use store::{Closed, Store, Survey};

use crate::OperatorError;

/// How many rows are written at once.
const AT_ONCE: usize = 16;
/// How long backups are kept, in days: as `template.yaml` says.
const RECOVERY_DAYS: i32 = 7;

/// What was made safe, with how many there were of each.
pub type ClosedCounts = BTreeMap<Closed, usize>;

/// What a table's settings are.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own, as AWS has it"
)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableSettings {
    /// When it was restored, if it was.
    pub restored_at: Option<Timestamp>,
    /// Whether it is still being restored.
    pub is_being_restored: bool,
    /// Whether its stream has both images.
    pub has_stream: bool,
    /// Whether `ttl` tidies up.
    pub has_expiry: bool,
    /// For how many days it can be restored; `None` if not at all.
    pub recovery_days: Option<i32>,
    /// Whether it is protected from being deleted.
    pub is_protected: bool,
    /// Whether it lies encrypted under a key of the account.
    pub has_own_key: bool,
    /// Whether each request is paid for, and none is reserved.
    pub is_on_demand: bool,
}

/// A setting that a restored table lacks, and the command that sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingSetting {
    /// What is missing and why it matters.
    pub what: &'static str,
    /// What to run.
    pub command: String,
}

/// Reads what AWS says of the table.
pub async fn table_settings(
    dynamodb: &Client,
    table: &str,
) -> Result<TableSettings, OperatorError> {
    let failed = |operation: &'static str, code: Option<&str>| OperatorError::Settings {
        operation,
        reason: code.unwrap_or("no answer").to_owned(),
    };
    let described = dynamodb.describe_table().table_name(table).send().await;
    let described = described.map_err(|error| failed("DescribeTable", error.code()))?;
    let expiry = dynamodb.describe_time_to_live().table_name(table).send();
    let expiry = expiry
        .await
        .map_err(|error| failed("DescribeTimeToLive", error.code()))?;
    let backups = dynamodb
        .describe_continuous_backups()
        .table_name(table)
        .send();
    let backups = backups
        .await
        .map_err(|error| failed("DescribeContinuousBackups", error.code()))?;
    let table = described
        .table
        .ok_or_else(|| failed("DescribeTable", Some("no table in the answer")))?;
    let restored = table.restore_summary();
    let stream = table.stream_specification();
    let backups = backups
        .continuous_backups_description
        .filter(|all| all.continuous_backups_status == ContinuousBackupsStatus::Enabled);
    let recovery = backups.and_then(|all| all.point_in_time_recovery_description);
    let recovery = recovery.filter(|recovery| {
        recovery.point_in_time_recovery_status == Some(PointInTimeRecoveryStatus::Enabled)
    });
    let expiry = expiry.time_to_live_description;
    Ok(TableSettings {
        restored_at: restored
            .and_then(|restored| Timestamp::from_seconds(restored.restore_date_time.secs()).ok()),
        is_being_restored: restored.is_some_and(|restored| restored.restore_in_progress),
        has_stream: stream.is_some_and(|stream| {
            stream.stream_enabled
                && stream.stream_view_type == Some(StreamViewType::NewAndOldImages)
        }),
        has_expiry: expiry.is_some_and(|expiry| {
            expiry.time_to_live_status == Some(TimeToLiveStatus::Enabled)
                && expiry.attribute_name.as_deref() == Some("ttl")
        }),
        recovery_days: recovery
            .map(|recovery| recovery.recovery_period_in_days.unwrap_or_default()),
        is_protected: table.deletion_protection_enabled == Some(true),
        has_own_key: table
            .sse_description()
            .is_some_and(|key| key.status == Some(SseStatus::Enabled)),
        is_on_demand: table
            .billing_mode_summary()
            .is_some_and(|mode| mode.billing_mode == Some(BillingMode::PayPerRequest)),
    })
}

/// What the table lacks of what `template.yaml` says; a restore carries none of it over by itself.
pub fn missing_settings(table: &str, settings: &TableSettings) -> Vec<MissingSetting> {
    let update = |rest: &str| format!("aws dynamodb update-table --table-name {table} {rest}");
    let all = [
        (
            !settings.has_stream,
            "the stream: without it there is no audit, nobody is told anything, and no run is sent",
            update("--stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES"),
        ),
        (
            !settings.has_expiry,
            "expiry: without it nothing that is over is ever tidied away",
            format!(
                "aws dynamodb update-time-to-live --table-name {table} --time-to-live-specification Enabled=true,AttributeName=ttl"
            ),
        ),
        (
            settings.recovery_days != Some(RECOVERY_DAYS),
            "point-in-time recovery for exactly 7 days: less is no backup, more breaks what the privacy page says",
            format!(
                "aws dynamodb update-continuous-backups --table-name {table} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true,RecoveryPeriodInDays={RECOVERY_DAYS}"
            ),
        ),
        (
            !settings.is_protected,
            "protection from being deleted",
            update("--deletion-protection-enabled"),
        ),
        (
            !settings.has_own_key,
            "encryption under the deployment's own key (resource DataKey of the stack)",
            update("--sse-specification Enabled=true,SSEType=KMS,KMSMasterKeyId=KEY"),
        ),
        (
            !settings.is_on_demand,
            "on-demand capacity: reserved capacity refuses what comes above it",
            update("--billing-mode PAY_PER_REQUEST"),
        ),
    ];
    let missing = all.into_iter().filter(|(is_missing, ..)| *is_missing);
    missing
        .map(|(_, what, command)| MissingSetting { what, command })
        .collect()
}

/// Makes a restored table safe; what was done. Safe to repeat: what a broken run left is done by the next.
///
/// Keys whose hash begins like one of `kept_keys`, eight characters or more, go on working once their practices are enabled.
pub async fn close_restored(
    store: &Store,
    kept_keys: &[String],
    now: Timestamp,
    mut seen: impl FnMut(usize),
) -> Result<ClosedCounts, OperatorError> {
    if let Some(short) = kept_keys.iter().find(|kept| kept.len() < 8) {
        return Err(OperatorError::ShortKey(short.clone()));
    }
    store.mark_restored(now, false).await?;
    let op = draw_op(Actor::Operator, now)?;
    let (mut counts, mut survey, mut items) = (ClosedCounts::new(), Survey::default(), 0);
    while let Some(rows) = store.survey(&mut survey).await? {
        items += rows.len();
        let closing = rows
            .iter()
            .map(|row| store.close_restored(row, kept_keys, &op));
        let closing = stream::iter(closing.map(Ok)).try_buffer_unordered(AT_ONCE);
        let closed: Vec<Option<Closed>> = closing.try_collect().await?;
        for closed in closed.into_iter().flatten() {
            *counts.entry(closed).or_default() += 1;
        }
        seen(items);
    }
    store.mark_restored(now, true).await?;
    Ok(counts)
}
