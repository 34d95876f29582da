//! T7 and T8: machines that look at links, and somebody else who reads the patient's mail.

use domain::delivery::l4_wait;
use futures::future::join_all;
use reqwest::redirect::Policy;
use reqwest::{Client, Method};

use crate::{path, world};
use tests::dynamodb::items;

const BOTS: [&str; 8] = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "facebookexternalhit/1.1",
    "WhatsApp/2.23.20.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 HeadlessChrome/120.0.0.0 Safari/537.36",
    "BarracudaCentral",
    "",
];

/// T7: 1,008 requests of eight machines, each with all the routes that it can make up from the link.
#[tokio::test(flavor = "multi_thread")]
async fn t7_1000_looks_of_machines_change_nothing_and_send_nothing() {
    let world = world(3).await;
    let sent = world.practice.send_invoice(1).await;
    let document = sent.answer["documents"][0]
        .as_str()
        .unwrap_or("x")
        .to_owned();
    let (messages, rows) = (world.messages().await, rows(&world).await);
    let http = Client::builder().redirect(Policy::none()).build();
    let http = http.expect("a client");
    let mut looks = Vec::new();
    for bot in BOTS {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            for more in [
                String::new(),
                "/documents".to_owned(),
                format!("/documents/{document}"),
                "/not-mine".to_owned(),
                "/code".to_owned(),
                "/done".to_owned(),
                "?lang=en".to_owned(),
            ] {
                looks.push((bot, method.clone(), format!("{}{more}", path(&sent))));
            }
        }
    }
    let mut done = 0;
    for _ in 0..6 {
        for some in looks.chunks(24) {
            let answers = some.iter().map(|(bot, method, path)| {
                let request = http.request(method.clone(), format!("{}{path}", world.stack.api()));
                request
                    .header("user-agent", *bot)
                    .header("purpose", "prefetch")
                    .send()
            });
            for answer in join_all(answers).await {
                let status = answer.expect("an answer").status().as_u16();
                assert!([200, 303, 404].contains(&status), "{status}");
                done += 1;
            }
        }
    }
    assert_eq!(done, 1008);
    assert_eq!(world.messages().await, messages);
    assert_eq!(self::rows(&world).await, rows, "the table is as it was");
    let mut patient = world.patient(&sent);
    assert_eq!(
        patient.ask().await.status,
        303,
        "the patient may still ask for a code"
    );
}

/// The table, whose rows all are compared: a look leaves no row of the audit either.
async fn rows(world: &tests::World) -> Vec<String> {
    let items = items(world.stack.dynamodb()).await;
    let own = items.iter().filter(|item| !tests::is_derived(item));
    let mut rows: Vec<String> = own.map(ToString::to_string).collect();
    rows.sort();
    rows
}

/// T8: ten wrong entries, a code that is asked for, and ten more, all from another browser, with a download after each.
#[tokio::test(flavor = "multi_thread")]
async fn t8_wrong_entries_and_requests_of_others_leave_an_open_session_and_its_downloads() {
    let world = world(3).await;
    let sent = world.practice.send_invoice(1).await;
    let mut patient = world.patient(&sent);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    let mut other = world.patient(&sent);
    for asked in 0..2 {
        if asked == 1 {
            assert_eq!(other.ask().await.status, 303);
        }
        for guess in 1..=10 {
            let page = other.enter(sent.wrong_code()).await;
            let expected = if guess == 10 { 410 } else { 401 };
            assert_eq!(page.status, expected, "code {asked}, guess {guess}");
            let documents = patient.documents().await;
            assert_eq!(documents.status, 200, "code {asked}, guess {guess}");
            let ids = documents.documents();
            assert!(!patient.download(&ids[0]).await.1.is_empty());
            world.advance(l4_wait(guess));
        }
    }
    assert_eq!(
        world.practice.shown(&sent).await["wrong_entries"]["in_life"],
        20
    );
}
