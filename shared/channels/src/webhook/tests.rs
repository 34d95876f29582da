//! Receivers of every temper, and T25: nothing inside is ever connected to.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

use super::*;

fn url(text: &str) -> WebhookUrl {
    WebhookUrl::try_from(text.to_owned()).unwrap()
}

fn webhook(url: &WebhookUrl) -> WebhookRequest<'_> {
    WebhookRequest {
        url,
        message_id: "message",
        attempted_at: Timestamp::EPOCH.plus(1_674_087_231),
        signature: "v1,c2lnbmF0dXJl",
        body: "{\"type\":\"webhook.test\"}",
    }
}

/// Counts connections to a port of loopback, and answers each with 200.
struct Inside {
    port: u16,
    connections: Arc<AtomicUsize>,
    _servers: JoinSet<()>,
}

impl Inside {
    async fn listen() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let mut servers = JoinSet::new();
        let counted = Arc::clone(&connections);
        servers.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            }
        });
        Self {
            port,
            connections,
            _servers: servers,
        }
    }

    /// What a webhook to this address comes to, when its name resolves to `addresses` and the port is the listener's.
    async fn reach(&self, url: &WebhookUrl, addresses: &[&str]) -> Result<u16, Posted> {
        let resolved: Vec<SocketAddr> = addresses
            .iter()
            .map(|address| SocketAddr::new(address.parse().unwrap(), self.port))
            .collect();
        let resolve = |_| std::future::ready(Ok(resolved.into_iter()));
        let webhook = webhook(url);
        let called = call(&webhook, self.port, resolve);
        let called = timeout(Duration::from_millis(200), called).await;
        called.unwrap_or(Err(Posted::TimedOut))
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Inside addresses that a name may resolve to.
const INSIDE: [&str; 46] = [
    "127.0.0.1",
    "127.0.0.2",
    "127.1.2.3",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.169.123",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2001:0:7f00:1::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];

/// Spellings of inside addresses that never become a webhook at all.
const REFUSED: [&str; 26] = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://0177.1/",
    "https://127.0.0.1.:443/",
    "https://0/",
    "https://0.0.0.0/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[fd00:ec2::254]/",
    "https://localhost/",
    "https://api.localhost/",
    "https://metadata.google.internal/",
];

#[tokio::test(flavor = "multi_thread")]
async fn t25_no_target_inside_is_ever_connected_to() {
    let inside = Inside::listen().await;
    let named = url("https://hooks.example.org/");
    for spelling in REFUSED {
        assert!(
            WebhookUrl::try_from(spelling.to_owned()).is_err(),
            "{spelling}"
        );
    }
    for address in INSIDE {
        for resolved in [
            &[address][..],
            &[address, "93.184.216.34"],
            &["93.184.216.34", address],
            &["2606:4700::1111", address],
        ] {
            let reached = inside.reach(&named, resolved).await;
            assert_eq!(reached, Err(Posted::NotPublic), "{resolved:?}");
        }
    }
    assert_eq!(inside.connections(), 0, "something inside was connected to");
    // The listener does count.
    let control = TcpStream::connect((Ipv4Addr::LOCALHOST, inside.port)).await;
    let mut answer = [0; 15];
    control.unwrap().read_exact(&mut answer).await.unwrap();
    assert_eq!(inside.connections(), 1);
}

#[tokio::test]
async fn t25_a_name_is_resolved_once_and_what_was_judged_is_what_is_connected_to() {
    let asked = AtomicUsize::new(0);
    // The first answer is public, every later one is not.
    let rebinding = |_| {
        let address = match asked.fetch_add(1, Ordering::SeqCst) {
            0 => "93.184.216.34:443",
            _ => "127.0.0.1:443",
        };
        std::future::ready(Ok(std::iter::once(address.parse().unwrap())))
    };
    let url = url("https://rebinding.example.org/");
    let addresses = public_addresses(&url, PORT, rebinding).await.unwrap();
    assert_eq!(addresses, ["93.184.216.34:443".parse().unwrap()]);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_name_without_addresses_is_unreachable() {
    let url = url("https://hooks.example.org/");
    let nothing = |_| std::future::ready(Ok(std::iter::empty()));
    let failing =
        |_| std::future::ready(Err::<std::vec::IntoIter<_>, _>(io::ErrorKind::Other.into()));
    for addresses in [
        public_addresses(&url, PORT, nothing).await,
        public_addresses(&url, PORT, failing).await,
    ] {
        assert_eq!(addresses, Err(Posted::Unreachable));
    }
}

/// What a receiver hears that answers with these bytes, and what its sender makes of them.
async fn answered_with(answer: &'static [u8]) -> (String, Result<u16, Posted>) {
    let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
    let receiver = tokio::spawn(async move {
        let mut heard = vec![0; 4096];
        let length = theirs.read(&mut heard).await.unwrap();
        let _ = theirs.write_all(answer).await;
        heard.truncate(length);
        String::from_utf8(heard).unwrap()
    });
    let url = url("https://hooks.example.org/a?b=c");
    let request = request(&webhook(&url), url.path_and_query(), url.host(), None).unwrap();
    let spoken = speak(ours, request).await;
    (receiver.await.unwrap(), spoken)
}

#[tokio::test]
async fn the_request_is_the_standards() {
    let (heard, spoken) = answered_with(b"HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(spoken, Ok(204));
    for line in [
        "POST /a?b=c HTTP/1.1\r\n",
        "host: hooks.example.org\r\n",
        "content-type: application/json\r\n",
        "content-length: 23\r\n",
        "webhook-id: message\r\n",
        "webhook-timestamp: 1674087231\r\n",
        "webhook-signature: v1,c2lnbmF0dXJl\r\n",
        "\r\n\r\n{\"type\":\"webhook.test\"}",
    ] {
        assert!(heard.contains(line), "{line:?} is not in {heard:?}");
    }
}

#[tokio::test]
async fn t25_a_redirect_is_an_answer_like_any_other_and_its_target_is_not_called() {
    let inside = Inside::listen().await;
    for status in [301, 302, 303, 307, 308] {
        let head = format!(
            "HTTP/1.1 {status} Go\r\nLocation: https://127.0.0.1:{}/\r\nContent-Length: 0\r\n\r\n",
            inside.port
        );
        let (_, spoken) = answered_with(head.leak().as_bytes()).await;
        assert_eq!(spoken, Ok(status));
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn t25_what_is_no_http_or_has_no_end_is_unreachable() {
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(2 * LARGEST_HEAD));
    for answer in [
        &b""[..],
        b"\r\n\r\n",
        b"220 mail.example.org ESMTP\r\n",
        endless.leak().as_bytes(),
    ] {
        let (_, spoken) = answered_with(answer).await;
        assert_eq!(spoken, Err(Posted::Unreachable));
    }
}

#[tokio::test]
async fn t25_a_huge_answer_is_not_read() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let relay = format!("http://{}/webhooks", listener.local_addr().unwrap());
    let receiver = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 4096];
        assert!(stream.read(&mut heard).await.unwrap() > 0);
        let begun = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n";
        stream.write_all(begun).await.unwrap();
        let more = vec![b'x'; 64 * 1024];
        let mut written = 0;
        while let Ok(length) = stream.write(&more).await {
            written += length;
        }
        written
    });
    let url = url("https://hooks.example.org/");
    let channel = WebhookChannel::new(Some(&relay));
    assert_eq!(channel.post(&webhook(&url)).await, Posted::Answered(200));
    let written = receiver.await.unwrap();
    assert!(written < 32 * 1024 * 1024, "{written} bytes were taken");
}

#[tokio::test]
async fn t25_a_receiver_that_does_not_answer_is_waited_for_three_seconds() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let relay = format!("http://{}/webhooks", listener.local_addr().unwrap());
    let url = url("https://hooks.example.org/");
    let started = Instant::now();
    let channel = WebhookChannel::new(Some(&relay));
    assert_eq!(channel.post(&webhook(&url)).await, Posted::TimedOut);
    let waited = started.elapsed();
    assert!(waited >= LIMIT && waited < 2 * LIMIT, "{waited:?}");
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let relay = format!("http://{}/webhooks", listener.local_addr().unwrap());
    drop(listener);
    let url = url("https://hooks.example.org/");
    let channel = WebhookChannel::new(Some(&relay));
    assert_eq!(channel.post(&webhook(&url)).await, Posted::Unreachable);
}

#[tokio::test]
async fn a_certificate_has_to_name_the_host_and_come_from_a_known_house() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["hooks.example.org".to_owned()]).unwrap();
    let key = signing_key.serialize_der().try_into().unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let mut own = RootCertStore::empty();
    own.add(cert.der().clone()).unwrap();
    let known: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    for (host, roots, spoken) in [
        ("https://hooks.example.org/", own.clone(), Ok(204)),
        ("https://other.example.org/", own, Err(Posted::Unreachable)),
        (
            "https://hooks.example.org/",
            known,
            Err(Posted::Unreachable),
        ),
    ] {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(mut stream) = acceptor.accept(theirs).await else {
                return;
            };
            let mut heard = vec![0; 4096];
            let _ = stream.read(&mut heard).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        });
        let url = url(host);
        let sent = async {
            let stream = secured(&url, ours, roots).await?;
            let request = request(&webhook(&url), url.path_and_query(), url.host(), None)?;
            speak(stream, request).await
        };
        assert_eq!(sent.await, spoken, "{host}");
    }
}
