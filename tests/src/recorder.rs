//! Which calls each function makes to AWS, as IAM judges them: the action, the resource, and what conditions ask for.
//!
//! Nothing of what is read or written is kept: of a partition its kind and how many parts its name has, of a phone number that it is one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use local::Stack;
use serde_json::Value;

use crate::front::{Front, Passing};

/// Where the local stack pretends to be.
const REGION: &str = "eu-central-1";
const ACCOUNT: &str = "000000000000";

/// What IAM is asked about a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The function by its logical id; empty for what has other credentials, such as the operator's commands.
    pub function: String,
    /// Such as `dynamodb:GetItem`.
    pub action: String,
    /// Its ARN; `*` for a phone number.
    pub resource: String,
    /// What conditions ask for, by condition key.
    pub context: BTreeMap<String, BTreeSet<String>>,
}

/// The distinct calls so far. Clones are the same recorder.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    keys: Keys,
    calls: BTreeSet<Call>,
    /// What is to fail, and how often.
    failing: Option<(Call, usize)>,
}

impl Recorder {
    /// Servers that note every call to AWS before they pass it on.
    pub(crate) async fn front(&self) -> Front {
        let recorder = self.clone();
        Front::open(move |passing| {
            let fails = recorder.note(&passing);
            async move {
                if fails {
                    StatusCode::INTERNAL_SERVER_ERROR.into_response()
                } else {
                    passing.pass_on().await
                }
            }
        })
        .await
    }

    /// Learns the names of the keys of the stack whose calls are noted.
    pub(crate) fn stand_before(&self, stack: &Stack) {
        self.recorded().keys = Keys::of(stack);
    }

    /// Everything that functions have called so far.
    pub fn calls(&self) -> BTreeSet<Call> {
        let mut calls = self.recorded().calls.clone();
        calls.retain(|call| !call.function.is_empty());
        calls
    }

    /// Lets the next so many calls of a function for a kind of partition fail: the service does nothing and says that it has a fault.
    pub fn fail(&self, function: &str, action: &str, partition: &str, times: usize) {
        let call = on_table(function, action, [partition.to_owned()]);
        self.recorded().failing = Some((call, times));
    }

    /// Whether some of those are still to come.
    pub fn fails(&self) -> bool {
        self.recorded().failing.is_some()
    }

    /// Notes the calls of one request; whether it is to fail.
    fn note(&self, passing: &Passing) -> bool {
        let mut recorded = self.recorded();
        let calls = calls(passing, &recorded.keys);
        let fails = recorded
            .failing
            .take_if(|(failing, _)| calls.contains(failing));
        if let Some((call, times @ 2..)) = &fails {
            recorded.failing = Some((call.clone(), times - 1));
        }
        recorded.calls.extend(calls);
        fails.is_some()
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().expect("no panic in between")
    }
}

/// The names of the stack's keys by their ids, which are drawn.
#[derive(Debug, Default)]
struct Keys(BTreeMap<String, &'static str>);

impl Keys {
    fn of(stack: &Stack) -> Self {
        let mut keys = BTreeMap::new();
        for variables in stack.function_environments().values() {
            for (variable, name) in [("LOOKUP_KEYS", "LookupKey"), ("PEPPER_KEYS", "PepperKey")] {
                let ids = variables.get(variable).into_iter();
                keys.extend(ids.flat_map(|ids| ids.split(',').map(|id| (id.to_owned(), name))));
            }
        }
        Self(keys)
    }
}

impl Call {
    /// Of this function, with no conditions.
    pub fn new(function: &str, action: &str, resource: &str) -> Self {
        Self {
            function: function.to_owned(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            context: BTreeMap::new(),
        }
    }

    /// The same with what a condition may ask for.
    #[must_use]
    pub fn with(mut self, key: &str, values: impl IntoIterator<Item = String>) -> Self {
        self.context
            .insert(key.to_owned(), values.into_iter().collect());
        self
    }

    /// As IAM is asked.
    pub fn to_json(&self) -> Value {
        serde_json::json!({
            "function": self.function, "action": self.action, "resource": self.resource, "context": self.context,
        })
    }
}

/// An ARN of the local account.
pub fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}

/// The use of the data key that comes with a call to a service that encrypts.
pub fn of_data_key(function: &str, action: &str, service: &str) -> Call {
    let via = format!("{service}.{REGION}.amazonaws.com");
    Call::new(function, action, &arn("kms", "key/DataKey")).with("kms:ViaService", [via])
}

/// What IAM is asked about a request; one that is of no known kind is an action that nobody has.
fn calls(passing: &Passing, keys: &Keys) -> Vec<Call> {
    let function = &caller(passing);
    match passing.call.split(' ').next().unwrap_or_default() {
        "DYNAMODB" => of_table(function, passing),
        "S3" => of_bucket(function, passing),
        "SESV2" => of_email(function, &json(passing)),
        "SNS" => vec![of_sms(function, passing)],
        "KMS" => {
            let id = json(passing)["KeyId"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let key = arn(
                "kms",
                &format!("key/{}", keys.0.get(&id).unwrap_or(&"unknown")),
            );
            vec![Call::new(
                function,
                &format!("kms:{}", operation(passing)),
                &key,
            )]
        }
        _ => {
            let secret = json(passing)["SecretId"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let action = format!("secretsmanager:{}", operation(passing));
            vec![Call::new(function, &action, &secret)]
        }
    }
}

/// Whose credentials signed: their token is in a header, or in a signed address.
fn caller(passing: &Passing) -> String {
    let header = passing.parts.headers.get("x-amz-security-token");
    let header = header.and_then(|token| token.to_str().ok());
    let in_address = || parameter(passing, "X-Amz-Security-Token");
    header.or_else(in_address).unwrap_or_default().to_owned()
}

fn parameter<'a>(passing: &'a Passing, name: &str) -> Option<&'a str> {
    let pairs = passing.parts.uri.query().unwrap_or_default().split('&');
    let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

fn operation(passing: &Passing) -> &str {
    passing.call.split(' ').nth(1).unwrap_or_default()
}

fn json(passing: &Passing) -> Value {
    serde_json::from_slice(&passing.body).unwrap_or_default()
}

/// A transaction needs the permissions of what is in it; everything else is its own action.
fn of_table(function: &str, passing: &Passing) -> Vec<Call> {
    let body = json(passing);
    let mut asked: Vec<(String, &Value, BTreeSet<String>)> = Vec::new();
    match operation(passing) {
        "TransactWriteItems" => {
            for write in list(&body["TransactItems"]) {
                for (kind, write) in write.as_object().into_iter().flatten() {
                    let action = match kind.as_str() {
                        "ConditionCheck" => "ConditionCheckItem".to_owned(),
                        kind => format!("{kind}Item"),
                    };
                    asked.push((action, &write["TableName"], partitions(write)));
                }
            }
        }
        "BatchGetItem" => {
            let table = body["RequestItems"]
                .as_object()
                .and_then(|tables| tables.iter().next());
            let (_, wanted) = table.expect("a table");
            let keys = list(&wanted["Keys"]).iter();
            let keys = keys
                .filter_map(|key| key["pk"]["S"].as_str().map(kind))
                .collect();
            asked.push(("BatchGetItem".to_owned(), &Value::Null, keys));
        }
        operation => asked.push((operation.to_owned(), &body["TableName"], partitions(&body))),
    }
    let calls = asked.into_iter().map(|(action, name, keys)| {
        assert!(
            name.is_null() || name == "local-table",
            "another table: {name}"
        );
        on_table(function, &format!("dynamodb:{action}"), keys)
    });
    calls
        .chain([of_data_key(function, "kms:Decrypt", "dynamodb")])
        .collect()
}

/// A call to the table for these kinds of partitions.
pub fn on_table(
    function: &str,
    action: &str,
    partitions: impl IntoIterator<Item = String>,
) -> Call {
    Call::new(function, action, &arn("dynamodb", "table/local-table"))
        .with("dynamodb:LeadingKeys", partitions)
}

/// The partitions of one read or write.
fn partitions(request: &Value) -> BTreeSet<String> {
    let queried = || {
        let expression = request["KeyConditionExpression"].as_str()?;
        let name = expression
            .split("pk = ")
            .nth(1)?
            .split_whitespace()
            .next()?;
        request["ExpressionAttributeValues"][name]["S"].as_str()
    };
    let key = request["Key"]["pk"]["S"].as_str();
    let item = || request["Item"]["pk"]["S"].as_str();
    let partition = key.or_else(item).or_else(queried);
    partition.map(kind).into_iter().collect()
}

/// A partition's name with a letter in the place of each part but the first: `ORG#x#x`.
fn kind(partition: &str) -> String {
    let mut parts = partition.split('#');
    let kind = parts.next().unwrap_or_default().to_owned();
    parts.fold(kind, |kind, _| kind + "#x")
}

fn of_bucket(function: &str, passing: &Passing) -> Vec<Call> {
    let path = passing.parts.uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let (action, of_key) = match (passing.parts.method.as_str(), key) {
        (_, "") => ("s3:ListBucket", None),
        ("GET" | "HEAD", _) => ("s3:GetObject", Some("kms:Decrypt")),
        ("PUT", _) => ("s3:PutObject", Some("kms:GenerateDataKey")),
        ("DELETE", _) => ("s3:DeleteObject", None),
        _ => ("s3:unknown", None),
    };
    let folder = key.split_once('/').map_or("", |(folder, _)| folder);
    let signature = signature(passing);
    let call = Call::new(
        function,
        action,
        &format!("arn:aws:s3:::{bucket}/{folder}/x/x"),
    )
    .with("s3:signatureversion", [signature]);
    let key = of_key.map(|action| of_data_key(function, action, "s3"));
    [call].into_iter().chain(key).collect()
}

/// How it is signed, in a header or in the address.
fn signature(passing: &Passing) -> String {
    let header = passing.parts.headers.get("authorization");
    let header = header.and_then(|header| header.to_str().ok()?.split(' ').next());
    let in_address = || parameter(passing, "X-Amz-Algorithm");
    header.or_else(in_address).unwrap_or_default().to_owned()
}

/// SES asks for the right to the identity, and to the configuration set beside it.
fn of_email(function: &str, body: &Value) -> Vec<Call> {
    let raw = !body["Content"]["Raw"].is_null();
    let action = if raw {
        "ses:SendRawEmail"
    } else {
        "ses:SendEmail"
    };
    let from = body["FromEmailAddress"].as_str().unwrap_or_default();
    let address = from
        .rsplit('<')
        .next()
        .unwrap_or_default()
        .trim_end_matches('>');
    let domain = address.rsplit('@').next().unwrap_or_default();
    let set = body["ConfigurationSetName"].as_str().unwrap_or_default();
    let resources = [
        format!("identity/{domain}"),
        format!("configuration-set/{set}"),
    ];
    let call = |resource: String| {
        Call::new(function, action, &arn("ses", &resource))
            .with("ses:FromAddress", [address.to_owned()])
    };
    resources.map(call).into()
}

/// A phone number is no resource that could be named.
fn of_sms(function: &str, passing: &Passing) -> Call {
    let form = String::from_utf8_lossy(&passing.body);
    let has = |name: &str| form.split('&').any(|pair| pair.starts_with(name));
    let resource = if has("PhoneNumber=") && !has("TopicArn=") && !has("TargetArn=") {
        "*".to_owned()
    } else {
        arn("sns", "topic")
    };
    let action = form
        .split('&')
        .find_map(|pair| pair.strip_prefix("Action="));
    Call::new(
        function,
        &format!("sns:{}", action.unwrap_or_default()),
        &resource,
    )
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
