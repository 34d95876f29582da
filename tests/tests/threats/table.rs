//! The table itself: a delivery's item, put back as it was, and the store that the functions use.

use std::collections::BTreeMap;

use domain::audit::{Actor, Op};
use domain::delivery::WINDOW;
use domain::hashed::LinkHash;
use domain::time::{DAY, Timestamp};
use runtime::{Aws, Environment};
use secrets::{Keys, LookupKeys, draw_op};
use serde_json::{Value, json};
use tests::dynamodb::{call, items, table};
use tests::{Sent, World};

/// The keys by which a world's functions look things up.
pub(crate) fn lookup(world: &World) -> Keys<LookupKeys> {
    let verify = world.stack.function_environments()["Verify"].clone();
    let environment: Environment = verify.into_iter().collect();
    let keys = environment.read(|get| Keys::new(Aws::read(get).kms(), get.list("LOOKUP_KEYS")));
    keys.expect("settings")
}

/// What a patient's request says of itself.
pub(crate) fn op(world: &World) -> Op {
    let actor = Actor::Patient { address: None };
    draw_op(actor, world.clock().now()).expect("randomness")
}

/// A delivery's item and where it lies.
pub(crate) async fn item(world: &World, sent: &Sent) -> (LinkHash, Value) {
    let mut own = deliveries(world).await;
    own.remove(&sent.id).expect("the delivery's item")
}

/// Every delivery's item and where it lies, by the delivery's id.
pub(crate) async fn deliveries(world: &World) -> BTreeMap<String, (LinkHash, Value)> {
    let items = items(world.stack.dynamodb()).await;
    let deliveries = items
        .into_iter()
        .filter(|item| item["sk"]["S"] == "DELIVERY");
    let placed = deliveries.map(|item| {
        let [id, partition] = ["id", "pk"].map(|name| item[name]["S"].as_str().unwrap_or_default());
        let link = partition.strip_prefix("LINK#").unwrap_or_default();
        (id.to_owned(), (LinkHash::new(link.to_owned()), item))
    });
    placed.collect()
}

/// What makes a delivery's item one that has ended at this instant, by the reason's name.
pub(crate) fn endings(now: Timestamp) -> [(&'static str, Value); 9] {
    let number = |value: i64| json!({"N": value.to_string()});
    let before = |passed: i64| number(now.seconds() - passed);
    [
        (
            "ten",
            json!({"wrong_for_code": number(10), "last_wrong_at": before(301)}),
        ),
        (
            "thirty",
            json!({"wrong_in_life": number(30), "last_wrong_at": before(301)}),
        ),
        (
            "stale",
            json!({"wrong_in_row": number(1), "last_wrong_at": before(DAY + 1)}),
        ),
        ("used", json!({"opened_at": before(WINDOW)})),
        ("expired", json!({"expires_at": before(0)})),
        ("superseded", json!({"superseded_at": before(0)})),
        ("reported", json!({"reported_at": before(0)})),
        ("revoked", json!({"revoked_at": before(0)})),
        ("not sent", json!({"not_sent_at": before(0)})),
    ]
}

/// An item with these attributes in place of its own.
pub(crate) fn with(item: &Value, attributes: &Value) -> Value {
    let mut item = item.clone();
    for (name, value) in attributes.as_object().into_iter().flatten() {
        item[name] = value.clone();
    }
    item
}

/// The database by its own protocol.
pub(crate) struct Database {
    address: String,
    table: String,
}

impl Database {
    /// A world's.
    pub(crate) async fn of(world: &World) -> Self {
        let address = world.stack.dynamodb().to_owned();
        let table = table(&address).await;
        Self { address, table }
    }

    /// Puts a delivery's item back, with so many wrong entries and no wait.
    pub(crate) async fn put_back(&self, item: &Value, wrong: u32) {
        let mut item = item.clone();
        for name in ["wrong_for_code", "wrong_in_life"] {
            item[name] = json!({"N": wrong.to_string()});
        }
        self.put(&item).await;
    }

    /// Puts an item.
    pub(crate) async fn put(&self, item: &Value) {
        let put = json!({"TableName": self.table, "Item": item});
        call(&self.address, "PutItem", put).await;
    }
}
