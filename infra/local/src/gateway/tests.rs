//! The gateway over real HTTP, hostile input included.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use futures::FutureExt as _;
use serde_json::json;

use super::*;
use crate::servers::{Servers, listen};
use crate::template::RouteResource;

/// A gateway over plain functions, served on a listener of its own.
struct Served {
    address: SocketAddr,
    clock: Clock,
    _servers: Servers,
}

fn function(answer: impl Fn(Value) -> Value + Send + Sync + 'static) -> Callable {
    let answer = Arc::new(answer);
    Callable {
        function: Arc::new(move |event| {
            let answer = Arc::clone(&answer);
            async move { Ok(answer(event)) }.boxed()
        }),
        timeout: Duration::from_secs(5),
    }
}

fn route(method: &str, path: &str, function: &str, asks: bool) -> Route {
    let authorizer = asks.then(|| Authorizer {
        function: "Authorize".to_owned(),
        headers: vec!["authorization".to_owned()],
    });
    let resource = RouteResource {
        method: method.to_owned(),
        path: path.to_owned(),
        authorizer,
    };
    Route::new(function, &resource).unwrap()
}

async fn serve_functions() -> Served {
    let authorize = function(|event| {
        let identity = event["identitySource"][0].as_str().unwrap_or_default();
        match identity {
            "broken" => json!({"unexpected": true}),
            "panic" => panic!("asked for"),
            _ => json!({"isAuthorized": identity == "Bearer good", "context": {"practice": "p"}}),
        }
    });
    let echo = function(|event| {
        json!({
            "statusCode": 200,
            "headers": {"content-type": "application/json"},
            "body": event.to_string(),
        })
    });
    let broken = function(|_| panic!("asked for"));
    let mut slow = function(|_| json!({"statusCode": 200}));
    slow.timeout = Duration::from_millis(50);
    slow.function = Arc::new(|_| futures::future::pending().boxed());
    let failing = Callable {
        function: Arc::new(|_| async { Err("asked for".into()) }.boxed()),
        timeout: Duration::from_secs(5),
    };
    let functions = [
        ("Authorize", authorize),
        ("Echo", echo),
        ("Broken", broken),
        ("Slow", slow),
        ("Failing", failing),
    ];

    let listener = listen("the API", 0).await.unwrap();
    let address = listener.local_addr().unwrap();
    let clock = Clock::system();
    let mut servers = Servers::new();
    let gateway = Gateway {
        routes: Routes::new(vec![
            route("GET", "/v1/echo", "Echo", true),
            route("POST", "/open/{id}", "Echo", false),
            route("GET", "/open/{id}", "Echo", false),
            route("GET", "/broken", "Broken", false),
            route("GET", "/slow", "Slow", false),
            route("GET", "/failing", "Failing", false),
        ])
        .unwrap(),
        functions: functions
            .map(|(id, callable)| (id.to_owned(), callable))
            .into(),
        clock: clock.clone(),
        address,
    };
    servers.serve(listener, router(gateway));
    Served {
        address,
        clock,
        _servers: servers,
    }
}

impl Served {
    /// Sends bytes as they are and returns what comes back until the server closes.
    async fn send(&self, request: impl Into<Vec<u8>>) -> String {
        let (address, request) = (self.address, request.into());
        let exchange = move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(10)))
                .unwrap();
            // A server that has seen enough may close before everything is written.
            let _ = stream.write_all(&request);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        };
        tokio::task::spawn_blocking(exchange).await.unwrap()
    }

    async fn get(&self, path: &str, headers: &str) -> String {
        self.send(format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"
        ))
        .await
    }
}

fn assert_answer(answer: &str, status: u16, body: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "expected {status}: {answer}"
    );
    assert!(answer.ends_with(body), "expected {body}: {answer}");
}

#[tokio::test]
async fn the_authorizer_is_asked_first() {
    let api = serve_functions().await;
    assert_answer(
        &api.get("/v1/echo", "").await,
        401,
        r#"{"message":"Unauthorized"}"#,
    );
    assert_answer(
        &api.get("/v1/echo", "Authorization:\r\n").await,
        401,
        r#"{"message":"Unauthorized"}"#,
    );
    assert_answer(
        &api.get("/v1/echo", "Authorization: Bearer bad\r\n").await,
        403,
        r#"{"message":"Forbidden"}"#,
    );
    for failing in ["broken", "panic"] {
        let answer = api
            .get("/v1/echo", &format!("Authorization: {failing}\r\n"))
            .await;
        assert_answer(&answer, 500, r#"{"message":"Internal Server Error"}"#);
    }
    let answer = api.get("/v1/echo", "Authorization: Bearer good\r\n").await;
    assert_answer(&answer, 200, "}");
    assert!(
        answer.contains(r#""authorizer":{"lambda":{"practice":"p"}}"#),
        "{answer}"
    );
}

#[tokio::test]
async fn a_function_that_fails_ends_alone() {
    let api = serve_functions().await;
    assert_answer(
        &api.get("/broken", "").await,
        500,
        r#"{"message":"Internal Server Error"}"#,
    );
    assert_answer(
        &api.get("/failing", "").await,
        500,
        r#"{"message":"Internal Server Error"}"#,
    );
    assert_answer(
        &api.get("/slow", "").await,
        503,
        r#"{"message":"Service Unavailable"}"#,
    );
    assert_answer(&api.get("/open/1", "").await, 200, "}");
}

#[tokio::test]
async fn events_carry_the_movable_time() {
    let api = serve_functions().await;
    api.clock.show(
        domain::time::Timestamp::parse("2030-01-02T03:04:05Z").unwrap(),
        true,
    );
    let answer = api.get("/open/1?a=b", "").await;
    assert!(
        answer.contains(r#""time":"02/Jan/2030:03:04:05 +0000""#),
        "{answer}"
    );
    assert!(answer.contains(r#""rawQueryString":"a=b""#), "{answer}");
}

#[tokio::test]
async fn unknown_routes_and_methods_are_not_found() {
    let api = serve_functions().await;
    assert_answer(
        &api.get("/nowhere", "").await,
        404,
        r#"{"message":"Not Found"}"#,
    );
    let head = "HEAD /open/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert!(api.send(head).await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn limits_are_those_of_the_real_gateway() {
    let api = serve_functions().await;
    let long = api
        .get(
            "/open/1",
            &format!("X-Long: {}\r\n", "a".repeat(LARGEST_HEAD)),
        )
        .await;
    assert_answer(
        &long,
        431,
        r#"{"message":"Request Header Fields Too Large"}"#,
    );
    for (size, content_type, status) in [
        (LARGEST_BODY + 1, "application/json", 413),
        (LARGEST_PAYLOAD, "application/pdf", 413),
        (LARGEST_PAYLOAD / 2, "application/json", 200),
    ] {
        let mut request = format!(
            "POST /open/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {content_type}\r\nContent-Length: {size}\r\n\r\n"
        )
        .into_bytes();
        request.resize(request.len() + size, b'a');
        let answer = api.send(request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{}",
            &answer[..answer.len().min(200)]
        );
    }
}

#[tokio::test]
async fn hostile_requests_never_end_the_gateway() {
    let api = serve_functions().await;
    let hostile: [&[u8]; 14] = [
        b"GET /open/a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /open/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /open/%ff%fe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /open/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /open/1?%zz=\xc3\x28 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /open/1 HTTP/1.1\r\nHost: a b<>{}\r\nConnection: close\r\n\r\n",
        b"GET /open/1 HTTP/1.1\r\nHost: \xff\r\nCookie: \xfe=\xff; ;;\r\nConnection: close\r\n\r\n",
        b"GET http://evil.example/open/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /open/1 HTTP/1.0\r\n\r\n",
        b"POST /open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /open/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ];
    for request in hostile {
        let answer = api.send(request).await;
        assert!(
            !answer.starts_with("HTTP/1.1 5"),
            "{}: {answer}",
            String::from_utf8_lossy(request)
        );
    }
    assert_answer(&api.get("/open/1", "").await, 200, "}");
}
