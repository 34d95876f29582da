//! What must hold after what nobody asks for: the table's stream, the schedule, and what SES says.

use std::collections::{BTreeMap, BTreeSet};

use domain::document::UPLOAD_LOOKED_FOR_AGAIN;
use domain::time::HOUR;
use serde_json::{Value, json};
use tests::dynamodb::items;

use super::{Judge, NO_WAIT, PENDING_IS_OVER};
use crate::case::{feedback, manage, notify, schedule};
use crate::wire::Fault;

/// For so many hours it is told again what one attempt did not bring through.
const TELLING: i64 = 4;
/// What a report is told of: two events to the webhook, one e-mail to a person.
const TOLD: usize = 3;

impl Judge<'_> {
    /// F-V10: the stream comes again until every change was followed, and each is followed once.
    pub(super) async fn follow(&mut self, answers: &[Value]) {
        let case = self.case;
        self.at_most((0, 0)).await;
        let at_once = self.followed().await;
        for answer in answers {
            let failed = &answer["batchItemFailures"][0]["itemIdentifier"];
            let records = case.event["Records"].as_array().into_iter().flatten();
            let mut numbers = records.map(|record| &record["dynamodb"]["SequenceNumber"]);
            let is_there = failed.is_null() || numbers.any(|number| number == failed);
            self.holds("a record of the batch", is_there, failed);
        }
        let notify = notify(&case.world);
        self.followed_again(&notify(case.event.clone()).await);
        let rows = self.followed().await;
        if answers
            .iter()
            .any(|answer| answer["batchItemFailures"] == json!([]))
        {
            self.holds("I4: followed as answered", at_once == rows, &at_once);
        }
        self.followed_again(&notify(case.event.clone()).await);
        let again = self.followed().await;
        self.holds("F-V10: replayed, one row each", again == rows, &again);
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for (kind, _) in &rows {
            *kinds.entry(kind).or_default() += 1;
        }
        // The report's row lies in its practice's partition and in its record's; the entry's waits, and so does a look at what came of it.
        let expected = [
            ("AUDIT", 2),
            ("AWAITED", 1),
            ("DUE", TOLD + 1),
            ("TELL", TOLD),
        ];
        self.holds("F-V10: the rows", kinds == expected.into(), &kinds);
        self.wait(PENDING_IS_OVER);
        for _ in 0..2 {
            let done = notify(schedule()).await;
            self.holds("I6: told", done.is_ok(), &done);
        }
        self.told(1).await;
    }

    fn followed_again(&mut self, answer: &Result<Value, runtime::Error>) {
        let is_done = matches!(answer, Ok(answer) if answer["batchItemFailures"] == json!([]));
        self.holds("I5: followed once more", is_done, answer);
    }

    /// What follows from changes, with its kind.
    async fn followed(&self) -> BTreeSet<(&'static str, String)> {
        let rows = items(self.case.world.stack.dynamodb()).await;
        let kind = |row: &Value| {
            let [partition, sort] =
                ["pk", "sk"].map(|name| row[name]["S"].as_str().unwrap_or_default());
            match (partition.split('#').next(), sort.split('#').next()) {
                (Some("AUDIT"), _) => Some("AUDIT"),
                (Some("AWAITED"), _) => Some("AWAITED"),
                (Some("DUE"), _) => Some("DUE"),
                (_, Some("TELL")) => Some("TELL"),
                _ => None,
            }
        };
        let rows = rows.iter();
        rows.filter_map(|row| Some((kind(row)?, row.to_string())))
            .collect()
    }

    /// A webhook is tried until it is taken, a report is sent once, and where its fate is unknown, not again.
    pub(super) async fn tell(&mut self) {
        let notify = notify(&self.case.world);
        for hour in 1..=TELLING {
            self.wait(hour * HOUR);
            let done = notify(schedule()).await;
            self.holds("I6: told", done.is_ok(), &done);
        }
        let is_known = self.fault.is_none_or(|(call, fault)| {
            let is_answered = matches!(fault, Fault::Denied | Fault::Twin);
            let is_in_doubt = call.name().starts_with("SESV2 ") && !is_answered;
            fault.passes() || !fault.leaves_unknown() && !is_in_doubt
        });
        self.told(usize::from(is_known)).await;
        let rows = self.followed().await;
        let left: Vec<_> = rows
            .iter()
            .filter(|(kind, row)| match *kind {
                "AUDIT" => false,
                "TELL" => !row.contains("done_at"),
                // A look at the delivery may be due later.
                "DUE" => !row.contains("#LOOK#"),
                _ => true,
            })
            .collect();
        self.holds("I6: nothing is left", left.is_empty(), &left);
        let entries = rows
            .iter()
            .filter(|(kind, row)| *kind == "AUDIT" && row.contains("\"wrong\""));
        let entries = entries.count();
        self.holds("F-V10: the entry is settled", entries == 2, entries);
    }

    /// Both events have arrived, under one id each; the report once at most, and not less often than this.
    async fn told(&mut self, reports: usize) {
        let messages = self.case.world.messages().await;
        let since = messages.iter().skip(self.case.messages);
        let mut events: BTreeMap<&str, usize> = BTreeMap::new();
        for message in since.filter(|message| message["channel"] == "webhook") {
            let id = message["headers"]["webhook-id"].as_str();
            *events.entry(id.unwrap_or_default()).or_default() += 1;
        }
        self.holds("I6: both events", events.len() == 2, &events);
        let at_most_twice = events.values().all(|times| *times <= 2);
        self.holds("told at most once more", at_most_twice, &events);
        let sent = self.at_most((1, 0)).await.links.len();
        self.holds("I6: reported", sent >= reports, sent);
    }

    /// F-I13: what SES said is kept, once, and changes nothing for the patient.
    pub(super) async fn feedback(&mut self) {
        if self.answered.contains(&0) {
            self.bounced("I4: kept as answered").await;
        }
        let feedback = feedback(&self.case.world);
        let mut kept = Vec::new();
        for _ in 0..2 {
            let done = feedback(self.case.event.clone()).await;
            self.holds("I5: heard once more", done.is_ok(), &done);
            self.bounced("I5: kept").await;
            let rows = items(self.case.world.stack.dynamodb()).await;
            let deliveries = rows.into_iter().filter(|row| row["sk"]["S"] == "DELIVERY");
            kept.push(
                deliveries
                    .map(|row| row.to_string())
                    .collect::<BTreeSet<_>>(),
            );
        }
        self.holds("F-I13: kept once", kept[0] == kept[1], &kept);
        self.opens(NO_WAIT, &self.case.sent.code).await;
    }

    async fn bounced(&mut self, what: &str) {
        let email = self.shown().await["email"].take();
        self.holds(what, email["status"] == "bounced", &email);
    }

    /// What came stays, and is settled once.
    pub(super) async fn settle_upload(&mut self) {
        let manage = manage(&self.case.world);
        for seconds in [0, UPLOAD_LOOKED_FOR_AGAIN + 1] {
            self.wait(seconds);
            let done = manage(schedule()).await;
            self.holds("I6: settled", done.is_ok(), &done);
        }
        let rows = items(self.case.world.stack.dynamodb()).await;
        let is_it = |row: &&Value| row["id"]["S"] == self.case.document;
        let document = rows.iter().find(is_it);
        let is_kept =
            document.is_some_and(|row| row["state"]["S"] == "ready" && row["ttl"].is_null());
        self.holds("I4: it is ready, and stays", is_kept, document);
        let upload = |row: &&Value| {
            row["pk"]["S"] == "UPLOADS" && row["document"]["S"] == self.case.document
        };
        let left = rows.iter().find(upload);
        self.holds("I6: nothing is left", left.is_none(), left);
    }
}
