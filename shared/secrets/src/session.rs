//! A session's secret: 256 bits in a cookie; the table holds its SHA-256.

use data_encoding::BASE64URL_NOPAD;
use domain::hashed::SessionHash;
use zeroize::ZeroizeOnDrop;

use crate::access::sha256_hex;
use crate::draw::{DrawError, random};

/// What the browser holds of an open session.
#[derive(ZeroizeOnDrop)]
pub struct SessionSecret([u8; 32]);

impl SessionSecret {
    /// A new one.
    pub fn draw() -> Result<Self, DrawError> {
        random().map(Self)
    }

    /// From the cookie's value.
    pub fn parse(value: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(value.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The cookie's value.
    pub fn value(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// What the table holds. 256 random bits need no slow hash and no key.
    pub fn hash(&self) -> SessionHash {
        SessionHash::new(sha256_hex(&self.0))
    }
}

impl std::fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p7_a_cookie_brings_back_its_session_and_no_other() {
        let (session, other) = (
            SessionSecret::draw().unwrap(),
            SessionSecret::draw().unwrap(),
        );
        let brought = SessionSecret::parse(&session.value()).unwrap();
        assert_eq!(brought.hash(), session.hash());
        assert_ne!(brought.hash(), other.hash());
        for none in [
            "",
            "x",
            &session.value()[1..],
            &format!("{}A", session.value()),
        ] {
            assert!(SessionSecret::parse(none).is_none(), "{none}");
        }
    }
}
