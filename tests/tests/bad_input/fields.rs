//! What each field of the practice's API cannot be.

use serde_json::{Value, json};

/// Addresses that are none, or more than one, or that carry something else along.
const ADDRESSES: [&str; 29] = [
    "",
    " ",
    "a",
    "@",
    "a@",
    "@example.org",
    "a@b",
    "a@example.org ",
    " a@example.org",
    "a@example.org\n",
    "a@example.org\r\nBcc: b@example.org",
    "a\r\nBcc: b@example.org\r\n@example.org",
    "a@example.org\0",
    "a\0@example.org",
    "a\u{7}@example.org",
    "a\u{7f}@example.org",
    "a\t@example.org",
    "\"a\r\nBcc: b\"@example.org",
    "\"a\nb\"@example.org",
    "\"a\0b\"@example.org",
    "a b@example.org",
    "ä@example.org",
    "a@exämple.org",
    "A <a@example.org>",
    "<a@example.org>",
    "a@example.org,b@example.org",
    "a@example.org; b@example.org",
    "a@[127.0.0.1]",
    "a@example..org",
];

/// Numbers that no SMS reaches.
const NUMBERS: [&str; 24] = [
    "",
    "+",
    "0",
    "110",
    "+49110",
    "015112345678",
    "004915112345678",
    "+49 151 12345678",
    "+49(151)12345678",
    "+4915112345678;ext=5",
    "+4915112345678x",
    "+4915112345678\n",
    "+4915112345678\0",
    "+4915112345678,+4915112345679",
    "tel:+4915112345678",
    "＋4915112345678",
    "+４９15112345678",
    "+49441234567",
    "+490000000000",
    "+491",
    "+4915112345678901234",
    "+99915112345678",
    "+4990012345678",
    "+--4915112345678",
];

/// Names that would not stay on one line or not in one direction.
const LINES: [&str; 15] = [
    "",
    "   ",
    "a\nb",
    "a\rb",
    "a\r\nBcc: b@example.org",
    "a\0b",
    "a\u{1b}[2Jb",
    "a\u{7f}b",
    "a\u{85}b",
    "a\u{9b}b",
    "a\u{2028}b",
    "a\u{2029}b",
    "a\u{202e}b",
    "a\u{2066}b",
    "a\u{200f}b",
];

const ADDRESSES_OF_PAGES: [&str; 25] = [
    "",
    "example.org",
    "http://example.org",
    "HTTP://example.org",
    "ftp://example.org",
    "javascript:alert(1)",
    "data:text/html,x",
    "//example.org",
    "https://",
    "https://localhost",
    "https://192.168.0.1/x",
    "https://[::1]/x",
    "https://a:b@example.org",
    "https://a@example.org",
    "https://exa mple.org",
    "https://exämple.org",
    "https://example.org/\u{202e}",
    // What follows is what a lenient parser mends before it looks.
    " https://example.org",
    "https://example.org ",
    "https://example.org\n",
    "https://example.org/\r\nX: y",
    "https://exa\tmple.org",
    "\u{1}https://example.org",
    "https:example.org",
    "https:\\\\example.org",
];

const DAYS: [&str; 23] = [
    "",
    "2026-02-30",
    "2026-02-29",
    "2026-13-01",
    "2026-00-10",
    "2026-11-00",
    "2026-11-31",
    "0000-01-01",
    "0001-01-01",
    "1899-12-31",
    "3000-01-01",
    "9999-12-31",
    "99999-01-01",
    "-026-11-20",
    "+02026-11-20",
    "20261120",
    "2026-11-2",
    "2026-W47-5",
    "2026/11/20",
    "20.11.2026",
    "２026-11-20",
    "2026-11-20T00:00:00Z",
    "2026-11-20\n",
];

/// Each field of a call with values that it must refuse.
pub(crate) fn bad(path: &str) -> Vec<(&'static str, Value)> {
    let mut bad = Vec::new();
    let mut all = |pointer: &'static str, values: &[Value]| {
        bad.extend(values.iter().map(|value| (pointer, value.clone())))
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
    let long = |length: usize| json!("x".repeat(length));
    let no_text = [json!(5), json!(true), json!([]), json!({}), json!(["a"])];
    let no_switch = [
        json!("true"),
        json!("yes"),
        json!(1),
        json!(0),
        json!(null),
        json!([]),
    ];
    let no_channel = [
        json!("fax"),
        json!("SMS"),
        json!(""),
        json!(5),
        json!([]),
        json!(["sms"]),
        json!({"invoice": "fax"}),
        json!({"bill": "sms"}),
    ];
    let no_language = [
        json!("fr"),
        json!("DE"),
        json!("de-DE"),
        json!(""),
        json!(5),
        json!("../de"),
    ];
    let no_days = [
        json!(0),
        json!(93),
        json!(-1),
        json!(1.5),
        json!(1e3),
        json!("7"),
        json!(i64::MAX),
        json!(u64::MAX),
        json!([7]),
    ];
    let no_offer = [
        json!(-1),
        json!(25),
        json!(2.5),
        json!("2"),
        json!(i64::MIN),
    ];
    let no_id = [
        json!("a b"),
        json!(""),
        json!("a/b"),
        json!("a#b"),
        json!("ä"),
        json!("a\n"),
        json!("../a"),
        long(65),
        json!(5),
    ];
    match path {
        "/v1/settings" => {
            all("/name", &texts(&LINES));
            all("/name", &no_text);
            all("/name", &[json!(null), long(201)]);
            all("/public_name", &texts(&LINES));
            all("/public_name", &no_text);
            all("/public_name", &[long(41), json!("€".repeat(21))]);
            all("/reply_to", &texts(&ADDRESSES));
            all("/reply_to", &no_text);
            all(
                "/reply_to",
                &[json!(format!("{}@example.org", "a".repeat(250)))],
            );
            all("/report_to", &texts(&ADDRESSES[8..16]));
            all(
                "/phone",
                &texts(&[
                    "",
                    "x",
                    "12",
                    "0441\n234567",
                    "0441 234567\0",
                    "0441<b>",
                    "tel:1",
                ]),
            );
            all("/phone", &[json!("1".repeat(41)), json!(441)]);
            all("/imprint_url", &texts(&ADDRESSES_OF_PAGES));
            all("/privacy_url", &texts(&ADDRESSES_OF_PAGES[2..8]));
            all(
                "/privacy_url",
                &[
                    json!(format!("https://example.org/{}", "x".repeat(300))),
                    json!(5),
                ],
            );
            all(
                "/colour",
                &texts(&[
                    "",
                    "red",
                    "#12345",
                    "#12345g",
                    "#1234567",
                    "0b6e69",
                    "#0b6e69;}",
                    "＃0b6e69",
                ]),
            );
            all(
                "/time_zone",
                &texts(&[
                    "",
                    "Mars/North",
                    "../../etc/passwd",
                    "Europe/Berlin\0",
                    "Europe/Berlin\n",
                ]),
            );
            all("/time_zone", &[json!(5), json!(null)]);
            all("/language", &no_language);
            all("/sms_allowed", &no_switch);
            all("/threema_allowed", &no_switch);
            all("/hide_practice_number", &no_switch);
            all(
                "/sender_id",
                &texts(&[
                    "",
                    "123",
                    "abcdefghijkl",
                    "a b",
                    "Grün",
                    "a\n",
                    "a\0b",
                    "+4915112345678",
                ]),
            );
            all("/valid_days", &no_days);
            all("/channel", &no_channel);
            all("/offered_invoices", &no_offer);
            all("/monthly_caps", &[json!(5), json!(null), json!("x")]);
        }
        "/v1/record-types/new" => {
            all("/channel", &no_channel);
            all(
                "/self_service",
                &[json!(5), json!(null), json!("x"), json!(true)],
            );
            all("/offered_invoices", &no_offer);
            all("/valid_days", &no_days);
        }
        "/v1/records/new" => {
            all("/record_type", &no_id);
            all(
                "/record_type",
                &[json!("unknown"), json!(null), json!("STD")],
            );
            all("/electronic_sending", &no_switch);
            all("/allow_unprotected", &no_switch);
            all(
                "/recipients",
                &[json!(5), json!(null), json!("p"), json!({}), json!([])],
            );
            all("/recipients/0", &[json!(5), json!(null), json!("p")]);
            all("/recipients/0/id", &no_id);
            all("/recipients/0/name", &texts(&LINES));
            all("/recipients/0/name", &no_text);
            all("/recipients/0/name", &[long(201)]);
            all("/recipients/0/email", &texts(&ADDRESSES));
            all("/recipients/0/invoice_email", &texts(&ADDRESSES[8..20]));
            all("/recipients/0/mobile", &texts(&NUMBERS));
            all("/recipients/0/mobile", &[json!(4_915_112_345_678_u64)]);
            all(
                "/recipients/0/threema_id",
                &texts(&[
                    "",
                    "abcdefgh",
                    "ABCDEFG",
                    "ABCDEFGHI",
                    "ABCD FGH",
                    "ÄBCDEFG",
                ]),
            );
            all("/recipients/0/language", &no_language);
            all("/recipients/0/linked_record", &no_id);
            all("/recipients/0/channel", &no_channel);
            all("/recipients/0/offered_invoices", &no_offer);
            all("/recipients/0/surprise", &[json!(1)]);
            all("/channel", &no_channel);
            all("/valid_days", &no_days);
            all("/offered_invoices", &no_offer);
        }
        "/v1/documents" => {
            all("/record", &no_id);
            all("/record", &[json!("unknown"), json!(null), json!("R1")]);
            all("/kind", &texts(&["", "bill", "Invoice", "invoice "]));
            all("/kind", &[json!(5), json!(null)]);
            all("/number", &texts(&LINES));
            all("/number", &no_text);
            all("/number", &[long(201), json!(null)]);
            all("/title", &texts(&LINES));
            all("/file_name", &texts(&LINES));
            all("/issued_on", &texts(&DAYS));
            all(
                "/issued_on",
                &[json!(20_261_120), json!(null), json!([2026, 11, 20])],
            );
            all(
                "/content_type",
                &texts(&[
                    "",
                    "text/html",
                    "application/pdf; charset=utf-8",
                    "APPLICATION/PDF",
                    "application/pdf\r\nX: y",
                    "image/svg+xml",
                ]),
            );
            all(
                "/size",
                &[
                    json!(0),
                    json!(-1),
                    json!(26_214_401),
                    json!(u64::MAX),
                    json!(1.5),
                    json!("5"),
                    json!(null),
                ],
            );
            all(
                "/sha256",
                &[
                    long(64),
                    json!("A".repeat(64)),
                    json!("0".repeat(63)),
                    json!("0".repeat(65)),
                    json!(""),
                    json!("٠".repeat(32)),
                    json!(5),
                ],
            );
            all("/released", &no_switch);
        }
        "/v1/deliveries" => {
            let no_document = [
                json!("x"),
                json!(""),
                json!(5),
                json!(null),
                json!("20261120-AAAAAAAAAAAAAAAAAAAAAAAAA"),
                json!("../../../../../../../../../../../../x"),
            ];
            let ids = |count: usize| {
                (0..count)
                    .map(|n| format!("20261120-{n:025}"))
                    .collect::<Vec<_>>()
            };
            all("/record", &no_id);
            all("/recipient", &no_id);
            all(
                "/documents",
                &[
                    json!(null),
                    json!("x"),
                    json!({}),
                    json!([]),
                    json!(ids(25)),
                    json!(ids(1000)),
                ],
            );
            all("/documents/0", &no_document);
            all(
                "/documents/1",
                &[json!("20261120-aaaaaaaaaaaaaaaaaaaaaaaaa")],
            );
            all("/channel", &no_channel[..5]);
            all(
                "/additional_text",
                &texts(&[
                    "a\0b",
                    "a\u{7}b",
                    "a\u{1b}b",
                    "a\u{202e}b",
                    "a\u{2028}b",
                    "a\u{85}b",
                ]),
            );
            all("/additional_text", &[long(4001), json!(5), json!(null)]);
            all("/allow_unused_additional_text", &no_switch);
            all("/offered_invoices", &no_offer);
            all("/valid_days", &no_days);
            all("/keep_earlier", &no_switch);
            all("/protected", &no_switch);
            all("/draft", &[json!(5), json!({})]);
        }
        _ => all("/released", &no_switch),
    }
    bad
}

/// Values of fields within fields, each with the body that it stands in and the pointer that names it.
pub(crate) fn nested() -> Vec<(&'static str, Value, &'static str)> {
    let recipient = |more: Value| {
        let mut recipient = json!({"id": "p", "name": "P", "email": "p@example.org"});
        for (name, value) in more.as_object().into_iter().flatten() {
            recipient[name] = value.clone();
        }
        recipient
    };
    let record = |recipients: Value| json!({"record_type": "std", "recipients": recipients});
    let many: Vec<Value> = (0..21)
        .map(|n| recipient(json!({"id": n.to_string()})))
        .collect();
    vec![
        (
            "/v1/settings",
            json!({"name": "P", "monthly_caps": {"emails": -1}}),
            "/monthly_caps/emails",
        ),
        (
            "/v1/settings",
            json!({"name": "P", "monthly_caps": {"sms": "5"}}),
            "/monthly_caps/sms",
        ),
        (
            "/v1/settings",
            json!({"name": "P", "monthly_caps": {"fax": 1}}),
            "/monthly_caps/fax",
        ),
        (
            "/v1/record-types/new",
            json!({"self_service": {"allowed": "x"}}),
            "/self_service/allowed",
        ),
        (
            "/v1/record-types/new",
            json!({"self_service": {"channel": "spoken"}}),
            "/self_service/channel",
        ),
        (
            "/v1/record-types/new",
            json!({"self_service": {"max_requests": 0}}),
            "/self_service/max_requests",
        ),
        (
            "/v1/record-types/new",
            json!({"self_service": {"max_requests": 21}}),
            "/self_service/max_requests",
        ),
        (
            "/v1/record-types/new",
            json!({"self_service": {"min_interval_minutes": 29}}),
            "/self_service/min_interval_minutes",
        ),
        (
            "/v1/record-types/new",
            json!({"self_service": {"surprise": 1}}),
            "/self_service/surprise",
        ),
        ("/v1/records/new", record(json!(many)), "/recipients"),
        (
            "/v1/records/new",
            record(json!([
                recipient(json!({})),
                recipient(json!({"id": "q", "mobile": "1"}))
            ])),
            "/recipients/1/mobile",
        ),
        (
            "/v1/records/new",
            record(json!([recipient(json!({})), {"id": "q", "linked_record": "unknown"}])),
            "/recipients/1/linked_record",
        ),
        (
            "/v1/records/new",
            record(json!([recipient(json!({})), {"id": "q", "linked_record": "new"}])),
            "/recipients/1/linked_record",
        ),
    ]
}
