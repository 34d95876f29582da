//! Threema, end to end: the gateway learns who writes to whom, never what.
//!
//! The official crate does the same with the same `crypto_box`, but its HTTP client brings a second TLS stack that no feature of it leaves out.
//! So the three requests are made here, over the stack that everything else uses. Nothing prints a request: our secret is in each.

use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use crypto_box::aead::Aead as _;
use crypto_box::{Nonce, PublicKey, SalsaBox, SecretKey};
use data_encoding::HEXLOWER;
use domain::contact::ThreemaId;
use domain::threema::{ThreemaKey, ThreemaRefusal};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::ServerName;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::Sent;
use crate::tls::{public_roots, secured};

/// Everything of one request together.
const LIMIT: Duration = Duration::from_secs(3);
/// The gateway's answers are an id or a key.
const LONGEST_ANSWER: usize = 1024;
/// What the first byte of a text message is.
const TEXT: u8 = 0x01;
/// What a message is padded to at least, so that its length says little.
const SHORTEST: usize = 32;

/// Sends Threema messages.
#[derive(Debug)]
pub struct ThreemaChannel {
    endpoint: String,
    id: String,
    secrets: Client,
    secret_id: String,
    credentials: OnceCell<Credentials>,
}

/// What the gateway knows us by, and what our messages are sealed with. Wiped with the sandbox.
#[derive(Deserialize)]
struct Credentials {
    secret: Zeroizing<String>,
    /// 64 hexadecimal digits.
    private_key: Zeroizing<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// What was answered: status and body.
type Answer = (u16, String);

impl ThreemaChannel {
    /// Over the gateway at `endpoint`, as `id`, with what Secrets Manager keeps under `secret_id`.
    pub fn new(endpoint: String, id: String, secrets: Client, secret_id: String) -> Self {
        Self {
            endpoint,
            id,
            secrets,
            secret_id,
            credentials: OnceCell::new(),
        }
    }

    /// The key of an ID, as the gateway tells it now. Sends nothing.
    pub async fn look_up(&self, to: &ThreemaId) -> Result<ThreemaKey, ThreemaRefusal> {
        let credentials = self.credentials().await?;
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("from", &self.id)
            .append_pair("secret", &credentials.secret)
            .finish();
        let path = Zeroizing::new(format!("/pubkeys/{}?{query}", to.as_str()));
        let answer = self.call("GET", &path, String::new()).await;
        match answer {
            Some((200, key)) => key
                .trim()
                .to_owned()
                .try_into()
                .map_err(|_| ThreemaRefusal::ServerError),
            Some((status, _)) => {
                Err(ThreemaRefusal::of_status(status).unwrap_or(ThreemaRefusal::Unreachable))
            }
            None => Err(ThreemaRefusal::Unreachable),
        }
    }

    /// Sends once, sealed for this key.
    pub async fn send(&self, to: &ThreemaId, key: &ThreemaKey, text: &str) -> Sent {
        match self.try_send(to, key, text).await {
            Ok(Some((200, id))) => Sent::Accepted {
                message_id: id.trim().to_owned(),
            },
            Ok(Some((status, _))) => match ThreemaRefusal::of_status(status) {
                Some(refusal) => refused(refusal),
                None => Sent::Unknown,
            },
            Ok(None) => Sent::Unknown,
            Err(refusal) => refused(refusal),
        }
    }

    /// An error means that nothing left; no answer, that nobody can tell.
    async fn try_send(
        &self,
        to: &ThreemaId,
        key: &ThreemaKey,
        text: &str,
    ) -> Result<Option<Answer>, ThreemaRefusal> {
        let credentials = self.credentials().await?;
        let own = credentials.key().ok_or(ThreemaRefusal::BadCredentials)?;
        let (nonce, sealed) = seal(&own, key, text).ok_or(ThreemaRefusal::Unreachable)?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("from", &self.id)
            .append_pair("to", to.as_str())
            .append_pair("secret", &credentials.secret)
            .append_pair("nonce", &HEXLOWER.encode(&nonce))
            .append_pair("box", &HEXLOWER.encode(&sealed))
            .append_pair("noDeliveryReceipts", "1")
            .finish();
        Ok(self.call("POST", "/send_e2e", form).await)
    }

    /// Fetched once in a sandbox's life, when the first message is to be sent.
    async fn credentials(&self) -> Result<&Credentials, ThreemaRefusal> {
        let fetch = async || {
            let got = self.secrets.get_secret_value().secret_id(&self.secret_id);
            let got = got.send().await.ok()?;
            serde_json::from_str(got.secret_string()?).ok()
        };
        let fetched = self
            .credentials
            .get_or_try_init(async || fetch().await.ok_or(ThreemaRefusal::Unreachable));
        let fetched = fetched.await;
        if fetched.is_err() {
            tracing::error!(
                "the secret of the Threema gateway cannot be read; check that it holds what the template says, and that the function's role may use secretsmanager:GetSecretValue on it"
            );
        }
        fetched
    }

    /// One request; `None` where no whole answer came in time.
    async fn call(&self, method: &str, path: &str, body: String) -> Option<Answer> {
        timeout(LIMIT, self.exchange(method, path, body))
            .await
            .ok()?
    }

    async fn exchange(&self, method: &str, path: &str, body: String) -> Option<Answer> {
        let uri: Uri = self.endpoint.parse().ok()?;
        let host = uri.host()?;
        let prefix = uri.path().trim_end_matches('/');
        let request = Request::builder()
            .method(method)
            .uri(format!("{prefix}{path}"))
            .header(HOST, uri.authority()?.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(body)))
            .ok()?;
        let is_plain = uri.scheme_str() == Some("http");
        let port = uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        let stream = TcpStream::connect((host, port)).await.ok()?;
        if is_plain {
            return speak(stream, request).await;
        }
        let name = ServerName::try_from(host.to_owned()).ok()?;
        speak(secured(name, stream, public_roots()).await?, request).await
    }
}

impl Credentials {
    fn key(&self) -> Option<SecretKey> {
        let bytes = HEXLOWER.decode(self.private_key.as_bytes()).ok()?;
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        Some(SecretKey::from(bytes))
    }
}

fn refused(refusal: ThreemaRefusal) -> Sent {
    Sent::Refused {
        reason: refusal.name().to_owned(),
    }
}

/// A text message for a key: its kind, the text, and padding of a random length, in a box with a random nonce.
fn seal(own: &SecretKey, key: &ThreemaKey, text: &str) -> Option<([u8; 24], Vec<u8>)> {
    let (mut nonce, mut padding) = ([0; 24], [0]);
    getrandom::fill(&mut nonce).ok()?;
    getrandom::fill(&mut padding).ok()?;
    let missing = SHORTEST.saturating_sub(1 + text.len());
    let padding = padding[0].max(1).max(u8::try_from(missing).ok()?);
    let mut plain = Zeroizing::new(Vec::with_capacity(1 + text.len() + usize::from(padding)));
    plain.push(TEXT);
    plain.extend_from_slice(text.as_bytes());
    let length = plain.len() + usize::from(padding);
    plain.resize(length, padding);
    let sealing = SalsaBox::new(&PublicKey::from(key.bytes()), own);
    let sealed = sealing
        .encrypt(&Nonce::from(nonce), plain.as_slice())
        .ok()?;
    Some((nonce, sealed))
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    request: Request<Full<Bytes>>,
) -> Option<Answer> {
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.ok()?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = sender.send_request(request).await.ok()?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), LONGEST_ANSWER);
    let body = body.collect().await.ok()?.to_bytes();
    Some((status, String::from_utf8(body.to_vec()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_recipients_key_opens_a_message_and_its_length_says_little() {
        let (ours, theirs) = (SecretKey::from([7; 32]), SecretKey::from([9; 32]));
        let key = HEXLOWER.encode(theirs.public_key().as_bytes());
        let key = ThreemaKey::try_from(key).unwrap();
        for text in ["", "Ihr Code: BCD-FGH", &"ä".repeat(300)] {
            let (nonce, sealed) = seal(&ours, &key, text).unwrap();
            let opening = SalsaBox::new(&ours.public_key(), &theirs);
            let plain = opening
                .decrypt(&Nonce::from(nonce), sealed.as_slice())
                .unwrap();
            let padding = usize::from(*plain.last().unwrap());
            assert!(padding >= 1 && plain.len() >= SHORTEST);
            assert_eq!(plain[0], TEXT);
            assert_eq!(&plain[1..plain.len() - padding], text.as_bytes());
            let stranger = SalsaBox::new(&ours.public_key(), &SecretKey::from([8; 32]));
            assert!(
                stranger
                    .decrypt(&Nonce::from(nonce), sealed.as_slice())
                    .is_err()
            );
        }
    }
}
