//! The Threema gateway and Secrets Manager in its service: key look-up, `send_e2e`, credits. Every ID that is asked for has a key pair here,
//! so that what was sealed for a person can be opened as their phone would, and shown.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use crypto_box::aead::Aead as _;
use crypto_box::{Nonce, PublicKey, SalsaBox, SecretKey};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::form_urlencoded;

use super::fault::Kind;
use super::mailbox::{Channel, Message};
use super::{Outbox, Outcome, aws_error, json_answer, random_id};
use crate::environment::THREEMA_ID;
use crate::files;

/// Where the gateway answers.
pub(crate) const PATH: &str = "/threema";

/// What the first byte of a text message is.
const TEXT: u8 = 0x01;

/// The gateway's secret and everybody's keys, in one file.
pub(crate) struct Gateway {
    path: PathBuf,
    keys: Mutex<Keys>,
}

/// Not printable: these are everybody's private keys, in hexadecimal.
#[derive(Serialize, Deserialize)]
struct Keys {
    secret: String,
    own: String,
    people: BTreeMap<String, String>,
}

impl Gateway {
    /// The keys of earlier runs, or new ones.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let keys = match files::read_if_there(&path)? {
            Some(stored) => serde_json::from_slice(&stored)?,
            None => Keys {
                secret: random_hex()?,
                own: random_hex()?,
                people: BTreeMap::new(),
            },
        };
        files::replace(&path, &serde_json::to_vec(&keys)?)?;
        Ok(Self {
            path,
            keys: Mutex::new(keys),
        })
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_ours(&self, from: Option<&String>, secret: Option<&String>) -> bool {
        from.is_some_and(|from| from == THREEMA_ID) && secret == Some(&self.keys().secret)
    }

    /// A person's key pair, made when it is first asked for, or made anew.
    fn person(&self, id: &str, anew: bool) -> io::Result<SecretKey> {
        let mut keys = self.keys();
        if anew || !keys.people.contains_key(id) {
            keys.people.insert(id.to_owned(), random_hex()?);
            files::replace(&self.path, &serde_json::to_vec(&*keys)?)?;
        }
        secret_key(keys.people.get(id).map_or("", String::as_str)).ok_or_else(malformed)
    }

    /// What a person reads; `None` where the box is not for them, from us, or no text.
    fn open_box(&self, to: &str, nonce: &str, sealed: &str) -> Option<String> {
        let own = secret_key(&self.keys().own)?;
        let theirs = self.person(to, false).ok()?;
        let nonce: [u8; 24] = HEXLOWER.decode(nonce.as_bytes()).ok()?.try_into().ok()?;
        let sealed = HEXLOWER.decode(sealed.as_bytes()).ok()?;
        let opening = SalsaBox::new(&own.public_key(), &theirs);
        let plain = opening
            .decrypt(&Nonce::from(nonce), sealed.as_slice())
            .ok()?;
        let padding = usize::from(*plain.last()?);
        let text = plain.get(1..plain.len().checked_sub(padding)?)?;
        let is_text = plain.first() == Some(&TEXT) && padding > 0;
        is_text.then(|| String::from_utf8(text.to_vec()).ok())?
    }
}

fn random_hex() -> io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(HEXLOWER.encode(&bytes))
}

fn secret_key(hex: &str) -> Option<SecretKey> {
    let bytes: [u8; 32] = HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()?;
    Some(SecretKey::from(bytes))
}

fn malformed() -> io::Error {
    io::Error::other("a key of the local Threema gateway is malformed")
}

/// `GET /threema/pubkeys/{id}`.
pub(super) async fn public_key(
    outbox: State<Arc<Outbox>>,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let gateway = &outbox.threema;
    if !gateway.is_ours(query.get("from"), query.get("secret")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let fault = outbox.faults.next_of(Channel::Threema, &Kind::LOOK_UPS);
    if let Some(status) = fault.and_then(status_of) {
        return status.into_response();
    }
    match gateway.person(&id, fault == Some(Kind::NewKey)) {
        Ok(key) => HEXLOWER
            .encode(PublicKey::from(&key).as_bytes())
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `GET /threema/credits`.
pub(super) async fn credits(
    outbox: State<Arc<Outbox>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if outbox
        .threema
        .is_ours(query.get("from"), query.get("secret"))
    {
        "1000".into_response()
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

/// `POST /threema/send_e2e`: opens the box with the recipient's key, and keeps what it says.
pub(super) async fn send_e2e(outbox: State<Arc<Outbox>>, body: Bytes) -> Response {
    let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    if !outbox.threema.is_ours(form.get("from"), form.get("secret")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let part = |name: &str| form.get(name).map(String::as_str);
    let (Some(to), Some(nonce), Some(sealed)) = (part("to"), part("nonce"), part("box")) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Some(text) = outbox.threema.open_box(to, nonce, sealed) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let message = Message {
        channel: Channel::Threema,
        to: to.to_owned(),
        from: Some(THREEMA_ID.to_owned()),
        reply_to: None,
        subject: None,
        text: Some(text),
        html: None,
        attachments: Vec::new(),
        at: outbox.clock.clock().now().to_string(),
        request: None,
    };
    match outbox.send(message, Vec::new()).await {
        Outcome::Accepted => random_id().replace('-', "")[..16]
            .to_owned()
            .into_response(),
        Outcome::Failing(kind) => status_of(kind)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            .into_response(),
        Outcome::Held => StatusCode::GATEWAY_TIMEOUT.into_response(),
        Outcome::Failed => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What the gateway answers where a fault was asked for.
fn status_of(kind: Kind) -> Option<StatusCode> {
    Some(match kind {
        Kind::Refuse => StatusCode::BAD_REQUEST,
        Kind::Credentials => StatusCode::UNAUTHORIZED,
        Kind::Credits => StatusCode::PAYMENT_REQUIRED,
        Kind::Gone => StatusCode::NOT_FOUND,
        Kind::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::Throttle => StatusCode::TOO_MANY_REQUESTS,
        Kind::Error => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Timeout | Kind::NewKey => return None,
    })
}

/// Secrets Manager: `GetSecretValue`, of the one secret that there is.
pub(super) fn secret_value(gateway: &Gateway, target: &[u8]) -> Response {
    if target != b"secretsmanager.GetSecretValue" {
        let message = "The local Secrets Manager knows GetSecretValue only.";
        return aws_error(
            StatusCode::BAD_REQUEST,
            "UnknownOperationException",
            message,
        );
    }
    let keys = gateway.keys();
    let secret = json!({"secret": keys.secret, "private_key": keys.own}).to_string();
    let answer = json!({"Name": "threema", "VersionId": random_id(), "SecretString": secret});
    json_answer(StatusCode::OK, &answer)
}
