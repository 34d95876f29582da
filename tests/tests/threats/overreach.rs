//! T26: a practice, or whoever stole its key, asks for more than is allowed.
//!
//! Caps and one more are in `caps`, the scopes of keys in `tenancy`.

use domain::practice::{Limits, MonthlyCaps};
use operator::create_practice;
use serde_json::{Value, json};
use tests::{Practice, World};

/// Settings that would let somebody pose as another, or lead patients elsewhere, or spend without end.
fn settings() -> Vec<Value> {
    let bad = [
        ("public_name", json!("www.evil.example")),
        ("public_name", json!("Sparkasse evil.example/login")),
        ("public_name", json!("https://evil.example")),
        ("public_name", json!("a".repeat(41))),
        ("public_name", json!("a\nb")),
        ("public_name", json!("a\u{202e}b")),
        ("sender_id", json!("Sparkasse")),
        ("sender_id", json!("DHL")),
        ("sender_id", json!("+491511234567")),
        ("sender_id", json!("LongerThanItCan")),
        ("sender_id", json!("")),
        ("imprint_url", json!("http://example.org")),
        ("imprint_url", json!("javascript:alert(1)")),
        ("privacy_url", json!("https://user@example.org")),
        ("privacy_url", json!("https://127.0.0.1/")),
        ("reply_to", json!("a@example.org\r\nBcc: b@example.org")),
        ("report_to", json!("a@example.org,b@example.org")),
        ("colour", json!("red;background:url(//evil.example)")),
        ("monthly_caps", json!({"emails": 10_000_001})),
        ("monthly_caps", json!({"sms": -1})),
        ("valid_days", json!(93)),
        ("limits", json!({"sender_ids": ["Sparkasse"]})),
        ("from", json!("bank@example.org")),
    ];
    bad.map(|(name, value)| {
        let mut settings = json!({"name": "Praxis am Park", "sms_allowed": true});
        settings[name] = value;
        settings
    })
    .into()
}

/// Texts that would carry an address of another page, the code beside the link, or anything that runs.
fn templates() -> Vec<(&'static str, Value)> {
    const EMAIL: &str = "/v1/templates/invoice/email/de";
    const MESSAGE: &str = "/v1/templates/invoice/message/de";
    let email = |body: &str| {
        (
            EMAIL,
            json!({"subject": "Post von ${praxis}", "body": body}),
        )
    };
    let subject = |subject: &str| {
        (
            EMAIL,
            json!({"subject": subject, "body": "${link} ${referenz}"}),
        )
    };
    let message = |body: &str| (MESSAGE, json!({"body": body}));
    vec![
        email("${link} ${referenz} ${code}"),
        email("${referenz}"),
        email("${link}"),
        email("${link} ${referenz} ${link?eval}"),
        email("${link} ${referenz} <#include \"/etc/passwd\">"),
        email("${link} ${referenz} <#assign a=1>"),
        email("${link} ${referenz} ${\"freemarker.template.utility.Execute\"?new()}"),
        email("${link} ${referenz} ${unbekannt}"),
        email("${link} ${referenz} <#if zusatzText?has_content>"),
        email(""),
        subject("Ihre Rechnung"),
        subject("Post\r\nBcc: b@example.org"),
        subject("Post ${code}"),
        subject("Post ${link}"),
        subject(""),
        message("${code} ${referenz} https://evil.example"),
        message("${code} ${referenz} www.evil.example"),
        message("${code} ${referenz} evil.example/login"),
        message("${code} ${referenz} 192.168.0.1"),
        message("${code} ${referenz} ${link}"),
        message("${referenz}"),
        message("${code}"),
        message("${code} ${code} ${referenz}"),
        message(&format!("${{code}} ${{referenz}} {}", "x".repeat(2_000))),
    ]
}

/// A practice for which the operator approved one sender.
async fn limited(world: &World) -> Practice {
    let sender = "PraxisPark".to_owned().try_into().expect("a sender");
    let limits = Limits {
        sender_ids: Some(vec![sender]),
        monthly_caps: MonthlyCaps::default(),
    };
    let (id, name) = ("limited".parse(), "P".to_owned().try_into());
    let (id, name) = (id.expect("an id"), name.expect("a name"));
    let made = create_practice(&world.store(), &id, name, &limits, world.clock().now()).await;
    made.expect("a practice");
    world.another_practice("limited").await
}

async fn kept(practice: &Practice) -> [Value; 2] {
    let settings = practice.get("/v1/settings").await.body;
    [settings, practice.get("/v1/templates").await.body]
}

#[tokio::test(flavor = "multi_thread")]
async fn t26_47_settings_and_templates_beyond_what_is_allowed_are_refused() {
    let world = World::bare().await;
    let practice = limited(&world).await;
    let before = kept(&practice).await;
    let settings = settings().into_iter().map(|body| ("/v1/settings", body));
    let all: Vec<(&str, Value)> = settings.chain(templates()).collect();
    assert_eq!(all.len(), 47);
    let mut taken = Vec::new();
    for (path, body) in all {
        let answer = practice.put(path, body.clone()).await;
        if ![400, 422].contains(&answer.status) {
            taken.push((answer.status, body));
        }
    }
    assert!(taken.is_empty(), "{taken:#?}");
    assert_eq!(kept(&practice).await, before, "nothing was kept");
    let approved = json!({"name": "P", "sender_id": "PraxisPark"});
    assert_eq!(practice.put("/v1/settings", approved).await.status, 200);
    assert_eq!(world.messages().await.len(), 0);
}
