//! What must hold after requests about an invoice run, and after the worker that sends its items.

use reqwest::Method;
use serde_json::{Value, json};
use tests::dynamodb::items;
use tests::events::json_body;

use super::{Judge, NO_WAIT, PENDING_IS_OVER, status};
use crate::case::KEY;
use crate::worker::Worker;

impl Judge<'_> {
    /// A run is there as a whole or not at all, and the same request again is the same run.
    pub(super) async fn start_run(&mut self, answers: &[Value]) {
        let (case, practice) = (self.case, &self.case.world.practice);
        self.at_most((0, 0)).await;
        let again = practice
            .post_as(KEY, "/v1/invoice-runs", case.items())
            .await;
        self.holds("I5: started", again.status == 202, &again.body);
        let run = again.body["id"].as_str().unwrap_or_default();
        for answer in answers.iter().filter(|answer| status(answer) == 202) {
            let id = json_body(answer)["id"].take();
            self.holds("I4: the run that was answered", id == run, id.clone());
        }
        let rows = items(case.world.stack.dynamodb()).await;
        let runs = rows.iter().filter(|row| {
            let is_of_a_run = |pk: &str| pk.starts_with("RUN#");
            row["sk"]["S"] == "RUN" && row["pk"]["S"].as_str().is_some_and(is_of_a_run)
        });
        let runs = runs.count();
        self.holds("I5: one run", runs == 1, runs);
        let (item, _) = self.ended(run).await;
        self.holds("I6: its item is sent", item["state"] == "sent", &item);
        self.newest_opens(1).await;
    }

    /// F-I9: what nobody can know is `unknown`; then and where it failed, a person has it sent anew.
    pub(super) async fn dispatch(&mut self) {
        let (case, practice) = (self.case, &self.case.world.practice);
        let run = case.run.as_deref().unwrap_or_default();
        let (item, ended) = self.ended(run).await;
        let out = self.at_most((1, 1)).await;
        let open = self.open_ones().await;
        let is_earlier = open == [case.sent.id.clone()];
        let is_true = match item["state"].as_str() {
            Some("sent") => out.links.len() == 1 && open.len() == 1 && !is_earlier,
            Some("unknown") => is_earlier,
            Some("failed") => is_earlier && out.links.is_empty() && item["problems"][0].is_object(),
            _ => false,
        };
        self.holds("I4, I5: the item's state", is_true, (&item, &ended, &open));
        if item["state"] != "sent" {
            let path = format!("/v1/invoice-runs/{run}/retry");
            let body = json!({"state": item["state"]});
            practice.post_as("afterwards", &path, body).await;
            let (item, _) = self.ended(run).await;
            self.holds("I6: sent anew", item["state"] == "sent", &item);
        }
        if self.outgone().await.codes.is_empty() {
            // Its message was struck: the item claims no more, and the practice makes a new code (L6a).
            let (item, _) = self.ended(run).await;
            let message = &item["message"]["status"];
            self.holds("I4: no message", *message != "accepted", &item);
            let delivery = item["delivery"].as_str().unwrap_or_default();
            let by_sms = json!({"channel": "sms"});
            practice.post_code("afterwards", delivery, by_sms).await;
        }
        self.newest_opens(1).await;
    }

    /// A lane that was forgotten goes on.
    pub(super) async fn look_after_run(&mut self) {
        self.at_most((0, 0)).await;
        if self.answered.contains(&0) {
            self.pushed("I4: pushed as answered").await;
        }
        self.wait(PENDING_IS_OVER);
        Worker::new(&self.case.world, &[]).minute().await;
        self.pushed("I6: pushed").await;
        let run = self.case.run.as_deref().unwrap_or_default();
        let (item, _) = self.ended(run).await;
        self.holds("I6: its item is sent", item["state"] == "sent", &item);
        self.at_most((1, 1)).await;
        self.newest_opens(1).await;
    }

    /// A lane is another than before, so that the stream brings it.
    async fn pushed(&mut self, what: &str) {
        let rows = self.case.rows_now().await;
        let mut new = rows.difference(&self.case.rows);
        let is_pushed = new.any(|row| row.contains("LANE#"));
        self.holds(what, is_pushed, ());
    }

    /// Once it was answered that it is cancelled, nothing of it is sent.
    pub(super) async fn cancel_run(&mut self) {
        let (case, practice) = (self.case, &self.case.world.practice);
        let run = case.run.as_deref().unwrap_or_default();
        if self.answered.contains(&200) {
            Worker::new(&case.world, &[]).drain().await;
            self.at_most((0, 0)).await;
        }
        let path = format!("/v1/invoice-runs/{run}/cancel");
        let again = practice.call(Method::POST, &path, Value::Null).await;
        self.holds("I5: cancelled once more", again.status == 200, &again.body);
        let (item, ended) = self.ended(run).await;
        let is_true = item["state"] == "cancelled" && ended["state"] == "cancelled";
        self.holds("I4: cancelled", is_true, (&item, &ended));
        let open = self.open_ones().await;
        self.holds(
            "L5: the earlier stays open",
            open == [case.sent.id.clone()],
            &open,
        );
        self.opens(NO_WAIT, &case.sent.code).await;
    }

    /// What failed is taken up once, however often it is asked for.
    pub(super) async fn retry_run(&mut self) {
        let (case, practice) = (self.case, &self.case.world.practice);
        let run = case.run.as_deref().unwrap_or_default();
        self.at_most((0, 0)).await;
        let path = format!("/v1/invoice-runs/{run}/retry");
        let again = practice
            .post_as(KEY, &path, json!({"state": "failed"}))
            .await;
        self.holds("I5: taken up", again.status == 202, &again.body);
        self.holds(
            "I5: it is the same run",
            again.body["id"] == run,
            &again.body,
        );
        let (item, _) = self.ended(run).await;
        self.holds("I6: its item is sent", item["state"] == "sent", &item);
        self.at_most((1, 1)).await;
        self.newest_opens(1).await;
    }

    /// The run's one item and the run, once nothing goes on by itself any more.
    async fn ended(&self, run: &str) -> (Value, Value) {
        let worker = Worker::new(&self.case.world, &[]);
        self.wait(PENDING_IS_OVER);
        for _ in 0..2 {
            worker.minute().await;
            worker.drain().await;
        }
        let practice = &self.case.world.practice;
        let ended = practice.run_ended(run).await;
        (practice.run_items(run, "").await.remove(0), ended)
    }
}
