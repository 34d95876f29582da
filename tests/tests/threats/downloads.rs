//! T17: the address of a document in the bucket is good for a minute, for that document, and never longer than the session that asked for it.

use std::collections::BTreeMap;

use domain::time::{HOUR, MINUTE};
use reqwest::Url;
use tests::{Patient, Sent, World};

use crate::world;

/// What a signed address says in its query.
fn query(address: &str) -> BTreeMap<String, String> {
    let address = Url::parse(address).expect("an address");
    address.query_pairs().into_owned().collect()
}

async fn status(address: &str) -> u16 {
    let answer = reqwest::get(address).await.expect("an answer");
    answer.status().as_u16()
}

/// A session that has just been opened, and the document in it.
async fn opened(world: &World, sent: &Sent) -> (Patient, String) {
    let mut patient = world.patient(sent);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    let document = patient.documents().await.documents()[0].clone();
    (patient, document)
}

/// For how many seconds the address lives that is handed out now; `None` where none is.
async fn life(patient: &mut Patient, document: &str) -> Option<String> {
    let page = patient.click(document).await;
    assert_eq!(page.status, 303, "{page:?}");
    let address = page.location();
    address
        .starts_with("http")
        .then(|| query(address)["X-Amz-Expires"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn t17_the_address_of_a_download_is_signed_with_all_that_it_says() {
    let world = world(3).await;
    let sent = world.practice.send_invoice(1).await;
    let (mut patient, document) = opened(&world, &sent).await;
    let page = patient.click(&document).await;
    let address = page.location();
    let said = query(address);
    for (name, value) in [
        ("X-Amz-Expires", "60"),
        ("X-Amz-SignedHeaders", "host"),
        ("response-content-type", "application/pdf"),
        ("response-cache-control", "private, no-store"),
    ] {
        assert_eq!(said[name], value, "{name}");
    }
    let disposition = &said["response-content-disposition"];
    assert!(
        disposition.starts_with("attachment; filename=\"Rechnung"),
        "{disposition}"
    );
    assert!(!disposition.contains("Erika"), "{disposition}");
    assert_eq!(status(address).await, 200);
    for (what, from, to) in [
        ("a longer life", "X-Amz-Expires=60", "X-Amz-Expires=604800"),
        (
            "a life that is a second longer",
            "X-Amz-Expires=60",
            "X-Amz-Expires=61",
        ),
        ("shown instead of saved", "attachment", "inline"),
        ("another type", "application%2Fpdf", "text%2Fhtml"),
        ("kept by caches", "no-store", "max-age"),
        (
            "another document",
            document.as_str(),
            "20261120-aaaaaaaaaaaaaaaaaaaaaaaaa",
        ),
    ] {
        let bent = address.replacen(from, to, 1);
        assert_ne!(bent, address, "{what}");
        assert_eq!(status(&bent).await, 403, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t17_an_address_never_outlives_the_session_that_asked_for_it() {
    let world = world(3).await;
    let sent = world.practice.send_invoice(1).await;
    let (mut patient, document) = opened(&world, &sent).await;
    let begun = world.clock().now();
    for minute in [10, 20, 30, 40, 50] {
        world.set_clock(begun.plus(minute * MINUTE));
        assert_eq!(patient.documents().await.status, 200);
    }
    for (before_the_end, lives) in [
        (61, Some("60")),
        (60, Some("60")),
        (59, Some("59")),
        (1, Some("1")),
        (0, None),
    ] {
        world.set_clock(begun.plus(HOUR - before_the_end));
        let found = life(&mut patient, &document).await;
        assert_eq!(found.as_deref(), lives, "{before_the_end} seconds before");
    }
    // L2: the window is over before the session of somebody who came late.
    world.set_clock(begun.plus(72 * HOUR - 5 * MINUTE));
    let (mut late, document) = opened(&world, &sent).await;
    for (before_the_end, lives) in [(60, Some("60")), (7, Some("7")), (0, None)] {
        world.set_clock(begun.plus(72 * HOUR - before_the_end));
        let found = life(&mut late, &document).await;
        assert_eq!(found.as_deref(), lives, "{before_the_end} seconds before");
    }
}
