//! The functions: those of the tree, run as they are built, and told of what they may use.

use std::collections::BTreeSet;
use std::fs;

use crate::reading::{Template, allows, environment, list, root, statements, text};

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

/// `invoice_run` as `InvoiceRun`.
fn logical_id(name: &str) -> String {
    name.split('_')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}
