//! The local database by its own protocol: what the table holds, whoever wrote it.

use reqwest::Client;
use serde_json::{Value, json};

/// One call. The local database asks for a signature but does not check it.
pub async fn call(address: &str, operation: &str, body: Value) -> Value {
    targeted(address, &format!("DynamoDB_20120810.{operation}"), body).await
}

/// The records of the table's stream behind this one, or all of them, oldest first.
pub async fn stream(address: &str, after: Option<&str>) -> Vec<Value> {
    let asked = async |operation: &str, body: Value| {
        let target = format!("DynamoDBStreams_20120810.{operation}");
        targeted(address, &target, body).await
    };
    let streams = asked("ListStreams", json!({"TableName": table(address).await})).await;
    let arn = &streams["Streams"][0]["StreamArn"];
    let described = asked("DescribeStream", json!({"StreamArn": arn})).await;
    let mut from = json!({
        "StreamArn": arn,
        "ShardId": described["StreamDescription"]["Shards"][0]["ShardId"],
        "ShardIteratorType": "TRIM_HORIZON",
    });
    if let Some(after) = after {
        from["ShardIteratorType"] = json!("AFTER_SEQUENCE_NUMBER");
        from["SequenceNumber"] = json!(after);
    }
    let mut iterator = asked("GetShardIterator", from).await["ShardIterator"].take();
    let mut records = Vec::new();
    loop {
        let mut got = asked("GetRecords", json!({"ShardIterator": iterator})).await;
        let Some(some) = got["Records"]
            .as_array_mut()
            .filter(|some| !some.is_empty())
        else {
            return records;
        };
        records.append(some);
        iterator = got["NextShardIterator"].take();
    }
}

async fn targeted(address: &str, target: &str, body: Value) -> Value {
    let request = Client::new()
        .post(address)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", target)
        .header("x-amz-date", "20261123T100000Z")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=x",
        )
        .body(body.to_string());
    let answer = request.send().await.expect("an answer");
    assert!(
        answer.status().is_success(),
        "{target}: {}",
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
