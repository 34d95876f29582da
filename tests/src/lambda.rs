//! One function as a process of its own, and the Runtime API that feeds it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as PathOf, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::World;

/// What Lambda itself puts into every function's environment, as far as the runtime looks at it.
const OF_LAMBDA: [(&str, &str); 3] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "under-test"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
];

/// Longer than any function may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The name of a function's binary: its logical id in small letters, with `_` between words.
pub fn binary(id: &str) -> String {
    let mut name = String::new();
    for c in id.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

/// A binary with these variables and no others.
pub fn command(binary: &str, variables: &BTreeMap<String, String>) -> Command {
    command_of(&built(binary), variables)
}

/// Where a binary lies that was built as the tests are.
fn built(binary: &str) -> PathBuf {
    let mut path: PathBuf = std::env::current_exe().expect("the test's own path");
    path.pop();
    path.set_file_name(format!("{binary}{}", std::env::consts::EXE_SUFFIX));
    path
}

fn command_of(program: &Path, variables: &BTreeMap<String, String>) -> Command {
    assert!(
        program.exists(),
        "{} is not there: cargo build --workspace --bins",
        program.display()
    );
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    command
}

/// What became of an event.
#[derive(Debug)]
pub enum Outcome {
    /// The function answered.
    Answer(Value),
    /// The runtime reported an error.
    Error(Value),
}

/// A function's process, and the Runtime API that feeds it. Both end when it is dropped.
#[derive(Debug)]
pub struct Lambda {
    process: Child,
    logs: tempfile::NamedTempFile,
    events: UnboundedSender<(String, Vec<u8>)>,
    outcomes: UnboundedReceiver<(String, Outcome)>,
    invocations: u32,
    serving: JoinHandle<()>,
}

impl Lambda {
    /// Starts the function's binary with the template's variables, on the services of the world's stack.
    pub async fn start(world: &World, id: &str) -> Self {
        Self::start_with(world, id, &BTreeMap::new()).await
    }

    /// The same with some variables of one's own.
    pub async fn start_with(world: &World, id: &str, own: &BTreeMap<String, String>) -> Self {
        Self::start_program(world, id, &built(&binary(id)), own).await
    }

    /// The same with a binary that was built elsewhere.
    pub async fn start_program(
        world: &World,
        id: &str,
        program: &Path,
        own: &BTreeMap<String, String>,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (events, waiting) = unbounded_channel();
        let (outcome, outcomes) = unbounded_channel();
        let api = runtime_api(waiting, outcome);
        let serving = tokio::spawn(async move {
            // This server has no error: it meets those of its connections itself.
            let _ = axum::serve(listener, api).await;
        });

        let variables = world.stack.function_environments().get(id);
        let mut variables = variables.expect("a function of the template").clone();
        variables.extend(OF_LAMBDA.map(|(name, value)| (name.to_owned(), value.to_owned())));
        variables.insert("AWS_LAMBDA_RUNTIME_API".to_owned(), address);
        variables.insert("LOG_LEVEL".to_owned(), "trace".to_owned());
        variables.extend(own.clone());
        let logs = tempfile::NamedTempFile::new().expect("a file for logs");
        let process = command_of(program, &variables)
            .stderr(logs.reopen().expect("the file for logs"))
            .spawn()
            .expect("a process");
        Self {
            process,
            logs,
            events,
            outcomes,
            invocations: 0,
            serving,
        }
    }

    /// The answer to an event.
    pub async fn answer(&mut self, event: &Value) -> Value {
        match self.invoke(event.to_string().into_bytes()).await {
            Outcome::Answer(answer) => answer,
            Outcome::Error(error) => panic!("{error} for {event}; logs: {}", self.logs()),
        }
    }

    /// What becomes of an event, unless the process is killed before it answers, which happens when `killed` is ready.
    pub async fn invoke_unless(
        &mut self,
        event: Vec<u8>,
        killed: impl Future<Output = ()>,
    ) -> Option<Outcome> {
        tokio::select! {
            outcome = self.invoke(event) => return Some(outcome),
            () = killed => {}
        }
        self.process.kill().await.expect("the end of the process");
        None
    }

    /// What becomes of an event, whatever that is.
    pub async fn invoke(&mut self, event: Vec<u8>) -> Outcome {
        self.invocations += 1;
        let id = format!("invocation-{}", self.invocations);
        let given = self.events.send((id.clone(), event));
        given.expect("the Runtime API takes events");
        let outcome = timeout(PATIENCE, self.outcomes.recv()).await;
        let Ok(Some((answered, outcome))) = outcome else {
            let ended = self.process.try_wait().expect("the state of the process");
            panic!("no answer; ended: {ended:?}; logs: {}", self.logs());
        };
        assert_eq!(answered, id, "an answer to another event");
        outcome
    }

    /// Whether the process lives.
    pub fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// MiB that it holds in memory, as Linux says it.
    pub fn memory(&self) -> u64 {
        let status = format!("/proc/{}/status", self.id());
        let status = std::fs::read_to_string(status).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kib.unwrap_or_default() / 1024
    }

    /// For how long its threads have kept a processor busy.
    pub fn processor_time(&self) -> Duration {
        processor_time(&format!("/proc/{}/stat", self.id()))
    }

    /// The same of its main thread alone, which does everything but hash codes.
    pub fn main_thread_time(&self) -> Duration {
        processor_time(&format!("/proc/{0}/task/{0}/stat", self.id()))
    }

    fn id(&self) -> u32 {
        self.process.id().expect("a process that runs")
    }

    /// What it has logged.
    pub fn logs(&self) -> String {
        let logs = std::fs::read(self.logs.path()).expect("the logs");
        String::from_utf8_lossy(&logs).into_owned()
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What Linux says of a process or a thread there, in hundredths of a second.
fn processor_time(path: &str) -> Duration {
    let stat = std::fs::read_to_string(path).unwrap_or_default();
    // Behind the program's name, which may hold anything, stand the state and ten numbers before those of user and system.
    let numbers = stat.rsplit(')').next().unwrap_or_default();
    let times = numbers.split_whitespace().skip(11).take(2);
    let hundredths: u64 = times.filter_map(|time| time.parse::<u64>().ok()).sum();
    Duration::from_millis(hundredths * 10)
}

/// Where events wait to be fetched, and where their outcomes go.
struct RuntimeApi {
    waiting: tokio::sync::Mutex<UnboundedReceiver<(String, Vec<u8>)>>,
    outcome: UnboundedSender<(String, Outcome)>,
}

/// The part of the Lambda Runtime API that a function speaks.
fn runtime_api(
    waiting: UnboundedReceiver<(String, Vec<u8>)>,
    outcome: UnboundedSender<(String, Outcome)>,
) -> Router {
    let waiting = tokio::sync::Mutex::new(waiting);
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route(
            "/2018-06-01/runtime/invocation/{id}/response",
            post(response),
        )
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        // As large as Lambda takes answers.
        .layer(DefaultBodyLimit::max(6 * 1024 * 1024))
        .with_state(Arc::new(RuntimeApi { waiting, outcome }))
}

/// Waits for an event as long as it takes.
async fn next(State(api): State<Arc<RuntimeApi>>) -> Response {
    let Some((id, event)) = api.waiting.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let deadline = (now.expect("a time after 1970") + PATIENCE).as_millis();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:000000000000:function:under-test".to_owned(),
        ),
    ];
    (headers, event).into_response()
}

async fn response(
    State(api): State<Arc<RuntimeApi>>,
    PathOf(id): PathOf<String>,
    body: Bytes,
) -> StatusCode {
    report(&api, id, Outcome::Answer(parsed(&body)))
}

async fn error(
    State(api): State<Arc<RuntimeApi>>,
    PathOf(id): PathOf<String>,
    body: Bytes,
) -> StatusCode {
    report(&api, id, Outcome::Error(parsed(&body)))
}

fn report(api: &RuntimeApi, id: String, outcome: Outcome) -> StatusCode {
    match api.outcome.send((id, outcome)) {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::GONE,
    }
}

fn parsed(body: &[u8]) -> Value {
    let text = || Value::from(String::from_utf8_lossy(body).into_owned());
    serde_json::from_slice(body).unwrap_or_else(|_| text())
}
