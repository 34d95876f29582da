//! Writes that clash with others: they are tried again, and a clash is never taken for what a condition says.

use domain::audit::Actor;
use domain::document::State;
use domain::id::PracticeId;
use domain::outgoing::{Outgoing, Subject};
use domain::webhook::WebhookEvent;
use runtime::{Aws, Environment};
use secrets::draw_op;
use store::{Store, StoreError};
use tests::World;
use tests::dynamodb::items;

use crate::wire::{Call, Fault, Times, Wire};

const CLASHES: [fn(Times) -> Fault; 2] = [Fault::Throttled, Fault::Conflict];

/// The table behind a wire on which transactions clash.
async fn clashing(world: &World, fault: Fault) -> Store {
    let call = Call::first("DYNAMODB TransactWriteItems");
    let wire = Wire::new(Some((call, fault)));
    let mut variables = world.stack.function_environments()["Notify"].clone();
    variables.extend(wire.in_front_of(world, "Notify").await);
    let environment: Environment = variables.into_iter().collect();
    let table = environment.read(|get| get.text("TABLE")).expect("a table");
    Store::new(Aws::new(&environment).expect("clients").dynamodb(), table)
}

fn practice() -> PracticeId {
    local::practice::PRACTICE.parse().expect("an id")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_practice_is_to_be_told_is_not_lost_to_a_clash() {
    let world = World::start().await;
    let sent = world.practice.send_invoice(1).await;
    let now = world.clock().now();
    for (number, clash) in CLASHES.into_iter().enumerate() {
        let outgoing = Outgoing {
            practice: practice(),
            webhook: None,
            message_id: number.to_string(),
            event: WebhookEvent::Locked,
            subject: Subject::Delivery {
                delivery: sent.id.parse().expect("an id"),
                record: "r1".parse().expect("an id"),
            },
            body: String::new(),
        };
        let note = async |store: Store| store.note_outgoing(&outgoing, now, now.plus(60)).await;
        let unlucky = note(clashing(&world, clash(Times::FromThenOn)).await).await;
        assert!(
            matches!(unlucky, Err(StoreError::Contention)),
            "{unlucky:?}"
        );
        let lucky = note(clashing(&world, clash(Times::Once)).await).await;
        assert!(lucky.expect("noted"), "it was not noted before");
        let again = note(world.store()).await;
        assert!(!again.expect("an answer"), "now it was");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_came_stays_although_the_note_of_it_clashed() {
    let world = World::start().await;
    let op = draw_op(Actor::System, world.clock().now()).expect("a name");
    for (number, clash) in CLASHES.into_iter().enumerate() {
        let announced = world
            .practice
            .announce("invoice", &number.to_string(), "2026-11-20", b"%PDF-1.7")
            .await;
        let id = announced.body["id"].as_str().unwrap_or_default();
        let (store, named) = (world.store(), id.parse().expect("an id"));
        let found = store.document(&practice(), &named).await;
        let document = found.expect("an answer").expect("a document").document;
        let note = async |store: Store| {
            store
                .set_document_state(&practice(), &document, State::Ready, None, &op)
                .await
        };
        let goes_by_itself = async || {
            let rows = items(world.stack.dynamodb()).await;
            let own = rows.into_iter().find(|row| row["id"]["S"] == id);
            own.expect("a row")["ttl"].is_object()
        };
        let unlucky = note(clashing(&world, clash(Times::FromThenOn)).await).await;
        assert!(
            matches!(unlucky, Err(StoreError::Contention)),
            "{unlucky:?}"
        );
        assert!(goes_by_itself().await);
        let lucky = note(clashing(&world, clash(Times::Once)).await).await;
        lucky.expect("noted");
        assert!(!goes_by_itself().await);
    }
}
