//! Which HMAC keys still hold something open, and sealing the secrets of webhooks anew, so that an older key can go.

use std::collections::BTreeMap;

use domain::audit::Actor;
use domain::delivery::{State, l6_is_revivable, l6_settled, l8_state};
use domain::hashed::SealedWebhookSecret;
use domain::time::Timestamp;
use secrets::{LookupKeys, draw_op};
use store::{Store, StoredDelivery, Survey};

use crate::OperatorError;

/// What a key still holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyUse {
    /// Deliveries that a patient can open, or could with a new code.
    pub open: usize,
    /// Closed deliveries whose pages still say why.
    pub closed: usize,
    /// When the last of the open ones ends.
    pub until: Option<Timestamp>,
    /// Secrets of webhooks.
    pub webhooks: usize,
}

/// What each key still holds, by the key's id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyUses {
    /// Of those for looking up. Without a name: deliveries of a version that did not write it down.
    pub lookup: BTreeMap<String, KeyUse>,
    /// Of those of codes.
    pub pepper: BTreeMap<String, KeyUse>,
}

/// Looks through the table. `seen` is told how many items were looked at so far.
pub async fn survey_keys(
    store: &Store,
    now: Timestamp,
    mut seen: impl FnMut(usize),
) -> Result<KeyUses, OperatorError> {
    let (mut uses, mut survey, mut items) = (KeyUses::default(), Survey::default(), 0);
    while let Some(rows) = store.survey(&mut survey).await? {
        items += rows.len();
        for row in rows {
            if let Some(stored) = row.delivery() {
                let stored = stored?;
                let lookup = row.lookup_key().unwrap_or_default().to_owned();
                let pepper = stored.code.key_id.clone();
                uses.lookup.entry(lookup).or_default().add(&stored, now);
                uses.pepper.entry(pepper).or_default().add(&stored, now);
            }
            if let Some(found) = row.webhooks() {
                let (_, stored) = found?;
                let secrets = stored.webhooks.values();
                for secret in secrets.flat_map(|webhook| webhook.signing_secrets(now)) {
                    let key = sealed_by(secret).to_owned();
                    uses.lookup.entry(key).or_default().webhooks += 1;
                }
            }
        }
        seen(items);
    }
    Ok(uses)
}

/// Seals the secret of every webhook anew that an older key sealed; how many. The secrets stay what they are.
pub async fn reseal_webhooks(
    store: &Store,
    keys: &LookupKeys,
    now: Timestamp,
    mut seen: impl FnMut(usize),
) -> Result<usize, OperatorError> {
    let (mut survey, mut items, mut resealed) = (Survey::default(), 0, 0);
    let is_older = |secret: &SealedWebhookSecret| Some(sealed_by(secret)) != keys.newest();
    while let Some(rows) = store.survey(&mut survey).await? {
        items += rows.len();
        for row in rows {
            let Some(found) = row.webhooks() else {
                continue;
            };
            let (practice, stored) = found?;
            let mut secrets = stored.webhooks.values().flat_map(|webhook| {
                let previous = webhook.previous_secret.as_ref();
                std::iter::once(&webhook.secret).chain(previous.map(|previous| &previous.secret))
            });
            if !secrets.any(is_older) {
                continue;
            }
            let op = draw_op(Actor::Operator, now)?;
            let changed = store.change_webhooks(&practice, &op, |webhooks| {
                let mut changed = 0;
                for (id, webhook) in webhooks {
                    let previous = webhook.previous_secret.as_mut();
                    let previous = previous.map(|previous| &mut previous.secret);
                    for sealed in std::iter::once(&mut webhook.secret).chain(previous) {
                        if is_older(sealed) {
                            let secret = keys.unseal_webhook_secret(sealed, &practice, id)?;
                            *sealed = keys.seal_webhook_secret(&secret, &practice, id)?;
                            changed += 1;
                        }
                    }
                }
                Ok::<_, OperatorError>(changed)
            });
            resealed += changed.await?;
        }
        seen(items);
    }
    Ok(resealed)
}

impl KeyUse {
    /// Whether the key can go as far as this is concerned.
    pub fn is_over(&self) -> bool {
        self.open == 0 && self.webhooks == 0
    }

    fn add(&mut self, stored: &StoredDelivery, now: Timestamp) {
        let delivery = l6_settled(stored.delivery.clone(), now);
        let is_open = match l8_state(&delivery, false, now) {
            State::Pending | State::Open | State::Opened => true,
            State::Closed(reason) => l6_is_revivable(&delivery, reason),
            State::Sent => false,
        };
        if is_open {
            self.open += 1;
            self.until = self.until.max(delivery.expires_at);
        } else {
            self.closed += 1;
        }
    }
}

/// Such as `2 open deliveries, the last until 2027-02-23T10:00:00Z; 1 closed; 1 secret of webhooks`.
impl std::fmt::Display for KeyUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} open deliveries", self.open)?;
        if let Some(until) = self.until {
            write!(f, ", the last until {until}")?;
        }
        write!(
            f,
            "; {} closed; {} secrets of webhooks",
            self.closed, self.webhooks
        )
    }
}

/// The key that sealed a secret stands before it.
fn sealed_by(secret: &SealedWebhookSecret) -> &str {
    let key = secret.as_str().rsplit_once(':');
    key.map_or("", |(key, _)| key)
}
