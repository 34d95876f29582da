//! The documents page, downloads, and the end of a session (L9, P7, D8).

use documents::Documents;
use domain::audit::Op;
use domain::delivery::{Download, l6_settled, l9_session_lives, p7_download_life};
use domain::document::Document;
use domain::hashed::{LinkHash, SessionHash};
use domain::id::DocumentId;
use domain::practice::PublicPractice;
use domain::sending::d8_offered;
use domain::symbols::LinkToken;
use domain::time::Timestamp;
use futures::future::try_join;
use secrets::{Keys, LookupKeys};
use store::{Store, StoredDelivery};

use crate::clock::Clock;
use crate::error::Unavailable;
use crate::find::{Found, find_delivery, public_practice};

/// What showing documents needs.
#[derive(Debug)]
pub struct ReadDocuments {
    store: Store,
    documents: Documents,
    lookup: Keys<LookupKeys>,
    clock: Clock,
}

/// What a documents page shows.
#[derive(Debug)]
pub struct Listing {
    /// The sent documents, newest day of issue first.
    pub sent: Vec<Document>,
    /// What D8 offers besides.
    pub offered: Vec<Document>,
}

/// What a link leads to, and what it shows to the session that came with it, if that lives.
#[derive(Debug)]
pub struct Entered<T> {
    /// The delivery.
    pub found: Found,
    /// The live session and what it gets to see.
    pub shown: Option<(SessionHash, T)>,
}

/// What became of a click on a document.
#[derive(Debug)]
pub enum DownloadOutcome {
    /// Its bytes are at this URL for 60 seconds.
    Url(String),
    /// It is not, or no longer, among what this delivery shows, or its bytes are gone.
    Gone,
}

impl ReadDocuments {
    /// Over these.
    pub fn new(store: Store, documents: Documents, lookup: Keys<LookupKeys>, clock: Clock) -> Self {
        Self {
            store,
            documents,
            lookup,
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

    /// Whether a session lives, and nothing of what it could see.
    pub async fn recognise(
        &self,
        token: &LinkToken,
        session: impl Fn(&LinkHash) -> Option<SessionHash>,
    ) -> Result<Option<Entered<()>>, Unavailable> {
        let Some((stored, session)) = self.begin(token, session).await? else {
            return Ok(None);
        };
        let practice = public_practice(&self.store, &stored).await?;
        Ok(Some(self.entered(stored, practice, session, Some(()))))
    }

    /// The documents, and the session used just now.
    pub async fn list(
        &self,
        token: &LinkToken,
        session: impl Fn(&LinkHash) -> Option<SessionHash>,
    ) -> Result<Option<Entered<Listing>>, Unavailable> {
        let Some((stored, session)) = self.begin(token, session).await? else {
            return Ok(None);
        };
        let shown = async {
            let Some(session) = &session else {
                return Ok(None);
            };
            let listing = async { Ok(self.listing(&stored).await?) };
            let (listing, lives) = try_join(listing, self.touch(&stored, session, None)).await?;
            Ok(lives.then_some(listing))
        };
        let (practice, shown) = try_join(public_practice(&self.store, &stored), shown).await?;
        Ok(Some(self.entered(stored, practice, session, shown)))
    }

    /// A URL for one document, named `file_name`.
    pub async fn download(
        &self,
        token: &LinkToken,
        session: impl Fn(&LinkHash) -> Option<SessionHash>,
        id: &DocumentId,
        op: &Op,
        file_name: impl Fn(&Found, &Document) -> String,
    ) -> Result<Option<Entered<DownloadOutcome>>, Unavailable> {
        let Some((stored, session)) = self.begin(token, session).await? else {
            return Ok(None);
        };
        // Whether the bytes are there is asked before it is known that they may be shown, so that nobody waits twice.
        let shown = async {
            if session.is_none() {
                return Ok(None);
            }
            let listing = async { Ok::<_, Unavailable>(self.listing(&stored).await?) };
            let bytes = self.documents.exists(&stored.delivery.practice, id);
            let bytes = async { Ok(bytes.await?) };
            try_join(listing, bytes).await.map(Some)
        };
        let (practice, shown) = try_join(public_practice(&self.store, &stored), shown).await?;
        let Entered { found, shown } = self.entered(stored, practice, session, shown);
        let Some((session, (listing, are_there))) = shown else {
            return Ok(Some(Entered { found, shown: None }));
        };
        let Listing { sent, offered } = listing;
        let document = sent
            .into_iter()
            .chain(offered)
            .find(|document| document.id == *id);
        let Some(document) = document.filter(|_| are_there) else {
            let shown = Some((session, DownloadOutcome::Gone));
            return Ok(Some(Entered { found, shown }));
        };
        let delivery = &found.stored.delivery;
        let open = delivery.sessions.get(session.as_str());
        let Some(life) = open.and_then(|open| p7_download_life(delivery, open, self.now())) else {
            return Ok(Some(Entered { found, shown: None }));
        };
        let name = file_name(&found, &document);
        let practice = &delivery.practice;
        let url = self
            .documents
            .download_url(practice, &document, &name, life);
        let url = url.await?;
        let download = Download {
            document: document.id,
            at: self.now(),
        };
        let touched = self.touch(&found.stored, &session, Some((&download, op)));
        let lives = touched.await?;
        let shown = lives.then_some((session, DownloadOutcome::Url(url)));
        Ok(Some(Entered { found, shown }))
    }

    /// The first round trip: the delivery of a link, and the session that came with it if it lives (L9), for using one that does not would revive it.
    ///
    /// The second one reads what is to be shown, and beside it what pages say of the practice.
    async fn begin(
        &self,
        token: &LinkToken,
        session: impl Fn(&LinkHash) -> Option<SessionHash>,
    ) -> Result<Option<(StoredDelivery, Option<SessionHash>)>, Unavailable> {
        let found = find_delivery(&self.store, &self.lookup, token).await?;
        Ok(found.map(|stored| {
            let delivery = l6_settled(stored.delivery.clone(), self.now());
            let lives = |session: &SessionHash| {
                let open = delivery.sessions.get(session.as_str());
                open.is_some_and(|open| l9_session_lives(&delivery, false, open, self.now()))
            };
            let session = session(&stored.link).filter(lives);
            (stored, session)
        }))
    }

    /// L7 and L9, judged with all that was read; until here nothing of it was told.
    fn entered<T>(
        &self,
        stored: StoredDelivery,
        practice: PublicPractice,
        session: Option<SessionHash>,
        shown: Option<T>,
    ) -> Entered<T> {
        let found = Found::of(stored, practice, self.now());
        let lives = found.has_session(session.as_ref(), self.now());
        let shown = session.filter(|_| lives).zip(shown);
        Entered { found, shown }
    }

    /// P7: "Done".
    pub async fn end_session(
        &self,
        found: &Found,
        session: &SessionHash,
        op: &Op,
    ) -> Result<(), Unavailable> {
        let link = &found.stored.link;
        Ok(self.store.end_session(link, session, op).await?)
    }

    async fn touch(
        &self,
        stored: &StoredDelivery,
        session: &SessionHash,
        download: Option<(&Download, &Op)>,
    ) -> Result<bool, Unavailable> {
        Ok(self
            .store
            .touch_session(stored, session, download, self.now())
            .await?)
    }

    /// D8, as it is now: one read of the record's documents where others are offered, else of the sent ones alone.
    async fn listing(&self, stored: &StoredDelivery) -> Result<Listing, store::StoreError> {
        let delivery = &stored.delivery;
        let (practice, record) = (&delivery.practice, &delivery.record);
        let offers =
            usize::try_from(delivery.offered_invoices).unwrap_or(0) > delivery.documents.len();
        let all = if offers {
            self.store.documents_of_record(practice, record).await?
        } else {
            let some = self
                .store
                .documents(practice, record, &delivery.documents)
                .await?;
            some.into_iter().map(|stored| stored.document).collect()
        };
        let (mut sent, others): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|document| delivery.documents.contains(&document.id));
        sent.retain(Document::is_available);
        sent.sort_by(Document::newest_first);
        let offered = d8_offered(&sent, others, delivery.offered_invoices);
        Ok(Listing { sent, offered })
    }
}
