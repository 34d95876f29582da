//! The program `local` as people and other programs start it: ready file, addresses, restarts, refusals.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

use std::collections::BTreeSet;
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use reqwest::{Client, Method, Url};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Patient, Practice, Sent, pdf};
use tokio::process::{Child, Command};

/// What a start may take: a newcomer is promised a minute.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often to look whether something has happened.
const PERIOD: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ready_file_says_where_everything_is_and_with_which_key() {
    let folder = TempDir::new().expect("a folder");
    let local = Local::serve(&folder, 0).await;

    let ready = local.ready.as_object().expect("an object");
    let names: BTreeSet<&str> = ready.keys().map(String::as_str).collect();
    let expected = ["api", "api_key", "clock", "dynamodb", "outbox", "s3"];
    assert_eq!(names, BTreeSet::from(expected));
    assert!(ready.values().all(Value::is_string), "{ready:?}");
    for name in ["api", "clock", "dynamodb", "outbox", "s3"] {
        let url = Url::parse(local.at(name)).expect("an address");
        assert_eq!(url.scheme(), "http", "{name}");
        assert_eq!(url.host_str(), Some("127.0.0.1"), "{name}");
        // Whatever it says, it answers.
        let answer = reqwest::get(url).await;
        answer.unwrap_or_else(|error| panic!("{name} does not answer: {error}"));
    }
    let settings = local.practice().get("/v1/settings").await;
    assert_eq!(settings.status, 200, "{settings:?}");
    assert_eq!(local.messages().await, json!([]), "serve sends nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_read_and_move_the_clock() {
    let folder = TempDir::new().expect("a folder");
    let local = Local::serve(&folder, 0).await;
    let clock = local.at("clock");
    let at = |hour: &str| json!({"now": format!("2027-01-01T{hour}:00Z"), "stopped": true});

    let (status, answer) = call(Method::POST, clock, Some(&at("00:00"))).await;
    assert_eq!((status, answer), (200, at("00:00")), "put somewhere");
    let forth = json!({"advance_seconds": 5400});
    let (status, answer) = call(Method::POST, clock, Some(&forth)).await;
    assert_eq!((status, answer), (200, at("01:30")), "moved on");
    let (status, answer) = call(Method::GET, clock, None).await;
    assert_eq!((status, answer), (200, at("01:30")), "read");

    for bad in [
        json!({}),
        json!([]),
        json!({"advance_seconds": "60"}),
        json!({"advance_seconds": 60, "now": "2027-01-01T00:00:00Z"}),
        json!({"now": "2027-02-30T00:00:00Z"}),
        json!({"now": "2027-01-01T00:00:00Z", "more": 1}),
        json!({"advance_seconds": i64::MAX}),
    ] {
        let (status, answer) = call(Method::POST, clock, Some(&bad)).await;
        assert_eq!(status, 400, "{bad}: {answer}");
        assert!(answer["error"].is_string(), "{bad}: {answer}");
    }
    let (_, answer) = call(Method::GET, clock, None).await;
    assert_eq!(answer, at("01:30"), "a refused change moves nothing");

    let (_, answer) = call(
        Method::POST,
        clock,
        Some(&json!({"now": "2027-01-01T00:00:00Z"})),
    )
    .await;
    assert_eq!(
        answer["stopped"], false,
        "a clock runs unless it is stopped"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_read_empty_and_disturb_the_outbox() {
    let folder = TempDir::new().expect("a folder");
    let local = Local::serve(&folder, 0).await;
    let (practice, document) = local.set_up().await;
    let outbox = local.at("outbox");
    let messages = format!("{outbox}/messages");
    let faults = format!("{outbox}/faults");
    practice.send(&[&document]).await;

    let sent = local.messages().await;
    let fields = [
        "at",
        "attachments",
        "channel",
        "from",
        "html",
        "reply_to",
        "subject",
        "text",
        "to",
    ];
    for (message, channel) in sent.as_array().into_iter().flatten().zip(["email", "sms"]) {
        assert_eq!(message["channel"], channel, "oldest first: {sent}");
        let object = message.as_object().expect("an object");
        let names: BTreeSet<&str> = object.keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(fields), "{message}");
    }
    assert_eq!(sent.as_array().map(Vec::len), Some(2), "{sent}");
    let (status, _) = call(Method::DELETE, &messages, None).await;
    assert_eq!(status, 204);
    assert_eq!(local.messages().await, json!([]));

    for bad in [
        json!({}),
        json!({"channel": "fax", "kind": "refuse", "times": 1}),
        json!({"channel": "sms", "kind": "explode", "times": 1}),
        json!({"channel": "sms", "kind": "refuse", "times": 0}),
    ] {
        let (status, answer) = call(Method::POST, &faults, Some(&bad)).await;
        assert_eq!(status, 400, "{bad}: {answer}");
    }
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    for (fault, expected) in [
        (
            json!({"channel": "sms", "kind": "refuse", "times": 1}),
            (201, "refused"),
        ),
        (
            json!({"channel": "sms", "kind": "throttle", "times": 1}),
            (201, "refused"),
        ),
        (
            json!({"channel": "email", "kind": "refuse", "times": 1}),
            (502, "email-refused"),
        ),
        (
            json!({"channel": "email", "kind": "timeout", "times": 1}),
            (502, "email-unknown"),
        ),
    ] {
        let (status, answer) = call(Method::POST, &faults, Some(&fault)).await;
        assert_eq!((status, &answer), (200, &fault));
        let answer = practice.post_delivery(body.clone()).await;
        let fate = if answer.status == 201 {
            answer.body["message"]["status"]
                .as_str()
                .unwrap_or_default()
        } else {
            answer.problem()
        };
        assert_eq!((answer.status, fate), expected, "{fault}: {answer:?}");
    }
    let after = practice.post_delivery(body).await;
    assert_eq!(after.body["message"]["status"], "accepted", "{after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_outlives_a_kill() {
    let folder = TempDir::new().expect("a folder");
    let mut local = Local::serve(&folder, 0).await;
    let port = local.port();
    let (practice, document) = local.set_up().await;
    let renamed = json!({
        "name": "Praxis Nordlicht", "sms_allowed": true, "phone": "0441 234567", "reply_to": "praxis@example.org"
    });
    assert_eq!(practice.put("/v1/settings", renamed).await.status, 200);
    let clock = json!({"now": "2027-01-01T00:00:00Z", "stopped": true});
    call(Method::POST, local.at("clock"), Some(&clock)).await;
    let sent = practice.send(&[&document]).await;
    let messages = local.messages().await;
    local.kill().await;

    let local = Local::serve(&folder, port).await;
    assert_eq!(local.port(), port, "the port that was asked for");
    assert_eq!(local.messages().await, messages, "the outbox");
    let (_, shown) = call(Method::GET, local.at("clock"), None).await;
    assert_eq!(shown, clock, "the clock");
    assert_ne!(local.at("api_key"), practice.key(), "a new key");
    let settings = local.practice().get("/v1/settings").await;
    assert_eq!(settings.body["name"], "Praxis Nordlicht", "{settings:?}");
    let delivery = local.practice().shown(&sent).await;
    assert_eq!(delivery["state"], "open", "{delivery:?}");
    // The keys of programs that were not restarted go on working.
    let earlier = practice.get("/v1/settings").await;
    assert_eq!(earlier.status, 200, "{earlier:?}");

    let mut patient = Patient::new(local.at("api"), &sent.link);
    open(&mut patient, &sent).await;
    let (_, file) = patient.download(&document).await;
    assert!(file == pdf("815"), "the file differs from what was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_stack_on_the_same_folder_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let mut first = Local::serve(&folder, 0).await;
    let ready = folder.path().join("second.json");
    let (status, said) = refusal(&data(&folder), 0, &ready).await;
    assert!(!status.success(), "{said}");
    let expected = format!(
        "error: another local stack uses the folder {}: end that one, or choose another with --data",
        data(&folder).display()
    );
    assert_eq!(said.trim(), expected);
    assert!(!ready.exists(), "a ready file of a stack that is none");
    assert!(first.is_running(), "the first stack has ended");
    let settings = first.practice().get("/v1/settings").await;
    assert_eq!(settings.status, 200, "{settings:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_is_named_and_nothing_is_left_behind() {
    let folder = TempDir::new().expect("a folder");
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = other.local_addr().expect("an address").port();
    let ready = folder.path().join("ready.json");
    std::fs::write(&ready, "of an earlier run").expect("a file");
    let (status, said) = refusal(&data(&folder), port, &ready).await;
    assert!(!status.success(), "{said}");
    let start = format!("error: port {port} on 127.0.0.1, for the API, is taken");
    assert!(said.starts_with(&start), "{said}");
    assert!(said.contains("--port"), "no remedy in: {said}");
    assert!(!ready.exists(), "the ready file of an earlier run is left");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_listens_on_loopback_only() {
    let folder = TempDir::new().expect("a folder");
    let local = Local::serve(&folder, 0).await;
    let listening = listening(local.process.id().expect("a process"));
    let expected: BTreeSet<String> = ["api", "outbox", "dynamodb", "s3"]
        .into_iter()
        .map(|name| local.at(name).replace("http://", ""))
        .collect();
    assert_eq!(listening, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demonstration_invites_to_the_whole_main_job_within_a_minute() {
    let folder = TempDir::new().expect("a folder");
    let (mut local, port) = Local::demonstrate(&folder).await;
    assert_eq!(local.port(), port, "the port that was asked for");
    let outbox = Url::parse(local.at("outbox")).expect("an address");
    assert_eq!(outbox.port(), port.checked_add(1), "the outbox's neighbour");
    let (status, _) = call(Method::GET, local.at("clock"), None).await;
    assert_eq!(status, 200, "the clock");

    let messages = local.messages().await;
    assert_eq!(channels(&messages), ["email", "sms"], "{messages}");
    let sent = sent(&messages);
    let practice = local.practice();
    let documents = practice.get("/v1/documents?record=akte-1001").await;
    let items = documents.body["items"].as_array().expect("documents");
    let size = |document: &Value| document["size"].as_u64().unwrap_or_default();
    assert!(items.len() >= 3, "several invoices, not {items:?}");
    let large = items.iter().max_by_key(|document| size(document));
    let large = large.expect("a document");
    assert!(
        (4_500_000..5_500_000).contains(&size(large)),
        "the largest has {} bytes",
        size(large)
    );
    let newest = items
        .iter()
        .max_by_key(|document| document["issued_on"].as_str());

    let mut patient = Patient::new(local.at("api"), &sent.link);
    open(&mut patient, &sent).await;
    for document in [newest.expect("a document"), large] {
        let id = document["id"].as_str().unwrap_or_default();
        let (disposition, file) = patient.download(id).await;
        assert!(disposition.contains("Rechnung-"), "{disposition}");
        assert!(file.starts_with(b"%PDF-"), "no PDF: {document}");
        assert_eq!(file.len() as u64, size(document), "{document}");
    }

    // What happened is still there, and nothing is sent a second time.
    local.kill().await;
    drop(local);
    let local = Local::demonstrate_at(&folder, port).await;
    let local = local.unwrap_or_else(|said| panic!("no second start: {said}"));
    assert_eq!(local.messages().await, messages);
    assert_eq!(patient.documents().await.status, 200, "the open session");
}

/// The program, started. It ends when it is dropped.
#[derive(Debug)]
struct Local {
    process: Child,
    /// The ready file, or the same read from what the demonstration prints.
    ready: Value,
}

impl Local {
    /// `local serve` on this folder, once it is ready.
    async fn serve(folder: &TempDir, port: u16) -> Self {
        let ready = folder.path().join("ready.json");
        let log = folder.path().join("log");
        // Else that of an earlier start could be read before this one gets to remove it.
        let _ = std::fs::remove_file(&ready);
        let mut process = serve(&data(folder), port, &ready)
            .stderr(File::create(&log).expect("a file for logs"))
            .spawn()
            .expect("a process");
        let content = wait(&mut process, &log, async || std::fs::read(&ready).ok()).await;
        let content = content.unwrap_or_else(|said| panic!("not ready: {said}"));
        let ready = serde_json::from_slice(&content).expect("a whole ready file");
        Self { process, ready }
    }

    /// Plain `local` on a port that is free, and its neighbour too.
    async fn demonstrate(folder: &TempDir) -> (Self, u16) {
        // Another program may take one of the two in between; then there are others.
        for _ in 0..5 {
            let port = two_free_ports();
            match Self::demonstrate_at(folder, port).await {
                Ok(local) => return (local, port),
                Err(said) => assert!(said.contains("is taken"), "no demonstration: {said}"),
            }
        }
        panic!("no two free ports");
    }

    /// Plain `local` on this port, or what it says.
    async fn demonstrate_at(folder: &TempDir, port: u16) -> Result<Self, String> {
        let (printed, log) = (folder.path().join("printed"), folder.path().join("log"));
        let mut process = command()
            .args(["--port", &port.to_string(), "--data"])
            .arg(data(folder))
            .stdout(File::create(&printed).expect("a file for the text"))
            .stderr(File::create(&log).expect("a file for logs"))
            .spawn()
            .expect("a process");
        let text = wait(&mut process, &log, async || {
            let text = std::fs::read_to_string(&printed).unwrap_or_default();
            // The last line of the invitation.
            text.contains("Ctrl-C").then_some(text)
        })
        .await?;
        let value = |label: &str| {
            let line = text
                .lines()
                .find_map(|line| line.trim().strip_prefix(label));
            let value = line.and_then(|rest| rest.split_whitespace().next());
            value
                .unwrap_or_else(|| panic!("no {label} in: {text}"))
                .trim_end_matches('/')
                .to_owned()
        };
        let api = value("API ");
        let ready = json!({
            "api": api.strip_suffix("/v1").unwrap_or(&api),
            "api_key": value("API key"),
            "outbox": value("Outbox"),
            "clock": value("Clock"),
        });
        Ok(Self { process, ready })
    }

    /// One of the ready file's texts.
    fn at(&self, name: &str) -> &str {
        let text = self.ready[name].as_str();
        text.unwrap_or_else(|| panic!("no {name} in {}", self.ready))
    }

    fn port(&self) -> u16 {
        let url = Url::parse(self.at("api")).expect("an address");
        url.port().expect("a port")
    }

    fn practice(&self) -> Practice {
        Practice::new(self.at("api"), self.at("outbox"), self.at("api_key"))
    }

    /// The practice with settings, a record and a document.
    async fn set_up(&self) -> (Practice, String) {
        let practice = self.practice();
        practice.set_up().await;
        let document = practice.document("invoice", "815", "2026-11-20").await;
        (practice, document)
    }

    async fn messages(&self) -> Value {
        let url = format!("{}/messages", self.at("outbox"));
        let (status, messages) = call(Method::GET, &url, None).await;
        assert_eq!(status, 200, "{messages}");
        messages
    }

    /// As a power cut does.
    async fn kill(&mut self) {
        self.process.kill().await.expect("the end of the process");
    }

    fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }
}

/// Waits until there is something to be seen; what the process said if it ends or takes too long.
async fn wait<T>(
    process: &mut Child,
    log: &Path,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> Result<T, String> {
    let said = || std::fs::read_to_string(log).unwrap_or_default();
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(found) = look().await {
                return Ok(found);
            }
            if let Some(status) = process.try_wait().expect("the state of the process") {
                return Err(format!("it ended with {status}: {}", said()));
            }
            tokio::time::sleep(PERIOD).await;
        }
    });
    waited
        .await
        .unwrap_or_else(|_| Err(format!("it takes too long: {}", said())))
}

/// How `local serve` ends that must not start, and what it says.
async fn refusal(data: &Path, port: u16, ready: &Path) -> (ExitStatus, String) {
    let process = serve(data, port, ready)
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    let ended = tokio::time::timeout(PATIENCE, process.wait_with_output()).await;
    let ended = ended.expect("it ends").expect("its output");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    (ended.status, said)
}

fn serve(data: &Path, port: u16, ready: &Path) -> Command {
    let mut command = command();
    command
        .args(["serve", "--port", &port.to_string(), "--data"])
        .arg(data)
        .arg("--ready-file")
        .arg(ready)
        .stdout(Stdio::null());
    command
}

fn command() -> Command {
    let mut path: PathBuf = std::env::current_exe().expect("the test's own path");
    path.pop();
    path.set_file_name(format!("local{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is not there: cargo build --workspace --bins",
        path.display()
    );
    let mut command = Command::new(path);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// The stack's folder, beside what the test itself keeps.
fn data(folder: &TempDir) -> PathBuf {
    folder.path().join("data")
}

/// A port that nobody listens on, nor on the next.
fn two_free_ports() -> u16 {
    let listen = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    loop {
        let first = listen(0).expect("a port");
        let port = first.local_addr().expect("an address").port();
        if port.checked_add(1).is_some_and(|next| listen(next).is_ok()) {
            return port;
        }
    }
}

async fn call(method: Method, url: &str, body: Option<&Value>) -> (u16, Value) {
    let mut request = Client::new().request(method, url);
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// Enters the code, up to the list of documents.
async fn open(patient: &mut Patient, sent: &Sent) {
    let entered = patient.enter(&sent.code).await;
    assert_eq!(entered.status, 303, "{entered:?}");
    let list = patient.documents().await;
    assert_eq!(list.status, 200, "{list:?}");
}

fn channels(messages: &Value) -> Vec<&str> {
    let messages = messages.as_array().into_iter().flatten();
    messages
        .filter_map(|message| message["channel"].as_str())
        .collect()
}

/// What a person reads in the mailbox and on the phone of a demonstration.
fn sent(messages: &Value) -> Sent {
    let text = |at: usize| messages[at]["text"].as_str().unwrap_or_default();
    let link = text(0).split_whitespace().find(|word| word.contains("/d/"));
    let behind = |label: &str| {
        let (_, rest) = text(1).split_once(label).expect("the label in the message");
        let word = rest.split_whitespace().next();
        word.expect("something behind it").to_owned()
    };
    Sent {
        id: String::new(),
        reference: behind("Referenz:"),
        code: behind("Code:"),
        link: link.expect("a link in the e-mail").to_owned(),
        answer: Value::Null,
    }
}

/// The addresses on which a process listens.
#[cfg(target_os = "linux")]
fn listening(process: u32) -> BTreeSet<String> {
    let descriptors = std::fs::read_dir(format!("/proc/{process}/fd"));
    let sockets: BTreeSet<String> = descriptors
        .expect("the process's files")
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|target| {
            let target = target.to_str()?.strip_prefix("socket:[")?;
            Some(target.trim_end_matches(']').to_owned())
        })
        .collect();
    let table = |name: &str| {
        let table = std::fs::read_to_string(format!("/proc/{process}/net/{name}"));
        table.unwrap_or_default()
    };
    let (four, six) = (table("tcp"), table("tcp6"));
    four.lines()
        .chain(six.lines())
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // Local address, state (0A: listening) and inode.
            let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
            (*state == "0A" && sockets.contains(*inode)).then(|| address(local))
        })
        .collect()
}

/// An address as the kernel writes it, in hexadecimal; one of IPv6 stays as it is, which none of ours is.
#[cfg(target_os = "linux")]
fn address(kernels: &str) -> String {
    let (ip, port) = kernels.split_once(':').expect("address and port");
    let port = u16::from_str_radix(port, 16).expect("a port");
    match u32::from_str_radix(ip, 16) {
        // In the machine's own order of bytes.
        Ok(ip) => format!("{}:{port}", Ipv4Addr::from(ip.to_ne_bytes())),
        Err(_) => format!("[{ip}]:{port}"),
    }
}
