//! Programs that judge pages: axe-core in the browser, and the Nu checker of what was sent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::browser::Browser;

impl Browser {
    /// Lets every page from now on be judged by [`Browser::barriers`].
    pub(crate) async fn keep_axe_at_hand(&self) {
        let axe = std::fs::read_to_string(tool("axe-core/axe.min.js")).expect("axe-core");
        // Chromium runs it before the page, whatever the page's policy allows.
        self.devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": axe}),
        )
        .await;
    }

    /// What keeps people from using the page, as far as a program can tell: violations of WCAG 2.2 AA.
    pub(crate) async fn barriers(&self) -> Vec<String> {
        let script = "const done = arguments[arguments.length - 1];
            const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
            const told = (found) => `${found.id}: ${found.nodes.map((node) => `${node.html} ${node.failureSummary}`).join('; ')}`;
            axe.run(document, {runOnly, resultTypes: ['violations']})
                .then((results) => done(results.violations.map(told)), (error) => done([`${error}`]));";
        let found = self.client().execute_async(script, Vec::new()).await;
        let found = found.unwrap_or_else(|error| panic!("axe: {error}"));
        let told = |barrier: &Value| barrier.as_str().unwrap_or_default().to_owned();
        let found = found.as_array().expect("a list of violations");
        found.iter().map(told).collect()
    }

    /// The page's HTML as it came.
    pub(crate) async fn as_sent(&mut self) -> String {
        let request = self.traffic().await.page.clone();
        let body = json!({"requestId": request});
        let body = self.devtools("Network.getResponseBody", body).await;
        body["body"].as_str().expect("a page").to_owned()
    }
}

/// What the Nu checker has against the pages in a folder.
pub(crate) fn html_faults(folder: &Path) -> Vec<String> {
    let jar = tool("vnu-jar/build/dist/vnu.jar");
    let checked = Command::new("java")
        .arg("-jar")
        .arg(jar)
        .args([
            "--format",
            "json",
            "--stdout",
            "--exit-zero-always",
            "--skip-non-html",
        ])
        .arg(folder)
        .output()
        .expect("java: install Debian's package default-jre-headless, or let tests/run do so");
    let found: Value = serde_json::from_slice(&checked.stdout).expect("the checker's findings");
    let found = found["messages"].as_array().expect("a list of findings");
    let text = |fault: &Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
    // One fault is in many pages.
    let mut pages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for fault in found {
        let said = format!(
            "{}: {} in {}",
            text(fault, "type"),
            text(fault, "message"),
            text(fault, "extract")
        );
        let page = text(fault, "url")
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        pages.entry(said).or_default().push(page);
    }
    pages
        .into_iter()
        .map(|(said, pages)| format!("HTML: {said} ({} pages, {})", pages.len(), pages[0]))
        .collect()
}

/// A file of a package that tests/run installs.
fn tool(path: &str) -> PathBuf {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/node_modules");
    let tool = packages.join(path);
    assert!(
        tool.exists(),
        "no {}: run npm ci in tests/node, or let tests/run do so",
        tool.display()
    );
    tool
}
