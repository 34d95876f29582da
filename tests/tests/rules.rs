//! The rules of a delivery and of sending, end to end over HTTP, met at their boundary instants with a clock that stands still.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use domain::time::{DAY, HOUR, MINUTE, Timestamp};
use serde_json::{Value, json};
use tests::{Patient, Sent, World};

const THREE_MONTHS_LATER: &str = "2027-02-23T10:00:00Z";

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A code of the right form that is not this one.
fn wrong(sent: &Sent) -> &'static str {
    if sent.code == "BCD-FGH" {
        "BCD-FGJ"
    } else {
        "BCD-FGH"
    }
}

async fn sent(world: &World, extra: Value) -> (String, Sent) {
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let sent = world
        .practice
        .send(world.stack.outbox(), &[&document], extra)
        .await;
    (document, sent)
}

async fn shown(world: &World, sent: &Sent) -> Value {
    world
        .practice
        .get(&format!("/v1/deliveries/{}", sent.id))
        .await
        .body
}

async fn assert_closed(world: &World, sent: &Sent, reason: &str, said: &str) {
    let page = world.patient(sent).open().await;
    assert_eq!(page.status, 410, "{}", page.text());
    assert!(page.says(said), "{}", page.text());
    let shown = shown(world, sent).await;
    assert_eq!(
        (&shown["state"], &shown["closed_because"]),
        (&json!("closed"), &json!(reason))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l1_open_until_three_calendar_months_have_passed() {
    let world = World::start().await;
    let (_, sent) = sent(&world, json!({})).await;
    world.set_clock(at(THREE_MONTHS_LATER).plus(-1));
    let mut patient = world.patient(&sent);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    assert_eq!(patient.documents().await.status, 200);
    world.advance(1);
    assert_eq!(
        patient.documents().await.status,
        303,
        "L9: the session ends with L1"
    );
    assert_closed(&world, &sent, "expired", "Die Dokumente waren bis").await;
    world.advance(1);
    assert_closed(&world, &sent, "expired", "Die Dokumente waren bis").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l1_a_form_handed_out_in_time_does_not_open_after_the_end() {
    let world = World::start().await;
    let (_, sent) = sent(&world, json!({"valid_days": 1})).await;
    assert_eq!(sent.answer["expires_at"], "2026-11-24T10:00:00Z");
    world.set_clock(at("2026-11-24T09:59:59Z"));
    let mut patient = world.patient(&sent);
    let page = patient.open().await;
    world.advance(1);
    let page = patient
        .post(&sent.link, &[("form", page.form()), ("code", &sent.code)])
        .await;
    assert_eq!(page.status, 410);
    assert_eq!(shown(&world, &sent).await["opened_at"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_the_code_works_for_72_hours_from_its_first_right_entry() {
    let world = World::start().await;
    let (_, sent) = sent(&world, json!({})).await;
    world.advance(5 * DAY);
    let opened = world.clock().now();
    assert_eq!(world.patient(&sent).enter(&sent.code).await.status, 303);
    world.set_clock(opened.plus(40 * HOUR));
    assert_eq!(
        world.patient(&sent).enter(&sent.code).await.status,
        303,
        "again and again"
    );
    world.set_clock(opened.plus(72 * HOUR - 1));
    let mut patient = world.patient(&sent);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    world.advance(1);
    assert_eq!(
        patient.documents().await.status,
        303,
        "L9: the session ends with L2"
    );
    assert_closed(
        &world,
        &sent,
        "used",
        "Nach der ersten Eingabe des Codes war die Seite 3 Tage offen.",
    )
    .await;
    assert_eq!(shown(&world, &sent).await["revivable"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn l3_the_next_entry_must_come_within_24_hours() {
    for (seconds, status) in [(24 * HOUR - 1, 303), (24 * HOUR, 303), (24 * HOUR + 1, 410)] {
        let world = World::start().await;
        let (_, sent) = sent(&world, json!({})).await;
        assert_eq!(world.patient(&sent).enter(wrong(&sent)).await.status, 401);
        world.advance(seconds);
        assert_eq!(
            world.patient(&sent).enter(&sent.code).await.status,
            status,
            "{seconds}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_waits_are_kept_to_the_second_and_what_is_refused_is_not_counted() {
    let world = World::start().await;
    let (_, sent) = sent(&world, json!({})).await;
    let mut patient = world.patient(&sent);
    for _ in 0..3 {
        assert_eq!(patient.enter(wrong(&sent)).await.status, 401);
    }
    for wait in [5, 10, 20, 40, 80, 160] {
        world.advance(wait - 1);
        let page = patient.enter(&sent.code).await;
        assert_eq!(page.status, 429, "a second before: {}", page.text());
        assert_eq!(page.headers["retry-after"], "1");
        world.advance(1);
        assert_eq!(patient.enter(wrong(&sent)).await.status, 401, "at {wait}");
    }
    assert_eq!(shown(&world, &sent).await["wrong_entries"]["of_code"], 9);
    world.advance(300);
    assert_eq!(
        patient.enter(&sent.code).await.status,
        303,
        "the tenth entry may be right"
    );
    assert_eq!(
        shown(&world, &sent).await["wrong_entries"]["of_code"],
        9,
        "a right entry does not refill the ten"
    );
    let page = patient.enter(wrong(&sent)).await;
    assert_eq!(
        page.status, 303,
        "the session is still open, so the page leads to the documents"
    );
    assert_eq!(
        world.patient(&sent).enter(wrong(&sent)).await.status,
        410,
        "the tenth wrong one closes"
    );
    assert_closed(
        &world,
        &sent,
        "too_many_attempts",
        "Der Code wurde zu oft falsch eingegeben.",
    )
    .await;
    assert_eq!(world.patient(&sent).enter(&sent.code).await.status, 410);
    assert_eq!(
        patient.documents().await.status,
        200,
        "L9: not by wrong entries of others"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_sending_again_closes_the_earlier_delivery_and_its_session() {
    let world = World::start().await;
    let (document, earlier) = sent(&world, json!({})).await;
    let mut patient = world.patient(&earlier);
    patient.enter(&earlier.code).await;
    assert_eq!(patient.documents().await.status, 200);
    let other = world.practice.document("note", "2", "2026-11-20").await;
    let later = world
        .practice
        .send(world.stack.outbox(), &[&other, &document], json!({}))
        .await;
    assert_eq!(later.answer["superseded"], json!([earlier.id]));
    assert_closed(
        &world,
        &earlier,
        "superseded",
        "Es gibt eine neuere E-Mail zu diesem Dokument.",
    )
    .await;
    assert_eq!(patient.documents().await.status, 303, "L9");
    assert_eq!(world.patient(&later).enter(&later.code).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_only_what_was_sent_counts_not_what_was_offered_and_others_can_be_spared() {
    let world = World::start().await;
    let (first, second) = (
        world.practice.document("invoice", "1", "2026-11-19").await,
        world.practice.document("invoice", "2", "2026-11-20").await,
    );
    let outbox = world.stack.outbox();
    let earlier = world.practice.send(outbox, &[&first], json!({})).await;
    let later = world.practice.send(outbox, &[&second], json!({})).await;
    assert_eq!(
        later.answer["superseded"],
        json!([]),
        "the first one only offered the second"
    );
    let kept = json!({"recipient": "insurer", "channel": "spoken", "keep_earlier": true});
    let insurer = world.practice.send(outbox, &[&first], kept).await;
    assert_eq!(insurer.answer["superseded"], json!([]));
    let again = world
        .practice
        .send(outbox, &[&first], json!({"keep_earlier": true}))
        .await;
    assert_eq!(
        again.answer["superseded"],
        json!([earlier.id]),
        "the same recipient's is not spared"
    );
    assert_eq!(world.patient(&insurer).open().await.status, 200);
}

/// Sends the document to so many recipients, each spared by the next.
async fn pile_up(world: &World, document: &str, deliveries: usize) -> Vec<Sent> {
    let id = |number: usize| format!("recipient-{number}");
    let mut piled = Vec::new();
    let numbers: Vec<usize> = (0..deliveries).collect();
    // A record has 20 recipients at most.
    for some in numbers.chunks(20) {
        let recipients = some.iter().map(|number| {
            json!({"id": id(*number), "name": "Erika Beispiel", "email": "erika@example.org"})
        });
        let record = json!({"record_type": "std", "recipients": recipients.collect::<Vec<_>>()});
        let answer = world.practice.put("/v1/records/r1", record).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        for number in some {
            let extra =
                json!({"recipient": id(*number), "channel": "spoken", "keep_earlier": true});
            let outbox = world.stack.outbox();
            piled.push(world.practice.send(outbox, &[document], extra).await);
        }
        world.empty_outbox().await;
    }
    piled
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_ninety_earlier_deliveries_close_at_once_and_one_more_is_refused_before_the_mail() {
    let world = World::with_smallest_hashes().await;
    let practice = &world.practice;
    let document = practice.document("note", "1", "2026-11-20").await;
    let piled = pile_up(&world, &document, 91).await;
    let body = json!({"record": "r1", "recipient": "recipient-90", "documents": [document], "channel": "spoken"});
    let preview = async || {
        let path = "/v1/deliveries/preview";
        practice
            .call(reqwest::Method::POST, path, body.clone())
            .await
            .body
    };
    let listed = |preview: &Value| preview["supersedes"].as_array().map(Vec::len);
    let shown = preview().await;
    assert_eq!(listed(&shown), Some(91));
    assert_eq!(
        shown["problems"][0]["type"], "/problems/too-many-earlier",
        "{shown}"
    );
    let refused = practice.post_delivery(body.clone()).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "too-many-earlier")
    );
    assert!(world.messages().await.is_empty(), "before the mail");
    assert_eq!(world.patient(&piled[0]).open().await.status, 200);

    let revoked = format!("/v1/deliveries/{}", piled[0].id);
    assert_eq!(practice.delete(&revoked).await.status, 204);
    let shown = preview().await;
    let sendable = (listed(&shown), &shown["sendable"]);
    assert_eq!(sendable, (Some(90), &json!(true)), "{shown}");
    let sent = practice.post_delivery(body).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    assert_eq!(sent.body["superseded"].as_array().map(Vec::len), Some(90));
    let open = practice.get("/v1/deliveries?state=open&limit=100").await;
    let ids = open.body["items"].as_array().into_iter().flatten();
    let ids: Vec<&Value> = ids.map(|item| &item["id"]).collect();
    assert_eq!(ids, [&sent.body["id"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_what_is_closed_already_is_neither_listed_nor_closed_again() {
    let world = World::start().await;
    let practice = &world.practice;
    let outbox = world.stack.outbox();
    let first = practice.document("note", "1", "2026-11-19").await;
    let second = practice.document("note", "2", "2026-11-20").await;
    let both = practice.send(outbox, &[&first, &second], json!({})).await;
    let later = practice.send(outbox, &[&first], json!({})).await;
    assert_eq!(later.answer["superseded"], json!([both.id]));
    let to = |recipient: &str| json!({"recipient": recipient, "channel": "spoken", "keep_earlier": true});
    let reported = practice.send(outbox, &[&second], to("patient")).await;
    assert_eq!(reported.answer["superseded"], json!([]));
    assert_eq!(world.patient(&reported).report().await.status, 410);
    let revoked = practice.send(outbox, &[&second], to("insurer")).await;
    let path = format!("/v1/deliveries/{}", revoked.id);
    assert_eq!(practice.delete(&path).await.status, 204);

    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [second], "channel": "sms"});
    let path = "/v1/deliveries/preview";
    let shown = practice.call(reqwest::Method::POST, path, body).await;
    assert_eq!(shown.body["supersedes"], json!([]));
    let open = practice.send(outbox, &[&second], json!({})).await;
    assert_eq!(open.answer["superseded"], json!([]));
    let last = practice.send(outbox, &[&second], json!({})).await;
    assert_eq!(last.answer["superseded"], json!([open.id]));
    for (closed, because) in [
        (&both, "superseded"),
        (&later, ""),
        (&reported, "reported"),
        (&revoked, "revoked"),
        (&open, "superseded"),
        (&last, ""),
    ] {
        let shown = practice.get(&format!("/v1/deliveries/{}", closed.id)).await;
        let reason = shown.body["closed_because"].as_str().unwrap_or_default();
        assert_eq!(reason, because);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_the_earlier_delivery_stays_open_where_the_later_e_mail_fails() {
    let world = World::start().await;
    let (document, earlier) = sent(&world, json!({})).await;
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    for (kind, problem) in [
        ("refuse", "email-refused"),
        ("throttle", "email-refused"),
        ("timeout", "email-unknown"),
    ] {
        world.fail("email", kind, 1).await;
        let answer = world.practice.post_delivery_as(kind, body.clone()).await;
        assert_eq!((answer.status, answer.problem()), (502, problem));
        let id = answer.body["id"].as_str().unwrap();
        let failed = world
            .practice
            .get(&format!("/v1/deliveries/{id}"))
            .await
            .body;
        assert_eq!(
            failed["closed_because"], "not_sent",
            "D10: closed before the answer went out"
        );
        let again = world.practice.post_delivery_as(kind, body.clone()).await;
        assert_eq!(
            (again.status, again.problem(), &again.body["id"]),
            (502, problem, &json!(id)),
            "the same key, the same answer"
        );
    }
    let messages = world.messages().await;
    let codes = messages
        .iter()
        .filter(|message| message["channel"] == "sms")
        .count();
    assert_eq!(
        codes, 1,
        "D10: no message is sent for an e-mail that failed"
    );
    assert_eq!(
        world.patient(&earlier).enter(&earlier.code).await.status,
        303
    );
    // The e-mail whose fate is unknown did arrive; its page says to ask the practice.
    let link = messages
        .iter()
        .rev()
        .filter(|message| message["channel"] == "email")
        .find_map(|message| {
            message["text"]
                .as_str()?
                .split_whitespace()
                .find(|word| word.contains("/d/"))
        });
    let page = Patient::new(world.stack.api(), link.unwrap()).open().await;
    assert_eq!(page.status, 410);
    assert!(
        page.says("Beim Versand der E-Mail ging etwas schief."),
        "{}",
        page.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l7_revoking_acts_at_the_next_request() {
    let world = World::start().await;
    let (document, sent) = sent(&world, json!({})).await;
    let mut patient = world.patient(&sent);
    let page = patient.open().await;
    let form = page.form().to_owned();
    patient.enter(&sent.code).await;
    assert_eq!(
        world
            .practice
            .delete(&format!("/v1/deliveries/{}", sent.id))
            .await
            .status,
        204
    );
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
    assert_closed(
        &world,
        &sent,
        "revoked",
        "Die Praxis stellt das Dokument nicht mehr bereit.",
    )
    .await;
    assert_eq!(
        world
            .practice
            .delete(&format!("/v1/deliveries/{}", sent.id))
            .await
            .status,
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
    assert_eq!(shown(&world, &sent).await["state"], "opened", "P1");
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
    assert_eq!(shown(&world, &sent).await["revivable"], false);
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
    let said = "Die Praxis stellt das Dokument nicht mehr bereit.";
    let (_, first) = sent(&world, json!({})).await;
    assert_eq!(world.patient(&first).report().await.status, 410);
    let revoke = |sent: &Sent| format!("/v1/deliveries/{}", sent.id);
    assert_eq!(world.practice.delete(&revoke(&first)).await.status, 204);
    assert_closed(&world, &first, "revoked", said).await;

    let (_, second) = sent(&world, json!({})).await;
    let mut stranger = world.patient(&second);
    let path = format!("{}/not-mine", second.link);
    let form = stranger.get(&path).await.form().to_owned();
    assert_eq!(world.practice.delete(&revoke(&second)).await.status, 204);
    let page = stranger.post(&path, &[("form", &form)]).await;
    assert_eq!(page.status, 410);
    assert!(page.says(said), "{}", page.text());
    assert_eq!(
        shown(&world, &second).await["closed_because"],
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
        shown(&world, &sent_one).await["closed_because"],
        json!("expired")
    );

    let (_, locked) = sent(&world, json!({})).await;
    let mut patient = world.patient(&locked);
    for _ in 0..10 {
        patient.enter(wrong(&locked)).await;
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
    assert_eq!(shown(&world, &sent).await["state"], "open");
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
    let sent = world
        .practice
        .send(world.stack.outbox(), &[&one, &two], json!({}))
        .await;
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
    assert_closed(
        &world,
        &sent,
        "revoked",
        "Die Praxis stellt das Dokument nicht mehr bereit.",
    )
    .await;
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
    let outbox = world.stack.outbox();
    let second = world.practice.send(outbox, &[&document], json!({})).await;
    let newer = "Es gibt eine neuere E-Mail zu diesem Dokument.";
    assert_closed(&world, &first, "superseded", newer).await;
    let path = format!("/v1/documents/{document}");
    assert_eq!(world.practice.delete(&path).await.status, 204);
    for sent in [first, second] {
        let said = "Die Praxis stellt das Dokument nicht mehr bereit.";
        assert_closed(&world, &sent, "revoked", said).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l7_erasing_a_record_closes_its_deliveries() {
    let world = World::start().await;
    let (document, sent) = sent(&world, json!({})).await;
    assert_eq!(world.practice.delete("/v1/records/r1").await.status, 204);
    assert_closed(
        &world,
        &sent,
        "revoked",
        "Die Praxis stellt das Dokument nicht mehr bereit.",
    )
    .await;
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

#[tokio::test(flavor = "multi_thread")]
async fn d3_what_is_missing_is_named_all_of_it_and_nothing_is_sent() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    world
        .practice
        .put("/v1/settings", json!({"name": "Praxis am Park"}))
        .await;
    let body =
        json!({"record": "r1", "recipient": "insurer", "documents": [document], "channel": "sms"});
    let answer = world.practice.post_delivery(body).await;
    assert_eq!((answer.status, answer.problem()), (422, "no-consent"));
    assert_eq!(answer.body["problems"], json!(["no-consent", "no-mobile"]));
    assert!(world.messages().await.is_empty());
    assert_eq!(
        world.practice.get("/v1/deliveries").await.body["items"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d8_the_page_offers_other_released_invoices_as_they_are_when_it_is_opened() {
    let world = World::start().await;
    let old = world.practice.document("receipt", "1", "2019-12-31").await;
    let since = world.practice.document("receipt", "2", "2020-01-01").await;
    let note = world.practice.document("note", "3", "2026-10-01").await;
    let newer = world.practice.document("invoice", "4", "2026-10-02").await;
    let sent_one = world.practice.document("invoice", "5", "2026-09-01").await;
    let sent = world
        .practice
        .send(world.stack.outbox(), &[&sent_one], json!({}))
        .await;
    let mut patient = world.patient(&sent);
    patient.enter(&sent.code).await;
    assert_eq!(
        patient.documents().await.documents(),
        [sent_one.clone(), newer.clone(), since.clone()]
    );
    assert_eq!(patient.click(&note).await.status, 404);
    assert_eq!(patient.click(&old).await.status, 404);
    world
        .practice
        .call(
            "PATCH".parse().unwrap(),
            &format!("/v1/documents/{newer}"),
            json!({"released": false}),
        )
        .await;
    assert_eq!(
        patient.documents().await.documents(),
        [sent_one.clone(), since]
    );
    assert_eq!(patient.click(&newer).await.status, 404);
    for count in [0, 1] {
        let sent = world
            .practice
            .send(
                world.stack.outbox(),
                &[&sent_one],
                json!({"offered_invoices": count}),
            )
            .await;
        let mut patient = world.patient(&sent);
        patient.enter(&sent.code).await;
        assert_eq!(
            patient.documents().await.documents(),
            [sent_one.as_str()],
            "{count}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_a_message_that_fails_leaves_the_code_in_the_answer() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    for (kind, status) in [("refuse", "refused"), ("timeout", "unknown")] {
        world.fail("sms", kind, 1).await;
        let sent = world
            .practice
            .send(world.stack.outbox(), &[&document], json!({}))
            .await;
        assert_eq!(sent.answer["message"]["status"], status);
        assert_eq!(shown(&world, &sent).await["message"]["status"], status);
        assert_eq!(
            world.patient(&sent).enter(&sent.code).await.status,
            303,
            "the code is valid"
        );
    }
    let sms = world
        .messages()
        .await
        .iter()
        .filter(|message| message["channel"] == "sms")
        .count();
    assert_eq!(
        sms, 1,
        "nothing is tried again: the one whose fate is unknown"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_sends_once_and_answers_without_the_code() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    let answers = futures::future::join_all(
        (0..10).map(|_| world.practice.post_delivery_as("one", body.clone())),
    )
    .await;
    let with_code = answers
        .iter()
        .filter(|answer| answer.body["code"].is_string())
        .count();
    assert_eq!(with_code, 1, "{answers:?}");
    assert_eq!(world.messages().await.len(), 2, "one e-mail, one SMS");
    let later = world.practice.post_delivery_as("one", body.clone()).await;
    assert_eq!(later.status, 201, "{later:?}");
    // SES may have told by now what became of it.
    let email = later.body["email"]["status"].as_str().unwrap_or_default();
    assert!(["accepted", "delivered"].contains(&email), "{later:?}");
    assert!(later.body.get("code").is_none() && later.body.get("reference").is_none());
    let other = json!({"record": "r1", "recipient": "insurer", "documents": body["documents"], "channel": "spoken"});
    assert_eq!(
        world
            .practice
            .post_delivery_as("one", other.clone())
            .await
            .problem(),
        "idempotency-mismatch"
    );
    world.advance(DAY - 1);
    assert_eq!(
        world
            .practice
            .post_delivery_as("one", other.clone())
            .await
            .problem(),
        "idempotency-mismatch"
    );
    world.advance(1);
    assert_eq!(
        world.practice.post_delivery_as("one", other).await.status,
        201,
        "forgotten after 24 hours"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d9_a_name_that_tells_the_treatment_is_kept_and_warned_about() {
    let world = World::start().await;
    let answer = world
        .practice
        .put("/v1/settings", json!({"name": "Praxis für Psychotherapie"}))
        .await;
    assert_eq!(
        (answer.status, &answer.body["warnings"][0]["type"]),
        (200, &json!("/problems/telling-name"))
    );
    let answer = world
        .practice
        .put("/v1/settings", json!({"name": "Praxis am Park"}))
        .await;
    assert_eq!(answer.body["warnings"], json!([]));
}
