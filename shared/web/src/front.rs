//! What may stand in front of the API, such as CloudFront with a firewall (`infra/edge`), and how it proves that a request came through it.
//!
//! It adds a secret header. Here, only SHA-256 hashes of it are known: one, or two while it is being replaced.

use std::net::IpAddr;

use data_encoding::HEXLOWER;
use http::HeaderMap;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// The header with the secret.
pub const FRONT_SECRET: &str = "x-front-secret";
/// Where CloudFront says who its viewer is: an address, a colon, a port.
const VIEWER: &str = "cloudfront-viewer-address";

/// Who may call: everybody by default, else whoever brings a secret with one of these hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Front(Vec<[u8; 32]>);

/// Not hexadecimal SHA-256 hashes with commas between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadHashes;

impl TryFrom<String> for Front {
    type Error = BadHashes;

    /// From hashes of 64 hexadecimal digits, with commas between them.
    fn try_from(hashes: String) -> Result<Self, BadHashes> {
        let hash = |hash: &str| {
            let bytes = HEXLOWER.decode(hash.as_bytes()).ok()?;
            <[u8; 32]>::try_from(bytes).ok()
        };
        let hashes: Option<Vec<_>> = hashes.split(',').map(hash).collect();
        hashes.map(Self).ok_or(BadHashes)
    }
}

impl Front {
    /// Whether a request with this secret may go on. Says by its time neither how much of it is right nor which it is.
    pub fn admits(&self, secret: Option<&str>) -> bool {
        let hash = Sha256::digest(secret.unwrap_or_default());
        let known = self
            .0
            .iter()
            .map(|known| hash.as_slice().ct_eq(known.as_slice()));
        self.0.is_empty()
            || known
                .fold(Choice::from(0), |found, this| found | this)
                .into()
    }

    /// From which address a request came that was let in, if what stands in front says so. Without it, everybody could say so.
    pub(crate) fn viewer(&self, headers: &HeaderMap) -> Option<IpAddr> {
        if self.0.is_empty() {
            return None;
        }
        let (address, _port) = headers.get(VIEWER)?.to_str().ok()?.rsplit_once(':')?;
        address.trim_matches(['[', ']']).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front(secrets: &[&str]) -> Front {
        let hash = |secret: &&str| HEXLOWER.encode(&Sha256::digest(secret));
        let hashes: Vec<String> = secrets.iter().map(hash).collect();
        Front::try_from(hashes.join(",")).unwrap()
    }

    #[test]
    fn with_nothing_in_front_everybody_is_let_in() {
        assert!(Front::default().admits(None));
        assert!(Front::default().admits(Some("anything")));
    }

    #[test]
    fn t21_either_of_two_secrets_lets_in_and_nothing_else_does() {
        let front = front(&["old secret", "new secret"]);
        for secret in ["old secret", "new secret"] {
            assert!(front.admits(Some(secret)), "{secret}");
        }
        for secret in ["", "old", "old secret,new secret", "Old secret"] {
            assert!(!front.admits(Some(secret)), "{secret}");
        }
        assert!(!front.admits(None));
        // The hash is no secret, and opens nothing.
        let hash = HEXLOWER.encode(&Sha256::digest("old secret"));
        assert!(!front.admits(Some(&hash)));
    }

    #[test]
    fn hashes_that_are_none_are_refused() {
        let hash = "0".repeat(64);
        for hashes in [
            "",
            ",",
            "secret",
            &hash[1..],
            &format!("{hash},"),
            &format!("{hash} "),
            &"G".repeat(64),
        ] {
            assert_eq!(
                Front::try_from(hashes.to_owned()),
                Err(BadHashes),
                "{hashes}"
            );
        }
    }

    #[test]
    fn a_viewer_is_read_with_its_port_and_only_with_something_in_front() {
        let says = |address: &'static str| {
            HeaderMap::from_iter([(
                http::HeaderName::from_static(VIEWER),
                http::HeaderValue::from_static(address),
            )])
        };
        let front = front(&["secret"]);
        for (said, viewer) in [
            ("198.51.100.10:46532", Some("198.51.100.10")),
            ("2001:db8::17:46532", Some("2001:db8::17")),
            ("[2001:db8::17]:46532", Some("2001:db8::17")),
            ("198.51.100.10", None),
            ("somewhere:80", None),
            ("", None),
        ] {
            let expected = viewer.map(|viewer| viewer.parse().unwrap());
            assert_eq!(front.viewer(&says(said)), expected, "{said}");
            assert_eq!(Front::default().viewer(&says(said)), None, "{said}");
        }
        assert_eq!(front.viewer(&HeaderMap::new()), None);
    }
}
