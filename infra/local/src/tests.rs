//! The stack as a whole: several at once, restarts, ports, and S3 as browsers and functions meet it.

use crate::{Error, Options, Ports, Stack};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use data_encoding::BASE64;
use runtime::Aws;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const BUCKET: &str = "local-documentsbucket";

async fn start(directory: &Path) -> Stack {
    Stack::start(options(directory)).await.unwrap()
}

fn options(directory: &Path) -> Options {
    Options {
        directory: directory.to_owned(),
        ports: Ports::default(),
        parameters: BTreeMap::new(),
        variables: BTreeMap::new(),
        fed_elsewhere: Vec::new(),
    }
}

fn aws(stack: &Stack) -> Aws {
    Aws::new(stack.environment()).unwrap()
}

/// Sends a request as it is; the answer's status and the rest.
async fn exchange(url: &str, method: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let (address, target) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} /{target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    stream
        .write_all(&[head.as_bytes(), body].concat())
        .await
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer[9..12].parse().unwrap(), answer)
}

/// A pre-signed upload of exactly these bytes, once: its address, and its headers but the length.
async fn upload(stack: &Stack, key: &str, content: &[u8]) -> (String, String) {
    let put = aws(stack).s3().put_object().bucket(BUCKET).key(key);
    let signed = put
        .content_type("application/pdf")
        .content_length(content.len().try_into().unwrap())
        .checksum_sha256(BASE64.encode(&Sha256::digest(content)))
        .if_none_match("*")
        .presigned(PresigningConfig::expires_in(Duration::from_mins(5)).unwrap())
        .await
        .unwrap();
    let headers = signed
        .headers()
        .filter(|(name, _)| *name != "content-length");
    (
        signed.uri().to_owned(),
        headers.fold(String::new(), |lines, (name, value)| {
            lines + name + ": " + value + "\r\n"
        }),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_announced_bytes_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let stack = start(folder.path()).await;
    let (url, headers) = upload(&stack, "documents/a", b"right bytes").await;

    let (status, answer) = exchange(&url, "PUT", &headers, b"wrong bytes").await;
    assert_eq!(status, 400, "{answer}");
    let head = || {
        aws(&stack)
            .s3()
            .head_object()
            .bucket(BUCKET)
            .key("documents/a")
            .send()
    };
    assert!(
        head()
            .await
            .unwrap_err()
            .into_service_error()
            .is_not_found(),
        "nothing of it was stored"
    );
    assert_eq!(
        exchange(&url, "PUT", &headers, b"too many bytes").await.0,
        403
    );
    let other_type = headers.replace("application/pdf", "text/html");
    assert_eq!(
        exchange(&url, "PUT", &other_type, b"right bytes").await.0,
        403
    );
    assert_eq!(exchange(&url, "PUT", &headers, b"right bytes").await.0, 200);
    assert_eq!(
        exchange(&url, "PUT", &headers, b"right bytes").await.0,
        412,
        "an object is written once"
    );

    let object = head().await.unwrap();
    assert_eq!(object.content_length, Some(11));
    assert_eq!(object.content_type.as_deref(), Some("application/pdf"));
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_are_named_and_signed() {
    let folder = tempfile::tempdir().unwrap();
    let stack = start(folder.path()).await;
    let s3 = aws(&stack).s3();
    let body = ByteStream::from_static(b"%PDF-1.7");
    let put = s3
        .put_object()
        .bucket(BUCKET)
        .key("documents/a")
        .checksum_algorithm(ChecksumAlgorithm::Sha256);
    put.body(body).send().await.unwrap();
    let signed = s3
        .get_object()
        .bucket(BUCKET)
        .key("documents/a")
        .response_content_disposition("attachment; filename=\"Rechnung.pdf\"")
        .response_content_type("application/pdf")
        .presigned(PresigningConfig::expires_in(Duration::from_mins(1)).unwrap())
        .await
        .unwrap();

    let (status, answer) = exchange(signed.uri(), "GET", "", b"").await;
    assert_eq!(status, 200, "{answer}");
    assert!(
        answer.contains("filename=\"Rechnung.pdf\"") && answer.ends_with("%PDF-1.7"),
        "{answer}"
    );
    let elsewhere = signed.uri().replace("documents/a", "documents/b");
    assert_eq!(exchange(&elsewhere, "GET", "", b"").await.0, 403);
    let (unsigned, _) = signed.uri().split_once('?').unwrap();
    assert_eq!(exchange(unsigned, "GET", "", b"").await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn state_survives_a_restart_and_stacks_do_not_mix() {
    let [one, two] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (first, second) = (start(one.path()).await, start(two.path()).await);
    let moved = first.clock_url();
    let body = br#"{"now":"2030-01-01T00:00:00Z","stopped":true}"#;
    assert_eq!(exchange(&moved, "POST", "", body).await.0, 200);
    assert_ne!(first.clock().now(), second.clock().now());
    let url = format!("{}/", first.outbox());
    let sms = b"Action=Publish&PhoneNumber=%2B4915228817386&Message=hello";
    assert_eq!(exchange(&url, "POST", "", sms).await.0, 200);
    assert!(matches!(
        Stack::start(options(one.path())).await,
        Err(Error::DirectoryInUse(_))
    ));
    first.stop().await;

    let again = start(one.path()).await;
    assert_eq!(again.clock().now().to_string(), "2030-01-01T00:00:00Z");
    let messages = format!("{}/messages", again.outbox());
    assert!(
        exchange(&messages, "GET", "", b"")
            .await
            .1
            .contains("hello")
    );
    let others = format!("{}/messages", second.outbox());
    assert!(exchange(&others, "GET", "", b"").await.1.ends_with("[]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_named() {
    let [one, two] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first = start(one.path()).await;
    let port = first.outbox().rsplit(':').next().unwrap().parse().unwrap();
    let mut taken = options(two.path());
    taken.ports.api = port;
    let error = Stack::start(taken).await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("port {port}")) && error.contains("--port"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_stack_lets_go_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    drop(start(folder.path()).await);
    start(folder.path()).await.stop().await;
}
