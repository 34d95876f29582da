//! Hostile names and texts: whatever a practice calls itself, its patients and its documents, one e-mail leaves with its own
//! headers, pages keep their tags, and a download keeps its one header (T12).

use std::collections::BTreeSet;

use data_encoding::{BASE64, HEXLOWER};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::{Sent, pdf};

use crate::api::{Api, Faults, invalid};
use crate::payloads::{PAYLOADS, hostile, is_line, is_text, variants};

/// Where our own e-mails come from.
const ADDRESS: &str = "<praxispost@zweiweg.example>";

#[tokio::test(flavor = "multi_thread")]
async fn t12_a_name_that_is_no_line_is_refused_in_every_field_that_holds_one() {
    let api = Api::start().await;
    let before = api.trace().await;
    let texts = hostile();
    assert!(texts.len() >= 500, "only {} texts", texts.len());
    let bad: Vec<&String> = texts.iter().filter(|text| !is_line(text)).collect();
    assert!(bad.len() >= 100, "only {} of them are no line", bad.len());
    let mut faults = Faults::default();
    for text in bad {
        for (method, path, body, pointer) in bodies_with(text) {
            let answer = api.call(method, path, body.to_string()).await;
            faults.add(
                &format!("{method} {path} {pointer} {text:?}"),
                answer.faults(invalid(&[pointer])),
            );
        }
    }
    faults.assert_none();
    assert_eq!(
        api.trace().await,
        before,
        "a name that is none left a trace"
    );
}

fn bodies_with(text: &str) -> [(&'static str, &'static str, Value, &'static str); 6] {
    let document = |field: &str| {
        let mut body = json!({"record": "r1", "kind": "note", "number": "1", "issued_on": "2026-11-20",
            "content_type": "application/pdf", "size": 1, "sha256": "0".repeat(64)});
        body[field] = json!(text);
        body
    };
    let recipient = json!({"id": "p", "name": text, "email": "p@example.org"});
    [
        ("PUT", "/v1/settings", json!({"name": text}), "/name"),
        (
            "PUT",
            "/v1/settings",
            json!({"name": "P", "public_name": text}),
            "/public_name",
        ),
        (
            "PUT",
            "/v1/records/new",
            json!({"record_type": "std", "recipients": [recipient]}),
            "/recipients/0/name",
        ),
        ("POST", "/v1/documents", document("number"), "/number"),
        ("POST", "/v1/documents", document("title"), "/title"),
        ("POST", "/v1/documents", document("file_name"), "/file_name"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn t12_an_additional_text_with_control_characters_is_refused() {
    let api = Api::start().await;
    let before = api.trace().await;
    let mut faults = Faults::default();
    for text in hostile().iter().filter(|text| !is_text(text)) {
        let body = json!({"record": "r1", "recipient": "patient", "documents": [], "additional_text": text});
        let answer = api.call("POST", "/v1/deliveries", body.to_string()).await;
        faults.add(
            &format!("{text:?}"),
            answer.faults(invalid(&["/additional_text"])),
        );
    }
    faults.assert_none();
    assert_eq!(
        api.trace().await,
        before,
        "a text that is none left a trace"
    );
}

/// What one e-mail is made of.
#[derive(Clone, Debug)]
struct Texts {
    practice: String,
    recipient: String,
    additional: String,
}

/// Every hostile text that may be sent, in each of the places.
fn to_be_sent() -> Vec<Texts> {
    let line = |text: &String| {
        if is_line(text) {
            text.clone()
        } else {
            "Ada".to_owned()
        }
    };
    let text = |text: &String| {
        if is_text(text) {
            text.clone()
        } else {
            String::new()
        }
    };
    let of_payload = |payload: &&str| {
        let variants = variants(payload);
        [0, 1, 2, 3, 4].map(|at| Texts {
            practice: line(&variants[at]),
            recipient: line(&variants[(at + 1) % 5]),
            additional: text(&variants[(at + 2) % 5]),
        })
    };
    let sent = PAYLOADS.iter().flat_map(of_payload);
    sent.filter(|texts| {
        texts.practice != "Ada" || texts.recipient != "Ada" || !texts.additional.is_empty()
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn t12_no_text_adds_a_header_a_line_or_a_tag_to_an_e_mail_or_a_page() {
    let api = Api::start().await;
    let document = api
        .world
        .practice
        .document("invoice", "1", "2026-11-20")
        .await;
    let plain = Texts {
        practice: "Ada".to_owned(),
        recipient: "Ada".to_owned(),
        additional: "Ada".to_owned(),
    };
    let sent = api.sent_with(&document, &plain).await;
    let plain = api.mail().await;
    let (mail_tags, page_tags) = (
        tags(&plain["html"], &sent),
        tags(&json!(api.world.patient(&sent).open().await.html), &sent),
    );
    let lines = plain["text"].as_str().unwrap_or_default().lines().count();
    let mut faults = Faults::default();
    let all = to_be_sent();
    assert!(all.len() >= 400, "only {} e-mails", all.len());
    for texts in all {
        api.empty_outbox().await;
        let sent = api.sent_with(&document, &texts).await;
        let (mail, page) = (api.mail().await, api.world.patient(&sent).open().await);
        let mut check = |holds: bool, fault: String| {
            if !holds {
                faults.push(format!("{texts:?}: {fault}"));
            }
        };
        check(
            mail["to"] == "p@example.org" && mail["reply_to"] == plain["reply_to"],
            format!("to {} {}", mail["to"], mail["reply_to"]),
        );
        check(
            mail["subject"] == plain["subject"],
            format!("subject {}", mail["subject"]),
        );
        check(
            is_one_sender(mail["from"].as_str().unwrap_or_default()),
            format!("from {}", mail["from"]),
        );
        check(mail["attachments"] == json!([]), "an attachment".to_owned());
        let found = tags(&mail["html"], &sent);
        check(
            found == mail_tags,
            format!(
                "tags of the mail {:?}",
                found.symmetric_difference(&mail_tags)
            ),
        );
        let found = tags(&json!(page.html), &sent);
        check(
            page.status == 200 && found == page_tags,
            format!(
                "tags of the page {:?}",
                found.symmetric_difference(&page_tags)
            ),
        );
        // The additional text may have lines of its own, or be none at all; names have none.
        let own = match texts.additional.replace("\r\n", "\n").trim() {
            "" => 0,
            own => own.lines().count() + 1,
        };
        let text = mail["text"].as_str().unwrap_or_default();
        let counted = text.lines().count();
        check(
            counted == lines - 2 + own,
            format!("{counted} lines of text, of which {own} are its own"),
        );
        check(text.matches("/d/").count() == 1, "not one link".to_owned());
    }
    faults.assert_none();
}

impl Api {
    /// A spoken delivery made of these texts.
    async fn sent_with(&self, document: &str, texts: &Texts) -> Sent {
        let practice = &self.world.practice;
        let settings = |public_name: Option<&str>| json!({"name": texts.practice, "public_name": public_name, "reply_to": "praxis@example.org"});
        let mut answer = practice
            .put("/v1/settings", settings(Some(&texts.practice)))
            .await;
        if answer.status == 400 {
            // Too long for a public name, or not in its alphabet: then the full name is cut to fit.
            answer = practice.put("/v1/settings", settings(None)).await;
        }
        if answer.status == 400 {
            // What a phone would take for an address stands in no message (D11).
            assert_eq!(answer.pointers(), ["/public_name"], "{texts:?}");
            let neutral = settings(Some("Praxis am Park"));
            answer = practice.put("/v1/settings", neutral).await;
        }
        assert_eq!(answer.status, 200, "{texts:?}: {answer:?}");
        let recipient = json!({"id": "patient", "name": texts.recipient, "email": "p@example.org"});
        let answer = practice
            .put(
                "/v1/records/r1",
                json!({"record_type": "std", "recipients": [recipient]}),
            )
            .await;
        assert_eq!(answer.status, 200, "{texts:?}: {answer:?}");
        let extra = json!({"channel": "spoken", "additional_text": texts.additional});
        practice.send_with(&[document], extra).await
    }

    async fn empty_outbox(&self) {
        let emptied = reqwest::Client::new()
            .delete(format!("{}/messages", self.world.stack.outbox()))
            .send()
            .await;
        assert!(
            emptied.expect("an answer").status().is_success(),
            "the outbox is emptied"
        );
    }

    /// The one e-mail in the outbox.
    async fn mail(&self) -> Value {
        let mut messages = self.world.messages().await;
        assert_eq!(messages.len(), 1, "one e-mail: {messages:?}");
        messages.remove(0)
    }
}

/// Every tag with its attributes, but for what differs from delivery to delivery, and line breaks of the additional text.
fn tags(html: &Value, sent: &Sent) -> BTreeSet<String> {
    let html = html.as_str().unwrap_or_default();
    let token = sent.link.rsplit('/').next().unwrap_or_default();
    let style = html.find("<style>").zip(html.find("</style>"));
    let html = style.map_or_else(
        || html.to_owned(),
        |(start, end)| format!("{}{}", &html[..start], &html[end..]),
    );
    let parts = html
        .split('<')
        .skip(1)
        .map(|part| part.split('>').next().unwrap_or_default());
    parts
        .filter(|tag| *tag != "br")
        .map(|tag| {
            if tag.contains("name=\"form\"") {
                "form"
            } else {
                tag
            }
        })
        .map(|tag| tag.replace(token, "TOKEN"))
        .collect()
}

/// Whether this is one display name, quoted or encoded, and our own address behind it.
fn is_one_sender(from: &str) -> bool {
    let Some(name) = from
        .strip_suffix(ADDRESS)
        .and_then(|name| name.strip_suffix(' '))
    else {
        return false;
    };
    if from.chars().any(char::is_control) || !from.is_ascii() {
        return false;
    }
    if let Some(quoted) = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'))
    {
        let mut escaped = false;
        let closes_early = quoted.chars().any(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        return !closes_early && !escaped;
    }
    let decode = |word: &str| {
        BASE64
            .decode(
                word.strip_prefix("=?UTF-8?B?")?
                    .strip_suffix("?=")?
                    .as_bytes(),
            )
            .ok()
    };
    let words: Option<Vec<Vec<u8>>> = name
        .split(' ')
        .map(|word| decode(word).filter(|_| word.len() <= 75))
        .collect();
    let decoded = words.and_then(|words| String::from_utf8(words.concat()).ok());
    decoded.is_some_and(|decoded| !decoded.chars().any(char::is_control))
}

/// A document of which this is said.
async fn document_of(api: &Api, [number, title, file_name]: &[&str; 3], day: &str) -> String {
    let practice = &api.world.practice;
    let content = pdf("Ada");
    let announced = json!({"record": "r1", "kind": "note", "number": number, "title": title, "file_name": file_name,
        "issued_on": day, "content_type": "application/pdf", "size": content.len(),
        "sha256": HEXLOWER.encode(&Sha256::digest(&content)), "released": true});
    let announced = practice
        .call(Method::POST, "/v1/documents", announced)
        .await;
    assert_eq!(
        announced.status, 201,
        "{number:?} {title:?} {file_name:?}: {announced:?}"
    );
    assert_eq!(practice.upload(&announced, content).await, 200);
    announced.body["id"].as_str().unwrap_or_default().to_owned()
}

/// A document's number and title stand on the documents page and in the label of its link, and they and the name of its file in what the browser calls it.
#[tokio::test(flavor = "multi_thread")]
async fn t12_nothing_said_of_a_document_adds_a_tag_to_the_page_or_a_header_to_the_download() {
    let api = Api::start().await;
    let texts: Vec<String> = hostile().into_iter().filter(|text| is_line(text)).collect();
    assert!(texts.len() >= 350, "only {} texts", texts.len());
    // Each text is a number once, a title once and a file's name once.
    let text = |at: usize| texts[at % texts.len()].as_str();
    let said: Vec<[&str; 3]> = (0..texts.len())
        .map(|at| [text(at), text(at + 1), text(at + 2)])
        .collect();
    let mut faults = Faults::default();
    let mut known: Option<BTreeSet<String>> = None;
    for (at, chunk) in said.chunks(24).enumerate() {
        let day = format!("2026-10-{:02}", at + 1);
        let documents = chunk.iter().map(|said| document_of(&api, said, &day));
        let ids = join_all(documents).await;
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let practice = &api.world.practice;
        let sent = practice.send_with(&ids, json!({"channel": "spoken"})).await;
        let mut patient = api.world.patient(&sent);
        patient.enter(&sent.code).await;
        let page = patient.documents().await;
        let shown = page.documents();
        assert_eq!(
            shown.len(),
            chunk.len(),
            "every document is there: {chunk:?}"
        );
        let found: BTreeSet<String> = tags(&json!(page.html), &sent)
            .into_iter()
            .filter(|tag| !tag.contains("/documents/"))
            .collect();
        let first = known.get_or_insert_with(|| found.clone());
        if *first != found {
            let differing = first.symmetric_difference(&found);
            faults.push(format!("{chunk:?}: tags {differing:?}"));
        }
        for id in shown {
            let (disposition, bytes) = patient.download(&id).await;
            if !is_plain_name(&disposition) {
                faults.push(format!("disposition {disposition}"));
            }
            assert!(bytes.starts_with(b"%PDF-"), "the file itself");
        }
    }
    faults.assert_none();
}

/// Whether a file's name is said twice, once in letters for old browsers and once encoded, and nothing else is.
fn is_plain_name(disposition: &str) -> bool {
    let name = disposition
        .strip_prefix("attachment; filename=\"")
        .and_then(|rest| rest.split_once("\"; filename*=UTF-8''"));
    let is_plain = |text: &str, more: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    name.is_some_and(|(old, full)| {
        is_plain(old, "-._") && is_plain(full, "%-._") && full.to_lowercase().ends_with("pdf")
    })
}
