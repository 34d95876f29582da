//! Events as API Gateway's HTTP API builds them, payload format 2.0.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use data_encoding::BASE64;
use domain::time::Timestamp;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::route::Route;
use crate::template::{ACCOUNT, arn};

/// The API's own id and the first label of its name.
const API: &str = "local";

/// A request on its way to a function.
pub(super) struct Event<'a> {
    pub(super) parts: &'a Parts,
    /// Decoded.
    pub(super) path: &'a str,
    pub(super) route: &'a Route,
    pub(super) parameters: &'a BTreeMap<String, String>,
    pub(super) peer: SocketAddr,
    pub(super) address: SocketAddr,
    pub(super) now: Timestamp,
    pub(super) request_id: &'a str,
}

impl Event<'_> {
    /// The event for the route's function.
    pub(super) fn for_function(
        &self,
        authorizer: Option<Value>,
        body: String,
        is_base64: bool,
    ) -> Value {
        let mut event = self.common();
        if let Some(context) = authorizer {
            event["requestContext"]["authorizer"] = json!({"lambda": context});
        }
        if !body.is_empty() {
            event["body"] = Value::String(body);
        }
        event["isBase64Encoded"] = Value::Bool(is_base64);
        event
    }

    /// The event for the route's authorizer.
    pub(super) fn for_authorizer(&self, identity: &[String]) -> Value {
        let mut event = self.common();
        let route = format!("{API}/$default/{}{}", self.parts.method, self.path);
        event["type"] = json!("REQUEST");
        event["routeArn"] = json!(arn("execute-api", &route));
        event["identitySource"] = json!(identity);
        event
    }

    /// A header's value; several of the same name are joined by commas.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self
            .parts
            .headers
            .get_all(name)
            .iter()
            .map(|value| text(value.as_bytes()))
            .collect();
        (!values.is_empty()).then(|| values.join(","))
    }

    fn common(&self) -> Value {
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.route.key,
            "rawPath": self.path,
            "rawQueryString": self.query(),
            "headers": self.headers(),
            "requestContext": self.context(),
        });
        let cookies = self.cookies();
        let query = self.query_parameters();
        // What a request does not have, the event does not have either.
        if !cookies.is_empty() {
            event["cookies"] = json!(cookies);
        }
        if !query.is_empty() {
            event["queryStringParameters"] = json!(query);
        }
        if !self.parameters.is_empty() {
            event["pathParameters"] = json!(self.parameters);
        }
        event
    }

    fn context(&self) -> Value {
        json!({
            "accountId": ACCOUNT,
            "apiId": API,
            "domainName": self.address.to_string(),
            "domainPrefix": API,
            "http": {
                "method": self.parts.method.as_str(),
                "path": self.path,
                "protocol": format!("{:?}", self.parts.version),
                "sourceIp": self.peer.ip().to_string(),
                "userAgent": self.header("user-agent").unwrap_or_default(),
            },
            "requestId": self.request_id,
            "routeKey": self.route.key,
            "stage": "$default",
            "time": self.now.instant().strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": self.now.seconds() * 1000,
        })
    }

    fn headers(&self) -> Map<String, Value> {
        let names = self
            .parts
            .headers
            .keys()
            .filter(|name| **name != header::COOKIE);
        let mut headers: Map<String, Value> = names
            .filter_map(|name| {
                Some((
                    name.as_str().to_owned(),
                    Value::String(self.header(name.as_str())?),
                ))
            })
            .collect();
        let source = self.peer.ip().to_string();
        let forwarded = self
            .header("x-forwarded-for")
            .map_or_else(|| source.clone(), |before| format!("{before}, {source}"));
        headers.insert("x-forwarded-for".to_owned(), json!(forwarded));
        headers.insert(
            "x-forwarded-port".to_owned(),
            json!(self.address.port().to_string()),
        );
        headers.insert("x-forwarded-proto".to_owned(), json!("http"));
        headers
    }

    fn cookies(&self) -> Vec<String> {
        let headers = self.parts.headers.get_all(header::COOKIE).iter();
        headers
            .flat_map(|header| {
                let cookies = text(header.as_bytes());
                cookies
                    .split(';')
                    .map(|cookie| cookie.trim().to_owned())
                    .collect::<Vec<_>>()
            })
            .filter(|cookie| !cookie.is_empty())
            .collect()
    }

    fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    fn query_parameters(&self) -> BTreeMap<String, String> {
        let mut parameters = BTreeMap::<String, String>::new();
        for (name, value) in form_urlencoded::parse(self.query().as_bytes()) {
            parameters
                .entry(name.into_owned())
                .and_modify(|values| {
                    values.push(',');
                    values.push_str(&value);
                })
                .or_insert_with(|| value.clone().into_owned());
        }
        parameters
    }
}

/// A body as the event has it, and whether that is base64: API Gateway hands on few content types as text, forms are
/// not among them, and bytes that are no text never are.
pub(super) fn body(headers: &HeaderMap, body: &[u8]) -> (String, bool) {
    if body.is_empty() {
        return (String::new(), false);
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .map(|value| text(value.as_bytes()))
        .unwrap_or_default();
    let media_type = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_text = media_type.starts_with("text/")
        || matches!(
            media_type.as_str(),
            "application/json" | "application/xml" | "application/javascript"
        );
    match std::str::from_utf8(body) {
        Ok(body) if is_text => (body.to_owned(), false),
        _ => (BASE64.encode(body), true),
    }
}

/// Bytes of a header as text; an event has no place for anything else.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;
    use crate::template::RouteResource;

    fn with_event<T>(
        request: axum::http::request::Builder,
        look: impl FnOnce(&Event<'_>) -> T,
    ) -> T {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let resource = RouteResource {
            method: "GET".to_owned(),
            path: "/d/{token}".to_owned(),
            authorizer: None,
        };
        look(&Event {
            path: parts.uri.path(),
            parts: &parts,
            route: &Route::new("Verify", &resource).unwrap(),
            parameters: &[("token".to_owned(), "ABC".to_owned())].into(),
            peer: "127.0.0.2:1234".parse().unwrap(),
            address: "127.0.0.1:8600".parse().unwrap(),
            now: Timestamp::parse("2026-11-23T14:30:00Z").unwrap(),
            request_id: "id",
        })
    }

    #[test]
    fn an_event_has_what_the_request_had() {
        let request = Request::get("/d/ABC?lang=de&x=1&x=a%20b&broken=%zz")
            .header("Accept", "text/html")
            .header("Accept", "*/*")
            .header("Cookie", "a=1; b=2")
            .header("Cookie", "c=3;")
            .header("User-Agent", "tester");
        let event = with_event(request, |event| {
            event.for_function(None, String::new(), false)
        });
        assert_eq!(event["routeKey"], "GET /d/{token}");
        assert_eq!(event["rawPath"], "/d/ABC");
        assert_eq!(event["rawQueryString"], "lang=de&x=1&x=a%20b&broken=%zz");
        assert_eq!(
            event["queryStringParameters"],
            json!({"lang": "de", "x": "1,a b", "broken": "%zz"})
        );
        assert_eq!(event["pathParameters"], json!({"token": "ABC"}));
        assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3"]));
        assert_eq!(event["headers"]["accept"], "text/html,*/*");
        assert!(event["headers"].get("cookie").is_none());
        assert_eq!(event["headers"]["x-forwarded-for"], "127.0.0.2");
        assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.2");
        assert_eq!(event["requestContext"]["http"]["protocol"], "HTTP/1.1");
        assert_eq!(
            event["requestContext"]["time"],
            "23/Nov/2026:14:30:00 +0000"
        );
        assert_eq!(event["requestContext"]["timeEpoch"], 1_795_444_200_000_i64);
        assert!(event.get("body").is_none());
    }

    #[test]
    fn what_a_request_lacks_the_event_lacks() {
        let event = with_event(Request::get("/d/ABC"), |event| {
            event.for_function(None, String::new(), false)
        });
        for absent in ["cookies", "queryStringParameters", "body"] {
            assert!(event.get(absent).is_none(), "{absent}");
        }
        assert!(event["requestContext"].get("authorizer").is_none());
    }

    #[test]
    fn an_authorizer_gets_the_identity_and_a_function_its_context() {
        let question = with_event(Request::get("/d/ABC"), |event| {
            event.for_authorizer(&["Bearer x".to_owned()])
        });
        assert_eq!(question["type"], "REQUEST");
        assert_eq!(question["version"], "2.0");
        assert_eq!(question["identitySource"], json!(["Bearer x"]));
        let context = Some(json!({"practice": "p"}));
        let event = with_event(Request::get("/d/ABC"), |event| {
            event.for_function(context, "x".to_owned(), false)
        });
        assert_eq!(
            event["requestContext"]["authorizer"]["lambda"]["practice"],
            "p"
        );
    }

    #[test]
    fn hostile_headers_do_no_harm() {
        let request = Request::get("/d/ABC")
            .header("Host", "evil.example/\u{e4}".as_bytes())
            .header("X-Forwarded-For", "10.0.0.1")
            .header("Cookie", &b"\xff\xfe; ;; a"[..])
            .header("X-Odd", &b"\xc3\x28"[..]);
        let event = with_event(request, |event| {
            event.for_function(None, String::new(), false)
        });
        assert_eq!(event["headers"]["x-forwarded-for"], "10.0.0.1, 127.0.0.2");
        assert_eq!(event["requestContext"]["domainName"], "127.0.0.1:8600");
        assert_eq!(event["cookies"][1], "a");
    }

    #[test]
    fn bodies_are_text_only_where_api_gateway_says_so() {
        let as_event = |content_type: Option<&str>, bytes: &[u8]| {
            let mut headers = HeaderMap::new();
            if let Some(content_type) = content_type {
                headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            }
            body(&headers, bytes)
        };
        let base64 = || ("eA==".to_owned(), true);
        assert_eq!(
            as_event(Some("application/json; charset=utf-8"), b"x"),
            ("x".to_owned(), false)
        );
        assert_eq!(as_event(Some("Text/Plain"), b"x"), ("x".to_owned(), false));
        assert_eq!(
            as_event(Some("application/x-www-form-urlencoded"), b"x"),
            base64()
        );
        assert_eq!(as_event(Some("application/pdf"), b"x"), base64());
        assert_eq!(as_event(None, b"x"), base64());
        assert_eq!(
            as_event(Some("application/json"), b"\xff"),
            ("/w==".to_owned(), true)
        );
        assert_eq!(
            as_event(Some("application/pdf"), b""),
            (String::new(), false)
        );
    }
}
