//! Paths, queries and methods that nobody sent out: a clear page, or the gateway's own refusal (P8).

use crate::api::Faults;
use crate::visit::{FORM, UNKNOWN, Visit, cookies};

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
    let mut faults = Faults::default();
    for path in &pages {
        for more in [
            "",
            "/documents",
            "/documents/x",
            "/not-mine",
            "/documents/20261120-aaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            let answer = visit
                .api
                .send("GET", &format!("{path}{more}"), &[("cookie", &live)], "")
                .await;
            let said: String = path.chars().take(60).collect();
            faults.add(&format!("GET {said}{more}"), answer.page_faults(&[404], ""));
        }
        for more in ["", "/done", "/not-mine"] {
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
            faults.add(
                &format!("POST {said}{more}"),
                answer.page_faults(&[404], ""),
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
        faults.add(
            &format!("a document of id {id:.60}"),
            answer.page_faults(&[404], ""),
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
        faults.add(
            &format!("?{query:.60}"),
            answer.page_faults(&[200], "<script>alert"),
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
    faults.assert_none();
    visit.assert_untouched_but_open().await;
}
