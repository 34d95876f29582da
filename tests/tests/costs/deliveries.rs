//! What one delivery costs from the announcement of its document to its end, step by step.

use domain::time::DAY;
use tests::dynamodb::items;

use crate::meter::{Meter, count, item_size};
use crate::prices::{BUCKET_MONTH, MONTH, TABLE_MONTH, Used};

/// Bytes of a document.
pub(crate) const DOCUMENT: usize = 200_000;
/// Months that a delivery is kept: three, and thirty days.
pub(crate) const KEPT: f64 = 4.0;
/// Months that a document is kept.
pub(crate) const DOCUMENT_KEPT: f64 = 12.0;
const GB: f64 = 1_000_000_000.0;

/// A step on a delivery's way.
pub(crate) struct Step {
    pub(crate) what: &'static str,
    pub(crate) used: Used,
}

/// What a delivery takes.
pub(crate) struct Taken {
    pub(crate) steps: Vec<Step>,
    /// USD for keeping it and its document.
    pub(crate) kept: f64,
}

/// The second delivery of a warm stack, whose patient opens the page, enters the code, downloads the document and ends the session.
pub(crate) async fn delivery() -> Taken {
    let mut meter = Meter::start().await;
    let first = meter.send("1").await;
    let mut patient = meter.world.patient(&first);
    patient.enter(&first.code).await;
    let document = patient.documents().await.documents()[0].clone();
    patient.download(&document).await;
    patient.done().await;
    meter.forget().await;
    let before = stored(&meter).await;

    let mut steps = Vec::new();
    let document = meter
        .world
        .practice
        .document("invoice", "2", "2026-11-20")
        .await;
    meter.settle().await;
    let used = meter.request(&["Manage", "Authorize"], 0.0, 2_000) + meter.followed().await;
    steps.push(Step {
        what: "announce and upload a document",
        used,
    });

    let sent = meter.world.practice.send(&[&document]).await;
    meter.settle().await;
    // SES says twice what became of the e-mail.
    let functions = ["Issue", "Authorize", "Feedback", "Feedback"];
    let used = meter.request(&functions, 1.0, 1_000) + meter.followed().await;
    steps.push(Step {
        what: "send the e-mail and the SMS",
        used,
    });

    let mut patient = meter.world.patient(&sent);
    let page = patient.open().await;
    let used = meter.page("Verify", 0.0, &page) + meter.followed().await;
    steps.push(Step {
        what: "open the page",
        used,
    });
    let fields = [("form", page.form()), ("code", sent.code.as_str())];
    let entered = patient.post(&sent.link, &fields).await;
    assert_eq!(entered.status, 303);
    let used = meter.page("Verify", 1.0, &entered) + meter.followed().await;
    steps.push(Step {
        what: "enter the right code",
        used,
    });
    let list = patient.documents().await;
    assert_eq!(list.status, 200);
    let used = meter.page("Download", 0.0, &list) + meter.followed().await;
    steps.push(Step {
        what: "see the documents",
        used,
    });
    patient.download(&document).await;
    let used = meter.request(&["Download"], 0.0, DOCUMENT + 2_000) + meter.followed().await;
    steps.push(Step {
        what: "download one",
        used,
    });
    let done = format!("{}/done", sent.link);
    let done = patient.post(&done, &[("form", list.form())]).await;
    assert_eq!(done.status, 303);
    let used = meter.page("Download", 0.0, &done) + meter.followed().await;
    steps.push(Step {
        what: "end the session",
        used,
    });

    let kept = stored(&meter).await - before;
    let mut used = Used::default();
    for _ in 0..130 {
        meter.world.advance(DAY);
        for function in ["Manage", "Notify"] {
            let run = meter.minute(function).await;
            // Those that find nothing to do come anyway, and are counted by the month.
            if run.writes > 0.0 {
                used = used + run + meter.followed().await;
            }
        }
    }
    steps.push(Step {
        what: "what time brings",
        used,
    });
    let kept =
        TABLE_MONTH.of(kept / GB * KEPT) + BUCKET_MONTH.of(count(DOCUMENT) / GB * DOCUMENT_KEPT);
    Taken { steps, kept }
}

/// What the schedule costs in which nothing is to be done.
pub(crate) struct Idle {
    /// USD a month.
    pub(crate) month: f64,
}

/// A minute of a warm stack in which nothing is to be done, for every function that the schedule calls.
pub(crate) async fn idle() -> Idle {
    let meter = Meter::start().await;
    let mut used = Used::default();
    for function in ["Dispatch", "Notify"] {
        meter.minute(function).await;
        used = used + meter.minute(function).await;
    }
    Idle {
        month: used.cost() * MONTH / 60.0,
    }
}

/// Bytes in the table.
async fn stored(meter: &Meter) -> f64 {
    let items = items(meter.world.stack.dynamodb()).await;
    items
        .iter()
        .map(|item| count(item_size(item)) + 100.0)
        .sum()
}
