//! Secrets where none belongs: in paths, queries, headers, cookies, broken bodies and broken requests.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::drive::{Drive, Sent};
use crate::search::Kind;

/// A key that nobody has.
const FORGED: &str =
    "zw_praxis-am-park_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// A token that nobody has.
const UNKNOWN: &str = "BCDFGHJKLMNPQRSTVWXZ23456789";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

impl Drive {
    /// Everything that a practice's program may get wrong with a secret at hand.
    pub(crate) async fn misuse_as_practice(&mut self, sent: &Sent) {
        self.book.note(Kind::ApiKey, FORGED);
        let (token, code) = (sent.token.as_str(), sent.code.as_str());
        let key = format!("Bearer {}", self.practice.key());
        let bare_key = self.practice.key().to_owned();
        let forged = format!("Bearer {FORGED}");
        for authorization in [
            forged.as_str(),
            token,
            code,
            bare_key.as_str(),
            "Basic Og==",
            &format!("bearer  {bare_key}"),
        ] {
            let headers = [("authorization", authorization)];
            self.throw(Method::GET, "/v1/settings", &headers, Vec::new())
                .await;
        }
        self.throw(Method::GET, "/v1/settings", &[], Vec::new())
            .await;
        let mine = [
            ("authorization", key.as_str()),
            ("idempotency-key", token),
            ("user-agent", code),
            ("x-secret", token),
        ];
        for path in [
            format!("/v1/records/{token}"),
            format!("/v1/records/{code}%00"),
            format!("/v1/record-types/{code}"),
            format!("/v1/documents/{token}"),
            format!("/v1/deliveries/{token}"),
            format!(
                "/v1/deliveries?reference={}&state={code}&cursor={token}",
                sent.reference
            ),
            format!("/v1/records?limit={code}"),
            format!("/v1/records?cursor={code}"),
            format!("/v1/documents?record={code}"),
            format!("/v1/documents?record={code}%20{token}"),
            format!("/v1/{token}"),
        ] {
            self.throw(Method::GET, &path, &mine, Vec::new()).await;
            self.throw(Method::DELETE, &path, &mine, Vec::new()).await;
        }
        let new_code = format!("/v1/deliveries/{}/code", sent.id);
        for body in practice_bodies(sent, &bare_key) {
            for (method, path) in [
                (Method::POST, "/v1/deliveries"),
                (Method::POST, "/v1/deliveries/preview"),
                (Method::POST, new_code.as_str()),
                (Method::POST, "/v1/documents"),
                (Method::PUT, "/v1/settings"),
                (Method::PUT, "/v1/record-types/std"),
                (Method::PUT, "/v1/records/r1"),
                (
                    Method::PATCH,
                    "/v1/documents/20261120-aaaaaaaaaaaaaaaaaaaaaaaaa",
                ),
            ] {
                self.throw(method, path, &mine, body.clone()).await;
            }
        }
    }

    /// Everything that a browser, a mail scanner or an attacker may send to the pages.
    pub(crate) async fn misuse_as_patient(&mut self, sent: &Sent, other: &Sent) {
        self.book.note(Kind::Token, UNKNOWN);
        let (token, code) = (sent.token.as_str(), sent.code.as_str());
        let cookies = format!(
            "{token}={code}; __Host-form={code}; __Host-form={token}; __Host-dl-00000000={token}; {code}; =; a={}",
            other.code
        );
        let headers = [
            FORM,
            ("cookie", cookies.as_str()),
            ("referer", token),
            ("user-agent", code),
            ("accept-language", code),
            ("x-forwarded-for", token),
            ("x-forwarded-host", token),
            ("x-amzn-requestid", code),
            ("origin", token),
        ];
        for path in [
            format!("/d/{token}"),
            format!("/d/{token}?lang={code}&note={code}&code={code}"),
            format!("/d/{token}/documents"),
            format!("/d/{token}/documents/{code}"),
            format!("/d/{token}/documents/%00{code}"),
            format!("/d/{token}/done"),
            format!("/d/{token}/"),
            format!("/d/{token}/code"),
            format!("/d/{token}/not-mine"),
            format!("/d/{token}%3Fcode={code}"),
            format!("/d/{token}%zz"),
            format!("/d/{token}{code}"),
            format!("/D/{token}"),
            format!("/d/{}", token.to_lowercase()),
            format!("/d/{code}"),
            format!("/d/{UNKNOWN}"),
            format!("/d/{UNKNOWN}/documents"),
            format!("/d/{UNKNOWN}/done"),
            format!("/d/{UNKNOWN}/code"),
            format!("/d/{UNKNOWN}/not-mine"),
            format!("/privacy?lang={token}&code={code}"),
            format!("/{token}?{code}"),
        ] {
            for method in [
                Method::GET,
                Method::POST,
                Method::HEAD,
                Method::OPTIONS,
                Method::PUT,
            ] {
                let body = format!("form={token}&code={code}").into_bytes();
                self.throw(method, &path, &headers, body).await;
            }
        }
        for (content_type, body) in patient_bodies(sent) {
            let headers = [("content-type", content_type), ("cookie", cookies.as_str())];
            for path in [
                format!("/d/{token}"),
                format!("/d/{UNKNOWN}"),
                format!("/d/{token}/done"),
                format!("/d/{token}/code"),
                format!("/d/{token}/not-mine"),
            ] {
                self.throw(Method::POST, &path, &headers, body.clone())
                    .await;
            }
        }
        for request in broken_requests(sent) {
            self.throw_raw(request.as_bytes()).await;
        }
    }

    /// Bytes that need not be HTTP; what comes back is not looked at.
    async fn throw_raw(&self, request: &[u8]) {
        let address = self.api.trim_start_matches("http://");
        let mut connection = TcpStream::connect(address)
            .await
            .expect("the gateway listens");
        // Either end may close before the other has said everything.
        let _ = connection.write_all(request).await;
        let mut answer = Vec::new();
        let reading = connection.read_to_end(&mut answer);
        let _ = tokio::time::timeout(Duration::from_millis(100), reading).await;
    }
}

/// Bodies in which a secret stands at a wrong place, or that are no JSON at all.
fn practice_bodies(sent: &Sent, key: &str) -> Vec<Vec<u8>> {
    let (token, code, reference) = (&sent.token, &sent.code, &sent.reference);
    let bodies = [
        json!({token: code}),
        json!({"name": {code: token}, "record": {token: 1}, "recipients": token, "documents": [token, code]}),
        json!({"record": token, "recipient": code, "documents": [code], "channel": reference}),
        json!({"record_type": token, "recipients": [{"id": "a", "name": "A", "email": code}]}),
        json!({"channel": token, "self_service": code, "valid_days": key}),
        json!({"released": token}),
        json!({"record": "r1", "recipient": "patient", "documents": [], "draft": token}),
        json!([token, code]),
        json!(token),
    ];
    let mut bodies: Vec<Vec<u8>> = bodies
        .iter()
        .map(|body| body.to_string().into_bytes())
        .collect();
    bodies.push(format!("{{\"{token}\": \"{code}").into_bytes());
    bodies.push([token.as_bytes(), b"\xff\xfe", code.as_bytes()].concat());
    bodies.push(format!("\"{code}{}\"", token.repeat(10_000)).into_bytes());
    bodies
}

fn patient_bodies(sent: &Sent) -> Vec<(&'static str, Vec<u8>)> {
    let (token, code) = (&sent.token, &sent.code);
    let form = |text: String| (FORM.1, text.into_bytes());
    let multipart =
        format!("--x\r\ncontent-disposition: form-data; name=\"code\"\r\n\r\n{code}\r\n--x--\r\n");
    vec![
        form(format!("code={code}&code={code}&form={token}")),
        form(format!("form={token}%zz&code=%e0{code}%")),
        form(format!("code={}", code.repeat(3_000))),
        form(format!("code={}", code.repeat(150_000))),
        form(format!("code={}", code.repeat(1_700_000))),
        form(code.clone()),
        (
            "application/json",
            json!({"code": code, "form": token})
                .to_string()
                .into_bytes(),
        ),
        ("multipart/form-data; boundary=x", multipart.into_bytes()),
        (
            "text/plain",
            [code.as_bytes(), b"\xff", token.as_bytes()].concat(),
        ),
    ]
}

fn broken_requests(sent: &Sent) -> Vec<String> {
    let (token, code) = (&sent.token, &sent.code);
    vec![
        format!("GET /d/{token}?code={code} x HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET /d/{token} HTTP/1.1\r\nHost: a b{code}\r\n\r\n"),
        format!("GET /d/{token} HTTP/1.1\r\nHost: a\r\nHost: {code}\r\n\r\n"),
        format!("GET http://{code}.example/d/{token} HTTP/1.1\r\nHost: {token}\r\n\r\n"),
        format!("GET /d/{token}\0{code} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("POST /d/{token} HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\ncode={code}"),
        format!(
            "POST /d/{token} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\ncode={code}\r\n"
        ),
        format!("{token} {code}\r\n\r\n"),
        format!("GET /d/{token} HTTP/9.9\r\nHost: {code}\r\n\r\n"),
    ]
}
