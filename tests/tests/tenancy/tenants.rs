//! T18: what is another practice's is not there, on every route, by every id, for patients too.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::{Practice, World};

use crate::calls::{Call, Ids, calls, make, nobodys, trace};

/// Gives a practice a type, a record, a document and a delivery, and tells their ids.
pub(crate) async fn furnish(world: &World, practice: &Practice) -> Ids {
    let document = practice
        .document("invoice", "2026-0815", "2026-11-20")
        .await;
    let sent = practice
        .send(world.stack.outbox(), &[&document], json!({}))
        .await;
    Ids {
        record_type: "std".to_owned(),
        record: "r1".to_owned(),
        document,
        delivery: sent.id,
    }
}

/// The same under ids that only this practice has.
async fn furnish_apart(world: &World, practice: &Practice, name: &str) -> Ids {
    let (record_type, record) = (format!("type-of-{name}"), format!("record-of-{name}"));
    assert_eq!(
        practice
            .put(
                &format!("/v1/record-types/{record_type}"),
                json!({"valid_days": 7})
            )
            .await
            .status,
        200
    );
    let recipients = json!([{"id": "patient", "name": format!("Patient of {name}"), "email": format!("{name}@example.org")}]);
    let body = json!({"record_type": record_type, "recipients": recipients});
    assert_eq!(
        practice
            .put(&format!("/v1/records/{record}"), body)
            .await
            .status,
        200
    );
    let content = tests::pdf(name);
    let announcement = json!({"record": record, "kind": "invoice", "number": name, "issued_on": "2026-11-20", "released": true,
        "content_type": "application/pdf", "size": content.len(), "sha256": data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(&content))});
    let announced = practice
        .call(reqwest::Method::POST, "/v1/documents", announcement)
        .await;
    assert_eq!(practice.upload(&announced, content).await, 200);
    let document = announced.body["id"].as_str().unwrap_or_default().to_owned();
    let sent = practice
        .send(
            world.stack.outbox(),
            &[&document],
            json!({"record": record, "channel": "spoken"}),
        )
        .await;
    Ids {
        record_type,
        record,
        document,
        delivery: sent.id,
    }
}

/// Everything that a practice gets to see of itself.
async fn view(practice: &Practice, ids: &Ids) -> BTreeMap<String, Value> {
    let mut view = BTreeMap::new();
    for path in [
        "/v1/settings".to_owned(),
        "/v1/record-types".to_owned(),
        "/v1/records".to_owned(),
        "/v1/deliveries".to_owned(),
        format!("/v1/documents?record={}", ids.record),
        format!("/v1/record-types/{}", ids.record_type),
        format!("/v1/records/{}", ids.record),
        format!("/v1/documents/{}", ids.document),
        format!("/v1/deliveries/{}", ids.delivery),
    ] {
        let answer = practice.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        view.insert(path, answer.body);
    }
    view
}

/// A name that begins like the other's is the nearest that two practices can come.
async fn two_practices(world: &World) -> (Practice, Ids, Ids) {
    let other = world.another_practice("praxis-am-par").await;
    let (theirs, mine) = (
        furnish_apart(world, &world.practice, "first").await,
        furnish_apart(world, &other, "second").await,
    );
    (other, theirs, mine)
}

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
        let by_path = foreign.route.ends_with("{id}") && foreign.body.is_null();
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

/// Whether the call names something of these.
fn has_an_id(call: &Call, ids: &Ids) -> bool {
    let text = format!("{} {}", call.path, call.body);
    [&ids.record_type, &ids.record, &ids.document, &ids.delivery]
        .into_iter()
        .any(|id| text.contains(id.as_str()))
}

/// Whether the call chooses the id of something of the caller's own.
fn makes_its_own(call: &Call, ids: &Ids) -> bool {
    call.method() == "PUT"
        && [&ids.record_type, &ids.record]
            .into_iter()
            .any(|id| call.path.ends_with(id.as_str()))
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
    let sent = fresh.post_delivery_as(same, json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "spoken"})).await;
    assert_eq!(
        sent.status, 201,
        "nothing of a stranger's request is known: {sent:?}"
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

#[tokio::test(flavor = "multi_thread")]
async fn t18_a_patient_of_one_practice_gets_nothing_of_another() {
    let world = World::start().await;
    let other = world.another_practice("praxis-am-par").await;
    let mut visits = Vec::new();
    for practice in [&world.practice, &other] {
        let document = practice
            .document("invoice", "2026-0815", "2026-11-20")
            .await;
        let offered = practice
            .document("invoice", "2026-0814", "2026-11-19")
            .await;
        let sent = practice
            .send(world.stack.outbox(), &[&document], json!({}))
            .await;
        let mut patient = world.patient(&sent);
        assert_eq!(patient.enter(&sent.code).await.status, 303);
        visits.push((patient, [document, offered], sent));
    }
    let (mut second, second_documents, second_sent) = visits.remove(1);
    let (mut first, first_documents, first_sent) = visits.remove(0);
    for (patient, own, foreign) in [
        (&mut first, &first_documents, &second_documents),
        (&mut second, &second_documents, &first_documents),
    ] {
        let page = patient.documents().await;
        let mut shown = page.documents();
        shown.sort();
        let mut expected = own.to_vec();
        expected.sort();
        assert_eq!(shown, expected, "the record's own documents and no others");
        for document in foreign {
            let page = patient.click(document).await;
            assert_eq!(
                (page.status, page.location()),
                (404, ""),
                "another practice's document"
            );
        }
    }
    let session_of = |patient: &tests::Patient| {
        patient
            .cookies
            .iter()
            .find(|(name, _)| name.starts_with("__Host-dl-"))
            .map(|(name, value)| (name.clone(), value.clone()))
    };
    let ((first_name, first_value), (second_name, second_value)) = session_of(&first)
        .zip(session_of(&second))
        .expect("two sessions");
    for (sent, name, value) in [
        (&first_sent, &first_name, &second_value),
        (&second_sent, &second_name, &first_value),
        (&first_sent, &second_name, &second_value),
    ] {
        let mut thief = world.patient(sent);
        thief.cookies.insert(name.clone(), value.clone());
        let page = thief.documents().await;
        assert_eq!(
            page.status, 303,
            "T16: a session opens its own delivery alone"
        );
        assert!(
            !page.location().contains("/documents"),
            "{}",
            page.location()
        );
    }
    let wrong = world.patient(&first_sent).enter(&second_sent.code).await;
    assert_eq!(wrong.status, 401, "the code of another practice's delivery");
}
