//! What must hold after a practice's own requests: sending, a new code, revoking.

use serde_json::{Value, json};
use tests::{Answer, Patient};

use super::{Judge, NO_WAIT, PENDING_IS_OVER, status};
use crate::case::KEY;
use crate::wire::{Call, Fault};

impl Judge<'_> {
    /// Nobody is told that a key is wrong which is right.
    pub(super) async fn authorize(&mut self, answers: &[Value]) {
        for answer in answers.iter().filter(|answer| status(answer) == 0) {
            let is_allowed = answer["isAuthorized"] == true;
            self.holds("I4: the key is right", is_allowed, answer);
        }
        let again = self.case.world.practice.get("/v1/settings").await;
        self.holds("I5: asked once more", again.status == 200, &again.body);
    }

    pub(super) async fn issue(&mut self, fault: Option<&(Call, Fault)>, answers: &[Value]) {
        let (case, practice) = (self.case, &self.case.world.practice);
        self.unchanged(fault).await;
        let out = self.at_most((1, 1)).await;
        self.claims(answers, &out);
        self.wait(PENDING_IS_OVER);
        let again = practice.post_delivery_as(KEY, case.body.clone()).await;
        self.definite(&again);
        let out = self.at_most((1, 1)).await;
        let open = self.open_ones().await;
        self.holds("I5: one of them open", open.len() == 1, &open);
        if open == [case.sent.id.clone()] {
            for link in &out.links {
                let page = Patient::new(case.world.stack.api(), link).open().await;
                self.holds("I3: not sent", page.status == 410, page.status);
            }
        }
        let new = practice.post_delivery_as("afterwards", case.body.clone());
        let new = new.await;
        self.holds("I6: a new request", new.status == 201, &new.body["type"]);
        let open = self.open_ones().await;
        let is_new = new.body["id"].as_str().is_some_and(|id| open == [id]);
        self.holds("L5: the newest alone is open", is_new, &open);
        let documents = case.body["documents"].as_array().map_or(0, Vec::len);
        self.newest_opens(documents).await;
    }

    /// D6: the e-mail is everything; the earlier delivery closes with it.
    pub(super) async fn issue_attached(
        &mut self,
        fault: Option<&(Call, Fault)>,
        answers: &[Value],
    ) {
        let (case, practice) = (self.case, &self.case.world.practice);
        self.unchanged(fault).await;
        let out = self.at_most((1, 0)).await;
        self.claims(answers, &out);
        self.wait(PENDING_IS_OVER);
        let again = practice.post_delivery_as(KEY, case.body.clone()).await;
        self.definite(&again);
        let sent = self.at_most((1, 0)).await.links.len();
        let open = self.open_ones().await;
        let is_true = match again.body["email"]["status"].as_str() {
            Some("accepted" | "delivered") => sent == 1 && open.is_empty(),
            _ => open == [case.sent.id.clone()],
        };
        self.holds("I4, L5: sent, or the earlier is open", is_true, &again.body);
        let new = practice.post_delivery_as("afterwards", case.body.clone());
        let new = new.await;
        self.holds("I6: a new request", new.status == 201, &new.body["type"]);
        let messages = case.world.messages().await;
        let last = messages.last().map(|mail| &mail["attachments"]);
        let is_attached = last.is_some_and(|attached| attached[0].is_object());
        self.holds("I6: attached", is_attached, last);
        let open = self.open_ones().await;
        self.holds("L5: the earlier is closed", open.is_empty(), &open);
    }

    /// I5.
    fn definite(&mut self, again: &Answer) {
        let is_definite = [200, 201, 502].contains(&again.status);
        self.holds("I5: a definite end", is_definite, &again.body);
    }

    pub(super) async fn make_code(&mut self, answers: &[Value]) {
        let out = self.at_most((0, 1)).await;
        self.claims(answers, &out);
        self.wait(PENDING_IS_OVER);
        let again = self.post_code(KEY).await;
        let is_definite = [200, 201].contains(&again.status)
            || again.status == 409 && again.problem() != "in-progress";
        self.holds("I5: a definite end", is_definite, &again.body);
        self.at_most((0, 1)).await;
        let new = self.post_code("afterwards").await;
        self.holds("I6: a new request", new.status == 201, &new.body["type"]);
        let code = self.outgone().await.codes.pop().unwrap_or_default();
        self.opens(NO_WAIT, &code).await;
    }

    async fn post_code(&self, key: &str) -> Answer {
        let practice = &self.case.world.practice;
        let body = json!({"channel": "sms"});
        practice.post_code(key, &self.case.sent.id, body).await
    }

    pub(super) async fn revoke(&mut self) {
        if self.answered.contains(&204) {
            self.closed("revoked").await;
        }
        let again = self.case.world.practice.revoke(&self.case.sent).await;
        self.holds("I5: revoked once more", again.status == 204, again.status);
        self.closed("revoked").await;
    }
}
