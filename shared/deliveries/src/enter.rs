//! The code page, entering the code (L2 to L4, P1, P2), and saying that the e-mail was not for oneself (L7).

use domain::audit::Op;
use domain::delivery::{
    EntryRule, State, f_v11_is_clock_wrong, l4_entry, l6_settled, l7_report, l8_state,
    l9_session_lives,
};
use domain::hashed::{LinkHash, SessionHash};
use domain::openings::p6_slowed_until;
use domain::symbols::{Code, LinkToken};
use domain::time::Timestamp;
use futures::future::{join, try_join};
use secrets::{Keys, LookupKeys, SessionSecret};
use store::{Charge, Commit, NewSession, Store, StoredDelivery};

use crate::clock::Clock;
use crate::error::Unavailable;
use crate::find::{Found, find, find_delivery, public_practice};
use crate::hashing::Hashing;

/// What entering a code needs.
#[derive(Debug)]
pub struct EnterCode {
    store: Store,
    lookup: Keys<LookupKeys>,
    hashing: Hashing,
    clock: Clock,
}

/// What a link leads to, for whoever opens it.
#[derive(Debug)]
pub struct Opened {
    /// The delivery.
    pub found: Found,
    /// P6: until when no code is taken from the form that is handed out.
    pub slowed_until: Option<Timestamp>,
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

    /// What a link leads to, for whoever opens it from this network. Changes nothing that a patient may do (P1): where a form is handed out, the opening is counted (P6).
    pub async fn open(
        &self,
        token: &LinkToken,
        session: impl Fn(&LinkHash) -> Option<SessionHash>,
        network: &str,
    ) -> Result<Option<Opened>, Unavailable> {
        let Some(stored) = find_delivery(&self.store, &self.lookup, token).await? else {
            return Ok(None);
        };
        let now = self.now();
        let session = session(&stored.link);
        let slowed_until = async {
            if hands_out_form(&stored, session.as_ref(), now) {
                self.slowed_until(&stored.link, network, now).await
            } else {
                Ok(None)
            }
        };
        let practice = public_practice(&self.store, &stored);
        let (practice, slowed_until) = try_join(practice, slowed_until).await?;
        Ok(Some(Opened {
            found: Found::of(stored, practice, now),
            slowed_until,
        }))
    }

    /// What a link leads to. Changes nothing.
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

    /// P6: counts an opening. Both calls go together.
    async fn slowed_until(
        &self,
        link: &LinkHash,
        network: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Unavailable> {
        let Some(network) = self.lookup.get().await?.network(link, network) else {
            return Ok(None);
        };
        let earlier = self.store.earlier_openings(&network, now);
        let (earlier, counted) = try_join(earlier, self.store.count_opening(&network, now)).await?;
        Ok(p6_slowed_until(earlier.into_iter().chain(counted), now))
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
                State::Closed(reason) => EntryOutcome::Refused(EntryRule::Closed(reason), found),
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
        let now = self.now();
        let rule = l4_entry(&stored.delivery, practice.disabled_at.is_some(), now);
        if matches!(rule, EntryRule::WaitUntil(_)) && f_v11_is_clock_wrong(&stored.delivery, now) {
            return Err(Unavailable::ClockWrong);
        }
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

/// Whether a delivery's page is the one with the form for the code, as far as the practice has no say.
fn hands_out_form(stored: &StoredDelivery, session: Option<&SessionHash>, now: Timestamp) -> bool {
    let delivery = l6_settled(stored.delivery.clone(), now);
    let session = session.and_then(|hash| delivery.sessions.get(hash.as_str()));
    let has_session =
        session.is_some_and(|session| l9_session_lives(&delivery, false, session, now));
    !has_session && matches!(l8_state(&delivery, false, now), State::Open | State::Opened)
}
