//! Uploads: only the announced bytes arrive, only a PDF is one, and nothing else is ever sent or shown (T19).

use futures::future::join_all;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tests::pdf;

use crate::api::{Api, Expected};

/// An upload's instructions.
struct Upload {
    id: String,
    url: String,
    headers: Vec<(String, String)>,
}

impl Api {
    /// Announces these bytes as an invoice of `r1`.
    async fn announced(&self, content: &[u8]) -> Upload {
        let answer = self
            .world
            .practice
            .announce("invoice", "2026-0815", "2026-11-20", content)
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let headers = answer.body["upload"]["headers"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        Upload {
            id: text(&answer.body["id"]),
            url: text(&answer.body["upload"]["url"]),
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
        }
    }

    /// The document's state, and why it was refused if it was.
    async fn state(&self, id: &str) -> (String, Option<String>) {
        let body = self
            .world
            .practice
            .get(&format!("/v1/documents/{id}"))
            .await
            .body;
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        (text("state").unwrap_or_default(), text("refused_because"))
    }

    /// Sending it is refused, and what it is refused for.
    async fn refused(&self, id: &str, kind: &str) -> Value {
        let body =
            json!({"record": "r1", "recipient": "patient", "documents": [id], "channel": "spoken"});
        let answer = self.call("POST", "/v1/deliveries", body.to_string()).await;
        let expected = Expected {
            status: 409,
            kind,
            pointers: &["/documents/0"],
        };
        assert_eq!(answer.faults(expected), Vec::<String>::new(), "{id}");
        answer.json()["errors"][0]["detail"].clone()
    }
}

/// Sends bytes as a program would that does as it was told but for what `change` says.
async fn put(method: Method, url: &str, headers: &[(String, String)], content: Vec<u8>) -> u16 {
    let mut request = Client::new().request(method, url).body(content);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send().await.expect("an answer").status().as_u16()
}

fn changed(headers: &[(String, String)], name: &str, value: Option<&str>) -> Vec<(String, String)> {
    let mut headers: Vec<_> = headers
        .iter()
        .filter(|(known, _)| !known.eq_ignore_ascii_case(name))
        .cloned()
        .collect();
    headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    headers
}

#[tokio::test(flavor = "multi_thread")]
async fn t19_an_upload_that_differs_from_its_announcement_does_not_arrive() {
    let api = Api::start().await;
    let good = pdf("2026-0815");
    let mut other = good.clone();
    let at = other.len() - 10;
    other[at] ^= 1;
    let longer = [good.as_slice(), b"\n"].concat();
    let shorter = good[..good.len() - 1].to_vec();
    let checksum = "x-amz-checksum-sha256";
    let wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for (name, content, header, value) in [
        ("other bytes of the same length", &other, "x-none", None),
        ("a byte more", &longer, "x-none", None),
        ("a byte less", &shorter, "x-none", None),
        ("nothing", &Vec::new(), "x-none", None),
        (
            "another content type",
            &good,
            "content-type",
            Some("text/html"),
        ),
        ("no content type", &good, "content-type", None),
        ("another checksum", &good, checksum, Some(wrong)),
        (
            "another checksum with its bytes",
            &other,
            checksum,
            Some(wrong),
        ),
        ("no checksum", &good, checksum, None),
        ("no checksum and other bytes", &other, checksum, None),
        ("leave to overwrite", &good, "if-none-match", None),
    ] {
        let upload = api.announced(&good).await;
        let before = api.trace().await;
        let headers = changed(&upload.headers, header, value);
        let status = put(Method::PUT, &upload.url, &headers, content.clone()).await;
        assert!((400..500).contains(&status), "{name}: {status}");
        assert_eq!(
            api.trace().await,
            before,
            "{name} left something in the bucket"
        );
        assert_eq!(
            api.state(&upload.id).await,
            ("awaiting_upload".to_owned(), None),
            "{name}"
        );
        let detail = api.refused(&upload.id, "document-not-ready").await;
        assert_eq!(detail, "not uploaded yet", "{name}");
        assert_eq!(
            put(Method::PUT, &upload.url, &upload.headers, good.clone()).await,
            200,
            "{name}: the announced bytes are still taken"
        );
        assert_eq!(api.state(&upload.id).await.0, "ready", "{name}");
    }
    assert_eq!(api.world.messages().await.len(), 0, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn t19_an_upload_address_is_good_for_its_own_document_alone_and_only_once() {
    let api = Api::start().await;
    let good = pdf("2026-0815");
    let (first, second) = (api.announced(&good).await, api.announced(&good).await);
    let before = api.trace().await;
    let elsewhere = first.url.replace(&first.id, &second.id);
    let outside = first
        .url
        .replace(&first.id, "20261120-aaaaaaaaaaaaaaaaaaaaaaaaa");
    let longer_lived = first.url.replace("X-Amz-Expires=300", "X-Amz-Expires=3000");
    assert_ne!(
        longer_lived, first.url,
        "the address says how long it lives"
    );
    let unsigned = first.url.split('?').next().unwrap_or_default().to_owned();
    for (name, method, url) in [
        ("another document's place", Method::PUT, elsewhere.as_str()),
        ("nobody's place", Method::PUT, outside.as_str()),
        ("a longer life", Method::PUT, longer_lived.as_str()),
        ("no signature", Method::PUT, unsigned.as_str()),
        ("reading", Method::GET, first.url.as_str()),
        ("deleting", Method::DELETE, first.url.as_str()),
        ("posting", Method::POST, first.url.as_str()),
        (
            "reading without a signature",
            Method::GET,
            unsigned.as_str(),
        ),
    ] {
        let status = put(method, url, &first.headers, good.clone()).await;
        assert!((400..502).contains(&status), "{name}: {status}");
        assert_eq!(
            api.trace().await,
            before,
            "{name} left something in the bucket"
        );
    }
    assert_eq!(
        put(Method::PUT, &first.url, &first.headers, good.clone()).await,
        200
    );
    assert_eq!(api.state(&first.id).await.0, "ready");
    let mut other = good.clone();
    let at = other.len() - 10;
    other[at] ^= 1;
    let stored = api.trace().await;
    for (name, content) in [("other bytes", other), ("the same bytes", good)] {
        let status = put(Method::PUT, &first.url, &first.headers, content).await;
        assert!(
            (400..500).contains(&status),
            "{name} over those that are there: {status}"
        );
        assert_eq!(
            api.trace().await,
            stored,
            "{name} over those that are there"
        );
    }
    assert_eq!(
        api.state(&first.id).await.0,
        "ready",
        "what was looked at stays"
    );
}

/// How other files begin.
const BEGINNINGS: [&[u8]; 66] = [
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"Rar!\x1a\x07\x01\0",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b\x08",
    b"BZh91AY&SY",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"MSCF\0\0\0\0",
    b"ustar\0",
    b"!<arch>\n",
    b"xar!",
    b"\x7fELF\x02\x01\x01",
    b"MZ\x90\0\x03",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\0asm\x01\0\0\0",
    b"dex\n035\0",
    b"#!/bin/sh\n",
    b"#!/usr/bin/env python3\n",
    b"@echo off\r\n",
    b"<?php ",
    b"<%@ page %>",
    b"L\0\0\0\x01\x14\x02\0",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0",
    b"GIF87a",
    b"GIF89a",
    b"BM\x36\0",
    b"II*\0",
    b"MM\0*",
    b"\0\0\x01\0",
    b"RIFF\0\0\0\0WEBPVP8 ",
    b"RIFF\0\0\0\0WAVEfmt ",
    b"\0\0\0\x18ftypmp42",
    b"\0\0\0\x1cftypheic",
    b"ID3\x03\0",
    b"OggS\0",
    b"fLaC\0",
    b"\x1a\x45\xdf\xa3",
    b"FWS\x0a",
    b"CWS\x0a",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"{\\rtf1\\ansi",
    b"%!PS-Adobe-3.0\n",
    b"%!PS-Adobe-3.0 PDF-1.4\n",
    b"\xc5\xd0\xd3\xc6",
    b"<?xml version=\"1.0\"?>\n",
    b"<!DOCTYPE html>\n",
    b"<html>",
    b"<script>alert(1)</script>",
    b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
    b"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>",
    b"From: a@example.org\n",
    b"MIME-Version: 1.0\n",
    b"{\"a\":1}",
    b"[1]",
    b"a,b\n",
    b"SQLite format 3\0",
    b"wOFF",
    b"\0\x01\0\0\0",
    b"OTTO",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
];

/// 200 files that are no PDF, each with what it is.
fn no_pdfs(good: &[u8]) -> Vec<(String, Vec<u8>)> {
    let html = b"<!doctype html><script>alert(1)</script>";
    let lower = good.iter().map(u8::to_ascii_lowercase).collect();
    let mut files = vec![
        ("one byte".to_owned(), vec![0]),
        ("blanks".to_owned(), vec![b' '; 100]),
        ("a beginning alone".to_owned(), b"%PDF-".to_vec()),
        ("a version alone".to_owned(), b"%PDF-1.7\n".to_vec()),
        (
            "a beginning and rubbish".to_owned(),
            [&b"%PDF-1.7\n"[..], &[0xff; 1000]].concat(),
        ),
        (
            "a beginning and HTML".to_owned(),
            [&b"%PDF-1.7\n"[..], html].concat(),
        ),
        ("a cut PDF".to_owned(), good[..20].to_vec()),
        ("a blank before a PDF".to_owned(), [b"\n", good].concat()),
        ("a PDF in lower case".to_owned(), lower),
        (
            "a PDF of nested arrays".to_owned(),
            [&b"%PDF-1.7\n1 0 obj\n"[..], &b"[".repeat(100_000)].concat(),
        ),
        (
            "a PDF whose trailer leads to itself".to_owned(),
            b"%PDF-1.7\nxref\n0 0\ntrailer\n<</Root 1 0 R/Prev 9/Size 2>>\nstartxref\n9\n%%EOF"
                .to_vec(),
        ),
    ];
    for beginning in BEGINNINGS {
        let shown = String::from_utf8_lossy(beginning).into_owned();
        let alone = [beginning, &[0; 100]].concat();
        files.push((format!("{shown:?} alone"), alone));
        files.push((
            format!("{shown:?} before a PDF"),
            [beginning, good].concat(),
        ));
    }
    for (at, bit) in (0..5).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut flipped = good.to_vec();
        flipped[at] ^= 1 << bit;
        files.push((format!("bit {bit} of byte {at} turned"), flipped));
    }
    for rest in 1..=17 {
        let end = good[good.len() - rest..].to_vec();
        files.push((format!("the last {rest} bytes of a PDF"), end));
    }
    files
}

/// T19: each is announced and uploaded as it is, and refused when it is to be sent.
#[tokio::test(flavor = "multi_thread")]
async fn t19_200_files_that_are_no_pdf_are_refused_when_they_are_looked_at_and_never_sent() {
    let api = Api::start().await;
    let files = no_pdfs(&pdf("2026-0815"));
    assert_eq!(files.len(), 200);
    let refused = async |(name, content): &(String, Vec<u8>)| {
        let upload = api.announced(content).await;
        assert_eq!(
            put(Method::PUT, &upload.url, &upload.headers, content.clone()).await,
            200,
            "{name}: the announced bytes"
        );
        let detail = api.refused(&upload.id, "document-not-ready").await;
        let reason = "the file is no PDF that can be opened";
        assert_eq!(detail, reason, "{name}: the practice is told why");
        assert_eq!(
            api.state(&upload.id).await,
            ("refused".to_owned(), Some(reason.to_owned())),
            "{name}"
        );
    };
    for some in files.chunks(8) {
        join_all(some.iter().map(refused)).await;
    }
    assert_eq!(api.world.messages().await.len(), 0, "nothing was sent");
    let sent = api
        .world
        .practice
        .document("invoice", "2026-0816", "2026-11-21")
        .await;
    let sent = api.world.practice.send(&[&sent]).await;
    let mut patient = api.world.patient(&sent);
    patient.enter(&sent.code).await;
    let page = patient.documents().await;
    assert_eq!(
        page.documents().len(),
        1,
        "D8: what was refused is not offered: {}",
        page.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t19_a_pdf_with_a_page_of_html_in_it_is_only_ever_a_file_to_be_saved() {
    let api = Api::start().await;
    let content = pdf("<html><script>alert(document.cookie)</script></html>");
    let upload = api.announced(&content).await;
    assert_eq!(
        put(Method::PUT, &upload.url, &upload.headers, content.clone()).await,
        200
    );
    let sent = api.world.practice.send(&[&upload.id]).await;
    let mut patient = api.world.patient(&sent);
    patient.enter(&sent.code).await;
    let click = patient.click(&upload.id).await;
    let file = Client::new()
        .get(click.location())
        .send()
        .await
        .expect("a file");
    let header = |name: &str| {
        file.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    assert!(
        header("content-disposition").starts_with("attachment; filename="),
        "{}",
        header("content-disposition")
    );
    assert_eq!(header("content-type"), "application/pdf");
    assert_eq!(header("cache-control"), "private, no-store");
    let asked_inline = click.location().replace("attachment", "inline");
    assert_ne!(
        asked_inline,
        click.location(),
        "the disposition is part of the address"
    );
    assert_eq!(
        put(Method::GET, &asked_inline, &[], Vec::new()).await,
        403,
        "and of its signature"
    );
    assert_eq!(file.bytes().await.expect("bytes"), content);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_document_may_be_announced_and_a_byte_more_may_not() {
    let api = Api::start().await;
    let announcement = |size: u64| {
        json!({"record": "r1", "kind": "note", "number": "1", "issued_on": "2026-11-20",
            "content_type": "application/pdf", "size": size, "sha256": "0".repeat(64)})
    };
    for (size, status) in [(1, 201), (26_214_400, 201), (26_214_401, 400), (0, 400)] {
        let key = [("idempotency-key", &*format!("size-{size}"))];
        let body = announcement(size).to_string();
        let answer = api.call_with("POST", "/v1/documents", &key, body).await;
        assert_eq!(answer.status, status, "{size} bytes: {}", answer.text);
    }
}
