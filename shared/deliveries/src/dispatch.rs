//! Sending the items of invoice runs: step by step along each lane, every item by the use case that sends any delivery.
//!
//! An item is taken up in the transaction that makes its delivery, so that of any number of workers one sends it.
//! A worker that ends at any moment leaves either nothing of an item, or a delivery that tells what became of it a minute later.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::audit::{Actor, Op};
use domain::id::{DocumentId, RecordId};
use domain::practice::Channel;
use domain::rate::SendRate;
use domain::run::{
    Counts, ITEMS_PER_PAGE, ItemState, Line, Run, RunItem, STALLS, Turn, item_message,
    item_outcome, step, turn,
};
use domain::sending::Overrides;
use domain::text::AdditionalText;
use domain::usage::Usage;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use secrets::draw_op;
use serde_json::Value;
use store::{ActiveRun, ItemClaim, Lane, LaneNow, Store, StoreError, StoredLine};

use crate::error::Unavailable;
use crate::plan::Shared;
use crate::send::{Once, SendDelivery, SendError, SendRequest};

/// How many items of a step are under way at once: while one is hashed, the others are read and sent.
const AT_ONCE: usize = 4;
/// From then on a step takes up nothing further, so that it ends within its function's time.
const STEP_TIME: Duration = Duration::from_secs(8);
/// How often is looked for tokens, and for how long; after that the schedule gives the lane another push.
const TOKEN_PAUSE: Duration = Duration::from_millis(200);
const TOKEN_PATIENCE: Duration = Duration::from_secs(5);

/// What sending runs needs.
#[derive(Debug)]
pub struct Dispatch {
    /// What sends.
    pub send: SendDelivery,
    /// How many e-mails a second.
    pub rate: SendRate,
    /// How a problem is told: as JSON, once and for all.
    pub told: fn(SendError) -> Value,
}

/// One item of a step.
struct Task {
    number: usize,
    item: RunItem,
    turn: Turn,
    stored: Option<StoredLine>,
}

/// What a step goes by.
struct Step<'a> {
    run: &'a Run,
    lane: &'a Lane,
    records: BTreeMap<DocumentId, RecordId>,
    shared: Shared,
}

impl Dispatch {
    /// One step of a lane that the stream brought. Safe to repeat, and to be made by several at once.
    pub async fn advance(&self, seen: &Lane) -> Result<(), Unavailable> {
        let Some(LaneNow {
            run,
            lane,
            is_disabled,
        }) = self.store().lane_now(seen).await?
        else {
            return Ok(());
        };
        let is_late = (lane.attempt, lane.next) != (seen.attempt, seen.next);
        // The lane of a disabled practice stands still until it is enabled again.
        if is_late || is_disabled && !lane.is_done() {
            return Ok(());
        }
        if !lane.is_done() {
            let Some(next) = self.step(&run, &lane).await? else {
                return Ok(self.store().wait_for_tokens(&lane).await?);
            };
            let now = self.send.clock.now();
            if self.store().move_lane(&lane, next, now).await? && next < lane.end {
                return Ok(());
            }
        }
        self.finish(&run).await
    }

    /// What the stream forgot: lanes that stand still get another push, runs with nothing left to do are finished.
    ///
    /// A run that cannot be looked after now keeps no other from it.
    pub async fn look_after_runs(&self) -> Result<(), Unavailable> {
        let mut outcome = Ok(());
        for active in self.store().active_runs().await? {
            if let Err(error) = self.look_after(&active).await {
                tracing::error!(run = active.run.as_str(), %error, "a run could not be looked after");
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn look_after(&self, active: &ActiveRun) -> Result<(), Unavailable> {
        let Some(run) = self.store().run(&active.practice, &active.run).await? else {
            return Ok(());
        };
        let now = self.send.clock.now();
        let lanes = self.store().lanes(&run).await?;
        for lane in lanes.iter().filter(|lane| lane.is_idle(now)) {
            self.push(lane).await?;
        }
        self.finish(&run).await
    }

    async fn push(&self, idle: &Lane) -> Result<(), Unavailable> {
        let found = self.store().lane_now(idle).await?;
        // The lane of a disabled practice waits without a push, for nothing has failed.
        if found.is_none_or(|found| found.is_disabled) {
            return Ok(());
        }
        tracing::warn!(
            run = idle.run.as_str(),
            lane = idle.lane,
            stalls = idle.stalls,
            waits_for_tokens = idle.waits_for_tokens,
            "a lane stood still"
        );
        let now = self.send.clock.now();
        Ok(self.store().push_lane(idle, now).await?)
    }

    fn store(&self) -> &Store {
        &self.send.store
    }

    /// Sends or checks what comes next; where the lane goes on, or `None` where it has to wait.
    async fn step(&self, run: &Run, lane: &Lane) -> Result<Option<usize>, Unavailable> {
        let range = step(lane.next, lane.end);
        let (items, mut lines) = futures::try_join!(
            self.store().run_items(run, lane.next / ITEMS_PER_PAGE),
            self.store().lines(run, &range),
        )?;
        let mut tasks = Vec::with_capacity(range.len());
        for number in range {
            let item = items.get(number % ITEMS_PER_PAGE).cloned();
            let stored = lines.remove(&number);
            tasks.push(Task {
                number,
                item: item.ok_or(StoreError::Unreadable("page of a run"))?,
                turn: turn(run, stored.as_ref().map(|stored| &stored.line)),
                stored,
            });
        }
        let Some(tasks) = self.with_tokens(run, tasks).await? else {
            return Ok(None);
        };
        let taken = tasks
            .iter()
            .filter(|task| matches!(task.turn, Turn::Take(_)));
        let documents: Vec<DocumentId> = taken.map(|task| task.item.document.clone()).collect();
        let step = &Step {
            run,
            lane,
            records: self
                .store()
                .records_of_documents(&run.practice, &documents)
                .await?,
            shared: Shared::default(),
        };
        let began = Instant::now();
        let (mut next, mut outcome) = (lane.next, Ok(()));
        let mut waiting = tasks.into_iter();
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < AT_ONCE
                && began.elapsed() < STEP_TIME
                && let Some(task) = waiting.next()
            {
                next = task.number + 1;
                under_way.push(self.take(step, task));
            }
            match under_way.next().await {
                Some(taken) => outcome = outcome.and(taken),
                None => break,
            }
        }
        outcome.map(|()| Some(next))
    }

    /// As many of the tasks, from the first on, as there are tokens for; `None` if there are none for a while.
    async fn with_tokens(
        &self,
        run: &Run,
        mut tasks: Vec<Task>,
    ) -> Result<Option<Vec<Task>>, Unavailable> {
        let is_sent = |task: &Task| matches!(task.turn, Turn::Take(_));
        let wanted = tasks.iter().filter(|task| is_sent(task)).count();
        if run.dry_run || wanted == 0 {
            return Ok(Some(tasks));
        }
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        let began = Instant::now();
        let mut given = 0;
        while given == 0 {
            let now = self.send.clock.now();
            given = self.store().take_tokens(self.rate, wanted, now).await?;
            if given == 0 {
                if began.elapsed() > TOKEN_PATIENCE {
                    return Ok(None);
                }
                tokio::time::sleep(TOKEN_PAUSE).await;
            }
        }
        let mut left = given;
        let end = tasks.iter().position(|task| {
            let is_too_many = is_sent(task) && left == 0;
            left -= u32::from(is_sent(task) && left > 0);
            is_too_many
        });
        tasks.truncate(end.unwrap_or(tasks.len()));
        Ok(Some(tasks))
    }

    async fn take(&self, step: &Step<'_>, task: Task) -> Result<(), Unavailable> {
        match (task.turn, &task.stored) {
            (Turn::Take(replaces), _) => self.take_up(step, &task, replaces).await,
            (Turn::Settle, Some(stored)) => {
                self.settle(step.run, task.number, stored).await.map(drop)
            }
            (Turn::Pass | Turn::Settle, _) => Ok(()),
        }
    }

    /// Sends or checks one item. An error means that nothing was sent; whether it was taken up, its line says.
    async fn take_up(
        &self,
        step: &Step<'_>,
        task: &Task,
        replaces: Option<u32>,
    ) -> Result<(), Unavailable> {
        let claim = claim(step, task.number, replaces);
        let tried = match self.request(step, task, &claim)? {
            None => Err(SendError::DocumentsGone(vec![0])),
            Some(request) if step.run.dry_run => {
                let problems = self.check(step, &request, task).await;
                match problems {
                    Ok(problems) => return self.note(&claim, task.number, problems).await,
                    Err(error) => Err(error.into()),
                }
            }
            Some(request) => self.send.send_with(&request, &step.shared).await,
        };
        let (delivery, state, message, problem) = match tried {
            Ok(sent) => (
                sent.id,
                ItemState::Sent,
                sent.opens.map(|opens| opens.message.fate),
                None,
            ),
            Err(SendError::NotOurs) => return Ok(()),
            Err(SendError::EmailRefused { id, reason }) => {
                let problem = SendError::EmailRefused {
                    id: id.clone(),
                    reason,
                };
                (id, ItemState::Failed, None, Some(problem))
            }
            Err(SendError::EmailUnknown { id }) => {
                let problem = SendError::EmailUnknown { id: id.clone() };
                (id, ItemState::Unknown, None, Some(problem))
            }
            Err(SendError::Unavailable(error)) if !is_hopeless(step.lane, &error) => {
                return Err(error);
            }
            Err(problem) => return self.note(&claim, task.number, vec![problem]).await,
        };
        let problems = problem.map(|problem| self.tell(task.number, vec![problem]));
        let outcome = (state, message.as_ref(), problems.as_deref());
        let settled = self
            .store()
            .settle_line(step.run, task.number, &delivery, outcome)
            .await;
        if let Err(error) = settled {
            // Its delivery tells it later.
            tracing::warn!(run = step.run.id.as_str(), item = task.number, %error, "an item's outcome could not be written down");
        }
        Ok(())
    }

    /// The item as a sending of its own; `None` if its document is gone.
    fn request(
        &self,
        step: &Step<'_>,
        task: &Task,
        claim: &ItemClaim,
    ) -> Result<Option<SendRequest>, Unavailable> {
        let Some(record) = step.records.get(&task.item.document) else {
            return Ok(None);
        };
        Ok(Some(SendRequest {
            practice: step.run.practice.clone(),
            record: record.clone(),
            recipient: task.item.recipient.clone(),
            documents: vec![task.item.document.clone()],
            overrides: Overrides {
                channel: task.item.channel,
                ..Overrides::default()
            },
            // D2: runs do not add the template's standard one.
            additional_text: Some(AdditionalText::default()),
            allow_unused_additional_text: false,
            keep_earlier: false,
            once: Once::Item(claim.clone()),
            op: self.op(step.run)?,
        }))
    }

    /// As if everything before it in the run had been sent.
    async fn check(
        &self,
        step: &Step<'_>,
        request: &SendRequest,
        task: &Task,
    ) -> Result<Vec<SendError>, Unavailable> {
        let earlier = i64::from(task.item.earlier);
        let before = |channel: Channel| Usage {
            emails: i64::try_from(task.number).unwrap_or(i64::MAX),
            sms: if channel == Channel::Sms { earlier } else { 0 },
            threema: if channel == Channel::Threema {
                earlier
            } else {
                0
            },
        };
        self.send.problems(request, &step.shared, before).await
    }

    /// Writes down the outcome of an item that became no delivery.
    async fn note(
        &self,
        claim: &ItemClaim,
        number: usize,
        problems: Vec<SendError>,
    ) -> Result<(), Unavailable> {
        let is_fine = problems.is_empty();
        let line = Line {
            state: if is_fine {
                ItemState::Checked
            } else {
                ItemState::Failed
            },
            attempt: claim.attempt,
            delivery: None,
            message: None,
            problems: (!is_fine).then(|| self.tell(number, problems)),
        };
        self.store().add_line(claim, &line).await?;
        Ok(())
    }

    /// Problems as JSON, which point into the body that asked for the run.
    fn tell(&self, number: usize, problems: Vec<SendError>) -> String {
        let told = problems.into_iter().map(|problem| {
            let mut problem = (self.told)(problem);
            for error in problem["errors"].as_array_mut().into_iter().flatten() {
                let field = match error["pointer"].as_str().unwrap_or_default() {
                    "/recipient" => "recipient",
                    _ => "document",
                };
                error["pointer"] = format!("/items/{number}/{field}").into();
            }
            problem
        });
        Value::Array(told.collect()).to_string()
    }

    /// What became of an item that somebody took up and said nothing more of; `false` if that is not certain yet.
    async fn settle(
        &self,
        run: &Run,
        number: usize,
        stored: &StoredLine,
    ) -> Result<bool, Unavailable> {
        let (Some(id), Some(link)) = (&stored.line.delivery, &stored.link) else {
            return Ok(true);
        };
        let found = self.store().delivery(std::slice::from_ref(link)).await?;
        let delivery = found.as_ref().map(|found| &found.delivery);
        let Some(state) = item_outcome(delivery, self.send.clock.now()) else {
            return Ok(false);
        };
        let message = delivery.and_then(item_message);
        let reason = delivery.and_then(|found| found.email_refused_because.clone());
        let problem = match state {
            ItemState::Failed => Some(SendError::EmailRefused {
                id: id.clone(),
                reason: reason.unwrap_or_default(),
            }),
            ItemState::Unknown => Some(SendError::EmailUnknown { id: id.clone() }),
            _ => None,
        };
        let problems = problem.map(|problem| self.tell(number, vec![problem]));
        let outcome = (state, message.as_ref(), problems.as_deref());
        self.store().settle_line(run, number, id, outcome).await?;
        Ok(true)
    }

    /// Finishes a run of which no lane goes on and no item is under way.
    async fn finish(&self, run: &Run) -> Result<(), Unavailable> {
        let lanes = self.store().lanes(run).await?;
        let is_ours = |lane: &Lane| lane.attempt == run.attempt && lane.is_done();
        if run.finished_at.is_some() || !lanes.iter().all(is_ours) {
            return Ok(());
        }
        let mut stored = self.store().brief_lines(run).await?;
        let mut is_settled = true;
        for (number, line) in &stored {
            if line.line.state == ItemState::Sending {
                is_settled &= self.settle(run, *number, line).await?;
            }
        }
        if !is_settled {
            return Ok(());
        }
        if stored
            .values()
            .any(|line| line.line.state == ItemState::Sending)
        {
            stored = self.store().brief_lines(run).await?;
        }
        // Cancelled or not, as it is now: what is waiting no more was cancelled.
        let Some(mut now) = self.store().run(&run.practice, &run.id).await? else {
            return Ok(());
        };
        now.finished_at = Some(self.send.clock.now());
        let counts = Counts::of(&now, stored.into_values().map(|stored| stored.line));
        let op = draw_op(Actor::System, self.send.clock.now())?;
        Ok(self.store().finish_run(run, &counts, &op).await?)
    }

    /// An item is sent in the name of whoever asked for the run.
    fn op(&self, run: &Run) -> Result<Op, Unavailable> {
        let label = run.asked_by.clone();
        Ok(draw_op(Actor::Key { label }, self.send.clock.now())?)
    }
}

fn claim(step: &Step<'_>, number: usize, replaces: Option<u32>) -> ItemClaim {
    ItemClaim {
        practice: step.run.practice.clone(),
        run: step.run.id.clone(),
        lane: step.lane.lane,
        number,
        attempt: step.run.attempt,
        replaces,
        kept_until: step.run.kept_until(),
    }
}

/// Whether trying again would hold up everything behind the item for nothing: it cannot be read, or has failed for minutes.
fn is_hopeless(lane: &Lane, error: &Unavailable) -> bool {
    matches!(error, Unavailable::Store(StoreError::Unreadable(_))) || lane.stalls >= STALLS
}
