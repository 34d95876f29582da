//! The practice's side: sending in every way that works, in every way that fails, and taking everything back.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tests::Patient;

use crate::drive::{Drive, Sent, token_in};

impl Drive {
    /// By every channel, in every language, with additional text, and the same again.
    pub(crate) async fn send_in_every_way(&mut self) {
        for extra in [
            json!({}),
            json!({"recipient": "english"}),
            json!({"recipient": "child", "additional_text": "Bis bald!\n\nIhr Team"}),
            json!({"channel": "spoken"}),
            json!({"recipient": "insurer", "channel": "spoken", "keep_earlier": true}),
            json!({"valid_days": 1, "offered_invoices": 0}),
        ] {
            let sent = self.send(extra).await;
            self.ask(Method::GET, &format!("/v1/deliveries/{}", sent.id))
                .await;
        }
        let document = self.document("2026-0816").await;
        let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
        let answer = self.repeat(&body, 3).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let mut other = body.clone();
        other["keep_earlier"] = json!(true);
        let key = "canary-request-of-the-practice-used-twice";
        self.book.note(crate::search::Kind::IdempotencyKey, key);
        let again = self.practice.post_delivery_as(key, body).await;
        assert_eq!(again.status, 201, "{again:?}");
        self.note_sent(&again);
        assert_eq!(
            self.practice.post_delivery_as(key, other).await.problem(),
            "idempotency-mismatch"
        );
        for path in [
            "/v1/deliveries",
            "/v1/deliveries?record=r1&state=open&limit=2",
            "/v1/settings",
            "/v1/records",
            "/v1/records/r1",
            "/v1/record-types",
            "/v1/record-types/std",
            "/v1/documents?record=r1",
        ] {
            self.ask(Method::GET, path).await;
        }
        self.ask(Method::GET, &format!("/v1/documents/{document}"))
            .await;
        let release = json!({"released": false});
        let answer = self
            .practice
            .call(Method::PATCH, &format!("/v1/documents/{document}"), release)
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Everything that keeps a delivery from being sent, or its code.
    pub(crate) async fn send_in_vain(&mut self) {
        for (extra, status) in [
            (json!({"record": "nobody"}), 404),
            (json!({"recipient": "nobody"}), 404),
            (json!({"recipient": "insurer", "channel": "sms"}), 422),
            (json!({"channel": "threema"}), 422),
            (
                json!({"recipient": "insurer", "channel": "self_service"}),
                422,
            ),
            (json!({"protected": false}), 422),
            (json!({"documents": []}), 400),
            (
                json!({"documents": ["20261120-aaaaaaaaaaaaaaaaaaaaaaaaa"]}),
                409,
            ),
        ] {
            assert_eq!(
                self.post_delivery(extra.clone()).await.status,
                status,
                "{extra}"
            );
        }
        let body = json!({"record": "nobody", "recipient": "patient", "documents": ["20261120-aaaaaaaaaaaaaaaaaaaaaaaaa"]});
        let preview = self
            .practice
            .call(Method::POST, "/v1/deliveries/preview", body)
            .await;
        assert_eq!(preview.status, 404, "{preview:?}");
        let waiting = self
            .practice
            .announce(
                "invoice",
                "2026-0817",
                "2026-11-20",
                &tests::pdf("2026-0817"),
            )
            .await;
        self.book
            .note_signature(waiting.body["upload"]["url"].as_str().unwrap_or_default());
        let answer = self
            .post_delivery(json!({"documents": [waiting.body["id"]]}))
            .await;
        assert_eq!(answer.problem(), "document-not-ready");
        for (kind, problem) in [("refuse", "email-refused"), ("throttle", "email-refused")] {
            self.fail("email", kind).await;
            assert_eq!(
                self.post_delivery(json!({})).await.problem(),
                problem,
                "an e-mail that is met by {kind}"
            );
        }
        for (kind, status) in [
            ("refuse", "refused"),
            ("throttle", "refused"),
            ("timeout", "unknown"),
        ] {
            self.fail("sms", kind).await;
            let answer = self.post_delivery(json!({})).await;
            assert_eq!(
                answer.body["message"]["status"], status,
                "an SMS that is met by {kind}"
            );
            self.ask(
                Method::GET,
                &format!(
                    "/v1/deliveries/{}",
                    answer.body["id"].as_str().unwrap_or_default()
                ),
            )
            .await;
        }
    }

    /// An e-mail of which nobody knows whether it arrived; meanwhile its link is tried, and the request repeated.
    pub(crate) async fn send_into_silence(&mut self) {
        let document = self.document("2026-0818").await;
        let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
        let key = "canary-request-of-the-practice-into-silence";
        self.book.note(crate::search::Kind::IdempotencyKey, key);
        let before = self.messages().await.len();
        self.fail("email", "timeout").await;
        let (answer, (patient, early)) = tokio::join!(
            self.practice.post_delivery_as(key, body.clone()),
            self.try_a_pending_link(before)
        );
        assert_eq!(answer.problem(), "email-unknown");
        assert_eq!(early, [503, 503], "P8: the e-mail is just being sent");
        let again = self.practice.post_delivery_as(key, body).await;
        assert_eq!(again.problem(), "email-unknown");
        let mut patient = patient;
        let page = patient.open().await;
        assert_eq!(page.status, 410, "D10: closed before the answer went out");
        self.book.note_page(&patient, &page);
    }

    async fn try_a_pending_link(&self, before: usize) -> (Patient, [u16; 2]) {
        let mut messages = self.messages().await;
        while messages.len() == before {
            tokio::time::sleep(Duration::from_millis(20)).await;
            messages = self.messages().await;
        }
        let text = messages.last().and_then(|message| message["text"].as_str());
        let token = token_in(text.unwrap_or_default()).expect("a link");
        let link = format!("{}/d/{token}", self.api);
        let mut patient = Patient::new(&self.api, &link);
        let page = patient.open().await;
        let posted = patient
            .post(&link, &[("form", "none"), ("code", "BCD-FGH")])
            .await;
        (patient, [page.status, posted.status])
    }

    /// Takes back a delivery, a document, a record type and a record.
    pub(crate) async fn take_back(&mut self, sent: &Sent) {
        self.practice.put("/v1/record-types/old", json!({})).await;
        let delivery = self
            .practice
            .get(&format!("/v1/deliveries/{}", sent.id))
            .await;
        let document = delivery.body["documents"][0]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        for path in [
            format!("/v1/deliveries/{}", sent.id),
            format!("/v1/documents/{document}"),
            "/v1/record-types/old".to_owned(),
            "/v1/records/r2".to_owned(),
        ] {
            let answer = self.practice.delete(&path).await;
            assert_eq!(answer.status, 204, "DELETE {path}: {answer:?}");
        }
        let new = self
            .practice
            .post_code(
                "canary-request-too-late",
                &sent.id,
                json!({"channel": "sms"}),
            )
            .await;
        assert_eq!(new.problem(), "code-not-possible");
    }
}
