//! Previews, drafts and new codes: secrets that exist before anything is sent, and those that replace others.

use data_encoding::BASE64URL_NOPAD;
use reqwest::Method;
use serde_json::{Value, json};
use tests::Answer;

use crate::drive::{Drive, Sent, fields};
use crate::places::Place;
use crate::search::Kind;

const HOUR: i64 = 60 * 60;

impl Drive {
    /// Drafts that are sent, changed, sent twice, too old, spoiled, and drafts with the code smuggled into the text.
    pub(crate) async fn send_drafts(&mut self) {
        let preview = self.preview(json!({"additional_text": "Bis bald!"})).await;
        let draft = json!({"draft": preview.body["draft"]});
        let sent = self.repeat(&draft, 2).await;
        assert_eq!(sent.status, 201, "{sent:?}");
        assert_eq!(
            sent.body["code"], preview.body["code"],
            "what was previewed is sent"
        );
        assert_eq!(self.repeat(&draft, 1).await.problem(), "draft-spent");

        let preview = self.preview(json!({"recipient": "english"})).await;
        let code = preview.body["code"].as_str().unwrap_or_default().to_owned();
        for smuggled in [
            code.clone(),
            code.to_lowercase(),
            code.chars().rev().collect(),
            spaced(&code),
        ] {
            let body = json!({"draft": preview.body["draft"], "additional_text": format!("Bis bald! {smuggled}")});
            let refused = self.repeat(&body, 1).await;
            assert_eq!(refused.problem(), "code-in-email", "D1: {smuggled}");
            self.book.answers.push(Place::new(
                "the answer to a smuggled code",
                refused.body.to_string(),
            ));
        }
        let whole = preview.body["draft"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        for spoiled in [
            String::new(),
            whole[1..].to_owned(),
            format!("{whole}A"),
            whole.to_lowercase(),
            "A".repeat(400),
        ] {
            let refused = self.repeat(&json!({"draft": spoiled}), 1).await;
            assert_eq!(refused.problem(), "invalid-body");
        }
        self.advance(HOUR).await;
        assert_eq!(
            self.repeat(&json!({"draft": whole}), 1).await.problem(),
            "draft-expired"
        );

        let preview = self.preview(json!({"channel": "spoken"})).await;
        self.fail("email", "refuse").await;
        assert_eq!(
            self.repeat(&json!({"draft": preview.body["draft"]}), 1)
                .await
                .problem(),
            "email-refused"
        );
        let preview = self
            .preview(json!({"recipient": "insurer", "channel": "sms"}))
            .await;
        assert_eq!(
            preview.body["sendable"], false,
            "nobody to send the code to"
        );
    }

    /// New codes by the practice, in every way and in vain.
    pub(crate) async fn make_new_codes(&mut self, sent: &Sent) {
        for (channel, fault, status) in [
            ("sms", None, 201),
            ("spoken", None, 201),
            ("sms", Some("refuse"), 201),
            ("sms", Some("timeout"), 201),
            ("threema", None, 422),
        ] {
            if let Some(fault) = fault {
                self.fail("sms", fault).await;
            }
            let key = format!("canary-request-of-the-practice-for-a-{channel}-{fault:?}");
            self.book.note(Kind::IdempotencyKey, &key);
            let made = self
                .practice
                .post_code(&key, &sent.id, json!({"channel": channel}))
                .await;
            assert_eq!(made.status, status, "{channel} {fault:?}: {made:?}");
            self.note_sent(&made);
            let again = self
                .practice
                .post_code(&key, &sent.id, json!({"channel": channel}))
                .await;
            self.book.answers.push(Place::new(
                "the answer to a repeated new code",
                again.body.to_string(),
            ));
            let other = self
                .practice
                .post_code(&key, &sent.id, json!({"channel": "spoken", "x": 1}))
                .await;
            self.book.answers.push(Place::new(
                "the answer to a bad new code",
                other.body.to_string(),
            ));
        }
        let unknown = self
            .practice
            .post_code(
                "canary-request-for-nobody",
                "unknown",
                json!({"channel": "sms"}),
            )
            .await;
        assert_eq!(unknown.status, 404);
    }

    /// New codes that the patient asks for, as often as that is allowed.
    pub(crate) async fn ask_for_codes(&mut self, sent: &Sent) {
        let mut patient = self.patient(sent);
        let path = format!("{}/code", patient.link);
        for (fault, seconds, expected) in [
            (Some("refuse"), 0, 503),
            (None, 0, 303),
            (None, 60, 429),
            (Some("timeout"), HOUR, 303),
            (None, HOUR, 303),
            (None, HOUR, 403),
        ] {
            self.advance(seconds).await;
            let page = patient.open().await;
            self.book.note_page(&patient, &page);
            // Each form is good for its own purpose: the button's is the other one.
            let form = fields(&page)
                .into_iter()
                .find(|field| *field != entry_form(&page.html))
                .unwrap_or_default();
            if let Some(fault) = fault {
                self.fail("sms", fault).await;
            }
            let asked = patient.post(&path, &[("form", form)]).await;
            assert_eq!(
                asked.status,
                expected,
                "{fault:?} after {seconds} s: {}",
                asked.text()
            );
            self.book.note_page(&patient, &asked);
            let foreign = patient
                .post(&path, &[("form", "none"), ("code", &sent.code)])
                .await;
            assert_eq!(foreign.status, 403, "P5: {}", foreign.text());
            self.book.note_page(&patient, &foreign);
        }
    }

    /// What a sending would do. Its e-mail is kept, for a code must not even be shown there.
    async fn preview(&mut self, extra: Value) -> Answer {
        let document = self.document("2026-0820").await;
        let mut body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
        for (name, value) in extra.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let preview = self
            .practice
            .call(Method::POST, "/v1/deliveries/preview", body)
            .await;
        assert_eq!(preview.status, 200, "{preview:?}");
        self.note_sent(&preview);
        self.book.note(
            Kind::Draft,
            preview.body["draft"].as_str().unwrap_or_default(),
        );
        let number = self.book.previewed.len();
        let email = preview.body["email"].to_string();
        self.book
            .previewed
            .push(Place::new(format!("the e-mail of preview {number}"), email));
        preview
    }
}

/// The field of the form that takes the code.
fn entry_form(html: &str) -> &str {
    let before = html.split("name=\"code\"").next().unwrap_or_default();
    let field = before
        .rsplit("name=\"form\" value=\"")
        .next()
        .unwrap_or_default();
    field.split('"').next().unwrap_or_default()
}

/// The symbols one by one, as an attempt to get past a simple search.
fn spaced(code: &str) -> String {
    let symbols: Vec<String> = code.replace('-', "").chars().map(String::from).collect();
    symbols.join(" . ")
}

/// A draft's text is base64, so that its bytes can be searched for too.
#[test]
fn drafts_are_decoded_before_they_are_searched_for() {
    let draft = BASE64URL_NOPAD.encode(b"a sealed draft, or what stands for one");
    let finder = crate::search::Finder::new([crate::search::Secret::new(Kind::Draft, &draft)]);
    assert!(
        !finder
            .find(b"{\"x\":\"a sealed draft, or what stands for one\"}")
            .is_empty()
    );
}
