//! Reads `template.yaml`, the one truth of routes, functions, environment and table, for the local stack.
//!
//! What the local stack does not know how to honour is an error when it starts: a template that works here must mean
//! the same on AWS.

mod function;
mod resolve;

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode as _, Yaml};
use serde_json::{Map, Value};

pub(crate) use function::{Authorizer, FunctionResource, RouteResource, StreamSource};
use resolve::Resolver;

/// The account in which the local stack pretends to be.
pub(crate) const ACCOUNT: &str = "000000000000";
/// The region in which the local stack pretends to be.
pub(crate) const REGION: &str = "eu-central-1";

/// The types of resources that the local stack hosts.
const HOSTED: [&str; 5] = [
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::Serverless::Function",
    "AWS::Serverless::HttpApi",
];

/// The template cannot be run locally; says where and why.
#[derive(Debug, thiserror::Error)]
#[error("template.yaml, {place}: {problem}")]
pub struct TemplateError {
    place: String,
    problem: String,
}

impl TemplateError {
    fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

/// What the local stack puts in the place of what AWS would make.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalValues {
    /// Values of the template's parameters; the others keep their defaults.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Key ids by the logical id of the key.
    pub(crate) keys: BTreeMap<String, String>,
    /// Where the API answers.
    pub(crate) api: String,
}

/// The template as written.
pub(crate) struct Template {
    document: Yaml<'static>,
}

impl Template {
    pub(crate) fn parse(text: &'static str) -> Result<Self, TemplateError> {
        let documents = Yaml::load_from_str(text).map_err(|error| {
            TemplateError::new("the whole file", format!("is not YAML: {error}"))
        })?;
        let [document] = <[Yaml<'static>; 1]>::try_from(documents)
            .map_err(|_| TemplateError::new("the whole file", "expected one document"))?;
        let template = Self { document };
        template.refuse_conditional_resources()?;
        Ok(template)
    }

    /// A resource that is there under a condition only would be there always.
    fn refuse_conditional_resources(&self) -> Result<(), TemplateError> {
        let conditional = entries(self.section("Resources")).find(|(_, resource)| {
            kind_of(resource).is_some_and(|kind| HOSTED.contains(&kind))
                && resource.contains_mapping_key("Condition")
        });
        conditional.map_or(Ok(()), |(id, _)| {
            Err(TemplateError::new(
                format!("resource {id}"),
                "a Condition is not supported locally",
            ))
        })
    }

    /// The logical ids of all keys for computing MACs, the only ones that the local KMS has.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.of_type("AWS::KMS::Key")
            .filter(|(_, key)| property(key, "KeySpec").and_then(Yaml::as_str) == Some("HMAC_256"))
            .map(|(id, _)| id.to_owned())
            .collect()
    }

    /// Every function with its environment and its routes.
    pub(crate) fn functions(
        &self,
        local: &LocalValues,
    ) -> Result<Vec<FunctionResource>, TemplateError> {
        function::functions(&Resolver::new(self, local))
    }

    /// The names of all buckets.
    pub(crate) fn buckets(&self, local: &LocalValues) -> Result<Vec<String>, TemplateError> {
        let resolver = Resolver::new(self, local);
        self.of_type("AWS::S3::Bucket")
            .map(|(id, _)| resolver.name(id, &format!("bucket {id}")))
            .collect()
    }

    /// The one table: its name and its properties but those in `left_out`, which may name what is not there locally.
    pub(crate) fn table(
        &self,
        local: &LocalValues,
        left_out: &[&str],
    ) -> Result<(String, Map<String, Value>), TemplateError> {
        let resolver = Resolver::new(self, local);
        let tables: Vec<_> = self.of_type("AWS::DynamoDB::Table").collect();
        let [(id, resource)] = tables[..] else {
            return Err(TemplateError::new(
                "Resources",
                format!("expected one table, found {}", tables.len()),
            ));
        };
        let place = format!("table {id}");
        let name = resolver.name(id, &place)?;
        let properties = entries(resource.as_mapping_get("Properties"))
            .filter(|(property, _)| !left_out.contains(property))
            .filter_map(|(property, node)| {
                let value = resolver.value(node, &place).transpose()?;
                Some(value.map(|value| (property.to_owned(), value)))
            })
            .collect::<Result<_, _>>()?;
        Ok((name, properties))
    }

    fn resource(&self, id: &str) -> Option<&Yaml<'static>> {
        self.section("Resources")?.as_mapping_get(id)
    }

    fn section(&self, name: &str) -> Option<&Yaml<'static>> {
        self.document.as_mapping_get(name)
    }

    fn of_type(&self, kind: &str) -> impl Iterator<Item = (&str, &Yaml<'static>)> {
        entries(self.section("Resources"))
            .filter(move |(_, resource)| kind_of(resource) == Some(kind))
    }
}

/// A name that AWS would make up, as an ARN of the local account.
pub(crate) fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}

fn kind_of<'a>(resource: &'a Yaml<'static>) -> Option<&'a str> {
    resource.as_mapping_get("Type")?.as_str()
}

fn property<'a>(resource: &'a Yaml<'static>, name: &str) -> Option<&'a Yaml<'static>> {
    resource.as_mapping_get("Properties")?.as_mapping_get(name)
}

/// The entries of a mapping, none where there is no mapping.
fn entries<'a>(
    node: Option<&'a Yaml<'static>>,
) -> impl Iterator<Item = (&'a str, &'a Yaml<'static>)> {
    node.and_then(Yaml::as_mapping)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.as_str()?, value)))
}

#[cfg(test)]
mod tests;
