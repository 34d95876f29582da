//! The local database by its own protocol: what the table holds, whoever wrote it.

use reqwest::Client;
use serde_json::{Value, json};

/// One call. The local database asks for a signature but does not check it.
pub async fn call(address: &str, operation: &str, body: Value) -> Value {
    let request = Client::new()
        .post(address)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("x-amz-date", "20261123T100000Z")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=x",
        )
        .body(body.to_string());
    let answer = request.send().await.expect("an answer");
    assert!(
        answer.status().is_success(),
        "{operation}: {}",
        answer.status()
    );
    answer.json().await.expect("JSON")
}

/// The name of the one table.
pub async fn table(address: &str) -> String {
    let tables = call(address, "ListTables", json!({})).await;
    let name = tables["TableNames"][0].as_str();
    name.expect("a table").to_owned()
}

/// Every item of the table.
pub async fn items(address: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut scan = json!({"TableName": table(address).await, "ConsistentRead": true});
    loop {
        let mut found = call(address, "Scan", scan.clone()).await;
        if let Some(page) = found["Items"].as_array_mut() {
            items.append(page);
        }
        if found["LastEvaluatedKey"].is_null() {
            return items;
        }
        scan["ExclusiveStartKey"] = found["LastEvaluatedKey"].take();
    }
}
