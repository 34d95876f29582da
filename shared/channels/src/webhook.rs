//! Webhooks over https: one POST to an address that was checked, and what was answered (T25).
//!
//! The name is resolved once, every address is judged, and the connection goes to a judged address itself, so that a name that resolves differently a moment later changes nothing.
//! No redirect is followed, no proxy asked, no connection kept, and the answer's body is never read.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use domain::time::Timestamp;
use domain::webhook::{PORT, WebhookUrl, is_public};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::tls;

/// Everything together: resolving, connecting, sending, and the first lines of the answer.
const LIMIT: Duration = Duration::from_secs(3);
/// Bytes of an answer's head that are looked at.
const LARGEST_HEAD: usize = 16 * 1024;

/// Sends webhooks.
#[derive(Clone, Debug)]
pub struct WebhookChannel {
    relay: Option<Uri>,
}

/// One attempt at a webhook.
#[derive(Clone)]
pub struct WebhookRequest<'a> {
    /// Where to.
    pub url: &'a WebhookUrl,
    /// The message's id, the same at every attempt.
    pub message_id: &'a str,
    /// When this attempt is made.
    pub attempted_at: Timestamp,
    /// The signatures of this attempt.
    pub signature: &'a str,
    /// JSON.
    pub body: &'a str,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// The receiver answered with this HTTP status.
    Answered(u16),
    /// No answer in time; it may have arrived all the same.
    TimedOut,
    /// No connection, no certificate that fits, or no HTTP.
    Unreachable,
    /// The name is, also or only, one of an inside address: nothing was connected to.
    NotPublic,
}

impl std::fmt::Debug for WebhookRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookRequest(…)")
    }
}

impl WebhookChannel {
    /// To the internet, or, in the local stack, to the outbox at `relay`, which takes what would have gone out.
    pub fn new(relay: Option<&str>) -> Self {
        Self {
            relay: relay.and_then(|relay| relay.parse().ok()),
        }
    }

    /// Sends once.
    pub async fn post(&self, webhook: &WebhookRequest<'_>) -> Posted {
        let exchange = async {
            match &self.relay {
                Some(relay) => hand_over(relay, webhook).await,
                None => call(webhook, PORT, |name| lookup_host((name, PORT))).await,
            }
        };
        match timeout(LIMIT, exchange).await {
            Ok(Ok(status)) => Posted::Answered(status),
            Ok(Err(failure)) => failure,
            Err(_) => Posted::TimedOut,
        }
    }
}

/// Calls the receiver itself, at an address that its name resolves to.
async fn call<'a, R, A>(
    webhook: &WebhookRequest<'a>,
    port: u16,
    resolve: impl FnOnce(&'a str) -> R,
) -> Result<u16, Posted>
where
    R: Future<Output = io::Result<A>>,
    A: Iterator<Item = SocketAddr>,
{
    let url = webhook.url;
    let addresses = public_addresses(url, port, resolve).await?;
    let stream = TcpStream::connect(&addresses[..])
        .await
        .map_err(|_| Posted::Unreachable)?;
    let stream = secured(url, stream, tls::public_roots()).await?;
    let request = request(webhook, url.path_and_query(), url.host(), None)?;
    speak(stream, request).await
}

/// Hands the same request to the outbox instead.
async fn hand_over(relay: &Uri, webhook: &WebhookRequest<'_>) -> Result<u16, Posted> {
    let host = relay.authority().ok_or(Posted::Unreachable)?.as_str();
    let stream = TcpStream::connect(host)
        .await
        .map_err(|_| Posted::Unreachable)?;
    let request = request(webhook, relay.path(), host, Some(webhook.url))?;
    speak(stream, request).await
}

/// The addresses that may be connected to: all of the host's, if each of them is public.
///
/// A host that has an inside address beside a public one is refused as a whole: nobody needs that but an attacker.
async fn public_addresses<'a, R, A>(
    url: &'a WebhookUrl,
    port: u16,
    resolve: impl FnOnce(&'a str) -> R,
) -> Result<Vec<SocketAddr>, Posted>
where
    R: Future<Output = io::Result<A>>,
    A: Iterator<Item = SocketAddr>,
{
    let addresses: Vec<IpAddr> = match url.address() {
        Some(address) => vec![address],
        None => resolve(url.host())
            .await
            .map_err(|_| Posted::Unreachable)?
            .map(|address| address.ip())
            .collect(),
    };
    if addresses.is_empty() {
        return Err(Posted::Unreachable);
    }
    if !addresses.iter().copied().all(is_public) {
        return Err(Posted::NotPublic);
    }
    let with_port = |address| SocketAddr::new(address, port);
    Ok(addresses.into_iter().map(with_port).collect())
}

/// TLS with a certificate that names the host of the address.
async fn secured<S: AsyncRead + AsyncWrite + Unpin>(
    url: &WebhookUrl,
    stream: S,
    roots: RootCertStore,
) -> Result<impl AsyncRead + AsyncWrite + Unpin + use<S>, Posted> {
    let name = match url.address() {
        Some(address) => ServerName::from(address),
        None => ServerName::try_from(url.host().to_owned()).map_err(|_| Posted::Unreachable)?,
    };
    let secured = tls::secured(name, stream, roots).await;
    secured.ok_or(Posted::Unreachable)
}

fn request(
    webhook: &WebhookRequest<'_>,
    path: &str,
    host: &str,
    relayed_to: Option<&WebhookUrl>,
) -> Result<Request<Full<Bytes>>, Posted> {
    let mut builder = Request::post(path)
        .header(HOST, host)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, "Zweiweg")
        .header("webhook-id", webhook.message_id)
        .header("webhook-timestamp", webhook.attempted_at.seconds())
        .header("webhook-signature", webhook.signature);
    if let Some(url) = relayed_to {
        builder = builder.header("x-relayed-to", url.as_str());
    }
    let body = Full::new(Bytes::from(webhook.body.to_owned()));
    builder.body(body).map_err(|_| Posted::Unreachable)
}

/// One request; the status of its answer. Dropping the connection's task afterwards leaves the answer's body unread.
async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    request: Request<Full<Bytes>>,
) -> Result<u16, Posted> {
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(LARGEST_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Posted::Unreachable)?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = sender.send_request(request).await;
    answer
        .map(|answer| answer.status().as_u16())
        .map_err(|_| Posted::Unreachable)
}

#[cfg(test)]
mod tests;
