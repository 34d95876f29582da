//! The outbox as the functions' own SDK clients and other programs meet it.

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::MacAlgorithmSpec;
use aws_sdk_sesv2::types::{
    Body as EmailBody, Content, Destination, EmailContent, Message as Email,
};
use aws_sdk_sns::error::ProvideErrorMetadata;
use aws_sdk_sns::types::MessageAttributeValue;
use runtime::{Aws, Environment};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::environment::{Addresses, aws};
use crate::servers::{Servers, listen};

/// A response's body as JSON.
pub(super) async fn json_body(response: Response) -> Value {
    let body = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    serde_json::from_slice(&body).unwrap()
}

struct Served {
    address: String,
    aws: Aws,
    key: String,
    _servers: Servers,
    _folder: tempfile::TempDir,
}

async fn serve() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::open(&folder.path().join("kms.json"), &["LookupKey".to_owned()]).unwrap();
    let key = keys.ids()["LookupKey"].clone();
    let clock = ClockFile::open(folder.path().join("clock.json")).unwrap();
    let listener = listen("the outbox", 0).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut servers = Servers::new();
    let outbox = Outbox::open(
        folder.path(),
        clock,
        keys,
        Bus::default(),
        servers.stopping(),
    )
    .unwrap();
    servers.serve(listener, router(outbox));
    let url = format!("http://{address}");
    let addresses = Addresses {
        api: url.clone(),
        outbox: url.clone(),
        dynamodb: url.clone(),
        s3: url,
    };
    let environment: Environment = aws(&addresses).into_iter().collect();
    Served {
        address,
        aws: Aws::new(&environment).unwrap(),
        key,
        _servers: servers,
        _folder: folder,
    }
}

impl Served {
    /// Status and body of a request.
    async fn request(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    async fn messages(&self) -> Vec<Value> {
        let (status, body) = self.request("GET", "/messages", "").await;
        assert_eq!(status, 200);
        serde_json::from_str(&body).unwrap()
    }

    async fn plan(&self, channel: &str, kind: &str) {
        let fault = json!({"channel": channel, "kind": kind, "times": 1}).to_string();
        assert_eq!(self.request("POST", "/faults", &fault).await.0, 200);
    }

    /// The message id, or the error's code.
    async fn email(&self, subject: &str) -> Result<String, Option<String>> {
        let content = |data: &str| {
            Content::builder()
                .data(data)
                .charset("UTF-8")
                .build()
                .unwrap()
        };
        let body = EmailBody::builder()
            .text(content("Grüße"))
            .html(content("<p>Grüße</p>"))
            .build();
        let email = Email::builder()
            .subject(content(subject))
            .body(body)
            .build();
        let sent = self
            .aws
            .ses()
            .send_email()
            .from_email_address("Praxis am Park <noreply@zweiweg.example>")
            .destination(Destination::builder().to_addresses("a@example.org").build())
            .reply_to_addresses("praxis@example.org")
            .content(EmailContent::builder().simple(email).build())
            .send()
            .await;
        sent.map(|sent| sent.message_id.unwrap())
            .map_err(|error| error.code().map(str::to_owned))
    }

    /// The message id, or the error's code.
    async fn sms(&self, text: &str) -> Result<String, Option<String>> {
        let sender = MessageAttributeValue::builder()
            .data_type("String")
            .string_value("PraxisPark")
            .build()
            .unwrap();
        let publish = self
            .aws
            .sns()
            .publish()
            .phone_number("+4915228817386")
            .message(text);
        let sent = publish
            .message_attributes("AWS.SNS.SMS.SenderID", sender)
            .send()
            .await;
        sent.map(|sent| sent.message_id.unwrap())
            .map_err(|error| error.code().map(str::to_owned))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sdks_send_is_shown() {
    let outbox = serve().await;
    assert!(!outbox.email("Ein Dokument").await.unwrap().is_empty());
    assert!(
        !outbox
            .sms("Code BCD-FGH\nGrüße & mehr")
            .await
            .unwrap()
            .is_empty()
    );

    let messages = outbox.messages().await;
    assert_eq!(messages[0]["subject"], "Ein Dokument");
    assert_eq!(
        messages[0]["from"],
        "Praxis am Park <noreply@zweiweg.example>"
    );
    assert_eq!(messages[0]["reply_to"], "praxis@example.org");
    assert_eq!(messages[0]["text"], "Grüße");
    assert_eq!(messages[1]["channel"], "sms");
    assert_eq!(messages[1]["from"], "PraxisPark");
    assert_eq!(messages[1]["text"], "Code BCD-FGH\nGrüße & mehr");

    let (_, page) = outbox.request("GET", "/", "").await;
    assert!(page.contains("Ein Dokument") && page.contains("BCD-FGH"));
    assert_eq!(outbox.request("GET", "/revision", "").await.1, "2");
    assert_eq!(outbox.request("DELETE", "/messages", "").await.0, 204);
    assert!(outbox.messages().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_for_faults_look_to_the_sdks_like_real_ones() {
    let outbox = serve().await;
    for (kind, email, sms) in [
        ("refuse", Some("MessageRejected"), Some("InvalidParameter")),
        (
            "throttle",
            Some("TooManyRequestsException"),
            Some("Throttled"),
        ),
    ] {
        outbox.plan("email", kind).await;
        outbox.plan("sms", kind).await;
        assert_eq!(outbox.email("x").await, Err(email.map(str::to_owned)));
        assert_eq!(outbox.sms("x").await, Err(sms.map(str::to_owned)));
    }
    assert!(outbox.messages().await.is_empty());
    assert!(outbox.email("x").await.is_ok());
    assert_eq!(
        outbox
            .request("POST", "/faults", "{\"channel\":\"fax\"}")
            .await
            .0,
        400
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_answer_never_came_was_sent_all_the_same() {
    let outbox = serve().await;
    outbox.plan("email", "timeout").await;
    outbox.plan("sms", "timeout").await;
    let (email, sms) = tokio::join!(outbox.email("x"), outbox.sms("x"));
    assert_eq!((email, sms), (Err(None), Err(None)));
    assert_eq!(outbox.messages().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn macs_come_from_known_keys_only() {
    let outbox = serve().await;
    let mac = |key: &str| {
        let mac = outbox
            .aws
            .kms()
            .generate_mac()
            .key_id(key)
            .mac_algorithm(MacAlgorithmSpec::HmacSha256);
        mac.message(Blob::new("label")).send()
    };
    assert_eq!(
        mac(&outbox.key)
            .await
            .unwrap()
            .mac
            .unwrap()
            .into_inner()
            .len(),
        32
    );
    let error = mac("11111111-2222-3333-4444-555555555555")
        .await
        .unwrap_err();
    assert!(error.into_service_error().is_not_found_exception());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_read_and_moved() {
    let outbox = serve().await;
    let stop = r#"{"now":"2027-02-28T23:59:59Z","stopped":true}"#;
    assert_eq!(
        outbox.request("POST", "/clock", stop).await,
        (
            200,
            r#"{"now":"2027-02-28T23:59:59Z","stopped":true}"#.to_owned()
        )
    );
    outbox
        .request("POST", "/clock", r#"{"advance_seconds":1}"#)
        .await;
    outbox.sms("x").await.unwrap();
    assert_eq!(
        outbox.request("GET", "/clock", "").await.1,
        r#"{"now":"2027-03-01T00:00:00Z","stopped":true}"#
    );
    assert_eq!(outbox.messages().await[0]["at"], "2027-03-01T00:00:00Z");
    let (status, body) = outbox.request("POST", "/clock", r#"{"now":"soon"}"#).await;
    assert_eq!(status, 400);
    assert!(body.contains("expected a point in time"), "{body}");
}
