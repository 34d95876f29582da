//! A function's answer, payload format 2.0, as HTTP.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::LARGEST_PAYLOAD;

/// What the connection decides, not a function.
const OF_THE_CONNECTION: [HeaderName; 3] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    /// Format 2.0 does not know them; only an empty object means the same here and there.
    #[serde(default)]
    multi_value_headers: Map<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The response, or why the answer makes none.
pub(super) fn to_response(answer: &Value) -> Result<Response, &'static str> {
    let answer = Answer::deserialize(answer).map_err(|_| "it is not of payload format 2.0")?;
    if !answer.multi_value_headers.is_empty() {
        return Err("payload format 2.0 has no multiValueHeaders");
    }
    let status = StatusCode::from_u16(answer.status_code)
        .ok()
        .filter(|status| !status.is_informational())
        .ok_or("its statusCode is none")?;
    let mut headers = headers(&answer.headers)?;
    for cookie in &answer.cookies {
        headers.append(header::SET_COOKIE, value(cookie)?);
    }
    let body = body(answer.body.unwrap_or_default(), answer.is_base64_encoded)?;
    if !body.is_empty() && !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain;charset=UTF-8"),
        );
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

fn headers(headers: &Map<String, Value>) -> Result<HeaderMap, &'static str> {
    let mut converted = HeaderMap::new();
    for (name, content) in headers {
        let name: HeaderName = name
            .parse()
            .map_err(|_| "it has a header whose name is none")?;
        let content = match content {
            Value::String(text) => value(text)?,
            Value::Number(number) => value(&number.to_string())?,
            Value::Bool(flag) => value(&flag.to_string())?,
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return Err("it has a header whose value is no text");
            }
        };
        if !OF_THE_CONNECTION.contains(&name) {
            converted.append(name, content);
        }
    }
    Ok(converted)
}

fn value(text: &str) -> Result<HeaderValue, &'static str> {
    HeaderValue::from_str(text).map_err(|_| "it has a header whose value is none")
}

fn body(body: String, is_base64: bool) -> Result<Vec<u8>, &'static str> {
    if body.len() > LARGEST_PAYLOAD {
        return Err("its body is larger than Lambda allows");
    }
    if is_base64 {
        BASE64
            .decode(body.as_bytes())
            .map_err(|_| "its body is not the base64 that it says")
    } else {
        Ok(body.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn an_answer_becomes_a_response() {
        let response = to_response(&json!({
            "statusCode": 303,
            "headers": {"location": "/d/x", "x-number": 1, "content-length": "99"},
            "multiValueHeaders": {},
            "cookies": ["a=1; Path=/", "b=2"],
            "body": "aGVsbG8=",
            "isBase64Encoded": true,
        }))
        .unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()["location"], "/d/x");
        assert_eq!(response.headers()["x-number"], "1");
        assert!(!response.headers().contains_key("content-length"));
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(
            response.headers()["content-type"],
            "text/plain;charset=UTF-8"
        );
        assert_eq!(to_bytes(response.into_body(), 100).await.unwrap(), "hello");
    }

    #[test]
    fn malformed_answers_make_no_response() {
        for malformed in [
            json!(null),
            json!("text"),
            json!({"body": "x"}),
            json!({"statusCode": "200"}),
            json!({"statusCode": 99}),
            json!({"statusCode": 101}),
            json!({"statusCode": 1000}),
            json!({"statusCode": 200, "headers": {"a b": "c"}}),
            json!({"statusCode": 200, "headers": {"a": "b\r\nc: d"}}),
            json!({"statusCode": 200, "headers": {"a": ["b"]}}),
            json!({"statusCode": 200, "cookies": ["a\nb"]}),
            json!({"statusCode": 200, "multiValueHeaders": {"a": ["b"]}}),
            json!({"statusCode": 200, "body": "***", "isBase64Encoded": true}),
        ] {
            assert!(to_response(&malformed).is_err(), "{malformed}");
        }
    }
}
