//! What an operator sets: each parameter is described and used, and what does not go together is refused before anything is made.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};

use crate::reading::{Template, environment, fields, list, root, text};

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
