//! T14: somebody who lets a practice pay for messages. What one number gets, and a hundred requests at once, are in `new_codes`.

use domain::time::{DAY, MINUTE};
use serde_json::{Value, json};
use tests::{Patient, World};

use crate::world;

/// The record's eleven recipients, each with a number of their own and a delivery.
async fn recipients(world: &World) -> Vec<Patient> {
    let recipient = |number: usize| {
        json!({
            "id": format!("p{number}"), "name": "Erika Beispiel", "email": "erika@example.org",
            "mobile": format!("+49151123456{number:02}"),
        })
    };
    let recipients: Vec<Value> = (0..11).map(recipient).collect();
    let record = json!({"record_type": "std", "recipients": recipients});
    let answer = world.practice.put("/v1/records/r1", record).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut patients = Vec::new();
    for number in 0..11 {
        let practice = &world.practice;
        let document = practice
            .document("note", &number.to_string(), "2026-11-20")
            .await;
        let to = json!({"recipient": format!("p{number}")});
        let sent = practice.send_with(&[&document], to).await;
        patients.push(world.patient(&sent));
    }
    patients
}

async fn sms(world: &World) -> usize {
    let messages = world.messages().await;
    let sms = messages
        .iter()
        .filter(|message| message["channel"] == "sms");
    sms.count()
}

/// Ten numbers get twenty each, which is as many as a number gets; the eleventh gets none that day.
#[tokio::test(flavor = "multi_thread")]
async fn t14_patients_of_a_practice_get_at_most_200_asked_messages_a_day() {
    let world = world(20).await;
    let mut patients = recipients(&world).await;
    let before = sms(&world).await;
    let mut last = patients.pop().expect("an eleventh");
    for round in 0..20 {
        for patient in &mut patients {
            assert_eq!(patient.ask().await.status, 303, "round {round}");
        }
        world.advance(30 * MINUTE);
    }
    assert_eq!(sms(&world).await, before + 200);
    let page = last.ask().await;
    assert_eq!(
        page.status,
        503,
        "the next of the practice: {}",
        page.text()
    );
    let neutral = "Der Code lässt sich gerade nicht verschicken.";
    assert!(page.says(neutral), "{}", page.text());
    assert_eq!(sms(&world).await, before + 200, "nothing more was sent");
    world.advance(DAY);
    assert_eq!(last.ask().await.status, 303, "another day");
    assert_eq!(sms(&world).await, before + 201);
}
