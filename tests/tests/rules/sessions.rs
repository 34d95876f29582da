//! How long a session lives, and how many there are (P7).

use domain::time::MINUTE;
use serde_json::json;
use tests::World;

use crate::sent;

#[tokio::test(flavor = "multi_thread")]
async fn p7_a_session_ends_after_15_idle_minutes_and_60_in_all() {
    let world = World::start().await;
    let (document, sent) = sent(&world, json!({})).await;
    let mut patient = world.patient(&sent);
    patient.enter(&sent.code).await;
    for _ in 0..3 {
        world.advance(15 * MINUTE - 1);
        assert_eq!(patient.documents().await.status, 200);
    }
    world.advance(15 * MINUTE - 1);
    assert_eq!(
        patient.click(&document).await.status,
        303,
        "59:56 after the entry"
    );
    world.advance(4);
    let page = patient.documents().await;
    assert_eq!(page.status, 303, "60 minutes in all");
    assert!(page.location().contains("note=ended"));
    let page = patient.get(page.location()).await;
    assert!(
        page.says("Zu Ihrem Schutz wurde die Seite geschlossen."),
        "{}",
        page.text()
    );

    patient.enter(&sent.code).await;
    assert_eq!(
        patient.documents().await.status,
        200,
        "the code opens a new one"
    );
    world.advance(15 * MINUTE);
    // With the cookie kept, as a program could: asking does not revive the session.
    for _ in 0..2 {
        let mut kept = patient.clone();
        assert_eq!(kept.documents().await.status, 303, "15 idle minutes");
        assert_eq!(kept.clone().click(&document).await.status, 303);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_a_fourth_session_ends_the_oldest() {
    let world = World::start().await;
    let (_, sent) = sent(&world, json!({})).await;
    let mut browsers = Vec::new();
    for _ in 0..4 {
        world.advance(1);
        let mut browser = world.patient(&sent);
        assert_eq!(browser.enter(&sent.code).await.status, 303);
        browsers.push(browser);
    }
    let mut open = Vec::new();
    for browser in &mut browsers {
        open.push(browser.documents().await.status == 200);
    }
    assert_eq!(open, [false, true, true, true]);
}
