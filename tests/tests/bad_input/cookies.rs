//! Cookies that are stale, foreign, doubled or rubbish: they open nothing and break nothing (P4, P7).

use crate::api::Faults;
use crate::visit::{FORM, UNKNOWN, Visit};

/// Cookies with this browser's form and session, and with a session of another delivery, as nobody would send them.
fn hostile(
    form: &str,
    (name, session): (&str, &str),
    (own_name, own): (&str, &str),
) -> Vec<String> {
    let twenty: Vec<String> = (0..20)
        .map(|n| format!("__Host-dl-{n:08x}={own}"))
        .collect();
    let hundred: Vec<String> = (0..100).map(|n| format!("a{n}=b")).collect();
    vec![
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
        own_name.to_owned(),
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
    ]
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
    let other = visit.api.world.practice.send(&[&other]).await;
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
    let hostile = hostile(&visit.cookie, (name, session), (own_name, own));
    let mut faults = Faults::default();
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
            faults.add(
                &format!("GET {path} {said:?}"),
                answer.page_faults(statuses, ""),
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
        faults.add(
            &format!("POST done {cookie:?}"),
            done.page_faults(&[303], ""),
        );
    }
    faults.assert_none();
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
