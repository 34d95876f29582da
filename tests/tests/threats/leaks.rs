//! T4 and T6: what leaks of the table, or of the second channel, and what it opens.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use futures::future::join_all;
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::Value;
use tests::{Sent, World, figure};

use crate::{path, world};
use tests::dynamodb::items;

/// How a secret may be written: plain, with its hyphen, in hex, reversed, and in base64 wherever in a longer text it begins.
fn forms(secret: &str) -> Vec<String> {
    let plain = secret.replace('-', "");
    let mut forms = vec![secret.to_owned(), plain.clone()];
    for text in [secret, &plain] {
        forms.push(HEXLOWER.encode(text.as_bytes()));
        forms.push(HEXUPPER.encode(text.as_bytes()));
        forms.push(text.chars().rev().collect());
        for before in 0..3_usize {
            let longer = [&vec![0; before][..], text.as_bytes()].concat();
            let encoded = BASE64.encode(&longer);
            // Those characters that depend on the secret alone.
            let inner = &encoded[(before * 8).div_ceil(6)..longer.len() * 8 / 6];
            forms.push(inner.to_owned());
        }
    }
    forms
}

/// One number's deliveries, after each of which the patient asks for a code too, as often as a number gets one in a day.
const ASKED: usize = 20;
/// So many documents are sent at once, and each so many times.
const AT_ONCE: usize = 8;
const TIMES: usize = 10;

/// T4: 10,000 issues.
///
/// Tokens and references are looked for everywhere, codes among what belongs to their delivery, and the first ones everywhere:
/// six symbols stand somewhere in many megabytes of hashes by chance.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t4_a_dump_of_the_table_holds_no_code_token_or_reference() {
    let world = world(3).await;
    let mut sent = Vec::new();
    for number in 0..ASKED {
        let one = world.practice.send_invoice(number).await;
        assert_eq!(world.patient(&one).ask().await.status, 303);
        sent.push(one);
    }
    let mut codes: Vec<String> = sent.iter().map(|sent| sent.code.clone()).collect();
    codes.extend(asked_for(&world.messages().await));
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 2 * ASKED);
    sent.extend(sent_again_and_again(&world, figure(10_000, 200) - ASKED).await);

    let items = items(world.stack.dynamodb()).await;
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    let everywhere = sent.iter().flat_map(|sent| {
        let token = path(sent).replace("/d/", "");
        [token, sent.reference.clone()]
    });
    let everywhere: Vec<String> = everywhere.chain(codes).collect();
    assert_eq!(
        found(&everywhere, &items),
        0,
        "forms of secrets in the dump"
    );
    let known = [sent[0].id.clone()];
    assert!(found(&known, &items) > 0, "the search can find");

    let ids: Vec<&str> = sent.iter().map(|sent| sent.id.as_str()).collect();
    let by_id = AhoCorasick::new(&ids).expect("an automaton");
    let mut searched = vec![false; sent.len()];
    for item in &items {
        let named = by_id
            .find_iter(item)
            .map(|found| found.pattern().as_usize());
        for at in named.collect::<BTreeSet<usize>>() {
            let has = forms(&sent[at].code).iter().any(|form| item.contains(form));
            assert!(!has, "a code in an item of its delivery");
            searched[at] = true;
        }
    }
    assert!(searched.into_iter().all(|searched| searched));
    assert!(
        forms("BCD-FGH").iter().any(|form| form == "HGFDCB"),
        "the search can find"
    );
}

/// The codes of the messages that a patient asked for.
fn asked_for(messages: &[Value]) -> Vec<String> {
    let sms = messages
        .iter()
        .filter(|message| message["channel"] == "sms");
    sms.filter_map(|message| message["text"].as_str()?.split("Ihr Code: ").nth(1))
        .filter_map(|rest| rest.lines().next().map(str::to_owned))
        .collect()
}

/// How often a secret's forms stand in the items.
fn found(secrets: &[String], items: &[String]) -> usize {
    let forms: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    let automaton = AhoCorasick::new(&forms).expect("an automaton");
    items
        .iter()
        .map(|item| automaton.find_iter(item).count())
        .sum()
}

/// So many deliveries; each document is sent a few times, each time closing the one before.
async fn sent_again_and_again(world: &World, times: usize) -> Vec<Sent> {
    let mut sent = Vec::new();
    while sent.len() < times {
        let rest = (times - sent.len()).min(AT_ONCE * TIMES);
        let sendings = (0..AT_ONCE).map(async |at| {
            let number = format!("again-{at}");
            let document = world.practice.document("note", &number, "2026-11-20").await;
            let mut sent = Vec::new();
            for _ in (at..rest).step_by(AT_ONCE) {
                sent.push(world.practice.send(&[&document]).await);
            }
            sent
        });
        sent.extend(join_all(sendings).await.into_iter().flatten());
        world.empty_outbox().await;
    }
    sent
}

/// Links that somebody with reference and code could make up.
fn made_up(sent: &Sent) -> Vec<String> {
    let reference = sent.reference.replace('-', "");
    let code = sent.code.replace('-', "");
    let filled = |text: &str| text.repeat(28).chars().take(28).collect::<String>();
    let behind = |text: &str, symbol: &str| format!("{text}{}", symbol.repeat(28 - text.len()));
    vec![
        sent.reference.clone(),
        reference.clone(),
        sent.code.clone(),
        code.clone(),
        format!("{reference}{code}"),
        format!("{}-{}", sent.reference, sent.code),
        filled(&reference),
        filled(&code),
        filled(&format!("{reference}{code}")),
        filled(&format!("{code}{reference}")),
        behind(&reference, "B"),
        behind(&format!("{reference}{code}"), "2"),
        reference.to_lowercase(),
        sent.id.clone(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn t6_reference_and_code_open_nothing_without_the_link() {
    let world = world(3).await;
    let sent = world.practice.send_invoice(1).await;
    let before = world.messages().await.len();
    let http = Client::builder().redirect(Policy::none()).build();
    let http = http.expect("a client");
    let mut tried = 0;
    for token in made_up(&sent) {
        for (method, more) in [
            (Method::GET, ""),
            (Method::GET, "/documents"),
            (Method::GET, "/documents/20261120-aaaaaaaaaaaaaaaaaaaaaaaaa"),
            (Method::GET, "/not-mine"),
            (Method::POST, ""),
            (Method::POST, "/code"),
            (Method::POST, "/done"),
            (Method::POST, "/not-mine"),
        ] {
            let said = format!("code={}&reference={}", sent.code, sent.reference);
            let url = format!("{}/d/{token}{more}?{said}", world.stack.api());
            let fields = [("form", "x"), ("code", sent.code.as_str())];
            let request = http.request(method.clone(), &url);
            let request = if method == Method::POST {
                request.form(&fields)
            } else {
                request
            };
            let status = request.send().await.expect("an answer").status();
            assert_eq!(
                status,
                404,
                "{method} {more} with a link of {} symbols",
                token.len()
            );
            tried += 1;
        }
    }
    assert_eq!(tried, 112);
    assert_eq!(world.messages().await.len(), before);
    assert_eq!(world.patient(&sent).enter(&sent.code).await.status, 303);
}
