//! Responses, with the headers that every answer carries.

use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::problem::Problem;

/// What is always said, whatever the answer.
const ALWAYS: [(&str, &str); 7] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    (
        "strict-transport-security",
        "max-age=31536000; includeSubDomains",
    ),
    // Not `no-referrer`: browsers would then post our own forms with `Origin: null`.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-robots-tag", "noindex"),
];

/// No page of ours needs any of it.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// One HTTP answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: StatusCode,
    headers: Vec<(&'static str, String)>,
    cookies: Vec<String>,
    body: String,
}

impl Response {
    /// JSON.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // Our own types always serialise; a bug there would answer with an empty body.
        Self::written_json(status, &serde_json::to_string(body).unwrap_or_default())
    }

    /// 403 in the gateway's own words, for whoever gets around what stands in front of it.
    pub fn forbidden() -> Self {
        Self::json(StatusCode::FORBIDDEN, &json!({"message": "Forbidden"}))
    }

    /// JSON that is already written.
    pub fn written_json(status: StatusCode, body: &str) -> Self {
        Self::new(status, body.to_owned()).header("content-type", "application/json".to_owned())
    }

    /// A page, with the policy that names its style sheet.
    pub fn page(status: StatusCode, html: String, content_security_policy: String) -> Self {
        Self::new(status, html)
            .header("content-type", "text/html; charset=utf-8".to_owned())
            .header("content-security-policy", content_security_policy)
            .header("permissions-policy", PERMISSIONS.to_owned())
    }

    /// 204.
    pub fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, String::new())
    }

    /// 303: look there, with GET.
    pub fn see_other(location: String) -> Self {
        Self::new(StatusCode::SEE_OTHER, String::new()).header("location", location)
    }

    /// The same with a further header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same with a further cookie.
    #[must_use]
    pub fn cookie(mut self, cookie: String) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// As API Gateway takes it (payload format 2.0).
    pub fn into_event(self) -> Value {
        let headers: serde_json::Map<String, Value> = ALWAYS
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
            .chain(
                self.headers
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), Value::from(value))),
            )
            .collect();
        json!({
            "statusCode": self.status.as_u16(),
            "headers": headers,
            "cookies": self.cookies,
            "body": self.body,
            "isBase64Encoded": false,
        })
    }

    fn new(status: StatusCode, body: String) -> Self {
        Self {
            status,
            headers: Vec::new(),
            cookies: Vec::new(),
            body,
        }
    }
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Self {
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Self::json(status, &problem.body());
        response.headers = vec![("content-type", "application/problem+json".to_owned())];
        response
    }
}

/// A cookie that a click in webmail brings along too.
pub fn lax_cookie(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax")
}

/// A cookie that only our own pages bring along.
pub fn strict_cookie(name: &str, value: &str, max_age_seconds: i64) -> String {
    format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; Secure; HttpOnly; SameSite=Strict")
}

/// Takes a cookie back: emptied, and gone a second later.
///
/// Not at once: for its way back, Chromium keeps even a `no-store` page whole, until a cookie is set. One that is only
/// deleted does not always count.
pub fn expired_cookie(name: &str) -> String {
    strict_cookie(name, "", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_carries_the_security_headers() {
        let event = Response::page(
            StatusCode::OK,
            "<p>".to_owned(),
            "default-src 'none'".to_owned(),
        )
        .cookie(strict_cookie("__Host-a", "b", 60))
        .into_event();
        for (name, value) in ALWAYS {
            assert_eq!(event["headers"][name], value);
        }
        assert_eq!(
            event["headers"]["content-security-policy"],
            "default-src 'none'"
        );
        assert_eq!(
            event["cookies"][0],
            "__Host-a=b; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Strict"
        );
    }

    #[test]
    fn problems_are_problem_json() {
        let event = Response::from(Problem::not_found().with("id", "x")).into_event();
        assert_eq!(event["statusCode"], 404);
        assert_eq!(event["headers"]["content-type"], "application/problem+json");
        let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["type"], "/problems/not-found");
        assert_eq!(body["id"], "x");
    }
}
