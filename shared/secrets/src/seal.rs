//! Authenticated encryption under a subkey.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use data_encoding::BASE64URL_NOPAD;

use crate::draw::random;
use crate::keys::Subkey;

const NONCE: usize = 24;

/// XChaCha20-Poly1305 under a random nonce, which stands in front; bound to `context`. `None` without random numbers.
pub(crate) fn encrypt(key: &Subkey, plain: &[u8], context: &[u8]) -> Option<String> {
    let nonce: [u8; NONCE] = random().ok()?;
    let payload = Payload {
        msg: plain,
        aad: context,
    };
    let sealed = XChaCha20Poly1305::new(key.bytes().into())
        .encrypt(&XNonce::from(nonce), payload)
        .ok()?;
    Some(BASE64URL_NOPAD.encode(&[&nonce[..], &sealed].concat()))
}

/// What was encrypted under this key and with this context, if it was.
pub(crate) fn decrypt(key: &Subkey, text: &str, context: &[u8]) -> Option<Vec<u8>> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
    let nonce: [u8; NONCE] = nonce.try_into().ok()?;
    let payload = Payload {
        msg: sealed,
        aad: context,
    };
    XChaCha20Poly1305::new(key.bytes().into())
        .decrypt(&XNonce::from(nonce), payload)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Root;

    #[test]
    fn s2_what_is_sealed_opens_with_its_key_and_its_context_alone() {
        let [key, other] = [1, 2].map(|root| Root::of_test(root).subkey("draft"));
        let sealed = encrypt(&key, b"plain", b"context").unwrap();
        assert_eq!(decrypt(&key, &sealed, b"context"), Some(b"plain".to_vec()));
        assert_eq!(decrypt(&key, &sealed, b"another"), None);
        assert_eq!(decrypt(&other, &sealed, b"context"), None);
        let of_another_name = Root::of_test(1).subkey("reference");
        assert_eq!(decrypt(&of_another_name, &sealed, b"context"), None);
        for short in ["", "AA", &sealed[..40]] {
            assert_eq!(decrypt(&key, short, b"context"), None, "{short}");
        }
    }
}
