//! Codes: their slow, peppered hash, and the sealing of a reference (S2).

use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use data_encoding::BASE64_NOPAD;
use domain::hashed::{CodeHash, SealedReference};
use domain::id::{DeliveryId, PracticeId};
use domain::symbols::{Code, Reference};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

use crate::draw::random;
use crate::keys::{FromRoots, Root, Subkey};
use crate::seal::{decrypt, encrypt};

/// The keys of codes and sealed references, newest first.
#[derive(Debug)]
pub struct CodeKeys {
    versions: Vec<KeyVersion>,
}

#[derive(Debug)]
struct KeyVersion {
    id: String,
    codes: Subkey,
    references: Subkey,
    drafts: Subkey,
}

/// A code cannot be hashed, or a reference not be sealed: no memory, no random numbers, or a key that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The item's pepper key is not among those that the function was given.
    #[error(
        "the pepper key of this code is not among PEPPER_KEYS; add it until the last delivery of its time has ended"
    )]
    UnknownKey,
    /// The stored hash is none.
    #[error("the stored hash of a code cannot be read")]
    Unreadable,
    /// No random numbers, no memory, or the work was ended.
    #[error("hashing was interrupted")]
    Interrupted,
}

impl FromRoots for CodeKeys {
    fn from_roots(roots: Vec<(String, Root)>) -> Self {
        let versions = roots
            .into_iter()
            .map(|(id, root)| KeyVersion {
                codes: root.subkey("code"),
                references: root.subkey("sealed reference"),
                drafts: root.subkey("draft"),
                id,
            })
            .collect();
        Self { versions }
    }
}

impl CodeKeys {
    fn newest(&self) -> Result<&KeyVersion, HashError> {
        self.versions.first().ok_or(HashError::UnknownKey)
    }

    /// Encrypts a reference for one delivery, so that a later message can name it.
    pub fn seal(
        &self,
        reference: &Reference,
        delivery: &DeliveryId,
    ) -> Result<SealedReference, HashError> {
        let version = self.newest()?;
        let sealed = encrypt(
            &version.references,
            reference.expose().as_bytes(),
            delivery.as_str().as_bytes(),
        )
        .ok_or(HashError::Interrupted)?;
        Ok(SealedReference::new(format!("{}:{sealed}", version.id)))
    }

    /// Opens a sealed reference of this delivery.
    pub fn unseal(
        &self,
        sealed: &SealedReference,
        delivery: &DeliveryId,
    ) -> Result<Reference, HashError> {
        let (key_id, text) = sealed
            .as_str()
            .rsplit_once(':')
            .ok_or(HashError::Unreadable)?;
        let version = self
            .versions
            .iter()
            .find(|version| version.id == key_id)
            .ok_or(HashError::UnknownKey)?;
        let mut opened = decrypt(&version.references, text, delivery.as_str().as_bytes())
            .ok_or(HashError::Unreadable)?;
        let reference = std::str::from_utf8(&opened)
            .ok()
            .and_then(|text| Reference::parse(text).ok());
        opened.zeroize();
        reference.ok_or(HashError::Unreadable)
    }

    /// Encrypts a draft for one practice; nobody but the practice's own next request can use it.
    pub fn seal_draft(&self, draft: &[u8], practice: &PracticeId) -> Result<String, HashError> {
        encrypt(&self.newest()?.drafts, draft, practice.as_str().as_bytes())
            .ok_or(HashError::Interrupted)
    }

    /// Opens a draft of this practice; one of another practice, or a forged one, cannot be read.
    pub fn open_draft(&self, sealed: &str, practice: &PracticeId) -> Result<Vec<u8>, HashError> {
        let opened =
            |version: &KeyVersion| decrypt(&version.drafts, sealed, practice.as_str().as_bytes());
        self.versions
            .iter()
            .find_map(opened)
            .ok_or(HashError::Unreadable)
    }
}

/// What the hash of a new code costs; it is stored with the hash, so that it can change while old deliveries still open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCost {
    memory_kib: u32,
    passes: u32,
}

impl Default for HashCost {
    /// The least that OWASP's password storage cheat sheet names.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
        }
    }
}

impl HashCost {
    /// The name of the least that Argon2 can do, for tests that enter many thousand codes. No template sets it.
    pub const SMALLEST: &str = "smallest-for-tests-alone";

    /// The cost of this name; without one, and with any other, it is the default.
    pub fn named(name: Option<&str>) -> Self {
        if name == Some(Self::SMALLEST) {
            Self {
                memory_kib: 8,
                passes: 1,
            }
        } else {
            Self::default()
        }
    }
}

/// Hashes codes one at a time in memory that is allocated once.
pub struct CodeHasher {
    cost: HashCost,
    memory: Mutex<Vec<Block>>,
}

impl std::fmt::Debug for CodeHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeHasher")
    }
}

impl CodeHasher {
    /// New codes are hashed at this cost, stored ones at their own.
    pub fn new(cost: HashCost) -> Self {
        Self {
            cost,
            memory: Mutex::new(Vec::new()),
        }
    }

    /// The hash of a new code. Takes some 30 ms of one core and 19 MiB at the default cost.
    pub fn hash(
        &self,
        keys: &CodeKeys,
        delivery: &DeliveryId,
        version: u32,
        code: &Code,
    ) -> Result<CodeHash, HashError> {
        let key = keys.newest()?;
        let salt: [u8; 16] = random().map_err(|_| HashError::Interrupted)?;
        let HashCost { memory_kib, passes } = self.cost;
        let hash = self.argon2(key, delivery, version, code, &salt, memory_kib, passes)?;
        Ok(CodeHash {
            key_id: key.id.clone(),
            salt: BASE64_NOPAD.encode(&salt),
            hash: BASE64_NOPAD.encode(&hash),
            memory_kib,
            passes,
        })
    }

    /// Whether this is the delivery's code of this version; compares in constant time.
    pub fn verify(
        &self,
        keys: &CodeKeys,
        delivery: &DeliveryId,
        version: u32,
        code: &Code,
        stored: &CodeHash,
    ) -> Result<bool, HashError> {
        let key = keys
            .versions
            .iter()
            .find(|key| key.id == stored.key_id)
            .ok_or(HashError::UnknownKey)?;
        let decode = |text: &str| {
            BASE64_NOPAD
                .decode(text.as_bytes())
                .map_err(|_| HashError::Unreadable)
        };
        let (salt, expected) = (decode(&stored.salt)?, decode(&stored.hash)?);
        let hash = self.argon2(
            key,
            delivery,
            version,
            code,
            &salt,
            stored.memory_kib,
            stored.passes,
        )?;
        Ok(hash.ct_eq(&expected).into())
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the inputs of one hash; a struct for them would have this one user"
    )]
    fn argon2(
        &self,
        key: &KeyVersion,
        delivery: &DeliveryId,
        version: u32,
        code: &Code,
        salt: &[u8],
        memory_kib: u32,
        passes: u32,
    ) -> Result<[u8; 32], HashError> {
        let mut peppered = key.codes.mac(&[
            delivery.as_str().as_bytes(),
            &version.to_be_bytes(),
            code.expose().as_bytes(),
        ]);
        let params =
            Params::new(memory_kib, passes, 1, Some(32)).map_err(|_| HashError::Unreadable)?;
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.resize(params.block_count(), Block::default());
        let mut hash = [0; 32];
        let done = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(&peppered, salt, &mut hash, &mut memory[..]);
        peppered.zeroize();
        done.map_err(|_| HashError::Interrupted)?;
        Ok(hash)
    }
}

#[cfg(test)]
mod tests;
