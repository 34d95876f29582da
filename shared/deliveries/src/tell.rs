//! Telling practices what happens to their deliveries: webhooks, tried for a day, and reports by e-mail, tried as long where they are refused and never sent twice.
//!
//! What a write changed is told when the table's stream brings it; what the clock alone brings about, when its time has come.
//! Both note the same thing under the same name, so that noticing it twice tells it once.

use channels::{Email, EmailChannel, Posted, Sent, WebhookChannel};
use domain::audit::Actor;
use domain::delivery::{Delivery, KEPT_AFTER_END, l6_settled};
use domain::hashed::LinkHash;
use domain::id::{PracticeId, WebhookId};
use domain::outgoing::{Outgoing, Subject, is_reported};
use domain::run::{ItemState, Run};
use domain::time::{DAY, MINUTE, Timestamp};
use domain::webhook::{
    Occurrence, Webhook, WebhookEvent, look_again_at, run_finished, wait_after, webhook_events,
    webhook_events_by_clock,
};
use futures::StreamExt as _;
use pages::report;
use secrets::{Keys, LookupKeys, draw_op};
use store::{Attempt, Claim, Due, DueTask, Store};

use crate::webhooks::{WebhookMessage, post_webhook};
use crate::{Clock, Unavailable};

/// How much of the queue one run works off: in six rounds of the longest attempts, well within the function's time.
const ROWS: usize = 96;
/// How much of it at once, so that slow receivers keep nobody waiting.
const AT_ONCE: usize = 16;
/// For how long what failed waits, in seconds, so that everything else that is due comes first.
const PUT_OFF: i64 = MINUTE;
/// The name beside the deployment's address.
const SENDER: &str = "Zweiweg";

/// Something that a practice is to hear.
struct News {
    event: WebhookEvent,
    subject: Subject,
    /// For webhooks.
    message_id: String,
    /// For the report by e-mail, if there is one.
    report_id: Option<String>,
    /// JSON, for a webhook.
    body: String,
    /// For how long it may be noticed once more.
    noticeable_until: Timestamp,
}

/// What telling needs.
#[derive(Debug)]
pub struct Tell {
    /// The table.
    pub store: Store,
    /// The keys that webhooks' secrets are sealed with.
    pub lookup: Keys<LookupKeys>,
    /// Webhooks.
    pub webhooks: WebhookChannel,
    /// Reports.
    pub email: EmailChannel,
    /// The clock.
    pub clock: Clock,
}

impl Tell {
    /// Notes what a write of a delivery brought about, and when to look at it again. Safe to repeat.
    ///
    /// It is judged by the time of the write, however late it is heard of: by now the delivery may be another.
    pub async fn changed(
        &self,
        link: &LinkHash,
        (old, new): (Option<&Delivery>, &Delivery),
        written_at: Timestamp,
    ) -> Result<(), Unavailable> {
        let told = webhook_events(old, new, written_at);
        self.note(new, &told, written_at).await?;
        let known = old.and_then(|old| look_again_at(old, written_at));
        match look_again_at(new, written_at) {
            Some(at) if known != Some(at) => Ok(self.store.look_later(link, at).await?),
            _ => Ok(()),
        }
    }

    /// Works off what is due. What fails is put off a little: should many fail, they keep nobody else waiting.
    pub async fn work_off(&self) -> Result<(), Unavailable> {
        let due = self.store.due(self.clock.now(), ROWS).await?;
        let mut done = futures::stream::iter(due)
            .map(|due| async move { self.work(&due).await })
            .buffer_unordered(AT_ONCE);
        while let Some(worked) = done.next().await {
            if let Err(error) = worked {
                tracing::error!(%error, "something due was not done and was put off");
            }
        }
        Ok(())
    }

    async fn work(&self, due: &Due) -> Result<(), Unavailable> {
        let is_done = match &due.task {
            DueTask::Look { link } => self.look(link).await,
            DueTask::Tell { practice, name } => self.tell(practice, name).await,
        };
        match is_done {
            Ok(true) => self.store.forget_due(due).await?,
            Ok(false) => {}
            Err(fault) => {
                let later = self.clock.now().plus(PUT_OFF);
                self.store.put_off_due(due, later).await?;
                return Err(fault);
            }
        }
        Ok(())
    }

    /// Notes what the clock has brought about.
    async fn look(&self, link: &LinkHash) -> Result<bool, Unavailable> {
        let now = self.clock.now();
        if let Some(stored) = self.store.delivery(std::slice::from_ref(link)).await? {
            let delivery = l6_settled(stored.delivery, now);
            self.note(&delivery, &webhook_events_by_clock(&delivery, now), now)
                .await?;
            if let Some(at) = look_again_at(&delivery, now) {
                self.store.look_later(link, at).await?;
            }
        }
        Ok(true)
    }

    /// Notes a message for each webhook that wants to know, and a report where a person is needed.
    async fn note(
        &self,
        delivery: &Delivery,
        told: &[Occurrence],
        judged_at: Timestamp,
    ) -> Result<(), Unavailable> {
        if told.is_empty() {
            return Ok(());
        }
        // As long as anything can notice it once more.
        let end = delivery.expires_at.unwrap_or(delivery.created_at);
        for occurrence in told {
            let payload = occurrence.payload(delivery, judged_at);
            let news = News {
                event: occurrence.event,
                subject: Subject::Delivery {
                    delivery: delivery.id.clone(),
                    record: delivery.record.clone(),
                },
                message_id: occurrence.message_id(&delivery.id),
                report_id: is_reported(occurrence.event)
                    .then(|| occurrence.report_id(&delivery.id)),
                body: serde_json::to_string(&payload).unwrap_or_default(),
                noticeable_until: end.plus(KEPT_AFTER_END),
            };
            self.note_news(&delivery.practice, &news).await?;
        }
        Ok(())
    }

    /// Notes that an invoice run has come to its end; a report too, where a person is needed. Safe to repeat.
    pub async fn run_finished(&self, run: &Run) -> Result<(), Unavailable> {
        let (Some(counts), Some(finished_at)) = (&run.counts, run.finished_at) else {
            return Ok(());
        };
        let (message_id, payload) = run_finished(run, counts, finished_at);
        let [failed, unknown] =
            [ItemState::Failed, ItemState::Unknown].map(|state| counts.of_state(state));
        let news = News {
            event: payload.event,
            subject: Subject::Run {
                run: run.id.clone(),
                failed,
                unknown,
                without_code: counts.without_code,
            },
            report_id: (failed + unknown + counts.without_code > 0).then(|| message_id.clone()),
            message_id,
            body: serde_json::to_string(&payload).unwrap_or_default(),
            noticeable_until: finished_at.plus(DAY),
        };
        self.note_news(&run.practice, &news).await
    }

    async fn note_news(&self, practice: &PracticeId, news: &News) -> Result<(), Unavailable> {
        let now = self.clock.now();
        let kept_until = news.noticeable_until.max(now).plus(DAY);
        let webhooks = self.store.webhooks(practice).await?.webhooks;
        let wanting = webhooks
            .into_iter()
            .filter(|(_, webhook)| webhook.wants(news.event))
            .map(|(id, _)| (Some(id), &news.message_id));
        let report = news.report_id.iter().map(|id| (None, id));
        for (webhook, message_id) in wanting.chain(report) {
            let outgoing = Outgoing {
                practice: practice.clone(),
                webhook,
                message_id: message_id.clone(),
                event: news.event,
                subject: news.subject.clone(),
                body: news.body.clone(),
            };
            self.store.note_outgoing(&outgoing, now, kept_until).await?;
        }
        Ok(())
    }

    /// One attempt at telling, if one is due; whether its row of the queue can go.
    async fn tell(&self, practice: &PracticeId, name: &str) -> Result<bool, Unavailable> {
        let op = draw_op(Actor::System, self.clock.now())?;
        let (outgoing, attempt) = match self.store.claim_outgoing(practice, name, &op).await? {
            Claim::Claimed(outgoing, attempt) => (outgoing, attempt),
            Claim::Waiting => return Ok(false),
            Claim::Done => return Ok(true),
        };
        match self.attempt(&outgoing, attempt).await {
            Ok(Some(at)) => self.store.tell_again(practice, name, attempt, at).await?,
            Ok(None) => self.store.finish_outgoing(practice, name, op.at).await?,
            Err(fault) => {
                // Ours: nothing went out, so nothing is counted, and it stays due.
                let uncounted = self.store.uncount_attempt(practice, name, attempt, &op);
                uncounted.await?;
                return Err(fault);
            }
        }
        Ok(true)
    }

    /// Sends once; when to try again, if at all. An error means that nothing was sent.
    async fn attempt(
        &self,
        outgoing: &Outgoing,
        attempt: Attempt,
    ) -> Result<Option<Timestamp>, Unavailable> {
        if let Some(webhook) = &outgoing.webhook {
            return self.post(outgoing, webhook, attempt.number).await;
        }
        if !attempt.earlier_failed {
            tracing::warn!(practice = %outgoing.practice, message = outgoing.message_id, "nobody knows whether a report was sent, and it is not repeated");
            return Ok(None);
        }
        self.report(outgoing, attempt.number).await
    }

    /// Sends to a webhook that is still there and still wants to know; when to try again, if at all.
    async fn post(
        &self,
        outgoing: &Outgoing,
        id: &WebhookId,
        attempts: usize,
    ) -> Result<Option<Timestamp>, Unavailable> {
        let practice = &outgoing.practice;
        let mut webhooks = self.store.webhooks(practice).await?.webhooks;
        let Some(webhook) = webhooks
            .remove(id)
            .filter(|webhook| webhook.wants(outgoing.event))
        else {
            return Ok(None);
        };
        let message = WebhookMessage {
            id: &outgoing.message_id,
            body: &outgoing.body,
        };
        let (keys, now) = (self.lookup.get().await?, self.clock.now());
        match post_webhook(&self.webhooks, keys, practice, (id, &webhook), message, now).await? {
            Posted::Answered(200..=299) => Ok(None),
            Posted::Answered(410) => {
                // Should this fail, the next message is answered the same.
                if let Err(error) = self.mark_gone(practice, id, &webhook, now).await {
                    tracing::error!(%error, "a webhook that is gone could not be marked");
                }
                Ok(None)
            }
            posted => {
                let next = wait_after(attempts).map(|seconds| self.clock.now().plus(seconds));
                tracing::warn!(%practice, webhook = %id, attempts, ?posted, given_up = next.is_none(), "a webhook was not taken");
                Ok(next)
            }
        }
    }

    /// Ends a webhook whose receiver wants nothing any more, unless the practice has set it anew since.
    async fn mark_gone(
        &self,
        practice: &PracticeId,
        id: &WebhookId,
        seen: &Webhook,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let op = draw_op(Actor::System, now)?;
        self.store
            .change_webhooks(practice, &op, |webhooks| {
                if let Some(webhook) = webhooks.get_mut(id).filter(|webhook| *webhook == seen) {
                    webhook.gone_at = Some(now);
                }
                Ok(())
            })
            .await
    }

    /// Writes to whom the practice's settings name, if they name somebody; when to try again, if at all.
    ///
    /// What was refused was certainly not sent, for example because a run has used up what SES takes in a second.
    async fn report(
        &self,
        outgoing: &Outgoing,
        attempts: usize,
    ) -> Result<Option<Timestamp>, Unavailable> {
        let (practice, message) = (&outgoing.practice, &outgoing.message_id);
        let settings = self.store.settings(practice).await?;
        let Some(to) = settings.and_then(|settings| settings.report_to) else {
            return Ok(None);
        };
        let Some(report) = report(outgoing.event, &outgoing.subject) else {
            return Ok(None);
        };
        let email = Email {
            from_name: SENDER,
            to: &to,
            reply_to: None,
            subject: report.subject,
            text: &report.text,
            html: &report.html,
            delivery: None,
            attachment: None,
        };
        match self.email.send(&email).await {
            Sent::Accepted { message_id } => {
                tracing::info!(%practice, message, message_id, "reported");
                Ok(None)
            }
            Sent::Refused { reason } => {
                let next = wait_after(attempts).map(|seconds| self.clock.now().plus(seconds));
                tracing::warn!(%practice, message, attempts, reason, given_up = next.is_none(), "a report was refused");
                Ok(next)
            }
            Sent::Unknown => {
                tracing::warn!(%practice, message, "nobody knows whether a report was sent, and it is not repeated");
                Ok(None)
            }
        }
    }
}
