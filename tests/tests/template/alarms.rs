//! What the operator is told of: every alarm with its page of the runbook, queues of what was given up, and the dashboard.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};

use crate::reading::{Template, arn, fields, list, root, text};

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
