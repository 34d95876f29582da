//! The table's stream: batches in order, failed ones again, as a Lambda event source feeds them; several at once where the template says so, but never two of one item.
//!
//! The stream lies in the database's file and the position in a file beside it, so that a restart goes on where it was.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dynoxide::{Database, DynoxideError};
use futures::future::join_all;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{PAUSE, call};
use crate::files;
use crate::gateway::Callable;
use crate::servers::Stopping;
use crate::template::StreamSource;

/// How many records of the stream are looked at together.
const WINDOW: usize = 100;
/// The longest wait before a batch that failed is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Where a function is in the stream, on disk.
pub(crate) struct Position {
    path: PathBuf,
    /// The sequence number of the last record that it is done with; none at the stream's beginning.
    after: Option<String>,
}

impl Position {
    /// Where the last run left it.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let after = files::read_if_there(&path)?;
        let after = after.and_then(|stored| String::from_utf8(stored).ok());
        Ok(Self { path, after })
    }

    fn move_to(&mut self, sequence_number: &str) -> io::Result<()> {
        files::replace(&self.path, sequence_number.as_bytes())?;
        self.after = Some(sequence_number.to_owned());
        Ok(())
    }
}

/// A function and the stream that it is fed from.
pub(crate) struct Stream {
    /// The function's logical id.
    pub(crate) id: String,
    pub(crate) callable: Callable,
    pub(crate) source: StreamSource,
    pub(crate) database: Database,
    pub(crate) table: String,
    pub(crate) position: Position,
    pub(crate) failures: Failures,
}

/// How often one record has failed in a row.
#[derive(Default)]
pub(crate) struct Failures {
    record: String,
    times: u32,
}

impl Failures {
    /// Counts one more; how often this record has failed by now.
    fn count(&mut self, record: &str) -> u32 {
        if self.record != record {
            record.clone_into(&mut self.record);
            self.times = 0;
        }
        self.times += 1;
        self.times
    }
}

/// How a batch ended.
enum Fed {
    /// There was nothing to do.
    Nothing,
    /// Everything up to its end was done.
    Done,
    /// What is left must be tried again.
    Failed,
}

impl Stream {
    /// Feeds the function until the stack stops.
    pub(crate) async fn run(mut self, stopping: Stopping) {
        let feeding = async {
            let (mut wait, mut most) = (PAUSE, self.source.batch_size);
            loop {
                match self.feed(most).await {
                    Ok(Fed::Done) => (wait, most) = (PAUSE, self.source.batch_size),
                    Ok(Fed::Nothing) => {
                        (wait, most) = (PAUSE, self.source.batch_size);
                        tokio::time::sleep(PAUSE).await;
                    }
                    failed => {
                        if let Err(error) = failed {
                            tracing::error!(function = self.id, error, "the stream cannot be read");
                        }
                        tokio::time::sleep(wait).await;
                        wait = LONGEST_WAIT.min(wait * 2);
                        if self.source.bisects {
                            most = (most / 2).max(1);
                        }
                    }
                }
            }
        };
        tokio::select! {
            () = feeding => {}
            () = stopping.wait() => {}
        }
    }

    /// One look at the stream: batches of at most so many records.
    async fn feed(&mut self, most: usize) -> Result<Fed, String> {
        let records = self.records(WINDOW).map_err(|error| error.to_string())?;
        let Some(last) = records.last().map(|last| sequence_number(last).to_owned()) else {
            return Ok(Fed::Nothing);
        };
        let taken = records.iter().filter(|record| self.source.takes(record));
        let mut groups: Vec<Vec<&Value>> = vec![Vec::new(); self.source.at_once];
        for record in taken {
            groups[group_of(record, self.source.at_once)].push(record);
        }
        let fed = groups.iter().map(|group| self.feed_group(group, most));
        let failed = join_all(fed).await.into_iter().flatten();
        let place = |number: &String| {
            let is_it = |record: &Value| sequence_number(record) == number;
            records.iter().position(is_it)
        };
        let failed = failed.min_by_key(place);
        let moved = match &failed {
            None => self.position.move_to(&last),
            Some(failed) => self.move_before(failed, &records),
        };
        moved.map_err(|error| error.to_string())?;
        Ok(if failed.is_some() {
            Fed::Failed
        } else {
            Fed::Done
        })
    }

    /// Batch after batch, up to the first that fails; the number of the record at which it failed.
    async fn feed_group(&self, records: &[&Value], most: usize) -> Option<String> {
        for batch in records.chunks(most) {
            let failed = match call(&self.callable, json!({"Records": batch})).await {
                Ok(answer) => first_failure(&answer, batch),
                Err(error) => {
                    tracing::error!(function = self.id, %error, "the function failed");
                    batch.first().map(|first| sequence_number(first).to_owned())
                }
            };
            if failed.is_some() {
                return failed;
            }
        }
        None
    }

    /// Goes to where the failed record is the next one, or past it if it is too old to be tried again, or was tried often enough.
    fn move_before(&mut self, failed: &str, records: &[Value]) -> io::Result<()> {
        let at = records
            .iter()
            .position(|record| sequence_number(record) == failed)
            .unwrap_or_default();
        let tries = self.failures.count(failed);
        let is_tried = self.source.most_retries.is_some_and(|most| tries > most);
        if is_tried || is_older(&records[at], self.source.oldest) {
            tracing::error!(
                function = self.id,
                "a record of the stream was given up: it failed too often or for too long"
            );
            return self.position.move_to(failed);
        }
        match at.checked_sub(1) {
            Some(before) => self.position.move_to(sequence_number(&records[before])),
            None => Ok(()),
        }
    }

    fn records(&self, most: usize) -> Result<Vec<Value>, DynoxideError> {
        let database = &self.database;
        let streams =
            database.list_streams(request(json!({"TableName": self.table, "Limit": 1}))?)?;
        let streams = answer(&streams)?;
        let arn = &streams["Streams"][0]["StreamArn"];
        if arn.is_null() {
            return Ok(Vec::new());
        }
        let described = answer(&database.describe_stream(request(json!({"StreamArn": arn}))?)?)?;
        let mut start = json!({
            "StreamArn": arn,
            "ShardId": described["StreamDescription"]["Shards"][0]["ShardId"],
            "ShardIteratorType": "TRIM_HORIZON",
        });
        if let Some(after) = &self.position.after {
            start["ShardIteratorType"] = json!("AFTER_SEQUENCE_NUMBER");
            start["SequenceNumber"] = json!(after);
        }
        let start = answer(&database.get_shard_iterator(request(start)?)?)?;
        let iterator = &start["ShardIterator"];
        let got =
            database.get_records(request(json!({"ShardIterator": iterator, "Limit": most}))?)?;
        let got = answer(&got)?;
        Ok(got["Records"].as_array().cloned().unwrap_or_default())
    }
}

/// The earliest record that the function asks for again; a number that is not in the batch stands for all of it.
fn first_failure(answer: &Value, records: &[&Value]) -> Option<String> {
    let failures = answer["batchItemFailures"].as_array()?;
    let named: Vec<&str> = failures
        .iter()
        .map(|failure| failure["itemIdentifier"].as_str().unwrap_or_default())
        .collect();
    if named.is_empty() {
        return None;
    }
    let mut numbers = records.iter().map(|record| sequence_number(record));
    let first = numbers.clone().next().unwrap_or_default();
    let all_known = named
        .iter()
        .all(|named| numbers.clone().any(|number| number == *named));
    let earliest = numbers.find(|number| named.contains(number));
    Some(earliest.filter(|_| all_known).unwrap_or(first).to_owned())
}

/// Everything of one item goes the same way.
fn group_of(record: &Value, groups: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    record["dynamodb"]["Keys"].to_string().hash(&mut hasher);
    let groups = u64::try_from(groups).unwrap_or(1).max(1);
    usize::try_from(hasher.finish() % groups).unwrap_or_default()
}

fn sequence_number(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"]
        .as_str()
        .unwrap_or_default()
}

fn is_older(record: &Value, oldest: Duration) -> bool {
    let written = record["dynamodb"]["ApproximateCreationDateTime"]
        .as_f64()
        .unwrap_or_default();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    now.as_secs_f64() - written > oldest.as_secs_f64()
}

fn request<T: DeserializeOwned>(json: Value) -> Result<T, DynoxideError> {
    serde_json::from_value(json)
        .map_err(|error| DynoxideError::ValidationException(error.to_string()))
}

fn answer(answered: &impl serde::Serialize) -> Result<Value, DynoxideError> {
    serde_json::to_value(answered)
        .map_err(|error| DynoxideError::ValidationException(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: &str) -> Value {
        json!({"dynamodb": {"SequenceNumber": number}})
    }

    #[test]
    fn what_failed_is_found_in_the_answer() {
        let (a, b) = (record("1"), record("2"));
        let records = [&a, &b];
        let failed = |answer: Value| first_failure(&answer, &records);
        assert_eq!(failed(json!(null)), None);
        assert_eq!(failed(json!({"batchItemFailures": []})), None);
        let named = |number: &str| json!({"itemIdentifier": number});
        for (failures, first) in [
            (json!([named("2")]), "2"),
            (json!([named("2"), named("1")]), "1"),
            (json!([named("9")]), "1"),
            (json!([{}]), "1"),
        ] {
            assert_eq!(
                failed(json!({"batchItemFailures": failures})).as_deref(),
                Some(first),
                "{failures}"
            );
        }
    }

    #[test]
    fn what_concerns_one_item_stays_in_one_group() {
        let record = |key: &str| json!({"dynamodb": {"Keys": {"pk": {"S": key}}}});
        assert_eq!(group_of(&record("a"), 1), 0);
        let groups: Vec<usize> = (0..32)
            .map(|key| group_of(&record(&key.to_string()), 4))
            .collect();
        assert!((0..4).all(|group| groups.contains(&group)), "{groups:?}");
        assert_eq!(group_of(&record("7"), 4), groups[7]);
    }

    #[test]
    fn failures_are_counted_for_one_record_in_a_row() {
        let mut failures = Failures::default();
        let counts = ["1", "1", "2", "1"].map(|record| failures.count(record));
        assert_eq!(counts, [1, 2, 1, 1]);
    }

    #[test]
    fn the_position_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stream");
        let mut position = Position::open(path.clone()).unwrap();
        assert_eq!(position.after, None);
        position.move_to("17").unwrap();
        assert_eq!(Position::open(path).unwrap().after.as_deref(), Some("17"));
    }
}
