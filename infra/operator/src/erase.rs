//! Erasing everything of a practice or of a record, and proving that nothing of it is left.
//!
//! Everything is found by looking through the whole table and the bucket, not by following pointers, so that nothing is forgotten and a broken run can be repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use documents::Documents;
use domain::audit::Actor;
use domain::hashed::LinkHash;
use domain::id::{DocumentId, PracticeId, RecordId};
use domain::time::Timestamp;
use futures::{TryStreamExt as _, stream};
use secrets::draw_op;
use store::{Row, Store, Survey};

use crate::OperatorError;

/// How many things are deleted at once.
const AT_ONCE: usize = 16;
/// How often is looked for what was still being written; each look follows a pause.
const MOST_LOOKS: usize = 20;

/// What is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whole {
    /// Everything of a practice.
    Practice(PracticeId),
    /// Everything of one of its records.
    Record(PracticeId, RecordId),
}

/// What still names it: how many items of each kind in the table, and documents in the bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// Of the table, by kind.
    pub items: BTreeMap<&'static str, usize>,
    /// Of the bucket.
    pub objects: usize,
}

/// What was erased, and what is left: nothing, unless somebody still writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// What was deleted.
    pub gone: Traces,
    /// What a last look found.
    pub left: Traces,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing is deleted yet: requests under way end, and the stream is followed.
    Waiting,
    /// So many items were looked at.
    Looking(usize),
    /// So many things were deleted.
    Deleting(usize),
}

impl Whole {
    /// Whose.
    pub fn practice(&self) -> &PracticeId {
        match self {
            Self::Practice(practice) | Self::Record(practice, _) => practice,
        }
    }

    fn is_named_by(&self, row: &Row) -> bool {
        match self {
            Self::Practice(practice) => row.names_practice(practice),
            Self::Record(practice, record) => row.names_record(practice, record),
        }
    }

    /// Whether a row that names it is deleted here. Of a record, an alias takes its place in the audit; another record may still be linked to it, which is that one's to say.
    fn takes(&self, row: &Row) -> bool {
        match self {
            Self::Practice(_) => true,
            Self::Record(_, record) => match row.kind() {
                "audit" => false,
                "records" => row.sort().strip_prefix("RECORD#") == Some(record.as_str()),
                _ => true,
            },
        }
    }
}

impl Traces {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.objects == 0 && self.items.is_empty()
    }

    fn add(&mut self, row: &Row) {
        *self.items.entry(row.kind()).or_default() += 1;
    }
}

/// Erases it. `pause` lets requests under way end before anything is deleted, and the stream be followed between two looks: 30 seconds on AWS.
pub async fn erase(
    store: &Store,
    bucket: &Documents,
    whole: &Whole,
    now: Timestamp,
    pause: Duration,
    mut step: impl FnMut(Step),
) -> Result<Erased, OperatorError> {
    let op = draw_op(Actor::Operator, now)?;
    match whole {
        // Where it is gone already, a broken run got that far.
        Whole::Practice(practice) => store.set_disabled(practice, true, &op).await.map(drop)?,
        // Leaves the mark by which the audit knows what stands for it.
        Whole::Record(practice, record) => {
            store.delete_record(practice, record, &op).await.map(drop)?;
        }
    }
    step(Step::Waiting);
    tokio::time::sleep(pause).await;
    let mut gone = Traces::default();
    for _ in 0..MOST_LOOKS {
        let deleted = delete_once(store, bucket, whole, &mut gone, &mut step).await?;
        step(Step::Waiting);
        tokio::time::sleep(pause).await;
        let left = traces(store, bucket, whole, |items| step(Step::Looking(items))).await?;
        let is_over = deleted == 0 && !left.items.contains_key("audit");
        if left.is_empty() || is_over {
            return Ok(Erased { gone, left });
        }
    }
    let left = traces(store, bucket, whole, |items| step(Step::Looking(items))).await?;
    Ok(Erased { gone, left })
}

/// What names it, without changing anything.
pub async fn traces(
    store: &Store,
    bucket: &Documents,
    whole: &Whole,
    mut seen: impl FnMut(usize),
) -> Result<Traces, OperatorError> {
    let (mut found, mut survey, mut items) = (Traces::default(), Survey::default(), 0);
    let mut documents = BTreeSet::new();
    while let Some(rows) = store.survey(&mut survey).await? {
        items += rows.len();
        for row in rows.iter().filter(|row| whole.is_named_by(row)) {
            found.add(row);
            documents.extend(row.document());
        }
        seen(items);
    }
    found.objects = match whole {
        Whole::Practice(practice) => objects(bucket, practice).await?.len(),
        // An object names its practice alone; whose record it is, the table knows as long as it knows the document.
        Whole::Record(practice, _) => {
            let there = objects(bucket, practice).await?;
            there.intersection(&documents).count()
        }
    };
    Ok(found)
}

/// Everything that one look finds: first what points to deliveries, then the deliveries, last what pages say of the practice.
async fn delete_once(
    store: &Store,
    bucket: &Documents,
    whole: &Whole,
    gone: &mut Traces,
    step: &mut impl FnMut(Step),
) -> Result<usize, OperatorError> {
    let before = gone.count();
    let practice = whole.practice();
    let (mut links, mut documents) = (BTreeSet::new(), BTreeSet::new());
    let mut survey = Survey::default();
    let mut items = 0;
    while let Some(rows) = store.survey(&mut survey).await? {
        items += rows.len();
        for row in rows.iter().filter(|row| whole.is_named_by(row)) {
            links.extend(row.delivery_link());
            documents.extend(row.document());
        }
        step(Step::Looking(items));
    }
    if matches!(whole, Whole::Practice(_)) {
        documents = objects(bucket, practice).await?;
    } else {
        let there = objects(bucket, practice).await?;
        documents.retain(|id| there.contains(id));
    }
    let deleting = documents.iter().map(|id| bucket.delete_by_id(practice, id));
    let deleting = stream::iter(deleting.map(Ok)).try_buffer_unordered(AT_ONCE);
    let deleted: Vec<()> = deleting.try_collect().await?;
    gone.objects += deleted.len();
    step(Step::Deleting(gone.count()));
    for rank in [Rank::Rest, Rank::Delivery, Rank::Public] {
        let mut survey = Survey::default();
        while let Some(rows) = store.survey(&mut survey).await? {
            let doomed = |row: &&Row| {
                let is_named = whole.is_named_by(row) && whole.takes(row);
                Rank::of(row) == rank && (is_named || points_to(row, &links))
            };
            let rows: Vec<&Row> = rows.iter().filter(doomed).collect();
            let deleting = rows.iter().map(|row| store.remove(row));
            let deleting = stream::iter(deleting.map(Ok)).try_buffer_unordered(AT_ONCE);
            let _: Vec<()> = deleting.try_collect().await?;
            for row in rows {
                gone.add(row);
            }
            step(Step::Deleting(gone.count()));
        }
    }
    Ok(gone.count() - before)
}

/// When a row is deleted: what finds other rows goes after them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rank {
    Rest,
    Delivery,
    Public,
}

impl Rank {
    fn of(row: &Row) -> Self {
        if row.delivery_link().is_some() {
            Self::Delivery
        } else if row.partition().starts_with("PUB#") {
            Self::Public
        } else {
            Self::Rest
        }
    }
}

impl Traces {
    fn count(&self) -> usize {
        self.objects + self.items.values().sum::<usize>()
    }
}

/// Whether it serves to find a delivery and nothing else. The line of a run says what became of its item, and goes with the run.
fn points_to(row: &Row, links: &BTreeSet<LinkHash>) -> bool {
    ["pointers to deliveries", "queue"].contains(&row.kind())
        && row.link().is_some_and(|link| links.contains(&link))
}

/// All documents of a practice in the bucket.
async fn objects(
    bucket: &Documents,
    practice: &PracticeId,
) -> Result<BTreeSet<DocumentId>, OperatorError> {
    let mut found = BTreeSet::new();
    loop {
        let page = bucket.some_of_practice(practice, found.last()).await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

/// A line for each kind, such as `12 deliveries`.
impl std::fmt::Display for Traces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (kind, items) in &self.items {
            writeln!(f, "  {items} {kind}")?;
        }
        write!(f, "  {} documents in the bucket", self.objects)
    }
}
