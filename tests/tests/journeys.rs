//! The main job, from a practice's program to the bytes in a patient's hands, over real HTTP.

use domain::document::Kind;
use serde_json::{Value, json};
use tests::{Patient, World, pdf};

fn texts<'a>(messages: &'a [Value], channel: &str) -> Vec<&'a str> {
    let of_channel = messages
        .iter()
        .filter(|message| message["channel"] == channel);
    of_channel
        .filter_map(|message| message["text"].as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pdf_goes_to_the_patient_in_two_ways() {
    let world = World::start().await;
    let document = world
        .practice
        .document("invoice", "2026-0815", "2026-11-20")
        .await;
    let sent = world.practice.send(&[&document]).await;
    assert_eq!(sent.answer["email"]["status"], "accepted");
    assert_eq!(sent.answer["message"]["status"], "accepted");
    assert_eq!(sent.answer["expires_at"], "2027-02-23T10:00:00Z");

    let messages = world.messages().await;
    assert_eq!(messages.len(), 2, "one e-mail, one SMS");
    let (email, sms) = (&messages[0], &messages[1]);
    assert_eq!(
        [&email["to"], &sms["to"]],
        ["erika@example.org", "+4915112345678"]
    );
    assert_eq!(email["subject"], "Ein Dokument liegt für Sie bereit");
    assert_eq!(email["reply_to"], "praxis@example.org");
    for part in ["text", "html"] {
        let part = email[part].as_str().unwrap();
        assert!(
            part.contains(&sent.link) && part.contains(&sent.reference),
            "S3: link and reference by e-mail"
        );
        assert!(
            !part.contains(&sent.code) && !part.contains(&sent.code.replace('-', "")),
            "D1: never the code"
        );
    }
    let sms = sms["text"].as_str().unwrap();
    assert!(
        sms.contains(&sent.code) && sms.contains(&sent.reference),
        "S3: code and reference by SMS"
    );
    assert!(!sms.contains("/d/"), "S3: never the link");

    let mut patient = world.patient(&sent);
    let page = patient.open().await;
    assert_eq!(page.status, 200);
    assert!(
        page.says(&sent.reference) && !page.says("Rechnung"),
        "P2, D9"
    );
    let page = patient
        .enter(&sent.code.to_lowercase().replace('-', " "))
        .await;
    assert_eq!(page.status, 303, "{}", page.text());
    let page = patient.get(page.location()).await;
    assert!(
        page.says("Ihre Dokumente") && page.says("Rechnung 2026-0815"),
        "{}",
        page.text()
    );
    assert!(
        page.says("Zum Herunterladen bis Donnerstag, 26. November 2026, 11:00 Uhr"),
        "L2: {}",
        page.text()
    );
    assert_eq!(page.documents(), [document.as_str()]);

    let (disposition, bytes) = patient.download(&document).await;
    assert_eq!(bytes, pdf("2026-0815"), "the very bytes");
    assert!(
        disposition.starts_with("attachment; filename=\"Rechnung-2026-0815.pdf\""),
        "P7: {disposition}"
    );

    let page = patient.done().await;
    let page = patient.get(page.location()).await;
    assert!(
        page.says("Mit demselben Code können Sie die Dokumente bis"),
        "{}",
        page.text()
    );
    assert_eq!(patient.documents().await.status, 303, "the session is over");
    assert_eq!(
        patient.enter(&sent.code).await.status,
        303,
        "L2: the code works again"
    );

    let shown = world.practice.shown(&sent).await;
    assert_eq!(shown["state"], "opened");
    assert_eq!(shown["downloads"][0]["document"], document.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_a_spoken_code_is_in_the_answer_and_in_no_message() {
    let world = World::start().await;
    let document = world.practice.document("note", "N-1", "2026-11-20").await;
    let sent = world
        .practice
        .send_with(&[&document], json!({"channel": "spoken"}))
        .await;
    let messages = world.messages().await;
    assert_eq!(messages.len(), 1, "the e-mail alone");
    assert_eq!(sent.answer["message"]["status"], "none");
    assert!(texts(&messages, "email")[0].contains("Sie bekommen ihn von der Praxis"));
    let mut patient = world.patient(&sent);
    assert!(
        patient
            .open()
            .await
            .says("Sie haben ihn von der Praxis bekommen")
    );
    assert_eq!(patient.enter(&sent.code).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_the_switch_then_the_browser_then_the_recipient_choose_the_language() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let english = json!({"recipient": "insurer", "channel": "spoken"});
    let sent = world.practice.send_with(&[&document], english).await;
    let messages = world.messages().await;
    assert_eq!(messages[0]["subject"], "A document is ready for you");
    assert!(texts(&messages, "email")[0].contains("Hello Example Insurance,"));

    let mut patient = world.patient(&sent);
    assert!(
        patient.open().await.says("Collect your document"),
        "the recipient's language"
    );
    patient.accept_language = Some("de-AT, en;q=0.5".to_owned());
    assert!(
        patient.open().await.says("Dokument abholen"),
        "the browser's"
    );
    let link = format!("{}?lang=en", sent.link);
    let page = patient.get(&link).await;
    assert!(page.says("Collect your document"), "the switch's");
    let page = patient
        .post(&link, &[("form", page.form()), ("code", "BCDFG")])
        .await;
    assert!(
        page.says("Please enter a code in the form XXX-XXX"),
        "{}",
        page.text()
    );
    let page = patient
        .post(&link, &[("form", page.form()), ("code", &sent.code)])
        .await;
    let page = patient.get(page.location()).await;
    assert!(
        page.says("Your documents") && page.says("Invoice 1"),
        "the switch keeps: {}",
        page.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_turn_has_its_own_answer() {
    let world = World::start().await;
    let sent = world.practice.send_invoice(1).await;
    let mut patient = world.patient(&sent);
    for (typed, status, said) in [
        ("", 422, "Bitte geben Sie hier den Code ein."),
        (
            "BCD-FG",
            422,
            "Bitte geben Sie einen Code im Format XXX-XXX oder ohne Bindestrich ein",
        ),
        ("BCDFG0", 422, "Bitte prüfen Sie den Code"),
        (sent.reference.as_str(), 422, "Das ist die Referenz."),
        (sent.wrong_code(), 401, "Dieser Code stimmt nicht."),
    ] {
        let page = patient.enter(typed).await;
        assert_eq!(page.status, status, "{typed}: {}", page.text());
        assert!(page.says(said), "{typed}: {}", page.text());
    }
    let shown = world.practice.shown(&sent).await;
    assert_eq!(
        shown["wrong_entries"]["of_code"], 1,
        "P2: only the wrong code is counted"
    );

    let unknown = format!("{}/d/{}", world.stack.api(), "B".repeat(28));
    let page = Patient::new(world.stack.api(), &unknown).open().await;
    assert_eq!(page.status, 404);
    assert!(
        page.says("Diese Seite gibt es nicht"),
        "P8: {}",
        page.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_form_is_good_for_30_minutes_and_from_our_own_page_alone() {
    let world = World::start().await;
    let sent = world.practice.send_invoice(1).await;
    let too_old =
        "Sitzung ungültig oder abgelaufen! Bitte die Webseite neu laden und noch einmal probieren!";
    for (seconds, status) in [(1799, 401), (1800, 403), (1801, 403)] {
        let mut patient = world.patient(&sent);
        let page = patient.open().await;
        world.advance(seconds);
        let page = patient
            .post(
                &sent.link,
                &[("form", page.form()), ("code", sent.wrong_code())],
            )
            .await;
        assert_eq!(page.status, status, "{seconds}: {}", page.text());
        assert_eq!(page.says(too_old), status == 403);
    }
    let mut patient = world.patient(&sent);
    let page = patient.open().await;
    let fields = [("form", page.form()), ("code", sent.code.as_str())];
    for headers in [
        &[("origin", "null")][..],
        &[("origin", "https://evil.example")],
        &[("sec-fetch-site", "cross-site")],
    ] {
        assert_eq!(
            patient.post_with(&sent.link, &fields, headers).await.status,
            403,
            "{headers:?}"
        );
    }
    let mut stranger = world.patient(&sent);
    assert_eq!(
        stranger.post(&sent.link, &fields).await.status,
        403,
        "another browser has another cookie"
    );
    assert_eq!(
        patient.post(&sent.link, &fields).await.status,
        303,
        "reloading is not even needed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_two_deliveries_are_open_in_two_tabs() {
    let world = World::start().await;
    let (first, second) = (
        world.practice.document("invoice", "1", "2026-11-19").await,
        world.practice.document("note", "2", "2026-11-20").await,
    );
    let one = world
        .practice
        .send_with(&[&first], json!({"offered_invoices": 0}))
        .await;
    let two = world.practice.send(&[&second]).await;
    let mut browser = world.patient(&one);
    assert_eq!(browser.enter(&one.code).await.status, 303);
    browser.link = two.link.clone();
    assert_eq!(browser.enter(&two.code).await.status, 303);
    assert_eq!(browser.documents().await.documents(), [second]);
    browser.link = one.link.clone();
    assert_eq!(browser.documents().await.documents(), [first]);
    browser.done().await;
    assert_eq!(browser.documents().await.status, 303);
    browser.link = two.link;
    assert_eq!(
        browser.documents().await.status,
        200,
        "the other tab stays open"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_document_can_be_sent_several_together_too() {
    let world = World::start().await;
    let mut ids = Vec::new();
    for (at, kind) in Kind::ALL.into_iter().enumerate() {
        let kind = serde_json::to_value(kind).unwrap();
        ids.push(
            world
                .practice
                .document(kind.as_str().unwrap(), &format!("K{at}"), "2026-11-20")
                .await,
        );
    }
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    let sent = world.practice.send(&all).await;
    assert_eq!(
        world.messages().await[0]["subject"],
        "Dokumente liegen für Sie bereit"
    );
    let mut patient = world.patient(&sent);
    patient.enter(&sent.code).await;
    let mut shown = patient.documents().await.documents();
    let mut expected = ids.clone();
    shown.sort();
    expected.sort();
    assert_eq!(shown, expected);
    for (at, id) in ids.iter().enumerate() {
        assert_eq!(patient.download(id).await.1, pdf(&format!("K{at}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn additional_text_stands_in_both_parts_of_the_e_mail_escaped() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let extra = json!({"additional_text": "Bis <bald> & danke\nIhre Praxis"});
    world.practice.send_with(&[&document], extra).await;
    let messages = world.messages().await;
    assert!(
        messages[0]["text"]
            .as_str()
            .unwrap()
            .contains("Bis <bald> & danke\nIhre Praxis")
    );
    let html = messages[0]["html"].as_str().unwrap();
    assert!(
        !html.contains("<bald>") && html.contains("Ihre Praxis"),
        "{html}"
    );
}
