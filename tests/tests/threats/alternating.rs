//! What a warm process keeps of one request must not show in the next, of another practice.

use futures::future::join_all;
use reqwest::Client;
use serde_json::json;
use tests::{Patient, Practice, World, figure};

use crate::world;

/// A practice and the patient of one of its deliveries.
struct Side<'a> {
    practice: &'a Practice,
    name: &'static str,
    patient: Patient,
}

impl<'a> Side<'a> {
    async fn of(world: &World, practice: &'a Practice, name: &'static str) -> Self {
        let settings = json!({"name": name, "sms_allowed": true});
        let answer = practice.put("/v1/settings", settings).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let document = practice.document("note", "1", "2026-11-20").await;
        let sent = practice.send(&[&document]).await;
        let patient = world.patient(&sent);
        Self {
            practice,
            name,
            patient,
        }
    }
}

/// 10,000 requests, of one practice and of another in turn, some at once: settings and pages.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_requests_of_two_practices_in_turn_never_show_one_to_the_other() {
    let world = world(3).await;
    let another = world.another_practice("another").await;
    let sides = [
        Side::of(&world, &world.practice, "Praxis am Park").await,
        Side::of(&world, &another, "Praxis am Hafen").await,
    ];
    let http = Client::new();
    let requests = (0..figure(10_000, 400)).collect::<Vec<_>>();
    for some in requests.chunks(16) {
        let asked = some.iter().map(async |request| {
            let (own, other) = (&sides[request % 2], &sides[(request + 1) % 2]);
            let text = if request % 4 < 2 {
                let url = format!("{}/v1/settings", world.stack.api());
                let answer = http.get(url).bearer_auth(own.practice.key()).send().await;
                answer.expect("an answer").text().await.expect("a text")
            } else {
                let answer = http.get(&own.patient.link).send().await;
                answer.expect("an answer").text().await.expect("a text")
            };
            assert!(text.contains(own.name), "request {request}: {text}");
            assert!(!text.contains(other.name), "request {request}: {text}");
        });
        join_all(asked).await;
    }
}
