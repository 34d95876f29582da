//! The code page, entering the code (L2 to L4, P1, P2), and saying that the e-mail was not for oneself (L7).

use domain::audit::Op;
use domain::delivery::{EntryRule, l4_entry, l7_report};
use domain::symbols::{Code, LinkToken};
use domain::time::Timestamp;
use futures::future::join;
use secrets::{Keys, LookupKeys, SessionSecret};
use store::{Charge, Commit, NewSession, Store, StoredDelivery};

use crate::clock::Clock;
use crate::error::Unavailable;
use crate::find::{Found, find, public_practice};
use crate::hashing::Hashing;

/// What entering a code needs.
#[derive(Debug)]
pub struct EnterCode {
    store: Store,
    lookup: Keys<LookupKeys>,
    hashing: Hashing,
    clock: Clock,
}

/// What became of an entry.
#[derive(Debug)]
pub enum EntryOutcome {
    /// Right: the delivery is open, and so is this session.
    Right(SessionSecret, Found),
    /// Wrong, and counted.
    Wrong(Found),
    /// Neither judged nor counted: too early after wrong entries (L4), still pending (P8), or closed.
    Refused(EntryRule, Found),
    /// There is no such delivery.
    Unknown,
}

/// What became of saying that the e-mail was not for oneself.
#[derive(Debug)]
pub enum ReportOutcome {
    /// The delivery is closed, open sessions included.
    Closed(Found),
    /// Nothing was to be closed: it was closed already, or its e-mail is still being sent.
    Refused(Found),
    /// There is no such delivery.
    Unknown,
}

impl EnterCode {
    /// Over these.
    pub fn new(store: Store, lookup: Keys<LookupKeys>, hashing: Hashing, clock: Clock) -> Self {
        Self {
            store,
            lookup,
            hashing,
            clock,
        }
    }

    /// The present time, by the clock that rules are judged by.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The keys of forms and links.
    pub async fn lookup(&self) -> Result<&LookupKeys, Unavailable> {
        Ok(self.lookup.get().await?)
    }

    /// What a link leads to. Changes nothing (P1).
    pub async fn view(&self, token: &LinkToken) -> Result<Option<Found>, Unavailable> {
        find(&self.store, &self.lookup, token, self.now()).await
    }

    /// Judges one entry: charged first, hashed beside the read of what the page will say, committed if right.
    pub async fn enter(
        &self,
        token: &LinkToken,
        code: &Code,
        op: &Op,
    ) -> Result<EntryOutcome, Unavailable> {
        let links = self.lookup.get().await?.links(token);
        // Before the charge: where keys are out of reach, nothing may be counted.
        self.hashing.keys().await?;
        match self.store.charge_entry(&links, self.now(), op).await? {
            Charge::Charged(stored) => self.judge(stored, code, op).await,
            Charge::Refused(stored) => self.refused(stored).await,
            Charge::Unknown => Ok(EntryOutcome::Unknown),
        }
    }

    /// L7: closes the delivery of an e-mail that reached somebody else, in one conditional write.
    pub async fn report(&self, token: &LinkToken, op: &Op) -> Result<ReportOutcome, Unavailable> {
        let Some(found) = self.view(token).await? else {
            return Ok(ReportOutcome::Unknown);
        };
        let now = self.now();
        if !l7_report(&found.stored.delivery, found.is_disabled(), now) {
            return Ok(ReportOutcome::Refused(found));
        }
        if self.store.report(&found.stored.link, now, op).await? {
            return Ok(ReportOutcome::Closed(found));
        }
        let closed = self.view(token).await?;
        Ok(closed.map_or(ReportOutcome::Unknown, ReportOutcome::Refused))
    }

    async fn judge(
        &self,
        stored: StoredDelivery,
        code: &Code,
        op: &Op,
    ) -> Result<EntryOutcome, Unavailable> {
        let delivery = &stored.delivery;
        let hash = self
            .hashing
            .verify(&delivery.id, delivery.code_version, code, &stored.code);
        let (is_right, practice) = join(hash, public_practice(&self.store, &stored)).await;
        let (is_right, practice) = (is_right?, practice?);
        if !is_right || practice.disabled_at.is_some() {
            let found = Found {
                stored,
                practice,
                overdue_code: None,
            };
            return Ok(match found.state(self.now()) {
                domain::delivery::State::Closed(reason) => {
                    EntryOutcome::Refused(EntryRule::Closed(reason), found)
                }
                _ => EntryOutcome::Wrong(found),
            });
        }
        let session = SessionSecret::draw()?;
        let new = NewSession {
            hash: &session.hash(),
            now: self.now(),
        };
        match self.store.commit_entry(&stored, new, op).await? {
            Commit::Opened(stored) => Ok(EntryOutcome::Right(
                session,
                Found {
                    stored,
                    practice,
                    overdue_code: None,
                },
            )),
            Commit::Refused(stored) => self.refused(stored).await,
        }
    }

    /// Says why the table refused, by the same rules and a clock that may have gone on by a second.
    async fn refused(&self, stored: StoredDelivery) -> Result<EntryOutcome, Unavailable> {
        let practice = public_practice(&self.store, &stored).await?;
        let rule = l4_entry(&stored.delivery, practice.disabled_at.is_some(), self.now());
        Ok(EntryOutcome::Refused(
            rule,
            Found {
                stored,
                practice,
                overdue_code: None,
            },
        ))
    }
}
