//! Bytes that are barely HTTP, or none: each gets a refusal or nothing, and the stack lives on (T20).

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::json;

use crate::api::Api;

const PATIENCE: Duration = Duration::from_secs(2);

/// What comes back for these bytes; empty if the connection was just closed.
fn exchange(address: &str, request: &[u8]) -> String {
    let mut connection = TcpStream::connect(address).expect("the gateway listens");
    connection
        .set_read_timeout(Some(PATIENCE))
        .expect("a limit");
    // The other end may close before it has read everything.
    let _ = connection.write_all(request);
    let _ = connection.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn t20_requests_that_are_barely_http_are_refused_and_the_stack_lives_on() {
    let api = Api::start().await;
    let document = api
        .world
        .practice
        .document("invoice", "1", "2026-11-20")
        .await;
    let sent = api
        .world
        .practice
        .send(api.world.stack.outbox(), &[&document], json!({}))
        .await;
    let path = format!("/d/{}", sent.link.rsplit('/').next().unwrap_or_default());
    let key = format!("Authorization: Bearer {}", api.world.practice.key());
    let address = api
        .world
        .stack
        .api()
        .trim_start_matches("http://")
        .to_owned();
    let before = api.trace().await;
    let long = "x".repeat(20_000);
    let many: String = (0..150).map(|n| format!("h{n}: v\r\n")).collect();
    let refused = &["4"][..];
    let served = &["4", "2"][..];
    let texts: Vec<(String, &[&str])> = vec![
        (
            format!("GET {path}?a b HTTP/1.1\r\nHost: a\r\n\r\n"),
            refused,
        ),
        (format!("GET {path} x HTTP/1.1\r\nHost: a\r\n\r\n"), refused),
        (format!("GET {path}\tHTTP/1.1\r\nHost: a\r\n\r\n"), refused),
        (format!("GET {path}\0 HTTP/1.1\r\nHost: a\r\n\r\n"), refused),
        (
            format!("GET {path}\u{7f} HTTP/1.1\r\nHost: a\r\n\r\n"),
            refused,
        ),
        (
            format!("GET {path}?\u{1} HTTP/1.1\r\nHost: a\r\n\r\n"),
            refused,
        ),
        (format!("GET {path}?ü HTTP/1.1\r\nHost: a\r\n\r\n"), served),
        (
            format!("GET {path}?<script>\" HTTP/1.1\r\nHost: a\r\n\r\n"),
            served,
        ),
        (format!("GET {path} HTTP/1.1\r\nHost: a b\r\n\r\n"), served),
        (format!("GET {path} HTTP/1.1\r\nHost: [::\r\n\r\n"), served),
        (format!("GET {path} HTTP/1.1\r\nHost: %00\r\n\r\n"), served),
        (format!("GET {path} HTTP/1.1\r\nHost: ä\r\n\r\n"), served),
        (
            format!("GET {path} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
            served,
        ),
        (format!("GET {path} HTTP/1.1\r\nHost:\r\n\r\n"), served),
        (format!("GET {path} HTTP/1.1\r\n\r\n"), served),
        (
            format!("GET http://evil.example{path} HTTP/1.1\r\nHost: a\r\n\r\n"),
            served,
        ),
        (
            format!("GET https://u:p@evil.example:99{path}#x HTTP/1.1\r\nHost: a\r\n\r\n"),
            served,
        ),
        (
            format!("GET javascript:alert(1){path} HTTP/1.1\r\nHost: a\r\n\r\n"),
            refused,
        ),
        (
            format!("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", &path[1..]),
            refused,
        ),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), refused),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), refused),
        (
            "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(),
            refused,
        ),
        (format!("TRACE {path} HTTP/1.1\r\nHost: a\r\n\r\n"), refused),
        (format!("get {path} HTTP/1.1\r\nHost: a\r\n\r\n"), refused),
        (format!("G\0T {path} HTTP/1.1\r\nHost: a\r\n\r\n"), refused),
        (format!("GET {path} HTTP/9.9\r\nHost: a\r\n\r\n"), refused),
        (format!("GET {path}\r\n\r\n"), refused),
        (
            format!("GET {path} HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n"),
            refused,
        ),
        (
            format!("GET {path} HTTP/1.1\r\nHost: a\r\nx: a\0b\r\n\r\n"),
            refused,
        ),
        (
            format!("GET {path} HTTP/1.1\r\nHost: a\r\nx: a\u{1}b\r\n\r\n"),
            refused,
        ),
        (
            format!("GET {path} HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n"),
            refused,
        ),
        (
            format!("GET {path} HTTP/1.1\r\nHost: a\r\nx: {long}\r\n\r\n"),
            refused,
        ),
        (
            format!("GET {path}?{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
            refused,
        ),
        (
            format!("GET {path} HTTP/1.1\r\nHost: a\r\n{many}\r\n"),
            refused,
        ),
        (
            format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx"),
            refused,
        ),
        (
            format!(
                "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"
            ),
            refused,
        ),
        (
            format!(
                "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nx"
            ),
            refused,
        ),
        (
            format!(
                "POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n"
            ),
            refused,
        ),
        (
            format!(
                "POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx\r\n"
            ),
            refused,
        ),
        (
            format!("POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nx"),
            refused,
        ),
        (
            format!(
                "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            refused,
        ),
        (
            format!(
                "POST /v1/deliveries HTTP/1.1\r\nHost: a\r\n{key}\r\nIdempotency-Key: ä\r\nContent-Length: 2\r\n\r\n{{}}"
            ),
            refused,
        ),
        (
            format!(
                "PUT /v1/settings HTTP/1.1\r\nHost: a\r\n{key}\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{{\"name\":\"cut"
            ),
            refused,
        ),
        (
            "GET /v1/settings HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \u{ff}\r\n\r\n"
                .to_owned(),
            refused,
        ),
        ("\r\n\r\n\r\n".to_owned(), refused),
        (long, refused),
        ("\0\0\0\0".to_owned(), refused),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0".to_owned(), refused),
    ];
    let mut requests: Vec<(Vec<u8>, &[&str])> = texts
        .into_iter()
        .map(|(text, expected)| (text.into_bytes(), expected))
        .collect();
    let start = format!("GET {path}");
    requests.push((
        [
            start.as_bytes(),
            b" HTTP/1.1\r\nHost: a\r\nx: \xff\xfe\x80\r\n\r\n",
        ]
        .concat(),
        served,
    ));
    requests.push((
        [
            start.as_bytes(),
            b" HTTP/1.1\r\nHost: \xff\r\nCookie: \xff=\xfe\r\n\r\n",
        ]
        .concat(),
        served,
    ));
    requests.push((
        [start.as_bytes(), b"\xff HTTP/1.1\r\nHost: a\r\n\r\n"].concat(),
        refused,
    ));
    requests.push((
        [start.as_bytes(), b"?\xff HTTP/1.1\r\nHost: a\r\n\r\n"].concat(),
        served,
    ));
    let mut faults = Faults::default();
    for (request, expected) in requests {
        let said: String = String::from_utf8_lossy(&request)
            .chars()
            .take(120)
            .collect();
        let to = address.clone();
        let bytes = request;
        let answer = tokio::task::spawn_blocking(move || exchange(&to, &bytes))
            .await
            .expect("an exchange");
        let status = answer.split(' ').nth(1).unwrap_or_default();
        // A connection that is closed without a word is a refusal too.
        if !answer.is_empty() && !expected.iter().any(|first| status.starts_with(first)) {
            faults.push(format!(
                "{said:?}: {}",
                answer.chars().take(200).collect::<String>()
            ));
        }
        if answer.contains("evil.example") || crate::api::tells_of_our_insides(&answer) {
            faults.push(format!(
                "{said:?}: it repeats a stranger's host or tells of our insides: {answer}"
            ));
        }
        let alive = api.send("GET", "/privacy", &[], "").await;
        assert_eq!(alive.status, 200, "the stack lives on after {said:?}");
    }
    faults.assert_none();
    assert_eq!(
        api.trace().await,
        before,
        "a request that is none left a trace"
    );
    assert_eq!(
        api.world.patient(&sent).enter(&sent.code).await.status,
        303,
        "and the patient gets in"
    );
}

/// Headers that are text to the gateway and none to a parser of events.
#[tokio::test(flavor = "multi_thread")]
async fn t20_headers_with_bytes_of_any_kind_are_met_with_a_page_or_a_problem() {
    let api = Api::start().await;
    let names = [
        "accept-language",
        "user-agent",
        "referer",
        "x-forwarded-for",
        "x-forwarded-proto",
        "forwarded",
        "content-type",
        "accept",
        "x-anything",
        "cookie",
        "idempotency-key",
        "range",
    ];
    let mut faults = Faults::default();
    for name in names {
        for value in [
            "",
            "ä",
            "\u{80}",
            "\u{fffd}",
            "日本語",
            "🔑",
            "\t",
            "a,b,,;=\"",
            "(((((",
            "*/*;q=NaN",
            "de;q=1e999",
            "-1",
            "bytes=0-",
            &"x".repeat(8_000),
        ] {
            let page = api
                .send(
                    "GET",
                    "/d/BCDFGHJKLMNPQRSTVWXZ23456789",
                    &[(name, value)],
                    "",
                )
                .await;
            if page.status != 404 || !page.header("content-type").starts_with("text/html") {
                faults.push(format!(
                    "GET /d/… with {name}: {value:.20}: {} {}",
                    page.status,
                    page.text.chars().take(150).collect::<String>()
                ));
            }
            let practice = api
                .call_with("GET", "/v1/settings", &[(name, value)], "")
                .await;
            if practice.status != 200 {
                faults.push(format!(
                    "GET /v1/settings with {name}: {value:.20}: {} {}",
                    practice.status,
                    practice.text.chars().take(150).collect::<String>()
                ));
            }
        }
    }
    faults.assert_none();
}
