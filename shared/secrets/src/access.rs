//! API keys: `zw_<practice>_<secret>`, 256 bits, shown once, stored as SHA-256.

use data_encoding::HEXLOWER;
use domain::hashed::ApiKeyHash;
use domain::id::PracticeId;
use sha2::{Digest as _, Sha256};
use zeroize::ZeroizeOnDrop;

use crate::draw::{DrawError, random};

/// An API key in clear.
#[derive(ZeroizeOnDrop)]
pub struct ApiKeySecret(String);

impl ApiKeySecret {
    /// A new one for this practice.
    pub fn draw(practice: &PracticeId) -> Result<Self, DrawError> {
        let secret: [u8; 32] = random()?;
        Ok(Self(format!("zw_{practice}_{}", HEXLOWER.encode(&secret))))
    }

    /// From an `Authorization` header (RFC 6750), if it has the shape of a key.
    pub fn from_authorization(header: &str) -> Option<Self> {
        let (scheme, key) = header.split_once(' ')?;
        let (practice, secret) = key.strip_prefix("zw_")?.rsplit_once('_')?;
        let shaped = scheme.eq_ignore_ascii_case("bearer")
            && practice.parse::<PracticeId>().is_ok()
            && secret.len() == 64
            && secret
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        shaped.then(|| Self(key.to_owned()))
    }

    /// In clear, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the table holds. 256 random bits need no slow hash.
    pub fn hash(&self) -> ApiKeyHash {
        ApiKeyHash::new(sha256_hex(self.0.as_bytes()))
    }
}

impl std::fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKeySecret(…)")
    }
}

/// SHA-256 as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_name_their_practice_and_are_taken_from_the_header_only_if_well_formed() {
        let key = ApiKeySecret::draw(&"praxis-am-park".parse().unwrap()).unwrap();
        assert!(key.expose().starts_with("zw_praxis-am-park_"));
        let header = format!("Bearer {}", key.expose());
        assert_eq!(
            ApiKeySecret::from_authorization(&header).unwrap().hash(),
            key.hash()
        );
        for bad in [
            "",
            "Bearer",
            "Basic abc",
            "Bearer zw_x_00",
            &header[..header.len() - 1],
            &format!("{header}0"),
        ] {
            assert!(ApiKeySecret::from_authorization(bad).is_none(), "{bad}");
        }
        assert_eq!(format!("{key:?}"), "ApiKeySecret(…)");
    }

    #[test]
    fn hashes_are_those_of_the_standard() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
