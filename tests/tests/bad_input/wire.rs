//! Bytes that are barely HTTP, or none: each gets a refusal or nothing, and the stack lives on (T20).

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::api::{Api, Faults, beginning, tells_of_our_insides};

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

/// Requests that are not HTTP/1.1, each for `path` where it has one.
fn no_requests(path: &str) -> Vec<Vec<u8>> {
    let long = "x".repeat(20_000);
    let many = "h: v\r\n".repeat(150);
    let rest = "HTTP/1.1\r\nHost: a\r\n";
    let texts = [
        format!("GET {path}?a b {rest}\r\n"),
        format!("GET {path} x {rest}\r\n"),
        format!("GET {path}\t{rest}\r\n"),
        format!("GET {path}\0 {rest}\r\n"),
        format!("GET {path}\u{7f} {rest}\r\n"),
        format!("GET {path}?\u{1} {rest}\r\n"),
        format!("GET javascript:alert(1){path} {rest}\r\n"),
        format!("GET {} {rest}\r\n", &path[1..]),
        format!("GET * {rest}\r\n"),
        format!("OPTIONS * {rest}\r\n"),
        format!("CONNECT evil.example:443 {rest}\r\n"),
        format!("TRACE {path} {rest}\r\n"),
        format!("get {path} {rest}\r\n"),
        format!("G\0T {path} {rest}\r\n"),
        format!("GET {path} HTTP/9.9\r\nHost: a\r\n\r\n"),
        format!("GET {path}\r\n\r\n"),
        format!("GET {path} {rest}Bad Name: x\r\n\r\n"),
        format!("GET {path} {rest}x: a\0b\r\n\r\n"),
        format!("GET {path} {rest}x: a\u{1}b\r\n\r\n"),
        format!("GET {path} {rest} folded: x\r\n\r\n"),
        format!("GET {path} {rest}x: {long}\r\n\r\n"),
        format!("GET {path}?{long} {rest}\r\n"),
        format!("GET {path} {rest}{many}\r\n"),
        "\r\n\r\n\r\n".to_owned(),
        long,
        "\0\0\0\0".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0".to_owned(),
    ];
    let mut requests: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    requests.push(
        [
            b"GET ",
            path.as_bytes(),
            b"\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        ]
        .concat(),
    );
    requests
}

/// Bodies that are not as their headers say, and headers of a practice's program that are no text.
fn no_bodies(path: &str, key: &str) -> Vec<Vec<u8>> {
    let post = format!("POST {path} HTTP/1.1\r\nHost: a\r\n");
    let call = format!(
        "HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    );
    [
        format!("{post}Content-Length: -1\r\n\r\nx"),
        format!("{post}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
        format!("{post}Content-Length: 99999999999999999999\r\n\r\nx"),
        format!("{post}Content-Length: 9999\r\n\r\nform=x&code=BCD-FGH"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx\r\n"),
        format!("{post}Transfer-Encoding: gzip\r\n\r\nx"),
        format!("{post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("POST /v1/deliveries {call}Idempotency-Key: ä\r\nContent-Length: 2\r\n\r\n{{}}"),
        format!("PUT /v1/settings {call}Content-Length: 50\r\n\r\n{{\"name\":\"cut"),
        "GET /v1/settings HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \u{ff}\r\n\r\n".to_owned(),
    ]
    .into_iter()
    .map(String::into_bytes)
    .collect()
}

/// Requests that a server may take: what they say of hosts and the like must only do no harm.
fn odd_requests(path: &str) -> Vec<Vec<u8>> {
    let get = format!("GET {path} HTTP/1.1\r\n");
    let mut requests: Vec<Vec<u8>> = [
        format!("GET {path}?ü HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET {path}?<script>\" HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("{get}Host: a b\r\n\r\n"),
        format!("{get}Host: [::\r\n\r\n"),
        format!("{get}Host: %00\r\n\r\n"),
        format!("{get}Host: ä\r\n\r\n"),
        format!("{get}Host: a\r\nHost: b\r\n\r\n"),
        format!("{get}Host:\r\n\r\n"),
        format!("{get}\r\n"),
        format!("GET http://evil.example{path} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET https://u:p@evil.example:99{path}#x HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET //evil.example{path} HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]
    .into_iter()
    .map(String::into_bytes)
    .collect();
    requests.push([get.as_bytes(), b"Host: a\r\nx: \xff\xfe\x80\r\n\r\n"].concat());
    requests.push([get.as_bytes(), b"Host: \xff\r\nCookie: \xff=\xfe\r\n\r\n"].concat());
    requests.push(
        [
            b"GET ",
            path.as_bytes(),
            b"?\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        ]
        .concat(),
    );
    requests
}

#[tokio::test(flavor = "multi_thread")]
async fn t20_requests_that_are_barely_http_are_refused_and_the_stack_lives_on() {
    let api = Api::start().await;
    let sent = api.world.practice.send_invoice(1).await;
    let path = format!("/d/{}", sent.link.rsplit('/').next().unwrap_or_default());
    let address = api
        .world
        .stack
        .api()
        .trim_start_matches("http://")
        .to_owned();
    let before = api.trace().await;
    let refused = no_requests(&path)
        .into_iter()
        .chain(no_bodies(&path, api.world.practice.key()));
    let refused = refused.map(|request| (request, "4"));
    let taken = odd_requests(&path)
        .into_iter()
        .map(|request| (request, "24"));
    let mut faults = Faults::default();
    for (request, expected) in refused.chain(taken) {
        let said = beginning(&String::from_utf8_lossy(&request));
        let to = address.clone();
        let exchanged = tokio::task::spawn_blocking(move || exchange(&to, &request)).await;
        let answer = exchanged.expect("an exchange");
        // A connection that is closed without a word is a refusal too.
        let status = answer.split(' ').nth(1).unwrap_or(expected);
        if !status.starts_with(|first| expected.contains(first)) {
            faults.push(format!("{said:?}: {}", beginning(&answer)));
        }
        if answer.contains("evil.example") || tells_of_our_insides(&answer) {
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
    // P6: so many openings at once make the form wait that comes with the next.
    api.world.advance(10);
    let entered = api.world.patient(&sent).enter(&sent.code).await;
    assert_eq!(entered.status, 303, "and the patient gets in");
}

/// Headers that are text to the gateway and none to a parser of events.
#[tokio::test(flavor = "multi_thread")]
async fn t20_headers_with_bytes_of_any_kind_are_met_with_a_page_or_a_problem() {
    let api = Api::start().await;
    let long = "x".repeat(8_000);
    let mut faults = Faults::default();
    for name in [
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
    ] {
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
            &long,
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
                    "a page with {name}: {value:.20}: {} {}",
                    page.status,
                    beginning(&page.text)
                ));
            }
            let practice = api
                .call_with("GET", "/v1/settings", &[(name, value)], "")
                .await;
            if practice.status != 200 {
                faults.push(format!(
                    "settings with {name}: {value:.20}: {} {}",
                    practice.status,
                    beginning(&practice.text)
                ));
            }
        }
    }
    faults.assert_none();
}
