//! T10: forms that another page, another browser or another time made, and the headers that keep other pages out.

use serde_json::json;
use tests::{Page, Patient, Sent, World};

use crate::table::{Database, item, with};
use crate::{ask, delivery, request_form, shown, world, wrong};

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
        request_form(&page),
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
    let (sent, other) = (delivery(&world, 1).await, delivery(&world, 2).await);
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
    let (messages, state) = (world.messages().await.len(), shown(&world, &sent).await);
    let origin = world.stack.api();
    let ours: Headers<'_> = vec![("origin", origin), ("sec-fetch-site", "same-origin")];
    let (upper, longer) = (origin.to_uppercase(), format!("{origin}.evil.example"));
    let mut tried = 0;
    for (route, more) in ROUTES.into_iter().enumerate() {
        let url = format!("{}{more}", sent.link);
        let good = &sources.own[route];
        let fields = [("form", good.as_str()), ("code", wrong(&sent))];
        for headers in from_elsewhere(origin, &upper, &longer) {
            let page = patient.post_with(&url, &fields, &headers).await;
            assert_eq!(page.status, 403, "POST {more}: {headers:?}");
            tried += 1;
        }
        for (case, form) in not_own(&sources, route) {
            let fields = [("form", form.as_str()), ("code", wrong(&sent))];
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
    assert_eq!(shown(&world, &sent).await, state);
    assert_eq!(patient.documents().await.status, 200, "the session is open");
    for (route, status) in [(0, 401), (1, 303), (2, 303)] {
        let url = format!("{}{}", sent.link, ROUTES[route]);
        let form = sources.own[route].as_str();
        let fields = [("form", form), ("code", wrong(&sent))];
        let page = patient.post_with(&url, &fields, &ours).await;
        assert_eq!(page.status, status, "the honest form is taken");
    }
}

/// Makes a delivery's item one that a newer version wrote, which nobody here may read.
async fn make_unreadable(world: &World, sent: &Sent) {
    let (_, item) = item(world, sent).await;
    let newer = with(&item, &json!({"v": {"N": "2"}}));
    Database::of(world).await.put(&newer).await;
}

/// Every page and redirect of the patient's routes, by route, with each status that it can be brought to.
async fn pages() -> Vec<(&'static str, u16, Page)> {
    let world = world(2).await;
    let sent = delivery(&world, 1).await;
    let mut patient = world.patient(&sent);
    let mut pages = Vec::new();
    let (token, link) = ("GET /d/{token}", sent.link.clone());
    let nobody = format!("{}/d/{}", world.stack.api(), "B".repeat(28));
    pages.push((token, 200, patient.open().await));
    pages.push((token, 404, patient.get(&nobody).await));
    let enter = "POST /d/{token}";
    pages.push((enter, 403, patient.post(&link, &[("form", "x")]).await));
    pages.push((enter, 404, patient.post(&nobody, &[("form", "x")]).await));
    pages.push((enter, 422, patient.enter("?").await));
    for _ in 0..3 {
        pages.push((enter, 401, patient.enter(wrong(&sent)).await));
    }
    pages.push((enter, 429, patient.enter(wrong(&sent)).await));
    let code = "POST /d/{token}/code";
    let url = format!("{link}/code");
    pages.push((code, 403, patient.post(&url, &[("form", "x")]).await));
    pages.push((
        code,
        404,
        patient
            .post(&format!("{nobody}/code"), &[("form", "x")])
            .await,
    ));
    world.fail("sms", "refuse", 1).await;
    pages.push((code, 503, ask(&mut patient).await));
    pages.push((code, 303, ask(&mut patient).await));
    pages.push((code, 429, ask(&mut patient).await));
    world.advance(30 * 60);
    let form = request_form(&patient.open().await);
    for status in [303, 409] {
        let page = patient.post(&url, &[("form", &form)]).await;
        pages.push((code, status, page));
    }
    let messages = world.messages().await;
    let sms = messages
        .iter()
        .rev()
        .find(|message| message["channel"] == "sms");
    let text = sms.and_then(|sms| sms["text"].as_str()).unwrap_or_default();
    let newest = text.split("Ihr Code: ").nth(1).unwrap_or_default();
    let newest = newest.lines().next().unwrap_or_default();
    world.advance(5);
    let documents = "GET /d/{token}/documents";
    let (url, gone) = (format!("{link}/documents"), format!("{link}/documents/x"));
    pages.push((documents, 303, patient.get(&url).await));
    pages.push((enter, 303, patient.enter(newest).await));
    pages.push((token, 303, patient.open().await));
    let page = patient.get(&url).await;
    let document = page.documents()[0].clone();
    pages.push((documents, 200, page));
    pages.push((
        documents,
        404,
        patient.get(&format!("{nobody}/documents")).await,
    ));
    let download = "GET /d/{token}/documents/{id}";
    pages.push((download, 303, patient.click(&document).await));
    pages.push((download, 404, patient.get(&gone).await));
    let done = "POST /d/{token}/done";
    pages.push((
        done,
        403,
        patient
            .post(&format!("{link}/done"), &[("form", "x")])
            .await,
    ));
    pages.push((
        done,
        404,
        patient
            .post(&format!("{nobody}/done"), &[("form", "x")])
            .await,
    ));
    pages.push((done, 303, patient.done().await));
    let (asked, said) = ("GET /d/{token}/not-mine", "POST /d/{token}/not-mine");
    let url = format!("{link}/not-mine");
    pages.push((asked, 200, patient.get(&url).await));
    pages.push((asked, 404, patient.get(&format!("{nobody}/not-mine")).await));
    pages.push((said, 403, patient.post(&url, &[("form", "x")]).await));
    pages.push((
        said,
        404,
        patient
            .post(&format!("{nobody}/not-mine"), &[("form", "x")])
            .await,
    ));
    // Whose item cannot be read, as if a newer version had written it.
    let unreadable = delivery(&world, 2).await;
    let mut unlucky = entered(&world, &unreadable).await;
    let forms = forms(&mut unlucky).await;
    make_unreadable(&world, &unreadable).await;
    let below = |more: &str| format!("{}{more}", unreadable.link);
    for (route, more) in [(token, ""), (documents, "/documents"), (asked, "/not-mine")] {
        pages.push((route, 503, unlucky.get(&below(more)).await));
    }
    let page = unlucky.get(&below(&format!("/documents/{document}"))).await;
    pages.push((download, 503, page));
    for ((route, more), form) in [enter, code, done, said]
        .into_iter()
        .zip(ROUTES)
        .zip(&forms)
    {
        let fields = [("form", form.as_str()), ("code", wrong(&unreadable))];
        pages.push((route, 503, unlucky.post(&below(more), &fields).await));
    }
    let form = request_form(&patient.open().await);
    pages.push((said, 410, patient.report().await));
    pages.push((asked, 410, patient.get(&url).await));
    pages.push((token, 410, patient.open().await));
    pages.push((enter, 410, patient.post(&link, &[("form", "x")]).await));
    pages.push((
        code,
        410,
        patient
            .post(&format!("{link}/code"), &[("form", &form)])
            .await,
    ));
    let privacy = format!("{}/privacy", world.stack.api());
    pages.push(("GET /privacy", 200, patient.get(&privacy).await));
    pages
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
        if (route, status) == ("POST /d/{token}/done", 303) {
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
