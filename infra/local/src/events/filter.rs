//! Which records of a stream a function is fed: the patterns of its event source, as Lambda reads them.

use serde_json::Value;

/// One pattern: an object in the shape of a record, with a list of what fits in place of each value.
#[derive(Clone, Debug)]
pub(crate) struct Filter(Value);

impl Filter {
    /// Reads a pattern; what is not known here is refused, never taken for a match.
    pub(crate) fn parse(pattern: &str) -> Result<Self, String> {
        let pattern = serde_json::from_str(pattern).map_err(|error| format!("Pattern: {error}"))?;
        Self::of(pattern)
    }

    /// The same, read already.
    pub(crate) fn of(pattern: Value) -> Result<Self, String> {
        check(&pattern)?;
        Ok(Self(pattern))
    }

    /// Whether a record has the pattern's shape.
    pub(crate) fn takes(&self, record: &Value) -> bool {
        fits(&self.0, Some(record))
    }
}

fn check(pattern: &Value) -> Result<(), String> {
    match pattern {
        Value::Object(fields) => fields.values().try_for_each(check),
        Value::Array(rules) => rules.iter().try_for_each(|rule| match rule {
            Value::Object(rule)
                if rule.len() == 1
                    && (rule.contains_key("exists") || rule.contains_key("prefix")) =>
            {
                Ok(())
            }
            Value::Object(_) | Value::Array(_) => {
                Err(format!("the rule {rule} is not supported locally"))
            }
            _ => Ok(()),
        }),
        _ => Err("Pattern: expected objects and lists".to_owned()),
    }
}

fn fits(pattern: &Value, value: Option<&Value>) -> bool {
    match pattern {
        Value::Object(fields) => fields
            .iter()
            .all(|(name, pattern)| fits(pattern, value.and_then(|value| value.get(name)))),
        Value::Array(rules) => rules.iter().any(|rule| is_met(rule, value)),
        _ => false,
    }
}

/// `exists` asks for a value that is no object, as Lambda does. Of a list, one value has to fit.
fn is_met(rule: &Value, value: Option<&Value>) -> bool {
    if let Some(exists) = rule.get("exists") {
        let is_there = value.is_some_and(|value| !value.is_object());
        return *exists == Value::Bool(is_there);
    }
    if let Some(Value::Array(values)) = value {
        return values.iter().any(|value| is_met(rule, Some(value)));
    }
    match (rule.get("prefix").and_then(Value::as_str), value) {
        (Some(prefix), Some(value)) => value.as_str().is_some_and(|text| text.starts_with(prefix)),
        (Some(_), None) => false,
        (None, value) => value == Some(rule),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_is_taken_where_every_field_fits_one_of_its_rules() {
        let takes = |pattern: Value, record: Value| {
            Filter::parse(&pattern.to_string()).unwrap().takes(&record)
        };
        let record = json!({"eventName": "INSERT", "tags": {"set": ["b"]}, "dynamodb": {"NewImage": {"op": {"S": "x"}}}});
        for (pattern, taken) in [
            (json!({"eventName": ["INSERT", "MODIFY"]}), true),
            (json!({"eventName": ["REMOVE"]}), false),
            (
                json!({"dynamodb": {"NewImage": {"op": {"S": [{"exists": true}]}}}}),
                true,
            ),
            (
                json!({"dynamodb": {"NewImage": {"op": [{"exists": true}]}}}),
                false,
            ),
            (
                json!({"dynamodb": {"NewImage": {"no": {"S": [{"exists": true}]}}}}),
                false,
            ),
            (
                json!({"dynamodb": {"NewImage": {"no": {"S": [{"exists": false}]}}}}),
                true,
            ),
            (json!({"tags": {"set": ["a", "b"]}}), true),
            (json!({"tags": {"set": ["c"]}}), false),
            (json!({"eventName": [{"prefix": "IN"}]}), true),
            (json!({"eventName": [{"prefix": "RE"}]}), false),
            (json!({"eventName": ["INSERT"], "other": ["x"]}), false),
            (json!({}), true),
        ] {
            assert_eq!(takes(pattern.clone(), record.clone()), taken, "{pattern}");
        }
    }

    #[test]
    fn a_rule_that_nobody_thought_of_is_refused() {
        for pattern in [r#"{"a": [{"anything-but": "x"}]}"#, r#"{"a": "x"}"#, "["] {
            assert!(Filter::parse(pattern).is_err(), "{pattern}");
        }
    }
}
