//! What CloudFormation's functions in the template stand for locally.

use saphyr::{Scalar, Yaml};
use serde_json::{Map, Value, json};

use super::{ACCOUNT, LocalValues, REGION, Template, TemplateError, arn, entries, kind_of};

/// What went wrong, without the place, which the caller knows.
type Problem = String;

pub(super) struct Resolver<'a> {
    pub(super) template: &'a Template,
    local: &'a LocalValues,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(template: &'a Template, local: &'a LocalValues) -> Self {
        Self { template, local }
    }

    /// A node's value; `None` where the template says `!Ref AWS::NoValue`.
    pub(super) fn value(
        &self,
        node: &Yaml<'static>,
        place: &str,
    ) -> Result<Option<Value>, TemplateError> {
        self.resolve(node)
            .map_err(|problem| TemplateError::new(place, problem))
    }

    /// A node's value where it must be one text (or number), as environment variables are.
    pub(super) fn text(
        &self,
        node: &Yaml<'static>,
        place: &str,
    ) -> Result<Option<String>, TemplateError> {
        self.resolve(node)
            .and_then(|value| value.map(|value| as_text(&value)).transpose())
            .map_err(|problem| TemplateError::new(place, problem))
    }

    /// What `!Ref` of this resource stands for.
    pub(super) fn name(&self, id: &str, place: &str) -> Result<String, TemplateError> {
        self.reference(id)
            .and_then(|value| as_text(&value.unwrap_or(Value::Null)))
            .map_err(|problem| TemplateError::new(place, problem))
    }

    fn resolve(&self, node: &Yaml<'static>) -> Result<Option<Value>, Problem> {
        Ok(Some(match node {
            Yaml::Value(scalar) => scalar_value(scalar),
            Yaml::Sequence(items) => Value::Array(self.all(items)?),
            Yaml::Mapping(_) => self.mapping(node)?,
            Yaml::Tagged(tag, argument) => return self.call(&tag.suffix, argument),
            Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
                return Err("this kind of YAML is not supported locally".to_owned());
            }
        }))
    }

    fn mapping(&self, node: &Yaml<'static>) -> Result<Value, Problem> {
        let mut resolved = Map::new();
        for (key, value) in entries(Some(node)) {
            if key.starts_with("Fn::") || key == "Ref" {
                return Err(format!(
                    "{key}: is read locally in its short form only, with an exclamation mark"
                ));
            }
            if let Some(value) = self.resolve(value)? {
                resolved.insert(key.to_owned(), value);
            }
        }
        Ok(Value::Object(resolved))
    }

    fn all(&self, items: &[Yaml<'static>]) -> Result<Vec<Value>, Problem> {
        items
            .iter()
            .filter_map(|item| self.resolve(item).transpose())
            .collect()
    }

    fn call(&self, function: &str, argument: &Yaml<'static>) -> Result<Option<Value>, Problem> {
        match function {
            "Ref" => self.reference(plain_text(argument)?),
            "GetAtt" => self.get_att(argument).map(Some),
            "Sub" => self.sub(argument).map(Some),
            "Join" => self.join(argument).map(Some),
            "Select" => self.select(argument).map(Some),
            "Split" => self.split(argument).map(Some),
            "If" => self.if_else(argument),
            other => Err(format!("!{other} is not supported locally")),
        }
    }

    fn reference(&self, name: &str) -> Result<Option<Value>, Problem> {
        if let Some(pseudo) = name.strip_prefix("AWS::") {
            return pseudo_parameter(pseudo);
        }
        let parameters = self.template.section("Parameters");
        if let Some(parameter) = parameters.and_then(|parameters| parameters.as_mapping_get(name)) {
            if let Some(value) = self.local.parameters.get(name) {
                return Ok(Some(json!(value)));
            }
            let default = parameter.as_mapping_get("Default");
            return default
                .ok_or_else(|| {
                    format!("!Ref {name}: the parameter has neither a default nor a local value")
                })
                .and_then(|default| self.resolve(default));
        }
        let resource = self.existing(name)?;
        let value = match kind_of(resource).unwrap_or_default() {
            "AWS::KMS::Key" => self.key(name)?,
            "AWS::Serverless::HttpApi" => "local".to_owned(),
            "AWS::DynamoDB::Table" => self.own_name(name, resource, "TableName")?,
            "AWS::S3::Bucket" => self.own_name(name, resource, "BucketName")?,
            "AWS::SQS::Queue" => self.own_name(name, resource, "QueueName")?,
            "AWS::SES::ConfigurationSet" => self.own_name(name, resource, "Name")?,
            "AWS::Serverless::Function" => self.own_name(name, resource, "FunctionName")?,
            kind => return Err(format!("!Ref {name}: the local stack has no {kind}")),
        };
        Ok(Some(json!(value)))
    }

    /// The name that the template gives a resource, or one like AWS would make up.
    fn own_name(
        &self,
        id: &str,
        resource: &Yaml<'static>,
        property: &str,
    ) -> Result<String, Problem> {
        let named = super::property(resource, property);
        match named.map(|name| self.resolve(name)).transpose()?.flatten() {
            Some(name) => as_text(&name),
            None => Ok(format!("local-{}", id.to_ascii_lowercase())),
        }
    }

    fn get_att(&self, argument: &Yaml<'static>) -> Result<Value, Problem> {
        let (id, attribute) = match argument {
            Yaml::Sequence(parts) => match &parts[..] {
                [id, attribute] => (plain_text(id)?, plain_text(attribute)?),
                _ => return Err("!GetAtt: expected a resource and an attribute".to_owned()),
            },
            _ => plain_text(argument)?
                .split_once('.')
                .ok_or("!GetAtt: expected Resource.Attribute")?,
        };
        self.attribute(id, attribute)
    }

    fn attribute(&self, id: &str, attribute: &str) -> Result<Value, Problem> {
        let resource = self.existing(id)?;
        let name = || {
            self.reference(id)
                .and_then(|value| as_text(&value.unwrap_or(Value::Null)))
        };
        let value = match (kind_of(resource).unwrap_or_default(), attribute) {
            ("AWS::DynamoDB::Table", "Arn") => arn("dynamodb", &format!("table/{}", name()?)),
            ("AWS::DynamoDB::Table", "StreamArn") => stream_arn(&name()?),
            ("AWS::KMS::Key", "KeyId") => name()?,
            ("AWS::KMS::Key", "Arn") => arn("kms", &format!("key/{}", name()?)),
            ("AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::{}", name()?),
            ("AWS::SQS::Queue", "Arn") => arn("sqs", &name()?),
            ("AWS::Serverless::Function", "Arn") => function_arn(id),
            ("AWS::Serverless::HttpApi", "ApiEndpoint") => self.local.api.clone(),
            (kind, _) => {
                return Err(format!(
                    "!GetAtt {id}.{attribute}: the local stack has no such {kind}"
                ));
            }
        };
        Ok(json!(value))
    }

    fn existing(&self, id: &str) -> Result<&'a Yaml<'static>, Problem> {
        let resource = self.template.resource(id);
        resource
            .ok_or_else(|| format!("{id} is neither a parameter nor a resource of the template"))
    }

    fn key(&self, id: &str) -> Result<String, Problem> {
        self.local
            .keys
            .get(id)
            .cloned()
            .ok_or_else(|| format!("!Ref {id}: the local KMS has no such key"))
    }

    fn sub(&self, argument: &Yaml<'static>) -> Result<Value, Problem> {
        let (pattern, own) = match argument {
            Yaml::Sequence(parts) => match &parts[..] {
                [pattern, own] => (plain_text(pattern)?, Some(own)),
                _ => return Err("!Sub: expected a text and its variables".to_owned()),
            },
            _ => (plain_text(argument)?, None),
        };
        let mut filled = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (variable, after) = after.split_once('}').ok_or("!Sub: a ${ without its }")?;
            filled.push_str(before);
            filled.push_str(&self.variable(variable, own)?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(json!(filled))
    }

    fn variable(&self, variable: &str, own: Option<&Yaml<'static>>) -> Result<String, Problem> {
        if let Some(literal) = variable.strip_prefix('!') {
            return Ok(format!("${{{literal}}}"));
        }
        let value = match own.and_then(|own| own.as_mapping_get(variable)) {
            Some(own) => self.resolve(own)?,
            None => match variable.split_once('.') {
                Some((id, attribute)) => Some(self.attribute(id, attribute)?),
                None => self.reference(variable)?,
            },
        };
        as_text(&value.unwrap_or(Value::Null))
    }

    fn join(&self, argument: &Yaml<'static>) -> Result<Value, Problem> {
        let [separator, items] = pair("Join", argument)?;
        let Some(Value::Array(items)) = self.resolve(items)? else {
            return Err("!Join: expected a list".to_owned());
        };
        let texts: Vec<String> = items.iter().map(as_text).collect::<Result<_, _>>()?;
        Ok(json!(texts.join(plain_text(separator)?)))
    }

    fn select(&self, argument: &Yaml<'static>) -> Result<Value, Problem> {
        let [index, items] = pair("Select", argument)?;
        let index = match self.resolve(index)? {
            Some(Value::Number(index)) => index.as_u64(),
            Some(Value::String(index)) => index.parse().ok(),
            _ => None,
        };
        let items = self.resolve(items)?.unwrap_or(Value::Null);
        index
            .and_then(|index| usize::try_from(index).ok())
            .and_then(|index| items.get(index).cloned())
            .ok_or_else(|| "!Select: there is no such item in the list".to_owned())
    }

    fn split(&self, argument: &Yaml<'static>) -> Result<Value, Problem> {
        let [separator, text] = pair("Split", argument)?;
        let text = as_text(&self.resolve(text)?.unwrap_or(Value::Null))?;
        Ok(json!(
            text.split(plain_text(separator)?).collect::<Vec<_>>()
        ))
    }

    fn if_else(&self, argument: &Yaml<'static>) -> Result<Option<Value>, Problem> {
        match argument.as_sequence().map(Vec::as_slice) {
            Some([condition, then, otherwise]) => {
                let holds = self.condition(plain_text(condition)?)?;
                self.resolve(if holds { then } else { otherwise })
            }
            _ => Err("!If: expected a condition and two values".to_owned()),
        }
    }

    fn condition(&self, name: &str) -> Result<bool, Problem> {
        let conditions = self.template.section("Conditions");
        let condition = conditions.and_then(|conditions| conditions.as_mapping_get(name));
        self.holds(condition.ok_or_else(|| format!("the template has no condition {name}"))?)
    }

    fn holds(&self, condition: &Yaml<'static>) -> Result<bool, Problem> {
        let Yaml::Tagged(tag, argument) = condition else {
            return Err("this condition is not supported locally".to_owned());
        };
        let parts = argument
            .as_sequence()
            .map(Vec::as_slice)
            .unwrap_or_default();
        match (tag.suffix.as_str(), parts) {
            ("Condition", []) => self.condition(plain_text(argument)?),
            ("Equals", [left, right]) => Ok(self.resolve(left)? == self.resolve(right)?),
            ("Not", [condition]) => self.holds(condition).map(|holds| !holds),
            ("And", conditions) => Ok(!self.judge(conditions)?.contains(&false)),
            ("Or", conditions) => Ok(self.judge(conditions)?.contains(&true)),
            (other, _) => Err(format!("the condition !{other} is not supported locally")),
        }
    }

    fn judge(&self, conditions: &[Yaml<'static>]) -> Result<Vec<bool>, Problem> {
        conditions
            .iter()
            .map(|condition| self.holds(condition))
            .collect()
    }
}

/// The ARN by which the template's authorizers name their function.
pub(super) fn function_arn(id: &str) -> String {
    arn("lambda", &format!("function:{id}"))
}

/// The ARN by which the template's event sources name the table's stream.
pub(super) fn stream_arn(table: &str) -> String {
    arn("dynamodb", &format!("table/{table}/stream/local"))
}

fn pseudo_parameter(name: &str) -> Result<Option<Value>, Problem> {
    Ok(Some(json!(match name {
        "NoValue" => return Ok(None),
        "AccountId" => ACCOUNT,
        "Partition" => "aws",
        "Region" => REGION,
        "StackName" => "local",
        "URLSuffix" => "amazonaws.com",
        _ => return Err(format!("!Ref AWS::{name} is not supported locally")),
    })))
}

fn pair<'n>(
    function: &str,
    argument: &'n Yaml<'static>,
) -> Result<&'n [Yaml<'static>; 2], Problem> {
    let parts = argument
        .as_sequence()
        .map(Vec::as_slice)
        .unwrap_or_default();
    parts
        .try_into()
        .map_err(|_| format!("!{function}: expected two arguments"))
}

fn plain_text<'n>(node: &'n Yaml<'static>) -> Result<&'n str, Problem> {
    node.as_str()
        .ok_or_else(|| "expected a plain text here".to_owned())
}

fn scalar_value(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => json!(value),
        Scalar::Integer(value) => json!(value),
        Scalar::FloatingPoint(value) => json!(value.into_inner()),
        Scalar::String(value) => json!(value),
    }
}

fn as_text(value: &Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err("expected a text, a number or a truth value".to_owned())
        }
    }
}
