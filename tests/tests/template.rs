//! What `template.yaml` promises: who may do what, which routes are open, what is kept and for how long, and what no log may hold.
//! Reads the template as it stands in the tree, and where something is added by SAM, as `tests/template/transform.py` has written it out.
//! Whether it could be deployed is for `sam validate` and `cfn-lint` to say.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Value, json};

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
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
/// Which partitions of the table each function reaches, and no others.
const PARTITIONS: [(&str, &[&str]); 10] = [
    ("Authorize", &["KEY#*", "PUB#*"]),
    (
        "Manage",
        &["AUDIT#*", "COUNT#*", "ORG#*", "PUB#*", "LINK#*", "UPLOADS"],
    ),
    ("Issue", &["COUNT#*", "ORG#*", "LINK#*"]),
    ("Feedback", &["LINK#*"]),
    ("InvoiceRun", &["LANE#*", "ORG#*", "RUN#*", "RUNS"]),
    (
        "Dispatch",
        &[
            "COUNT#*", "LANE#*", "LINK#*", "ORG#*", "PUB#*", "RATE", "RUN#*", "RUNS",
        ],
    ),
    ("Notify", &["AUDIT#*", "AWAITED", "DUE", "LINK#*", "ORG#*"]),
    (
        "RequestCode",
        &["COUNT#*", "LINK#*", "ORG#*", "ORG#*#*", "PUB#*"],
    ),
    ("Verify", &["LINK#*", "OPENED#*", "PUB#*"]),
    ("Download", &["LINK#*", "PUB#*", "ORG#*#*"]),
];
/// Nobody reads across partitions (scans, exports), and nobody writes where no condition can be set (batches).
const TABLE_ACTIONS: [&str; 7] = [
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:ConditionCheckItem",
];

/// Everything that is allowed by a wildcard in what SAM makes of the template: where, what, on what, and why it cannot be narrower.
const WILDCARDS: [(&str, &str, &str, &str); 7] = [
    (
        "a role",
        "sns:Publish",
        "*",
        "A phone number is no resource; topics are denied beside it.",
    ),
    (
        "a role",
        "s3:PutObject",
        "${DocumentsBucket.Arn}/documents/*",
        "Documents have random ids.",
    ),
    (
        "a role",
        "s3:GetObject",
        "${DocumentsBucket.Arn}/documents/*",
        "The same.",
    ),
    (
        "a role",
        "s3:DeleteObject",
        "${DocumentsBucket.Arn}/documents/*",
        "The same.",
    ),
    (
        "a role",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "*",
        "SAM gives it to every role: it writes lines into logs, and reads none.",
    ),
    (
        "a role",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole",
        "*",
        "SAM gives it to who follows a stream: it reads streams of tables, and those need their key to be read, which is named.",
    ),
    (
        "a key",
        "kms:*",
        "*",
        "A key's policy is about that key alone, and hands the decision to IAM.",
    ),
];

#[test]
fn every_function_of_the_tree_is_in_the_template_and_the_other_way_round() {
    let crates: BTreeSet<String> = fs::read_dir(root().join("functions"))
        .expect("functions/ can be listed")
        .map(|entry| entry.expect("an entry of functions/ can be read"))
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let template = Template::read();
    let deployed: BTreeSet<String> = template
        .functions()
        .map(|(id, function)| {
            let code = text(&function["CodeUri"]);
            let name = code
                .strip_prefix("target/lambda/")
                .and_then(|rest| rest.strip_suffix('/'))
                .unwrap_or_else(|| panic!("{id}: no target/lambda/<name>/, but {code}"));
            assert_eq!(id, logical_id(name), "the logical id of {name}");
            name.to_owned()
        })
        .collect();
    assert_eq!(crates, deployed, "functions/ (left), template.yaml (right)");
}

#[test]
fn functions_run_as_our_own_binaries_and_end_before_the_gateway_gives_up() {
    let template = Template::read();
    let globals = &template.0["Globals"]["Function"];
    assert_eq!(globals["Runtime"], "provided.al2023");
    assert_eq!(globals["Handler"], "bootstrap");
    assert_eq!(
        globals["EventInvokeConfig"]["MaximumRetryAttempts"], 0,
        "a second run by itself could send twice"
    );
    for (id, function) in template.functions() {
        let timeout = function.get("Timeout").unwrap_or(&globals["Timeout"]);
        assert!(
            timeout.as_i64().is_some_and(|seconds| seconds < 30),
            "{id} ends before the gateway's 30 s, not at {timeout}"
        );
    }
}

#[test]
fn permissions_name_single_actions_on_single_resources() {
    let template = Template::read();
    for (id, statement) in template.permissions() {
        if statement["Effect"] == "Deny" {
            continue;
        }
        for action in list(&statement["Action"]) {
            assert!(!text(action).contains('*'), "{id} may do {action}");
        }
        for resource in list(&statement["Resource"]) {
            if resource == "*" {
                assert_eq!(
                    statement["Action"], "sns:Publish",
                    "{id}: only publishing to a phone number has no resource to name"
                );
            }
        }
    }
}

#[test]
fn who_sends_sms_cannot_publish_to_topics() {
    let template = Template::read();
    let mut senders = 0;
    for (id, function) in template.functions() {
        if allows(function, "sns:Publish", None) {
            senders += 1;
            let denied = statements(function).any(|statement| {
                statement["Effect"] == "Deny"
                    && statement["Action"] == "sns:Publish"
                    && text(&statement["Resource"]["Fn::Sub"]).ends_with(":sns:*:*:*")
            });
            assert!(denied, "{id} may publish to topics too");
        }
    }
    assert!(senders > 0, "some function sends SMS");
}

#[test]
fn every_permission_on_the_table_is_bound_to_the_functions_own_partitions() {
    let template = Template::read();
    let mut reached: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (id, statement) in template.permissions() {
        let sid = &statement["Sid"];
        let actions = list(&statement["Action"]);
        if !text(&actions[0]).starts_with("dynamodb:") {
            continue;
        }
        for action in actions {
            assert!(
                TABLE_ACTIONS.contains(&text(action)),
                "{id}: {sid} allows {action}"
            );
        }
        assert_eq!(statement["Resource"], arn("Table"), "{id}: {sid}");
        let condition = &statement["Condition"];
        let keys = list(&condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
        assert!(!keys.is_empty(), "{id}: {sid} has no dynamodb:LeadingKeys");
        assert_eq!(
            condition["Null"]["dynamodb:LeadingKeys"], "false",
            "{id}: {sid} allows a request that names no key at all"
        );
        reached.entry(id).or_default().extend(keys.iter().map(text));
    }
    let allowed = PARTITIONS.map(|(id, keys)| (id.to_owned(), keys.iter().copied().collect()));
    assert_eq!(
        reached,
        BTreeMap::from(allowed),
        "reached (left), allowed (right)"
    );
}

#[test]
fn a_function_is_told_of_exactly_what_it_may_use() {
    let template = Template::read();
    for (id, function) in template.functions() {
        let told: BTreeSet<&str> = environment(function).keys().map(String::as_str).collect();
        for (variable, action, resource) in [
            ("DOCUMENTS_BUCKET", "s3:GetObject", None),
            ("LOOKUP_KEYS", "kms:GenerateMac", Some("LookupKey")),
            ("PEPPER_KEYS", "kms:GenerateMac", Some("PepperKey")),
            ("MAIL_FROM", "ses:SendEmail", None),
            ("CONFIGURATION_SET", "ses:SendEmail", None),
            ("SMS_SENDER_ID", "sns:Publish", None),
            ("SMS_COUNTRIES", "sns:Publish", None),
            ("THREEMA_ID", "secretsmanager:GetSecretValue", None),
            ("THREEMA_SECRET", "secretsmanager:GetSecretValue", None),
            ("THREEMA_ENDPOINT", "secretsmanager:GetSecretValue", None),
        ] {
            let may = allows(function, action, resource);
            assert_eq!(
                told.contains(variable),
                may,
                "{id}: {variable} is set where {action} is allowed, and only there"
            );
        }
        let is_asked = id == "Authorize"
            || function["Events"]
                .as_object()
                .is_some_and(|events| events.values().any(|event| event["Type"] == "HttpApi"));
        assert_eq!(
            told.contains("ORIGIN_SECRET_HASHES"),
            is_asked,
            "{id}: whoever takes requests refuses those that went around what stands in front"
        );
        let uses_table = statements(function).any(|statement| {
            let actions = list(&statement["Action"]);
            actions
                .iter()
                .any(|action| text(action).starts_with("dynamodb:"))
        });
        assert_eq!(told.contains("TABLE"), uses_table, "{id}: TABLE");
        assert!(told.contains("LOG_LEVEL"), "{id} is told its log level");
    }
}

#[test]
fn what_starts_runs_can_send_nothing_and_what_sends_them_has_no_route() {
    let template = Template::read();
    let functions: BTreeMap<&str, &Value> = template.functions().collect();
    for action in ["ses:SendEmail", "sns:Publish"] {
        assert!(!allows(functions["InvoiceRun"], action, None), "{action}");
        assert!(allows(functions["Dispatch"], action, None), "{action}");
    }
    for (name, event) in fields(&functions["Dispatch"]["Events"]) {
        assert_ne!(event["Type"], "HttpApi", "{name}");
    }
}

#[test]
fn what_a_stream_gives_up_is_kept_and_told_and_what_blocks_it_is_told_too() {
    let template = Template::read();
    let alarms: Vec<&Value> = template
        .of_type("AWS::CloudWatch::Alarm")
        .map(|(_, alarm)| alarm)
        .collect();
    let tells = |metric: &str, value: &Value| {
        alarms
            .iter()
            .any(|alarm| alarm["MetricName"] == metric && alarm["Dimensions"][0]["Value"] == *value)
    };
    let mut streams = 0;
    for (id, function) in template.functions() {
        for (name, event) in function.get("Events").map(fields).into_iter().flatten() {
            if event["Type"] != "DynamoDB" {
                continue;
            }
            streams += 1;
            let failed = &event["Properties"]["DestinationConfig"]["OnFailure"];
            assert_eq!(failed["Type"], "SQS", "{id}: {name}");
            assert_eq!(failed["Destination"], arn("UnfollowedChanges"), "{id}");
            assert!(tells("IteratorAge", &json!({"Ref": id})), "{id}: {name}");
        }
    }
    assert_eq!(streams, 2, "notify and dispatch");
    let queue = json!({"Fn::GetAtt": "UnfollowedChanges.QueueName"});
    assert!(tells("ApproximateNumberOfMessagesVisible", &queue));
}

#[test]
fn what_feedback_cannot_keep_waits_in_a_queue_of_its_own_for_four_days_and_is_told() {
    let template = Template::read();
    let functions: BTreeMap<&str, &Value> = template.functions().collect();
    let called = &functions["Feedback"]["EventInvokeConfig"];
    assert_eq!(called["MaximumRetryAttempts"], 2);
    let failed = &called["DestinationConfig"]["OnFailure"];
    assert_eq!(failed["Type"], "SQS");
    assert_eq!(failed["Destination"], arn("UnkeptEvents"));
    let queue = template.properties("UnkeptEvents");
    assert_eq!(queue["MessageRetentionPeriod"], 4 * 24 * 3600);
    let privacy = fs::read_to_string(root().join("docs/privacy.md")).expect("docs/privacy.md");
    let said = privacy.lines().find(|line| line.contains("`UnkeptEvents`"));
    let said = said.expect("the queue is on the privacy page");
    assert!(said.ends_with("| 4 days |"), "{said}");
    for (id, queue) in template.of_type("AWS::SQS::Queue") {
        assert_eq!(queue["SqsManagedSseEnabled"], true, "{id}");
    }
    let name = json!({"Fn::GetAtt": "UnkeptEvents.QueueName"});
    let is_told = template
        .of_type("AWS::CloudWatch::Alarm")
        .any(|(_, alarm)| alarm["Dimensions"][0]["Value"] == name);
    assert!(is_told, "an alarm watches the queue");
}

#[test]
fn every_alarm_tells_the_operator_and_names_its_page_of_the_runbook() {
    let template = Template::read();
    let told =
        json!({"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]});
    let mut named = BTreeSet::new();
    for (id, alarm) in template.of_type("AWS::CloudWatch::Alarm") {
        assert_eq!(alarm["AlarmActions"], told, "{id}");
        let description = text(&alarm["AlarmDescription"]);
        let page = description
            .rsplit_once(" See docs/runbook/")
            .and_then(|(_, page)| page.strip_suffix(".md"));
        let page = page.unwrap_or_else(|| panic!("{id} names no page: {description}"));
        named.insert(page.to_owned());
    }
    let folder = root().join("docs/runbook");
    // The pages come with the operator's manual.
    if folder.is_dir() {
        let written: BTreeSet<String> = fs::read_dir(folder)
            .expect("docs/runbook can be listed")
            .map(|page| page.expect("a page").path())
            .filter_map(|page| Some(page.file_stem()?.to_str()?.to_owned()))
            .filter(|page| page != "README")
            .collect();
        assert_eq!(named, written, "alarms (left), pages (right)");
    }
}

#[test]
fn every_function_has_alarms_for_errors_and_throttles_and_where_people_wait_for_slowness() {
    let template = Template::read();
    let watched = |metric: &str| -> BTreeSet<&str> {
        template
            .of_type("AWS::CloudWatch::Alarm")
            .filter(|(_, alarm)| alarm["MetricName"] == metric)
            .map(|(_, alarm)| text(&alarm["Dimensions"][0]["Value"]["Ref"]))
            .collect()
    };
    let all: BTreeSet<&str> = template.functions().map(|(id, _)| id).collect();
    assert_eq!(watched("Errors"), all);
    assert_eq!(watched("Throttles"), all);
    let waited_for = ["Download", "Issue", "RequestCode", "Verify"];
    assert_eq!(watched("Duration"), BTreeSet::from(waited_for));
}

#[test]
fn what_is_counted_from_logs_raises_an_alarm_under_the_same_name() {
    let template = Template::read();
    let alarms: String = template
        .of_type("AWS::CloudWatch::Alarm")
        .map(|(_, alarm)| alarm.to_string())
        .collect();
    let mut filters = 0;
    for (id, filter) in template.of_type("AWS::Logs::MetricFilter") {
        filters += 1;
        let metric = &filter["MetricTransformations"][0];
        assert_eq!(metric["MetricName"], id);
        let namespace = json!({"Fn::Sub": "Zweiweg/${AWS::StackName}"});
        assert_eq!(metric["MetricNamespace"], namespace, "{id}");
        assert!(alarms.contains(&format!("\"{id}\"")), "{id} alarms nobody");
    }
    assert!(filters > 0, "something is counted from logs");
}

#[test]
fn e_mail_is_sent_from_one_address_only() {
    let template = Template::read();
    for (id, statement) in template.permissions() {
        if statement["Action"] == "ses:SendEmail" {
            assert_eq!(
                statement["Condition"]["StringEquals"]["ses:FromAddress"],
                json!({"Ref": "MailFrom"}),
                "{id}"
            );
        }
    }
}

#[test]
fn the_data_key_is_used_through_table_and_bucket_only() {
    let template = Template::read();
    let mut users = BTreeSet::new();
    for (id, statement) in template.permissions() {
        if statement["Resource"] == arn("DataKey") {
            let services = list(&statement["Condition"]["StringEquals"]["kms:ViaService"]);
            assert!(!services.is_empty(), "{id} may use the data key directly");
            users.insert(id);
        }
    }
    let functions: BTreeSet<String> = template.functions().map(|(id, _)| id.to_owned()).collect();
    assert_eq!(users, functions, "who reads the table needs its key");
}

#[test]
fn every_route_of_practices_asks_for_a_key_and_no_open_route_does() {
    let template = Template::read();
    let auth = &template.properties("HttpApi")["Auth"];
    let authorizer = &auth["Authorizers"][text(&auth["DefaultAuthorizer"])];
    assert_eq!(authorizer["FunctionArn"], arn("Authorize"));
    assert_eq!(authorizer["EnableSimpleResponses"], true);
    assert_eq!(authorizer["AuthorizerPayloadFormatVersion"], "2.0");
    assert_eq!(authorizer["Identity"]["Headers"], json!(["Authorization"]));
    assert_eq!(
        authorizer["Identity"]["ReauthorizeEvery"], 0,
        "a kept answer would let a revoked key in"
    );

    let mut practices = 0;
    let mut open = 0;
    for (route, event) in template.routes() {
        if is_open(&route) {
            open += 1;
            assert_eq!(
                event["Auth"]["Authorizer"], "NONE",
                "{route} is for everybody"
            );
        } else {
            practices += 1;
            assert!(
                event.get("Auth").is_none(),
                "{route} has the API's own authorizer, not another"
            );
        }
    }
    assert!(
        practices > 0 && open > 0,
        "{practices} routes of practices and {open} open ones"
    );
}

#[test]
fn every_open_route_has_a_throttle_of_its_own() {
    let template = Template::read();
    let api = template.properties("HttpApi");
    let open: BTreeSet<String> = template
        .routes()
        .into_keys()
        .filter(|route| is_open(route))
        .collect();
    // A throttle for a route that is not there would also fail the deployment.
    let throttled: BTreeSet<String> = fields(&api["RouteSettings"]).keys().cloned().collect();
    assert_eq!(open, throttled, "routes (left), RouteSettings (right)");
    for settings in fields(&api["RouteSettings"])
        .values()
        .chain([&api["DefaultRouteSettings"]])
    {
        for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
            assert!(
                settings[limit].get("Ref").is_some(),
                "{limit} is a parameter, not {}",
                settings[limit]
            );
        }
    }
}

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
fn every_value_of_an_environment_is_a_parameter_or_a_resource() {
    let template = Template::read();
    for (id, function) in template.functions() {
        for (variable, value) in environment(function) {
            let is_known = |value: &Value| {
                let named = value["Ref"].as_str().or_else(|| {
                    value["Fn::GetAtt"]
                        .as_str()
                        .and_then(|name| name.split('.').next())
                });
                named.is_some_and(|name| {
                    template.0["Parameters"].get(name).is_some()
                        || template.0["Resources"].get(name).is_some()
                })
            };
            let known = match value["Fn::If"].as_array().map(Vec::as_slice) {
                Some([_, one, other]) => is_known(one) && is_known(other),
                _ => is_known(value),
            };
            assert!(
                known,
                "{id}: {variable} is {value}, neither a parameter nor a resource of the template"
            );
        }
    }
}

#[test]
fn every_parameter_says_what_it_does_and_is_used() {
    let template = Template::read();
    let body = format!("{}{}", template.0["Resources"], template.0["Globals"]);
    for (name, parameter) in fields(&template.0["Parameters"]) {
        let description = parameter["Description"].as_str().unwrap_or_default();
        assert!(
            description.len() > 40,
            "{name} says what it does and what it costs"
        );
        let uses = [format!("{{\"Ref\":\"{name}\"}}"), format!("${{{name}}}")];
        assert!(
            uses.iter().any(|used| body.contains(used)),
            "nothing uses the parameter {name}"
        );
    }
}

#[test]
fn nothing_of_the_transformed_template_is_allowed_by_a_wildcard_without_a_reason() {
    let template = Template::transformed();
    let mut found = BTreeSet::new();
    let mut note = |place: &'static str, action: &str, resource: &str| {
        if action.contains('*') || resource.contains('*') {
            found.insert((place, action.to_owned(), resource.to_owned()));
        }
    };
    for (id, role) in template.of_type("AWS::IAM::Role") {
        for policy in list(&role["ManagedPolicyArns"]) {
            note("a role", text(policy), "*");
        }
        for policy in list(&role["Policies"]) {
            for statement in list(&policy["PolicyDocument"]["Statement"]) {
                assert!(statement.get("NotAction").is_none(), "{id}");
                assert!(statement.get("NotResource").is_none(), "{id}");
                if statement["Effect"] == "Deny" {
                    continue;
                }
                for action in list(&statement["Action"]) {
                    for resource in list(&statement["Resource"]) {
                        let resource = resource.as_str().or(resource["Fn::Sub"].as_str());
                        note("a role", text(action), resource.unwrap_or_default());
                    }
                }
            }
        }
    }
    for (_, key) in template.of_type("AWS::KMS::Key") {
        for statement in list(&key["KeyPolicy"]["Statement"]) {
            note(
                "a key",
                text(&statement["Action"]),
                text(&statement["Resource"]),
            );
        }
    }
    for (id, permission) in template.of_type("AWS::Lambda::Permission") {
        assert!(permission.get("SourceArn").is_some(), "{id}: from where");
        let caller = text(&permission["Principal"]);
        let callers = ["apigateway.amazonaws.com", "events.amazonaws.com"];
        assert!(callers.contains(&caller), "{id}: {caller}");
    }
    let allowed = WILDCARDS.map(|(place, action, resource, reason)| {
        assert!(reason.len() > 8, "{action}: a reason");
        (place, action.to_owned(), resource.to_owned())
    });
    assert_eq!(
        found,
        BTreeSet::from(allowed),
        "found (left), with a reason (right)"
    );
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

#[test]
fn what_may_be_deployed_for_development_and_production_fits_the_template() {
    let path = root().join("samconfig.toml");
    let source = fs::read_to_string(path).expect("samconfig.toml");
    let config: toml::Table = source.parse().expect("TOML");
    let template = Template::read();
    let mut stacks = BTreeSet::new();
    for name in ["dev", "prod"] {
        let settings = &config[name]["deploy"]["parameters"];
        stacks.insert(settings["stack_name"].as_str().expect("a name"));
        let given: BTreeMap<&str, &str> = settings["parameter_overrides"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|given| given.as_str().expect("a text"))
            .map(|given| given.split_once('=').expect("name=value"))
            .collect();
        for (parameter, value) in &given {
            let known = template.0["Parameters"].get(parameter).is_some();
            assert!(known, "{name}: the template has no {parameter}");
            assert!(value.len() < 32, "{name}: {parameter} looks like a secret");
        }
        // Nobody deploys by mistake what would send patients to another house.
        for (parameter, definition) in fields(&template.0["Parameters"]) {
            if definition.get("Default").is_none() {
                assert_eq!(given.get(parameter.as_str()), Some(&"\"\""), "{parameter}");
            }
        }
        if name == "prod" {
            for (parameter, value) in [
                ("EntryConcurrency", "20"),
                ("RequestConcurrency", "5"),
                ("SendConcurrency", "20"),
            ] {
                assert_eq!(given.get(parameter), Some(&value), "{parameter}");
            }
        }
    }
    assert_eq!(stacks.len(), 2, "two stacks, not one");
    assert!(!config.contains_key("default"), "nothing without a choice");
}

#[test]
fn parameters_that_belong_together_are_refused_apart_before_anything_is_made() {
    let template = Template::read();
    let assertions: Vec<&Value> = fields(&template.0["Rules"])
        .values()
        .flat_map(|rule| list(&rule["Assertions"]))
        .collect();
    let refused = |given: &[(&str, &str)]| {
        let given: BTreeMap<&str, &str> = given.iter().copied().collect();
        let failed = assertions
            .iter()
            .filter(|assertion| !holds(&assertion["Assert"], &given));
        failed
            .map(|assertion| text(&assertion["AssertDescription"]))
            .collect::<Vec<_>>()
    };
    for (one, other) in [
        ("ThreemaGatewayId", "ThreemaSecretArn"),
        ("DomainName", "CertificateArn"),
    ] {
        for (given, missing) in [(one, other), (other, one)] {
            let [said] = refused(&[(given, "x")])[..] else {
                panic!("{given} without {missing} is not refused once");
            };
            let names = said.contains(given) && said.contains(missing);
            assert!(names, "{given} without {missing}: {said}");
        }
        assert!(refused(&[(one, "x"), (other, "y")]).is_empty());
    }
    let both = refused(&[("DomainName", "x"), ("ThreemaGatewayId", "y")]);
    assert_eq!(both.len(), 2, "each is said: {both:?}");
    assert!(refused(&[]).is_empty());
}

/// What a condition of the section Rules says of these parameters; the others are empty.
fn holds(condition: &Value, given: &BTreeMap<&str, &str>) -> bool {
    let (function, of) = fields(condition).iter().next().expect("a condition");
    match (function.as_str(), list(of)) {
        ("Fn::Or", conditions) => conditions.iter().any(|of| holds(of, given)),
        ("Fn::Not", [condition]) => !holds(condition, given),
        ("Fn::Equals", [parameter, value]) => {
            let given = given.get(text(&parameter["Ref"])).copied();
            given.unwrap_or_default() == text(value)
        }
        _ => panic!("{condition} is not known here"),
    }
}

#[test]
fn a_new_account_can_deploy_and_a_name_of_ones_own_is_the_only_way_in() {
    let template = Template::read();
    let mut reserved = BTreeSet::new();
    for (id, function) in template.functions() {
        let Some([condition, parameter, otherwise]) =
            function["ReservedConcurrentExecutions"]["Fn::If"]
                .as_array()
                .map(Vec::as_slice)
        else {
            continue;
        };
        assert_eq!(*otherwise, json!({"Ref": "AWS::NoValue"}), "{id}");
        let parameter = text(&parameter["Ref"]);
        assert_eq!(template.0["Parameters"][parameter]["Default"], 0, "{id}");
        let is_set = json!({"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, 0]}]});
        assert_eq!(template.0["Conditions"][text(condition)], is_set, "{id}");
        reserved.insert(id);
    }
    assert_eq!(reserved, BTreeSet::from(["Issue", "RequestCode", "Verify"]));
    let closed = &template.properties("HttpApi")["DisableExecuteApiEndpoint"];
    assert_eq!(*closed, json!({"Fn::If": ["HasDomain", true, false]}));
    let tls = &template.properties("Domain")["DomainNameConfigurations"][0]["SecurityPolicy"];
    assert_eq!(*tls, "TLS_1_2");
}

#[test]
fn the_dashboard_is_one_page_of_a_few_titled_pictures() {
    let template = Template::read();
    let dashboards: Vec<_> = template.of_type("AWS::CloudWatch::Dashboard").collect();
    let [(_, dashboard)] = dashboards[..] else {
        panic!("one dashboard");
    };
    // Its variables stand inside texts, but for one number.
    let body = text(&dashboard["DashboardBody"]["Fn::Sub"])
        .replace("\"value\": ${SmsBudget}", "\"value\": 1");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    let titles: Vec<&str> = list(&body["widgets"])
        .iter()
        .map(|widget| text(&widget["properties"]["title"]))
        .collect();
    assert!(titles.len() <= 8, "a person can read it: {titles:?}");
    for said in ["practices sent", "patients did", "failed", "costs"] {
        assert!(titles.iter().any(|title| title.contains(said)), "{said}");
    }
}

#[test]
fn what_stands_in_front_keeps_no_path_caches_nothing_and_says_who_asks() {
    let template = Template::at("infra/edge/template.yaml");
    let distribution = &template.properties("Distribution")["DistributionConfig"];
    assert!(distribution.get("Logging").is_none(), "paths hold tokens");
    assert_eq!(
        distribution["ViewerCertificate"]["MinimumProtocolVersion"],
        "TLSv1.2_2021"
    );
    let origin = &distribution["Origins"][0];
    let tls = &origin["CustomOriginConfig"];
    assert_eq!(tls["OriginProtocolPolicy"], "https-only");
    assert_eq!(tls["OriginSSLProtocols"], json!(["TLSv1.2"]));
    let header = &origin["OriginCustomHeaders"][0];
    assert_eq!(
        text(&header["HeaderName"]).to_lowercase(),
        web::FRONT_SECRET
    );
    assert_eq!(header["HeaderValue"], json!({"Ref": "OriginSecret"}));
    assert_eq!(template.0["Parameters"]["OriginSecret"]["NoEcho"], true);
    let behaviour = &distribution["DefaultCacheBehavior"];
    let caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
    assert_eq!(behaviour["CachePolicyId"], caching_disabled);
    assert!(distribution.get("CacheBehaviors").is_none(), "one for all");
    let forwarded = &template.properties("ForwardAll")["OriginRequestPolicyConfig"];
    assert_eq!(
        forwarded["HeadersConfig"]["Headers"],
        json!(["CloudFront-Viewer-Address"])
    );

    let firewall = template.properties("Firewall");
    assert_eq!(distribution["WebACLId"], arn("Firewall"));
    let rules = list(&firewall["Rules"]);
    for judged in rules.iter().chain([firewall]) {
        assert_eq!(judged["VisibilityConfig"]["SampledRequestsEnabled"], false);
    }
    let by_address = &rules[0]["Statement"]["RateBasedStatement"];
    assert_eq!(by_address["AggregateKeyType"], "IP");
    assert_eq!(by_address["Limit"], json!({"Ref": "RatePerAddress"}));
    let kinds: BTreeSet<&str> = fields(&template.0["Resources"])
        .values()
        .map(|resource| text(&resource["Type"]))
        .collect();
    assert!(!kinds.contains("AWS::WAFv2::LoggingConfiguration"));
}

/// The template, with `!Ref x` as `{"Ref": "x"}` and `!Name x` as `{"Fn::Name": x}`.
struct Template(Value);

impl Template {
    fn read() -> Self {
        Self::at("template.yaml")
    }

    /// As CloudFormation gets it.
    fn transformed() -> Self {
        let path = root().join("target/template/transformed.json");
        let source = fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!(
                "{}: {error}; run tests/template/transform.py",
                path.display()
            )
        });
        Self(serde_json::from_str(&source).expect("JSON"))
    }

    fn at(path: &str) -> Self {
        let path = root().join(path);
        let source =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let documents = Yaml::load_from_str(&source)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(to_json(&documents[0]))
    }

    fn resources(&self) -> &serde_json::Map<String, Value> {
        fields(&self.0["Resources"])
    }

    fn properties(&self, id: &str) -> &Value {
        self.resources().get(id).map_or_else(
            || panic!("the template has no {id}"),
            |resource| &resource["Properties"],
        )
    }

    fn of_type(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.resources()
            .iter()
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
    }

    fn functions(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.of_type("AWS::Serverless::Function")
    }

    /// Every statement of every function's policy, with the function that it is for.
    fn permissions(&self) -> impl Iterator<Item = (String, &Value)> {
        self.functions().flat_map(|(id, function)| {
            statements(function).map(|statement| (id.to_owned(), statement))
        })
    }

    /// Every route, as `GET /path`, with its event.
    fn routes(&self) -> BTreeMap<String, &Value> {
        let mut routes = BTreeMap::new();
        for (id, function) in self.functions() {
            for (name, event) in function.get("Events").map(fields).into_iter().flatten() {
                if event["Type"] != "HttpApi" {
                    let is_fed = ["Dispatch", "Feedback", "Notify"].contains(&id);
                    // Practices' requests apart, it settles uploads.
                    let is_scheduled = (id, &event["Type"]) == ("Manage", &json!("Schedule"));
                    assert!(is_fed || is_scheduled, "{name}: fed by nobody's request");
                    continue;
                }
                let event = &event["Properties"];
                assert_eq!(
                    event["ApiId"],
                    json!({"Ref": "HttpApi"}),
                    "{id}: {name} would make an API of its own"
                );
                let method = text(&event["Method"]);
                assert!(
                    METHODS.contains(&method),
                    "{id}: {name} has the method {method}"
                );
                let route = format!("{method} {}", text(&event["Path"]));
                assert!(
                    routes.insert(route.clone(), event).is_none(),
                    "{route} stands in the template twice"
                );
            }
        }
        routes
    }
}

/// What needs no key: the patients' pages, and what the API says of itself. Everything else is a practice's.
fn is_open(route: &str) -> bool {
    let (_, path) = route.split_once(' ').unwrap_or_default();
    path == "/privacy" || path == "/v1/openapi.json" || path.starts_with("/d/{token}")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// `invoice_run` as `InvoiceRun`.
fn logical_id(name: &str) -> String {
    name.split('_')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

fn statements(function: &Value) -> impl Iterator<Item = &Value> {
    list(&function["Policies"]).iter().flat_map(|policy| {
        assert!(
            policy["Statement"].is_array(),
            "a policy by name hides what it allows: {policy}"
        );
        list(&policy["Statement"])
    })
}

fn allows(function: &Value, action: &str, resource: Option<&str>) -> bool {
    statements(function).any(|statement| {
        statement["Effect"] == "Allow"
            && list(&statement["Action"])
                .iter()
                .any(|allowed| allowed == action)
            && resource.is_none_or(|id| statement["Resource"] == keys(id))
    })
}

/// The ARNs of the keys that a parameter names, or of the stack's own.
fn keys(id: &str) -> Value {
    let (condition, parameter) = (format!("Has{id}s"), format!("{id}s"));
    json!({"Fn::Split": [",", {"Fn::If": [condition, {"Ref": parameter}, arn(id)]}]})
}

fn arn(id: &str) -> Value {
    json!({"Fn::GetAtt": format!("{id}.Arn")})
}

fn environment(function: &Value) -> &serde_json::Map<String, Value> {
    fields(&function["Environment"]["Variables"])
}

fn fields(value: &Value) -> &serde_json::Map<String, Value> {
    value
        .as_object()
        .unwrap_or_else(|| panic!("a mapping, not {value}"))
}

/// Where a template may hold one or many.
fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(many) => many,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a text, not {value}"))
}

fn to_json(node: &Yaml) -> Value {
    match node {
        Yaml::Tagged(tag, inner) if tag.suffix == "Ref" => json!({"Ref": to_json(inner)}),
        Yaml::Tagged(tag, inner) => json!({format!("Fn::{}", tag.suffix): to_json(inner)}),
        Yaml::Mapping(fields) => fields
            .iter()
            .map(|(key, value)| (text(&to_json(key)).to_owned(), to_json(value)))
            .collect(),
        Yaml::Sequence(items) => items.iter().map(to_json).collect(),
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            panic!("not plain YAML: {node:?}")
        }
    }
}
