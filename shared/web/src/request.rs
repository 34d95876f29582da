//! Requests: what a handler may see of API Gateway's event.

use std::collections::HashMap;
use std::fmt;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest as Event;
use data_encoding::BASE64;
use domain::access::Scope;
use domain::id::PracticeId;
use domain::language::Language;
use http::HeaderMap;
use serde::de::DeserializeOwned;

use crate::front::{FRONT_SECRET, Front};
use crate::problem::{FieldError, Problem};

/// The largest JSON body of a practice, in bytes.
pub const LARGEST_JSON: usize = 256 * 1024;
/// The largest form that a patient posts, in bytes.
pub const LARGEST_FORM: usize = 16 * 1024;

/// One HTTP request, as the gateway routed it.
pub struct Request {
    /// The route of the template that matched, such as `GET /d/{token}`. Holds no secret.
    pub route: String,
    /// The gateway's id of the request, for logs.
    pub id: String,
    /// From which address it came, as the gateway saw it, or what stands in front of it.
    pub address: String,
    caller: Option<Caller>,
    parameters: HashMap<String, String>,
    query: HashMap<String, String>,
    headers: HeaderMap,
    cookies: Vec<String>,
    body: Vec<u8>,
}

/// Whose API key the authorizer found.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant.
    pub practice: PracticeId,
    /// The key's label.
    pub label: String,
    /// What the key may do.
    pub scopes: Vec<Scope>,
}

/// The event is not one of API Gateway's, or its body is no base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadEvent;

impl Request {
    /// From the event's JSON. Never panics, whatever the event holds.
    pub fn from_event(event: serde_json::Value) -> Result<Self, BadEvent> {
        if !event.is_object() || has_valueless_query(&event) {
            return Err(BadEvent);
        }
        let event: Event = serde_json::from_value(event).map_err(|_| BadEvent)?;
        let body = match event.body {
            Some(body) if event.is_base64_encoded => {
                BASE64.decode(body.as_bytes()).map_err(|_| BadEvent)?
            }
            Some(body) => body.into_bytes(),
            None => Vec::new(),
        };
        let context = event.request_context;
        Ok(Self {
            route: event.route_key.or(context.route_key).ok_or(BadEvent)?,
            id: context.request_id.unwrap_or_default(),
            address: context.http.source_ip.unwrap_or_default(),
            caller: context
                .authorizer
                .and_then(|authorizer| caller(&authorizer.fields)),
            parameters: event.path_parameters,
            query: joined(event.query_string_parameters.iter()),
            headers: event.headers,
            cookies: event.cookies.unwrap_or_default(),
            body,
        })
    }

    /// The request, if it came through what stands in front of the API; whose word on where it comes from then counts.
    pub fn through(mut self, front: &Front) -> Option<Self> {
        let secret = self.headers.remove(FRONT_SECRET);
        let secret = secret.as_ref().and_then(|secret| secret.to_str().ok());
        if !front.admits(secret) {
            return None;
        }
        if let Some(viewer) = front.viewer(&self.headers) {
            self.address = viewer.to_string();
        }
        Some(self)
    }

    /// Who calls, if the key has this scope.
    pub fn caller(&self, scope: Scope) -> Result<&Caller, Problem> {
        match &self.caller {
            Some(caller) if caller.scopes.contains(&scope) => Ok(caller),
            _ => Err(Problem::missing_scope(scope)),
        }
    }

    /// A path parameter, percent-decoded by the gateway; empty if there is none.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// A path parameter that is an id; a malformed one names nothing, so it is not found.
    pub fn id<T: std::str::FromStr>(&self, name: &str) -> Result<T, Problem> {
        self.parameter(name)
            .parse()
            .map_err(|_| Problem::not_found())
    }

    /// A query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// `limit` (1 to 100, 25 where left out) and `cursor` of a list.
    pub fn paging(&self) -> Result<(i32, Option<String>), Problem> {
        let limit = match self.query("limit") {
            None => 25,
            Some(limit) => limit
                .parse()
                .ok()
                .filter(|limit| (1..=100).contains(limit))
                .ok_or_else(|| Problem::invalid_query("limit", "1 to 100"))?,
        };
        let is_cursor = |text: &str| {
            (1..=64).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        match self.query("cursor") {
            Some(cursor) if !is_cursor(cursor) => Err(Problem::invalid_query(
                "cursor",
                "the next_cursor of an answer",
            )),
            cursor => Ok((limit, cursor.map(str::to_owned))),
        }
    }

    /// A header, if it is there once and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The idempotency key, if one was sent: 1 to 255 visible ASCII characters.
    pub fn idempotency_key(&self) -> Result<Option<&str>, Problem> {
        if !self.headers.contains_key("idempotency-key") {
            return Ok(None);
        }
        let key = self.header("idempotency-key").unwrap_or_default();
        let is_key = (1..=LONGEST_KEY).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key {
            Ok(Some(key))
        } else {
            Err(Problem::idempotency_key_required())
        }
    }

    /// The same where something is sent, so that a repeat after a lost answer sends nothing twice.
    pub fn required_idempotency_key(&self) -> Result<String, Problem> {
        let key = self.idempotency_key()?;
        key.map(str::to_owned)
            .ok_or_else(Problem::idempotency_key_required)
    }

    /// A cookie of this name; of several, none, for one of them is foreign.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let mut found = self.cookies.iter().filter_map(|cookie| {
            let (its_name, value) = cookie.split_once('=')?;
            (its_name.trim() == name).then_some(value.trim())
        });
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The body as it came.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON; unknown fields, wrong types and wrong values are named with a JSON pointer.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.json_of_at_most(LARGEST_JSON)
    }

    /// The same for a call that takes more, or less, than most.
    pub fn json_of_at_most<T: DeserializeOwned>(&self, limit: usize) -> Result<T, Problem> {
        if self.body.len() > limit {
            return Err(Problem::body_too_large(limit));
        }
        if std::str::from_utf8(&self.body).is_err() {
            return Err(Problem::invalid_body(vec![FieldError::new(
                "",
                "expected JSON in UTF-8",
            )]));
        }
        let shape: serde_json::Value = serde_json::from_slice(&self.body)
            .map_err(|error| Problem::invalid_field("", &told(&error).1))?;
        if !shape.is_object() {
            return Err(Problem::invalid_field("", "expected a JSON object"));
        }
        if let Some(pointer) = misplaced_list(&shape, "") {
            return Err(Problem::invalid_field(&pointer, "expected no list here"));
        }
        let mut parser = serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(&mut parser).map_err(|error| {
            let (member, detail) = told(error.inner());
            Problem::invalid_field(&format!("{}{member}", json_pointer(error.path())), &detail)
        })
    }

    /// P3: the language of the answer, for a recipient who reads this one.
    pub fn language(&self, recipient: Language) -> Language {
        Language::choose(
            self.query("lang"),
            self.header("accept-language"),
            recipient,
        )
    }

    /// The body as a posted form; `None` if it is none or too large.
    pub fn form<T: DeserializeOwned>(&self) -> Option<T> {
        let form = (self.body.len() <= LARGEST_FORM).then_some(&self.body)?;
        serde_urlencoded::from_bytes(form).ok()
    }

    /// Whether a form was posted from a page of this origin, as far as the browser says.
    ///
    /// A browser that says nothing is held by cookie and field alone.
    pub fn is_same_origin(&self, origin: &str) -> bool {
        let origin_fits = self.header("origin").is_none_or(|from| from == origin);
        let fetch_fits = self
            .header("sec-fetch-site")
            .is_none_or(|site| site == "same-origin");
        origin_fits && fetch_fits
    }
}

/// Prints route and id alone: path, cookies and body hold secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("route", &self.route)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Whether a query parameter is a list of no values, which no gateway sends and the library that lists them cannot stand.
fn has_valueless_query(event: &serde_json::Value) -> bool {
    let parameters = event["queryStringParameters"].as_object();
    let mut values = parameters.into_iter().flat_map(serde_json::Map::values);
    values.any(|value| value.as_array().is_some_and(Vec::is_empty))
}

/// Query parameters; one that is there several times becomes what it is on its way through the gateway, a value with commas, which no call takes.
fn joined<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> HashMap<String, String> {
    let mut query: HashMap<String, String> = HashMap::new();
    for (name, value) in parameters {
        query
            .entry(name.to_owned())
            .and_modify(|earlier| {
                earlier.push(',');
                earlier.push_str(value);
            })
            .or_insert_with(|| value.to_owned());
    }
    query
}

/// The longest idempotency key.
const LONGEST_KEY: usize = 255;

/// Reads the authorizer's context; a context that is not ours is nobody.
fn caller(context: &HashMap<String, serde_json::Value>) -> Option<Caller> {
    let text = |name: &str| context.get(name)?.as_str();
    Some(Caller {
        practice: text("practice")?.parse().ok()?,
        label: text("label")?.to_owned(),
        scopes: text("scopes")?
            .split(' ')
            .filter_map(Scope::from_name)
            .collect(),
    })
}

/// RFC 6901.
fn json_pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

/// The fields that hold lists. Serde would read an object from a list of its fields too, which the contract does not know.
const LISTS: [&str; 4] = ["documents", "events", "items", "recipients"];

/// Where a list stands that no call takes.
fn misplaced_list(value: &serde_json::Value, pointer: &str) -> Option<String> {
    match value {
        serde_json::Value::Array(items) => {
            let field = pointer.rsplit('/').next().unwrap_or_default();
            if !LISTS.contains(&field) {
                return Some(pointer.to_owned());
            }
            let mut items = items.iter().enumerate();
            items.find_map(|(at, item)| misplaced_list(item, &format!("{pointer}/{at}")))
        }
        serde_json::Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            misplaced_list(field, &format!("{pointer}/{name}"))
        }),
        _ => None,
    }
}

/// What is wrong, in words of JSON, and the member that it is about if the parser's path ends above it.
fn told(error: &serde_json::Error) -> (String, String) {
    let text = error.to_string();
    let text = text
        .rfind(" at line ")
        .map_or(text.as_str(), |at| &text[..at]);
    if let Some(field) = text
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'))
    {
        return (format!("/{field}"), "expected this field".to_owned());
    }
    // Our own types say which of their members they mean.
    if let Some((member, expected)) = text.split_once(": ").filter(|_| text.starts_with('/')) {
        return (member.to_owned(), expected.to_owned());
    }
    let Some((_, expected)) = text.split_once(", expected ") else {
        return (String::new(), text.to_owned());
    };
    let expected = match expected {
        "i64" | "u64" | "u32" | "usize" => "a whole number",
        "a sequence" => "a list",
        "a map" => "an object",
        expected if expected.starts_with("struct ") => "an object",
        expected => expected,
    };
    (
        String::new(),
        format!("expected {}", expected.replace('`', "")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(extra: &serde_json::Value) -> Request {
        let mut event = json!({
            "version": "2.0", "routeKey": "POST /v1/x", "rawPath": "/v1/x", "rawQueryString": "", "headers": {},
            "requestContext": {"http": {"method": "POST"}, "requestId": "r"}, "isBase64Encoded": false
        });
        for (name, value) in extra.as_object().unwrap() {
            event[name] = value.clone();
        }
        Request::from_event(event).unwrap()
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Body {
        items: Vec<Item>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Item {
        size: u64,
    }

    fn pointer(body: &str) -> String {
        request(&json!({"body": body}))
            .json::<Body>()
            .unwrap_err()
            .errors[0]
            .pointer
            .clone()
    }

    #[test]
    fn a_wrong_field_is_named_by_its_pointer() {
        assert_eq!(
            pointer(r#"{"items":[{"size":1},{"size":"2"}]}"#),
            "/items/1/size"
        );
        assert_eq!(
            pointer(r#"{"items":[{"size":1,"colour":2}]}"#),
            "/items/0/colour"
        );
        assert_eq!(pointer(r#"{"items":[{"size":1}]} x"#), "");
        assert_eq!(pointer("{"), "");
        let broken = request(
            &json!({"body": BASE64.encode(b"{\"items\xff\":[]}"), "isBase64Encoded": true}),
        );
        assert_eq!(broken.json::<Body>().unwrap_err().status, 400);
        let huge = request(&json!({"body": "x".repeat(LARGEST_JSON + 1)}));
        assert_eq!(huge.json::<Body>().unwrap_err().status, 413);
    }

    #[test]
    fn two_cookies_of_one_name_are_none() {
        let cookies = |list: &[&str]| {
            request(&json!({"cookies": list}))
                .cookie("a")
                .map(str::to_owned)
        };
        assert_eq!(cookies(&["b=2", "a=1"]), Some("1".to_owned()));
        assert_eq!(cookies(&["a=1", "a=2"]), None);
        assert_eq!(cookies(&[]), None);
    }

    #[test]
    fn forms_of_other_sites_are_told_apart() {
        let from = |headers: serde_json::Value| {
            request(&json!({"headers": headers})).is_same_origin("https://a.example.org")
        };
        assert!(from(json!({})));
        assert!(from(
            json!({"origin": "https://a.example.org", "sec-fetch-site": "same-origin"})
        ));
        assert!(!from(json!({"origin": "null"})));
        assert!(!from(json!({"origin": "https://b.example.org"})));
        assert!(!from(json!({"sec-fetch-site": "same-site"})));
    }

    #[test]
    fn hostile_events_are_refused_without_a_panic() {
        for event in [
            json!(null),
            json!([]),
            json!({}),
            json!({"routeKey": 1}),
            json!({"routeKey": "x", "requestContext": {"http": {"method": "\n"}}}),
            json!({"routeKey": "x", "requestContext": {"http": {"method": "GET"}}, "queryStringParameters": {"a": []}}),
        ] {
            assert!(Request::from_event(event).is_err());
        }
    }

    #[test]
    fn t21_only_what_came_through_the_front_says_where_it_comes_from() {
        let hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        let front = Front::try_from(hash.to_owned()).unwrap();
        let from = |secret: &str, front: &Front| {
            let headers = json!({"x-front-secret": secret, "cloudfront-viewer-address": "198.51.100.10:46532"});
            let context = json!({"http": {"method": "POST", "sourceIp": "203.0.113.7"}});
            let request = request(&json!({"headers": headers, "requestContext": context}));
            request.through(front).map(|request| {
                assert_eq!(
                    request.header(FRONT_SECRET),
                    None,
                    "nothing sees it after this"
                );
                request.address
            })
        };
        assert_eq!(from("secret", &front).as_deref(), Some("198.51.100.10"));
        assert_eq!(from("another", &front), None);
        let nothing = Front::default();
        assert_eq!(from("secret", &nothing).as_deref(), Some("203.0.113.7"));
    }

    #[test]
    fn a_key_without_the_scope_is_told_so() {
        let context = json!({"http": {"method": "GET"}, "authorizer": {"lambda": {"practice": "p", "label": "l", "scopes": "read send"}}});
        let request = request(&json!({"requestContext": context}));
        assert_eq!(request.caller(Scope::Read).unwrap().practice.as_str(), "p");
        assert_eq!(
            request.caller(Scope::Erase).unwrap_err().kind,
            "missing-scope"
        );
    }
}
