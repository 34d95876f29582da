//! Calls as hostile as they come, what they are answered, and the trace that they leave: none.

use std::fs;
use std::path::Path;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::Value;
use tests::{World, is_derived};

use tests::dynamodb::items;

/// A world whose practice is called with requests of any kind.
pub(crate) struct Api {
    /// The stack and its practice.
    pub(crate) world: World,
    http: Client,
}

/// An answer, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// A problem that is expected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) status: u16,
    pub(crate) kind: &'a str,
    pub(crate) pointers: &'a [&'a str],
}

/// Everything that a call could leave behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    rows: Vec<String>,
    objects: Vec<String>,
    messages: usize,
}

/// What went wrong, each with what it went wrong with; told all at once, so that one fault hides no other.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<String>);

impl Faults {
    /// Faults of this case, if there are any.
    pub(crate) fn add(&mut self, case: &str, faults: Vec<String>) {
        self.0
            .extend(faults.into_iter().map(|fault| format!("{case}: {fault}")));
    }

    /// One fault.
    pub(crate) fn push(&mut self, fault: String) {
        self.0.push(fault);
    }

    /// The end of a test.
    pub(crate) fn assert_none(self) {
        assert!(
            self.0.is_empty(),
            "{} faults:\n{}",
            self.0.len(),
            self.0.join("\n")
        );
    }
}

/// The beginning of something long, for a report.
pub(crate) fn beginning(text: &str) -> String {
    text.chars().take(80).collect()
}

/// 400 with these fields named.
pub(crate) fn invalid<'a>(pointers: &'a [&'a str]) -> Expected<'a> {
    Expected {
        status: 400,
        kind: "invalid-body",
        pointers,
    }
}

impl Api {
    /// With the practice of [`World::start`].
    pub(crate) async fn start() -> Self {
        let http = Client::builder().redirect(Policy::none()).build();
        Self {
            world: World::start().await,
            http: http.expect("a client"),
        }
    }

    /// A call of the practice's API with these bytes as its body.
    pub(crate) async fn call(&self, method: &str, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.call_with(method, path, &[("idempotency-key", "bad-input")], body)
            .await
    }

    /// The same with headers of one's own.
    pub(crate) async fn call_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let key = format!("Bearer {}", self.world.practice.key());
        let mut all = vec![
            ("authorization", key.as_str()),
            ("content-type", "application/json"),
        ];
        all.extend_from_slice(headers);
        self.send(method, path, &all, body).await
    }

    /// A request of anybody's.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let method: Method = method.parse().expect("a method");
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a header's name");
            map.append(
                name,
                HeaderValue::from_bytes(value.as_bytes()).expect("a header's value"),
            );
        }
        let url = format!("{}{path}", self.world.stack.api());
        let request = self
            .http
            .request(method, url)
            .headers(map)
            .body(body.into());
        Answer::read(request.send().await.expect("an answer")).await
    }

    /// What there is now.
    pub(crate) async fn trace(&self) -> Trace {
        let mut objects = Vec::new();
        list(&self.world.folder().join("s3"), &mut objects);
        objects.sort();
        let mut items = items(self.world.stack.dynamodb()).await;
        items.retain(|item| !is_derived(item));
        let mut rows: Vec<String> = items.iter().map(Value::to_string).collect();
        rows.sort();
        Trace {
            rows,
            objects,
            messages: self.world.messages().await.len(),
        }
    }
}

impl Answer {
    async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("a body");
        Self {
            status,
            headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// The value of a header; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body as JSON; null if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The fields that a problem names.
    pub(crate) fn pointers(&self) -> Vec<String> {
        let body = self.json();
        let errors = body["errors"].as_array().into_iter().flatten();
        errors
            .filter_map(|error| error["pointer"].as_str().map(str::to_owned))
            .collect()
    }

    /// What about this answer is not as a problem has to be.
    pub(crate) fn faults(&self, expected: Expected<'_>) -> Vec<String> {
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let mut pointers = self.pointers();
        let mut wanted = expected.pointers.to_vec();
        pointers.sort_unstable();
        wanted.sort_unstable();
        if self.status != expected.status {
            let said: String = self.text.chars().take(200).collect();
            return vec![format!(
                "status {}, not {}: {said}",
                self.status, expected.status
            )];
        }
        let mut faults = Vec::new();
        let mut check = |holds: bool, fault: String| {
            if !holds {
                faults.push(fault);
            }
        };
        let kind = format!("/problems/{}", expected.kind);
        check(
            body["status"] == expected.status,
            format!("it says status {}", body["status"]),
        );
        check(
            self.header("content-type") == "application/problem+json",
            format!("content type {}", self.header("content-type")),
        );
        check(
            self.header("cache-control") == "no-store",
            "it may be cached".to_owned(),
        );
        check(
            text("type") == kind,
            format!("type {}, not {kind}", text("type")),
        );
        check(
            !text("title").is_empty() && !text("detail").is_empty(),
            "no title or no remedy".to_owned(),
        );
        check(
            pointers == wanted,
            format!("pointers {pointers:?}, not {wanted:?}"),
        );
        for error in &errors {
            check(
                !error["detail"].as_str().unwrap_or_default().is_empty(),
                format!("an error without a detail: {error}"),
            );
        }
        check(
            !tells_of_our_insides(&self.text),
            "it tells of our insides".to_owned(),
        );
        if !faults.is_empty() {
            faults.push(self.text.chars().take(300).collect());
        }
        faults
    }
}

/// Whether an answer shows how we are made: traces of a fall, paths of our sources, names of our services.
pub(crate) fn tells_of_our_insides(text: &str) -> bool {
    let text = text.to_lowercase();
    let insides = [
        "panicked",
        "backtrace",
        ".rs:",
        "src/",
        "dynamodb",
        "sdkerror",
        "lambda",
        "called `",
        "unchecked",
        "thread '",
    ];
    insides.iter().any(|inside| text.contains(inside))
}

fn list(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            list(&path, found);
        } else {
            found.push(path.display().to_string());
        }
    }
}
