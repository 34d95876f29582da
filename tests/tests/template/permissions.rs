//! Who may do what: each function single actions on what is its own, and nothing by a wildcard without a reason.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::reading::{Template, allows, arn, fields, list, statements, text};

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
