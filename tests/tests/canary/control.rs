//! The search itself: a secret that was planted is found in every kind of place, however it is spelled.

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::places::{Place, copy, files, rows};
use crate::search::{Finder, Kind, Secret};
use crate::{leaks_of_messages, shaped_like_a_secret, strangers};

const TOKEN: &str = "K7M3QXPB2468BCDFGHJKLMNPQRST";
/// Of hexadecimal digits alone, and so the one that is hardest to tell from chance.
const CODE: &str = "BCD-F42";

fn secrets() -> Vec<Secret> {
    vec![
        Secret::new(Kind::Token, TOKEN),
        Secret::new(Kind::Reference, "K7M3-QXPB"),
        Secret::new(Kind::Code, CODE),
        Secret::new(Kind::Session, &BASE64URL_NOPAD.encode(&[0xfb; 32])),
        Secret::new(Kind::FormCookie, &BASE64URL_NOPAD.encode(&[0xfa; 16])),
        Secret::new(
            Kind::FormField,
            &format!("1795444200.{}", HEXLOWER.encode(&[0xf9; 32])),
        ),
        Secret::new(
            Kind::ApiKey,
            &format!("zw_praxis-am-park_{}", HEXLOWER.encode(&[0xf8; 32])),
        ),
        Secret::new(Kind::Draft, &BASE64URL_NOPAD.encode(&[0xf6; 90])),
        Secret::new(Kind::IdempotencyKey, "canary-request"),
        Secret::new(Kind::Signature, &HEXLOWER.encode(&[0xf7; 32])),
        Secret::new(
            Kind::WebhookSecret,
            &format!("whsec_{}", BASE64.encode(&[0xf5; 32])),
        ),
    ]
}

/// Every spelling of a secret, as somebody careless would store it.
fn spelled(secret: &Secret) -> Vec<Vec<u8>> {
    let text = secret.text.as_bytes();
    let mut spelled = vec![
        text.to_vec(),
        text.to_ascii_lowercase(),
        text.iter().rev().copied().collect(),
    ];
    spelled.push(HEXLOWER.encode(text).into_bytes());
    spelled.push(HEXUPPER.encode(text).into_bytes());
    for before in ["", "x", "xy"] {
        let longer = [before.as_bytes(), text, b" and more"].concat();
        spelled.push(BASE64.encode(&longer).into_bytes());
        spelled.push(
            BASE64URL_NOPAD
                .encode(&longer.to_ascii_lowercase())
                .into_bytes(),
        );
    }
    match secret.kind {
        Kind::Code => {
            spelled.extend([CODE, "bcd-f42", "24f-dcb"].map(|text| text.as_bytes().to_vec()));
        }
        Kind::Reference => {
            spelled.extend(["K7M3-QXPB", "bpxq-3m7k"].map(|text| text.as_bytes().to_vec()));
        }
        Kind::Session => spelled.extend([vec![0xfb; 32], BASE64.encode(&[0xfb; 32]).into_bytes()]),
        Kind::FormCookie => spelled.push(HEXUPPER.encode(&[0xfa; 16]).into_bytes()),
        Kind::FormField => spelled.push(vec![0xf9; 32]),
        Kind::ApiKey => spelled.extend([vec![0xf8; 32], BASE64.encode(&[0xf8; 32]).into_bytes()]),
        Kind::Signature => spelled.push(vec![0xf7; 32]),
        Kind::WebhookSecret => spelled.push(vec![0xf5; 32]),
        Kind::Draft => spelled.push(vec![0xf6; 90]),
        Kind::Token | Kind::IdempotencyKey => {}
    }
    spelled
}

/// Puts a secret somewhere into a folder.
type Plant<'a> = dyn Fn(&Path) + 'a;

/// A folder as a stack leaves it, with nothing in it that must not be there.
fn clean() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("s3/bucket/documents")).expect("a folder");
    for name in [
        "clock.json",
        "kms.json",
        "s3/bucket/documents/object",
        "s3/.bucket-a.object-b.metadata.json",
    ] {
        fs::write(at(name), "{}").expect("a file");
    }
    fs::write(at("outbox.jsonl"), TOKEN).expect("a file");
    let database = Connection::open(at("dynamodb.sqlite")).expect("a database");
    let table = "PRAGMA journal_mode = WAL; CREATE TABLE items (pk TEXT, value BLOB);";
    database.execute_batch(table).expect("a table");
    folder
}

fn append(file: &Path, bytes: &[u8]) {
    let mut content = fs::read(file).unwrap_or_default();
    content.extend_from_slice(b" {\"x\":\"");
    content.extend_from_slice(bytes);
    content.extend_from_slice(b"\"}");
    fs::write(file, content).expect("a file");
}

/// Puts a row into the database and leaves it in its journal, as a kill does.
fn insert(folder: &Path, bytes: &[u8]) {
    let database = Connection::open(folder.join("dynamodb.sqlite")).expect("a database");
    let insert = "INSERT INTO items VALUES ('LINK#1', ?1)";
    database.execute(insert, [bytes]).expect("a row");
    let journal: PathBuf = folder.join("dynamodb.sqlite-wal");
    let kept = fs::read(&journal).expect("a journal");
    drop(database);
    fs::write(&journal, kept).expect("a journal");
}

#[test]
fn a_clean_folder_holds_no_secret_and_the_outbox_is_left_out() {
    let (folder, finder) = (clean(), Finder::new(secrets()));
    let mut places = files(folder.path());
    places.extend(rows(folder.path()));
    assert_eq!(strangers(&finder, &places, &[]), Vec::<String>::new());
    assert_eq!(places.iter().find_map(shaped_like_a_secret), None);
    let told: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
    assert!(
        told.contains(&"the file dynamodb.sqlite") && told.contains(&"the name s3/bucket"),
        "{told:?}"
    );
}

#[test]
fn a_planted_secret_is_found_in_every_spelling() {
    let finder = Finder::new(secrets());
    for secret in secrets() {
        for spelling in spelled(&secret) {
            for around in [&b"\0"[..], b"{\"field\":\"", b"\n", b"x-", b"=="] {
                let content = [around, &spelling, around].concat();
                let found = finder.find(&content);
                assert!(
                    found.iter().any(|hit| hit.secret == secret),
                    "{secret:?} as {}",
                    String::from_utf8_lossy(&spelling)
                );
            }
        }
    }
}

#[test]
fn a_planted_secret_is_found_in_every_kind_of_place() {
    let finder = Finder::new(secrets());
    let clean = clean();
    for secret in secrets() {
        let bytes = secret.text.as_bytes();
        let encoded = BASE64URL_NOPAD.encode(bytes);
        let at = |name: &'static str| move |folder: &Path| append(&folder.join(name), bytes);
        let plants: [(&str, Box<Plant<'_>>); 10] = [
            ("the file clock.json", Box::new(at("clock.json"))),
            ("the file kms.json", Box::new(at("kms.json"))),
            (
                "the file s3/bucket/documents/object",
                Box::new(at("s3/bucket/documents/object")),
            ),
            (
                "the file s3/.bucket-a.object-b.metadata.json",
                Box::new(at("s3/.bucket-a.object-b.metadata.json")),
            ),
            (
                "the name s3/bucket/",
                Box::new(|folder| append(&folder.join("s3/bucket").join(&secret.text), b"")),
            ),
            (
                "the name s3/.bucket-a.object-",
                Box::new(|folder| {
                    append(&folder.join(format!("s3/.bucket-a.object-{encoded}")), b"");
                }),
            ),
            ("the file new", Box::new(at("new"))),
            (
                "the file dynamodb.sqlite-journal",
                Box::new(at("dynamodb.sqlite-journal")),
            ),
            (
                "the file dynamodb.sqlite-wal",
                Box::new(|folder| insert(folder, bytes)),
            ),
            ("a row of items", Box::new(|folder| insert(folder, bytes))),
        ];
        for (place, plant) in plants {
            let folder = TempDir::new().expect("a folder");
            copy(clean.path(), folder.path());
            plant(folder.path());
            let mut places = files(folder.path());
            places.extend(rows(folder.path()));
            let found = strangers(&finder, &places, &[]);
            assert!(
                found.iter().any(|found| found.contains(place)),
                "{secret:?} in {place}: {found:?}"
            );
        }
    }
}

#[test]
fn a_code_within_a_longer_hash_is_there_by_chance() {
    let finder = Finder::new(secrets());
    let hash = format!("{}bcdf42{}", "0123456789abcdef", "0123456789abcdef");
    assert_eq!(finder.find(hash.as_bytes()), Vec::new());
    let id = "0190f5a2-3bcd-f42b-8c1d-0123456789ab";
    assert_eq!(finder.find(id.as_bytes()), Vec::new());
    assert_eq!(
        finder
            .find(b"code:bcdf42,hash:0123456789abcdef0123456789abcdef")
            .len(),
        1
    );
}

#[test]
fn a_message_with_the_secrets_of_the_other_way_is_found() {
    let finder = Finder::new(secrets());
    let email = |extra: &str| json!({"channel": "email", "text": format!("http://a/d/{TOKEN} K7M3-QXPB {extra}")});
    let sms = |extra: &str| json!({"channel": "sms", "text": format!("Code: {CODE}\nReferenz: K7M3-QXPB {extra}")});
    let leaks = |message| leaks_of_messages(&finder, &vec![message; 21]);
    assert_eq!(leaks(email("")), Vec::<String>::new());
    assert_eq!(leaks(sms("")), Vec::<String>::new());
    for leak in [
        CODE,
        "bcdf42",
        "24FDCB",
        &BASE64.encode(CODE.as_bytes()),
        &secrets()[6].text,
    ] {
        assert!(!leaks(email(leak)).is_empty(), "an e-mail with {leak}");
    }
    for leak in [
        TOKEN,
        &TOKEN.to_lowercase(),
        "http://a/d/",
        &secrets()[3].text,
    ] {
        assert!(!leaks(sms(leak)).is_empty(), "an SMS with {leak}");
    }
    let page = |text: &str| {
        strangers(
            &finder,
            &[Place::new("page", text)],
            &[Kind::Token, Kind::Reference],
        )
    };
    assert_eq!(page(&format!("{TOKEN} K7M3-QXPB")), Vec::<String>::new());
    assert!(!page("bcd-f42").is_empty(), "a page with the code");
}

#[test]
fn secrets_that_nobody_has_seen_are_known_by_their_shape() {
    let place = |text: String| shaped_like_a_secret(&Place::new("a log", text));
    assert!(place(format!("{{\"token\":\"{TOKEN}\"}}")).is_some());
    for other in [
        TOKEN.to_lowercase(),
        TOKEN[1..].to_owned(),
        format!("{TOKEN}K"),
        TOKEN.replace('K', "0"),
    ] {
        assert_eq!(place(other.clone()), None, "{other}");
    }
}
