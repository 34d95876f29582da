//! Finding deliveries: by the reference that a caller reads out, by record, document and state.

use serde_json::{Value, json};
use tests::World;

async fn ids(world: &World, query: &str) -> Vec<String> {
    let answer = world.practice.get(&format!("/v1/deliveries{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    let items = answer.body["items"].as_array().cloned().unwrap_or_default();
    let id = |item: &Value| item["id"].as_str().unwrap_or_default().to_owned();
    items.iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_found_by_its_reference_however_a_caller_spells_it() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let other = world.practice.document("note", "2", "2026-11-20").await;
    let sent = world.practice.send(&[&document]).await;
    world.practice.send(&[&other]).await;
    let bare = sent.reference.replace('-', "");
    let spaced = bare.to_lowercase().replace("", "%20");
    for spelled in [
        sent.reference.clone(),
        bare.clone(),
        bare.to_lowercase(),
        spaced,
        sent.reference.replace('-', "%E2%80%93"),
    ] {
        let found = ids(&world, &format!("?reference={spelled}")).await;
        assert_eq!(found, [sent.id.as_str()], "{spelled}");
    }
    let reference = &sent.reference;
    assert_eq!(
        ids(&world, &format!("?reference={reference}&state=closed")).await,
        Vec::<String>::new()
    );
    assert_eq!(
        ids(&world, "?reference=BCDF-GHJK").await,
        Vec::<String>::new()
    );
    let practice = world.another_practice("andere-praxis").await;
    let foreign = practice
        .get(&format!("/v1/deliveries?reference={reference}"))
        .await;
    assert_eq!(
        (foreign.status, &foreign.body["items"]),
        (200, &json!([])),
        "a reference is the practice's own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_listed_by_record_document_and_state() {
    let world = World::start().await;
    let first = world.practice.document("invoice", "1", "2026-11-20").await;
    let second = world.practice.document("note", "2", "2026-11-20").await;
    let earlier = world.practice.send(&[&first]).await;
    world.advance(1);
    let both = world.practice.send(&[&first, &second]).await;
    let (earlier, both) = (earlier.id, both.id);
    for (query, expected) in [
        (String::new(), vec![&both, &earlier]),
        ("?record=r1".to_owned(), vec![&both, &earlier]),
        ("?record=r2".to_owned(), vec![]),
        (format!("?document={second}"), vec![&both]),
        ("?state=open".to_owned(), vec![&both]),
        ("?state=closed".to_owned(), vec![&earlier]),
        ("?state=opened".to_owned(), vec![]),
        ("?state=sent".to_owned(), vec![]),
    ] {
        let found = ids(&world, &query).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    for query in [
        "?state=gone",
        "?state=open,closed",
        "?state=open&state=closed",
        "?record=a%20b",
        "?document=",
        "?reference=BCDF",
        "?reference=",
        "?limit=1&limit=2",
    ] {
        let answer = world.practice.get(&format!("/v1/deliveries{query}")).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid-query"),
            "{query}"
        );
    }
}
