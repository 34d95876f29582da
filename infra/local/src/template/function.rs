//! Functions of the template: environment, time limit, routes and who authorizes them, the stream and the schedule that feed them.

use std::collections::BTreeMap;
use std::time::Duration;

use saphyr::Yaml;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::resolve::{Resolver, function_arn, stream_arn};
use super::{TemplateError, entries};
use crate::events::Filter;

/// Lambda's own time limit, in seconds, where the template says nothing.
const DEFAULT_TIMEOUT: u64 = 3;
/// What would change how the API answers and is not known here.
const UNSUPPORTED_API_PROPERTIES: [&str; 3] =
    ["CorsConfiguration", "DefinitionBody", "DefinitionUri"];

/// A function as the template describes it.
#[derive(Debug)]
pub(crate) struct FunctionResource {
    pub(crate) id: String,
    pub(crate) timeout: Duration,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) routes: Vec<RouteResource>,
    /// What it is fed of the table's stream.
    pub(crate) stream: Option<StreamSource>,
    /// Whether it is run by a schedule.
    pub(crate) is_scheduled: bool,
    /// What it wants to hear of from the event bus.
    pub(crate) rules: Vec<Filter>,
}

/// How a function is fed from the table's stream.
#[derive(Clone, Debug)]
pub(crate) struct StreamSource {
    /// The most records at once.
    pub(crate) batch_size: usize,
    /// Whether a batch that failed comes again in two parts.
    pub(crate) bisects: bool,
    /// From this age on a record that failed is given up.
    pub(crate) oldest: Duration,
    /// After so many further tries too.
    pub(crate) most_retries: Option<u32>,
    /// How many batches are under way at once; what concerns one item stays in order.
    pub(crate) at_once: usize,
    filters: Vec<Filter>,
}

impl StreamSource {
    /// Whether the function is fed this record.
    pub(crate) fn takes(&self, record: &Value) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| filter.takes(record))
    }
}

/// A route that leads to a function.
#[derive(Clone, Debug)]
pub(crate) struct RouteResource {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) authorizer: Option<Authorizer>,
}

/// A function that is asked before a route's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authorizer {
    /// The function's logical id.
    pub(crate) function: String,
    /// The headers without which it is not even asked, in lower case.
    pub(crate) headers: Vec<String>,
}

/// Every function of the template.
pub(super) fn functions(resolver: &Resolver<'_>) -> Result<Vec<FunctionResource>, TemplateError> {
    let authorization = Authorization::read(resolver)?;
    let globals = resolver
        .template
        .section("Globals")
        .and_then(|globals| globals.as_mapping_get("Function"));
    resolver
        .template
        .of_type("AWS::Serverless::Function")
        .map(|(id, resource)| {
            let own = resource.as_mapping_get("Properties");
            let mut function = FunctionResource {
                id: id.to_owned(),
                timeout: timeout(resolver, id, [own, globals])?,
                environment: environment(resolver, id, [globals, own])?,
                routes: Vec::new(),
                stream: None,
                is_scheduled: false,
                rules: Vec::new(),
            };
            add_events(resolver, &mut function, own, &authorization)?;
            Ok(function)
        })
        .collect()
}

type Properties<'a> = Option<&'a Yaml<'static>>;

/// The first of these properties that says it wins.
fn timeout(
    resolver: &Resolver<'_>,
    id: &str,
    properties: [Properties<'_>; 2],
) -> Result<Duration, TemplateError> {
    let place = format!("function {id}, Timeout");
    let stated = properties
        .into_iter()
        .flatten()
        .find_map(|properties| properties.as_mapping_get("Timeout"));
    let Some(stated) = stated else {
        return Ok(Duration::from_secs(DEFAULT_TIMEOUT));
    };
    let seconds = resolver
        .value(stated, &place)?
        .and_then(|value| value.as_u64());
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| TemplateError::new(place, "expected a number of seconds"))
}

/// The last of these properties that has a variable wins.
fn environment(
    resolver: &Resolver<'_>,
    id: &str,
    properties: [Properties<'_>; 2],
) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut environment = BTreeMap::new();
    for properties in properties.into_iter().flatten() {
        let variables = properties
            .as_mapping_get("Environment")
            .and_then(|node| node.as_mapping_get("Variables"));
        for (name, value) in entries(variables) {
            if let Some(value) = resolver.text(value, &format!("function {id}, variable {name}"))? {
                environment.insert(name.to_owned(), value);
            }
        }
    }
    Ok(environment)
}

/// An event of type `HttpApi`. What else it may have changes nothing about a request here.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct HttpApiEvent {
    path: String,
    method: String,
    #[serde(default)]
    auth: EventAuth,
    payload_format_version: Option<String>,
    #[serde(rename = "ApiId")]
    _api_id: Option<Value>,
    #[serde(rename = "RouteSettings")]
    _route_settings: Option<Value>,
    #[serde(rename = "TimeoutInMillis")]
    _timeout_in_millis: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EventAuth {
    authorizer: Option<String>,
}

/// An event of type `DynamoDB`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StreamEvent {
    stream: String,
    starting_position: String,
    #[serde(default = "usual_batch")]
    batch_size: usize,
    #[serde(default)]
    function_response_types: Vec<String>,
    #[serde(default)]
    bisect_batch_on_function_error: bool,
    maximum_record_age_in_seconds: u64,
    maximum_retry_attempts: Option<u32>,
    #[serde(default = "one")]
    parallelization_factor: usize,
    /// The log is where one looks here.
    #[serde(rename = "DestinationConfig")]
    _destination_config: Option<Value>,
    #[serde(default)]
    filter_criteria: FilterCriteria,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteria {
    filters: Vec<FilterPattern>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterPattern {
    pattern: String,
}

/// Lambda's own batch size for streams.
fn usual_batch() -> usize {
    100
}

/// One batch after the other.
fn one() -> usize {
    1
}

/// An event of type `Schedule`. Locally it comes more often than its rate says.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ScheduleEvent {
    schedule: String,
    #[serde(rename = "Description")]
    _description: Option<String>,
}

/// An event of type `EventBridgeRule`, on the default bus.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RuleEvent {
    pattern: Value,
}

fn add_events(
    resolver: &Resolver<'_>,
    function: &mut FunctionResource,
    properties: Properties<'_>,
    authorization: &Authorization,
) -> Result<(), TemplateError> {
    let events = properties.and_then(|properties| properties.as_mapping_get("Events"));
    for (name, event) in entries(events) {
        let place = format!("function {}, event {name}", function.id);
        let kind = event.as_mapping_get("Type").and_then(Yaml::as_str);
        let properties = event.as_mapping_get("Properties");
        let added = match kind.unwrap_or_default() {
            "HttpApi" => route(read(resolver, properties, &place)?, authorization)
                .map(|route| function.routes.push(route)),
            "DynamoDB" => stream(&read(resolver, properties, &place)?, resolver)
                .map(|source| function.stream = Some(source)),
            "Schedule" => check_schedule(&read(resolver, properties, &place)?)
                .map(|()| function.is_scheduled = true),
            "EventBridgeRule" => {
                rule(read(resolver, properties, &place)?).map(|rule| function.rules.push(rule))
            }
            kind => Err(format!("events of type {kind} are not supported locally")),
        };
        added.map_err(|problem| TemplateError::new(place, problem))?;
    }
    Ok(())
}

/// What the local stream speaks: the one table's, from its beginning, with partial answers.
fn stream(event: &StreamEvent, resolver: &Resolver<'_>) -> Result<StreamSource, String> {
    let mut tables = resolver.template.of_type("AWS::DynamoDB::Table");
    let is_ours = tables.any(|(id, _)| {
        resolver
            .name(id, "")
            .is_ok_and(|table| stream_arn(&table) == event.stream)
    });
    if !is_ours || event.starting_position != "TRIM_HORIZON" {
        return Err("expected the stream of the template's table from TRIM_HORIZON on".to_owned());
    }
    if event.function_response_types != ["ReportBatchItemFailures"] {
        return Err("expected FunctionResponseTypes [ReportBatchItemFailures]".to_owned());
    }
    let filters = event.filter_criteria.filters.iter();
    Ok(StreamSource {
        batch_size: event.batch_size,
        bisects: event.bisect_batch_on_function_error,
        oldest: Duration::from_secs(event.maximum_record_age_in_seconds),
        most_retries: event.maximum_retry_attempts,
        at_once: event.parallelization_factor.max(1),
        filters: filters
            .map(|filter| Filter::parse(&filter.pattern))
            .collect::<Result<_, _>>()?,
    })
}

fn rule(event: RuleEvent) -> Result<Filter, String> {
    Filter::of(event.pattern)
}

fn check_schedule(event: &ScheduleEvent) -> Result<(), String> {
    let is_rate = event.schedule.starts_with("rate(") && event.schedule.ends_with(')');
    is_rate
        .then_some(())
        .ok_or_else(|| "expected a rate: times of day are not supported locally".to_owned())
}

fn route(event: HttpApiEvent, authorization: &Authorization) -> Result<RouteResource, String> {
    let method = event.method.to_ascii_uppercase();
    if method == "ANY" || method == "X-AMAZON-APIGATEWAY-ANY-METHOD" {
        return Err("a route for every method is not supported locally".to_owned());
    }
    if event
        .payload_format_version
        .is_some_and(|version| version != "2.0")
    {
        return Err("expected PayloadFormatVersion 2.0".to_owned());
    }
    Ok(RouteResource {
        method,
        path: event.path,
        authorizer: authorization.of(event.auth.authorizer.as_deref())?,
    })
}

/// The API's authorizers.
#[derive(Debug, Default)]
struct Authorization {
    default: Option<String>,
    authorizers: BTreeMap<String, Authorizer>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ApiAuth {
    default_authorizer: Option<String>,
    #[serde(default)]
    authorizers: BTreeMap<String, LambdaAuthorizer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct LambdaAuthorizer {
    function_arn: String,
    authorizer_payload_format_version: Value,
    enable_simple_responses: bool,
    identity: Identity,
    #[serde(rename = "EnableFunctionDefaultPermissions")]
    _enable_function_default_permissions: Option<bool>,
    #[serde(rename = "FunctionInvokeRole")]
    _function_invoke_role: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Identity {
    headers: Vec<String>,
    reauthorize_every: u64,
}

impl Authorization {
    fn read(resolver: &Resolver<'_>) -> Result<Self, TemplateError> {
        let apis: Vec<_> = resolver
            .template
            .of_type("AWS::Serverless::HttpApi")
            .collect();
        let properties = match apis[..] {
            [] => resolver
                .template
                .section("Globals")
                .and_then(|globals| globals.as_mapping_get("HttpApi")),
            [(_, api)] => api.as_mapping_get("Properties"),
            _ => return Err(TemplateError::new("Resources", "expected one API")),
        };
        for property in UNSUPPORTED_API_PROPERTIES {
            if properties.is_some_and(|properties| properties.contains_mapping_key(property)) {
                return Err(TemplateError::new(
                    "the API",
                    format!("{property} is not supported locally"),
                ));
            }
        }
        let place = "the API, Auth";
        let auth = properties.and_then(|properties| properties.as_mapping_get("Auth"));
        let auth: ApiAuth = read(resolver, auth, place)?;
        let authorizers = auth
            .authorizers
            .into_iter()
            .map(|(name, authorizer)| Ok((name, authorizer.check(resolver)?)))
            .collect::<Result<_, String>>()
            .map_err(|problem| TemplateError::new(place, problem))?;
        Ok(Self {
            default: auth.default_authorizer,
            authorizers,
        })
    }

    fn of(&self, stated: Option<&str>) -> Result<Option<Authorizer>, String> {
        match stated.or(self.default.as_deref()) {
            None | Some("NONE") => Ok(None),
            Some(name) => {
                let authorizer = self.authorizers.get(name).cloned();
                authorizer
                    .map(Some)
                    .ok_or_else(|| format!("the API has no authorizer {name}"))
            }
        }
    }
}

impl LambdaAuthorizer {
    /// What the local gateway speaks: format 2.0, simple answers, asked anew for every request.
    fn check(self, resolver: &Resolver<'_>) -> Result<Authorizer, String> {
        if self.authorizer_payload_format_version != json!("2.0") || !self.enable_simple_responses {
            return Err(
                "expected AuthorizerPayloadFormatVersion \"2.0\" and EnableSimpleResponses"
                    .to_owned(),
            );
        }
        if self.identity.reauthorize_every != 0 {
            return Err(
                "expected ReauthorizeEvery 0: answers of authorizers are not kept locally"
                    .to_owned(),
            );
        }
        let mut functions = resolver
            .template
            .of_type("AWS::Serverless::Function")
            .map(|(id, _)| id);
        let function = functions.find(|id| function_arn(id) == self.function_arn);
        Ok(Authorizer {
            function: function
                .ok_or("FunctionArn names no function of the template")?
                .to_owned(),
            headers: self
                .identity
                .headers
                .iter()
                .map(|header| header.to_ascii_lowercase())
                .collect(),
        })
    }
}

/// Resolves a node and reads it as `T`; a node that is not there is an empty one.
fn read<T: DeserializeOwned>(
    resolver: &Resolver<'_>,
    node: Properties<'_>,
    place: &str,
) -> Result<T, TemplateError> {
    let value = node
        .map(|node| resolver.value(node, place))
        .transpose()?
        .flatten();
    let value = value.unwrap_or_else(|| Value::Object(Map::new()));
    serde_json::from_value(value).map_err(|error| TemplateError::new(place, error.to_string()))
}
