//! Which practices there are, and what an operator sees of one.

use domain::id::PracticeId;
use domain::practice::{Limits, PublicPractice, Settings};
use domain::time::Timestamp;
use domain::usage::{Month, Usage};
use store::{Store, Survey};

use crate::OperatorError;

/// What an operator sees of a practice.
#[derive(Debug)]
pub struct PracticeNow {
    /// What it says of itself.
    pub settings: Settings,
    /// What the operator allows it.
    pub limits: Limits,
    /// Since when it is disabled.
    pub disabled_at: Option<Timestamp>,
    /// Keys that work, and keys that were revoked.
    pub keys: (usize, usize),
    /// How many webhooks it has.
    pub webhooks: usize,
    /// What it sent in the present month.
    pub usage: Usage,
}

/// All practices by id. Looks through the whole table; `seen` is told how many items were looked at so far.
pub async fn practices(
    store: &Store,
    mut seen: impl FnMut(usize),
) -> Result<Vec<(PracticeId, PublicPractice)>, OperatorError> {
    let (mut found, mut survey, mut items) = (Vec::new(), Survey::default(), 0);
    while let Some(rows) = store.survey(&mut survey).await? {
        items += rows.len();
        for public in rows.iter().filter_map(store::Row::public_practice) {
            found.push(public?);
        }
        seen(items);
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found)
}

/// One practice.
pub async fn practice_now(
    store: &Store,
    practice: &PracticeId,
    now: Timestamp,
) -> Result<PracticeNow, OperatorError> {
    let missing = || OperatorError::NoSuchPractice(practice.clone());
    let settings = store.settings(practice).await?.ok_or_else(missing)?;
    let public = store.public_practice(practice).await?;
    let keys = store.api_keys(practice).await?;
    let revoked = keys.iter().filter(|(_, key)| key.revoked_at.is_some());
    let revoked = revoked.count();
    Ok(PracticeNow {
        limits: store.limits(practice).await?,
        disabled_at: public.and_then(|public| public.disabled_at),
        keys: (keys.len() - revoked, revoked),
        webhooks: store.webhooks(practice).await?.webhooks.len(),
        usage: store.usage(practice, Month::of(now)).await?,
        settings,
    })
}
