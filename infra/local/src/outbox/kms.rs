//! KMS: `GenerateMac` with keys that stay in one file.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use axum::http::StatusCode;
use axum::response::Response;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;

use super::{aws_error, json_answer, random_id};
use crate::files;
use crate::template::arn;

/// The most bytes that KMS takes for a MAC.
const LONGEST_MESSAGE: usize = 4096;

/// The keys of one stack, by the logical id that `template.yaml` gives them.
pub(crate) struct Keys(BTreeMap<String, Key>);

/// One key; not printable, as it is what everything else is derived from.
#[derive(Serialize, Deserialize)]
struct Key {
    id: String,
    secret: String,
}

impl Keys {
    /// Reads the keys of earlier runs and makes those that are missing.
    pub(crate) fn open(path: &Path, logical_ids: &[String]) -> io::Result<Self> {
        let mut keys: BTreeMap<String, Key> = match files::read_if_there(path)? {
            Some(stored) => serde_json::from_slice(&stored)?,
            None => BTreeMap::new(),
        };
        for logical_id in logical_ids {
            if !keys.contains_key(logical_id) {
                keys.insert(logical_id.clone(), Key::random()?);
            }
        }
        files::replace(path, &serde_json::to_vec_pretty(&keys)?)?;
        Ok(Self(keys))
    }

    /// The key id by which the functions know a key of the template.
    pub(crate) fn ids(&self) -> BTreeMap<String, String> {
        self.0
            .iter()
            .map(|(logical_id, key)| (logical_id.clone(), key.id.clone()))
            .collect()
    }

    fn find(&self, id_or_arn: &str) -> Option<&Key> {
        self.0
            .values()
            .find(|key| key.id == id_or_arn || key.arn() == id_or_arn)
    }
}

impl Key {
    fn random() -> io::Result<Self> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(io::Error::other)?;
        Ok(Self {
            id: random_id(),
            secret: BASE64.encode(&secret),
        })
    }

    fn arn(&self) -> String {
        arn("kms", &format!("key/{}", self.id))
    }

    fn mac(&self, message: &[u8]) -> Option<Vec<u8>> {
        let secret = BASE64.decode(self.secret.as_bytes()).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).ok()?;
        mac.update(message);
        Some(mac.finalize().into_bytes().to_vec())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateMac {
    key_id: String,
    mac_algorithm: String,
    message: String,
}

/// Answers a request in KMS's protocol.
pub(super) fn answer(keys: &Keys, target: &[u8], body: &[u8]) -> Response {
    if target != b"TrentService.GenerateMac" {
        return refuse(
            "UnknownOperationException",
            "The local KMS knows GenerateMac only.",
        );
    }
    let Ok(request) = serde_json::from_slice::<GenerateMac>(body) else {
        return refuse(
            "SerializationException",
            "Expected KeyId, MacAlgorithm and Message.",
        );
    };
    let Some(key) = keys.find(&request.key_id) else {
        return refuse("NotFoundException", "The local KMS has no such key.");
    };
    if request.mac_algorithm != "HMAC_SHA_256" {
        return refuse(
            "InvalidKeyUsageException",
            "The local KMS computes HMAC_SHA_256 only.",
        );
    }
    let mac = BASE64
        .decode(request.message.as_bytes())
        .ok()
        .filter(|message| (1..=LONGEST_MESSAGE).contains(&message.len()))
        .and_then(|message| key.mac(&message));
    match mac {
        Some(mac) => {
            let answer = json!({"KeyId": key.arn(), "Mac": BASE64.encode(&mac), "MacAlgorithm": "HMAC_SHA_256"});
            json_answer(StatusCode::OK, &answer)
        }
        None => refuse(
            "ValidationException",
            "Expected a Message of 1 to 4096 bytes in base64.",
        ),
    }
}

fn refuse(code: &str, message: &str) -> Response {
    aws_error(StatusCode::BAD_REQUEST, code, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::tests::json_body;

    const GENERATE_MAC: &[u8] = b"TrentService.GenerateMac";

    fn request(key: &str, message: &str) -> Vec<u8> {
        json!({"KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": message})
            .to_string()
            .into_bytes()
    }

    #[tokio::test]
    async fn macs_are_those_of_the_key_and_outlive_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kms.json");
        let names = ["LookupKey".to_owned(), "PepperKey".to_owned()];
        let keys = Keys::open(&path, &names).unwrap();
        let ids = keys.ids();
        let [lookup, pepper] = [&ids["LookupKey"], &ids["PepperKey"]];

        let first = json_body(answer(&keys, GENERATE_MAC, &request(lookup, "aGVsbG8="))).await;
        let other = json_body(answer(&keys, GENERATE_MAC, &request(pepper, "aGVsbG8="))).await;
        let again = Keys::open(&path, &names).unwrap();
        let by_arn = keys.find(lookup).unwrap().arn();
        let second = json_body(answer(&again, GENERATE_MAC, &request(&by_arn, "aGVsbG8="))).await;

        assert_eq!(first["Mac"], second["Mac"]);
        assert_ne!(first["Mac"], other["Mac"]);
        assert_eq!(
            BASE64
                .decode(first["Mac"].as_str().unwrap().as_bytes())
                .unwrap()
                .len(),
            32
        );
    }

    #[test]
    fn the_mac_is_hmac_sha_256() {
        // RFC 4231, test case 2.
        let key = Key {
            id: String::new(),
            secret: BASE64.encode(b"Jefe"),
        };
        let mac = key.mac(b"what do ya want for nothing?").unwrap();
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(data_encoding::HEXLOWER.encode(&mac), expected);
    }

    #[tokio::test]
    async fn unknown_keys_and_bad_requests_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(&folder.path().join("kms.json"), &["LookupKey".to_owned()]).unwrap();
        let id = keys.ids()["LookupKey"].clone();
        let too_long = BASE64.encode(&[0; LONGEST_MESSAGE + 1]);
        for (target, body, code) in [
            (
                GENERATE_MAC,
                request("alias/other", "aGVsbG8="),
                "NotFoundException",
            ),
            (GENERATE_MAC, request(&id, ""), "ValidationException"),
            (
                GENERATE_MAC,
                request(&id, "not base64"),
                "ValidationException",
            ),
            (GENERATE_MAC, request(&id, &too_long), "ValidationException"),
            (GENERATE_MAC, b"{}".to_vec(), "SerializationException"),
            (
                b"TrentService.Decrypt",
                request(&id, "aGVsbG8="),
                "UnknownOperationException",
            ),
        ] {
            let response = answer(&keys, target, &body);
            assert_eq!(response.status(), StatusCode::BAD_REQUEST);
            assert_eq!(json_body(response).await["__type"], code);
        }
    }
}
