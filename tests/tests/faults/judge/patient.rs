//! What must hold after a patient's requests.

use serde_json::Value;

use super::{Judge, MAY_ASK, NO_WAIT, status};

impl Judge<'_> {
    pub(super) async fn wrong_code(&mut self) {
        let judged = self
            .answered
            .iter()
            .filter(|status| **status == 401)
            .count();
        let shown = self.shown().await;
        let charged = shown["wrong_entries"]["in_life"].as_u64();
        let is_charged = charged.is_some_and(|charged| charged >= judged as u64);
        self.holds("I2: charged", is_charged, charged);
        self.holds(
            "closed to nobody",
            shown["state"] == "open",
            &shown["state"],
        );
        let code = self.case.sent.code.clone();
        self.opens(NO_WAIT, &code).await;
    }

    pub(super) async fn right_code(&mut self) {
        let before = self.shown().await["opened_at"].take();
        if self.answered.contains(&303) {
            self.holds("I4: opened", before.is_string(), &before);
        }
        let code = self.case.sent.code.clone();
        self.opens(NO_WAIT, &code).await;
        let after = self.shown().await["opened_at"].take();
        let is_first = before.is_null() || before == after;
        self.holds("L2: the first time counts", is_first, &after);
    }

    pub(super) async fn ask_for_code(&mut self, answers: &[Value]) {
        let out = self.at_most((0, 1)).await;
        // What nobody can know, the page leaves open.
        let says_sent = |answer: &Value| {
            let location = answer["headers"]["location"].as_str().unwrap_or_default();
            status(answer) == 303 && !location.contains("maybe-sent")
        };
        if answers.iter().any(says_sent) {
            self.holds("I4: sent as claimed", out.codes.len() == 1, out.codes.len());
        }
        self.wait(MAY_ASK);
        let asked = self.case.world.patient(&self.case.sent).ask().await;
        self.holds("I6: may ask again", asked.status == 303, asked.status);
        let code = self.outgone().await.codes.pop().unwrap_or_default();
        self.opens(MAY_ASK, &code).await;
    }

    /// The session is as good as before, and so is the code.
    pub(super) async fn session_lives(&mut self) {
        let mut patient = self.case.patient.clone();
        let list = patient.documents().await;
        self.holds("the session lives", list.status == 200, list.status);
        let click = patient.click(&self.case.document).await;
        let is_url = click.location().starts_with("http");
        self.holds(
            "a document's URL",
            click.status == 303 && is_url,
            click.status,
        );
        let code = self.case.sent.code.clone();
        self.opens(NO_WAIT, &code).await;
    }

    pub(super) async fn done(&mut self) {
        if self.answered.contains(&303) {
            let list = self.case.patient.clone().documents().await;
            self.holds("I3: the session is over", list.status == 303, list.status);
        }
        let code = self.case.sent.code.clone();
        self.opens(NO_WAIT, &code).await;
    }

    pub(super) async fn report(&mut self) {
        if self.answered.contains(&410) {
            self.closed("reported").await;
        }
        let again = self.case.world.patient(&self.case.sent).report().await;
        self.holds("I5: reported once more", again.status == 410, again.status);
        self.closed("reported").await;
    }
}
