//! What is kept and for how long, in logs, table, bucket and keys, and what no log may hold; what is said of e-mails.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::reading::{Template, arn, fields, list, text};

const RETENTION_DAYS: i64 = 30;

/// What may stand in the access log. Everything else of `$context` is left out: paths hold tokens, claims name practices.
const LOGGED: [&str; 8] = [
    "$context.requestId",
    "$context.requestTime",
    "$context.routeKey",
    "$context.status",
    "$context.responseLatency",
    "$context.integration.status",
    "$context.integration.latency",
    "$context.error.message",
];

#[test]
fn the_access_log_names_no_path_no_query_and_no_claim() {
    let template = Template::read();
    let settings = &template.properties("HttpApi")["AccessLogSettings"];
    assert_eq!(settings["DestinationArn"], arn("AccessLog"));
    let format: Value = serde_json::from_str(text(&settings["Format"]))
        .expect("the log's format is JSON, on one line");
    let logged: BTreeSet<&str> = fields(&format).values().map(text).collect();
    assert_eq!(
        logged,
        BTreeSet::from(LOGGED),
        "logged (left), allowed (right)"
    );
}

#[test]
fn every_log_is_kept_for_a_set_time_and_every_function_has_one() {
    let template = Template::read();
    let mut kept = BTreeSet::new();
    for (id, log) in template.of_type("AWS::Logs::LogGroup") {
        assert_eq!(log["RetentionInDays"], RETENTION_DAYS, "{id}");
        kept.insert(id);
    }
    assert!(
        kept.remove("AccessLog"),
        "the access log's group is in the template"
    );
    for (id, function) in template.functions() {
        let log = function["LoggingConfig"]["LogGroup"]["Ref"].as_str();
        assert!(
            log.is_some_and(|log| kept.remove(log)),
            "{id} writes to a log group of its own, one in the template: {log:?}"
        );
    }
    assert!(
        kept.is_empty(),
        "log groups that nobody writes to: {kept:?}"
    );
}

#[test]
fn the_table_forgets_by_ttl_and_survives_mistakes() {
    let template = Template::read();
    let table = template.properties("Table");
    assert_eq!(
        table["TimeToLiveSpecification"],
        json!({"AttributeName": "ttl", "Enabled": true})
    );
    assert_eq!(
        table["PointInTimeRecoverySpecification"],
        json!({"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 7}),
        "the privacy page promises seven days"
    );
    assert_eq!(table["DeletionProtectionEnabled"], true);
    assert_eq!(
        table["StreamSpecification"]["StreamViewType"],
        "NEW_AND_OLD_IMAGES"
    );
    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(
        table["KeySchema"],
        json!([{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}])
    );
    assert_eq!(table["SSESpecification"]["SSEType"], "KMS");
    assert_eq!(table["SSESpecification"]["KMSMasterKeyId"], arn("DataKey"));
}

#[test]
fn what_cannot_be_made_again_stays_when_the_stack_goes() {
    let template = Template::read();
    for (id, resource) in template.resources() {
        if ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"]
            .contains(&text(&resource["Type"]))
        {
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                assert_eq!(resource[policy], "Retain", "{policy} of {id}");
            }
        }
    }
}

#[test]
fn both_hmac_keys_stay_in_kms() {
    let template = Template::read();
    for id in ["LookupKey", "PepperKey"] {
        let key = template.properties(id);
        assert_eq!(key["KeySpec"], "HMAC_256", "{id}");
        assert_eq!(key["KeyUsage"], "GENERATE_VERIFY_MAC", "{id}");
    }
}

#[test]
fn the_bucket_is_closed_and_takes_fresh_signatures_only() {
    let template = Template::read();
    let bucket = template.properties("DocumentsBucket");
    for (block, on) in fields(&bucket["PublicAccessBlockConfiguration"]) {
        assert_eq!(on, true, "{block}");
    }
    assert_eq!(
        fields(&bucket["PublicAccessBlockConfiguration"]).len(),
        4,
        "all four blocks of public access"
    );
    assert_eq!(
        bucket["OwnershipControls"]["Rules"][0]["ObjectOwnership"],
        "BucketOwnerEnforced"
    );
    let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    assert_eq!(
        encryption["ServerSideEncryptionByDefault"]["KMSMasterKeyID"],
        arn("DataKey")
    );
    assert_eq!(encryption["BucketKeyEnabled"], true);

    let policy = &template.properties("DocumentsBucketPolicy")["PolicyDocument"]["Statement"];
    for (action, condition) in [
        ("s3:*", json!({"Bool": {"aws:SecureTransport": "false"}})),
        ("s3:*", json!({"NumericLessThan": {"s3:TlsVersion": "1.2"}})),
        (
            "s3:GetObject",
            json!({"NumericGreaterThan": {"s3:signatureAge": "120000"}}),
        ),
        (
            "s3:PutObject",
            json!({"NumericGreaterThan": {"s3:signatureAge": "360000"}}),
        ),
    ] {
        let denied = list(policy)
            .iter()
            .any(|statement| statement["Action"] == action && statement["Condition"] == condition);
        assert!(denied, "the bucket denies {action} under {condition}");
    }
    let unsigned = json!({"StringNotEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"}});
    assert!(
        list(policy)
            .iter()
            .any(|statement| statement["Condition"] == unsigned),
        "the bucket denies {unsigned}"
    );
    for statement in list(policy) {
        assert_eq!(
            statement["Effect"], "Deny",
            "the bucket's policy gives nothing: {}",
            statement["Sid"]
        );
    }
}

#[test]
fn what_lies_in_the_bucket_unfinished_or_replaced_goes_after_a_day() {
    let template = Template::read();
    let bucket = template.properties("DocumentsBucket");
    let versions = &bucket["VersioningConfiguration"];
    assert!(
        versions.is_null(),
        "a deleted document would stay as a version: {versions}"
    );
    let rules = list(&bucket["LifecycleConfiguration"]["Rules"]);
    for rule in rules {
        assert_eq!(rule["Status"], "Enabled", "{rule}");
        assert!(rule.get("Prefix").is_none(), "for every object: {rule}");
    }
    let has = |expected: Value| {
        let expected = fields(&expected);
        let mut expected = expected.iter();
        expected.all(|(name, value)| rules.iter().any(|rule| rule[name] == *value))
    };
    assert!(has(
        json!({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}})
    ));
    assert!(has(
        json!({"NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
    ));
}

#[test]
fn opens_and_clicks_of_e_mails_are_not_tracked() {
    let template = Template::read();
    let sets: Vec<_> = template.of_type("AWS::SES::ConfigurationSet").collect();
    assert!(!sets.is_empty(), "e-mails go through a configuration set");
    for (id, set) in sets {
        assert!(
            set.get("TrackingOptions").is_none(),
            "{id} would rewrite links"
        );
    }
    for (id, destination) in template.of_type("AWS::SES::ConfigurationSetEventDestination") {
        for event in list(&destination["EventDestination"]["MatchingEventTypes"]) {
            assert!(
                !["open", "click"].contains(&text(event).to_lowercase().as_str()),
                "{id} tracks {event}"
            );
        }
    }
}

#[test]
fn what_becomes_of_this_deployments_e_mails_is_told_to_feedback_alone() {
    let template = Template::read();
    let own = json!({"Ref": "ConfigurationSet"});
    let destination = template.properties("EmailEvents");
    assert_eq!(destination["ConfigurationSetName"], own);
    let destination = &destination["EventDestination"];
    assert_eq!(destination["Enabled"], true);
    let told: BTreeSet<&str> = list(&destination["MatchingEventTypes"])
        .iter()
        .map(text)
        .collect();
    let expected = [
        "send",
        "delivery",
        "deliveryDelay",
        "bounce",
        "complaint",
        "reject",
    ];
    assert_eq!(told, BTreeSet::from(expected));
    let mut listeners = 0;
    for (id, function) in template.functions() {
        for (_, event) in function.get("Events").map(fields).into_iter().flatten() {
            if event["Type"] == "EventBridgeRule" {
                listeners += 1;
                assert_eq!(id, "Feedback");
                let pattern = &event["Properties"]["Pattern"];
                assert_eq!(pattern["source"], json!(["aws.ses"]));
                let tags = &pattern["detail"]["mail"]["tags"];
                assert_eq!(
                    tags["ses:configuration-set"],
                    json!([own]),
                    "no other deployment's"
                );
            }
        }
    }
    assert_eq!(listeners, 1);
}

#[test]
fn the_transformed_template_tracks_nobody_logs_no_path_and_keeps_every_log_for_its_time() {
    let template = Template::transformed();
    for (id, destination) in template.of_type("AWS::SES::ConfigurationSetEventDestination") {
        let told = destination["EventDestination"]["MatchingEventTypes"].to_string();
        let told = told.to_lowercase();
        assert!(!told.contains("open") && !told.contains("click"), "{id}");
    }
    let mut stages = 0;
    for (id, stage) in template.of_type("AWS::ApiGatewayV2::Stage") {
        stages += 1;
        let format = text(&stage["AccessLogSettings"]["Format"]).to_lowercase();
        for untold in ["path", "query", "authorizer", "identity", "domain"] {
            assert!(!format.contains(untold), "{id} logs {untold}: {format}");
        }
    }
    assert_eq!(stages, 1);
    let logs: BTreeSet<&str> = template
        .of_type("AWS::Logs::LogGroup")
        .map(|(id, log)| {
            assert_eq!(log["RetentionInDays"], RETENTION_DAYS, "{id}");
            id
        })
        .collect();
    let mut written = BTreeSet::new();
    for (id, function) in template.of_type("AWS::Lambda::Function") {
        let log = text(&function["LoggingConfig"]["LogGroup"]["Ref"]);
        assert!(logs.contains(log), "{id} writes to {log}");
        assert!(written.insert(log), "{id} shares {log}");
    }
    let functions = Template::read().functions().count();
    assert_eq!(written.len(), functions, "SAM adds no function");
}
