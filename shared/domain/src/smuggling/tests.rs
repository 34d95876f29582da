//! D1: every way of hiding is found, and business texts raise no false alarm.

use std::fmt::Write as _;

use super::*;

mod business;
mod draw;
mod hiding;
mod languages;
mod limits;
mod shapes;

const CODE: &str = "K7M-BCT";

fn code(shown: &str) -> Code {
    let symbols = shown.replace('-', "").into_bytes();
    Code::from_symbols(symbols.try_into().unwrap()).unwrap()
}

fn holds(text: &str) -> bool {
    d1_holds_code(text, &code(CODE))
}

#[test]
fn d1_half_a_code_is_no_code() {
    for text in [
        "Rechnung K7M 2026",
        "BCT GmbH, Rechnung K7M2 über 120,00 Euro",
        "K7M, K7M und nochmals K7M",
        "Der Code hat die Form XXX-XXX.",
        "K7M und BC",
        "K7 M und CB T",
        "",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn d1_equal_halves_must_both_stand() {
    let twice = code("K7M-K7M");
    for text in ["K7M", "K 7 M", "K7M\n\nGuten Tag"] {
        assert!(!d1_holds_code(text, &twice), "{text}");
    }
    for text in ["erst K7M, dann K7M", "K7M-K7M", "K 7 M oder auch K-7-M"] {
        assert!(d1_holds_code(text, &twice), "{text}");
    }
}

#[test]
fn d1_split_halves_belong_to_one_paragraph() {
    assert!(holds("BC T und\nK 7M"));
    assert!(!holds("BC T und\n \t\r\nK 7M"));
    assert!(holds("BCT und\n\nK7M"));
    assert!(holds("BCT|K7M"));
    assert!(holds("BCT<br/>K7M"));
}

#[test]
fn d1_a_piece_may_be_said_again_and_again() {
    assert!(holds("K. 7, 7, 7, 7, 7 sagte ich. M, dann B, C und T"));
    assert!(!holds("K, dann 4, 5, 6, dann 7, M, B, C und T"));
}

#[test]
fn d1_a_sharp_s_is_read_as_one_s_and_as_two() {
    let code = code("SSB-CDF");
    for text in ["ßSBCDF", "ßBCDF", "ßßBCDF", "SSBCDF"] {
        assert!(d1_holds_code(text, &code), "{text}");
    }
}

#[test]
fn d1_at_most_one_foreign_piece_stands_between() {
    assert!(holds("K, dann 2, dann 7, dann 3, dann M, B, 4, C und T"));
    assert!(!holds("K, dann 2, dann 2, dann 7, dann M, dann B, C und T"));
}

#[test]
fn d1_words_of_all_tables_are_known() {
    for words in [
        "2 zwo",
        "3 tree",
        "4 fower",
        "5 fife",
        "5 fuenf",
        "9 niner",
        "B Bertha",
        "C Caesar",
        "C Charlotte",
        "C Cottbus",
        "D David",
        "D Daniel",
        "G Görlitz",
        "H Hannover",
        "J Jakob",
        "J Juliet",
        "K Konrad",
        "K Kaiser",
        "L Leopold",
        "M Marta",
        "M Marie",
        "N Nathan",
        "N Niklaus",
        "P Peter",
        "P Paul",
        "Q Quasi",
        "R Rosa",
        "S Siegfried",
        "S Sophie",
        "S Schule",
        "S Stuttgart",
        "T Tuebingen",
        "V Victor",
        "V Vogtland",
        "W Whisky",
        "W double u",
        "X Xaver",
        "X Xray",
        "Z Zeppelin",
        "Z Zürich",
    ] {
        let (symbol, word) = words.split_once(' ').unwrap();
        let first = code(&format!("{symbol}7M-BCT"));
        assert!(
            d1_holds_code(&format!("{word}, 7 M B C T"), &first),
            "{word}"
        );
        let second = code(&format!("TK{symbol}-BCT"));
        assert!(d1_holds_code(&format!("TK{word}BCT"), &second), "{word}");
    }
    for names in [
        "2 II", "4 iv", "8 VIII", "9 Ⅸ", "B bee", "C see", "D dee", "F Eff", "G gee", "H aitch",
        "J jay", "K kay", "Q cue", "R ar", "S ess", "T tee", "V vee", "X ex", "Z zee", "Z Zett",
    ] {
        let (symbol, name) = names.split_once(' ').unwrap();
        let first = code(&format!("{symbol}7M-BCT"));
        assert!(
            d1_holds_code(&format!("{name} seven em Be tse Te"), &first),
            "{name}"
        );
    }
}

#[test]
fn d1_every_part_of_a_mail_is_searched() {
    let token = draw::Draw::new(3).token();
    let clean = FinishedMail {
        subject: "Ihre Dokumente",
        text: "Guten Tag",
        html: "<p>Guten Tag</p>",
        from_name: "Praxis am Park",
        reply_to: Some("praxis@praxis.example"),
        attachment_names: &["Rechnung.pdf"],
        token: &token,
    };
    let mails = [
        FinishedMail {
            subject: "Ihr Code K7M-BCT",
            ..clean
        },
        FinishedMail {
            text: "k7mbct",
            ..clean
        },
        FinishedMail {
            html: "<p>K<b>7</b>M&#66;&Copf;T</p>",
            ..clean
        },
        FinishedMail {
            html: "<p title='K7M-BCT'>Guten Tag</p>",
            ..clean
        },
        FinishedMail {
            html: "<p>Guten Tag<!-- K7M > BCT --></p>",
            ..clean
        },
        FinishedMail {
            html: "<td>BCT</td><td>K7M</td>",
            ..clean
        },
        FinishedMail {
            html: "<p>BCT<br>K7M</p>",
            ..clean
        },
        FinishedMail {
            html: "<p title=\"K7M-BCT",
            ..clean
        },
        FinishedMail {
            from_name: "K7MBCT",
            ..clean
        },
        FinishedMail {
            reply_to: Some("k7mbct@praxis.example"),
            ..clean
        },
        FinishedMail {
            attachment_names: &["Rechnung.pdf", "K7M_BCT.pdf"],
            ..clean
        },
        FinishedMail {
            subject: "Anfang: K7M",
            text: "Ende: BCT",
            ..clean
        },
    ];
    assert!(!d1_mail_holds_code(&clean, &code(CODE)));
    for (number, mail) in mails.iter().enumerate() {
        assert!(d1_mail_holds_code(mail, &code(CODE)), "{number}");
    }
}

#[test]
fn d1_the_own_token_is_no_code_and_hides_none() {
    let mut draw = draw::Draw::new(4);
    for _ in 0..100 {
        let token = draw.token();
        let shown = token.expose();
        let link = format!("https://zweiweg.example/d/{shown}");
        let html = format!("<p>{link}</p><a href=\"{link}\">Öffnen</a>");
        let mut mail = FinishedMail {
            subject: "",
            text: &link,
            html: &html,
            from_name: "",
            reply_to: None,
            attachment_names: &[],
            token: &token,
        };
        let inside = code(&shown[11..17]);
        assert!(!d1_mail_holds_code(&mail, &inside), "{shown}");
        let around = format!("{} {link} {}", &inside.shown()[..3], &inside.shown()[4..]);
        mail.text = &around;
        assert!(d1_mail_holds_code(&mail, &inside), "{shown}");
    }
}

#[test]
fn s4_a_mail_does_not_print() {
    let token = draw::Draw::new(5).token();
    let letter = business::Letter::drawn(&mut draw::Draw::new(5));
    let mut printed = String::new();
    write!(printed, "{:?}", letter.mail()).unwrap();
    assert!(!printed.contains(token.expose()) && printed.len() < 30);
}
