//! S2, S3, T4, T5: secrets are found only where the product sends them, whatever is called and whatever goes wrong.
//!
//! A stack of its own is driven through every route and every kind of error while it logs as much as it can be asked to.
//! Then everything that it has left behind is searched: database, bucket, small files, logs, messages.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod control;
mod drafts;
mod drive;
mod failure;
mod misuse;
mod patients;
mod places;
mod search;
mod server;
mod ways;

#[path = "../tenancy/routes.rs"]
mod routes;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use drive::{Drive, Sent, is_of_symbols, shaped, token_in};
use places::Place;
use routes::routes;
use search::{Finder, Hit, Kind, Secret};
use server::Server;

/// What has to happen for the search to mean anything: answers that each take another path through the product.
const DRIVEN: [(&str, &[u64]); 14] = [
    // What the gateway refuses by itself has no route.
    ("", &[400, 404, 413]),
    ("GET /d/{token}", &[200, 303, 404, 410, 503]),
    ("POST /d/{token}", &[303, 401, 403, 404, 410, 422, 429, 503]),
    ("GET /d/{token}/documents", &[200, 303, 404, 503]),
    ("GET /d/{token}/documents/{id}", &[303, 404, 503]),
    ("POST /d/{token}/done", &[303, 403, 404, 503]),
    ("GET /d/{token}/not-mine", &[200, 404, 410, 503]),
    ("POST /d/{token}/not-mine", &[403, 404, 410, 503]),
    (
        "POST /v1/deliveries",
        &[201, 400, 404, 409, 413, 422, 502, 503],
    ),
    ("POST /d/{token}/code", &[303, 403, 404, 410, 429, 503]),
    ("POST /v1/deliveries/preview", &[200, 400, 404, 503]),
    (
        "POST /v1/deliveries/{id}/code",
        &[201, 400, 404, 409, 422, 503],
    ),
    ("PUT /v1/settings", &[200, 400, 413]),
    ("GET /v1/settings", &[200, 401, 403, 500, 503]),
];

#[tokio::test(flavor = "multi_thread")]
async fn s2_s3_t5_secrets_are_found_only_where_the_product_sends_them() {
    let mut server = Server::start();
    let mut drive = Drive::new(&server);
    drive.prepare().await;
    drive.send_in_every_way().await;
    drive.send_in_vain().await;
    drive.send_into_silence().await;
    drive.send_drafts().await;
    let (sent, other) = (
        drive.send(json!({})).await,
        drive.send(json!({"recipient": "english"})).await,
    );
    drive.read_documents(&sent).await;
    drive.enter_nonsense(&other, &sent).await;
    drive.post_foreign_forms(&other).await;
    drive.make_new_codes(&sent).await;
    let asking = drive.send(json!({"channel": "self_service"})).await;
    drive.ask_for_codes(&asking).await;
    drive.misuse_as_practice(&other).await;
    drive.misuse_as_patient(&other, &sent).await;
    drive.end_in_every_way().await;
    server.restart();
    drive.follow(&server);

    let (sent, session, documents) = last_delivery(&mut drive).await;
    Drive::break_object(&server, &documents[1]);
    drive.ask_for_everything(&sent, &documents, &session).await;
    let (sent, session, documents) = last_delivery(&mut drive).await;
    Drive::break_items(&server).await;
    drive.ask_for_everything(&sent, &documents, &session).await;
    drive.tokens().await;
    let kept = TempDir::new().expect("a folder");
    places::copy(&server.data(), kept.path());
    Drive::delete_table(&server).await;
    drive.ask_for_everything(&sent, &documents, &session).await;
    server.kill();

    let logs = server.logs();
    assert_was_driven(&logs);
    assert_names_nobody(&logs);
    let book = drive.book;
    let finder = Finder::new(book.secrets);
    let mut left_behind = logs;
    left_behind.extend(places::files(&server.data()));
    left_behind.extend(places::files(kept.path()));
    left_behind.extend(places::rows(kept.path()));
    let shapes = left_behind.iter().filter_map(shaped_like_a_secret);
    let mut found: Vec<String> = shapes.collect();
    left_behind.extend(book.answers);
    found.extend(strangers(&finder, &left_behind, &[]));
    found.extend(leaks_of_messages(&finder, &messages(&server.data())));
    // A page shows the patient's own link and reference and its forms; a preview's e-mail has its link masked.
    let of_pages = [Kind::Token, Kind::Reference, Kind::FormField];
    found.extend(strangers(&finder, &book.pages, &of_pages));
    found.extend(strangers(&finder, &book.previewed, &[Kind::Reference]));
    assert!(
        found.is_empty(),
        "secrets where none belongs:\n{}",
        found.join("\n")
    );
}

/// A delivery with an open session and a document that awaits its upload, for what breaks next.
async fn last_delivery(drive: &mut Drive) -> (Sent, String, Vec<String>) {
    drive.prepare().await;
    let document = drive.document("2026-0900").await;
    let waiting = drive.document("2026-0901").await;
    let sent = drive
        .send(json!({"documents": [document], "offered_invoices": 0}))
        .await;
    let mut patient = drive.patient(&sent);
    assert_eq!(
        drive.enter(&mut patient, &sent.code).await,
        303,
        "the right code"
    );
    let session = patient
        .cookies
        .iter()
        .find(|(name, _)| name.starts_with("__Host-dl-"));
    let (name, value) = session.expect("a session");
    (sent, format!("{name}={value}"), vec![document, waiting])
}

/// Every route was called, and the answers show that the errors were met too.
fn assert_was_driven(logs: &[Place]) {
    let mut seen: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for log in logs {
        for line in String::from_utf8_lossy(&log.content).lines() {
            let Ok(line) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            if let (Some(route), Some(status)) =
                (line["route_key"].as_str(), line["status"].as_u64())
            {
                seen.entry(route.to_owned()).or_default().insert(status);
            }
        }
    }
    let missed: Vec<String> = routes()
        .into_iter()
        .filter(|route| !seen.contains_key(route))
        .collect();
    assert!(missed.is_empty(), "never called: {missed:?}");
    for (route, expected) in DRIVEN {
        let answered = &seen[route];
        let missed: Vec<_> = expected
            .iter()
            .filter(|status| !answered.contains(status))
            .collect();
        assert!(
            missed.is_empty(),
            "{route} never answered {missed:?}, only {answered:?}"
        );
    }
}

/// Who the patients are and how they are reached stands in no log either.
fn assert_names_nobody(logs: &[Place]) {
    for log in logs {
        let text = String::from_utf8_lossy(&log.content).to_lowercase();
        for personal in [
            "beispiel",
            "example.org",
            "4915112345678",
            "praxis am park",
            "example insurance",
        ] {
            assert!(!text.contains(personal), "{personal} in {}", log.name);
        }
    }
}

fn said(hit: &Hit, place: &str) -> String {
    format!(
        "{:?} {} ({}) in {place}",
        hit.secret.kind, hit.secret.text, hit.form
    )
}

/// The outbox's file, message by message.
fn messages(folder: &Path) -> Vec<Value> {
    let stored = fs::read_to_string(folder.join("outbox.jsonl")).expect("an outbox");
    stored
        .lines()
        .map(|line| serde_json::from_str(line).expect("a message"))
        .collect()
}

/// An e-mail holds its own token and reference, an SMS its own reference and code, and neither anything else.
fn leaks_of_messages(finder: &Finder, messages: &[Value]) -> Vec<String> {
    assert!(
        messages.len() > 20,
        "the outbox is searched, not an empty one"
    );
    let mut leaks = Vec::new();
    for message in messages {
        let channel = message["channel"].as_str().unwrap_or_default();
        let text = message["text"].as_str().unwrap_or_default();
        let own = if channel == "webhook" {
            Vec::new()
        } else if channel == "email" {
            let token = token_in(text).expect("an e-mail has its link");
            vec![
                Secret::new(Kind::Reference, &token[..8]),
                Secret::new(Kind::Token, &token),
            ]
        } else {
            let of = |half| shaped(text, half).expect("an SMS has reference and code");
            vec![
                Secret::new(Kind::Reference, &of(4)),
                Secret::new(Kind::Code, &of(3)),
            ]
        };
        let found = finder.find(message.to_string().as_bytes());
        let strangers = found.iter().filter(|hit| !own.contains(&hit.secret));
        leaks.extend(strangers.map(|hit| said(hit, &format!("an {channel}"))));
        for secret in own {
            if !found.iter().any(|hit| hit.secret == secret) {
                leaks.push(format!("the search missed {secret:?} in an {channel}"));
            }
        }
        if channel == "sms" && (text.contains("/d/") || text.contains("://")) {
            leaks.push(format!("S3: an SMS with a link: {text}"));
        }
    }
    leaks
}

/// What is found in these places but does not belong there.
fn strangers(finder: &Finder, places: &[Place], belong: &[Kind]) -> Vec<String> {
    let mut leaks = Vec::new();
    for place in places {
        let found = finder.find(&place.content).into_iter();
        let strangers = found.filter(|hit| !belong.contains(&hit.secret.kind));
        leaks.extend(strangers.map(|hit| said(&hit, &place.name)));
    }
    leaks
}

/// Secrets that nobody but the product has ever seen, as those of an e-mail that was refused, are known by their shape alone.
fn shaped_like_a_secret(place: &Place) -> Option<String> {
    let text = String::from_utf8_lossy(&place.content);
    let mut runs = text.split(|c: char| !c.is_ascii_alphanumeric());
    let token = runs.find(|run| run.len() == 28 && is_of_symbols(run))?;
    Some(format!(
        "{token}, which is shaped like a token, in {}",
        place.name
    ))
}
