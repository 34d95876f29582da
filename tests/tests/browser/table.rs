//! Breaks what the pages read, as only something outside of the functions can.

use serde_json::{Value, json};
use tests::dynamodb::{call, items, table};

/// Leaves what pages say of the practice as no version of ours would write it; how it was.
pub(crate) async fn break_practice(address: &str) -> Value {
    let items = items(address).await;
    let mut practices = items.into_iter().filter(|item| item["sk"]["S"] == "PUBLIC");
    let practice = practices.next().expect("a practice");
    let mut broken = practice.clone();
    broken["v"] = json!({"N": "999"});
    put_back(address, broken).await;
    practice
}

/// Puts an item of the table.
pub(crate) async fn put_back(address: &str, item: Value) {
    let put = json!({"TableName": table(address).await, "Item": item});
    call(address, "PutItem", put).await;
}
