//! What closes a delivery before its time: revoking, reporting, deleting, erasing (L7, L8, P5).

use domain::time::{DAY, MINUTE};
use serde_json::json;
use tests::{Patient, World};

use crate::{assert_closed, sent};

const REVOKED: &str = "Die Praxis stellt das Dokument nicht mehr bereit.";

#[tokio::test(flavor = "multi_thread")]
async fn l7_revoking_acts_at_the_next_request() {
    let world = World::start().await;
    let (document, sent) = sent(&world, json!({})).await;
    let mut patient = world.patient(&sent);
    let page = patient.open().await;
    let form = page.form().to_owned();
    patient.enter(&sent.code).await;
    assert_eq!(world.practice.revoke(&sent).await.status, 204);
    assert_eq!(patient.documents().await.status, 303);
    assert_eq!(patient.click(&document).await.status, 303);
    assert!(
        patient.click(&document).await.location().starts_with("/d/"),
        "to the code page, not to the bucket"
    );
    assert_eq!(
        patient
            .post(&sent.link, &[("form", &form), ("code", &sent.code)])
            .await
            .status,
        410
    );
    assert_closed(&world, &sent, "revoked", REVOKED).await;
    assert_eq!(
        world.practice.revoke(&sent).await.status,
        204,
        "twice is once"
    );
}

const REPORTED: &str =
    "Jemand hat gemeldet, dass diese E-Mail an die falsche Adresse ging. Zum Schutz der Dokumente";

#[tokio::test(flavor = "multi_thread")]
async fn l7_whoever_got_the_e_mail_by_mistake_closes_the_page_for_everyone() {
    let world = World::start().await;
    let (document, sent) = sent(&world, json!({})).await;
    let mut patient = world.patient(&sent);
    patient.enter(&sent.code).await;
    let mut stranger = world.patient(&sent);
    let page = stranger.open().await;
    assert!(
        page.says("Diese E-Mail war nicht für mich"),
        "{}",
        page.text()
    );
    let path = format!("{}/not-mine", sent.link);
    for _ in 0..3 {
        let page = stranger.get(&path).await;
        assert_eq!(page.status, 200);
        assert!(page.says("Die Seite wird dann für alle geschlossen"));
    }
    assert_eq!(world.practice.shown(&sent).await["state"], "opened", "P1");
    assert_eq!(patient.documents().await.status, 200, "P1");

    let page = stranger.report().await;
    assert_eq!(page.status, 410);
    assert!(
        page.says("Diese Seite ist geschlossen Danke. Bitte löschen Sie die E-Mail."),
        "{}",
        page.text()
    );
    assert_eq!(patient.documents().await.status, 303, "L9: at once");
    assert_eq!(patient.click(&document).await.status, 303);
    assert!(patient.click(&document).await.location().starts_with("/d/"));
    assert_eq!(patient.enter(&sent.code).await.status, 410);
    assert_closed(&world, &sent, "reported", REPORTED).await;
    assert_eq!(world.practice.shown(&sent).await["revivable"], false);
    let page = stranger.report().await;
    assert_eq!(page.status, 410, "twice is once");
    assert!(page.says(REPORTED), "{}", page.text());
    let spoken = json!({"channel": "spoken"});
    let answer = world.practice.post_code("a", &sent.id, spoken).await;
    assert_eq!(answer.problem(), "code-not-possible", "L6a");
}

#[tokio::test(flavor = "multi_thread")]
async fn l7_of_revoked_and_reported_the_page_names_revoked() {
    let world = World::start().await;
    let (_, first) = sent(&world, json!({})).await;
    assert_eq!(world.patient(&first).report().await.status, 410);
    assert_eq!(world.practice.revoke(&first).await.status, 204);
    assert_closed(&world, &first, "revoked", REVOKED).await;

    let (_, second) = sent(&world, json!({})).await;
    let mut stranger = world.patient(&second);
    let path = format!("{}/not-mine", second.link);
    let form = stranger.get(&path).await.form().to_owned();
    assert_eq!(world.practice.revoke(&second).await.status, 204);
    let page = stranger.post(&path, &[("form", &form)]).await;
    assert_eq!(page.status, 410);
    assert!(page.says(REVOKED), "{}", page.text());
    assert_eq!(
        world.practice.shown(&second).await["closed_because"],
        json!("revoked")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l7_what_is_closed_or_not_yet_sent_cannot_be_reported() {
    let world = World::start().await;
    let (_, sent_one) = sent(&world, json!({"valid_days": 1})).await;
    let mut stranger = world.patient(&sent_one);
    let path = format!("{}/not-mine", sent_one.link);
    world.advance(DAY - 1);
    let form = stranger.get(&path).await.form().to_owned();
    world.advance(1);
    for page in [
        stranger.get(&path).await,
        stranger.post(&path, &[("form", &form)]).await,
    ] {
        assert_eq!(page.status, 410);
        assert!(page.says("Die Dokumente waren bis"), "{}", page.text());
    }
    assert_eq!(
        world.practice.shown(&sent_one).await["closed_because"],
        json!("expired")
    );

    let (_, locked) = sent(&world, json!({})).await;
    let mut patient = world.patient(&locked);
    for _ in 0..10 {
        patient.enter(locked.wrong_code()).await;
        world.advance(300);
    }
    let page = patient.report().await;
    assert_eq!(page.status, 410);
    assert!(
        page.says("Der Code wurde zu oft falsch eingegeben."),
        "{}",
        page.text()
    );

    world.fail("email", "timeout", 1).await;
    let document = world.practice.document("invoice", "2", "2026-11-20").await;
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    let link = async {
        // The e-mail has gone out, and nobody knows yet what becomes of it.
        for _ in 0..200 {
            let messages = world.messages().await;
            let text = messages
                .iter()
                .filter(|message| message["channel"] == "email")
                .filter_map(|message| message["text"].as_str())
                .next_back()
                .unwrap_or_default()
                .to_owned();
            let link = text.split_whitespace().find(|word| word.contains("/d/"));
            if let Some(link) = link.filter(|link| **link != *locked.link) {
                let mut stranger = Patient::new(world.stack.api(), link);
                return (stranger.report().await, link.to_owned());
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("no e-mail");
    };
    let (answer, (page, link)) = tokio::join!(world.practice.post_delivery(body), link);
    assert_eq!(answer.problem(), "email-unknown");
    assert_eq!(page.status, 503, "P8: its e-mail is just being sent");
    let page = Patient::new(world.stack.api(), &link).report().await;
    assert!(
        page.says("Beim Versand der E-Mail ging etwas schief."),
        "{}",
        page.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_report_needs_the_form_of_its_own_page() {
    let world = World::start().await;
    let (_, sent) = sent(&world, json!({})).await;
    let mut stranger = world.patient(&sent);
    let path = format!("{}/not-mine", sent.link);
    let form = stranger.get(&path).await.form().to_owned();
    let of_the_code = stranger.open().await.form().to_owned();
    let refused = |page: tests::Page| {
        assert_eq!(page.status, 403);
        assert!(
            page.says("Sitzung ungültig oder abgelaufen!") && page.says("Ja, schließen"),
            "{}",
            page.text()
        );
    };
    refused(stranger.post(&path, &[]).await);
    refused(stranger.post(&path, &[("form", &of_the_code)]).await);
    let foreign = [("origin", "https://evil.example")];
    refused(
        stranger
            .post_with(&path, &[("form", &form)], &foreign)
            .await,
    );
    refused(world.patient(&sent).post(&path, &[("form", &form)]).await);
    world.advance(30 * MINUTE);
    refused(stranger.post(&path, &[("form", &form)]).await);
    assert_eq!(world.practice.shown(&sent).await["state"], "open");
    assert_eq!(
        stranger.report().await.status,
        410,
        "loading the page again mends it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l7_a_deleted_document_leaves_every_delivery_at_once() {
    let world = World::start().await;
    let (one, two) = (
        world.practice.document("invoice", "1", "2026-11-19").await,
        world.practice.document("note", "2", "2026-11-20").await,
    );
    let sent = world.practice.send(&[&one, &two]).await;
    let mut patient = world.patient(&sent);
    patient.enter(&sent.code).await;
    assert_eq!(patient.documents().await.documents().len(), 2);
    assert_eq!(
        world
            .practice
            .delete(&format!("/v1/documents/{two}"))
            .await
            .status,
        204
    );
    assert_eq!(
        patient.documents().await.documents(),
        [one.as_str()],
        "open sessions included"
    );
    let page = patient.click(&two).await;
    assert_eq!(page.status, 404);
    assert!(
        page.says("Dieses Dokument ist nicht mehr verfügbar."),
        "{}",
        page.text()
    );
    assert_eq!(
        world
            .practice
            .delete(&format!("/v1/documents/{one}"))
            .await
            .status,
        204
    );
    assert_eq!(patient.documents().await.status, 303);
    assert_closed(&world, &sent, "revoked", REVOKED).await;
    for id in [one, two] {
        assert_eq!(
            world
                .practice
                .get(&format!("/v1/documents/{id}"))
                .await
                .status,
            404
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l8_a_deleted_document_leaves_superseded_deliveries_too() {
    let world = World::start().await;
    let (document, first) = sent(&world, json!({})).await;
    let second = world.practice.send(&[&document]).await;
    let newer = "Es gibt eine neuere E-Mail zu diesem Dokument.";
    assert_closed(&world, &first, "superseded", newer).await;
    let path = format!("/v1/documents/{document}");
    assert_eq!(world.practice.delete(&path).await.status, 204);
    for sent in [first, second] {
        assert_closed(&world, &sent, "revoked", REVOKED).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l7_erasing_a_record_closes_its_deliveries() {
    let world = World::start().await;
    let (document, sent) = sent(&world, json!({})).await;
    assert_eq!(world.practice.delete("/v1/records/r1").await.status, 204);
    assert_closed(&world, &sent, "revoked", REVOKED).await;
    assert_eq!(
        world
            .practice
            .get(&format!("/v1/documents/{document}"))
            .await
            .status,
        404
    );
    assert_eq!(world.practice.get("/v1/records/r1").await.status, 404);
    assert_eq!(world.practice.delete("/v1/records/r1").await.status, 404);
}
