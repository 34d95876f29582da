//! What the table holds in place of secrets (S2): keyed hashes, a sealed reference, the hash of a code.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// From the text that the crate `secrets` worked out, or that the table holds.
            pub fn new(text: String) -> Self {
                Self(text)
            }

            /// As the table holds it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

opaque! {
    /// HMAC of a link token: finds the delivery. 64 hexadecimal digits.
    LinkHash;
    /// HMAC of a reference: finds the delivery by what a caller reads out. 64 hexadecimal digits.
    ReferenceHash;
    /// A reference under authenticated encryption, for the message that goes with a new code.
    SealedReference;
    /// SHA-256 of a session's 256-bit secret. 64 hexadecimal digits.
    SessionHash;
    /// SHA-256 of a 256-bit API key. 64 hexadecimal digits.
    ApiKeyHash;
    /// HMAC of a phone number, to count its messages. 64 hexadecimal digits.
    NumberHash;
    /// HMAC of an e-mail address or phone number, to find a practice's deliveries that went there. 64 hexadecimal digits.
    AddressHash;
    /// HMAC of a link and of the network that it is opened from, to count the openings (P6). 64 hexadecimal digits.
    NetworkHash;
    /// HMAC of an idempotency key or of a request's body. 64 hexadecimal digits.
    RequestHash;
    /// A webhook's signing secret under authenticated encryption.
    SealedWebhookSecret;
}

/// The slow hash of a code, with everything that judging an entry needs but the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeHash {
    /// The KMS key that the pepper derives from.
    pub key_id: String,
    /// Random, 16 bytes as base64.
    pub salt: String,
    /// Argon2id version 0x13, 32 bytes as base64.
    pub hash: String,
    /// Argon2's memory cost in KiB.
    pub memory_kib: u32,
    /// Argon2's time cost.
    pub passes: u32,
}
