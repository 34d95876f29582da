//! Finding what a link leads to.

use domain::delivery::{State, l6_settled, l8_state, l9_session_lives};
use domain::hashed::{LinkHash, SessionHash};
use domain::practice::PublicPractice;
use domain::symbols::LinkToken;
use domain::time::Timestamp;
use secrets::{Keys, LookupKeys};
use store::{Store, StoredDelivery};

use crate::error::Unavailable;

/// A delivery and what its pages say of the practice.
#[derive(Clone, Debug)]
pub struct Found {
    /// The delivery.
    pub stored: StoredDelivery,
    /// Its practice.
    pub practice: PublicPractice,
    /// L6: the version of a new code that holds by now although no write says so yet.
    pub overdue_code: Option<u32>,
}

impl Found {
    /// What the table has, as it counts now.
    pub(crate) fn of(mut stored: StoredDelivery, practice: PublicPractice, now: Timestamp) -> Self {
        let overdue_code = stored.overdue_code(now);
        stored.delivery = l6_settled(stored.delivery, now);
        Self {
            stored,
            practice,
            overdue_code,
        }
    }

    /// L7: the deliveries of a disabled practice count as revoked.
    pub fn is_disabled(&self) -> bool {
        self.practice.disabled_at.is_some()
    }

    /// L8.
    pub fn state(&self, now: Timestamp) -> State {
        l8_state(&self.stored.delivery, self.is_disabled(), now)
    }

    /// L9: whether this session shows documents now.
    pub fn has_session(&self, session: Option<&SessionHash>, now: Timestamp) -> bool {
        let open = session.and_then(|hash| self.stored.delivery.sessions.get(hash.as_str()));
        open.is_some_and(|session| {
            l9_session_lives(&self.stored.delivery, self.is_disabled(), session, now)
        })
    }
}

/// The name of a delivery's session cookie, so that several can be open in several tabs (P7).
pub fn session_cookie_name(link: &LinkHash) -> String {
    format!("__Host-dl-{}", link.as_str().get(..8).unwrap_or_default())
}

/// The delivery of a token as it counts now, if there is one. Two round trips: the delivery names its practice.
pub(crate) async fn find(
    store: &Store,
    lookup: &Keys<LookupKeys>,
    token: &LinkToken,
    now: Timestamp,
) -> Result<Option<Found>, Unavailable> {
    let Some(stored) = find_delivery(store, lookup, token).await? else {
        return Ok(None);
    };
    let practice = public_practice(store, &stored).await?;
    Ok(Some(Found::of(stored, practice, now)))
}

/// The delivery of a token as the table has it.
pub(crate) async fn find_delivery(
    store: &Store,
    lookup: &Keys<LookupKeys>,
    token: &LinkToken,
) -> Result<Option<StoredDelivery>, Unavailable> {
    let links = lookup.get().await?.links(token);
    Ok(store.delivery(&links).await?)
}

/// What pages say of a delivery's practice. A delivery without a practice is an item that we cannot read.
pub(crate) async fn public_practice(
    store: &Store,
    stored: &StoredDelivery,
) -> Result<PublicPractice, Unavailable> {
    let practice = store.public_practice(&stored.delivery.practice).await?;
    Ok(practice.ok_or(store::StoreError::Unreadable("practice"))?)
}
