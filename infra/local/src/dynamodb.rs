//! DynamoDB in this process, in one file, with the table of `template.yaml`.

use std::path::Path;

use dynoxide::{Database, DynoxideError};
use rusqlite::Connection;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::Error;
use crate::servers::Servers;

/// What of a table's properties makes a difference here.
const TAKEN_OVER: [&str; 5] = [
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
];
/// What has no meaning for a database in one file: protection, back-ups, encryption, labels.
pub(crate) const WITHOUT_MEANING: [&str; 6] = [
    "ContributorInsightsSpecification",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "PointInTimeRecoverySpecification",
    "SSESpecification",
    "Tags",
];

/// Opens the database and creates the table where it does not exist.
pub(crate) fn open(
    file: &Path,
    table: &str,
    properties: &Map<String, Value>,
) -> Result<Database, Error> {
    let creation = creation(table, properties)?;
    let file = file
        .to_str()
        .ok_or_else(|| Error::Database("its file's name is not UTF-8".to_owned()))?;
    let database = Database::new(file).map_err(|error| Error::Database(error.to_string()))?;
    create(&database, creation, table, properties)
        .map_err(|error| Error::Database(error.to_string()))?;
    tend_stream(file).map_err(|error| Error::Database(error.to_string()))?;
    Ok(database)
}

/// Lets the records of the stream be found by number: without an index every write and every look at the stream reads all of them.
fn tend_stream(file: &str) -> Result<(), rusqlite::Error> {
    Connection::open(file)?.execute_batch(
        "CREATE INDEX IF NOT EXISTS stream_records_by_number
             ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
         CREATE INDEX IF NOT EXISTS stream_records_of_shard
             ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER));",
    )
}

/// Serves DynamoDB's own protocol until the stack stops.
pub(crate) fn serve(database: Database, listener: TcpListener, servers: &mut Servers) {
    let stopping = servers.stopping();
    servers.run(async move {
        if let Err(error) =
            dynoxide::server::serve_with_shutdown(listener, database, stopping.wait()).await
        {
            tracing::error!(%error, "DynamoDB ended");
        }
    });
}

/// The template's properties as a `CreateTable` request has them.
fn creation(table: &str, properties: &Map<String, Value>) -> Result<Value, Error> {
    let mut request = Map::from_iter([("TableName".to_owned(), json!(table))]);
    for (name, value) in properties {
        match name.as_str() {
            taken if TAKEN_OVER.contains(&taken) => {
                request.insert(name.clone(), value.clone());
            }
            "StreamSpecification" => {
                let view = &value["StreamViewType"];
                request.insert(
                    name.clone(),
                    json!({"StreamEnabled": true, "StreamViewType": view}),
                );
            }
            "TableName" | "TimeToLiveSpecification" => {}
            _ => {
                return Err(Error::Database(format!(
                    "the table's property {name} is not supported locally"
                )));
            }
        }
    }
    Ok(Value::Object(request))
}

fn create(
    database: &Database,
    creation: Value,
    table: &str,
    properties: &Map<String, Value>,
) -> Result<(), DynoxideError> {
    match database.create_table(request(creation)?) {
        // A table of an earlier run: it stays, with what is in it.
        Err(DynoxideError::ResourceInUseException(_)) => return Ok(()),
        created => created?,
    };
    if let Some(expiry) = properties.get("TimeToLiveSpecification") {
        database.update_time_to_live(request(
            json!({"TableName": table, "TimeToLiveSpecification": expiry}),
        )?)?;
    }
    Ok(())
}

fn request<T: serde::de::DeserializeOwned>(json: Value) -> Result<T, DynoxideError> {
    serde_json::from_value(json)
        .map_err(|error| DynoxideError::ValidationException(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(json: Value) -> Map<String, Value> {
        serde_json::from_value(json).unwrap()
    }

    fn table() -> Map<String, Value> {
        properties(json!({
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": true},
            "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        }))
    }

    #[test]
    fn the_table_is_made_once_and_its_items_stay() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dynamodb.sqlite");
        let first = open(&file, "zweiweg", &table()).unwrap();
        let item = json!({"TableName": "zweiweg", "Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}});
        first.put_item(request(item).unwrap()).unwrap();
        drop(first);

        let second = open(&file, "zweiweg", &table()).unwrap();
        let key = json!({"TableName": "zweiweg", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}});
        assert!(
            second
                .get_item(request(key).unwrap())
                .unwrap()
                .item
                .is_some()
        );
        let described = second
            .describe_time_to_live(request(json!({"TableName": "zweiweg"})).unwrap())
            .unwrap();
        assert!(
            serde_json::to_string(&described)
                .unwrap()
                .contains("ENABLED")
        );
    }

    #[test]
    fn a_property_that_nobody_thought_of_is_refused() {
        let mut surprising = table();
        surprising.insert("KinesisStreamSpecification".to_owned(), json!({}));
        let error = creation("zweiweg", &surprising).unwrap_err();
        assert!(
            error.to_string().contains("KinesisStreamSpecification"),
            "{error}"
        );
    }
}
