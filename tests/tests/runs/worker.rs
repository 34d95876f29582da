//! The function `dispatch` in the hands of a test: it is fed what a stream could bring, when the test says so.

use std::collections::BTreeMap;

use runtime::{Environment, Function};
use serde_json::{Value, json};
use tests::World;
use tests::dynamodb::items;

/// `dispatch`, and the table that its events come from.
pub(crate) struct Worker {
    function: Function,
    dynamodb: String,
}

impl Worker {
    /// As the template has it, with some variables of one's own.
    pub(crate) fn new(world: &World, own: &[(&str, &str)]) -> Self {
        let mut variables: BTreeMap<String, String> =
            world.stack.function_environments()["Dispatch"].clone();
        for (name, value) in own {
            variables.insert((*name).to_owned(), (*value).to_owned());
        }
        let environment: Environment = variables.into_iter().collect();
        Self {
            function: dispatch::function(&environment, world.clock().clone()).expect("a function"),
            dynamodb: world.stack.dynamodb().to_owned(),
        }
    }

    /// Every lane as it is now, as the stream would bring it.
    pub(crate) async fn lanes(&self) -> Vec<Value> {
        let mut lanes: Vec<Value> = items(&self.dynamodb)
            .await
            .into_iter()
            .filter(|item| {
                item["pk"]["S"]
                    .as_str()
                    .is_some_and(|pk| pk.starts_with("LANE#"))
            })
            .map(|image| {
                json!({"eventName": "MODIFY", "dynamodb": {
                    "Keys": {"pk": image["pk"], "sk": image["sk"]}, "NewImage": image, "SequenceNumber": "1"
                }})
            })
            .collect();
        lanes.sort_by_key(|lane| lane["dynamodb"]["Keys"].to_string());
        lanes
    }

    /// One event of the stream; whether it is done with.
    pub(crate) async fn feed(&self, lane: &Value) -> bool {
        let answer = (self.function)(json!({"Records": [lane]})).await;
        let answer = answer.expect("an answer");
        answer["batchItemFailures"] == json!([])
    }

    /// One run of the schedule.
    pub(crate) async fn minute(&self) {
        self.schedule().await.expect("done");
    }

    /// The same, which may go wrong.
    pub(crate) async fn schedule(&self) -> Result<Value, runtime::Error> {
        (self.function)(json!({"source": "aws.events"})).await
    }

    /// Feeds every lane until nothing changes any more.
    pub(crate) async fn drain(&self) {
        let mut before = Vec::new();
        loop {
            let lanes = self.lanes().await;
            if lanes == before {
                return;
            }
            for lane in &lanes {
                assert!(self.feed(lane).await, "{lane}");
            }
            before = lanes;
        }
    }
}
