//! Invoice runs: a run, its items in pages and its lanes are written in one transaction, so that a run is there as a whole or not at all.
//!
//! What becomes of an item lies beside the pages (`run_items`); how far each lane is, in an item of its own (`lanes`).

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use domain::audit::{Action, Op, Outcome};
use domain::id::{PracticeId, RunId};
use domain::run::{Counts, ITEMS_PER_PAGE, Run, RunItem, lanes};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::StoreError;
use crate::item::{
    Item, Key, from_item, last_op, number, text, time, to_attribute, to_item, with_op,
};
use crate::lanes::Lane;
use crate::practices::put_new;
use crate::requests::{EarlierRequest, IdempotencyKey};

/// What became of a request to start a run, or to take up a part of it again.
#[derive(Debug)]
pub enum RunRequested {
    /// It is done.
    Yes,
    /// The same request was made before, of this run.
    Repeated(RunId),
    /// The same idempotency key was used with another body.
    Mismatch,
    /// Somebody else changed the run in between.
    Changed,
}

/// Some of a run's items.
#[derive(Serialize, Deserialize)]
struct ItemPage {
    items: Vec<RunItem>,
}

/// A run that is not finished, so that the schedule finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveRun {
    /// The tenant.
    pub practice: PracticeId,
    /// Which.
    pub run: RunId,
}

impl Store {
    /// Starts a run: everything of it at once, or nothing.
    pub async fn start_run(
        &self,
        run: &Run,
        items: &[RunItem],
        request: &IdempotencyKey,
        op: &Op,
    ) -> Result<RunRequested, StoreError> {
        let header = to_item(&Key::run(&run.practice, &run.id), run)?;
        let header = with_op(kept(header, run), op, Action::RunStarted, Outcome::Done)?;
        let mut writes = vec![put_new(&self.table, header)?];
        for (page, items) in items.chunks(ITEMS_PER_PAGE).enumerate() {
            let items = ItemPage {
                items: items.to_vec(),
            };
            let item = to_item(&Key::run_page(&run.practice, &run.id, page), &items)?;
            writes.push(put_new(&self.table, kept(item, run))?);
        }
        writes.extend(self.lane_writes(run, op.at)?);
        self.request_run(run, writes, request, op.at).await
    }

    /// Takes up what is in this state once more: a new attempt, by lanes that begin anew.
    pub async fn retry_run(
        &self,
        before: &Run,
        after: &Run,
        request: &IdempotencyKey,
        op: &Op,
    ) -> Result<RunRequested, StoreError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::run(&after.practice, &after.id).attributes()))
            .update_expression("SET #attempt = :attempt, #retried = :retried, #asked_by = :asked_by, last_op = :op REMOVE #cancelled_at, #finished_at, #counts")
            .condition_expression("#attempt = :before AND attribute_exists(#finished_at)")
            .expression_attribute_names("#attempt", "attempt")
            .expression_attribute_names("#retried", "retried")
            .expression_attribute_names("#asked_by", "asked_by")
            .expression_attribute_names("#cancelled_at", "cancelled_at")
            .expression_attribute_names("#finished_at", "finished_at")
            .expression_attribute_names("#counts", "counts")
            .expression_attribute_values(":attempt", number(after.attempt))
            .expression_attribute_values(":before", number(before.attempt))
            .expression_attribute_values(":retried", to_attribute(&after.retried)?)
            .expression_attribute_values(":asked_by", text(&after.asked_by))
            .expression_attribute_values(":op", last_op(op, Action::RunRetried, Outcome::Done)?)
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        let mut writes = vec![TransactWriteItem::builder().update(update).build()];
        writes.extend(self.lane_writes(after, op.at)?);
        self.request_run(after, writes, request, op.at).await
    }

    /// Nothing further is taken up from now on; `false` if it has ended before.
    pub async fn cancel_run(&self, run: &Run, op: &Op) -> Result<bool, StoreError> {
        let cancel = |key: &Key, expression: &str| {
            Update::builder()
                .table_name(&self.table)
                .set_key(Some(key.attributes()))
                .update_expression(expression)
                .expression_attribute_names("#cancelled_at", "cancelled_at")
                .expression_attribute_names("#attempt", "attempt")
                .expression_attribute_values(":now", time(op.at))
                .expression_attribute_values(":attempt", number(run.attempt))
        };
        let unreadable = |_| StoreError::Unreadable("our own");
        let header = cancel(
            &Key::run(&run.practice, &run.id),
            "SET #cancelled_at = :now, last_op = :op",
        )
        .condition_expression("#attempt = :attempt AND attribute_not_exists(#finished_at) AND attribute_not_exists(#cancelled_at)")
        .expression_attribute_names("#finished_at", "finished_at")
        .expression_attribute_values(":op", last_op(op, Action::RunCancelled, Outcome::Done)?)
        .build()
        .map_err(unreadable)?;
        let mut writes = vec![TransactWriteItem::builder().update(header).build()];
        for lane in 0..lanes(run.items).len() {
            let lane = cancel(
                &Key::lane(&run.practice, &run.id, lane),
                "SET #cancelled_at = :now",
            )
            .condition_expression("#attempt = :attempt")
            .build()
            .map_err(unreadable)?;
            writes.push(TransactWriteItem::builder().update(lane).build());
        }
        self.transact(writes).await
    }

    /// Nothing is left to be done in this attempt of the run; a second time changes nothing.
    pub async fn finish_run(&self, run: &Run, counts: &Counts, op: &Op) -> Result<(), StoreError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::run(&run.practice, &run.id).attributes()))
            .update_expression("SET #finished_at = :now, #counts = :counts, last_op = :op")
            .condition_expression("#attempt = :attempt AND attribute_not_exists(#finished_at)")
            .expression_attribute_names("#finished_at", "finished_at")
            .expression_attribute_names("#counts", "counts")
            .expression_attribute_names("#attempt", "attempt")
            .expression_attribute_values(":now", time(op.at))
            .expression_attribute_values(":counts", to_attribute(counts)?)
            .expression_attribute_values(":attempt", number(run.attempt))
            .expression_attribute_values(":op", last_op(op, Action::RunFinished, Outcome::Done)?)
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(Key::active_run(&run.practice, &run.id).attributes()))
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        let writes = vec![
            TransactWriteItem::builder().update(update).build(),
            TransactWriteItem::builder().delete(delete).build(),
        ];
        self.transact(writes).await.map(drop)
    }

    /// A practice's run.
    pub async fn run(&self, practice: &PracticeId, id: &RunId) -> Result<Option<Run>, StoreError> {
        let found = self.get(&Key::run(practice, id)).await?;
        found.map(|item| from_item(item, "run")).transpose()
    }

    /// The items of one page of a run, in their order.
    pub async fn run_items(&self, run: &Run, page: usize) -> Result<Vec<RunItem>, StoreError> {
        let key = Key::run_page(&run.practice, &run.id, page);
        let found = self.get(&key).await?;
        let unreadable = StoreError::Unreadable("page of a run");
        let page: ItemPage = from_item(found.ok_or(unreadable)?, "page of a run")?;
        Ok(page.items)
    }

    /// Runs that are not finished, of every practice; rows that this version cannot read are left alone.
    pub async fn active_runs(&self) -> Result<Vec<ActiveRun>, StoreError> {
        let read = |item| from_item(item, "active run");
        self.rows_before(Key::after_active_runs(), usize::MAX, read)
            .await
    }

    /// The lanes of an attempt at their beginnings, and that the run is active.
    fn lane_writes(&self, run: &Run, now: Timestamp) -> Result<Vec<TransactWriteItem>, StoreError> {
        let active = ActiveRun {
            practice: run.practice.clone(),
            run: run.id.clone(),
        };
        let active = to_item(&Key::active_run(&run.practice, &run.id), &active)?;
        let mut items = vec![kept(active, run)];
        for lane in Lane::all(run, now) {
            items.push(kept(to_item(&lane.key(), &lane)?, run));
        }
        let put = |item: Item| {
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(item))
                .build()
                .map_err(|_| StoreError::Unreadable("our own"))?;
            Ok(TransactWriteItem::builder().put(put).build())
        };
        items.into_iter().map(put).collect()
    }

    /// Writes it together with the request that it answers, or says why not.
    async fn request_run(
        &self,
        run: &Run,
        mut writes: Vec<TransactWriteItem>,
        request: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<RunRequested, StoreError> {
        let made = format!("{}/{}", run.id, run.attempt);
        writes.extend(self.request_writes(&run.practice, request, &made, now)?);
        if self.transact_bulky(writes).await? {
            return Ok(RunRequested::Yes);
        }
        let earlier = self.earlier_request(&run.practice, request, now).await?;
        match earlier {
            // Our own write, whose answer was lost.
            Some(EarlierRequest::Same(before)) if before == made => Ok(RunRequested::Yes),
            Some(EarlierRequest::Same(before)) => {
                let id = before.split('/').next().unwrap_or_default().parse();
                id.map(RunRequested::Repeated)
                    .map_err(|_| StoreError::Unreadable("request"))
            }
            Some(EarlierRequest::Mismatch) => Ok(RunRequested::Mismatch),
            None => Ok(RunRequested::Changed),
        }
    }
}

/// The same until the run is forgotten.
pub(crate) fn kept(mut item: Item, run: &Run) -> Item {
    item.insert("ttl".to_owned(), time(run.kept_until()));
    item
}
