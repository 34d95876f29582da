//! Events as API Gateway hands them to a function, and what can be read from the answers.

use serde_json::{Value, json};

use crate::Sent;

/// The secret in a delivery's link.
pub fn token(sent: &Sent) -> String {
    sent.link.rsplit('/').next().unwrap_or_default().to_owned()
}

/// An event of a practice whose key the authorizer has accepted.
pub fn of_practice(route: &str) -> Value {
    let mut event = event(route);
    event["requestContext"]["authorizer"] = json!({"lambda": {
        "practice": local::practice::PRACTICE,
        "label": "test",
        "scopes": "settings send read erase",
    }});
    event
}

/// An event of a patient's browser.
pub fn of_patient(route: &str, token: &str) -> Value {
    let mut event = event(route);
    event["pathParameters"] = json!({"token": token});
    event
}

/// A form of a delivery's page, posted as a browser does.
pub fn posted(route: &str, sent: &Sent, origin: &str, cookies: &[String], body: &str) -> Value {
    let mut event = of_patient(route, &token(sent));
    event["cookies"] = json!(cookies);
    event["headers"] = json!({
        "content-type": "application/x-www-form-urlencoded",
        "origin": origin,
        "sec-fetch-site": "same-origin",
    });
    event["body"] = json!(body);
    event
}

/// An event of this route.
pub fn event(route: &str) -> Value {
    let (method, path) = route.split_once(' ').unwrap_or((route, ""));
    json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"accept": "*/*"},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "test",
            "domainName": "127.0.0.1",
            "domainPrefix": "test",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test",
            },
            "requestId": "request",
            "routeKey": route,
            "stage": "$default",
            "time": "23/Nov/2026:10:00:00 +0000",
            "timeEpoch": 1_795_428_000_000_i64,
        },
        "isBase64Encoded": false,
    })
}

/// The JSON in an answer.
pub fn json_body(answer: &Value) -> Value {
    let body = answer["body"].as_str().unwrap_or_default();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error} in {answer}"))
}

/// The one cookie that an answer sets.
pub fn cookie(answer: &Value) -> String {
    let cookie = answer["cookies"][0].as_str().unwrap_or_default();
    let (pair, _) = cookie.split_once(';').expect("a cookie");
    pair.to_owned()
}

/// What stands between two texts, nothing if they are not there.
pub fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let after = text.split(start).nth(1).unwrap_or_default();
    after.split(end).next().unwrap_or_default()
}
