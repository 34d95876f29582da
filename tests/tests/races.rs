//! Limits and transactions under parallel requests.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Page, Sent, World};

/// Codes of the right form, none of them `code`.
fn wrong_codes(code: &str, count: usize) -> Vec<String> {
    let symbols = "23456789BCDFGHJKLMNPQRSTVWXZ".as_bytes();
    let spelled = |n: usize| {
        let symbol = |at: usize| char::from(symbols[at % 28]);
        format!("BCD-F{}{}", symbol(n / 28), symbol(n))
    };
    (0..)
        .map(spelled)
        .filter(|wrong| wrong != code)
        .take(count)
        .collect()
}

/// Enters all these codes at the same time, each in a browser of its own that has its form already.
async fn enter_all(world: &World, sent: &Sent, codes: &[String]) -> Vec<Page> {
    let ready = codes.iter().map(|code| async {
        let mut patient = world.patient(sent);
        let mut page = patient.open().await;
        while page.status == 503 {
            // The machine is busy with the other 63: as the page says, try again.
            page = patient.open().await;
        }
        (patient, page.form().to_owned(), code.clone())
    });
    let ready = join_all(ready).await;
    join_all(
        ready
            .into_iter()
            .map(|(mut patient, form, code)| async move {
                let link = patient.link.clone();
                patient
                    .post(&link, &[("form", &form), ("code", &code)])
                    .await
            }),
    )
    .await
}

async fn wrong_entries(world: &World, sent: &Sent) -> i64 {
    let shown = world.practice.shown(sent).await;
    shown["wrong_entries"]["of_code"].as_i64().unwrap()
}

/// With the right code somewhere among 64 guesses, as many rounds as the waits allow never judge more than ten wrong ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l4_64_parallel_guesses_never_get_past_the_limit() {
    let world = World::start().await;
    for position in [0, 31, 63] {
        let sent = world.practice.send_invoice(position).await;
        let mut codes = wrong_codes(&sent.code, 63);
        codes.insert(position, sent.code.clone());
        let (mut judged_wrong, mut opened) = (0, 0);
        for round in 0..12 {
            let pages = enter_all(&world, &sent, &codes).await;
            let count = |status| pages.iter().filter(|page| page.status == status).count();
            assert_eq!(
                count(401) + count(303) + count(410) + count(429) + count(503),
                64,
                "round {round}"
            );
            judged_wrong += count(401);
            opened += count(303);
            // The page of the entry that closes says so at once, so it is not among the 401.
            assert!(
                judged_wrong <= 10,
                "round {round}: {judged_wrong} wrong entries were judged"
            );
            world.advance(300);
        }
        let charged = wrong_entries(&world, &sent).await;
        assert!(charged <= 10, "{charged} were charged");
        if opened == 0 {
            let page = world.patient(&sent).enter(&sent.code).await;
            assert_eq!(
                page.status, 410,
                "the right code after the limit opens nothing"
            );
        }
    }
}

/// A double click, or two devices: one first opening, and every right entry gets in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l2_parallel_right_entries_open_once_and_cost_nothing() {
    let world = World::start().await;
    let sent = world.practice.send_invoice(1).await;
    let pages = enter_all(&world, &sent, &[sent.code.clone(), sent.code.clone()]).await;
    assert!(
        pages.iter().all(|page| page.status == 303),
        "{:?}",
        pages.iter().map(Page::text).collect::<Vec<_>>()
    );
    assert_eq!(
        wrong_entries(&world, &sent).await,
        0,
        "each takes back its own charge"
    );
}

/// However many right entries come at once, the oldest sessions end and three are left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f_v8_parallel_right_entries_never_leave_more_than_three_sessions() {
    let world = World::start().await;
    let sent = world.practice.send_invoice(1).await;
    let mut patients = Vec::new();
    for _ in 0..3 {
        let mut patient = world.patient(&sent);
        assert_eq!(patient.enter(&sent.code).await.status, 303);
        patients.push(patient);
        world.advance(20);
    }
    for round in 0..5 {
        // Three, for the fourth charge before the first commit would have to wait (L4); 20 seconds apart, so that nobody opens the page in haste (P6).
        let entries = (0..3).map(|_| async {
            let mut patient = world.patient(&sent);
            let page = patient.enter(&sent.code).await;
            (patient, page.status)
        });
        for (patient, status) in join_all(entries).await {
            assert_eq!(status, 303, "round {round}");
            patients.push(patient);
        }
        let mut open = Vec::new();
        for (at, patient) in patients.iter_mut().enumerate() {
            if patient.documents().await.status == 200 {
                open.push(at);
            }
        }
        let newest = 3 * (round + 1)..3 * (round + 2);
        assert_eq!(open, newest.collect::<Vec<_>>(), "round {round}");
        world.advance(20);
    }
    assert_eq!(wrong_entries(&world, &sent).await, 0);
}

/// Of two sendings at once, the one that commits last closes the other: one delivery of a document stays open.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l5_of_parallel_sendings_exactly_one_stays_open() {
    let world = World::start().await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "spoken"});
    let answers = join_all((0..6).map(|_| world.practice.post_delivery(body.clone()))).await;
    assert!(
        answers.iter().all(|answer| answer.status == 201),
        "{answers:?}"
    );
    let listed = world.practice.get("/v1/deliveries?state=open").await.body;
    assert_eq!(
        listed["items"].as_array().map(Vec::len),
        Some(1),
        "{listed}"
    );
    let superseded: Vec<&Value> = answers
        .iter()
        .flat_map(|answer| answer.body["superseded"].as_array().unwrap())
        .collect();
    assert_eq!(
        superseded.len(),
        5,
        "each of the others was closed by one: {superseded:?}"
    );
}

/// After the thanks, no entry that is under way opens anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l7_reporting_beats_every_entry_under_way() {
    let world = World::start().await;
    for round in 0..5 {
        let sent = world.practice.send_invoice(round).await;
        let mut patient = world.patient(&sent);
        let form = patient.open().await.form().to_owned();
        let mut stranger = world.patient(&sent);
        let path = format!("{}/not-mine", sent.link);
        let question = stranger.get(&path).await.form().to_owned();
        let link = sent.link.clone();
        let entry = [("form", form.as_str()), ("code", sent.code.as_str())];
        let yes = [("form", question.as_str())];
        let (thanks, entered) =
            tokio::join!(stranger.post(&path, &yes), patient.post(&link, &entry));
        assert_eq!(thanks.status, 410, "round {round}");
        assert!(
            [303, 410].contains(&entered.status),
            "round {round}: {}",
            entered.status
        );
        assert_eq!(patient.documents().await.status, 303, "round {round}");
        assert_eq!(patient.open().await.status, 410, "round {round}");
    }
}

/// After revoking has answered, no entry that is under way opens anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l7_revoking_beats_every_entry_under_way() {
    let world = World::start().await;
    for round in 0..5 {
        let sent = world.practice.send_invoice(round).await;
        let mut patient = world.patient(&sent);
        let form = patient.open().await.form().to_owned();
        let link = sent.link.clone();
        let fields = [("form", form.as_str()), ("code", sent.code.as_str())];
        let (revoked, _) = tokio::join!(world.practice.revoke(&sent), patient.post(&link, &fields));
        assert_eq!(revoked.status, 204);
        assert_eq!(patient.documents().await.status, 303, "round {round}");
        assert_eq!(patient.open().await.status, 410, "round {round}");
    }
}
