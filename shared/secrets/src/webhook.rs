//! Signing secrets of webhooks: drawn here, shown once, sealed in the table, and what they sign (Standard Webhooks).

use data_encoding::{BASE32_NOPAD, BASE64};
use domain::hashed::SealedWebhookSecret;
use domain::id::{PracticeId, WebhookId};
use domain::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use crate::draw::{DrawError, random};
use crate::lookup::LookupKeys;
use crate::seal::{decrypt, encrypt};

/// A webhook's signing secret in clear: 256 bits.
#[derive(ZeroizeOnDrop)]
pub struct WebhookSecret([u8; 32]);

/// A secret cannot be sealed, or a sealed one not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key that sealed it is not among those that the function was given.
    #[error(
        "the key that sealed a webhook's secret is not among LOOKUP_KEYS; add it until the practice has rotated the secret"
    )]
    UnknownKey,
    /// It was sealed for another webhook, or is none.
    #[error("the sealed secret of a webhook cannot be read")]
    Unreadable,
    /// No random numbers.
    #[error("sealing was interrupted")]
    Interrupted,
}

impl WebhookSecret {
    /// A new one.
    pub fn draw() -> Result<Self, DrawError> {
        random().map(Self)
    }

    /// In clear as the standard writes it, to be shown once.
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("whsec_{}", BASE64.encode(&self.0)))
    }

    /// The signature of one attempt at a message: `v1,` and HMAC-SHA-256 over id, seconds and body, with full stops between.
    pub fn sign(&self, message_id: &str, attempted_at: Timestamp, body: &str) -> String {
        let mut padded = [0; 64];
        padded[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&padded.into());
        padded.zeroize();
        mac.update(format!("{message_id}.{}.{body}", attempted_at.seconds()).as_bytes());
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    }
}

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

impl LookupKeys {
    /// Encrypts a secret for one webhook of one practice.
    pub fn seal_webhook_secret(
        &self,
        secret: &WebhookSecret,
        practice: &PracticeId,
        webhook: &WebhookId,
    ) -> Result<SealedWebhookSecret, SealError> {
        let (key_id, key) = self.webhook_keys().next().ok_or(SealError::UnknownKey)?;
        let sealed = encrypt(key, &secret.0, context(practice, webhook).as_bytes())
            .ok_or(SealError::Interrupted)?;
        Ok(SealedWebhookSecret::new(format!("{key_id}:{sealed}")))
    }

    /// Opens the sealed secret of this webhook.
    pub fn unseal_webhook_secret(
        &self,
        sealed: &SealedWebhookSecret,
        practice: &PracticeId,
        webhook: &WebhookId,
    ) -> Result<WebhookSecret, SealError> {
        // The id of a key may hold colons.
        let (wanted, text) = sealed
            .as_str()
            .rsplit_once(':')
            .ok_or(SealError::Unreadable)?;
        let (_, key) = self
            .webhook_keys()
            .find(|(key_id, _)| *key_id == wanted)
            .ok_or(SealError::UnknownKey)?;
        let mut opened = decrypt(key, text, context(practice, webhook).as_bytes())
            .ok_or(SealError::Unreadable)?;
        let secret = opened.as_slice().try_into().map(WebhookSecret);
        opened.zeroize();
        secret.map_err(|_| SealError::Unreadable)
    }
}

/// An id for a message that is sent once and never again, such as a test.
pub fn draw_message_id() -> Result<String, DrawError> {
    let random: [u8; 15] = random()?;
    Ok(BASE32_NOPAD.encode(&random).to_ascii_lowercase())
}

/// Ids hold no slash.
fn context(practice: &PracticeId, webhook: &WebhookId) -> String {
    format!("{practice}/{webhook}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::keys_of_test;

    fn ids() -> (PracticeId, WebhookId) {
        ("praxis".parse().unwrap(), "hook".parse().unwrap())
    }

    #[test]
    fn a_sealed_secret_opens_for_its_webhook_alone() {
        let (practice, webhook) = ids();
        let secret = WebhookSecret::draw().unwrap();
        let sealed = keys_of_test(&[1])
            .seal_webhook_secret(&secret, &practice, &webhook)
            .unwrap();
        assert!(!sealed.as_str().contains(&secret.expose()[6..]));
        let open = |keys: &[u8], practice: &str, webhook: &str| {
            let (practice, webhook) = (practice.parse().unwrap(), webhook.parse().unwrap());
            keys_of_test(keys)
                .unseal_webhook_secret(&sealed, &practice, &webhook)
                .map(|opened| opened.expose())
        };
        assert_eq!(open(&[2, 1], "praxis", "hook"), Ok(secret.expose()));
        assert_eq!(open(&[1], "praxis", "other"), Err(SealError::Unreadable));
        assert_eq!(open(&[1], "other", "hook"), Err(SealError::Unreadable));
        assert_eq!(open(&[2], "praxis", "hook"), Err(SealError::UnknownKey));
    }

    #[test]
    fn no_two_messages_have_one_id() {
        let drawn = [0; 3].map(|_| draw_message_id().unwrap());
        assert!(drawn.iter().all(|id| id.len() == 24), "{drawn:?}");
        assert_ne!(drawn[0], drawn[1]);
        assert_ne!(drawn[1], drawn[2]);
    }

    #[test]
    fn s4_a_signing_secret_does_not_print() {
        let secret = WebhookSecret::draw().unwrap();
        assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
        assert!(secret.expose().starts_with("whsec_"));
        assert_eq!(secret.expose().len(), 6 + 44);
    }

    /// Worked out apart, with another implementation of HMAC.
    #[test]
    fn a_signature_is_over_id_time_and_body() {
        let secret = WebhookSecret(*b"0123456789abcdefghijklmnopqrstuv");
        let at = Timestamp::from_seconds(1_674_087_231).unwrap();
        let signature = secret.sign("msg_1", at, "{\"type\":\"webhook.test\"}");
        assert_eq!(signature, "v1,VmXNjNXDKNj2m2G69AGJCnECwlahHmZRElWo2uzQYTo=");
    }
}
