//! T15: every post of a page, and the practice's, twice and ten times at once.
//!
//! Asking for a code a hundred times at once is in `new_codes`, a document announced again in `repeats`.

use futures::future::join_all;
use serde_json::json;
use tests::{Page, Patient};

use crate::world;

/// Posts the same form of the same browser twice, one after the other, or ten times at once.
async fn again(patient: &Patient, url: &str, fields: &[(&str, &str)], at_once: bool) -> Vec<Page> {
    if at_once {
        let posts = (0..10).map(|_| async { patient.clone().post(url, fields).await });
        return join_all(posts).await;
    }
    let first = patient.clone().post(url, fields).await;
    let second = patient.clone().post(url, fields).await;
    vec![first, second]
}

fn count(pages: &[Page], status: u16) -> usize {
    pages.iter().filter(|page| page.status == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t15_every_post_of_a_page_may_come_twice_and_ten_times_at_once() {
    for at_once in [false, true] {
        let world = world(3).await;
        let sent = world.practice.send_invoice(1).await;
        let mut patient = world.patient(&sent);
        let page = patient.open().await;
        let fields = [("form", page.form()), ("code", sent.code.as_str())];
        let entered = again(&patient, &sent.link, &fields, at_once).await;
        // Of ten at once, L4 makes some wait while three are being judged.
        let (opened, waited) = (count(&entered, 303), count(&entered, 429));
        assert!(opened >= 2 || (at_once && opened >= 1), "{opened} opened");
        assert_eq!(opened + waited + count(&entered, 503), entered.len());
        let delivery = world.practice.shown(&sent).await;
        assert_eq!(delivery["state"], "opened");
        let wrong = delivery["wrong_entries"]["in_life"].as_u64().unwrap_or(99);
        assert!(
            wrong == 0 || at_once && wrong <= 3,
            "{wrong} charges were kept"
        );

        // Within the same browser, whichever of the answers came last.
        world.advance(10);
        patient.enter(&sent.code).await;
        let page = patient.documents().await;
        let url = format!("{}/done", sent.link);
        let done = again(&patient, &url, &[("form", page.form())], at_once).await;
        assert_eq!(count(&done, 303), done.len(), "ended, or no longer there");
        assert_eq!(patient.documents().await.status, 303);

        let page = world.patient(&sent).open().await;
        assert_eq!(page.status, 200);
        let mut asking = world.patient(&sent);
        let form = asking.open().await.request_form().to_owned();
        let url = format!("{}/code", sent.link);
        let messages = world.messages().await.len();
        let asked = again(&asking, &url, &[("form", &form)], at_once).await;
        assert_eq!(count(&asked, 303), 1, "one is sent");
        assert_eq!(world.messages().await.len(), messages + 1);

        let mut finder = world.patient(&sent);
        let url = format!("{}/not-mine", sent.link);
        let question = finder.get(&url).await;
        let said = again(&finder, &url, &[("form", question.form())], at_once).await;
        assert_eq!(count(&said, 410), said.len(), "closed");
        assert_eq!(
            world.practice.shown(&sent).await["closed_because"],
            "reported"
        );
        assert_eq!(finder.ask().await.status, 410);
        assert_eq!(world.messages().await.len(), messages + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t15_sending_and_revoking_may_come_ten_times_at_once() {
    let world = world(3).await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let body =
        json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "sms"});
    let sendings = (0..10).map(|_| world.practice.post_delivery_as("one", body.clone()));
    let answers = join_all(sendings).await;
    let made = answers.iter().filter(|answer| answer.status < 300);
    let ids: Vec<&serde_json::Value> = made.map(|answer| &answer.body["id"]).collect();
    assert!(
        !ids.is_empty() && ids.iter().all(|id| *id == ids[0]),
        "{ids:?}"
    );
    assert_eq!(world.messages().await.len(), 2, "one e-mail and one SMS");
    let path = format!("/v1/deliveries/{}", ids[0].as_str().unwrap_or_default());
    let code = json!({"channel": "sms"});
    let id = ids[0].as_str().unwrap_or_default();
    let codes = (0..10).map(|_| world.practice.post_code("two", id, code.clone()));
    let codes = join_all(codes).await;
    assert!(codes.iter().any(|answer| answer.status < 300), "{codes:?}");
    assert_eq!(world.messages().await.len(), 3, "one new code");
    let revoked = join_all((0..10).map(|_| world.practice.delete(&path))).await;
    assert!(
        revoked.iter().all(|answer| answer.status == 204),
        "{revoked:?}"
    );
    let shown = world.practice.get(&path).await.body;
    assert_eq!(shown["closed_because"], "revoked");
}
