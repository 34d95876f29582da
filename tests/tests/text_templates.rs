//! Text templates of practices over HTTP: listed with their variables, refused with line and column, and sent (D2, D9, D11).

use serde_json::{Value, json};
use tests::{Answer, World};

const EMAIL: &str = "/v1/templates/invoice/email/de";
const MESSAGE: &str = "/v1/templates/invoice/message/de";
const SUBJECT: &str = "Post von ${praxis}";
const BODY: &str = "Hallo ${name},\n\nhier entlang: ${link}\n\nReferenz: ${referenz}\n\n<#if zusatzText?has_content>Dazu: ${zusatzText}</#if>\n\nIhr Team";
const WITHOUT_PLACE: &str = "Hallo ${name},\n\n${link}\n\nReferenz: ${referenz}";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

async fn put(world: &World, path: &str, body: Value) -> Answer {
    let answer = world.practice.put(path, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

async fn delivery_of(world: &World, kind: &str, extra: Value) -> Answer {
    let document = world.practice.document(kind, "1", "2026-11-20").await;
    let mut body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    for (name, value) in extra.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    world.practice.post_delivery(body).await
}

/// The newest e-mail and the newest SMS.
async fn newest(world: &World) -> (Value, Value) {
    let messages = world.messages().await;
    let of = |channel: &str| {
        let mut of_channel = messages
            .iter()
            .rev()
            .filter(|message| message["channel"] == channel);
        of_channel.next().cloned().unwrap_or_default()
    };
    (of("email"), of("sms"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_template_and_every_variable_is_listed() {
    let world = World::start().await;
    put(&world, EMAIL, json!({"subject": SUBJECT, "body": BODY})).await;
    let listed = world.practice.get("/v1/templates").await.body;
    let items = listed["items"].as_array().expect("a list");
    assert_eq!(items.len(), 30, "five kinds, two ways, three languages");
    let own: Vec<&Value> = items
        .iter()
        .filter(|item| item["origin"] == "practice")
        .collect();
    assert_eq!(own.len(), 1);
    assert_eq!(
        (
            &own[0]["kind"],
            &own[0]["channel"],
            &own[0]["language"],
            &own[0]["body"]
        ),
        (
            &json!("invoice"),
            &json!("email"),
            &json!("de"),
            &json!(BODY)
        )
    );
    for item in items {
        assert!(!text(&item["body"]).is_empty(), "{item}");
        let path = format!(
            "/v1/templates/{}/{}/{}",
            text(&item["kind"]),
            text(&item["channel"]),
            text(&item["language"])
        );
        assert_eq!(&world.practice.get(&path).await.body, item, "{path}");
    }
    let variables = listed["variables"].as_array().expect("a list");
    let names: Vec<&str> = variables
        .iter()
        .map(|variable| text(&variable["name"]))
        .collect();
    for name in [
        "name",
        "praxis",
        "telefon",
        "link",
        "referenz",
        "code",
        "anzahl",
        "gueltigBis",
        "zusatzText",
    ] {
        assert!(names.contains(&name), "{name} among {names:?}");
    }
    for variable in variables {
        assert!(
            !text(&variable["example"]).is_empty() && !text(&variable["description"]).is_empty()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_built_in_template_can_be_saved_as_it_was_fetched_and_deleting_brings_it_back() {
    let world = World::start().await;
    for path in [EMAIL, MESSAGE] {
        let built_in = world.practice.get(path).await.body;
        assert_eq!(built_in["origin"], "built_in");
        let mut body = json!({"body": built_in["body"]});
        if path == EMAIL {
            body["subject"] = built_in["subject"].clone();
        }
        let saved = put(&world, path, body).await.body;
        assert_eq!(saved["origin"], "practice");
        assert_eq!(saved["body"], built_in["body"]);
        assert_eq!(world.practice.delete(path).await.status, 204);
        assert_eq!(world.practice.get(path).await.body, built_in);
        assert_eq!(world.practice.delete(path).await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d9_d11_what_cannot_be_sent_is_not_saved_and_line_and_column_are_named() {
    let world = World::start().await;
    let message = "Code ${code}\nReferenz ${referenz}";
    for (path, body, pointer, line, column, reason) in [
        (
            EMAIL,
            json!({"subject": SUBJECT, "body": "Hallo\n${link}\n${referenz} ${code}"}),
            "/body",
            3,
            13,
            "variable-not-allowed",
        ),
        (
            EMAIL,
            json!({"subject": "Für ${name}", "body": BODY}),
            "/subject",
            1,
            5,
            "variable-not-allowed",
        ),
        (
            EMAIL,
            json!({"subject": "Ihre Rechnung", "body": BODY}),
            "/subject",
            1,
            6,
            "tells-kind",
        ),
        (
            EMAIL,
            json!({"subject": SUBJECT, "body": "${link}\n<#list a as b>${referenz}"}),
            "/body",
            2,
            1,
            "unknown-tag",
        ),
        (
            EMAIL,
            json!({"subject": SUBJECT, "body": WITHOUT_PLACE, "standard_additional_text": "Bis bald."}),
            "/body",
            5,
            22,
            "additional-text-unused",
        ),
        (
            MESSAGE,
            json!({"body": format!("{message}\nwww.example.org")}),
            "/body",
            3,
            1,
            "web-address",
        ),
        (
            MESSAGE,
            json!({"body": format!("{message}\n${{code}}")}),
            "/body",
            3,
            1,
            "variable-repeated",
        ),
    ] {
        let answer = world.practice.put(path, body.clone()).await;
        assert_eq!(
            (answer.status, answer.problem(), answer.pointers()),
            (422, "template-invalid", vec![pointer]),
            "{body}"
        );
        let place = (
            &answer.body["line"],
            &answer.body["column"],
            &answer.body["reason"],
        );
        assert_eq!(
            place,
            (&json!(line), &json!(column), &json!(reason)),
            "{body}"
        );
        assert_eq!(
            world.practice.get(path).await.body["origin"],
            "built_in",
            "nothing was kept"
        );
    }
    for (path, body) in [
        (EMAIL, json!({"subject": SUBJECT})),
        (
            EMAIL,
            json!({"body": BODY, "subject": SUBJECT, "colour": "red"}),
        ),
        (MESSAGE, json!({"body": message, "subject": SUBJECT})),
    ] {
        let answer = world.practice.put(path, body).await;
        assert_eq!((answer.status, answer.problem()), (400, "invalid-body"));
    }
    for path in [
        "/v1/templates/bill/email/de",
        "/v1/templates/invoice/sms/de",
        "/v1/templates/invoice/email/fr",
    ] {
        assert_eq!(world.practice.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_practices_words_are_sent_with_values_escaped_where_they_stand() {
    let world = World::start().await;
    put(&world, EMAIL, json!({"subject": SUBJECT, "body": BODY})).await;
    put(
        &world,
        MESSAGE,
        json!({"body": "${praxis}: ${code} zu ${referenz}, ${name}"}),
    )
    .await;
    let record = json!({"record_type": "std", "recipients": [
        {"id": "patient", "name": "<b>${code} & „Bea“", "email": "erika@example.org", "mobile": "+4915112345678"}]});
    put(&world, "/v1/records/r1", record).await;
    let extra = json!({"additional_text": "<i>${referenz}</i>"});
    let sent = delivery_of(&world, "invoice", extra).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    let (email, sms) = newest(&world).await;
    assert_eq!(email["subject"], "Post von Praxis am Park");
    let plain = text(&email["text"]);
    assert!(plain.contains("Hallo <b>${code} & „Bea“,"), "{plain}");
    assert!(plain.contains("Dazu: <i>${referenz}</i>"), "{plain}");
    let html = text(&email["html"]);
    assert!(html.contains("&#60;b&#62;${code} &#38; „Bea“"), "{html}");
    assert!(!html.contains("<i>") && !html.contains("<b>${"), "{html}");
    let (code, reference) = (text(&sent.body["code"]), text(&sent.body["reference"]));
    let expected = format!("Praxis am Park: {code} zu {reference}, <b>${{code}} & \"Bea\"");
    assert!(text(&sms["text"]).starts_with(&expected), "{sms}");
    let other = delivery_of(&world, "note", json!({})).await;
    assert_eq!(other.status, 201);
    let (email, _) = newest(&world).await;
    assert_eq!(
        email["subject"], "Ein Dokument liegt für Sie bereit",
        "another kind has its own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn d11_the_first_documents_kind_and_the_readers_language_decide() {
    let world = World::start().await;
    for (path, subject) in [
        (EMAIL, "Deutsch und Rechnungsart eins"),
        ("/v1/templates/note/email/de", "Deutsch und Art zwei"),
        ("/v1/templates/note/email/en", "English, second kind"),
    ] {
        let subject = subject.replace("Rechnungsart", "Art");
        put(&world, path, json!({"subject": subject, "body": BODY})).await;
    }
    let invoice = world.practice.document("invoice", "1", "2026-11-20").await;
    let note = world.practice.document("note", "2", "2026-11-21").await;
    for (recipient, documents, subject) in [
        ("patient", [&invoice, &note], "Deutsch und Art eins"),
        ("patient", [&note, &invoice], "Deutsch und Art zwei"),
        ("insurer", [&note, &invoice], "English, second kind"),
        ("insurer", [&invoice, &note], "Documents are ready for you"),
    ] {
        let body = json!({"record": "r1", "recipient": recipient, "documents": documents, "channel": "spoken"});
        assert_eq!(world.practice.post_delivery(body).await.status, 201);
        assert_eq!(newest(&world).await.0["subject"], subject);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_the_standard_additional_text_is_filled_in_where_the_field_is_left_out() {
    let world = World::start().await;
    put(
        &world,
        EMAIL,
        json!({"subject": SUBJECT, "body": BODY, "standard_additional_text": "Praxisferien im Juli."}),
    )
    .await;
    for (extra, said) in [
        (json!({}), Some("Dazu: Praxisferien im Juli.")),
        (json!({"additional_text": ""}), None),
        (
            json!({"additional_text": "Bis bald."}),
            Some("Dazu: Bis bald."),
        ),
    ] {
        let document = world.practice.document("invoice", "1", "2026-11-20").await;
        let mut body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
        for (name, value) in extra.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let path = "/v1/deliveries/preview";
        let shown = world
            .practice
            .call(reqwest::Method::POST, path, body)
            .await
            .body;
        let draft = json!({"draft": shown["draft"]});
        assert_eq!(world.practice.post_delivery(draft).await.status, 201);
        let (email, _) = newest(&world).await;
        for text in [text(&email["text"]), text(&shown["email"]["text"])] {
            match said {
                Some(said) => assert!(text.contains(said), "{text}"),
                None => assert!(!text.contains("Dazu:"), "{text}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_an_additional_text_without_a_place_is_not_lost_unnoticed() {
    let world = World::start().await;
    put(
        &world,
        EMAIL,
        json!({"subject": SUBJECT, "body": WITHOUT_PLACE}),
    )
    .await;
    let refused = delivery_of(&world, "invoice", json!({"additional_text": "Bis bald."})).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (422, "additional-text-unused")
    );
    assert!(world.messages().await.is_empty(), "nothing was sent");
    for extra in [
        json!({}),
        json!({"additional_text": ""}),
        json!({"additional_text": "Bis bald.", "allow_unused_additional_text": true}),
    ] {
        let sent = delivery_of(&world, "invoice", extra).await;
        assert_eq!(sent.status, 201, "{sent:?}");
        assert!(!text(&newest(&world).await.0["text"]).contains("Bis bald."));
    }
    let document = world.practice.document("invoice", "2", "2026-11-20").await;
    let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms", "additional_text": "Bis bald."});
    let path = "/v1/deliveries/preview";
    let shown = world
        .practice
        .call(reqwest::Method::POST, path, body)
        .await
        .body;
    assert_eq!(
        (&shown["sendable"], &shown["problems"][0]["type"]),
        (&json!(false), &json!("/problems/additional-text-unused"))
    );
    let draft = |extra: &str| {
        let mut draft = json!({"draft": shown["draft"]});
        draft[extra] = json!(true);
        draft
    };
    let refused = world
        .practice
        .post_delivery(json!({"draft": shown["draft"]}))
        .await;
    assert_eq!(refused.problem(), "additional-text-unused");
    let sent = world
        .practice
        .post_delivery(draft("allow_unused_additional_text"))
        .await;
    assert_eq!(sent.status, 201, "the refusal did not spend the draft");
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_template_that_spells_the_code_is_caught() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    let path = "/v1/deliveries/preview";
    let shown = world
        .practice
        .call(reqwest::Method::POST, path, body)
        .await
        .body;
    let code = text(&shown["code"]);
    let template = format!("{BODY}\n\nVorgang {code}");
    put(&world, EMAIL, json!({"subject": SUBJECT, "body": template})).await;
    let refused = world
        .practice
        .post_delivery(json!({"draft": shown["draft"]}))
        .await;
    assert_eq!(
        (refused.status, refused.problem()),
        (422, "code-in-email"),
        "{refused:?}"
    );
    assert!(world.messages().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn d11_a_message_that_its_values_make_too_long_is_refused_never_split() {
    let world = World::start().await;
    let template = "Code ${code}, Referenz ${referenz}, ${name}";
    put(&world, MESSAGE, json!({"body": template})).await;
    let fixed = "Code XXX-XXX, Referenz XXXX-XXXX, ".len();
    for (length, status) in [(160 - fixed, 201), (161 - fixed, 422)] {
        let name = "N".repeat(length);
        let record = json!({"record_type": "std", "recipients": [
            {"id": "patient", "name": name, "email": "erika@example.org", "mobile": "+4915112345678"}]});
        put(&world, "/v1/records/r1", record).await;
        let answer = delivery_of(&world, "invoice", json!({})).await;
        assert_eq!(answer.status, status, "{length}: {answer:?}");
        if status == 422 {
            assert_eq!(answer.problem(), "message-too-long");
        }
    }
    let sent = world.messages().await;
    assert_eq!(sent.len(), 2, "one e-mail, one SMS: {sent:?}");
    assert_eq!(text(&sent[1]["text"]).chars().count(), 160);
}

#[tokio::test(flavor = "multi_thread")]
async fn l6a_a_new_code_travels_in_the_practices_words() {
    let world = World::start().await;
    put(
        &world,
        MESSAGE,
        json!({"body": "Neu von ${praxis}: ${code} (${referenz})"}),
    )
    .await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let sent = world
        .practice
        .send_with(&[&document], json!({"channel": "spoken"}))
        .await;
    let made = world
        .practice
        .post_code("key-1", &sent.id, json!({"channel": "sms"}))
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let (_, sms) = newest(&world).await;
    let expected = format!(
        "Neu von Praxis am Park: {} ({})",
        text(&made.body["code"]),
        sent.reference
    );
    assert!(text(&sms["text"]).starts_with(&expected), "{sms}");
}
