//! Entries that are no codes, in every script and of any length: the page again, and no attempt charged (P2).

use crate::api::Faults;
use crate::visit::{FORM, Visit};

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
    entries.push(visit.path.replace("/d/", "").into_bytes());
    entries.push(format!("{code}{code}").into_bytes());
    entries.push(code.as_bytes().iter().take(3).copied().collect());
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
    let mut faults = Faults::default();
    for entry in &entries {
        let answer = visit.post(&visit.path, FORM.1, visit.entry(entry)).await;
        let said: String = String::from_utf8_lossy(entry).chars().take(30).collect();
        let typed = String::from_utf8_lossy(entry);
        let typed = if typed.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            ""
        } else {
            typed.trim()
        };
        faults.add(&format!("{said:?}"), answer.page_faults(&[422], typed));
        if !answer.text.contains("aria-invalid=\"true\"") {
            faults.push(format!("{said:?}: the field is not marked"));
        }
    }
    faults.assert_none();
    visit.assert_untouched().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_an_entry_of_any_length_is_answered_without_being_looked_at() {
    let visit = Visit::start().await;
    let mut faults = Faults::default();
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
                faults.add(
                    &format!("{length} of {repeated}"),
                    answer.page_faults(&[status], ""),
                );
            }
        }
    }
    faults.assert_none();
    visit.assert_untouched().await;
}
