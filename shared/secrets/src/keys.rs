//! Keys that derive from KMS: one call per key at a cold start, held in wiped memory, never written.

use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::MacAlgorithmSpec;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::sync::OnceCell;
use zeroize::{Zeroize as _, ZeroizeOnDrop};

/// What KMS is asked to sign; the answer is the root of all subkeys of one key.
const LABEL: &[u8] = b"zweiweg root 1";

/// KMS did not answer, or refused. Nothing was charged, written or sent.
#[derive(Debug, thiserror::Error)]
#[error(
    "KMS gave no key {key_id}: {reason}; check that the key exists and that the function's role may use kms:GenerateMac on it"
)]
pub struct KeyError {
    key_id: String,
    reason: String,
}

/// The keys of one purpose, derived when they are first needed.
#[derive(Debug)]
pub struct Keys<K> {
    kms: Client,
    ids: Vec<String>,
    derived: OnceCell<K>,
}

/// What a purpose makes of the root that KMS gave for each of its keys, newest first.
pub trait FromRoots: Sized {
    /// From `(key id, root)` pairs; the first one is used for what is new.
    fn from_roots(roots: Vec<(String, Root)>) -> Self;
}

impl<K: FromRoots> Keys<K> {
    /// Keys of these KMS ids, newest first; older ones still open what was made with them.
    pub fn new(kms: Client, ids: Vec<String>) -> Self {
        Self {
            kms,
            ids,
            derived: OnceCell::new(),
        }
    }

    /// The derived keys; asks KMS on the first call that succeeds and never again.
    pub async fn get(&self) -> Result<&K, KeyError> {
        self.derived
            .get_or_try_init(|| async {
                let mut roots = Vec::with_capacity(self.ids.len());
                for id in &self.ids {
                    roots.push((name_of(id).to_owned(), self.root(id).await?));
                }
                Ok(K::from_roots(roots))
            })
            .await
    }

    /// The derived keys, if they were asked for before.
    pub fn derived(&self) -> Option<&K> {
        self.derived.get()
    }

    async fn root(&self, key_id: &str) -> Result<Root, KeyError> {
        let error = |reason: &str| KeyError {
            key_id: key_id.to_owned(),
            reason: reason.to_owned(),
        };
        let answer = self
            .kms
            .generate_mac()
            .key_id(key_id)
            .mac_algorithm(MacAlgorithmSpec::HmacSha256)
            .message(Blob::new(LABEL))
            .send()
            .await
            .map_err(|e| {
                error(
                    e.as_service_error()
                        .and_then(|e| e.meta().code())
                        .unwrap_or("no answer"),
                )
            })?;
        let mac = answer.mac.ok_or_else(|| error("no MAC in the answer"))?;
        let root = mac
            .as_ref()
            .try_into()
            .map_err(|_| error("the MAC is not 32 bytes long"))?;
        Ok(Root(root))
    }
}

/// What is kept with everything that a key made: its id, whether the deployment names it by that or by its ARN.
fn name_of(id_or_arn: &str) -> &str {
    id_or_arn
        .rsplit_once('/')
        .map_or(id_or_arn, |(_, name)| name)
}

/// 32 bytes that subkeys derive from.
#[derive(ZeroizeOnDrop)]
pub struct Root([u8; 32]);

impl Root {
    /// The subkey of this name (HKDF, RFC 5869).
    pub(crate) fn subkey(&self, name: &str) -> Subkey {
        let mut key = [0; 32];
        // 32 bytes are one block of SHA-256; HKDF fails from 256 blocks on.
        let expanded = Hkdf::<Sha256>::new(None, &self.0).expand(name.as_bytes(), &mut key);
        debug_assert!(expanded.is_ok());
        Subkey(key)
    }

    #[cfg(test)]
    pub(crate) fn of_test(byte: u8) -> Self {
        Self([byte; 32])
    }
}

/// A key for one thing alone.
#[derive(ZeroizeOnDrop)]
pub(crate) struct Subkey([u8; 32]);

impl Subkey {
    /// HMAC-SHA-256 over the parts, each with its length before it, so that no two lists of parts read the same.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.hmac(parts).finalize().into_bytes().into()
    }

    /// Compares in constant time.
    pub(crate) fn verifies(&self, parts: &[&[u8]], mac: &[u8]) -> bool {
        self.hmac(parts).verify_slice(mac).is_ok()
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn hmac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut padded = [0; 64];
        padded[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&padded.into());
        padded.zeroize();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

impl std::fmt::Debug for Subkey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subkey(…)")
    }
}

impl std::fmt::Debug for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Root(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_name_whether_it_is_given_by_its_id_or_its_arn() {
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let arn = format!("arn:aws:kms:eu-central-1:111122223333:key/{id}");
        assert_eq!([name_of(id), name_of(&arn)], [id, id]);
    }

    #[tokio::test]
    async fn keys_are_there_once_they_were_asked_for() {
        let settings = aws_sdk_kms::Config::builder()
            .behavior_version(aws_sdk_kms::config::BehaviorVersion::latest())
            .build();
        // Without ids nothing is asked of KMS.
        let keys = Keys::<crate::LookupKeys>::new(Client::from_conf(settings), Vec::new());
        assert!(keys.derived().is_none());
        assert!(keys.get().await.is_ok());
        assert!(keys.derived().is_some());
    }
}
