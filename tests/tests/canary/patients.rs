//! The patient's side: codes right, wrong and malformed, documents, ends of every kind.

use serde_json::json;
use tests::Patient;

use crate::drive::{Drive, Sent};

const DAY: i64 = 24 * 60 * 60;

impl Drive {
    /// From the link to the file and to "Done", twice.
    pub(crate) async fn read_documents(&mut self, sent: &Sent) {
        let mut patient = self.patient(sent);
        for code in [
            sent.code.clone(),
            sent.code.to_lowercase().replace('-', " "),
        ] {
            assert_eq!(self.enter(&mut patient, &code).await, 303, "the right code");
            let live = patient.open().await;
            assert_eq!(live.status, 303, "P2: a live session needs no code");
            let page = patient.documents().await;
            self.book.note_page(&patient, &page);
            for document in page.documents() {
                let click = patient.click(&document).await;
                self.book.note_page(&patient, &click);
                let (name, bytes) = patient.download(&document).await;
                assert!(bytes.starts_with(b"%PDF-"), "{name}");
            }
            let gone = patient.click("20261120-aaaaaaaaaaaaaaaaaaaaaaaaa").await;
            assert_eq!(
                gone.status, 404,
                "a document that this delivery does not show"
            );
            self.book.note_page(&patient, &gone);
            let foreign = patient
                .post(
                    &format!("{}/done", patient.link.clone()),
                    &[("form", "none")],
                )
                .await;
            assert_eq!(foreign.status, 403, "P5: a form that is not ours");
            self.book.note_page(&patient, &foreign);
            let stale = patient.cookies.clone();
            assert_eq!(patient.done().await.status, 303, "P7");
            patient.cookies.extend(stale);
            let ended = patient.documents().await;
            assert_eq!(ended.status, 303, "a session that has ended");
            let page = patient.get(ended.location()).await;
            self.book.note_page(&patient, &page);
        }
    }

    /// Everything but the right code, up to the wait.
    pub(crate) async fn enter_nonsense(&mut self, sent: &Sent, other: &Sent) {
        let mut patient = self.patient(sent);
        let half = &sent.code[..3];
        for entry in [
            "",
            "---",
            half,
            "BCD-FG0",
            &format!("{}-{}", &sent.reference[..4], &sent.reference[4..]),
            &sent.token,
            &format!("{}{}", sent.code, sent.code),
            &"B".repeat(10_000),
            &"B".repeat(20_000),
        ] {
            assert_eq!(
                self.enter(&mut patient, entry).await,
                422,
                "no code: {}",
                entry.len()
            );
        }
        // P6: nobody reloads in haste.
        self.advance(10).await;
        for entry in [&other.code, "BCD-FGH", "ＢＣＤ－ＦＧＪ"] {
            assert_eq!(self.enter(&mut patient, entry).await, 401, "wrong: {entry}");
        }
        assert_eq!(
            self.enter(&mut patient, &sent.code).await,
            429,
            "L4: even the right one has to wait"
        );
        self.advance(5).await;
        assert_eq!(
            self.enter(&mut patient, &sent.code).await,
            303,
            "L4: after the wait"
        );
    }

    /// Forms of other sites, of other browsers, of other pages, and old ones.
    pub(crate) async fn post_foreign_forms(&mut self, sent: &Sent) {
        let link = format!("{}/d/{}", self.api, sent.token);
        let code = sent.code.as_str();
        let mut patient = self.patient(sent);
        let page = patient.open().await;
        self.book.note_page(&patient, &page);
        let form = page.form().to_owned();
        let posted = patient
            .post_with(
                &link,
                &[("form", &form), ("code", code)],
                &[("origin", "https://evil.example")],
            )
            .await;
        assert_eq!(posted.status, 403, "P5: from another site");
        self.book.note_page(&patient, &posted);
        let mut stranger = self.patient(sent);
        let posted = stranger
            .post(&link, &[("form", &form), ("code", code)])
            .await;
        assert_eq!(posted.status, 403, "P5: without the cookie");
        self.book.note_page(&stranger, &posted);
        self.advance(30 * 60).await;
        let posted = patient
            .post(&link, &[("form", &form), ("code", code)])
            .await;
        assert_eq!(posted.status, 403, "P5: after half an hour");
        self.book.note_page(&patient, &posted);
    }

    /// Each way in which a delivery ends, tried with the right code afterwards.
    pub(crate) async fn end_in_every_way(&mut self) {
        let document = self.document("2026-0819").await;
        let superseded = self.send(json!({"documents": [document]})).await;
        let revoked = self.send(json!({})).await;
        let reported = self.send(json!({})).await;
        let guessed = self.send(json!({"documents": [document]})).await;
        let stale = self.send(json!({})).await;
        let used = self.send(json!({})).await;
        let expired = self.send(json!({"valid_days": 4})).await;

        let mut patient = self.patient(&revoked);
        assert_eq!(
            self.enter(&mut patient, &revoked.code).await,
            303,
            "a session before it is taken back"
        );
        self.take_back(&revoked).await;
        let page = patient.documents().await;
        assert_eq!(page.status, 303, "L7: the session has ended");
        let mut stranger = self.patient(&reported);
        let link = format!("{}/not-mine", stranger.link);
        let question = stranger.get(&link).await;
        self.book.note_page(&stranger, &question);
        let thanks = stranger.report().await;
        self.book.note_page(&stranger, &thanks);
        assert_eq!((question.status, thanks.status), (200, 410), "L7");
        assert_eq!(
            self.enter(&mut self.patient(&stale), "BCD-FGH").await,
            401,
            "L3 begins"
        );
        assert_eq!(
            self.enter(&mut self.patient(&used), &used.code).await,
            303,
            "L2 begins"
        );
        let mut stranger = self.patient(&guessed);
        for _ in 0..10 {
            self.enter(&mut stranger, "BCD-FGH").await;
            self.advance(301).await;
        }
        self.advance(4 * DAY).await;
        for ended in [superseded, revoked, reported, guessed, stale, used, expired] {
            let mut patient = self.patient(&ended);
            assert_eq!(
                self.enter(&mut patient, &ended.code).await,
                410,
                "{}",
                ended.id
            );
            let posted = patient
                .post(
                    &patient.link.clone(),
                    &[("form", "none"), ("code", &ended.code)],
                )
                .await;
            assert_eq!(posted.status, 410, "{}", ended.id);
            self.book.note_page(&patient, &posted);
            let asked = patient
                .post(
                    &format!("{}/code", patient.link.clone()),
                    &[("form", "none")],
                )
                .await;
            self.book.note_page(&patient, &asked);
            let question = patient.get(&format!("{}/not-mine", patient.link)).await;
            self.book.note_page(&patient, &question);
        }
    }

    /// Opens the page and enters a code there; the status of whichever said no, or of the entry.
    pub(crate) async fn enter(&mut self, patient: &mut Patient, code: &str) -> u16 {
        let page = patient.open().await;
        self.book.note_page(patient, &page);
        if page.status != 200 && page.status != 303 {
            return page.status;
        }
        let link = patient.link.clone();
        let entered = patient
            .post(&link, &[("form", page.form()), ("code", code)])
            .await;
        self.book.note_page(patient, &entered);
        entered.status
    }
}
