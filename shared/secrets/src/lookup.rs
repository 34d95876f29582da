//! What is found by a keyed hash: deliveries by token or reference, requests by their idempotency key; and the keys of forms and webhooks.

use data_encoding::HEXLOWER;
use domain::hashed::{AddressHash, LinkHash, NetworkHash, NumberHash, ReferenceHash, RequestHash};
use domain::id::PracticeId;
use domain::symbols::{LinkToken, Reference};

use crate::keys::{FromRoots, Root, Subkey};

/// The keys for looking up, newest first.
#[derive(Debug)]
pub struct LookupKeys {
    versions: Vec<Version>,
}

#[derive(Debug)]
struct Version {
    id: String,
    tokens: Subkey,
    references: Subkey,
    requests: Subkey,
    numbers: Subkey,
    networks: Subkey,
    addresses: Subkey,
    forms: Subkey,
    webhooks: Subkey,
}

impl FromRoots for LookupKeys {
    fn from_roots(roots: Vec<(String, Root)>) -> Self {
        let versions = roots
            .into_iter()
            .map(|(id, root)| Version {
                tokens: root.subkey("link token"),
                references: root.subkey("reference"),
                requests: root.subkey("request"),
                numbers: root.subkey("number"),
                networks: root.subkey("network"),
                addresses: root.subkey("address"),
                forms: root.subkey("form"),
                webhooks: root.subkey("webhook secret"),
                id,
            })
            .collect();
        Self { versions }
    }
}

impl LookupKeys {
    /// Where a delivery of this token may lie: under the newest key first. New deliveries take the first.
    pub fn links(&self, token: &LinkToken) -> Vec<LinkHash> {
        self.versions
            .iter()
            .map(|version| LinkHash::new(hex(version.tokens.mac(&[token.expose().as_bytes()]))))
            .collect()
    }

    /// Where a practice's deliveries of this reference may lie.
    pub fn references(&self, practice: &PracticeId, reference: &Reference) -> Vec<ReferenceHash> {
        let parts = [practice.as_str().as_bytes(), reference.expose().as_bytes()];
        self.versions
            .iter()
            .map(|version| ReferenceHash::new(hex(version.references.mac(&parts))))
            .collect()
    }

    /// Hashes of a request's idempotency key or body, bound to the practice and route.
    pub fn requests(&self, practice: &PracticeId, route: &str, content: &[u8]) -> Vec<RequestHash> {
        let parts = [practice.as_str().as_bytes(), route.as_bytes(), content];
        self.versions
            .iter()
            .map(|version| RequestHash::new(hex(version.requests.mac(&parts))))
            .collect()
    }

    /// What counts the messages to a number or Threema ID; under the newest key alone, so that a new key begins to count anew.
    pub fn number(&self, number: &str) -> Option<NumberHash> {
        let newest = self.versions.first()?;
        Some(NumberHash::new(hex(newest
            .numbers
            .mac(&[number.as_bytes()]))))
    }

    /// What counts the openings of a link's page from a network (P6); under the newest key alone, as above.
    pub fn network(&self, link: &LinkHash, network: &str) -> Option<NetworkHash> {
        let newest = self.versions.first()?;
        let parts = [link.as_str().as_bytes(), network.as_bytes()];
        Some(NetworkHash::new(hex(newest.networks.mac(&parts))))
    }

    /// Where a practice's deliveries to this e-mail address or phone number may be found.
    pub fn addresses(&self, practice: &PracticeId, address: &str) -> Vec<AddressHash> {
        let parts = [practice.as_str().as_bytes(), address.as_bytes()];
        self.versions
            .iter()
            .map(|version| AddressHash::new(hex(version.addresses.mac(&parts))))
            .collect()
    }

    /// The name of the key that new deliveries are placed by; kept with each, so that an operator sees when an older key can go.
    pub fn newest(&self) -> Option<&str> {
        self.versions.first().map(|version| version.id.as_str())
    }

    pub(crate) fn form_keys(&self) -> impl Iterator<Item = &Subkey> {
        self.versions.iter().map(|version| &version.forms)
    }

    /// With the id of the KMS key that each derives from.
    pub(crate) fn webhook_keys(&self) -> impl Iterator<Item = (&str, &Subkey)> {
        self.versions
            .iter()
            .map(|version| (version.id.as_str(), &version.webhooks))
    }
}

fn hex(mac: [u8; 32]) -> String {
    HEXLOWER.encode(&mac)
}

#[cfg(test)]
pub(crate) fn keys_of_test(bytes: &[u8]) -> LookupKeys {
    LookupKeys::from_roots(
        bytes
            .iter()
            .map(|byte| (byte.to_string(), Root::of_test(*byte)))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw_link_token;

    #[test]
    fn a_new_key_version_still_finds_what_the_old_one_made() {
        let token = draw_link_token().unwrap();
        let old = keys_of_test(&[1]).links(&token);
        let both = keys_of_test(&[2, 1]).links(&token);
        assert_eq!(both.len(), 2);
        assert_eq!(both[1], old[0]);
        assert_ne!(both[0], old[0]);
    }

    #[test]
    fn s2_a_hash_tells_nothing_of_the_token() {
        let token = draw_link_token().unwrap();
        let keys = keys_of_test(&[1]);
        let link = keys.links(&token).remove(0);
        assert!(
            !link
                .as_str()
                .to_uppercase()
                .contains(token.reference().expose())
        );
        let practice = "p".parse().unwrap();
        let reference = keys.references(&practice, &token.reference()).remove(0);
        assert_ne!(reference.as_str(), link.as_str());
    }

    /// All that is counted or found by a hash, each under every key that it may lie under.
    fn hashes(keys: &LookupKeys, practice: &str, route: &str, content: &str) -> [Vec<String>; 4] {
        let practice = practice.parse().unwrap();
        let link = LinkHash::new(route.to_owned());
        let requests = keys.requests(&practice, route, content.as_bytes());
        let addresses = keys.addresses(&practice, content);
        [
            requests
                .iter()
                .map(|hash| hash.as_str().to_owned())
                .collect(),
            addresses
                .iter()
                .map(|hash| hash.as_str().to_owned())
                .collect(),
            keys.number(content)
                .iter()
                .map(|hash| hash.as_str().to_owned())
                .collect(),
            keys.network(&link, content)
                .iter()
                .map(|hash| hash.as_str().to_owned())
                .collect(),
        ]
    }

    #[test]
    fn s2_what_is_counted_and_found_by_a_hash_is_bound_to_all_that_it_is_of() {
        let (old, both) = (keys_of_test(&[1]), keys_of_test(&[2, 1]));
        let of = |keys| hashes(keys, "p", "r", "c");
        let (of_old, of_both) = (of(&old), of(&both));
        assert_eq!(of_old.each_ref().map(Vec::len), [1, 1, 1, 1]);
        assert_eq!(of_both.each_ref().map(Vec::len), [2, 2, 1, 1]);
        // What the older key made is still found; what only counts begins anew.
        assert_eq!(
            [&of_both[0][1], &of_both[1][1]],
            [&of_old[0][0], &of_old[1][0]]
        );
        assert_ne!(of_both[2], of_old[2]);
        assert_ne!(of_both[3], of_old[3]);
        for (what, bound) in [
            (["q", "r", "c"], [true, true, false, false]),
            (["p", "s", "c"], [true, false, false, true]),
            (["p", "r", "d"], [true, true, true, true]),
        ] {
            let other = hashes(&old, what[0], what[1], what[2]);
            let differs = [0, 1, 2, 3].map(|at| other[at] != of_old[at]);
            assert_eq!(differs, bound, "{what:?}");
        }
        let all: std::collections::BTreeSet<&String> = of_both.iter().flatten().collect();
        assert_eq!(all.len(), 6, "no two are the same");
        assert_eq!([old.newest(), both.newest()], [Some("1"), Some("2")]);
    }
}
