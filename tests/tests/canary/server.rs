//! The local stack as a program of its own, whose every line of log is kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::places::Place;

const PATIENCE: Duration = Duration::from_mins(1);

/// A running `local serve`. Dropped, it is killed, as a fall of the machine would do it.
pub(crate) struct Server {
    child: Child,
    folder: TempDir,
    runs: usize,
    /// What the ready file says.
    pub(crate) ready: Value,
}

impl Server {
    /// Starts one on a folder of its own, at the most talkative level that can be asked for.
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let child = spawn(folder.path(), 0);
        let ready = wait_until_ready(folder.path());
        Self {
            child,
            folder,
            runs: 1,
            ready,
        }
    }

    /// Kills it and starts it again on the same folder.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.folder.path(), self.runs);
        self.runs += 1;
        self.ready = wait_until_ready(self.folder.path());
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        // One that has ended already is not there to be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// One of the ready file's addresses.
    pub(crate) fn address(&self, name: &str) -> &str {
        let address = self.ready[name].as_str();
        address.unwrap_or_else(|| panic!("no {name} in the ready file"))
    }

    /// The folder in which it keeps everything.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Everything that it wrote to its standard output and error, run by run.
    pub(crate) fn logs(&self) -> Vec<Place> {
        let read = |name: String| {
            let content = fs::read(self.folder.path().join(&name)).expect("a log");
            Place::new(format!("the log {name}"), content)
        };
        let names =
            (0..self.runs).flat_map(|run| ["stdout", "stderr"].map(|name| format!("{run}.{name}")));
        names.map(read).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(folder: &Path, run: usize) -> Child {
    let log = |name: &str| {
        let file = File::create(folder.join(format!("{run}.{name}")));
        Stdio::from(file.expect("a file for a log"))
    };
    let ready = folder.join("ready.json");
    // One of an earlier run tells of a stack that is gone; at first there is none.
    let _ = fs::remove_file(&ready);
    Command::new(program())
        .args(["serve", "--port", "0", "--data"])
        .arg(folder.join("data"))
        .arg("--ready-file")
        .arg(&ready)
        .env("LOG_LEVEL", "trace")
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .stdin(Stdio::null())
        .stdout(log("stdout"))
        .stderr(log("stderr"))
        .spawn()
        .expect("the local stack starts")
}

/// Built beside this test: `target/debug/local` for `target/debug/deps/canary-…`.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("a folder of programs");
    let program = folder.join(format!("local{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{} is not there: cargo build -p local",
        program.display()
    );
    program
}

fn wait_until_ready(folder: &Path) -> Value {
    let file = folder.join("ready.json");
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Ok(ready) = fs::read(&file) {
            return serde_json::from_slice(&ready).expect("a ready file holds JSON");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the local stack was not ready after {PATIENCE:?}");
}
