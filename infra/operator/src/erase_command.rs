//! `operator practice erase` and `operator record`: erasing on request, and proving it.

use std::time::Duration;

use clap::Subcommand;
use domain::id::{PracticeId, RecordId};
use operator::{Erased, OperatorError, Step, Whole, erase, traces};

use crate::place::Connection;
use crate::progress::Looking;
use crate::{Done, NEEDS_A_PERSON, fine, now};

/// What no command reaches, and when it is gone.
const LATER: &str = "What is not reached from here, and goes by itself:\n  counts of messages to a number, as a keyed hash: 2 days\n  point-in-time recovery of the table: 7 days\n  logs, which hold ids and no names: 30 days\n  the provider's list of text messages, where it keeps one: 14 days\n  e-mails and files that recipients hold: theirs";
/// What a record leaves besides, so that nothing written late names it in the audit.
const MARK: &str = "  the mark by which the audit knows the record's alias: 2 days\nRows of the audit stay, under the alias, for a year.";

/// A patient's record.
#[derive(Subcommand)]
pub(crate) enum RecordCommand {
    /// Erases a record with its recipients, documents and deliveries, whose links are then unknown; an alias takes its place in the audit. Ends with a proof: exit code 0 if nothing names it any more, 3 if something does.
    ///
    /// The practice's own call, `DELETE /v1/records/{id}`, leaves the closed deliveries until 30 days after their end, so that their pages can say why; this does not.
    Erase {
        /// The practice.
        practice: PracticeId,
        /// The record.
        record: RecordId,
        /// The record's id once more.
        #[arg(long)]
        confirm: String,
    },
    /// Counts what names a record, and changes nothing: exit code 0 if nothing does, 3 if something does.
    Proof {
        /// The practice.
        practice: PracticeId,
        /// The record.
        record: RecordId,
    },
}

pub(crate) async fn of_record(
    connection: &Connection,
    command: RecordCommand,
) -> Result<Done, OperatorError> {
    match command {
        RecordCommand::Erase {
            practice,
            record,
            confirm,
        } => erase_whole(connection, &Whole::Record(practice, record), &confirm).await,
        RecordCommand::Proof { practice, record } => {
            prove(connection, &Whole::Record(practice, record)).await
        }
    }
}

pub(crate) async fn erase_whole(
    connection: &Connection,
    whole: &Whole,
    confirm: &str,
) -> Result<Done, OperatorError> {
    if confirm != name(whole) {
        return Err(OperatorError::NotConfirmed(name(whole).to_owned()));
    }
    let pause = Duration::from_secs(connection.pause());
    let mut looking = Looking::new();
    let (store, bucket) = (connection.store(), connection.bucket()?);
    let erased = erase(&store, &bucket, whole, now(), pause, |step| match step {
        Step::Waiting => looking.say(&format!(
            "waiting {} s for requests under way",
            pause.as_secs()
        )),
        Step::Looking(items) => looking.show(items),
        Step::Deleting(things) => looking.say(&format!("deleted {things} things")),
    })
    .await;
    looking.end();
    let Erased { gone, left } = erased?;
    let gone = format!("erased of {}:\n{gone}", name(whole));
    Ok(if left.is_empty() {
        fine(format!(
            "{gone}\nnothing in table or bucket names it any more, looked up at {}\n{}",
            now(),
            later(whole)
        ))
    } else {
        let said = format!(
            "{gone}\nstill there:\n{left}\nRun this again.{}",
            hint(whole)
        );
        (said, NEEDS_A_PERSON.into())
    })
}

pub(crate) async fn prove(connection: &Connection, whole: &Whole) -> Result<Done, OperatorError> {
    let mut looking = Looking::new();
    let (store, bucket) = (connection.store(), connection.bucket()?);
    let found = traces(&store, &bucket, whole, |items| looking.show(items)).await;
    looking.end();
    let found = found?;
    Ok(if found.is_empty() {
        fine(format!(
            "nothing in table or bucket names {}, looked up at {}\n{}",
            name(whole),
            now(),
            later(whole)
        ))
    } else {
        let said = format!("there is of {}:\n{found}{}", name(whole), hint(whole));
        (said, NEEDS_A_PERSON.into())
    })
}

fn name(whole: &Whole) -> &str {
    match whole {
        Whole::Practice(practice) => practice.as_str(),
        Whole::Record(_, record) => record.as_str(),
    }
}

fn later(whole: &Whole) -> String {
    match whole {
        Whole::Practice(_) => LATER.to_owned(),
        Whole::Record(..) => format!("{LATER}\n{MARK}"),
    }
}

fn hint(whole: &Whole) -> &'static str {
    match whole {
        Whole::Practice(_) => "",
        Whole::Record(..) => {
            "\nRecords that stay are linked to it: their practice puts them without the link."
        }
    }
}
