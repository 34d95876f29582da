//! The operator's commands, against AWS or the local stack.

mod erase_command;
mod keys_command;
mod place;
mod progress;
mod restore_command;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Parser, Subcommand};
use domain::access::Scope;
use domain::contact::{EmailAddress, SenderId};
use domain::id::{PracticeId, RunId};
use domain::practice::{Cap, Limits, LimitsChange, MonthlyCaps};
use domain::text::Line;
use domain::time::Timestamp;
use operator::{
    OperatorError, RunEnding, Whole, change_limits, create_key, create_practice, ending,
    practice_now, practices, revoke_key, said, set_disabled, watch_run,
};
use store::Store;

use crate::erase_command::{RecordCommand, erase_whole, of_record, prove};
use crate::keys_command::KeysCommand;
use crate::place::{Connection, Place};
use crate::progress::{Looking, Progress};
use crate::restore_command::RestoreCommand;

/// Something is left for a person: items of a watched run, settings of a table, what could not be erased. What clap refuses ends with 2.
pub(crate) const NEEDS_A_PERSON: u8 = 3;
/// A watched run was cancelled.
const CANCELLED: u8 = 4;

/// What is said at the end, and the exit code.
type Done = (String, ExitCode);

/// Everything was done.
fn fine(said: String) -> Done {
    (said, ExitCode::SUCCESS)
}

/// The operator's commands: practices, their API keys, records and invoice runs; the HMAC keys; restored tables.
///
/// Exit codes: 0 everything was done; 1 nothing or not all was done, and standard error says what helps; 2 the command line is wrong; 3 and 4 where a command says so.
#[derive(Parser)]
#[command(name = "operator", version)]
struct Command {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Practices.
    #[command(subcommand)]
    Practice(PracticeCommand),
    /// API keys.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Invoice runs.
    #[command(subcommand)]
    Run(RunCommand),
    #[command(subcommand)]
    Keys(KeysCommand),
    #[command(subcommand)]
    Record(RecordCommand),
    #[command(subcommand)]
    Restore(RestoreCommand),
}

#[derive(Subcommand)]
enum RunCommand {
    /// Shows how far a run is, until it ends: exit code 0 if everything was sent, 3 if something needs a person, 4 if it was cancelled.
    Watch {
        /// The practice.
        practice: PracticeId,
        /// The run's id, as the API answered it.
        run: RunId,
    },
}

#[derive(Subcommand)]
enum PracticeCommand {
    /// Makes a practice and its first key, which is shown once.
    Create {
        /// 1 to 32 of a-z 0-9 -; part of every key, so not a secret.
        id: PracticeId,
        /// The practice's full name.
        #[arg(long, value_parser = line)]
        name: Line,
        /// A sender that its SMS may show, 1 to 11 letters and digits; as often as needed. Without any, they show the deployment's own.
        #[arg(long, value_parser = sender)]
        sender_id: Vec<SenderId>,
    },
    /// Refuses the practice's keys and closes its patients' pages at once; deletes nothing.
    Disable {
        /// The practice.
        id: PracticeId,
    },
    /// Takes that back.
    Enable {
        /// The practice.
        id: PracticeId,
    },
    /// Lists all practices: id, public name, and since when one is disabled. Reads the whole table.
    List,
    /// Shows what the operator needs to know of a practice.
    Show {
        /// The practice.
        id: PracticeId,
    },
    /// Changes what a practice may do at most, from the next request on; what is not named stays as it is.
    ///
    /// Its own settings stay: of two caps the lower one counts, and where its sender is not allowed any more, its SMS show the deployment's own.
    Limit {
        /// The practice.
        id: PracticeId,
        #[command(flatten)]
        limit: NewLimits,
    },
    /// Erases everything of a practice: settings, records, documents and their files, deliveries, whose links are then unknown, runs, keys, counts and the audit. Ends with a proof: exit code 0 if nothing names it any more, 3 if something does.
    ///
    /// Nothing is kept: whoever needs the audit fetches it before, with `GET /v1/audit`.
    /// Can be repeated; what a broken run left is done by the next.
    Erase {
        /// The practice.
        id: PracticeId,
        /// The practice's id once more.
        #[arg(long)]
        confirm: String,
    },
    /// Counts what names a practice, and changes nothing: exit code 0 if nothing does, 3 if something does.
    Proof {
        /// The practice.
        id: PracticeId,
    },
}

/// What to change; one at least.
#[derive(Args)]
#[group(required = true, multiple = true)]
struct NewLimits {
    /// A sender that its SMS may show; as often as needed. Those named take the place of all that were allowed.
    #[arg(long, value_parser = sender, conflicts_with_all = ["no_sender_id", "any_sender_id"])]
    sender_id: Vec<SenderId>,
    /// No sender of its own: its SMS show the deployment's.
    #[arg(long, conflicts_with = "any_sender_id")]
    no_sender_id: bool,
    /// Whatever sender it chooses.
    #[arg(long)]
    any_sender_id: bool,
    /// How many e-mails it may send in a month; `none` lifts the cap.
    #[arg(long, value_parser = cap, value_name = "N|none")]
    emails: Option<CapSet>,
    /// How many SMS.
    #[arg(long, value_parser = cap, value_name = "N|none")]
    sms: Option<CapSet>,
    /// How many Threema messages.
    #[arg(long, value_parser = cap, value_name = "N|none")]
    threema: Option<CapSet>,
}

/// A cap, or none.
#[derive(Clone, Copy)]
struct CapSet(Option<Cap>);

impl NewLimits {
    fn change(self) -> LimitsChange {
        let sender_ids = if self.any_sender_id {
            Some(None)
        } else {
            let is_named = self.no_sender_id || !self.sender_id.is_empty();
            is_named.then_some(Some(self.sender_id))
        };
        LimitsChange {
            sender_ids,
            emails: self.emails.map(|cap| cap.0),
            sms: self.sms.map(|cap| cap.0),
            threema: self.threema.map(|cap| cap.0),
        }
    }
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Makes a further key, which is shown once.
    Create {
        /// The practice.
        practice: PracticeId,
        /// A person or a program; the audit names it.
        #[arg(long, value_parser = line)]
        label: Line,
        /// What it may do: any of settings, send, read, erase, with commas.
        #[arg(long, value_delimiter = ',', value_parser = scope, default_value = "settings,send,read,erase")]
        scopes: Vec<Scope>,
    },
    /// Lists a practice's keys: the beginning of each hash, label, scopes, and since when it is revoked.
    List {
        /// The practice.
        practice: PracticeId,
    },
    /// Revokes a key at once.
    Revoke {
        /// The practice.
        practice: PracticeId,
        /// The beginning of the key's hash, 8 or more characters of it, as `key list` shows it.
        hash: String,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let command = Command::parse();
    let connection = Connection::open(command.place).await;
    let store = connection.store();
    let done = match command.what {
        What::Practice(command) => of_practice(&connection, command).await,
        What::Key(command) => of_key(&store, command).await.map(fine),
        What::Run(RunCommand::Watch { practice, run }) => watch(&store, &practice, &run).await,
        What::Keys(command) => keys_command::run(&connection, command).await,
        What::Record(command) => of_record(&connection, command).await,
        What::Restore(command) => restore_command::run(&connection, command).await,
    };
    match done {
        Ok((said, code)) => {
            let written = writeln!(std::io::stdout(), "{said}");
            if written.is_ok() {
                code
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            let written = writeln!(std::io::stderr(), "{error}");
            drop(written);
            ExitCode::FAILURE
        }
    }
}

/// Until the run ends: what became of its items, and the code that says so to a program.
async fn watch(store: &Store, practice: &PracticeId, id: &RunId) -> Result<Done, OperatorError> {
    let mut progress = Progress::new();
    let watched = watch_run(store, practice, id, |run, counts| {
        progress.show(run, counts);
    })
    .await;
    progress.end();
    let (run, counts) = watched?;
    let code = match ending(&run, &counts) {
        RunEnding::Fine => ExitCode::SUCCESS,
        RunEnding::NeedsAPerson => NEEDS_A_PERSON.into(),
        RunEnding::Cancelled => CANCELLED.into(),
    };
    Ok((format!("{}: {}", run.state().name(), said(&counts)), code))
}

async fn of_practice(
    connection: &Connection,
    command: PracticeCommand,
) -> Result<Done, OperatorError> {
    let store = &connection.store();
    match command {
        PracticeCommand::Create {
            id,
            name,
            sender_id,
        } => {
            let limits = Limits {
                sender_ids: Some(sender_id),
                ..Limits::default()
            };
            create_practice(store, &id, name.clone(), &limits, now()).await?;
            let key = create_key(store, &id, name, Scope::ALL.to_vec(), now()).await?;
            Ok(fine(format!(
                "made the practice {id}; its key, which is not shown again:\n{}",
                key.expose()
            )))
        }
        PracticeCommand::Disable { id } => {
            set_disabled(store, &id, true, now()).await?;
            Ok(fine(format!(
                "{id} is disabled: its keys are refused and its patients' pages are closed"
            )))
        }
        PracticeCommand::Enable { id } => {
            set_disabled(store, &id, false, now()).await?;
            Ok(fine(format!("{id} works again")))
        }
        PracticeCommand::Limit { id, limit } => {
            let limits = change_limits(store, &id, &limit.change(), now()).await?;
            let [senders, caps] = allowed(&limits);
            Ok(fine(format!("{id} from now on\n{senders}\n{caps}")))
        }
        PracticeCommand::List => list(store).await,
        PracticeCommand::Show { id } => show(store, &id).await,
        PracticeCommand::Erase { id, confirm } => {
            erase_whole(connection, &Whole::Practice(id), &confirm).await
        }
        PracticeCommand::Proof { id } => prove(connection, &Whole::Practice(id)).await,
    }
}

async fn list(store: &Store) -> Result<Done, OperatorError> {
    let mut looking = Looking::new();
    let found = practices(store, |items| looking.show(items)).await;
    looking.end();
    let lines = found?.into_iter().map(|(id, practice)| {
        let state = since(practice.disabled_at);
        format!("{id}  {}  {state}", practice.public_name)
    });
    Ok(fine(lines.collect::<Vec<_>>().join("\n")))
}

async fn show(store: &Store, id: &PracticeId) -> Result<Done, OperatorError> {
    let now = practice_now(store, id, now()).await?;
    let (settings, (working, revoked)) = (&now.settings, now.keys);
    let [senders, caps] = allowed(&now.limits);
    let report_to = settings.report_to.as_ref();
    let lines = [
        format!(
            "{id}  {}  {}",
            settings.name.as_str(),
            since(now.disabled_at)
        ),
        format!("keys: {working} work, {revoked} revoked"),
        format!("webhooks: {}", now.webhooks),
        senders,
        caps,
        format!("its own caps: {}", caps_said(&settings.monthly_caps)),
        format!(
            "reports go to: {}",
            report_to.map_or("nobody", EmailAddress::as_str)
        ),
        format!(
            "sent this month: {} e-mails, {} SMS, {} Threema messages",
            now.usage.emails, now.usage.sms, now.usage.threema
        ),
    ];
    Ok(fine(lines.join("\n")))
}

/// What the operator allows: senders, then caps.
fn allowed(limits: &Limits) -> [String; 2] {
    let senders = match &limits.sender_ids {
        None => "any".to_owned(),
        Some(senders) if senders.is_empty() => "the deployment's own".to_owned(),
        Some(senders) => {
            let senders: Vec<&str> = senders.iter().map(SenderId::as_str).collect();
            senders.join(", ")
        }
    };
    let caps = caps_said(&limits.monthly_caps);
    [
        format!("SMS senders: {senders}"),
        format!("monthly caps: {caps}"),
    ]
}

fn caps_said(caps: &MonthlyCaps) -> String {
    let said = [
        (caps.emails, "e-mails"),
        (caps.sms, "SMS"),
        (caps.threema, "Threema messages"),
    ];
    let said = said.map(|(cap, what)| match cap {
        Some(cap) => format!("{} {what}", cap.get()),
        None => format!("any number of {what}"),
    });
    said.join(", ")
}

fn since(disabled_at: Option<Timestamp>) -> String {
    disabled_at.map_or_else(|| "works".to_owned(), |at| format!("disabled since {at}"))
}

async fn of_key(store: &Store, command: KeyCommand) -> Result<String, OperatorError> {
    match command {
        KeyCommand::Create {
            practice,
            label,
            scopes,
        } => {
            let key = create_key(store, &practice, label, scopes, now()).await?;
            Ok(format!(
                "made a key for {practice}, which is not shown again:\n{}",
                key.expose()
            ))
        }
        KeyCommand::List { practice } => {
            let keys = store.api_keys(&practice).await?;
            let lines = keys.iter().map(|(hash, key)| {
                let scopes: Vec<&str> = key.scopes.iter().copied().map(Scope::name).collect();
                let state = key
                    .revoked_at
                    .map_or_else(|| "works".to_owned(), |at| format!("revoked {at}"));
                format!(
                    "{}  {}  {}  {state}",
                    &hash.as_str()[..12],
                    key.label.as_str(),
                    scopes.join(",")
                )
            });
            Ok(lines.collect::<Vec<_>>().join("\n"))
        }
        KeyCommand::Revoke { practice, hash } => {
            revoke_key(store, &practice, &hash, now()).await?;
            Ok(format!("the key {hash} of {practice} no longer works"))
        }
    }
}

fn now() -> Timestamp {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs());
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_seconds(seconds).ok())
        .unwrap_or(Timestamp::EPOCH)
}

fn line(text: &str) -> Result<Line, &'static str> {
    Line::try_from(text.to_owned())
}

fn sender(text: &str) -> Result<SenderId, <SenderId as TryFrom<String>>::Error> {
    SenderId::try_from(text.to_owned())
}

fn cap(text: &str) -> Result<CapSet, String> {
    if text == "none" {
        return Ok(CapSet(None));
    }
    let number: i64 = text
        .parse()
        .map_err(|_| "expected a whole number or none".to_owned())?;
    Cap::try_from(number).map(|cap| CapSet(Some(cap)))
}

fn scope(name: &str) -> Result<Scope, &'static str> {
    Scope::from_name(name).ok_or("expected settings, send, read or erase")
}
