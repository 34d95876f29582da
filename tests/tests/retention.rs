//! What is stored where for how long: the table in `docs/privacy.md` is held against every item that a busy week leaves in the database.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use domain::time::DAY;
use serde_json::json;
use tests::{World, dynamodb};

const PAGE: &str = "docs/privacy.md";

/// A row of the page's table: of which items it speaks, whether some stay until somebody deletes them, and the days that others are kept at most.
#[derive(Debug)]
struct Kept {
    partition: String,
    sort: String,
    until_deleted: bool,
    days: Option<i64>,
}

/// The rows under the heading of the database. Their first cells are two names in backticks, their last is such as "30 days", or "until deleted by the practice", or both with a semicolon between them.
fn rows() -> Vec<Kept> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE);
    let page = fs::read_to_string(path).expect("the page");
    let mut parts = page.split("\n## ");
    let table = parts.find(|part| part.starts_with("The database"));
    let lines = table.expect("its part").lines();
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let name = |cell: &str| cell.trim_matches('`').to_owned();
        let kept = cells.last().copied().unwrap_or_default();
        let number = kept
            .rsplit("; ")
            .next()
            .and_then(|days| days.split(' ').next());
        let row = Kept {
            partition: name(cells[0]),
            sort: name(cells[1]),
            until_deleted: kept.starts_with("until deleted"),
            days: number.and_then(|number| number.parse().ok()),
        };
        assert!(row.until_deleted || row.days.is_some(), "{line}");
        row
    };
    lines
        .filter(|line| line.starts_with("| `"))
        .map(row)
        .collect()
}

/// Whether a key is of a pattern, whose `…` stand for whatever holds no `#`.
fn is_of(pattern: &str, key: &str) -> bool {
    let (pattern, key): (Vec<_>, Vec<_>) = (pattern.split('#').collect(), key.split('#').collect());
    let fits = |(of, part): (&&str, &&str)| *of == "…" || of == part;
    pattern.len() == key.len() && pattern.iter().zip(&key).all(fits)
}

/// A busy week: everything that leaves an item happens.
async fn week(world: &World) {
    let practice = &world.practice;
    // What the practice's program does not take is due again later: else nobody would see the row.
    world.fail("webhook", "refuse", 100).await;
    let settings = json!({
        "name": "Praxis am Park", "sms_allowed": true, "threema_allowed": true, "report_to": "praxis@example.org",
        "phone": "0441 234567", "reply_to": "praxis@example.org",
    });
    let kind = json!({"self_service": {"allowed": true, "channel": "sms"}});
    let record = json!({"record_type": "std", "recipients": [
        {"id": "patient", "name": "Erika Beispiel", "email": "erika@example.org", "mobile": "+4915112345678", "threema_id": "ABCD1234"},
    ]});
    let webhook = json!({"url": "https://example.org/hook", "events": ["delivery.opened"]});
    let template = json!({"body": "${praxis}: ${code}, ${referenz}"});
    for (path, body) in [
        ("/v1/settings", settings),
        ("/v1/record-types/std", kind),
        ("/v1/records/r1", record.clone()),
        ("/v1/records/gone", record),
        ("/v1/webhooks/all", webhook),
        ("/v1/templates/note/message/de", template),
    ] {
        let answer = practice.put(path, body).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    assert_eq!(practice.delete("/v1/records/gone").await.status, 204);
    let document = practice.document("invoice", "1", "2026-11-20").await;
    let announced = practice
        .announce("invoice", "2", "2026-11-20", b"%PDF never came")
        .await;
    assert_eq!(announced.status, 201);
    let by_threema = json!({"channel": "threema"});
    practice.send_with(&[&document], by_threema).await;

    let sent = practice.send(&[&document]).await;
    let mut patient = world.patient(&sent);
    let asked = patient.ask().await;
    assert_eq!(asked.status, 303, "{}", asked.text());
    let code = world.newest_code().await;
    assert_eq!(patient.enter(&code).await.status, 303);
    patient.download(&document).await;

    let document = practice.document("receipt", "3", "2026-11-20").await;
    let item = json!({"document": document, "recipient": "patient", "channel": "sms"});
    let run = practice.start_run(json!({"items": [item]})).await;
    practice
        .run_ended(run.body["id"].as_str().unwrap_or_default())
        .await;
    let unfinished = practice.document("receipt", "4", "2026-11-20").await;
    let item = json!({"document": unfinished, "recipient": "patient", "channel": "sms"});
    practice.start_run(json!({"items": [item]})).await;
    let now = world.clock().now();
    let marked = world.store().mark_restored(now, true).await;
    marked.expect("marked");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_item_of_the_database_is_on_the_privacy_page_and_goes_when_it_says() {
    let world = World::with_smallest_hashes().await;
    week(&world).await;
    let rows = rows();
    let mut met: BTreeMap<usize, Option<i64>> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    // What follows by the stream comes a moment later, and some of it is gone again soon: look more than once.
    for look in 0..100 {
        let now = world.clock().now().seconds();
        for item in dynamodb::items(world.stack.dynamodb()).await {
            let [partition, sort] =
                ["pk", "sk"].map(|name| item[name]["S"].as_str().unwrap_or_default());
            let row = rows
                .iter()
                .position(|row| is_of(&row.partition, partition) && is_of(&row.sort, sort));
            let Some(row) = row else {
                unknown.insert(format!("{partition} | {sort}"));
                continue;
            };
            let ttl = item["ttl"]["N"]
                .as_str()
                .map(|ttl| ttl.parse::<i64>().expect("seconds"));
            let left = ttl.map(|ttl| (ttl - now + DAY - 1) / DAY);
            assert!(
                left.is_some() || rows[row].until_deleted,
                "kept for ever: {item}"
            );
            let longest = met.entry(row).or_default();
            *longest = left.max(*longest);
        }
        if met.len() == rows.len() || !unknown.is_empty() {
            break;
        }
        if look % 10 == 9 {
            world.advance(60);
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(unknown, BTreeSet::new(), "{PAGE} does not name these");
    let differs = |(row, kept): &(usize, &Kept)| met.get(row) != Some(&kept.days);
    let wrong = rows.iter().enumerate().filter(differs);
    let wrong: Vec<_> = wrong.map(|(row, kept)| (kept, met.get(&row))).collect();
    assert!(
        wrong.is_empty(),
        "the page's row, and the days that are left of such an item at most: {wrong:#?}"
    );
}

#[test]
fn the_pattern_of_a_key_holds() {
    assert!(is_of("ORG#…", "ORG#p") && is_of("ORG#…#…", "ORG#p#r"));
    assert!(!is_of("ORG#…", "ORG#p#r") && !is_of("KEY#…", "ORG#p"));
}
