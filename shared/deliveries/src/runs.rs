//! Invoice runs as a practice asks for them: start, look, cancel, take up again. Sends nothing; what sends is [`crate::Dispatch`].

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::Op;
use domain::document::Document;
use domain::id::{DocumentId, PracticeId, RecordId, RecordTypeId, RunId};
use domain::practice::{Channel, RecordType, Settings};
use domain::record::Record;
use domain::run::{
    Counts, ITEMS_PER_PAGE, ItemState, Run, RunItem, doubles, item_state, positions,
};
use domain::sending::{Levels, Overrides, d4_resolve};
use futures::{StreamExt as _, TryStreamExt as _};
use secrets::{Keys, LookupKeys, run_id};
use store::{EarlierRequest, RunRequested, Store, StoreError, StoredLine};

use crate::clock::Clock;
use crate::error::Unavailable;
use crate::send::idempotency_key;

/// The routes to which idempotency keys of runs belong.
const START: &str = "POST /v1/invoice-runs";
const RETRY: &str = "POST /v1/invoice-runs/{id}/retry";
/// How many items' settings are looked up together.
const TOGETHER: usize = 100;
/// How many such look-ups are under way at once.
const AT_ONCE: usize = 8;
/// How many pages of items one look goes through, where a filter leaves most of them out.
const PAGES: usize = 16;

/// What the practices' side of runs needs.
#[derive(Debug)]
pub struct Runs {
    /// The table.
    pub store: Store,
    /// The keys of idempotency keys.
    pub lookup: Keys<LookupKeys>,
    /// The clock.
    pub clock: Clock,
}

/// A run that a practice asks for.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// The tenant.
    pub practice: PracticeId,
    /// What is sent to whom, in the request's order.
    pub items: Vec<RunItem>,
    /// Whether it only checks.
    pub dry_run: bool,
    /// The request's idempotency key.
    pub key: String,
    /// The request's body, of which a hash is kept.
    pub body: Vec<u8>,
    /// The label of the key that asks.
    pub asked_by: String,
    /// Who asks.
    pub op: Op,
}

/// A request to take up what failed, or what nobody can tell.
#[derive(Clone, Debug)]
pub struct RetryRequest {
    /// The tenant.
    pub practice: PracticeId,
    /// Which run.
    pub run: RunId,
    /// Items of which state.
    pub state: ItemState,
    /// The request's idempotency key.
    pub key: String,
    /// The request's body, of which a hash is kept.
    pub body: Vec<u8>,
    /// The label of the key that asks.
    pub asked_by: String,
    /// Who asks.
    pub op: Op,
}

/// Why nothing was started, cancelled or taken up again.
#[derive(Debug)]
pub enum RunError {
    /// These items can be in no run.
    Refused {
        /// Their codes would have to be spoken, and nobody would ever see them.
        spoken: Vec<usize>,
        /// An item before them has the same document and recipient.
        doubles: Vec<usize>,
    },
    /// The same idempotency key, another body.
    Mismatch,
    /// The practice has no such run.
    NoSuchRun,
    /// It has come to its end.
    Ended,
    /// It has not come to its end.
    UnderWay,
    /// No item is in that state.
    NothingToRetry,
    /// Ours.
    Unavailable(Unavailable),
}

impl<E: Into<Unavailable>> From<E> for RunError {
    fn from(error: E) -> Self {
        Self::Unavailable(error.into())
    }
}

/// An item and what is said of it.
#[derive(Debug)]
pub struct RunItemNow {
    /// Its place in the request, from 0.
    pub number: usize,
    /// As it was asked for.
    pub item: RunItem,
    /// What it is now.
    pub state: ItemState,
    /// What was written down of it.
    pub stored: Option<StoredLine>,
}

impl Runs {
    /// Starts a run, or says which of its items keep it from being one.
    pub async fn start(&self, request: RunRequest) -> Result<Run, RunError> {
        let practice = &request.practice;
        let lookup = self.lookup.get().await?;
        let key = idempotency_key(lookup, practice, START, &request.key, &request.body);
        let now = self.clock.now();
        // A repeat is answered, whatever the settings say by now.
        match self.store.earlier_request(practice, &key, now).await? {
            Some(EarlierRequest::Same(made)) => return self.made(practice, &made).await,
            Some(EarlierRequest::Mismatch) => return Err(RunError::Mismatch),
            None => {}
        }
        let mut items = request.items;
        let channels = self.channels(practice, &items).await?;
        let mut numbers = 0..channels.len();
        let is_spoken = |_: &RunItem| {
            let number = numbers.next().unwrap_or_default();
            channels[number] == Some(Channel::Spoken)
        };
        let (spoken, doubles) = (positions(&items, is_spoken), doubles(&items));
        if !spoken.is_empty() || !doubles.is_empty() {
            return Err(RunError::Refused { spoken, doubles });
        }
        count_earlier(&mut items, &channels);
        let run = Run {
            id: run_id(now)?,
            practice: practice.clone(),
            dry_run: request.dry_run,
            items: items.len(),
            created_at: now,
            asked_by: request.asked_by,
            attempt: 1,
            retried: None,
            cancelled_at: None,
            finished_at: None,
            counts: None,
        };
        let started = self.store.start_run(&run, &items, &key, &request.op);
        self.requested(started.await?, run).await
    }

    /// A run and how many of its items are in which state.
    pub async fn run(
        &self,
        practice: &PracticeId,
        id: &RunId,
    ) -> Result<Option<(Run, Counts)>, Unavailable> {
        let Some(run) = self.store.run(practice, id).await? else {
            return Ok(None);
        };
        let counts = self.counts(&run).await?;
        Ok(Some((run, counts)))
    }

    /// How many of a run's items are in which state.
    pub async fn counts(&self, run: &Run) -> Result<Counts, Unavailable> {
        if let Some(counts) = &run.counts {
            return Ok(counts.clone());
        }
        let lines = self.store.brief_lines(run).await?;
        Ok(Counts::of(
            run,
            lines.into_values().map(|stored| stored.line),
        ))
    }

    /// Some items of a run from this one on, those in one state alone if asked, and where the next ones begin.
    pub async fn items(
        &self,
        practice: &PracticeId,
        id: &RunId,
        state: Option<ItemState>,
        limit: usize,
        from: usize,
    ) -> Result<Option<(Vec<RunItemNow>, Option<usize>)>, Unavailable> {
        let Some(run) = self.store.run(practice, id).await? else {
            return Ok(None);
        };
        let (mut found, mut next) = (Vec::new(), from);
        for _ in 0..PAGES {
            if next >= run.items {
                break;
            }
            let page = next / ITEMS_PER_PAGE;
            let range = next..run.items.min((page + 1) * ITEMS_PER_PAGE);
            let (items, mut lines) = futures::try_join!(
                self.store.run_items(&run, page),
                self.store.lines(&run, &range),
            )?;
            for number in range {
                let stored = lines.remove(&number);
                let now = item_state(&run, stored.as_ref().map(|stored| &stored.line));
                if state.is_none_or(|state| state == now) {
                    if found.len() == limit {
                        return Ok(Some((found, Some(number))));
                    }
                    let item = items.get(number % ITEMS_PER_PAGE).cloned();
                    found.push(RunItemNow {
                        number,
                        item: item.ok_or(StoreError::Unreadable("page of a run"))?,
                        state: now,
                        stored,
                    });
                }
                next = number + 1;
            }
        }
        Ok(Some((found, (next < run.items).then_some(next))))
    }

    /// Nothing further is taken up; what was under way ends. A second time changes nothing.
    pub async fn cancel(
        &self,
        practice: &PracticeId,
        id: &RunId,
        op: &Op,
    ) -> Result<Run, RunError> {
        let run = self.existing(practice, id).await?;
        if !self.store.cancel_run(&run, op).await? {
            let now = self.existing(practice, id).await?;
            return match now.cancelled_at {
                Some(_) => Ok(now),
                None => Err(RunError::Ended),
            };
        }
        self.existing(practice, id).await
    }

    /// Takes up the items of one state once more, each as a new delivery.
    pub async fn retry(&self, request: RetryRequest) -> Result<Run, RunError> {
        let RetryRequest {
            practice,
            run: id,
            state,
            ..
        } = &request;
        let lookup = self.lookup.get().await?;
        let key = idempotency_key(lookup, practice, RETRY, &request.key, &request.body);
        let now = self.clock.now();
        // Read before the key: what the same request has just made of the run, its key tells.
        let before = self.existing(practice, id).await?;
        match self.store.earlier_request(practice, &key, now).await? {
            Some(EarlierRequest::Same(made)) => return self.made(practice, &made).await,
            Some(EarlierRequest::Mismatch) => return Err(RunError::Mismatch),
            None => {}
        }
        if before.state().is_under_way() {
            return Err(RunError::UnderWay);
        }
        if self.counts(&before).await?.of_state(*state) == 0 {
            return Err(RunError::NothingToRetry);
        }
        let after = Run {
            attempt: before.attempt + 1,
            retried: Some(*state),
            asked_by: request.asked_by.clone(),
            cancelled_at: None,
            finished_at: None,
            counts: None,
            ..before.clone()
        };
        let retried = self.store.retry_run(&before, &after, &key, &request.op);
        match retried.await? {
            RunRequested::Changed => Err(RunError::UnderWay),
            requested => self.requested(requested, after).await,
        }
    }

    async fn requested(&self, requested: RunRequested, run: Run) -> Result<Run, RunError> {
        match requested {
            RunRequested::Yes => Ok(run),
            RunRequested::Repeated(id) => self.existing(&run.practice, &id).await,
            RunRequested::Mismatch => Err(RunError::Mismatch),
            RunRequested::Changed => Err(StoreError::Contention.into()),
        }
    }

    async fn existing(&self, practice: &PracticeId, id: &RunId) -> Result<Run, RunError> {
        let found = self.store.run(practice, id).await?;
        found.ok_or(RunError::NoSuchRun)
    }

    /// The run of an earlier request, which its idempotency key remembers.
    async fn made(&self, practice: &PracticeId, made: &str) -> Result<Run, RunError> {
        let id = made.split('/').next().unwrap_or_default().parse();
        let id: RunId = id.map_err(|_| StoreError::Unreadable("request"))?;
        self.existing(practice, &id).await
    }

    /// How each item's code would travel (D4); `None` where document or recipient is not there, which the item itself will say.
    async fn channels(
        &self,
        practice: &PracticeId,
        items: &[RunItem],
    ) -> Result<Vec<Option<Channel>>, Unavailable> {
        let settings = self.store.settings(practice).await?;
        let settings = &settings.ok_or(StoreError::Unreadable("settings"))?;
        let mut look_ups = Vec::new();
        for items in items.chunks(TOGETHER) {
            look_ups.push(self.channels_of(practice, settings, items));
        }
        let parts: Vec<Vec<Option<Channel>>> = futures::stream::iter(look_ups)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(parts.concat())
    }

    async fn channels_of(
        &self,
        practice: &PracticeId,
        settings: &Settings,
        items: &[RunItem],
    ) -> Result<Vec<Option<Channel>>, Unavailable> {
        let open = items.iter().filter(|item| item.channel.is_none());
        let documents: Vec<DocumentId> = open.map(|item| item.document.clone()).collect();
        let facts = self.channel_facts(practice, &documents).await?;
        let channel = |item: &RunItem| item.channel.or_else(|| facts.channel(item, settings));
        Ok(items.iter().map(channel).collect())
    }

    /// Three rounds of reads for some documents together: whose they are, those records, and what these point to.
    async fn channel_facts(
        &self,
        practice: &PracticeId,
        documents: &[DocumentId],
    ) -> Result<ChannelFacts, Unavailable> {
        let owners = self.store.records_of_documents(practice, documents).await?;
        let records = owners.values().cloned().collect();
        let (documents, mut records) = futures::try_join!(
            self.store.documents_by_id(practice, &owners),
            self.store.records_by_id(practice, &records),
        )?;
        let recipients = records.values().flat_map(|record| &record.recipients);
        let linked: BTreeSet<RecordId> = recipients
            .filter_map(|recipient| recipient.linked_record.clone())
            .filter(|linked| !records.contains_key(linked))
            .collect();
        records.extend(self.store.records_by_id(practice, &linked).await?);
        let types = records.values().map(|record| record.record_type.clone());
        let types = self
            .store
            .record_types_by_id(practice, &types.collect())
            .await?;
        Ok(ChannelFacts {
            documents,
            records,
            types,
        })
    }
}

/// What decides how a code travels.
struct ChannelFacts {
    documents: BTreeMap<DocumentId, Document>,
    records: BTreeMap<RecordId, Record>,
    types: BTreeMap<RecordTypeId, RecordType>,
}

impl ChannelFacts {
    /// D4.
    fn channel(&self, item: &RunItem, settings: &Settings) -> Option<Channel> {
        let document = self.documents.get(&item.document)?;
        let record = self.records.get(&document.record)?;
        let recipient = record.recipient(&item.recipient)?;
        let typed = match &recipient.linked_record {
            Some(linked) => self.records.get(linked)?,
            None => record,
        };
        let usual = RecordType::default();
        let levels = Levels {
            delivery: &Overrides::default(),
            recipient,
            record,
            record_type: self.types.get(&typed.record_type).unwrap_or(&usual),
            practice: settings,
        };
        Some(d4_resolve(levels, document.kind).channel.value)
    }
}

/// Notes with each item how many before it have a code that travels the same way.
fn count_earlier(items: &mut [RunItem], channels: &[Option<Channel>]) {
    let mut counts: Vec<(Option<Channel>, u32)> = Vec::new();
    for (item, channel) in items.iter_mut().zip(channels) {
        let known = counts.iter_mut().find(|(known, _)| known == channel);
        if let Some((_, count)) = known {
            item.earlier = *count;
            *count += 1;
        } else {
            item.earlier = 0;
            counts.push((*channel, 1));
        }
    }
}
