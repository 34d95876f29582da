//! T20: everything that parses what a stranger sends, fed with a million things that nobody would.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use domain::hashed::LinkHash;
use domain::symbols::{Entry, LinkToken, Reference};
use secrets::{FormCookie, Purpose, SessionSecret, Term};
use serde_json::{Value, json};
use tests::World;
use tests::events::of_patient;
use web::Request;

use crate::table::lookup;

/// What inputs are put together from: the words that mean something somewhere, and letters that fold, join or turn around.
const PARTS: [&str; 53] = [
    "BCDFGH",
    "K7M3QXPB",
    "bcd",
    "-",
    "–",
    " ",
    "\0",
    "\r\n",
    "\u{200b}",
    "\u{202e}",
    "ﷺ",
    "ß",
    "İ",
    "ǆ",
    "Ａ",
    "é",
    "e\u{301}",
    "🔑",
    "٣",
    "²",
    "\u{fffd}",
    "%",
    "%0",
    "%zz",
    "%ff",
    "%00",
    "+",
    "&",
    "=",
    ";",
    "form=",
    "code=",
    "a[b]=",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "-0",
    "1e999",
    "9223372036854775808",
    "/",
    "~1",
    "A",
    "AAAAAAAAAAAAAAAAAAAAAA",
    "_",
    "K7M3QXPBK7M3QXPBK7M3QXPBK7M3",
];

/// Numbers that are the same each time: Marsaglia's xorshift.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % end
    }

    /// Up to so many parts, now and then one of them several times, or any character at all.
    fn text(&mut self, most: usize) -> String {
        let mut text = String::new();
        for _ in 0..self.below(most + 1) {
            match self.below(16) {
                0 => text.push_str(&PARTS[self.below(PARTS.len())].repeat(self.below(50))),
                1..=4 => {
                    let any = u32::try_from(self.below(0x11_0000)).unwrap_or_default();
                    text.push(char::from_u32(any).unwrap_or('\u{fffd}'));
                }
                5..=7 => text.push(char::from(
                    u8::try_from(self.below(128)).unwrap_or_default(),
                )),
                _ => text.push_str(PARTS[self.below(PARTS.len())]),
            }
        }
        text
    }

    /// Nested JSON.
    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 5 } else { 8 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(1000)),
            3 | 4 => json!(self.text(3)),
            5 => (0..self.below(3)).map(|_| self.value(depth - 1)).collect(),
            _ => {
                let fields = (0..self.below(3)).map(|_| (self.text(2), self.value(depth - 1)));
                Value::Object(fields.collect())
            }
        }
    }

    /// An event as API Gateway sends it, with up to three of its members replaced.
    fn event(&mut self) -> Value {
        let mut event = json!({
            "version": "2.0", "routeKey": "POST /d/{token}", "rawPath": "/d/x", "rawQueryString": self.text(3),
            "headers": {"origin": self.text(2), "accept-language": self.text(4)},
            "cookies": [self.text(4), format!("__Host-form={}", self.text(2))],
            "pathParameters": {"token": self.text(3), "id": self.text(3)},
            "queryStringParameters": {"lang": self.text(1), "limit": self.text(1), "cursor": self.text(2)},
            "requestContext": {"http": {"method": "POST", "sourceIp": self.text(2)}, "requestId": "r",
                "authorizer": {"lambda": {"practice": self.text(1), "label": self.text(1), "scopes": self.text(2)}}},
            "body": self.text(8), "isBase64Encoded": self.below(4) == 0,
        });
        let names = [
            "version",
            "routeKey",
            "headers",
            "cookies",
            "pathParameters",
            "queryStringParameters",
            "requestContext",
            "body",
            "isBase64Encoded",
            "stageVariables",
        ];
        for _ in 0..self.below(4) {
            event[names[self.below(names.len())]] = self.value(3);
        }
        event
    }
}

/// Runs this so often, half of it on each of two threads; what it counts is added up.
fn twice(times: usize, run: impl Fn(&mut Numbers) -> usize + Sync) -> usize {
    thread::scope(|scope| {
        let halves = [1_u64, 2].map(|seed| {
            let run = &run;
            scope.spawn(move || {
                let mut numbers = Numbers(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                (0..times / 2).map(|_| run(&mut numbers)).sum::<usize>()
            })
        });
        halves
            .into_iter()
            .map(|half| half.join().expect("no panic"))
            .sum()
    })
}

/// A million texts.
#[tokio::test(flavor = "multi_thread")]
async fn t20_a_million_texts_are_read_without_a_panic() {
    let reference = Reference::parse("K7M3QXPB").expect("a reference");
    let codes = twice(380_000, |numbers| {
        let text = numbers.text(6);
        usize::from(matches!(Entry::read(&text, &reference), Entry::Code(_)))
    });
    assert!(codes > 1_000, "the generator makes codes too: {codes}");
    let references = twice(100_000, |numbers| {
        usize::from(Reference::read(&numbers.text(3)).is_some())
    });
    assert!(references > 100, "and references: {references}");
    let tokens = twice(100_000, |numbers| {
        let text = numbers.text(6);
        let parsed = LinkToken::parse(&text);
        assert!(parsed.as_ref().map_or(true, |token| token.expose() == text));
        usize::from(parsed.is_ok())
    });
    assert!(tokens > 100, "and tokens: {tokens}");
    let cookies = twice(200_000, |numbers| {
        let text = numbers.text(3);
        let session = SessionSecret::parse(&text).is_some_and(|secret| secret.value() == text);
        let form = FormCookie::parse(&text).is_some_and(|cookie| cookie.value() == text);
        usize::from(session) + usize::from(form)
    });
    assert!(cookies > 100, "and cookies: {cookies}");
    let (world, cookie) = (World::bare().await, FormCookie::draw().expect("randomness"));
    let link = LinkHash::new("1:0".to_owned());
    let (lookup, now) = (lookup(&world), world.clock().now());
    let keys = lookup.get().await.expect("keys");
    let term = Term::starting(now);
    let good = keys.form(&cookie, &link, Purpose::EnterCode, term);
    let taken = twice(120_000, |numbers| {
        let field = match numbers.below(3) {
            0 => numbers.text(3),
            1 => format!("{}.{}", numbers.text(1), numbers.text(2)),
            _ => format!("{good}{}", numbers.text(1)),
        };
        let checked = keys.check_form(
            &field,
            &cookie,
            std::slice::from_ref(&link),
            Purpose::EnterCode,
            now,
        );
        assert!(checked.is_err() || field == good);
        usize::from(checked.is_ok())
    });
    assert!(taken > 100, "and form tokens: {taken}");
    let bodies = twice(100_000, |numbers| {
        let body = match numbers.below(4) {
            0 => numbers.text(8),
            1 => json!({numbers.text(2): numbers.value(4)}).to_string(),
            2 => format!("form={}&code={}", numbers.text(2), numbers.text(3)),
            // Valid up to somewhere.
            _ => json!({numbers.text(2): numbers.value(4)}).to_string() + &numbers.text(2),
        };
        let request = Request::from_event(json!({
            "version": "2.0", "routeKey": "POST /d/{token}", "rawPath": "/d/x", "rawQueryString": "", "headers": {},
            "requestContext": {"http": {"method": "POST", "sourceIp": "203.0.113.7"}, "requestId": "r"},
            "body": body, "isBase64Encoded": false,
        }));
        let request = request.expect("a request with a body that may be anything");
        let _ = request.form::<BTreeMap<String, String>>();
        usize::from(request.json::<Value>().is_ok())
    });
    assert!(bodies > 20_000, "and JSON objects: {bodies}");
}

/// 100,000 events, of which everything is read that a handler reads.
#[test]
fn t20_100_000_events_are_read_without_a_panic() {
    let read = twice(100_000, |numbers| {
        let Ok(request) = Request::from_event(numbers.event()) else {
            return 0;
        };
        let _ = request.form::<BTreeMap<String, String>>();
        let _ = request.json::<BTreeMap<String, Value>>();
        let _ = (request.paging(), request.idempotency_key());
        let _ = request.language(domain::language::Language::default());
        let _ = request.is_same_origin("https://a.example.org");
        let _ = request.cookie("__Host-form").and_then(FormCookie::parse);
        let _ = LinkToken::parse(request.parameter("token"));
        let _ = request.caller(domain::access::Scope::Read).is_ok();
        let _ = domain::audit::network(&request.address);
        1
    });
    assert!(
        read > 10_000,
        "the generator makes events that are read: {read}"
    );
}

/// Where a request came from is what the gateway saw, whatever 10,000 clients say of themselves in every header that proxies use.
#[test]
fn ten_thousand_spoofed_addresses_are_of_one_network() {
    let mut networks = BTreeSet::new();
    for number in 0..10_000_u16 {
        let [high, low] = number.to_be_bytes();
        let spoofed = format!("198.{}.{high}.{low}", 18 + number % 2);
        let mut event = of_patient("GET /d/{token}", "x");
        event["requestContext"]["http"]["sourceIp"] = json!("203.0.113.7");
        for name in [
            "x-forwarded-for",
            "x-real-ip",
            "x-client-ip",
            "client-ip",
            "true-client-ip",
            "cf-connecting-ip",
            "cloudfront-viewer-address",
        ] {
            event["headers"][name] = json!(spoofed);
        }
        event["headers"]["forwarded"] = json!(format!("for={spoofed}"));
        let request = Request::from_event(event).expect("a request");
        networks.insert(domain::audit::network(&request.address));
    }
    let expected = [Some("203.0.113.0/24".to_owned())];
    assert_eq!(networks, BTreeSet::from(expected));
}
