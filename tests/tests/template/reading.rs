//! The templates as they stand in the tree and as SAM makes them, read into JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Value, json};

pub(crate) const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The template, with `!Ref x` as `{"Ref": "x"}` and `!Name x` as `{"Fn::Name": x}`.
pub(crate) struct Template(pub(crate) Value);

impl Template {
    pub(crate) fn read() -> Self {
        Self::at("template.yaml")
    }

    /// As CloudFormation gets it.
    pub(crate) fn transformed() -> Self {
        let path = root().join("target/template/transformed.json");
        let source = fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!(
                "{}: {error}; run tests/template/transform.py",
                path.display()
            )
        });
        Self(serde_json::from_str(&source).expect("JSON"))
    }

    pub(crate) fn at(path: &str) -> Self {
        let path = root().join(path);
        let source =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let documents = Yaml::load_from_str(&source)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(to_json(&documents[0]))
    }

    pub(crate) fn resources(&self) -> &serde_json::Map<String, Value> {
        fields(&self.0["Resources"])
    }

    pub(crate) fn properties(&self, id: &str) -> &Value {
        self.resources().get(id).map_or_else(
            || panic!("the template has no {id}"),
            |resource| &resource["Properties"],
        )
    }

    pub(crate) fn of_type(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.resources()
            .iter()
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.of_type("AWS::Serverless::Function")
    }

    /// Every statement of every function's policy, with the function that it is for.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = (String, &Value)> {
        self.functions().flat_map(|(id, function)| {
            statements(function).map(|statement| (id.to_owned(), statement))
        })
    }

    /// Every route, as `GET /path`, with its event.
    pub(crate) fn routes(&self) -> BTreeMap<String, &Value> {
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

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn statements(function: &Value) -> impl Iterator<Item = &Value> {
    list(&function["Policies"]).iter().flat_map(|policy| {
        assert!(
            policy["Statement"].is_array(),
            "a policy by name hides what it allows: {policy}"
        );
        list(&policy["Statement"])
    })
}

pub(crate) fn allows(function: &Value, action: &str, resource: Option<&str>) -> bool {
    statements(function).any(|statement| {
        statement["Effect"] == "Allow"
            && list(&statement["Action"])
                .iter()
                .any(|allowed| allowed == action)
            && resource.is_none_or(|id| statement["Resource"] == keys(id))
    })
}

/// The ARNs of the keys that a parameter names, or of the stack's own.
pub(crate) fn keys(id: &str) -> Value {
    let (condition, parameter) = (format!("Has{id}s"), format!("{id}s"));
    json!({"Fn::Split": [",", {"Fn::If": [condition, {"Ref": parameter}, arn(id)]}]})
}

pub(crate) fn arn(id: &str) -> Value {
    json!({"Fn::GetAtt": format!("{id}.Arn")})
}

pub(crate) fn environment(function: &Value) -> &serde_json::Map<String, Value> {
    fields(&function["Environment"]["Variables"])
}

pub(crate) fn fields(value: &Value) -> &serde_json::Map<String, Value> {
    value
        .as_object()
        .unwrap_or_else(|| panic!("a mapping, not {value}"))
}

/// Where a template may hold one or many.
pub(crate) fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(many) => many,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

pub(crate) fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a text, not {value}"))
}

pub(crate) fn to_json(node: &Yaml) -> Value {
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
