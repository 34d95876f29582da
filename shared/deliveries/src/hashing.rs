//! Hashing codes beside everything else: the hash takes some 30 ms of a core, which must not hold up the answers of others in one process.

use std::sync::Arc;

use domain::hashed::CodeHash;
use domain::id::DeliveryId;
use domain::symbols::Code;
use secrets::{CodeHasher, CodeKeys, HashCost, HashError, Keys};
use tokio::task::spawn_blocking;

use crate::error::Unavailable;

/// Hashes and compares codes under the keys that derive from KMS.
#[derive(Clone, Debug)]
pub struct Hashing {
    keys: Arc<Keys<CodeKeys>>,
    hasher: Arc<CodeHasher>,
}

impl Hashing {
    /// Under these keys, new codes at this cost.
    pub fn new(keys: Keys<CodeKeys>, cost: HashCost) -> Self {
        Self {
            keys: Arc::new(keys),
            hasher: Arc::new(CodeHasher::new(cost)),
        }
    }

    pub(crate) async fn keys(&self) -> Result<&CodeKeys, Unavailable> {
        Ok(self.keys.get().await?)
    }

    pub(crate) async fn hash(
        &self,
        delivery: &DeliveryId,
        version: u32,
        code: &Code,
    ) -> Result<CodeHash, Unavailable> {
        let (delivery, code) = (delivery.clone(), code.clone());
        self.beside(move |hasher, keys| hasher.hash(keys, &delivery, version, &code))
            .await
    }

    pub(crate) async fn verify(
        &self,
        delivery: &DeliveryId,
        version: u32,
        code: &Code,
        stored: &CodeHash,
    ) -> Result<bool, Unavailable> {
        let (delivery, code, stored) = (delivery.clone(), code.clone(), stored.clone());
        self.beside(move |hasher, keys| hasher.verify(keys, &delivery, version, &code, &stored))
            .await
    }

    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&CodeHasher, &CodeKeys) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let this = self.clone();
        this.keys().await?;
        let done = spawn_blocking(move || {
            let keys = this.keys.derived().ok_or(HashError::Interrupted)?;
            work(&this.hasher, keys)
        });
        Ok(done.await.unwrap_or(Err(HashError::Interrupted))?)
    }
}
