//! Calls that could be made: every action that matters on every kind of resource, by every function.

use std::collections::BTreeSet;

use tests::recorder::{Call, arn, of_data_key};

/// Every kind of partition of the table, and one that there is not.
const PARTITIONS: [&str; 18] = [
    "AUDIT#x",
    "AUDIT#x#x",
    "AWAITED",
    "COUNT#x",
    "DUE",
    "KEY#x",
    "LANE#x#x#x",
    "LINK#x",
    "NEW#x",
    "OPENED#x",
    "ORG#x",
    "ORG#x#x",
    "PUB#x",
    "RATE",
    "RUN#x#x",
    "RUN#x#x#x",
    "RUNS",
    "UPLOADS",
];
/// What is done to items.
const OF_ITEMS: [&str; 8] = [
    "BatchGetItem",
    "BatchWriteItem",
    "ConditionCheckItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "UpdateItem",
];
/// What is done to the table as a whole.
const OF_TABLE: [&str; 9] = [
    "CreateBackup",
    "DeleteTable",
    "DescribeTable",
    "ExportTableToPointInTime",
    "PutResourcePolicy",
    "Scan",
    "UpdateContinuousBackups",
    "UpdateTable",
    "UpdateTimeToLive",
];
const OF_KEYS: [&str; 11] = [
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "DisableKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateMac",
    "PutKeyPolicy",
    "ReEncryptFrom",
    "ScheduleKeyDeletion",
    "VerifyMac",
];
const OF_OBJECTS: [&str; 5] = [
    "DeleteObject",
    "GetObject",
    "GetObjectVersion",
    "PutObject",
    "PutObjectAcl",
];
const OF_BUCKET: [&str; 5] = [
    "DeleteBucket",
    "DeleteBucketPolicy",
    "ListBucket",
    "PutBucketPolicy",
    "PutLifecycleConfiguration",
];
const OF_EMAIL: [&str; 2] = ["SendEmail", "SendRawEmail"];
const OF_SECRETS: [&str; 3] = ["DeleteSecret", "GetSecretValue", "PutSecretValue"];

/// Where e-mails come from, and where they never may.
const OURS: &str = "praxispost@zweiweg.example";
const ANOTHERS: &str = "someone@zweiweg.example";

/// All of them, by each of these functions.
pub(crate) fn calls<'a>(functions: impl Iterator<Item = &'a String>) -> Vec<Call> {
    functions
        .flat_map(|function| of_function(function))
        .collect()
}

fn of_function(function: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    for action in OF_ITEMS {
        calls.extend(PARTITIONS.map(|partition| on_table(function, action, &[partition])));
        calls.push(on_table(function, action, &[]));
    }
    calls.extend(OF_TABLE.map(|action| on_table(function, action, &[])));
    for action in OF_KEYS {
        let named = |name: &str| {
            Call::new(
                function,
                &format!("kms:{action}"),
                &arn("kms", &format!("key/{name}")),
            )
        };
        calls.extend(["DataKey", "LookupKey", "PepperKey", "Another"].map(named));
        let by_way = |service| of_data_key(function, &format!("kms:{action}"), service);
        calls.extend(["dynamodb", "s3", "ses"].map(by_way));
    }
    for action in OF_OBJECTS {
        calls.extend(
            ["documents/x/x", "others/x/x"]
                .map(|key| on_bucket(function, action, &format!("/{key}"))),
        );
        calls.push(Call::new(
            function,
            &format!("s3:{action}"),
            "arn:aws:s3:::another/documents/x/x",
        ));
    }
    calls.extend(OF_BUCKET.map(|action| on_bucket(function, action, "")));
    for action in OF_EMAIL {
        for from in [OURS, ANOTHERS] {
            let resources = [
                "identity/zweiweg.example",
                "identity/another.example",
                "configuration-set/local-configurationset",
            ];
            calls.extend(resources.map(|resource| email(function, action, resource, from)));
        }
    }
    let topic = arn("sns", "topic");
    calls.extend(["*", &topic].map(|resource| Call::new(function, "sns:Publish", resource)));
    for action in OF_SECRETS {
        let secret = |name: &str| arn("secretsmanager", &format!("secret:{name}"));
        let action = format!("secretsmanager:{action}");
        calls
            .extend(["threema", "another"].map(|name| Call::new(function, &action, &secret(name))));
    }
    calls.push(Call::new(
        function,
        "lambda:InvokeFunction",
        &arn("lambda", "function:x"),
    ));
    for queue in ["local-unfollowedchanges", "local-unkeptevents"] {
        calls.push(Call::new(
            function,
            "sqs:ReceiveMessage",
            &arn("sqs", queue),
        ));
    }
    calls
}

/// Whether it was made: by the same function, to the same resource, on the same partition, alone or with others.
pub(crate) fn is_used(call: &Call, recorded: &BTreeSet<Call>) -> bool {
    let mut alike = recorded.iter().filter(|made| {
        (&made.function, &made.action, &made.resource)
            == (&call.function, &call.action, &call.resource)
    });
    alike.any(|made| {
        let mut asked = call.context.iter();
        asked.all(|(key, values)| {
            let made = made.context.get(key);
            made.is_some_and(|made| values.is_subset(made))
        })
    })
}

/// Whether the same was made on a partition that need not be told from this one: of the same run, of the same practice's audit;
/// and of a practice and its records, where a function keeps both.
pub(crate) fn is_kin(call: &Call, recorded: &BTreeSet<Call>) -> bool {
    let keeps_both = ["Dispatch", "Issue", "Manage"].contains(&call.function.as_str());
    let families = [
        ["RUN#x#x", "RUN#x#x#x"],
        ["AUDIT#x", "AUDIT#x#x"],
        ["ORG#x", "ORG#x#x"],
    ];
    let keys = call.context.get("dynamodb:LeadingKeys");
    let is_of = |family: &[&str; 2]| {
        keys.is_some_and(|keys| keys.iter().all(|key| family.contains(&key.as_str())))
    };
    let families = &families[..if keeps_both { 3 } else { 2 }];
    families
        .iter()
        .filter(|family| is_of(family))
        .flatten()
        .any(|partition| {
            let kin = call
                .clone()
                .with("dynamodb:LeadingKeys", [(*partition).to_owned()]);
            is_used(&kin, recorded)
        })
}

/// What would undo a promise: who, the call, and the promise.
const NEVER: [(&str, &str, &str); 34] = [
    (
        "Authorize",
        "dynamodb:GetItem ORG#x",
        "reads nothing of patients",
    ),
    ("Authorize", "kms:GenerateMac LookupKey", "derives no key"),
    (
        "Dispatch",
        "s3:PutObject /documents/x/x",
        "writes no document",
    ),
    (
        "Download",
        "dynamodb:GetItem ORG#x",
        "reads no settings and no record",
    ),
    ("Download", "kms:GenerateMac PepperKey", "judges no code"),
    (
        "Download",
        "s3:PutObject /documents/x/x",
        "writes no document",
    ),
    ("Download", "ses:SendEmail ours", "sends no e-mail"),
    ("Download", "sns:Publish *", "sends no SMS"),
    ("Feedback", "dynamodb:GetItem LINK#x", "reads no delivery"),
    (
        "Feedback",
        "dynamodb:GetItem ORG#x",
        "reads nothing of a practice",
    ),
    ("InvoiceRun", "dynamodb:PutItem LINK#x", "makes no delivery"),
    ("InvoiceRun", "kms:GenerateMac PepperKey", "makes no code"),
    ("InvoiceRun", "ses:SendEmail ours", "sends no e-mail"),
    ("InvoiceRun", "sns:Publish *", "sends no SMS"),
    ("Issue", "s3:PutObject /documents/x/x", "writes no document"),
    (
        "Issue",
        "ses:SendEmail another's",
        "sends under no other address",
    ),
    (
        "Manage",
        "dynamodb:DeleteItem AUDIT#x",
        "deletes no line of the audit",
    ),
    (
        "Manage",
        "dynamodb:PutItem AUDIT#x",
        "writes no line of the audit",
    ),
    ("Manage", "kms:GenerateMac PepperKey", "makes no code"),
    ("Manage", "ses:SendEmail ours", "sends no e-mail"),
    ("Manage", "sns:Publish *", "sends no SMS"),
    ("Notify", "dynamodb:GetItem ORG#x#x", "reads no document"),
    (
        "Notify",
        "dynamodb:UpdateItem LINK#x",
        "changes no delivery",
    ),
    ("Notify", "kms:GenerateMac PepperKey", "judges no code"),
    (
        "Notify",
        "s3:GetObject /documents/x/x",
        "reaches no document",
    ),
    ("Notify", "sns:Publish *", "sends no SMS"),
    (
        "RequestCode",
        "dynamodb:PutItem ORG#x",
        "changes nothing of a practice",
    ),
    (
        "RequestCode",
        "s3:GetObject /documents/x/x",
        "reaches no document",
    ),
    ("RequestCode", "ses:SendEmail ours", "sends no e-mail"),
    (
        "Verify",
        "dynamodb:GetItem ORG#x",
        "reads nothing of a practice",
    ),
    ("Verify", "dynamodb:PutItem LINK#x", "makes no delivery"),
    (
        "Verify",
        "dynamodb:Query ORG#x#x",
        "reads nothing of a record",
    ),
    (
        "Verify",
        "s3:GetObject /documents/x/x",
        "reaches no document",
    ),
    ("Verify", "sns:Publish *", "sends no SMS"),
];
/// What none of the functions may ever do.
const NOBODY: [(&str, &str); 15] = [
    ("dynamodb:Scan", "reads across partitions"),
    ("dynamodb:ExportTableToPointInTime", "exports the table"),
    ("dynamodb:GetItem", "reads without naming a partition"),
    (
        "dynamodb:BatchGetItem LINK#x KEY#x",
        "mixes what is theirs with what is not",
    ),
    ("dynamodb:PutItem KEY#x", "makes an API key"),
    ("dynamodb:UpdateItem KEY#x", "changes an API key"),
    ("dynamodb:DeleteItem LINK#x", "deletes a delivery"),
    (
        "kms:ScheduleKeyDeletion LookupKey",
        "deletes the key of links",
    ),
    (
        "kms:ScheduleKeyDeletion DataKey",
        "deletes the key of everything at rest",
    ),
    (
        "kms:Decrypt DataKey",
        "uses the data key but by way of table or bucket",
    ),
    ("s3:ListBucket", "lists the bucket"),
    ("s3:PutBucketPolicy", "opens the bucket to others"),
    ("sns:Publish topic", "publishes to a topic"),
    (
        "secretsmanager:GetSecretValue another",
        "reads another secret",
    ),
    ("secretsmanager:PutSecretValue threema", "changes a secret"),
];

/// Calls that must be denied, each with the promise that it would undo.
pub(crate) fn never<'a>(functions: impl Iterator<Item = &'a String>) -> Vec<(String, Call)> {
    let mut never: Vec<(String, Call)> = NEVER
        .iter()
        .map(|(function, text, promise)| (format!("{function} {promise}"), call(function, text)))
        .collect();
    for function in functions {
        never.extend(NOBODY.map(|(text, done)| (format!("nobody {done}"), call(function, text))));
    }
    never
}

/// An action, and what it is done to.
fn call(function: &str, text: &str) -> Call {
    let (action, object) = text.split_once(' ').unwrap_or((text, ""));
    match action.split_once(':').expect("a service") {
        ("dynamodb", action) => {
            let partitions: Vec<&str> = object.split_whitespace().collect();
            on_table(function, action, &partitions)
        }
        ("kms", _) => Call::new(function, action, &arn("kms", &format!("key/{object}"))),
        ("s3", action) => on_bucket(function, action, object),
        ("ses", action) => {
            let from = if object == "ours" { OURS } else { ANOTHERS };
            email(function, action, "identity/zweiweg.example", from)
        }
        ("sns", _) if object == "*" => Call::new(function, action, "*"),
        ("sns", _) => Call::new(function, action, &arn("sns", object)),
        (service, _) => Call::new(function, action, &arn(service, &format!("secret:{object}"))),
    }
}

fn on_table(function: &str, action: &str, partitions: &[&str]) -> Call {
    let keys = partitions.iter().map(ToString::to_string);
    let mut call = tests::recorder::on_table(function, &format!("dynamodb:{action}"), keys);
    if partitions.is_empty() {
        call.context.clear();
    }
    call
}

fn on_bucket(function: &str, action: &str, key: &str) -> Call {
    let call = Call::new(
        function,
        &format!("s3:{action}"),
        &format!("arn:aws:s3:::local-documentsbucket{key}"),
    );
    call.with("s3:signatureversion", ["AWS4-HMAC-SHA256".to_owned()])
}

fn email(function: &str, action: &str, resource: &str, from: &str) -> Call {
    Call::new(function, &format!("ses:{action}"), &arn("ses", resource))
        .with("ses:FromAddress", [from.to_owned()])
}
