//! `cargo run`: the local stack with a demonstration; `cargo run -- serve`: the bare stack, for programs.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use local::{Options, Ports, Stack, demonstration, practice};
use runtime::Environment;
use serde_json::json;

/// Zweiweg on this machine: the real functions on DynamoDB, S3, SES, SNS and KMS in one process.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    place: Place,
}

#[derive(Subcommand)]
enum Command {
    /// Starts the stack for programs: a practice and a key, and nothing sent.
    Serve {
        #[command(flatten)]
        place: Place,
        /// Where to write one JSON object with the addresses and the key, once everything answers.
        #[arg(long, value_name = "FILE")]
        ready_file: Option<PathBuf>,
    },
}

/// Where the stack lives.
#[derive(Args)]
struct Place {
    /// The API's port on 127.0.0.1.
    #[arg(long, default_value_t = 8600)]
    port: u16,
    /// The folder for everything that lasts.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to be told if this cannot be written.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> Outcome {
    match arguments.command {
        Some(Command::Serve { place, ready_file }) => serve(place, ready_file).await,
        None => demonstrate(arguments.place).await,
    }
}

async fn serve(place: Place, ready_file: Option<PathBuf>) -> Outcome {
    runtime::start_logging(&Environment::process());
    if let Some(file) = &ready_file {
        // One of an earlier run would tell of a stack that is gone.
        remove_if_there(file)?;
    }
    let ports = Ports {
        api: place.port,
        ..Ports::default()
    };
    let stack = Stack::start(Options {
        directory: place.data,
        ports,
        parameters: BTreeMap::new(),
        variables: BTreeMap::new(),
        fed_elsewhere: Vec::new(),
    })
    .await?;
    let key = practice::ensure(&stack).await?;
    if let Some(file) = &ready_file {
        tell(file, &stack, &key)?;
    }
    end_asked_for().await?;
    stack.stop().await;
    Ok(())
}

async fn demonstrate(place: Place) -> Outcome {
    // People read along here: only what went wrong, unless the caller says otherwise.
    let quiet = [("LOG_LEVEL".to_owned(), "warn".to_owned())];
    runtime::start_logging(&quiet.into_iter().chain(std::env::vars()).collect());
    let data = place.data.display().to_string();
    say(&format!(
        "Starting Zweiweg on this machine, with everything it keeps in {data} …"
    ))?;
    let ports = Ports {
        api: place.port,
        // Neighbours, so that an outbox left open in a browser is there again after a restart.
        outbox: if place.port == 0 {
            0
        } else {
            place.port.saturating_add(1)
        },
        ..Ports::default()
    };
    let stack = Stack::start(Options {
        directory: place.data,
        ports,
        parameters: BTreeMap::new(),
        variables: BTreeMap::new(),
        fed_elsewhere: Vec::new(),
    })
    .await?;
    let key = practice::ensure(&stack).await?;
    demonstration::prepare(&stack, &key, |step| say(&format!("  {step}"))).await?;
    say(&format!(
        "
Zweiweg is running, on this machine only.

  Outbox   {outbox}/   (mailbox and phone)
  API      {api}/v1
  Clock    {clock}
  API key  {key}

Next: open the outbox, click the link in the e-mail, type the code from the phone, download the invoice.
Ctrl-C ends it; {data} keeps what happened.",
        outbox = stack.outbox(),
        api = stack.api(),
        clock = stack.clock_url(),
    ))?;
    end_asked_for().await?;
    stack.stop().await;
    Ok(())
}

/// Writes the ready file whole or not at all.
fn tell(file: &Path, stack: &Stack, key: &str) -> io::Result<()> {
    let ready = json!({
        "api": stack.api(),
        "api_key": key,
        "outbox": stack.outbox(),
        "clock": stack.clock_url(),
        "dynamodb": stack.dynamodb(),
        "s3": stack.s3(),
    });
    local::replace_file(file, ready.to_string().as_bytes())
}

fn remove_if_there(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Resolves at Ctrl-C, and where there is SIGTERM at that too.
async fn end_asked_for() -> io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await
    }
}
