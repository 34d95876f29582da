//! T10: forms that another page, another browser or another time made, and the headers that keep other pages out.

use serde_json::json;
use tests::{Page, Patient, Sent, World};

use crate::table::{Database, item, with};
use crate::world;

/// The forms of a delivery's pages in one browser, in the order of [`ROUTES`].
type Forms = [String; 4];

/// What is posted to, below the link.
const ROUTES: [&str; 4] = ["", "/code", "/done", "/not-mine"];

/// Where a browser says that a form comes from.
type Headers<'a> = Vec<(&'a str, &'a str)>;

/// Whence the forms of an attack come.
struct Sources {
    own: Forms,
    old: Forms,
    another_browsers: Forms,
    another_deliverys: Forms,
}

/// Opens every page that has a form. The code page is shown to whoever has no session.
async fn forms(patient: &mut Patient) -> Forms {
    let session = patient.cookies.clone();
    patient.cookies.retain(|name, _| name == "__Host-form");
    let page = patient.open().await;
    patient.cookies.extend(session);
    let question = patient.get(&format!("{}/not-mine", patient.link)).await;
    let documents = patient.documents().await;
    let forms = [
        page.form().to_owned(),
        page.request_form().to_owned(),
        documents.form().to_owned(),
        question.form().to_owned(),
    ];
    assert!(forms.iter().all(|form| form.contains('.')), "four forms");
    forms
}

/// A browser that has entered the code.
async fn entered(world: &World, sent: &Sent) -> Patient {
    let mut patient = world.patient(sent);
    assert_eq!(patient.enter(&sent.code).await.status, 303);
    patient
}

/// Good forms that come from elsewhere.
fn from_elsewhere<'a>(origin: &'a str, upper: &'a str, longer: &'a str) -> [Headers<'a>; 9] {
    let same = ("sec-fetch-site", "same-origin");
    let evil = ("origin", "https://evil.example");
    [
        vec![evil],
        vec![evil, same],
        vec![("origin", "null")],
        vec![("origin", "null"), same],
        vec![("origin", longer)],
        vec![("origin", upper), same],
        vec![("sec-fetch-site", "cross-site")],
        vec![("origin", origin), ("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "none")],
    ]
}

/// Forms that are not this browser's, delivery's, route's or half hour's.
fn not_own(sources: &Sources, route: usize) -> [(&'static str, String); 6] {
    let good = &sources.own[route];
    let last = if good.ends_with('0') { '1' } else { '0' };
    [
        ("no field", String::new()),
        ("changed", format!("{}{last}", &good[..good.len() - 1])),
        ("half an hour old", sources.old[route].clone()),
        ("another browser's", sources.another_browsers[route].clone()),
        (
            "another delivery's",
            sources.another_deliverys[route].clone(),
        ),
        ("another route's", sources.own[(route + 1) % 4].clone()),
    ]
}

/// 64 forged posts, 16 to each of the four routes, and after them each honest form but the one that closes.
#[tokio::test(flavor = "multi_thread")]
async fn t10_64_forged_forms_are_refused_and_do_nothing() {
    let world = world(3).await;
    let (sent, other) = (
        world.practice.send_invoice(1).await,
        world.practice.send_invoice(2).await,
    );
    let mut patient = entered(&world, &sent).await;
    let old = forms(&mut patient).await;
    for _ in 0..3 {
        world.advance(10 * 60);
        // Keeps the session awake until the forms are too old.
        assert_eq!(patient.documents().await.status, 200);
    }
    let mut same_browser = patient.sharing(&other.link);
    same_browser.cookies.clone_from(&patient.cookies);
    assert_eq!(same_browser.enter(&other.code).await.status, 303);
    let sources = Sources {
        own: forms(&mut patient).await,
        old,
        another_browsers: forms(&mut entered(&world, &sent).await).await,
        another_deliverys: forms(&mut same_browser).await,
    };
    let (messages, state) = (
        world.messages().await.len(),
        world.practice.shown(&sent).await,
    );
    let origin = world.stack.api();
    let ours: Headers<'_> = vec![("origin", origin), ("sec-fetch-site", "same-origin")];
    let (upper, longer) = (origin.to_uppercase(), format!("{origin}.evil.example"));
    let mut tried = 0;
    for (route, more) in ROUTES.into_iter().enumerate() {
        let url = format!("{}{more}", sent.link);
        let good = &sources.own[route];
        let fields = [("form", good.as_str()), ("code", sent.wrong_code())];
        for headers in from_elsewhere(origin, &upper, &longer) {
            let page = patient.post_with(&url, &fields, &headers).await;
            assert_eq!(page.status, 403, "POST {more}: {headers:?}");
            tried += 1;
        }
        for (case, form) in not_own(&sources, route) {
            let fields = [("form", form.as_str()), ("code", sent.wrong_code())];
            let page = patient.post_with(&url, &fields, &ours).await;
            assert_eq!(page.status, 403, "POST {more}: {case}");
            tried += 1;
        }
        let honest = patient.cookies.clone();
        patient.cookies.remove("__Host-form");
        let page = patient.post_with(&url, &fields, &ours).await;
        assert_eq!(page.status, 403, "POST {more}: no cookie");
        tried += 1;
        patient.cookies = honest;
    }
    assert_eq!(tried, 64);
    assert_eq!(world.messages().await.len(), messages);
    assert_eq!(world.practice.shown(&sent).await, state);
    assert_eq!(patient.documents().await.status, 200, "the session is open");
    for (route, status) in [(0, 401), (1, 303), (2, 303)] {
        let url = format!("{}{}", sent.link, ROUTES[route]);
        let form = sources.own[route].as_str();
        let fields = [("form", form), ("code", sent.wrong_code())];
        let page = patient.post_with(&url, &fields, &ours).await;
        assert_eq!(page.status, status, "the honest form is taken");
    }
}

/// The patient's routes.
const PAGE: &str = "GET /d/{token}";
const ENTER: &str = "POST /d/{token}";
const CODE: &str = "POST /d/{token}/code";
const DOCUMENTS: &str = "GET /d/{token}/documents";
const DOWNLOAD: &str = "GET /d/{token}/documents/{id}";
const DONE: &str = "POST /d/{token}/done";
const QUESTION: &str = "GET /d/{token}/not-mine";
const NOT_MINE: &str = "POST /d/{token}/not-mine";
const PRIVACY: &str = "GET /privacy";

/// Pages and redirects by route, with the status that each was brought to.
type Pages = Vec<(&'static str, u16, Page)>;

/// Of a link that nobody knows, and of forms that are not ours.
async fn refused(sent: &Sent, patient: &mut Patient, origin: &str) -> Pages {
    let nobody = format!("{origin}/d/{}", "B".repeat(28));
    let mut pages = Vec::new();
    for (route, more) in [
        (PAGE, ""),
        (DOCUMENTS, "/documents"),
        (QUESTION, "/not-mine"),
    ] {
        pages.push((route, 404, patient.get(&format!("{nobody}{more}")).await));
    }
    for (route, more) in [ENTER, CODE, DONE, NOT_MINE].into_iter().zip(ROUTES) {
        for (status, link) in [(404, &nobody), (403, &sent.link)] {
            let url = format!("{link}{more}");
            pages.push((route, status, patient.post(&url, &[("form", "x")]).await));
        }
    }
    pages
}

/// From opening the page to saying that the e-mail was meant for somebody else.
async fn journey(world: &World, sent: &Sent, patient: &mut Patient) -> Pages {
    let below = |more: &str| format!("{}{more}", sent.link);
    let mut pages = vec![(PAGE, 200, patient.open().await)];
    pages.push((ENTER, 422, patient.enter("?").await));
    for _ in 0..3 {
        pages.push((ENTER, 401, patient.enter(sent.wrong_code()).await));
    }
    pages.push((ENTER, 429, patient.enter(sent.wrong_code()).await));
    world.fail("sms", "refuse", 1).await;
    for status in [503, 303, 429] {
        pages.push((CODE, status, patient.ask().await));
    }
    world.advance(30 * 60);
    let form = patient.open().await.request_form().to_owned();
    for status in [303, 409] {
        let page = patient.post(&below("/code"), &[("form", &form)]).await;
        pages.push((CODE, status, page));
    }
    let newest = world.newest_code().await;
    pages.push((DOCUMENTS, 303, patient.documents().await));
    pages.push((ENTER, 303, patient.enter(&newest).await));
    pages.push((PAGE, 303, patient.open().await));
    let shown = patient.documents().await;
    let document = shown.documents()[0].clone();
    pages.push((DOCUMENTS, 200, shown));
    pages.push((DOWNLOAD, 303, patient.click(&document).await));
    pages.push((DOWNLOAD, 404, patient.click("x").await));
    pages.push((DONE, 303, patient.done().await));
    pages.push((QUESTION, 200, patient.get(&below("/not-mine")).await));
    let form = patient.open().await.request_form().to_owned();
    pages.push((NOT_MINE, 410, patient.report().await));
    pages.push((QUESTION, 410, patient.get(&below("/not-mine")).await));
    pages.push((PAGE, 410, patient.open().await));
    for (route, more, form) in [(ENTER, "", "x"), (CODE, "/code", &form)] {
        let page = patient.post(&below(more), &[("form", form)]).await;
        pages.push((route, 410, page));
    }
    pages
}

/// Of a delivery whose item cannot be read, as if a newer version had written it.
async fn unavailable(world: &World, sent: &Sent) -> Pages {
    let mut patient = entered(world, sent).await;
    let document = patient.documents().await.documents()[0].clone();
    let forms = forms(&mut patient).await;
    let (_, item) = item(world, sent).await;
    let newer = with(&item, &json!({"v": {"N": "2"}}));
    Database::of(world).await.put(&newer).await;
    let below = |more: &str| format!("{}{more}", sent.link);
    let mut pages = vec![(DOWNLOAD, 503, patient.click(&document).await)];
    for (route, more) in [
        (PAGE, ""),
        (DOCUMENTS, "/documents"),
        (QUESTION, "/not-mine"),
    ] {
        pages.push((route, 503, patient.get(&below(more)).await));
    }
    let posted = [ENTER, CODE, DONE, NOT_MINE].into_iter().zip(ROUTES);
    for ((route, more), form) in posted.zip(&forms) {
        let fields = [("form", form.as_str()), ("code", sent.wrong_code())];
        pages.push((route, 503, patient.post(&below(more), &fields).await));
    }
    pages
}

/// Every page and redirect of the patient's routes, by route, with each status that it can be brought to.
async fn pages() -> Pages {
    let world = world(2).await;
    let (sent, unreadable) = (
        world.practice.send_invoice(1).await,
        world.practice.send_invoice(2).await,
    );
    let mut patient = world.patient(&sent);
    let privacy = patient.get(&format!("{}/privacy", world.stack.api())).await;
    let mut other = entered(&world, &unreadable).await;
    let refused = refused(&unreadable, &mut other, world.stack.api()).await;
    let journey = journey(&world, &sent, &mut patient).await;
    let unavailable = unavailable(&world, &unreadable).await;
    let pages = [refused, journey, unavailable].into_iter().flatten();
    pages.chain([(PRIVACY, 200, privacy)]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn t10_every_route_has_its_headers_with_every_status() {
    let pages = pages().await;
    assert_eq!(pages.len(), 44);
    for (route, status, page) in pages {
        let header = |name: &str| page.headers.get(name).map_or("", String::as_str);
        assert_eq!(page.status, status, "{route}: {}", page.text());
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            (
                "strict-transport-security",
                "max-age=31536000; includeSubDomains",
            ),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-robots-tag", "noindex"),
        ] {
            assert_eq!(header(name), value, "{route} with {status}: {name}");
        }
        assert_eq!(
            header("access-control-allow-origin"),
            "",
            "{route} with {status}"
        );
        if (route, status) == (DONE, 303) {
            assert_eq!(header("clear-site-data"), "\"cache\", \"storage\"");
        }
        if status == 303 {
            assert_eq!(page.html, "", "{route}: a redirect has no page");
            continue;
        }
        let denied: Vec<&str> = header("permissions-policy").split(", ").collect();
        for feature in ["camera=()", "geolocation=()", "microphone=()", "payment=()"] {
            assert!(
                denied.contains(&feature),
                "{route} with {status}: {denied:?}"
            );
        }
        assert_eq!(
            header("content-type"),
            "text/html; charset=utf-8",
            "{route} with {status}"
        );
        let policy: Vec<&str> = header("content-security-policy").split("; ").collect();
        for rule in [
            "default-src 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(
                policy.contains(&rule),
                "{route} with {status}: {rule} in {policy:?}"
            );
        }
        assert!(
            !header("content-security-policy").contains("unsafe"),
            "{route} with {status}"
        );
        // One of each, inline, and allowed by its hash alone.
        for (element, rule) in [("style", "style-src"), ("script", "script-src")] {
            let begun = page.html.matches(&format!("<{element}")).count();
            assert_eq!(begun, 1, "{route} with {status}: {element}");
            let hashed = format!("{rule} 'sha256-");
            let allowed = policy.iter().filter(|policy| policy.starts_with(&hashed));
            assert_eq!(allowed.count(), 1, "{route} with {status}: {policy:?}");
        }
    }
}
