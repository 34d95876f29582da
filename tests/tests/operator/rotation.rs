//! New HMAC keys (S2): what the older ones made goes on opening as long as they are named, and not an hour longer.

use std::collections::BTreeMap;
use std::path::Path;

use operator::{KeyUse, reseal_webhooks, survey_keys};
use reqwest::Method;
use runtime::Aws;
use secrets::{Keys, LookupKeys};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tests::{Answer, Patient, Sent, World};

use super::{messages, preview, text};

/// Ids of the KMS keys of a stack's folder, by name.
fn key_ids(folder: &Path) -> BTreeMap<String, String> {
    let file = std::fs::read(folder.join("kms.json")).expect("a file");
    let keys: BTreeMap<String, Value> = serde_json::from_slice(&file).expect("keys");
    let ids = keys.into_iter();
    ids.map(|(name, key)| (name, text(&key["id"]).to_owned()))
        .collect()
}

/// Two further keys, as an operator makes them in KMS.
fn make_keys(folder: &Path) {
    let path = folder.join("kms.json");
    let file = std::fs::read(&path).expect("a file");
    let mut keys: Value = serde_json::from_slice(&file).expect("keys");
    for (name, id, byte) in [
        ("NewLookupKey", "00000000-0000-4000-8000-000000000001", 1),
        ("NewPepperKey", "00000000-0000-4000-8000-000000000002", 2),
    ] {
        let secret = data_encoding::BASE64.encode(&[byte; 32]);
        keys[name] = json!({"id": id, "secret": secret});
    }
    std::fs::write(&path, keys.to_string()).expect("written");
}

/// Values of the parameters: the keys of these names, newest first.
fn arns(ids: &BTreeMap<String, String>, names: &[&str]) -> String {
    let arns = names
        .iter()
        .map(|name| format!("arn:aws:kms:eu-central-1:000000000000:key/{}", ids[*name]));
    arns.collect::<Vec<_>>().join(",")
}

/// Restarted with these look-up keys, newest first, and the pepper keys likewise.
async fn with_keys(world: World, newest_first: &[&str]) -> World {
    let ids = key_ids(world.folder());
    let named = |purpose: &str| {
        let names: Vec<String> = newest_first
            .iter()
            .map(|age| format!("{age}{purpose}Key"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        arns(&ids, &names)
    };
    let (lookup, pepper) = (named("Lookup"), named("Pepper"));
    let parameters = [
        ("LookupKeys", lookup.as_str()),
        ("PepperKeys", pepper.as_str()),
    ];
    world.restarted(&parameters, &[], |_| {}).await
}

/// Whether a test message of the webhook is signed by this secret.
async fn is_signed(world: &World, secret: &Webhook) -> bool {
    let tested = world
        .practice
        .call(Method::POST, "/v1/webhooks/a/test", Value::Null)
        .await;
    assert_eq!(tested.status, 200, "{tested:?}");
    let messages = world.messages().await;
    let message = messages
        .iter()
        .rfind(|message| message["channel"] == "webhook")
        .expect("a message");
    let headers = &message["headers"];
    let at = text(&headers["webhook-timestamp"]).parse().expect("a time");
    let body = text(&message["body"]).as_bytes();
    let signature = secret.sign(text(&headers["webhook-id"]), at, body);
    signature.is_ok_and(|signature| signature == text(&headers["webhook-signature"]))
}

/// What each of the look-up keys holds: open deliveries and secrets of webhooks.
async fn held(world: &World) -> BTreeMap<String, (usize, usize)> {
    let now = world.clock().now();
    let uses = survey_keys(&world.store(), now, |_| {}).await;
    let uses = uses.expect("looked through");
    let open = |uses: &BTreeMap<String, KeyUse>| {
        let open = uses.iter().map(|(key, held)| (key.clone(), held.open));
        open.filter(|(_, open)| *open > 0).collect::<Vec<_>>()
    };
    assert_eq!(
        open(&uses.lookup)
            .iter()
            .map(|(_, open)| open)
            .sum::<usize>(),
        open(&uses.pepper)
            .iter()
            .map(|(_, open)| open)
            .sum::<usize>()
    );
    let lookup = uses.lookup.into_iter();
    lookup
        .map(|(key, held)| (key, (held.open, held.webhooks)))
        .collect()
}

/// What a practice and its patients have in hand when a new key comes.
struct Before {
    documents: Vec<String>,
    unopened: Sent,
    with_session: Sent,
    visitor: Patient,
    waiting: Patient,
    form: String,
    unspent: Value,
    spent: Value,
    asked: Value,
    first: Answer,
    secret: Webhook,
}

/// Everything that a key makes, under the old one alone.
async fn before(world: &World) -> Before {
    let practice = &world.practice;
    let mut documents = Vec::new();
    for number in 1..=6 {
        let number = number.to_string();
        documents.push(practice.document("invoice", &number, "2026-11-20").await);
    }
    let unopened = practice.send(&[&documents[0]]).await;
    let with_session = practice.send(&[&documents[1]]).await;
    let mut visitor = world.patient(&with_session);
    assert_eq!(visitor.enter(&with_session.code).await.status, 303);
    let mut waiting = world.patient(&unopened);
    let form = waiting.open().await.form().to_owned();
    let unspent = preview(practice, &documents[2]).await.body;
    let spent = preview(practice, &documents[3]).await.body;
    let made = practice
        .post_delivery(json!({"draft": spent["draft"]}))
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let asked = json!({"record": "r1", "recipient": "patient", "documents": [documents[4]], "channel": "spoken"});
    let first = practice.post_delivery_as("once", asked.clone()).await;
    assert_eq!(first.status, 201, "{first:?}");
    let webhook = json!({"url": "https://hooks.example.org/", "events": ["delivery.opened"]});
    let made = practice.put("/v1/webhooks/a", webhook).await;
    let secret = Webhook::new(text(&made.body["secret"])).expect("a secret");
    Before {
        documents,
        unopened,
        with_session,
        visitor,
        waiting,
        form,
        unspent,
        spent,
        asked,
        first,
        secret,
    }
}

/// Drafts and requests of before are what they were: spent, to be spent, answered.
async fn assert_sent_once(world: &World, before: &Before) {
    let practice = &world.practice;
    let again = practice
        .post_delivery(json!({"draft": before.spent["draft"]}))
        .await;
    assert_eq!(again.problem(), "draft-spent", "{again:?}");
    let sent = practice
        .post_delivery(json!({"draft": before.unspent["draft"]}))
        .await;
    let expected = (201, &before.unspent["code"]);
    assert_eq!((sent.status, &sent.body["code"]), expected, "{sent:?}");
    let emails = messages(world, "email").await;
    let repeated = practice
        .post_delivery_as("once", before.asked.clone())
        .await;
    assert_eq!(repeated.body["id"], before.first.body["id"], "{repeated:?}");
    assert!(repeated.body["code"].is_null());
    let mut other = before.asked.clone();
    other["documents"] = json!([before.documents[0]]);
    let mismatch = practice.post_delivery_as("once", other).await;
    assert_eq!(mismatch.problem(), "idempotency-mismatch");
    assert_eq!(messages(world, "email").await, emails, "nothing went out");
}

/// Sessions, forms, links and codes work, and so do references and addresses.
async fn assert_opens(world: &World, before: &mut Before) {
    let (practice, unopened) = (&world.practice, &before.unopened);
    assert_eq!(before.visitor.documents().await.status, 200);
    let shown = before.visitor.documents().await.documents();
    let clicked = before.visitor.click(&shown[0]).await;
    assert!(clicked.location().contains("X-Amz"), "{clicked:?}");
    let posted = [("form", before.form.as_str()), ("code", "BBBBBB")];
    let entered = before.waiting.post(&unopened.link, &posted).await;
    assert_eq!(entered.status, 401, "judged: {entered:?}");
    let entered = before.waiting.enter(&unopened.code).await;
    assert_eq!(entered.status, 303, "{entered:?}");
    let path = format!("/v1/deliveries?reference={}", unopened.reference);
    let found = practice.get(&path).await;
    assert_eq!(found.body["items"][0]["id"], unopened.id, "{found:?}");
    let by_sms = json!({"channel": "sms"});
    let new_code = practice.post_code("new", &unopened.id, by_sms).await;
    assert_eq!(new_code.status, 201, "{new_code:?}");
    let said = world.messages().await;
    let said = text(&said.last().expect("a message")["text"]).to_owned();
    assert!(said.contains(&unopened.reference), "{said}");
    let code = text(&new_code.body["code"]).to_owned();
    let mut anew = Patient::new(world.stack.api(), &unopened.link);
    assert_eq!(anew.enter(&code).await.status, 303);
    let moved = json!({"record_type": "std", "recipients": [
        {"id": "patient", "name": "Erika Beispiel", "email": "neu@example.org", "mobile": "+4915112345678"}]});
    let moved = practice.put("/v1/records/r1", moved).await;
    assert!(
        moved.body.to_string().contains(&unopened.id),
        "its open deliveries went elsewhere: {moved:?}"
    );
}

/// Without the old key, its links are unknown, like any that never was.
async fn assert_unknown(world: &World, before: &mut Before) {
    let open = async |link: &str| {
        let page = Patient::new(world.stack.api(), link).open().await;
        let sets_cookie = page.headers.contains_key("set-cookie");
        (page.status, page.text(), sets_cookie)
    };
    let never = format!("{}/d/BCDFGHJKLMNPQRSTVWXZ23456789", world.stack.api());
    let unknown = open(&never).await;
    assert_eq!(unknown.0, 404);
    for link in [&before.with_session.link, &before.unopened.link] {
        assert_eq!(open(link).await, unknown);
    }
    assert_eq!(before.visitor.documents().await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_what_an_older_key_made_opens_while_it_is_named_and_is_unknown_after() {
    let world = World::with_smallest_hashes().await;
    make_keys(world.folder());
    let mut before = before(&world).await;
    // Known, and not yet used; then used.
    let world = with_keys(world, &["", "New"]).await;
    assert!(is_signed(&world, &before.secret).await);
    let world = with_keys(world, &["New", ""]).await;
    assert_sent_once(&world, &before).await;
    assert_opens(&world, &mut before).await;
    assert!(is_signed(&world, &before.secret).await);

    // What is new is the new key's, and supersedes what is old.
    let practice = &world.practice;
    let [first, .., last] = before.documents.as_slice() else {
        unreachable!("there are six");
    };
    let newest = practice.send(&[last]).await;
    assert_eq!(world.patient(&newest).enter(&newest.code).await.status, 303);
    let resent = practice.send(&[first]).await;
    let mut closed = Patient::new(world.stack.api(), &before.unopened.link);
    assert_eq!(closed.open().await.status, 410);
    let ids = key_ids(world.folder());
    let expected = BTreeMap::from([
        // With a session, by the spent draft, and once.
        (ids["LookupKey"].clone(), (3, 1)),
        // By the other draft, the newest, sent again.
        (ids["NewLookupKey"].clone(), (3, 0)),
    ]);
    assert_eq!(held(&world).await, expected);

    // Webhooks can be told without the old key, once their secrets are sealed anew.
    let arns = arns(&ids, &["NewLookupKey", "LookupKey"]);
    let named = arns.split(',').map(str::to_owned).collect();
    let aws = Aws::new(world.stack.environment()).expect("clients");
    let keys: Keys<LookupKeys> = Keys::new(aws.kms(), named);
    let keys = keys.get().await.expect("keys");
    for expected in [1, 0] {
        let resealed = reseal_webhooks(&world.store(), keys, world.clock().now(), |_| {}).await;
        assert_eq!(resealed.expect("sealed anew"), expected);
    }
    assert_eq!(held(&world).await[&ids["LookupKey"]], (3, 0));

    let world = with_keys(world, &["New"]).await;
    assert_unknown(&world, &mut before).await;
    assert_eq!(world.patient(&newest).enter(&newest.code).await.status, 303);
    assert_eq!(world.patient(&resent).enter(&resent.code).await.status, 303);
    assert!(is_signed(&world, &before.secret).await);
}
