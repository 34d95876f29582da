//! Threema, end to end: codes really sealed, really opened with the recipient's key, and every no of the gateway told apart (F-I7).
#![cfg(test)]

use domain::time::{HOUR, MINUTE};
use serde_json::{Value, json};
use tests::{Answer, World};

const ID: &str = "ABCD1234";

/// A world whose practice consents to Threema and SMS, and whose patient has a Threema ID; and a document to send.
async fn world() -> (World, String) {
    let world = World::start().await;
    let settings = json!({"name": "Praxis am Park", "sms_allowed": true, "threema_allowed": true});
    assert_eq!(
        world.practice.put("/v1/settings", settings).await.status,
        200
    );
    patient(&world, Some(ID)).await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    (world, document)
}

async fn patient(world: &World, threema_id: Option<&str>) {
    let record = json!({"record_type": "std", "recipients": [
        {"id": "patient", "name": "Erika Beispiel", "email": "erika@example.org", "mobile": "+4915112345678", "threema_id": threema_id},
    ]});
    let answer = world.practice.put("/v1/records/r1", record).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

async fn send(world: &World, document: &str) -> Answer {
    let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "threema"});
    world.practice.post_delivery(body).await
}

async fn of_channel(world: &World, channel: &str) -> Vec<Value> {
    let mut messages = world.messages().await;
    messages.retain(|message| message["channel"] == channel);
    messages
}

async fn used(world: &World) -> Value {
    world.practice.get("/v1/usage").await.body["threema"]["used"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_travels_by_threema_and_is_opened_with_the_recipients_key_alone() {
    let (world, document) = world().await;
    let extra = json!({"channel": "threema"});
    let sent = world.practice.send_with(&[&document], extra).await;
    assert_eq!(sent.answer["message"]["status"], "accepted");
    let messages = of_channel(&world, "threema").await;
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(
        (&messages[0]["to"], &messages[0]["from"]),
        (&json!(ID), &json!("*ZWEIWEG"))
    );
    let text = messages[0]["text"].as_str().unwrap_or_default();
    assert!(
        text.contains(&sent.code) && text.contains(&sent.reference),
        "{text}"
    );
    assert!(!text.contains("/d/"), "{text}");
    assert!(of_channel(&world, "sms").await.is_empty());
    assert_eq!(used(&world).await, 1);
    let mail = &of_channel(&world, "email").await[0];
    let mail = mail["text"].as_str().unwrap_or_default();
    assert!(mail.contains("Er kommt als Threema-Nachricht."), "{mail}");
    assert_eq!(world.patient(&sent).enter(&sent.code).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn f_i7_each_no_of_the_gateway_is_said_as_what_it_is_and_never_becomes_an_sms() {
    let (world, document) = world().await;
    for (fault, reason, temporary) in [
        ("refuse", "bad-recipient-or-sender", false),
        ("credits", "no-credits", false),
        ("too_long", "too-long", false),
        ("throttle", "rate-limit", true),
        ("error", "server-error", true),
    ] {
        world.fail("threema", fault, 1).await;
        let sent = send(&world, &document).await;
        assert_eq!(sent.status, 201, "the e-mail was sent: {sent:?}");
        let message = &sent.body["message"];
        assert_eq!(message["status"], "refused", "{fault}: {message}");
        assert_eq!(
            (&message["reason"], &message["temporary"]),
            (&json!(reason), &json!(temporary))
        );
        assert_eq!(
            sent.body["code"].as_str().map(str::len),
            Some(7),
            "to be spoken"
        );
        assert_eq!(
            used(&world).await,
            0,
            "{fault}: what was not sent is not counted"
        );
    }
    let mails = of_channel(&world, "email").await.len();
    for (fault, status, problem, reason) in [
        ("gone", 422, "threema-id-unknown", "unknown-id"),
        ("credentials", 409, "threema-unavailable", "bad-credentials"),
    ] {
        world.fail("threema", fault, 1).await;
        let refused = send(&world, &document).await;
        assert_eq!((refused.status, refused.problem()), (status, problem));
        assert_eq!(
            (&refused.body["reason"], &refused.body["temporary"]),
            (&json!(reason), &json!(false))
        );
    }
    assert_eq!(
        of_channel(&world, "email").await.len(),
        mails,
        "known before the e-mail"
    );
    world.fail("threema", "timeout", 1).await;
    let unknown = send(&world, &document).await;
    assert_eq!(unknown.body["message"]["status"], "unknown");
    assert_eq!(used(&world).await, 1, "it may have arrived");
    assert!(of_channel(&world, "sms").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_changes_is_refused_until_the_person_has_another_id() {
    let (world, document) = world().await;
    let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "threema"});
    let first = world.practice.post_delivery_as("first", body.clone()).await;
    assert_eq!(first.status, 201, "{first:?}");
    let sent = world.messages().await.len();
    world.fail("threema", "new_key", 1).await;
    for _ in 0..2 {
        let refused = send(&world, &document).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (409, "threema-key-changed")
        );
    }
    let id = first.body["id"].as_str().unwrap_or_default();
    let code = world
        .practice
        .post_code("k", id, json!({"channel": "threema"}))
        .await;
    assert_eq!((code.status, code.problem()), (409, "threema-key-changed"));
    assert_eq!(world.messages().await.len(), sent, "nothing was sent");
    let again = world.practice.post_delivery_as("first", body).await;
    assert_eq!(
        (again.status, &again.body["id"]),
        (201, &first.body["id"]),
        "a repeat is a repeat"
    );
    let spoken = world
        .practice
        .post_code("s", id, json!({"channel": "spoken"}))
        .await;
    assert_eq!(spoken.status, 201, "a way out");
    patient(&world, Some("WXYZ5678")).await;
    assert_eq!(send(&world, &document).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_threema_takes_the_practices_consent_and_an_id() {
    let (world, document) = world().await;
    patient(&world, None).await;
    let missing = send(&world, &document).await;
    assert_eq!((missing.status, missing.problem()), (422, "no-threema-id"));
    let settings = json!({"name": "Praxis am Park", "sms_allowed": true});
    assert_eq!(
        world.practice.put("/v1/settings", settings).await.status,
        200
    );
    let missing = send(&world, &document).await;
    assert_eq!((missing.status, missing.problem()), (422, "no-consent"));
    assert_eq!(
        missing.body["problems"],
        json!(["no-consent", "no-threema-id"])
    );
    assert!(world.messages().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_l6a_new_codes_travel_by_threema_too() {
    let (world, document) = world().await;
    let record_type = json!({"self_service": {"allowed": true, "channel": "threema"}});
    assert_eq!(
        world
            .practice
            .put("/v1/record-types/std", record_type)
            .await
            .status,
        200
    );
    let extra = json!({"channel": "self_service"});
    let sent = world.practice.send_with(&[&document], extra).await;
    let mut patient = world.patient(&sent);
    let page = patient.open().await;
    assert!(
        page.html.contains("Code per Threema anfordern"),
        "{}",
        page.html
    );
    let form = page.html.split("/code?").nth(1).unwrap_or_default();
    let form = form.split("name=\"form\" value=\"").nth(1);
    let form = form
        .and_then(|form| form.split('"').next())
        .unwrap_or_default();
    let url = format!("{}/code", patient.link);
    assert_eq!(patient.post(&url, &[("form", form)]).await.status, 303);
    let asked = of_channel(&world, "threema").await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    world.advance(HOUR);
    let made = world
        .practice
        .post_code("k", &sent.id, json!({"channel": "threema"}))
        .await;
    assert_eq!(
        (made.status, &made.body["message"]["status"]),
        (201, &json!("accepted"))
    );
    let code = made.body["code"].as_str().unwrap_or_default();
    let messages = of_channel(&world, "threema").await;
    assert!(
        messages[1]["text"]
            .as_str()
            .unwrap_or_default()
            .contains(code)
    );
    assert_eq!(used(&world).await, 2);
    world.advance(MINUTE);
    assert_eq!(world.patient(&sent).enter(code).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_messages_go_to_the_countries_that_the_operator_allows_and_nowhere_else() {
    let (world, document) = world().await;
    let number = async |mobile: &str| {
        let record = json!({"record_type": "std", "recipients": [
            {"id": "patient", "name": "Erika Beispiel", "email": "erika@example.org", "mobile": mobile},
        ]});
        let answer = world.practice.put("/v1/records/r1", record).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
        world.practice.post_delivery(body).await
    };
    for allowed in ["+4915112345678", "+436641234567", "+41791234567"] {
        assert_eq!(number(allowed).await.status, 201, "{allowed}");
    }
    let sent = number("+4915112345678").await;
    for elsewhere in ["+447911123456", "+33612345678"] {
        let refused = number(elsewhere).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (422, "country-not-allowed")
        );
        let id = sent.body["id"].as_str().unwrap_or_default();
        let code = world
            .practice
            .post_code(elsewhere, id, json!({"channel": "sms"}))
            .await;
        assert_eq!((code.status, code.problem()), (422, "country-not-allowed"));
    }
    assert_eq!(of_channel(&world, "sms").await.len(), 4);
}
