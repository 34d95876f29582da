//! T4 and T6: what leaks of the table, or of the second channel, and what it opens.

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use tests::Sent;

use crate::dynamodb::items;
use crate::{ask, delivery, path, world};

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

/// T4 wants 10,000 issues: here 20, and as many codes that were asked for, which is what a number gets in a day.
#[tokio::test(flavor = "multi_thread")]
async fn t4_a_dump_of_the_table_holds_no_code_token_or_reference() {
    let world = world(3).await;
    let mut secrets = Vec::new();
    for number in 0..20 {
        let sent = delivery(&world, number).await;
        assert_eq!(ask(&mut world.patient(&sent)).await.status, 303);
        let token = path(&sent).replace("/d/", "");
        secrets.extend([token, sent.reference, sent.code]);
    }
    let messages = world.messages().await;
    let codes = messages
        .iter()
        .filter(|message| message["channel"] == "sms")
        .filter_map(|message| message["text"].as_str()?.split("Ihr Code: ").nth(1))
        .filter_map(|rest| rest.lines().next().map(str::to_owned));
    secrets.extend(codes);
    secrets.sort();
    secrets.dedup();
    assert_eq!(secrets.len(), 80, "40 codes, 20 tokens, 20 references");
    let items = items(world.stack.dynamodb()).await;
    let dump: Vec<String> = items.iter().map(ToString::to_string).collect();
    let dump = dump.join("\n");
    let found = secrets
        .iter()
        .flat_map(|secret| forms(secret))
        .filter(|form| dump.contains(form.as_str()))
        .count();
    assert_eq!(found, 0, "forms of secrets in the dump");
    assert!(
        forms("BCD-FGH").iter().any(|form| form == "HGFDCB"),
        "the search can find"
    );
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
    let sent = delivery(&world, 1).await;
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
