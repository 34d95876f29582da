//! What must hold after a practice's own requests: sending, a new code, revoking.

use serde_json::{Value, json};
use tests::{Answer, Patient};

use super::{Judge, NO_WAIT, Outgone, PENDING_IS_OVER, status};
use crate::case::KEY;

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

    pub(super) async fn issue(&mut self, answers: &[Value]) {
        let case = self.case;
        let (out, _) = self.asked_again((1, 1), answers).await;
        let open = self.open_ones().await;
        self.holds("I5: one of them open", open.len() == 1, &open);
        if open == [case.sent.id.clone()] {
            for link in &out.links {
                let page = Patient::new(case.world.stack.api(), link).open().await;
                self.holds("I3: not sent", page.status == 410, page.status);
            }
        }
        let new = self.asked_anew().await;
        let open = self.open_ones().await;
        let is_new = new.body["id"].as_str().is_some_and(|id| open == [id]);
        self.holds("L5: the newest alone is open", is_new, &open);
        let documents = case.body["documents"].as_array().map_or(0, Vec::len);
        self.newest_opens(documents).await;
    }

    /// D6: the e-mail is everything; the earlier delivery closes with it.
    pub(super) async fn issue_attached(&mut self, answers: &[Value]) {
        let case = self.case;
        let (out, again) = self.asked_again((1, 0), answers).await;
        let open = self.open_ones().await;
        let is_true = match again.body["email"]["status"].as_str() {
            Some("accepted" | "delivered") => out.links.len() == 1 && open.is_empty(),
            _ => open == [case.sent.id.clone()],
        };
        self.holds("I4, L5: sent, or the earlier is open", is_true, &again.body);
        self.asked_anew().await;
        let messages = case.world.messages().await;
        let last = messages.last().map(|mail| &mail["attachments"]);
        let is_attached = last.is_some_and(|attached| attached[0].is_object());
        self.holds("I6: attached", is_attached, last);
        let open = self.open_ones().await;
        self.holds("L5: the earlier is closed", open.is_empty(), &open);
    }

    /// I5, for a sending: the same request a minute later comes to a definite end, and sends nothing further.
    async fn asked_again(&mut self, most: (usize, usize), answers: &[Value]) -> (Outgone, Answer) {
        self.unchanged().await;
        let out = self.at_most(most).await;
        self.claims(answers, &out);
        self.wait(PENDING_IS_OVER);
        let again = self.post_delivery(KEY).await;
        let is_definite = [200, 201, 502].contains(&again.status);
        self.holds("I5: a definite end", is_definite, &again.body);
        (self.at_most(most).await, again)
    }

    /// I6, for a sending.
    async fn asked_anew(&mut self) -> Answer {
        let new = self.post_delivery("afterwards").await;
        self.holds("I6: a new request", new.status == 201, &new.body["type"]);
        new
    }

    async fn post_delivery(&self, key: &str) -> Answer {
        let case = self.case;
        let practice = &case.world.practice;
        practice.post_delivery_as(key, case.body.clone()).await
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
