//! `operator restore`: a table that was restored from a backup.

use clap::Subcommand;
use operator::{OperatorError, close_restored, missing_settings, table_settings};

use crate::place::Connection;
use crate::progress::Looking;
use crate::{Done, NEEDS_A_PERSON, fine, now};

/// A table that was restored from a backup.
///
/// What ended after the backup would live again, so the order matters:
///
/// 1. Restore to a new table: `aws dynamodb restore-table-to-point-in-time`. No function knows it yet.
///
/// 2. `restore check` names every setting that a restore does not carry over. Set them, the stream above all: what step 3 writes gets into the audit by it.
///
/// 3. `restore close` makes the content safe; then `restore check` finds nothing missing.
///
/// 4. Within a day, as long as the stream keeps what it has: put the new table in the place of the old one. Take the old one out of the stack (it is retained) and import the new one as resource `Table`. The old one can be deleted once everything of it that counts was looked up.
///
/// 5. For each practice: `practice enable`, `key create`. The practice puts its settings and records again, releases its documents, erases and deletes again what it erased and deleted since the backup, and sends again what is still needed.
///
/// What was sent since the backup is not in the counts of the month, and its links are unknown.
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum RestoreCommand {
    /// Compares the table with what the deployment needs; exit code 0 if nothing is missing, 3 with the commands that help.
    Check,
    /// Closes everything that may have ended since the backup: deliveries and sessions, API keys, practices, drafts, invoice runs, what was yet to be told.
    ///
    /// Records wait until the practice has put them again, documents until it has released them again, for addresses and consent are those of the backup.
    /// Can be repeated; what a broken run left is done by the next.
    Close {
        /// The table's name once more.
        #[arg(long)]
        confirm: String,
        /// The beginning of the hash of an API key that was surely not revoked since, 8 or more characters; as often as needed.
        #[arg(long)]
        keep_key: Vec<String>,
        /// Also where AWS does not say that the table was restored.
        #[arg(long)]
        any_table: bool,
    },
}

pub(crate) async fn run(
    connection: &Connection,
    command: RestoreCommand,
) -> Result<Done, OperatorError> {
    match command {
        RestoreCommand::Check => check(connection).await,
        RestoreCommand::Close {
            confirm,
            keep_key,
            any_table,
        } => close(connection, &confirm, &keep_key, any_table).await,
    }
}

async fn check(connection: &Connection) -> Result<Done, OperatorError> {
    let table = connection.table();
    let settings = table_settings(&connection.dynamodb(), table).await?;
    let closed_at = connection.store().restored_and_closed_at().await?;
    let mut wrong = Vec::new();
    if settings.is_being_restored {
        wrong.push("the restore is not over; wait until the table is ACTIVE".to_owned());
    }
    if let Some(restored_at) = settings.restored_at
        && closed_at.is_none_or(|closed_at| closed_at < restored_at)
    {
        wrong.push(format!(
            "its content is not safe: what ended since the backup lives again\n  operator restore close --table {table} --confirm {table}"
        ));
    }
    let missing = missing_settings(table, &settings);
    let missing = missing.iter();
    wrong.extend(missing.map(|missing| format!("{}\n  {}", missing.what, missing.command)));
    Ok(if wrong.is_empty() {
        fine(format!("nothing is missing of {table}"))
    } else {
        (wrong.join("\n"), NEEDS_A_PERSON.into())
    })
}

async fn close(
    connection: &Connection,
    confirm: &str,
    kept_keys: &[String],
    any_table: bool,
) -> Result<Done, OperatorError> {
    let table = connection.table();
    if confirm != table {
        return Err(OperatorError::NotConfirmed(table.to_owned()));
    }
    if !any_table {
        let settings = table_settings(&connection.dynamodb(), table).await?;
        if settings.is_being_restored {
            return Err(OperatorError::BeingRestored(table.to_owned()));
        }
        if settings.restored_at.is_none() {
            return Err(OperatorError::NotRestored(table.to_owned()));
        }
    }
    let mut looking = Looking::new();
    let closed = close_restored(&connection.store(), kept_keys, now(), |items| {
        looking.show(items);
    })
    .await;
    looking.end();
    let closed = closed?;
    let lines = closed.iter();
    let lines = lines.map(|(closed, count)| format!("  {count} {}", closed.name()));
    let lines: Vec<String> = lines.collect();
    Ok(fine(format!(
        "{table} is safe:\n{}\nNext: operator restore check --table {table}; later practice enable and key create for each practice",
        lines.join("\n")
    )))
}
