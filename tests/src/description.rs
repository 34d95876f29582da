//! What the API says of itself, as tests hold answers against it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use reqwest::Method;
use serde_json::{Map, Value};

use crate::practice::Answer;

/// The OpenAPI description.
#[derive(Debug)]
pub struct Description(pub Value);

impl Description {
    /// The one in the tree, which the API hands out.
    pub fn checked_in() -> &'static Self {
        static READ: OnceLock<Description> = OnceLock::new();
        READ.get_or_init(|| {
            let text = include_str!("../../functions/manage/src/openapi.json");
            Self(serde_json::from_str(text).expect("JSON"))
        })
    }

    /// Every operation, as the template writes its route: `GET /v1/records/{id}`.
    pub fn operations(&self) -> impl Iterator<Item = (String, &Value)> {
        fields(&self.0["paths"]).iter().flat_map(|(path, item)| {
            let methods = fields(item)
                .iter()
                .filter(|(name, _)| *name != "parameters");
            methods.map(move |(method, operation)| {
                (format!("{} {path}", method.to_uppercase()), operation)
            })
        })
    }

    /// A node, or what it refers to.
    pub fn resolved<'a>(&'a self, node: &'a Value) -> &'a Value {
        match node["$ref"].as_str() {
            Some(pointer) => {
                let pointer = pointer.trim_start_matches('#');
                self.0
                    .pointer(pointer)
                    .unwrap_or_else(|| panic!("nothing is at {pointer}"))
            }
            None => node,
        }
    }

    /// The types of problem that a response may have.
    pub fn problems(&self, response: &Value) -> BTreeSet<String> {
        let schema = &response["content"]["application/problem+json"]["schema"];
        let types = schema["allOf"][1]["properties"]["type"]["enum"].as_array();
        let types = types.into_iter().flatten().filter_map(Value::as_str);
        types.map(str::to_owned).collect()
    }

    /// Fails on an answer whose status, content type, type of problem or fields are not described.
    ///
    /// Values are for schemathesis to judge, and so are requests to paths that no route has.
    pub(crate) fn assert_knows(&self, method: &Method, path: &str, answer: &Answer) {
        let Some((route, operation)) = self.operation(method, path) else {
            return;
        };
        let response = self.resolved(&operation["responses"][answer.status.to_string()]);
        assert!(
            !response.is_null(),
            "{route} does not say that it answers {}",
            answer.status
        );
        if answer.body.is_null() {
            return;
        }
        let content = &response["content"][&answer.content_type];
        assert!(
            !content.is_null(),
            "{route} does not say that {} is {}",
            answer.status,
            answer.content_type
        );
        if answer.content_type == "application/problem+json" {
            let kind = answer.body["type"].as_str().unwrap_or_default();
            assert!(
                self.problems(response).contains(kind),
                "{route} does not say that {} may be {kind}",
                answer.status
            );
        }
        if let Some(described) = self.resolved(&content["schema"])["properties"].as_object() {
            let unknown: Vec<&String> = fields(&answer.body)
                .keys()
                .filter(|name| !described.contains_key(*name))
                .collect();
            assert!(
                unknown.is_empty(),
                "{route} does not say that it answers {unknown:?}"
            );
        }
    }

    /// The operation that takes a request, with its route.
    pub fn operation(&self, method: &Method, path: &str) -> Option<(String, &Value)> {
        let path = path.split('?').next().unwrap_or_default();
        let called: Vec<&str> = path.split('/').collect();
        let mut fitting: Vec<(String, &Value)> = self
            .operations()
            .filter(|(route, _)| {
                let (its_method, template) = route.split_once(' ').unwrap_or_default();
                let segments: Vec<&str> = template.split('/').collect();
                its_method == method.as_str()
                    && segments.len() == called.len()
                    && segments
                        .iter()
                        .zip(&called)
                        .all(|(segment, found)| segment.starts_with('{') || segment == found)
            })
            .collect();
        // A literal segment wins over a parameter.
        fitting.sort_by_key(|(route, _)| route.matches('{').count());
        fitting.into_iter().next()
    }
}

fn fields(value: &Value) -> &Map<String, Value> {
    value
        .as_object()
        .unwrap_or_else(|| panic!("an object, not {value}"))
}
