//! The operator's commands, against AWS or the local stack.

mod progress;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::Region;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use clap::{Args, Parser, Subcommand};
use domain::access::Scope;
use domain::contact::SenderId;
use domain::id::{PracticeId, RunId};
use domain::practice::Limits;
use domain::text::Line;
use domain::time::Timestamp;
use operator::{
    OperatorError, RunEnding, create_key, create_practice, ending, revoke_key, said, set_disabled,
    watch_run,
};
use store::Store;

use crate::progress::Progress;

/// Some items of a watched run failed, or nobody can tell. What clap refuses ends with 2.
const NEEDS_A_PERSON: u8 = 3;
/// A watched run was cancelled.
const CANCELLED: u8 = 4;

/// Practices, their API keys, and their invoice runs.
#[derive(Parser)]
#[command(name = "operator", version)]
struct Command {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    what: What,
}

/// Where the table is.
#[derive(Args)]
struct Place {
    /// The table: output `TableName` of the stack.
    #[arg(long, global = true, default_value = "zweiweg", env = "ZWEIWEG_TABLE")]
    table: String,
    /// The region; your profile's where left out.
    #[arg(long, global = true)]
    region: Option<String>,
    /// Another DynamoDB than AWS's: the `dynamodb` address that the local stack prints.
    #[arg(long, global = true)]
    endpoint: Option<String>,
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
    let store = connect(command.place).await;
    let fine = |said| (said, ExitCode::SUCCESS);
    let done = match command.what {
        What::Practice(command) => of_practice(&store, command).await.map(fine),
        What::Key(command) => of_key(&store, command).await.map(fine),
        What::Run(RunCommand::Watch { practice, run }) => watch(&store, &practice, &run).await,
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
async fn watch(
    store: &Store,
    practice: &PracticeId,
    id: &RunId,
) -> Result<(String, ExitCode), OperatorError> {
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

async fn of_practice(store: &Store, command: PracticeCommand) -> Result<String, OperatorError> {
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
            Ok(format!(
                "made the practice {id}; its key, which is not shown again:\n{}",
                key.expose()
            ))
        }
        PracticeCommand::Disable { id } => {
            set_disabled(store, &id, true, now()).await?;
            Ok(format!(
                "{id} is disabled: its keys are refused and its patients' pages are closed"
            ))
        }
        PracticeCommand::Enable { id } => {
            set_disabled(store, &id, false, now()).await?;
            Ok(format!("{id} works again"))
        }
    }
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

/// The operator's own profile on AWS; any credentials will do for a local stack.
async fn connect(place: Place) -> Store {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(http);
    if let Some(region) = place.region {
        loader = loader.region(Region::new(region));
    }
    if let Some(endpoint) = place.endpoint {
        loader = loader
            .endpoint_url(endpoint)
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::from_keys("local", "local", None));
    }
    Store::new(
        aws_sdk_dynamodb::Client::new(&loader.load().await),
        place.table,
    )
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

fn scope(name: &str) -> Result<Scope, &'static str> {
    Scope::from_name(name).ok_or("expected settings, send, read or erase")
}
