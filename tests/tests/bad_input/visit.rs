//! A patient's browser that posts what no page of ours would post, and what every answer to it has to be.

use serde_json::json;
use tests::{Patient, Sent};

use crate::api::{Answer, Api, tells_of_our_insides};

pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
pub(crate) const UNKNOWN: &str = "/d/BCDFGHJKLMNPQRSTVWXZ23456789";

impl Answer {
    /// What about this answer is not as a page has to be.
    pub(crate) fn page_faults(&self, statuses: &[u16], entry: &str) -> Vec<String> {
        let mut faults = Vec::new();
        if !statuses.contains(&self.status) {
            faults.push(format!("status {}, not one of {statuses:?}", self.status));
        }
        if self.status == 303 {
            if !self.header("location").starts_with("/d/") {
                faults.push(format!("it leads to {}", self.header("location")));
            }
        } else {
            let is_page = self.header("content-type") == "text/html; charset=utf-8"
                && self.text.contains("<h1>")
                && self.text.ends_with("</html>");
            if !is_page {
                faults.push(format!(
                    "no page: {} {}",
                    self.header("content-type"),
                    self.text.chars().take(200).collect::<String>()
                ));
            }
            if !self
                .header("content-security-policy")
                .starts_with("default-src 'none'")
            {
                faults.push("no policy".to_owned());
            }
        }
        if self.header("cache-control") != "no-store"
            || self.header("x-content-type-options") != "nosniff"
        {
            faults.push("it may be kept or guessed at".to_owned());
        }
        if tells_of_our_insides(&self.text) {
            faults.push("it tells of our insides".to_owned());
        }
        if entry.len() > 6 && self.text.contains(entry) {
            faults.push("it says what was typed".to_owned());
        }
        faults
    }
}

/// A delivery, and a browser with its page open.
pub(crate) struct Visit {
    pub(crate) api: Api,
    pub(crate) sent: Sent,
    pub(crate) path: String,
    pub(crate) cookie: String,
    pub(crate) form: String,
}

impl Visit {
    pub(crate) async fn start() -> Self {
        let api = Api::start().await;
        let sent = api.world.practice.send_invoice(1).await;
        let mut patient = api.world.patient(&sent);
        let form = patient.open().await.form().to_owned();
        let path = format!("/d/{}", sent.link.rsplit('/').next().unwrap_or_default());
        Self {
            path,
            cookie: cookies(&patient),
            form,
            api,
            sent,
        }
    }

    /// Posts these bytes as this browser.
    pub(crate) async fn post(&self, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        let headers = [
            ("content-type", content_type),
            ("cookie", self.cookie.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        self.api.send("POST", path, &headers, body).await
    }

    /// A form of this browser's with this code, which is encoded byte by byte.
    pub(crate) fn entry(&self, code: &[u8]) -> Vec<u8> {
        let encoded: Vec<String> = code.iter().map(|byte| format!("%{byte:02x}")).collect();
        format!("form={}&code={}", self.form, encoded.concat()).into_bytes()
    }

    /// Nothing was charged, and the right code still opens the page.
    pub(crate) async fn assert_untouched(&self) {
        let shown = self.api.world.practice.shown(&self.sent).await;
        assert_eq!(
            shown["wrong_entries"],
            json!({"of_code": 0, "in_life": 0}),
            "an attempt was charged"
        );
        assert_eq!(shown["state"], "open");
        let opened = self
            .post(&self.path, FORM.1, self.entry(self.sent.code.as_bytes()))
            .await;
        assert_eq!(opened.status, 303, "the right code still works");
    }
}

pub(crate) fn cookies(patient: &Patient) -> String {
    let pairs: Vec<String> = patient
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("; ")
}

impl Visit {
    pub(crate) async fn assert_untouched_but_open(&self) {
        let shown = self.api.world.practice.shown(&self.sent).await;
        assert_eq!(
            shown["wrong_entries"],
            json!({"of_code": 0, "in_life": 0}),
            "an attempt was charged"
        );
        assert_eq!(shown["state"], "opened");
    }
}
