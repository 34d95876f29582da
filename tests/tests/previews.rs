//! Previews and drafts: what would happen is said before anything is stored, and sent exactly so, at most once.

use domain::time::HOUR;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, World};

async fn preview(world: &World, body: Value) -> Answer {
    world
        .practice
        .call(Method::POST, "/v1/deliveries/preview", body)
        .await
}

fn body(document: &str) -> Value {
    json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms", "additional_text": "Bis bald."})
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_everything_and_stores_nothing() {
    let world = World::start().await;
    let other = world.practice.document("receipt", "0", "2026-01-02").await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let earlier = world.practice.send(&[&document]).await;
    let sent_before = world.messages().await.len();
    let shown = preview(&world, body(&document)).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    let shown = shown.body;
    assert_eq!(
        (&shown["sendable"], &shown["problems"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(shown["email"]["to"], "erika@example.org");
    for part in ["text", "html"] {
        let part = text(&shown["email"][part]);
        assert!(part.contains(text(&shown["reference"])) && part.contains("Bis bald."));
        assert!(part.contains("/d/…"), "S3: the link is masked: {part}");
        assert!(!part.contains(text(&shown["code"])), "D1");
    }
    assert!(text(&shown["message"]["text"]).contains(text(&shown["code"])));
    assert_eq!(
        (&shown["message"]["segments"], &shown["message"]["to"]),
        (&json!(1), &json!("+4915112345678"))
    );
    let offered: Vec<&str> = shown["documents"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|shown| text(&shown["id"]))
        .collect();
    assert_eq!(offered, [document.as_str(), other.as_str()], "D8");
    assert_eq!(
        shown["settings"]["channel"],
        json!({"value": "sms", "origin": "delivery"}),
        "D4"
    );
    assert_eq!(
        shown["settings"]["offered_invoices"],
        json!({"value": 24, "origin": "default"})
    );
    assert_eq!(shown["supersedes"], json!([earlier.id]), "L5");
    assert_eq!(
        world.messages().await.len(),
        sent_before,
        "nothing was sent"
    );
    let listed = world.practice.get("/v1/deliveries").await.body;
    assert_eq!(
        listed["items"].as_array().map(Vec::len),
        Some(1),
        "nothing was stored"
    );
    assert_eq!(world.patient(&earlier).open().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_names_all_problems_at_once() {
    let world = World::start().await;
    let announced = world
        .practice
        .announce("invoice", "1", "2026-11-20", b"never uploaded")
        .await;
    world
        .practice
        .put("/v1/settings", json!({"name": "Praxis am Park"}))
        .await;
    let mut asked = body(text(&announced.body["id"]));
    asked["recipient"] = json!("insurer");
    let shown = preview(&world, asked).await.body;
    assert_eq!(shown["sendable"], false);
    let problems: Vec<&str> = shown["problems"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|problem| text(&problem["type"]))
        .collect();
    assert_eq!(
        problems,
        ["/problems/document-not-ready", "/problems/no-consent"]
    );
    assert_eq!(
        shown["problems"][1]["problems"],
        json!(["no-consent", "no-mobile"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_sent_with_its_reference_and_code_at_most_once() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let shown = preview(&world, body(&document)).await.body;
    let sends = join_all((0..10).map(|_| {
        world
            .practice
            .post_delivery(json!({"draft": shown["draft"]}))
    }))
    .await;
    let sent: Vec<&Answer> = sends.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(sent.len(), 1, "{sends:?}");
    let refused = sends
        .iter()
        .filter(|answer| answer.status == 409 && answer.problem() == "draft-spent")
        .count();
    assert_eq!(refused, 9, "{sends:?}");
    assert_eq!(
        (&sent[0].body["code"], &sent[0].body["reference"]),
        (&shown["code"], &shown["reference"])
    );
    let messages = world.messages().await;
    assert_eq!(messages.len(), 2, "one e-mail, one SMS");
    assert_eq!(
        messages[1]["text"], shown["message"]["text"],
        "exactly what was shown"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_lives_for_an_hour() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    for (seconds, status) in [(HOUR - 1, 201), (HOUR, 409), (HOUR + 1, 409)] {
        let shown = preview(&world, body(&document)).await.body;
        world.advance(seconds);
        let answer = world
            .practice
            .post_delivery(json!({"draft": shown["draft"]}))
            .await;
        assert_eq!(answer.status, status, "{seconds}: {answer:?}");
        if status == 409 {
            assert_eq!(answer.problem(), "draft-expired");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_changed_text_is_checked_again() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let shown = preview(&world, body(&document)).await.body;
    let code = text(&shown["code"]);
    let spelled: Vec<String> = code
        .replace('-', "")
        .chars()
        .map(|symbol| format!("{symbol} "))
        .collect();
    for smuggled in [code.to_owned(), code.to_lowercase(), spelled.concat()] {
        let changed =
            json!({"draft": shown["draft"], "additional_text": format!("Ihr Code: {smuggled}.")});
        let answer = world.practice.post_delivery(changed).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (422, "code-in-email"),
            "{smuggled}"
        );
    }
    assert!(world.messages().await.is_empty(), "nothing was sent");
    let changed = json!({"draft": shown["draft"], "additional_text": "Herzliche Grüße"});
    assert_eq!(
        world.practice.post_delivery(changed).await.status,
        201,
        "the draft was not spent by the refusals"
    );
    assert!(text(&world.messages().await[0]["text"]).contains("Herzliche Grüße"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_not_sent_where_something_else_would_leave_than_was_shown() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let shown = preview(&world, body(&document)).await.body;
    let own = "Neu: ${link} ${referenz}<#if zusatzText?has_content>${zusatzText}</#if>";
    let own = json!({"subject": "Post von ${praxis}", "body": own});
    let template = "/v1/templates/invoice/email/de";
    assert_eq!(world.practice.put(template, own).await.status, 200);
    for draft in [
        json!({"draft": shown["draft"]}),
        json!({"draft": shown["draft"], "additional_text": "Herzliche Grüße"}),
    ] {
        let answer = world.practice.post_delivery(draft).await;
        assert_eq!((answer.status, answer.problem()), (409, "draft-outdated"));
    }
    assert_eq!(world.messages().await.len(), 0, "nothing was sent");

    world.practice.delete(template).await;
    let sent = world
        .practice
        .post_delivery(json!({"draft": shown["draft"]}))
        .await;
    assert_eq!(sent.status, 201, "as it was shown again: {sent:?}");
    let email = &world.messages().await[0];
    let masked = |part: &str| {
        let token = text(&email["text"]).split("/d/").nth(1);
        let token: String = token
            .into_iter()
            .flat_map(|rest| rest.chars().take(28))
            .collect();
        text(&email[part]).replace(&token, "…")
    };
    for part in ["subject", "text", "html"] {
        assert_eq!(masked(part), text(&shown["email"][part]), "{part}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_of_its_practice_alone_and_takes_nothing_beside_its_texts() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let shown = preview(&world, body(&document)).await.body;
    let other = world.another_practice("andere-praxis").await;
    let stolen = other.post_delivery(json!({"draft": shown["draft"]})).await;
    assert_eq!((stolen.status, stolen.pointers()), (400, vec!["/draft"]));
    let mut forged = text(&shown["draft"]).to_owned();
    forged.pop();
    for bad in [
        json!({"draft": forged}),
        json!({"draft": ""}),
        json!({"draft": shown["draft"], "recipient": "insurer"}),
    ] {
        let answer = world.practice.post_delivery(bad).await;
        assert_eq!(
            (answer.status, answer.pointers()),
            (400, vec!["/draft"]),
            "{answer:?}"
        );
    }
    assert!(world.messages().await.is_empty());
}
