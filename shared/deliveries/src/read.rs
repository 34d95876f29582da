//! The documents page, downloads, and the end of a session (L9, P7, D8).

use std::cmp::Reverse;

use documents::Documents;
use domain::audit::Op;
use domain::delivery::Download;
use domain::document::Document;
use domain::hashed::SessionHash;
use domain::id::DocumentId;
use domain::sending::d8_offered;
use domain::symbols::LinkToken;
use domain::time::Timestamp;
use futures::future::try_join;
use secrets::{Keys, LookupKeys};
use store::{Store, StoredDelivery};

use crate::clock::Clock;
use crate::error::Unavailable;
use crate::find::{Found, find};

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

    /// What a link leads to.
    pub async fn find(&self, token: &LinkToken) -> Result<Option<Found>, Unavailable> {
        find(&self.store, &self.lookup, token, self.now()).await
    }

    /// The documents, and the session used just now. `None` if the session ended in between.
    pub async fn list(
        &self,
        found: &Found,
        session: &SessionHash,
    ) -> Result<Option<Listing>, Unavailable> {
        let listing = async { Ok(self.listing(&found.stored).await?) };
        let (listing, lives) = try_join(listing, self.touch(&found.stored, session, None)).await?;
        Ok(lives.then_some(listing))
    }

    /// A URL for one document, named `file_name`. `None` if the session ended in between.
    pub async fn download(
        &self,
        found: &Found,
        session: &SessionHash,
        id: &DocumentId,
        op: &Op,
        file_name: impl Fn(&Document) -> String,
    ) -> Result<Option<DownloadOutcome>, Unavailable> {
        let practice = &found.stored.delivery.practice;
        let Listing { sent, offered } = self.listing(&found.stored).await?;
        let Some(document) = sent
            .into_iter()
            .chain(offered)
            .find(|document| document.id == *id)
        else {
            return Ok(Some(DownloadOutcome::Gone));
        };
        let name = file_name(&document);
        let download = Download {
            document: document.id.clone(),
            at: self.now(),
        };
        if !self.documents.exists(practice, &document).await? {
            return Ok(Some(DownloadOutcome::Gone));
        }
        let url = self
            .documents
            .download_url(practice, &document, &name)
            .await?;
        let lives = self
            .touch(&found.stored, session, Some((&download, op)))
            .await?;
        Ok(lives.then_some(DownloadOutcome::Url(url)))
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
        sent.sort_by_key(|document| Reverse(document.id.clone()));
        let offered = d8_offered(&sent, others, delivery.offered_invoices);
        Ok(Listing { sent, offered })
    }
}
