//! What each field of the practice's API cannot be.

use serde_json::{Value, json};

use crate::values::{ADDRESSES, ADDRESSES_OF_PAGES, DAYS, LINES, NUMBERS};

/// Fields with values that they must refuse.
#[derive(Default)]
struct Bad(Vec<(&'static str, Value)>);

impl Bad {
    fn values(&mut self, pointer: &'static str, values: impl IntoIterator<Item = Value>) {
        self.0
            .extend(values.into_iter().map(|value| (pointer, value)));
    }

    fn texts(&mut self, pointer: &'static str, texts: &[&str]) {
        self.values(pointer, texts.iter().map(|text| json!(text)));
    }

    /// A name is a text of one line and at most 200 characters.
    fn line(&mut self, pointer: &'static str) {
        self.texts(pointer, &LINES);
        self.values(pointer, no_text());
        self.values(pointer, [long(201)]);
    }
}

fn long(length: usize) -> Value {
    json!("x".repeat(length))
}

fn no_text() -> [Value; 5] {
    [json!(5), json!(true), json!([]), json!({}), json!(["a"])]
}

fn no_switch() -> [Value; 6] {
    [
        json!("true"),
        json!("yes"),
        json!(1),
        json!(0),
        json!(null),
        json!([]),
    ]
}

fn no_channel() -> [Value; 5] {
    [json!("fax"), json!("SMS"), json!(""), json!(5), json!([])]
}

/// Where a channel may be said by kind of document.
fn no_channels() -> [Value; 3] {
    [
        json!(["sms"]),
        json!({"invoice": "fax"}),
        json!({"bill": "sms"}),
    ]
}

fn no_language() -> [Value; 6] {
    [
        json!("fr"),
        json!("DE"),
        json!("de-DE"),
        json!(""),
        json!(5),
        json!("../de"),
    ]
}

fn no_days() -> [Value; 9] {
    [
        json!(0),
        json!(93),
        json!(-1),
        json!(1.5),
        json!(1e3),
        json!("7"),
        json!(i64::MAX),
        json!(u64::MAX),
        json!([7]),
    ]
}

fn no_offer() -> [Value; 5] {
    [
        json!(-1),
        json!(25),
        json!(2.5),
        json!("2"),
        json!(i64::MIN),
    ]
}

fn no_id() -> [Value; 9] {
    [
        json!("a b"),
        json!(""),
        json!("a/b"),
        json!("a#b"),
        json!("ä"),
        json!("a\n"),
        json!("../a"),
        long(65),
        json!(5),
    ]
}

/// Each field of a call with values that it must refuse.
pub(crate) fn bad(path: &str) -> Vec<(&'static str, Value)> {
    let mut bad = Bad::default();
    match path {
        "/v1/settings" => of_settings(&mut bad),
        "/v1/record-types/new" => of_record_types(&mut bad),
        "/v1/records/new" => of_records(&mut bad),
        "/v1/documents" => of_documents(&mut bad),
        "/v1/deliveries" | "/v1/deliveries/preview" => {
            of_deliveries(&mut bad);
            bad.values("/draft", [json!(5), json!({}), json!("x"), json!("")]);
        }
        path if path.ends_with("/code") => {
            bad.values("/channel", no_channel());
            bad.values("/channel", [json!(null), json!({"invoice": "sms"})]);
        }
        path if path.starts_with("/v1/templates/") => {
            bad.values("/body", no_text());
            bad.values("/body", [json!(null)]);
        }
        path if path.starts_with("/v1/webhooks/") => of_webhooks(&mut bad),
        path if path.ends_with("/retry") => {
            bad.values("/state", no_text());
            bad.texts("/state", &["", "sent", "waiting", "FAILED", "failed "]);
        }
        "/v1/invoice-runs" => of_runs(&mut bad),
        _ => bad.values("/released", no_switch()),
    }
    bad.0
}

fn of_webhooks(bad: &mut Bad) {
    bad.texts("/url", &ADDRESSES_OF_PAGES);
    bad.values("/url", no_text());
    bad.texts(
        "/url",
        &[
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://2130706433/",
        ],
    );
    bad.values(
        "/events",
        [json!(null), json!("delivery.opened"), json!([]), json!(5)],
    );
    bad.values("/events", [json!({"delivery.opened": true})]);
    bad.values("/rotate_secret", no_switch());
}

fn of_runs(bad: &mut Bad) {
    bad.values(
        "/items",
        [json!(null), json!([]), json!("x"), json!({}), json!(5)],
    );
    bad.values("/items/0", [json!(null), json!([]), json!("x"), json!(5)]);
    bad.values("/items/0/document", no_id());
    bad.values("/items/0/recipient", no_id());
    bad.values("/items/0/channel", no_channel());
    bad.values("/dry_run", no_switch());
}

fn of_settings(bad: &mut Bad) {
    bad.line("/name");
    bad.values("/name", [json!(null)]);
    bad.texts("/public_name", &LINES);
    bad.values("/public_name", no_text());
    bad.values("/public_name", [long(41), json!("€".repeat(21))]);
    bad.texts("/reply_to", &ADDRESSES);
    bad.values("/reply_to", no_text());
    bad.values(
        "/reply_to",
        [json!(format!("{}@example.org", "a".repeat(250)))],
    );
    bad.texts("/report_to", &ADDRESSES[8..16]);
    bad.texts(
        "/phone",
        &[
            "",
            "x",
            "12",
            "0441\n234567",
            "0441 234567\0",
            "0441<b>",
            "tel:1",
        ],
    );
    bad.values("/phone", [json!("1".repeat(41)), json!(441)]);
    bad.texts("/imprint_url", &ADDRESSES_OF_PAGES);
    bad.texts("/privacy_url", &ADDRESSES_OF_PAGES[2..8]);
    bad.values(
        "/privacy_url",
        [
            json!(format!("https://example.org/{}", "x".repeat(300))),
            json!(5),
        ],
    );
    bad.texts(
        "/colour",
        &[
            "",
            "red",
            "#12345",
            "#12345g",
            "#1234567",
            "0b6e69",
            "#0b6e69;}",
            "＃0b6e69",
        ],
    );
    bad.texts(
        "/time_zone",
        &[
            "",
            "Mars/North",
            "../../etc/passwd",
            "Europe/Berlin\0",
            "Europe/Berlin\n",
        ],
    );
    bad.values("/time_zone", [json!(5), json!(null)]);
    bad.values("/language", no_language());
    for switch in ["/sms_allowed", "/threema_allowed", "/hide_practice_number"] {
        bad.values(switch, no_switch());
    }
    bad.texts(
        "/sender_id",
        &[
            "",
            "123",
            "abcdefghijkl",
            "a b",
            "Grün",
            "a\n",
            "a\0b",
            "+4915112345678",
        ],
    );
    bad.values("/valid_days", no_days());
    bad.values("/channel", no_channel());
    bad.values("/channel", no_channels());
    bad.values("/offered_invoices", no_offer());
    bad.values("/monthly_caps", [json!(5), json!(null), json!("x")]);
}

fn of_record_types(bad: &mut Bad) {
    bad.values("/channel", no_channel());
    bad.values("/channel", no_channels());
    bad.values(
        "/self_service",
        [json!(5), json!(null), json!("x"), json!(true)],
    );
    bad.values("/offered_invoices", no_offer());
    bad.values("/valid_days", no_days());
}

fn of_records(bad: &mut Bad) {
    bad.values("/record_type", no_id());
    bad.values(
        "/record_type",
        [json!("unknown"), json!(null), json!("STD")],
    );
    bad.values("/electronic_sending", no_switch());
    bad.values("/allow_unprotected", no_switch());
    bad.values(
        "/recipients",
        [json!(5), json!(null), json!("p"), json!({}), json!([])],
    );
    bad.values("/recipients/0", [json!(5), json!(null), json!("p")]);
    bad.values("/recipients/0/id", no_id());
    bad.line("/recipients/0/name");
    bad.texts("/recipients/0/email", &ADDRESSES);
    bad.texts("/recipients/0/invoice_email", &ADDRESSES[8..20]);
    bad.texts("/recipients/0/mobile", &NUMBERS);
    bad.values("/recipients/0/mobile", [json!(4_915_112_345_678_u64)]);
    bad.texts(
        "/recipients/0/threema_id",
        &[
            "",
            "abcdefgh",
            "ABCDEFG",
            "ABCDEFGHI",
            "ABCD FGH",
            "ÄBCDEFG",
        ],
    );
    bad.values("/recipients/0/language", no_language());
    bad.values("/recipients/0/linked_record", no_id());
    bad.values("/recipients/0/channel", no_channel());
    bad.values("/recipients/0/offered_invoices", no_offer());
    bad.values("/recipients/0/surprise", [json!(1)]);
    bad.values("/channel", no_channel());
    bad.values("/valid_days", no_days());
    bad.values("/offered_invoices", no_offer());
}

fn of_documents(bad: &mut Bad) {
    bad.values("/record", no_id());
    bad.values("/record", [json!("unknown"), json!(null), json!("R1")]);
    bad.texts("/kind", &["", "bill", "Invoice", "invoice "]);
    bad.values("/kind", [json!(5), json!(null)]);
    bad.line("/number");
    bad.values("/number", [json!(null)]);
    bad.texts("/title", &LINES);
    bad.texts("/file_name", &LINES);
    bad.texts("/issued_on", &DAYS);
    bad.values(
        "/issued_on",
        [json!(20_261_120), json!(null), json!([2026, 11, 20])],
    );
    bad.texts(
        "/content_type",
        &[
            "",
            "text/html",
            "application/pdf; charset=utf-8",
            "APPLICATION/PDF",
            "application/pdf\r\nX: y",
        ],
    );
    bad.values(
        "/size",
        [
            json!(0),
            json!(-1),
            json!(26_214_401),
            json!(u64::MAX),
            json!(1.5),
            json!("5"),
            json!(null),
        ],
    );
    let digits = |digit: &str, count: usize| json!(digit.repeat(count));
    bad.values(
        "/sha256",
        [
            long(64),
            digits("A", 64),
            digits("0", 63),
            digits("0", 65),
            json!(""),
            digits("٠", 32),
            json!(5),
        ],
    );
    bad.values("/released", no_switch());
}

fn of_deliveries(bad: &mut Bad) {
    let ids = |count: usize| {
        (0..count)
            .map(|n| format!("20261120-{n:025}"))
            .collect::<Vec<_>>()
    };
    bad.values("/record", no_id());
    bad.values("/recipient", no_id());
    bad.values(
        "/documents",
        [
            json!(null),
            json!("x"),
            json!({}),
            json!([]),
            json!(ids(25)),
            json!(ids(1000)),
        ],
    );
    bad.texts(
        "/documents/0",
        &[
            "x",
            "",
            "20261120-AAAAAAAAAAAAAAAAAAAAAAAAA",
            "../../../../../../../../../../../../x",
        ],
    );
    bad.values("/documents/0", [json!(5), json!(null)]);
    bad.values(
        "/documents/1",
        [json!("20261120-aaaaaaaaaaaaaaaaaaaaaaaaa")],
    );
    bad.values("/channel", no_channel());
    bad.texts(
        "/additional_text",
        &[
            "a\0b",
            "a\u{7}b",
            "a\u{1b}b",
            "a\u{202e}b",
            "a\u{2028}b",
            "a\u{85}b",
        ],
    );
    bad.values("/additional_text", [long(4001), json!(5)]);
    bad.values("/allow_unused_additional_text", no_switch());
    bad.values("/offered_invoices", no_offer());
    bad.values("/valid_days", no_days());
    bad.values("/keep_earlier", no_switch());
    bad.values("/protected", no_switch());
}
