//! Forms that are broken, foreign or old: refused, and no attempt charged (P5).

use serde_json::json;

use crate::api::Faults;
use crate::visit::{FORM, Visit};

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
    let mut faults = Faults::default();
    for (content_type, body) in cases {
        let said: String = String::from_utf8_lossy(&body).chars().take(80).collect();
        let answer = visit.post(&visit.path, content_type, body).await;
        faults.add(
            &format!("{content_type} {said:?}"),
            answer.page_faults(&[403], ""),
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
        faults.add(&format!("{headers:?}"), answer.page_faults(&[403], ""));
    }
    faults.assert_none();
    visit.assert_untouched().await;
    visit.api.world.advance(30 * 60);
    let old = visit.post(&visit.path, FORM.1, entry).await;
    assert_eq!(
        old.page_faults(&[403], ""),
        Vec::<String>::new(),
        "a form of half an hour ago"
    );
}
