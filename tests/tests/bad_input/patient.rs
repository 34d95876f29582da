//! Codes, forms, cookies and paths as no page of ours would send them: a clear page with the right status, and no attempt charged.

use serde_json::json;
use tests::{Patient, Sent};

use crate::api::{Answer, Api, tells_of_our_insides};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const UNKNOWN: &str = "/d/BCDFGHJKLMNPQRSTVWXZ23456789";

impl Answer {
    /// What about this answer is not as a page has to be.
    fn page_faults(&self, statuses: &[u16], entry: &str) -> Vec<String> {
        let mut faults = Vec::new();
        if !statuses.contains(&self.status) {
            faults.push(format!("status {}, not one of {statuses:?}", self.status));
        }
        if self.status == 303 {
            if !self.header("location").starts_with("/d/") {
                faults.push(format!("it leads to {}", self.header("location")));
            }
        } else {
            let is_page = self.header("content-type") == "text/html; charset=utf-8"
                && self.text.contains("<h1>")
                && self.text.ends_with("</html>");
            if !is_page {
                faults.push(format!(
                    "no page: {} {}",
                    self.header("content-type"),
                    self.text.chars().take(200).collect::<String>()
                ));
            }
            if !self
                .header("content-security-policy")
                .starts_with("default-src 'none'")
            {
                faults.push("no policy".to_owned());
            }
        }
        if self.header("cache-control") != "no-store"
            || self.header("x-content-type-options") != "nosniff"
        {
            faults.push("it may be kept or guessed at".to_owned());
        }
        if tells_of_our_insides(&self.text) {
            faults.push("it tells of our insides".to_owned());
        }
        if entry.len() > 6 && self.text.contains(entry) {
            faults.push("it says what was typed".to_owned());
        }
        faults
    }
}

/// A delivery, and a browser with its page open.
struct Visit {
    api: Api,
    sent: Sent,
    path: String,
    cookie: String,
    form: String,
}

impl Visit {
    async fn start() -> Self {
        let api = Api::start().await;
        let document = api
            .world
            .practice
            .document("invoice", "1", "2026-11-20")
            .await;
        let sent = api
            .world
            .practice
            .send(api.world.stack.outbox(), &[&document], json!({}))
            .await;
        let mut patient = api.world.patient(&sent);
        let form = patient.open().await.form().to_owned();
        let path = format!("/d/{}", sent.link.rsplit('/').next().unwrap_or_default());
        Self {
            path,
            cookie: cookies(&patient),
            form,
            api,
            sent,
        }
    }

    /// Posts these bytes as this browser.
    async fn post(&self, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        let headers = [
            ("content-type", content_type),
            ("cookie", self.cookie.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        self.api.send("POST", path, &headers, body).await
    }

    /// A form of this browser's with this code, which is encoded byte by byte.
    fn entry(&self, code: &[u8]) -> Vec<u8> {
        let encoded: String = code.iter().map(|byte| format!("%{byte:02x}")).collect();
        format!("form={}&code={encoded}", self.form).into_bytes()
    }

    /// Nothing was charged, and the right code still opens the page.
    async fn assert_untouched(&self) {
        let shown = self
            .api
            .world
            .practice
            .get(&format!("/v1/deliveries/{}", self.sent.id))
            .await
            .body;
        assert_eq!(
            shown["wrong_entries"],
            json!({"of_code": 0, "in_life": 0}),
            "an attempt was charged"
        );
        assert_eq!(shown["state"], "open");
        let opened = self
            .post(&self.path, FORM.1, self.entry(self.sent.code.as_bytes()))
            .await;
        assert_eq!(opened.status, 303, "the right code still works");
    }
}

fn cookies(patient: &Patient) -> String {
    let pairs: Vec<String> = patient
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("; ")
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_what_is_no_code_gets_the_page_again_and_costs_nothing() {
    let visit = Visit::start().await;
    let (code, reference) = (visit.sent.code.clone(), visit.sent.reference.clone());
    let mut entries: Vec<Vec<u8>> = [
        "",
        " ",
        "-",
        "---",
        "\u{200b}",
        "\u{feff}",
        "\0",
        "\0\0\0\0\0\0",
        "\r\n",
        "BCDFG",
        "BCDFGHJ",
        "BCD-FG0",
        "BCDFGA",
        "abcdef",
        "123456",
        "000000",
        "БЦДФГХ",
        "КМТВСН",
        "αβγδεζ",
        "אבגדהו",
        "ابتثجح",
        "١٢٣٤٥٦",
        "०१२३४५",
        "コードです！",
        "验证码是什么",
        "한국어코드요",
        "ไทยไทยไ",
        "🔑🔑🔑🔑🔑🔑",
        "👩‍👩‍👧‍👦",
        "ßßßßßß",
        "ĳĳĳĳĳĳ",
        "\u{202e}HGFDCB0",
        "Z\u{335}a\u{300}l\u{301}g\u{302}o",
        "𝔅𝔆𝔇𝔉𝔊𝔸",
        "ﷺ",
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' OR '1'='1",
        "${code}",
        "{{7*7}}",
        "../../../etc/passwd",
        "%00%00",
        "%",
        "&",
        "=",
        "form=x",
        "null",
        "true",
        "NaN",
        "[object Object]",
        "; DROP TABLE",
        "BCD-FGH BCD-FGH",
        "BCD\u{2d}FG\u{660}",
    ]
    .iter()
    .map(|entry| entry.as_bytes().to_vec())
    .collect();
    entries.push(reference.into_bytes());
    entries.push(visit.path[3..].as_bytes().to_vec());
    entries.push(format!("{code}{code}").into_bytes());
    entries.push(code.as_bytes()[..3].to_vec());
    entries.extend([
        vec![0xff; 6],
        vec![0xc0, 0xaf],
        vec![0xed, 0xa0, 0x80],
        b"BCD\xffFG".to_vec(),
        vec![0x80; 300],
    ]);
    for repeated in [
        "B", "-", " ", "Б", "🔑", "\u{300}", "ﷺ", "\u{200b}", "<", "\0",
    ] {
        for length in [257, 5_000] {
            entries.push(repeated.repeat(length / repeated.len()).into_bytes());
        }
    }
    let mut faults = Vec::new();
    for entry in &entries {
        let answer = visit.post(&visit.path, FORM.1, visit.entry(entry)).await;
        let said: String = String::from_utf8_lossy(entry).chars().take(30).collect();
        let typed = String::from_utf8_lossy(entry);
        let typed = if typed.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            ""
        } else {
            typed.trim()
        };
        faults.extend(
            answer
                .page_faults(&[422], typed)
                .into_iter()
                .map(|fault| format!("{said:?}: {fault}")),
        );
        if !answer.text.contains("aria-invalid=\"true\"") {
            faults.push(format!("{said:?}: the field is not marked"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    visit.assert_untouched().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_an_entry_of_any_length_is_answered_without_being_looked_at() {
    let visit = Visit::start().await;
    let mut faults = Vec::new();
    for (length, status) in [
        (16 * 1024 - 200, 422),
        (16 * 1024 + 1, 422),
        (100_000, 422),
        (1_000_000, 422),
        (4_000_000, 422),
        (5_000_000, 413),
        (10_485_761, 413),
    ] {
        for repeated in ["B", "Б", "🔑"] {
            let body = format!(
                "form={}&code={}",
                visit.form,
                repeated.repeat(length / repeated.len())
            );
            let answer = visit.post(&visit.path, FORM.1, body.into_bytes()).await;
            if status == 413 {
                assert_eq!(
                    (answer.status, answer.text.as_str()),
                    (413, "{\"message\":\"Request Entity Too Large\"}"),
                    "{length} bytes"
                );
            } else {
                faults.extend(
                    answer
                        .page_faults(&[status], "")
                        .into_iter()
                        .map(|fault| format!("{length} of {repeated}: {fault}")),
                );
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    visit.assert_untouched().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_forms_that_are_broken_foreign_or_old_are_refused_and_cost_nothing() {
    let visit = Visit::start().await;
    let (form, code) = (visit.form.as_str(), visit.sent.code.as_str());
    let mac = form.split('.').nth(1).unwrap_or_default();
    let multipart = format!(
        "--x\r\ncontent-disposition: form-data; name=\"form\"\r\n\r\n{form}\r\n--x\r\ncontent-disposition: form-data; name=\"code\"\r\n\r\n{code}\r\n--x--\r\n"
    );
    let json = json!({"form": form, "code": code}).to_string();
    let mut cases: Vec<(&str, Vec<u8>)> = [
        String::new(),
        "&".to_owned(),
        "=".to_owned(),
        "form".to_owned(),
        format!("code={code}"),
        format!("form=&code={code}"),
        format!("form=x&code={code}"),
        format!("form={form}&form={form}&code={code}"),
        format!("form={form}&code={code}&code={code}"),
        format!("form[]={form}&code[]={code}"),
        format!("Form={form}&Code={code}"),
        format!("form={form}%&code={code}"),
        format!("form=%{form}&code={code}"),
        format!("form={form}%00&code={code}"),
        format!("form=+{form}&code={code}"),
        format!("form={form}0&code={code}"),
        format!("form={}&code={code}", &form[1..]),
        format!("form={}&code={code}", form.to_uppercase()),
        format!("form={}&code={code}", form.replace('.', "")),
        format!("form=9999999999.{mac}&code={code}"),
        format!("form=-1.{mac}&code={code}"),
        format!("form={}.{mac}&code={code}", "9".repeat(400)),
        format!("form={}&code={code}", "x".repeat(10_000)),
        format!("form={}&code={code}", "%ff".repeat(3_000)),
        format!("form={form};code={code}"),
        json.clone(),
        multipart.clone(),
        "\0".repeat(1_000),
        "%".repeat(5_000),
        "a=b&".repeat(4_000),
    ]
    .into_iter()
    .map(|body| (FORM.1, body.into_bytes()))
    .collect();
    cases.extend([
        ("application/json", json.into_bytes()),
        ("multipart/form-data; boundary=x", multipart.into_bytes()),
        ("text/plain", b"code".to_vec()),
        ("application/xml", b"<code/>".to_vec()),
        ("", vec![0xff; 100]),
        ("text/html;;;", b"\xff\xfe".to_vec()),
    ]);
    let mut faults = Vec::new();
    for (content_type, body) in cases {
        let said: String = String::from_utf8_lossy(&body).chars().take(80).collect();
        let answer = visit.post(&visit.path, content_type, body).await;
        faults.extend(
            answer
                .page_faults(&[403], "")
                .into_iter()
                .map(|fault| format!("{content_type} {said:?}: {fault}")),
        );
    }
    let entry = visit.entry(code.as_bytes());
    for headers in [
        vec![FORM],
        vec![FORM, ("cookie", "__Host-form=AAAAAAAAAAAAAAAAAAAAAA")],
        vec![
            FORM,
            ("cookie", visit.cookie.as_str()),
            ("origin", "https://evil.example"),
        ],
        vec![FORM, ("cookie", visit.cookie.as_str()), ("origin", "null")],
        vec![
            FORM,
            ("cookie", visit.cookie.as_str()),
            ("sec-fetch-site", "cross-site"),
        ],
        vec![
            FORM,
            ("cookie", visit.cookie.as_str()),
            ("sec-fetch-site", "none"),
        ],
    ] {
        let answer = visit
            .api
            .send("POST", &visit.path, &headers, entry.clone())
            .await;
        faults.extend(
            answer
                .page_faults(&[403], "")
                .into_iter()
                .map(|fault| format!("{headers:?}: {fault}")),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    visit.assert_untouched().await;
    visit.api.world.advance(30 * 60);
    let old = visit.post(&visit.path, FORM.1, entry).await;
    assert_eq!(
        old.page_faults(&[403], ""),
        Vec::<String>::new(),
        "a form of half an hour ago"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_hostile_cookies_open_nothing_and_break_nothing() {
    let visit = Visit::start().await;
    let other = visit
        .api
        .world
        .practice
        .document("invoice", "2", "2026-11-20")
        .await;
    let other = visit
        .api
        .world
        .practice
        .send(visit.api.world.stack.outbox(), &[&other], json!({}))
        .await;
    let mut stranger = visit.api.world.patient(&other);
    stranger.enter(&other.code).await;
    let (name, session) = stranger
        .cookies
        .iter()
        .find(|(name, _)| name.starts_with("__Host-dl-"))
        .expect("a session");
    let mut patient = visit.api.world.patient(&visit.sent);
    patient.enter(&visit.sent.code).await;
    let (own_name, own) = patient
        .cookies
        .iter()
        .find(|(name, _)| name.starts_with("__Host-dl-"))
        .expect("a session");
    assert_ne!(name, own_name, "P7: a cookie for each delivery");
    let form = visit.cookie.clone();
    let twenty: Vec<String> = (0..20)
        .map(|n| format!("__Host-dl-{n:08x}={own}"))
        .collect();
    let hundred: Vec<String> = (0..100).map(|n| format!("a{n}=b")).collect();
    let hostile = [
        format!("{own_name}={session}"),
        format!("{own_name}={own}; {own_name}={own}"),
        format!("{own_name}={session}; {own_name}={own}"),
        format!("{name}={session}"),
        format!("{name}={own}"),
        format!(
            "{}={own}",
            own_name.to_lowercase().replace("__host", "__Host_")
        ),
        format!("dl={own}"),
        format!("{own_name}="),
        format!("{own_name}"),
        format!("{own_name}=\"{own}\""),
        format!("{own_name}={own}="),
        format!("{own_name}={}", &own[1..]),
        format!("{own_name}={}", own.to_lowercase()),
        format!("{own_name}={}", "A".repeat(43)),
        format!("{own_name}={}", "A".repeat(8_000)),
        format!("{own_name}=%00"),
        format!("{own_name}=ÄÖÜ"),
        format!("{form}; {form}"),
        "__Host-form=".to_owned(),
        "__Host-form=x".to_owned(),
        format!("__Host-form={}", "A".repeat(8_000)),
        "__Host-form=%0d%0aSet-Cookie: a=b".to_owned(),
        "; ; ;; =; ==; a; =b; a=b=c;".to_owned(),
        twenty.join("; "),
        hundred.join("; "),
    ];
    let mut faults = Vec::new();
    for cookie in &hostile {
        let headers = [("cookie", cookie.as_str())];
        for (path, statuses) in [
            (visit.path.clone(), &[200][..]),
            (format!("{}/documents", visit.path), &[303]),
            (
                format!(
                    "{}/documents/20261120-aaaaaaaaaaaaaaaaaaaaaaaaa",
                    visit.path
                ),
                &[303],
            ),
            (UNKNOWN.to_owned(), &[404]),
            ("/privacy".to_owned(), &[200]),
        ] {
            let answer = visit.api.send("GET", &path, &headers, "").await;
            let said: String = cookie.chars().take(80).collect();
            faults.extend(
                answer
                    .page_faults(statuses, "")
                    .into_iter()
                    .map(|fault| format!("GET {path} {said:?}: {fault}")),
            );
            let leads_back = !answer.header("location").contains("/documents");
            if answer.status == 303 && !leads_back {
                faults.push(format!("GET {path} {said:?}: it leads to the documents"));
            }
        }
        let done = visit
            .api
            .send(
                "POST",
                &format!("{}/done", visit.path),
                &[FORM, headers[0]],
                "form=x",
            )
            .await;
        faults.extend(
            done.page_faults(&[303], "")
                .into_iter()
                .map(|fault| format!("POST done {cookie:?}: {fault}")),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(
        patient.documents().await.status,
        200,
        "the honest session lives on"
    );
    assert_eq!(
        stranger.documents().await.status,
        200,
        "and so does the other one"
    );
    let huge = format!("a={}", "b".repeat(11_000));
    let answer = visit
        .api
        .send("GET", &visit.path, &[("cookie", &huge)], "")
        .await;
    assert_eq!(
        answer.status, 431,
        "more than the gateway takes: {}",
        answer.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_paths_and_queries_that_nobody_sent_out_lead_to_a_clear_page_or_to_the_gateways_refusal()
{
    let visit = Visit::start().await;
    let token = &visit.path[3..];
    let mut patient = visit.api.world.patient(&visit.sent);
    patient.enter(&visit.sent.code).await;
    let live = cookies(&patient);
    let pages = [
        UNKNOWN.to_owned(),
        format!("/d/{}", token.to_lowercase()),
        format!("/d/{}", &token[1..]),
        format!("/d/{token}B"),
        format!("/d/{token}%20"),
        format!("/d/{token}%00"),
        format!("/d/{token}%0d%0aSet-Cookie:%20a=b"),
        "/d/%00".to_owned(),
        "/d/%F0%9F%92%A9".to_owned(),
        "/d/%3Cscript%3Ealert(1)%3C%2Fscript%3E".replace("%2F", "%5C"),
        "/d/$%7Bjndi:ldap:%5C%7D".to_owned(),
        "/d/a%25b".to_owned(),
        "/d/*".to_owned(),
        format!("/d/{}", "B".repeat(8_000)),
    ];
    let mut faults = Vec::new();
    for path in &pages {
        for more in [
            "",
            "/documents",
            "/documents/x",
            "/documents/20261120-aaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            let answer = visit
                .api
                .send("GET", &format!("{path}{more}"), &[("cookie", &live)], "")
                .await;
            let said: String = path.chars().take(60).collect();
            faults.extend(
                answer
                    .page_faults(&[404], "")
                    .into_iter()
                    .map(|fault| format!("GET {said}{more}: {fault}")),
            );
        }
        for more in ["", "/done"] {
            let answer = visit
                .api
                .send(
                    "POST",
                    &format!("{path}{more}"),
                    &[FORM, ("cookie", &live)],
                    "form=x&code=BCD-FGH",
                )
                .await;
            let said: String = path.chars().take(60).collect();
            faults.extend(
                answer
                    .page_faults(&[404], "")
                    .into_iter()
                    .map(|fault| format!("POST {said}{more}: {fault}")),
            );
        }
    }
    for id in [
        "x",
        "%00",
        "20261120-AAAAAAAAAAAAAAAAAAAAAAAAA",
        "20261120-aaaaaaaaaaaaaaaaaaaaaaaaa",
        "%F0%9F%92%A9",
        &"x".repeat(8_000),
    ] {
        let answer = visit
            .api
            .send(
                "GET",
                &format!("{}/documents/{id}", visit.path),
                &[("cookie", &live)],
                "",
            )
            .await;
        faults.extend(
            answer
                .page_faults(&[404], "")
                .into_iter()
                .map(|fault| format!("a document of id {id:.60}: {fault}")),
        );
    }
    for query in [
        "lang=fr",
        "lang=",
        "lang=de%0d%0aSet-Cookie:%20a=b",
        "lang=../de",
        "lang=de&lang=en",
        "lang=%ff",
        "lang=%3Cscript%3E",
        "note=x",
        "note=ended%00",
        "note=%3Cscript%3Ealert(1)%3C/script%3E",
        "code=BCD-FGH",
        "%",
        "%zz",
        "&&&",
        "=",
        "a[]=b",
        &"x=y&".repeat(2_000),
    ] {
        let answer = visit
            .api
            .send(
                "GET",
                &format!("{}?{query}", visit.path),
                &[("accept-language", "de")],
                "",
            )
            .await;
        faults.extend(
            answer
                .page_faults(&[200], "<script>alert")
                .into_iter()
                .map(|fault| format!("?{query:.60}: {fault}")),
        );
        if answer.headers.get_all("set-cookie").iter().count() > 1 {
            faults.push(format!("?{query:.60}: a second cookie"));
        }
    }
    for (method, path) in [
        ("PUT", visit.path.clone()),
        ("DELETE", visit.path.clone()),
        ("PATCH", visit.path.clone()),
        ("OPTIONS", visit.path.clone()),
        ("BREW", visit.path.clone()),
        ("POST", format!("{}/documents", visit.path)),
        ("GET", format!("{}/done", visit.path)),
        ("GET", format!("{}/", visit.path)),
        ("GET", format!("{}//documents", visit.path)),
        ("GET", "/d".to_owned()),
        ("GET", "/d/".to_owned()),
        ("GET", format!("/d/{token}%2Fdocuments%2Fx%2Fy")),
        ("GET", format!("/D/{token}")),
        ("GET", "/.env".to_owned()),
        ("GET", "/".to_owned()),
        ("POST", "/privacy".to_owned()),
    ] {
        let answer = visit.api.send(method, &path, &[], "").await;
        if (answer.status, answer.text.as_str()) != (404, "{\"message\":\"Not Found\"}") {
            faults.push(format!(
                "{method} {path}: {} {}",
                answer.status,
                answer.text.chars().take(100).collect::<String>()
            ));
        }
    }
    for path in [
        format!("{}%", visit.path),
        "/d/%zz".to_owned(),
        "/d/%ff".to_owned(),
        "/d/%c3%28".to_owned(),
    ] {
        let answer = visit.api.send("GET", &path, &[], "").await;
        if (answer.status, answer.text.as_str()) != (400, "{\"message\":\"Bad Request\"}") {
            faults.push(format!("GET {path}: {} {}", answer.status, answer.text));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    visit.assert_untouched_but_open().await;
}

impl Visit {
    async fn assert_untouched_but_open(&self) {
        let shown = self
            .api
            .world
            .practice
            .get(&format!("/v1/deliveries/{}", self.sent.id))
            .await
            .body;
        assert_eq!(
            shown["wrong_entries"],
            json!({"of_code": 0, "in_life": 0}),
            "an attempt was charged"
        );
        assert_eq!(shown["state"], "opened");
    }
}
