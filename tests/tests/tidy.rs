//! The tree itself: who may depend on whom, what every file and manifest has, and that the documents name tests that exist.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const FUNCTIONS: [&str; 10] = [
    "authorize",
    "dispatch",
    "download",
    "feedback",
    "invoice_run",
    "issue",
    "manage",
    "notify",
    "request_code",
    "verify",
];

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the workspace").to_owned()
}

/// The files that belong to the project, by their paths in it.
fn files(ending: &str) -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git");
    assert!(listed.status.success(), "git ls-files failed");
    let files: Vec<PathBuf> = String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter(|path| path.ends_with(ending))
        .map(|path| root().join(path))
        .filter(|path| path.exists())
        .collect();
    assert!(!files.is_empty(), "no file ends with {ending}");
    files
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Our crates, each with those of ours that it is built from.
fn crates() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    let ours: BTreeSet<String> = packages.iter().map(name).collect();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            let built_from = dependencies
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(name)
                .filter(|dependency| ours.contains(dependency));
            (name(package), built_from.collect())
        })
        .collect()
}

#[test]
fn dependencies_go_one_way() {
    let adapters = ["channels", "documents", "pages", "secrets", "store"];
    let crates = crates();
    for (name, dependencies) in &crates {
        let allowed: Vec<&str> = match name.as_str() {
            "domain" => vec![],
            adapter if adapters.contains(&adapter) => vec!["domain"],
            "web" => vec!["domain"],
            "runtime" => vec!["web"],
            "deliveries" => [&adapters[..], &["domain"]].concat(),
            "problems" => vec!["deliveries", "domain", "web"],
            "visits" => vec!["deliveries", "domain", "pages", "secrets", "web"],
            "operator" => vec!["documents", "domain", "secrets", "store"],
            "local" | "tests" => continue,
            function => {
                assert!(
                    FUNCTIONS.contains(&function),
                    "{function}: say here what it may depend on"
                );
                [
                    &adapters[..],
                    &[
                        "deliveries",
                        "domain",
                        "problems",
                        "runtime",
                        "visits",
                        "web",
                    ],
                ]
                .concat()
            }
        };
        let wrong: Vec<&String> = dependencies
            .iter()
            .filter(|other| !allowed.contains(&other.as_str()))
            .collect();
        assert!(wrong.is_empty(), "{name} must not depend on {wrong:?}");
    }
    for function in FUNCTIONS {
        assert!(
            crates.contains_key(function),
            "{function} is gone; take it out here"
        );
    }
}

#[test]
fn the_domain_cannot_do_io() {
    let manifest = read(&root().join("shared/domain/Cargo.toml"));
    for absent in ["tokio", "aws-", "reqwest", "getrandom", "http"] {
        assert!(!manifest.contains(absent), "domain depends on {absent}");
    }
    for file in files(".rs")
        .iter()
        .filter(|path| path.starts_with(root().join("shared/domain/src")))
    {
        let source = read(file);
        for absent in [
            "SystemTime",
            "Instant::now",
            "std::fs",
            "std::net",
            "std::env",
        ] {
            assert!(!source.contains(absent), "{} uses {absent}", file.display());
        }
    }
}

#[test]
fn every_rust_file_opens_with_what_it_is_responsible_for() {
    for file in files(".rs") {
        assert!(
            read(&file).starts_with("//! "),
            "{} does not",
            file.display()
        );
    }
}

#[test]
fn no_line_ends_in_white_space() {
    for ending in [".rs", ".toml", ".md", ".yaml", ".html"] {
        for file in files(ending) {
            let lines = read(&file);
            let wrong = lines.lines().position(|line| line.ends_with([' ', '\t']));
            assert!(
                wrong.is_none(),
                "{}:{}",
                file.display(),
                wrong.unwrap_or_default() + 1
            );
        }
    }
}

#[test]
fn every_manifest_takes_lints_and_versions_from_the_workspace() {
    for file in files("Cargo.toml")
        .iter()
        .filter(|path| **path != root().join("Cargo.toml"))
    {
        let manifest = read(file);
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{}: no workspace lints",
            file.display()
        );
        let mut in_dependencies = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                in_dependencies = line.contains("dependencies");
            } else if in_dependencies && line.contains('=') {
                let inherits =
                    line.contains(".workspace = true") || line.contains("workspace = true,");
                assert!(inherits, "{}: {line}", file.display());
            }
        }
    }
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let manifest = read(&root().join("Cargo.toml"));
    let dependencies = manifest
        .split("[workspace.dependencies]")
        .nth(1)
        .expect("the table");
    let table = dependencies.split("\n[").next().unwrap_or_default();
    for line in table
        .lines()
        .filter(|line| line.contains('=') && !line.starts_with('#') && !line.contains("path ="))
    {
        assert!(line.contains(" # "), "no reason: {line}");
    }
}

/// `ARCHITECTURE.md` writes an invariant as a line that ends in the test that holds it: `(test: name)`.
#[test]
fn every_invariant_names_a_test_that_exists() {
    let architecture = read(&root().join("ARCHITECTURE.md"));
    let section = architecture
        .split("\n## Invariants")
        .nth(1)
        .expect("a section Invariants");
    let section = section.split("\n## ").next().unwrap_or_default();
    let sources: String = files(".rs").iter().map(|file| read(file)).collect();
    let invariants: Vec<&str> = section
        .lines()
        .filter(|line| line.starts_with("- "))
        .collect();
    assert!(
        invariants.len() >= 10,
        "the invariants are not where they were"
    );
    for invariant in invariants {
        let (_, named) = invariant
            .rsplit_once("(test: ")
            .unwrap_or_else(|| panic!("no test: {invariant}"));
        for test in named.trim_end_matches(['.', ')']).split(", ") {
            let test = test.trim_matches('`');
            assert!(
                sources.contains(&format!("fn {test}(")),
                "there is no test {test}: {invariant}"
            );
        }
    }
}

/// What the documents call a file or folder is there.
#[test]
fn the_documents_name_paths_that_exist() {
    for document in ["README.md", "ARCHITECTURE.md"] {
        let text = read(&root().join(document));
        for word in text.split('`').skip(1).step_by(2) {
            let is_path = word.contains('/')
                && !word.contains([' ', '<', '{', ':', '$', '*'])
                && !word.starts_with(['/', '.', '-']);
            if is_path && !word.starts_with("target/") {
                assert!(root().join(word).exists(), "{document} names {word}");
            }
        }
    }
}
