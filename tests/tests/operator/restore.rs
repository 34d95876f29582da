//! A backup that is put back: nothing that ended since lives again, nothing is sent again, and what is new works (F-R5).

use std::collections::BTreeMap;
use std::path::Path;

use domain::access::Scope;
use domain::text::Line;
use domain::time::DAY;
use operator::{TableSettings, close_restored, create_key, missing_settings, set_disabled};
use reqwest::Method;
use serde_json::{Value, json};
use store::Closed;
use tests::{Patient, Practice, Sent, World};

use super::{a_while, messages, practice, preview, text};

/// The database's files: the file itself, and what was written lately.
const DATABASE: [&str; 3] = [
    "dynamodb.sqlite",
    "dynamodb.sqlite-wal",
    "dynamodb.sqlite-shm",
];

fn copy_database(from: &Path, to: &Path) {
    for name in DATABASE {
        let (from, to) = (from.join(name), to.join(name));
        if from.exists() {
            std::fs::copy(from, to).expect("copied");
        } else if to.exists() {
            std::fs::remove_file(to).expect("removed");
        }
    }
}

/// The backup in the place of the table, whose stream begins anew: everything in it comes again.
fn put_back(backup: &Path, folder: &Path) {
    copy_database(backup, folder);
    for position in ["stream-notify", "stream-dispatch"] {
        let position = folder.join(position);
        if position.exists() {
            std::fs::remove_file(position).expect("removed");
        }
    }
}

/// What is open when the backup is made, and what of it ends after.
struct Before {
    documents: Vec<String>,
    /// Used up, revoked, superseded, reported, guessed at, and left alone.
    sent: [Sent; 6],
    in_session: Patient,
    draft: Value,
    run: String,
}

/// A practice in the middle of everything, a run included that nobody sends yet.
async fn before(world: &World) -> Before {
    let practice = &world.practice;
    let mut documents = Vec::new();
    for number in 1..=8 {
        let number = number.to_string();
        documents.push(practice.document("invoice", &number, "2026-11-20").await);
    }
    let mut sent = Vec::new();
    for document in &documents[..6] {
        sent.push(practice.send(&[document]).await);
    }
    let mut in_session = world.patient(&sent[5]);
    assert_eq!(in_session.enter(&sent[5].code).await.status, 303);
    let draft = preview(practice, &documents[6]).await.body["draft"].clone();
    let item = json!({"document": documents[7], "recipient": "patient", "channel": "sms"});
    let run = practice.start_run(json!({"items": [item]})).await;
    a_while().await;
    Before {
        documents,
        sent: sent.try_into().expect("six"),
        in_session,
        draft,
        run: text(&run.body["id"]).to_owned(),
    }
}

/// What happens after the backup, and is lost with it.
async fn lose(world: &World, before: &Before) {
    let practice = &world.practice;
    let [used, revoked, _, reported, guessed, _] = &before.sent;
    let run = practice.run_ended(&before.run).await;
    assert_eq!(run["counts"]["sent"], 1);
    let mut patient = world.patient(used);
    assert_eq!(patient.enter(&used.code).await.status, 303);
    assert_eq!(practice.revoke(revoked).await.status, 204);
    let document = &before.documents[2];
    practice.send(&[document]).await;
    assert_eq!(world.patient(reported).report().await.status, 410);
    for _ in 0..10 {
        world.patient(guessed).enter("BBBBBB").await;
        world.advance(301);
    }
    assert_eq!(world.patient(guessed).open().await.status, 410);
    let spent = practice.post_delivery(json!({"draft": before.draft})).await;
    assert_eq!(spent.status, 201, "{spent:?}");
    let withheld = json!({"released": false});
    let path = format!("/v1/documents/{}", before.documents[0]);
    let withheld = practice.call(Method::PATCH, &path, withheld).await;
    assert_eq!(withheld.status, 200, "{withheld:?}");
    world.advance(3 * DAY);
    assert_eq!(world.patient(used).open().await.status, 410);
    a_while().await;
}

/// Nothing of before the backup opens, is revived or goes on.
async fn assert_dead(world: &World, program: &Practice, before: &mut Before) {
    for delivery in &before.sent {
        let mut patient = Patient::new(world.stack.api(), &delivery.link);
        assert_eq!(patient.open().await.status, 410);
        assert_eq!(patient.enter(&delivery.code).await.status, 410);
        let path = format!("/v1/deliveries/{}", delivery.id);
        let shown = program.get(&path).await.body;
        assert_eq!(shown["closed_because"], "revoked", "{shown}");
        assert_eq!(shown["revivable"], false, "{shown}");
        let by_sms = json!({"channel": "sms"});
        let code = program.post_code("code", &delivery.id, by_sms).await;
        assert!(
            ["code-not-possible", "idempotency-mismatch"].contains(&code.problem()),
            "{code:?}"
        );
    }
    assert_ne!(before.in_session.documents().await.status, 200);
    let path = format!("/v1/invoice-runs/{}", before.run);
    assert_eq!(program.get(&path).await.status, 404);
}

/// Nothing is sent to addresses of then, nor what a draft of then says; once the practice has put its records again, what is new works.
async fn assert_begins_anew(world: &World, program: &Practice, before: &Before) {
    let asked = json!({"record": "r1", "recipient": "patient", "documents": [before.documents[0]], "channel": "sms"});
    let refused = program.post_delivery(asked).await;
    assert!(
        refused.body.to_string().contains("sending-forbidden"),
        "{refused:?}"
    );
    program.set_up().await;
    let fresh = preview(program, &before.documents[6]).await.body["draft"].clone();
    let old = program.post_delivery(json!({"draft": before.draft})).await;
    assert!(
        ["draft-outdated", "draft-expired"].contains(&old.problem()),
        "{old:?}"
    );
    let anew = program.post_delivery(json!({"draft": fresh})).await;
    assert_eq!(anew.status, 201, "{anew:?}");
    let document = &before.documents[0];
    let anew = program.send(&[document]).await;
    let mut patient = world.patient(&anew);
    assert_eq!(patient.enter(&anew.code).await.status, 303);
    let shown = patient.documents().await.documents();
    assert_eq!(shown, [document.as_str()], "nothing withheld is offered");
}

#[tokio::test(flavor = "multi_thread")]
async fn f_r5_nothing_that_ended_since_the_backup_lives_again() {
    let backup = tempfile::tempdir().expect("a folder");
    let world = World::feeding(&["Dispatch"]).await;
    let other = world.another_practice("praxis-am-markt").await;
    let mut before = before(&world).await;
    let world = world
        .restarted(&[], &[], |folder| copy_database(folder, backup.path()))
        .await;
    lose(&world, &before).await;
    let sent = async |world: &World| {
        let emails = messages(world, "email").await;
        (emails, messages(world, "sms").await)
    };
    let sent_before = sent(&world).await;

    // The backup is made safe before any function is fed from it.
    let world = world
        .restarted(&[], &["Dispatch", "Notify"], |folder| {
            put_back(backup.path(), folder);
        })
        .await;
    let (store, now) = (world.store(), world.clock().now());
    let closed = close_restored(&store, &[], now, |_| {}).await;
    let expected = BTreeMap::from([
        (Closed::Delivery, 6),
        (Closed::Key, 2),
        (Closed::Practice, 2),
        (Closed::Record, 2),
        (Closed::Document, 8),
        // The run, its page, its lane, and that it is active.
        (Closed::Run, 4),
    ]);
    let mut closed = closed.expect("closed");
    closed.remove(&Closed::Due);
    assert_eq!(closed, expected);
    let again = close_restored(&store, &[], now, |_| {}).await;
    assert!(again.expect("closed").is_empty(), "once is enough");
    let marked = store.restored_and_closed_at().await;
    assert_eq!(marked.expect("a mark"), Some(now));

    let world = world.restarted(&[], &[], |_| {}).await;
    assert_eq!(world.practice.get("/v1/settings").await.status, 403);
    // The operator lets one practice in again.
    let store = world.store();
    let enabled = set_disabled(&store, &practice(), false, now).await;
    enabled.expect("enabled");
    let with_old_key = world.practice.get("/v1/settings").await;
    assert_eq!(with_old_key.status, 403, "it is revoked");
    let label = Line::try_from("anew".to_owned()).expect("a line");
    let key = create_key(&store, &practice(), label, Scope::ALL.to_vec(), now).await;
    let program = Practice::new(
        world.stack.api(),
        world.stack.outbox(),
        key.expect("a key").expose(),
    );
    assert_dead(&world, &program, &mut before).await;
    a_while().await;
    assert_eq!(
        sent(&world).await,
        sent_before,
        "nothing went out by itself"
    );
    assert_begins_anew(&world, &program, &before).await;
    assert_eq!(other.get("/v1/settings").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn f_r5_a_draft_that_was_spent_after_the_backup_is_refused_within_its_hour() {
    let backup = tempfile::tempdir().expect("a folder");
    let world = World::with_smallest_hashes().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let draft = preview(&world.practice, &document).await.body["draft"].clone();
    let world = world
        .restarted(&[], &[], |folder| copy_database(folder, backup.path()))
        .await;
    let spent = world.practice.post_delivery(json!({"draft": draft})).await;
    assert_eq!(spent.status, 201, "{spent:?}");
    let world = world
        .restarted(&[], &["Dispatch", "Notify"], |folder| {
            put_back(backup.path(), folder);
        })
        .await;
    world.advance(1);
    let now = world.clock().now();
    let store = world.store();
    let keys = store.api_keys(&practice()).await.expect("keys");
    let kept: Vec<String> = keys
        .iter()
        .map(|(hash, _)| hash.as_str()[..12].to_owned())
        .collect();
    let closed = close_restored(&store, &kept, now, |_| {}).await;
    assert!(!closed.expect("closed").contains_key(&Closed::Key));
    set_disabled(&store, &practice(), false, now)
        .await
        .expect("enabled");
    world.practice.set_up().await;
    let emails = messages(&world, "email").await;
    let outdated = world.practice.post_delivery(json!({"draft": draft})).await;
    assert_eq!(outdated.problem(), "draft-outdated", "{outdated:?}");
    assert_eq!(messages(&world, "email").await, emails);
    let fresh = preview(&world.practice, &document).await.body["draft"].clone();
    let anew = world.practice.post_delivery(json!({"draft": fresh})).await;
    assert_eq!(anew.status, 201, "{anew:?}");
}

#[test]
fn what_a_restore_does_not_carry_over_is_named_with_the_command_that_helps() {
    let complete = TableSettings {
        has_stream: true,
        has_expiry: true,
        recovery_days: Some(7),
        is_protected: true,
        has_own_key: true,
        is_on_demand: true,
        ..TableSettings::default()
    };
    assert!(missing_settings("t", &complete).is_empty());
    let missing = missing_settings("zweiweg-restored", &TableSettings::default());
    assert_eq!(missing.len(), 6);
    for setting in &missing {
        assert!(setting.command.starts_with("aws dynamodb update-"));
        assert!(setting.command.contains("--table-name zweiweg-restored"));
    }
    let longer = TableSettings {
        recovery_days: Some(35),
        ..complete
    };
    let told: Vec<Value> = missing_settings("t", &longer)
        .iter()
        .map(|setting| json!(setting.command))
        .collect();
    assert_eq!(told.len(), 1);
    assert!(text(&told[0]).contains("RecoveryPeriodInDays=7"));
}
