//! Whatever a request's headers say of host, scheme and path, links and pages are the deployment's own (T11).

use serde_json::json;

use crate::api::{Api, Faults};

/// Whom a request may pretend to be sent to.
const HOSTS: [&str; 20] = [
    "evil.example",
    "evil.example:80",
    "evil.example:443",
    "https://evil.example",
    "//evil.example",
    "evil.example/d/",
    "evil.example?x=",
    "evil.example#",
    "user@evil.example",
    "127.0.0.1:1",
    "127.0.0.1.evil.example",
    "127.0.0.1@evil.example",
    "localhost",
    "[::1]",
    "evil.example, 127.0.0.1",
    "evil.example;",
    "\"><script>alert(1)</script>",
    "javascript:alert(1)//",
    "${link}",
    "evil.example.",
];

/// Where proxies and frameworks look for it, four at a time.
const HEADERS: [[&str; 4]; 4] = [
    ["host", "x-forwarded-host", "x-forwarded-server", "x-host"],
    [
        "forwarded",
        "x-original-host",
        "x-http-host-override",
        "x-forwarded-for",
    ],
    [
        "x-forwarded-proto",
        "x-forwarded-scheme",
        "x-forwarded-prefix",
        "x-forwarded-port",
    ],
    ["x-original-url", "x-rewrite-url", "referer", "origin"],
];

fn variants() -> Vec<Vec<(&'static str, String)>> {
    let value = |name: &str, host: &str| match name {
        "forwarded" => format!("for={host};host={host};proto=javascript"),
        "referer" | "origin" | "x-original-url" => format!("https://{host}/d/x"),
        _ => host.to_owned(),
    };
    HOSTS
        .iter()
        .flat_map(|host| HEADERS.map(|names| names.map(|name| (name, value(name, host))).to_vec()))
        .collect()
}

/// Every address in a text.
fn addresses(text: &str) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || "\"<>'".contains(c);
    let starts = text
        .match_indices("://")
        .map(|(at, _)| text[..at].rfind(ends).map_or(0, |before| before + 1));
    starts
        .filter_map(|start| {
            text[start..]
                .trim_start_matches(ends)
                .split(ends)
                .next()
                .map(str::to_owned)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_links_in_e_mails_are_byte_equal_whatever_the_headers_say() {
    let api = Api::start().await;
    let document = api
        .world
        .practice
        .document("invoice", "1", "2026-11-20")
        .await;
    let variants = variants();
    assert!(
        variants.iter().map(Vec::len).sum::<usize>() >= 200,
        "320 headers in all"
    );
    let base = format!("{}/d/", api.world.stack.api());
    let body = json!({"record": "r1", "recipient": "patient", "documents": [document], "channel": "spoken"}).to_string();
    let mut faults = Faults::default();
    for (at, variant) in variants.iter().enumerate() {
        let before = api.world.messages().await.len();
        let key = format!("key-{at}");
        let mut headers: Vec<(&str, &str)> = vec![("idempotency-key", &key)];
        headers.extend(variant.iter().map(|(name, value)| (*name, value.as_str())));
        let answer = api
            .call_with("POST", "/v1/deliveries", &headers, body.clone())
            .await;
        let messages = api.world.messages().await;
        if answer.status != 201 || messages.len() != before + 1 {
            faults.push(format!(
                "{variant:?}: {} and {} e-mails",
                answer.text,
                messages.len() - before
            ));
            continue;
        }
        let mail = &messages[before];
        let reference = answer.json()["reference"]
            .as_str()
            .unwrap_or_default()
            .replace('-', "");
        let of = |part: &str| addresses(mail[part].as_str().unwrap_or_default());
        let (text, html) = (of("text"), of("html"));
        let is_ours = |link: &String| {
            link.strip_prefix(&base)
                .is_some_and(|token| token.len() == 28 && token.starts_with(&reference))
        };
        if text.len() != 1 || html.len() != 3 || !text.iter().chain(&html).all(is_ours) {
            faults.push(format!("{variant:?}: {text:?} {html:?}"));
        }
        if at % 20 == 19 {
            let emptied = reqwest::Client::new()
                .delete(format!("{}/messages", api.world.stack.outbox()))
                .send()
                .await;
            emptied.expect("an answer");
        }
    }
    faults.assert_none();
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_pages_and_redirects_are_byte_equal_whatever_the_headers_say() {
    let api = Api::start().await;
    let practice = &api.world.practice;
    let document = practice.document("invoice", "1", "2026-11-20").await;
    let sent = practice.send(&[&document]).await;
    let mut patient = api.world.patient(&sent);
    patient.enter(&sent.code).await;
    let cookies: Vec<String> = patient
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let live = cookies.join("; ");
    let path = format!("/d/{}", sent.link.rsplit('/').next().unwrap_or_default());
    let code_page = path.clone();
    let mut faults = Faults::default();
    for (cookies, path) in [
        (live.as_str(), path.clone()),
        ("", format!("{path}/documents")),
        (&live, format!("{path}/documents")),
        (
            &live,
            format!("{path}/documents/20261120-aaaaaaaaaaaaaaaaaaaaaaaaa"),
        ),
        ("", format!("{path}/documents/{document}")),
        ("", "/d/BCDFGHJKLMNPQRSTVWXZ23456789".to_owned()),
        ("", "/privacy".to_owned()),
        // The last, for the clock goes on with it.
        ("", path.clone()),
    ] {
        let shown = async |headers: &[(&str, &str)]| {
            if (cookies, &path) == ("", &code_page) {
                // P6: nobody reloads in haste.
                api.world.advance(10);
            }
            let mut all = vec![("cookie", cookies)];
            all.extend_from_slice(headers);
            let answer = api.send("GET", &path, &all, "").await;
            let form = answer
                .text
                .split("name=\"form\" value=\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next());
            let text = answer.text.replace(form.unwrap_or("\0"), "FORM");
            (
                answer.status,
                answer.header("location").to_owned(),
                answer.header("content-security-policy").to_owned(),
                text,
            )
        };
        let plain = shown(&[]).await;
        for variant in variants() {
            let headers: Vec<(&str, &str)> = variant
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let found = shown(&headers).await;
            if found != plain {
                faults.push(format!("{path} {variant:?}: {} {}", found.0, found.1));
            }
        }
    }
    faults.assert_none();
}
