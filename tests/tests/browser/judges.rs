//! Programs that judge pages: axe-core in the browser, and the Nu checker of what was sent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::browser::Browser;

impl Browser {
    /// Lets every page from now on be judged by [`Browser::judge`].
    pub(crate) async fn keep_axe_at_hand(&self) {
        let axe = std::fs::read_to_string(tool("axe-core/axe.min.js")).expect("axe-core");
        self.before_every_page(&axe).await;
    }

    /// Runs a script before each page from now on, whatever the page's policy allows.
    pub(crate) async fn before_every_page(&self, script: &str) {
        let script = json!({"source": script});
        self.devtools("Page.addScriptToEvaluateOnNewDocument", script)
            .await;
    }

    /// Looks at the page on a phone and on a desk, in light and in dark, and leaves pictures; what is wrong with it.
    pub(crate) async fn judge(&self, name: &str) -> Vec<String> {
        let mut faults = Vec::new();
        for (width, scheme, dark) in [
            (320, "light", ""),
            (320, "dark", "-dark"),
            (1280, "dark", "-dark"),
            (1280, "light", ""),
        ] {
            self.resize(width, 800).await;
            self.colours(scheme).await;
            let place = format!("{name}-{width}{dark}");
            // Nothing is cut off or has to be pushed sideways, down to 320 px (WCAG 2.2, 1.4.10).
            let needed = self.measure("scrollWidth").await;
            if needed > u64::from(width) {
                faults.push(format!("{place} needs {needed} px"));
            }
            let out = self.standing_out().await;
            faults.extend(out.iter().map(|part| format!("{place}: {part} stands out")));
            let barriers = self.barriers().await;
            faults.extend(barriers.iter().map(|barrier| format!("{place}: {barrier}")));
            // As high as the page, so that the picture shows all of it.
            let height = self.measure("scrollHeight").await;
            self.resize(width, height).await;
            self.picture(&place).await;
        }
        faults
    }

    /// Parts whose words are wider than the part; links around the page may reach out to be easier to hit.
    async fn standing_out(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('main *')]
            .filter((part) => part.clientWidth > 0 && part.scrollWidth > part.clientWidth + 1)
            .map((part) => part.outerHTML.slice(0, 120).replaceAll('\\n', ' '))";
        let found = self.script(script).await;
        let part = |part: &Value| part.as_str().unwrap_or_default().to_owned();
        found.as_array().into_iter().flatten().map(part).collect()
    }

    /// Shows the page as it is printed, leaves a picture, and shows it as before: what is read there.
    pub(crate) async fn printed(&self, name: &str) -> String {
        // The width of paper with its margins.
        self.resize(680, 960).await;
        self.devtools("Emulation.setEmulatedMedia", json!({"media": "print"}))
            .await;
        self.picture(&format!("{name}-printed")).await;
        let text = self.text().await;
        self.devtools("Emulation.setEmulatedMedia", json!({"media": ""}))
            .await;
        text
    }

    /// What keeps people from using the page, as far as a program can tell: violations of WCAG 2.2 AA.
    async fn barriers(&self) -> Vec<String> {
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
