//! T18: what is another practice's is not there, on every route, by every id.

use reqwest::Method;
use serde_json::json;
use tests::World;

use crate::calls::{Call, Ids, calls, make, nobodys, trace};
use crate::practices::{two_practices, view};

#[tokio::test(flavor = "multi_thread")]
async fn t18_what_is_another_practices_is_answered_as_what_nobody_has() {
    let world = World::start().await;
    let (other, theirs, mine) = two_practices(&world).await;
    let seen_before = view(&world.practice, &theirs).await;
    let before = trace(&world).await;
    let key = format!("Bearer {}", other.key());
    let mut faults = Vec::new();
    for (foreign, missing) in calls(&theirs, &mine)
        .into_iter()
        .zip(calls(&nobodys(), &mine))
    {
        if !has_an_id(&foreign, &theirs) || makes_its_own(&foreign, &theirs) {
            continue;
        }
        let (foreign_answer, missing_answer) = (
            make(&world, &foreign, Some(&key), "a").await,
            make(&world, &missing, Some(&key), "a").await,
        );
        let name = format!("{} {} {}", foreign.method(), foreign.path, foreign.body);
        if foreign_answer != missing_answer {
            faults.push(format!(
                "{name}: {foreign_answer:?}, but for what nobody has: {missing_answer:?}"
            ));
        }
        let by_path = foreign.path.split('/').any(|part| is_of(part, &theirs));
        let told = &foreign_answer.text;
        if by_path && !(foreign_answer.status == 404 && told.contains("\"/problems/not-found\"")) {
            faults.push(format!("{name}: {foreign_answer:?}"));
        }
        if told.contains("first")
            || told.contains(&theirs.document)
            || told.contains(&theirs.delivery)
        {
            faults.push(format!("{name} tells of the other practice: {told}"));
        }
        if trace(&world).await != before {
            faults.push(format!("{name} left a trace"));
            break;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(
        view(&world.practice, &theirs).await,
        seen_before,
        "the first practice is as it was"
    );
}

/// Whether this is the id of something of these.
fn is_of(id: &str, ids: &Ids) -> bool {
    [
        &ids.record_type,
        &ids.record,
        &ids.document,
        &ids.delivery,
        &ids.webhook,
        &ids.run,
    ]
    .into_iter()
    .any(|known| known == id)
}

/// Whether the call names something of these.
fn has_an_id(call: &Call, ids: &Ids) -> bool {
    let text = format!("{} {}", call.path, call.body);
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.any(|word| is_of(word, ids))
}

/// Whether the call chooses the id of something of the caller's own.
fn makes_its_own(call: &Call, ids: &Ids) -> bool {
    call.method() == "PUT"
        && call
            .path
            .rsplit('/')
            .next()
            .is_some_and(|id| is_of(id, ids))
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_a_draft_of_another_practice_is_no_draft() {
    let world = World::start().await;
    let (other, theirs, _) = two_practices(&world).await;
    let body = json!({"record": theirs.record, "recipient": "patient", "documents": [theirs.document], "channel": "spoken"});
    let preview = world
        .practice
        .call(Method::POST, "/v1/deliveries/preview", body)
        .await;
    let draft = preview.body["draft"].as_str().expect("a draft");
    let before = trace(&world).await;
    let key = format!("Bearer {}", other.key());
    let mut answers = Vec::new();
    for draft in [draft, &"A".repeat(draft.len()), "x"] {
        let call = Call {
            route: "POST /v1/deliveries",
            path: "/v1/deliveries".to_owned(),
            body: json!({"draft": draft}),
        };
        answers.push(make(&world, &call, Some(&key), "a").await);
    }
    assert_eq!(answers[0].status, 400, "{answers:?}");
    assert!(
        answers[0].text.contains("\"/draft\""),
        "the field is named: {answers:?}"
    );
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "as if nobody had made it: {answers:?}"
    );
    assert_eq!(
        trace(&world).await,
        before,
        "a stranger's draft left a trace"
    );
    let sent = world.practice.post_delivery(json!({"draft": draft})).await;
    assert_eq!(sent.status, 201, "its own practice can send it: {sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_two_practices_may_choose_the_same_ids_and_keys_and_never_meet() {
    let world = World::start().await;
    let (other, theirs, mine) = two_practices(&world).await;
    let seen_before = view(&world.practice, &theirs).await;
    for call in calls(&theirs, &mine)
        .into_iter()
        .filter(|call| makes_its_own(call, &theirs))
    {
        let answer = make(&world, &call, Some(&format!("Bearer {}", other.key())), "a").await;
        assert_eq!(
            answer.status,
            200,
            "{} {}: {answer:?}",
            call.method(),
            call.path
        );
        assert!(!answer.text.contains("first@example.org"), "{answer:?}");
    }
    assert_eq!(
        view(&world.practice, &theirs).await,
        seen_before,
        "the first practice is as it was"
    );
    for path in [
        format!("/v1/record-types/{}", theirs.record_type),
        format!("/v1/records/{}", theirs.record),
    ] {
        assert_eq!(
            other.delete(&path).await.status,
            204,
            "{path}: the second practice's own"
        );
        assert_eq!(other.get(&path).await.status, 404, "{path}: gone");
    }
    assert_eq!(
        view(&world.practice, &theirs).await,
        seen_before,
        "the first practice is as it was"
    );

    let send = |ids: &Ids| json!({"record": ids.record, "recipient": "patient", "documents": [ids.document], "channel": "spoken"});
    let key = "the-same-idempotency-key";
    let (first, second) = (
        world.practice.post_delivery_as(key, send(&theirs)).await,
        other.post_delivery_as(key, send(&mine)).await,
    );
    assert_eq!(
        [first.status, second.status],
        [201, 201],
        "{first:?} {second:?}"
    );
    assert_ne!(
        first.body["id"], second.body["id"],
        "each has a delivery of its own"
    );
    let again = other.post_delivery_as(key, send(&mine)).await;
    assert_eq!(
        again.body["id"], second.body["id"],
        "and a repeat finds that one"
    );
    let fresh = world.another_practice("praxis").await;
    let (document, same) = (
        fresh.document("invoice", "1", "2026-11-20").await,
        "the-same-idempotency-key",
    );
    let first = fresh.post_delivery_as(same, json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "spoken"})).await;
    assert_eq!(
        first.status, 201,
        "nothing of a stranger's request is known: {first:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_no_list_shows_anything_of_another_practice() {
    let world = World::start().await;
    let (other, theirs, mine) = two_practices(&world).await;
    let lists = |ids: &Ids| {
        [
            "/v1/record-types?".to_owned(),
            "/v1/records?".to_owned(),
            "/v1/deliveries?".to_owned(),
            format!("/v1/documents?record={}&", ids.record),
        ]
    };
    for (practice, own, foreign, name) in [
        (&world.practice, &theirs, &mine, "second"),
        (&other, &mine, &theirs, "first"),
    ] {
        let mut shown = String::new();
        for list in lists(own).into_iter().chain(lists(foreign)) {
            let cursors = [
                String::new(),
                foreign.record.clone(),
                foreign.record_type.clone(),
                foreign.document.clone(),
                foreign.delivery.clone(),
            ];
            for start in cursors {
                let mut cursor = start;
                loop {
                    let after = if cursor.is_empty() {
                        String::new()
                    } else {
                        format!("&cursor={cursor}")
                    };
                    let page = practice.get(&format!("{list}limit=1{after}")).await;
                    assert_eq!(page.status, 200, "{list}: {page:?}");
                    shown.push_str(&page.body["items"].to_string());
                    match page.body["next_cursor"].as_str() {
                        Some(next) => next.clone_into(&mut cursor),
                        None => break,
                    }
                }
            }
        }
        let strange = [name, foreign.document.as_str(), foreign.delivery.as_str()];
        let found: Vec<_> = strange
            .into_iter()
            .filter(|strange| shown.contains(strange))
            .collect();
        assert!(found.is_empty(), "{found:?} in {shown}");
        for own in [&own.record, &own.record_type, &own.document, &own.delivery] {
            assert!(
                shown.contains(own.as_str()),
                "the practice's own {own} is there: {shown}"
            );
        }
    }
}
