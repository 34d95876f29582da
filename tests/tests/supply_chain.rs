//! Other people's code: its licences, its sources, what is banned, and what is there twice, by the lists of `deny.toml`.
//!
//! `cargo deny` reads the same file; it takes long to build, so it is not needed here. Known faults are looked up by `tests/advisories.py`.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use serde_json::{Value, json};
use spdx::{Expression, Licensee};
use tokio::net::TcpListener;
use toml::Table;

/// A package that is built.
#[derive(Clone)]
struct Package {
    name: String,
    version: String,
    license: String,
    /// None of our own.
    source: Option<String>,
}

fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the workspace")
}

fn lists() -> Table {
    let file = std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
    file.parse().expect("TOML")
}

/// All that the lock file names for the target of the lists.
fn packages(lists: &Table) -> Vec<Package> {
    let target = lists["graph"]["targets"][0].as_str().expect("a target");
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .arg(format!("--filter-platform={target}"))
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    let packages = packages.iter().map(|package| Package {
        name: text(&package["name"]),
        version: text(&package["version"]),
        license: text(&package["license"]),
        source: package["source"].as_str().map(str::to_owned),
    });
    let packages: Vec<Package> = packages.collect();
    assert!(packages.len() > 100, "{} packages", packages.len());
    packages
}

/// The texts of a list, or the `crate` of each of its entries.
fn names(list: &toml::Value) -> BTreeSet<&str> {
    let entries = list.as_array().expect("a list").iter();
    let name = |entry: &'static str| move |value: &'_ toml::Value| value.get(entry).is_some();
    let has_crate = name("crate");
    entries
        .map(|entry| {
            if has_crate(entry) {
                &entry["crate"]
            } else {
                entry
            }
        })
        .map(|name| name.as_str().expect("a name"))
        .collect()
}

/// The licences that nothing allows, each with its package.
fn license_faults(lists: &Table, packages: &[Package]) -> Vec<String> {
    let licenses = &lists["licenses"];
    let allowed = names(&licenses["allow"]);
    let exceptions = licenses["exceptions"].as_array().expect("exceptions");
    let is_fine = |package: &&Package| {
        let own = exceptions
            .iter()
            .filter(|entry| entry["crate"].as_str() == Some(&package.name));
        let own = own.flat_map(|entry| names(&entry["allow"]));
        let allowed = allowed.iter().copied().chain(own);
        let allowed: Vec<Licensee> = allowed
            .filter_map(|name| Licensee::parse(name).ok())
            .collect();
        // Older manifests write a slash where SPDX says OR.
        let license = package.license.replace('/', " OR ");
        Expression::parse(&license).is_ok_and(|license| {
            license.evaluate(|needed| allowed.iter().any(|one| one.satisfies(needed)))
        })
    };
    let others = packages.iter().filter(|package| package.source.is_some());
    let faults = others.filter(|package| !is_fine(package));
    faults
        .map(|package| format!("{} is {}", package.name, package.license))
        .collect()
}

/// What comes from elsewhere, each with where.
fn source_faults(lists: &Table, packages: &[Package]) -> Vec<String> {
    let allowed = names(&lists["sources"]["allow-registry"]);
    let is_elsewhere = |source: &&str| {
        let registry = source.strip_prefix("registry+");
        !registry.is_some_and(|registry| allowed.contains(registry))
    };
    let sources = packages
        .iter()
        .filter_map(|package| package.source.as_deref());
    sources.filter(is_elsewhere).map(str::to_owned).collect()
}

/// What is banned and there.
fn banned(lists: &Table, packages: &[Package]) -> Vec<String> {
    let banned = names(&lists["bans"]["deny"]);
    let there = packages
        .iter()
        .filter(|package| banned.contains(package.name.as_str()));
    there.map(|package| package.name.clone()).collect()
}

/// Versions beside the newest of their crate that have no reason, and reasons that are no longer needed.
fn duplicate_faults(lists: &Table, packages: &[Package]) -> Vec<String> {
    let skipped = names(&lists["bans"]["skip"]);
    let mut versions: BTreeMap<&str, Vec<(semver::Version, String)>> = BTreeMap::new();
    for package in packages.iter().filter(|package| package.source.is_some()) {
        let version = package.version.parse().expect("a version");
        let named = format!("{}@{}", package.name, package.version);
        versions
            .entry(&package.name)
            .or_default()
            .push((version, named));
    }
    let older = versions.into_values().flat_map(|mut versions| {
        versions.sort();
        versions.pop();
        versions.into_iter().map(|(_, named)| named)
    });
    let older: BTreeSet<String> = older.collect();
    let unreasoned = older
        .iter()
        .filter(|named| !skipped.contains(named.as_str()));
    let needless = skipped.iter().filter(|named| !older.contains(**named));
    unreasoned
        .map(|named| format!("{named} has no reason"))
        .chain(needless.map(|named| format!("{named} is not there")))
        .collect()
}

#[test]
fn every_licence_is_allowed() {
    let lists = lists();
    assert_eq!(license_faults(&lists, &packages(&lists)), [""; 0]);
}

#[test]
fn everything_comes_from_the_registry() {
    let lists = lists();
    assert_eq!(source_faults(&lists, &packages(&lists)), [""; 0]);
}

#[test]
fn nothing_is_banned_and_there_is_one_tls_stack() {
    let lists = lists();
    let packages = packages(&lists);
    assert_eq!(banned(&lists, &packages), [""; 0]);
    let of_tls = packages.iter().filter(|package| package.name == "rustls");
    assert_eq!(of_tls.count(), 1);
}

#[test]
fn nothing_is_there_twice_without_a_reason() {
    let lists = lists();
    assert_eq!(duplicate_faults(&lists, &packages(&lists)), [""; 0]);
    for list in ["deny", "skip"] {
        let entries = lists["bans"][list].as_array().expect("a list");
        let reasoned = entries.iter().all(|entry| entry.get("reason").is_some());
        assert!(reasoned, "an entry of {list} has no reason");
    }
}

/// Each list finds what it is for.
#[test]
fn what_is_planted_is_found() {
    let lists = lists();
    let mut packages = packages(&lists);
    let plant = |name: &str, version: &str, license: &str, source: &str| Package {
        name: name.to_owned(),
        version: version.to_owned(),
        license: license.to_owned(),
        source: Some(source.to_owned()),
    };
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    packages.extend([
        plant("openssl", "0.10.0", "MIT AND GPL-3.0-only", registry),
        plant("serde", "0.9.0", "MIT", "git+https://git.example.org/serde"),
    ]);
    assert_eq!(banned(&lists, &packages), ["openssl"]);
    let license = license_faults(&lists, &packages);
    assert_eq!(license, ["openssl is MIT AND GPL-3.0-only"]);
    assert_eq!(source_faults(&lists, &packages).len(), 1);
    let duplicates = duplicate_faults(&lists, &packages);
    assert_eq!(duplicates, ["serde@0.9.0 has no reason"]);
}

/// What the look-up of known faults ends with and says, where the service answers so or not at all.
async fn looked_up(answers: Option<fn(usize) -> Value>) -> (Option<i32>, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a port");
    let service = format!("http://{}", listener.local_addr().expect("an address"));
    if let Some(answers) = answers {
        let answer = move |asked: Bytes| async move {
            let asked: Value = serde_json::from_slice(&asked).unwrap_or_default();
            let count = asked["queries"].as_array().map_or(0, Vec::len);
            let results: Vec<Value> = (0..count).map(answers).collect();
            json!({"results": results}).to_string()
        };
        let router = Router::new().route("/v1/querybatch", post(answer));
        tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
    } else {
        drop(listener);
    }
    let looked_up = tokio::process::Command::new("python3")
        .arg(root().join("tests/advisories.py"))
        .args(["--service", &service])
        .output()
        .await
        .expect("Python");
    let said = [looked_up.stdout, looked_up.stderr].concat();
    (
        looked_up.status.code(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn t23_a_known_fault_fails_the_run_and_a_silent_service_is_said_loudly() {
    let (code, said) = looked_up(Some(|_| json!({}))).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(" 0 known faults"), "{said}");
    let planted = |number| match number {
        7 => json!({"vulns": [{"id": "RUSTSEC-2026-0000"}]}),
        _ => json!({}),
    };
    let (code, said) = looked_up(Some(planted)).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("RUSTSEC-2026-0000") && said.contains("deny.toml"),
        "{said}"
    );
    let (code, said) = looked_up(None).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("WERE NOT LOOKED UP"), "{said}");
}
