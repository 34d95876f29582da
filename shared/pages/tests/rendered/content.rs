//! What the pages say, held against the wording.

use domain::delivery::CloseReason;
use domain::document::Kind;
use domain::language::Language;
use domain::practice::{Channel, PublicPractice};
use jiff::civil::date;
use pages::{ClosedPage, DocumentsNote, EntryNote, closed_page, file_name};

use crate::html::seen;
use crate::samples::{self, HOSTILE, PATH, bare_practice, document, frame, practice, until};

#[test]
fn the_code_page_says_what_the_wording_says() {
    let practice = practice();
    let page = |channel, note| {
        seen(&samples::code(&frame(Language::German, &practice), channel, note).html)
    };
    let first = page(Channel::Sms, None);
    for sentence in [
        "Dokument abholen",
        "Praxis am Park hat ein Dokument für Sie bereitgelegt.",
        "Referenz K7M3-QXPB Steht diese Referenz auch in Ihrer E-Mail? Dann sind Sie hier richtig. Wenn nicht, geben Sie bitte keinen Code ein.",
        "Er steht in der SMS. 6 Zeichen. Groß- und Kleinschreibung und Bindestrich sind egal.",
        "Weiter zum Dokument",
        "Die Download-Seite ist bis Donnerstag, 26. November 2026, 14:30 Uhr erreichbar.",
    ] {
        assert!(first.contains(sentence), "{sentence}: {first}");
    }
    assert!(page(Channel::Spoken, None).contains("Sie haben ihn von der Praxis bekommen."));
    for (note, sentence) in [
        (
            EntryNote::Wrong {
                until: until(),
                after_request: false,
            },
            "Dieser Code stimmt nicht. Bitte vergleichen Sie ihn Zeichen für Zeichen. Beim Code muss dieselbe Referenz stehen. Sie haben bis Donnerstag, 26. November 2026, 14:30 Uhr Zeit. Danach gilt der Code nicht mehr.",
        ),
        (
            EntryNote::Wait { seconds: 61 },
            "Bitte warten Sie 2 Minuten. Dann können Sie es noch einmal versuchen.",
        ),
        (
            EntryNote::Reloaded { seconds: 30 },
            "Die Seite wurde sehr oft neu geladen. Bitte warten Sie 30 Sekunden. Dann können Sie es noch einmal versuchen.",
        ),
        (
            EntryNote::NotACode { again: true },
            "Bitte geben Sie einen Code im Format XXX-XXX oder ohne Bindestrich ein. Wird die Seite gerade übersetzt? Bitte schalten Sie die Übersetzung aus und laden Sie die Seite neu. Seite neu laden",
        ),
        (
            EntryNote::FormExpired,
            "Sitzung ungültig oder abgelaufen! Bitte die Webseite neu laden und noch einmal probieren! Geben Sie dann den Code noch einmal ein.",
        ),
    ] {
        let words = page(Channel::Sms, Some(note));
        assert!(words.contains(sentence), "{sentence}: {words}");
    }
}

#[test]
fn what_is_wrong_is_announced() {
    let practice = practice();
    for note in samples::notes(until()) {
        let page = samples::code(
            &frame(Language::German, &practice),
            Channel::Sms,
            Some(note),
        )
        .html;
        let title = page
            .split_once("<title>")
            .unwrap()
            .1
            .split_once("</title>")
            .unwrap()
            .0;
        let (expected, role, invalid) = match note {
            EntryNote::Empty
            | EntryNote::NotACode { .. }
            | EntryNote::ForeignSymbol
            | EntryNote::ReferenceTyped
            | EntryNote::Wrong { .. } => ("Fehler: Dokument abholen", "alert", true),
            EntryNote::FormExpired
            | EntryNote::CodeTooEarly { .. }
            | EntryNote::NoMoreCodes
            | EntryNote::CannotSendCode => ("Fehler: Dokument abholen", "alert", false),
            EntryNote::Wait { .. } | EntryNote::Reloaded { .. } => {
                ("Bitte warten: Dokument abholen", "alert", false)
            }
            EntryNote::SessionEnded
            | EntryNote::Done { .. }
            | EntryNote::CodeSent { .. }
            | EntryNote::CodeFateUnknown { .. } => ("Dokument abholen", "status", false),
        };
        assert_eq!(title, expected, "{note:?}");
        assert!(
            page.contains(&format!("id=\"note\" role=\"{role}\"")),
            "{note:?}"
        );
        assert_eq!(page.contains("aria-invalid=\"true\""), invalid, "{note:?}");
        let described = page.contains("aria-describedby=\"note hint\"");
        assert_eq!(described, role == "alert", "{note:?}");
    }
}

#[test]
fn every_close_reason_has_its_own_sentence_and_remedy() {
    let practice = practice();
    for language in Language::ALL {
        let mut pages: Vec<String> = Vec::new();
        for reason in samples::REASONS {
            let words =
                seen(&closed_page(&frame(language, &practice), &samples::closed(reason)).html);
            assert!(words.contains("0441 234567") && words.contains("praxis@example.org"));
            assert!(!pages.contains(&words), "{reason:?}");
            pages.push(words);
        }
    }
    let expired = samples::closed(CloseReason::Expired);
    let words = seen(&closed_page(&frame(Language::English, &practice), &expired).html);
    assert!(words.contains("This page is closed The documents were available until Thursday 26 November 2026, 2:30 pm. That time is over. The practice can send you a new e-mail. Please call or write to them. Praxis am Park Phone 0441 234567 E-mail praxis@example.org"), "{words}");
    let superseded = samples::closed(CloseReason::Superseded);
    let words = seen(&closed_page(&frame(Language::German, &practice), &superseded).html);
    assert!(words.contains("und den neuen Code. Sie haben keine bekommen? Die Praxis kann Ihnen eine neue E-Mail schicken."), "{words}");
}

#[test]
fn l6_a_page_that_a_new_code_opens_again_offers_it() {
    let practice = practice();
    let page = ClosedPage {
        self_service: Some(samples::button(false)),
        ..samples::closed(CloseReason::Used)
    };
    let words = seen(&closed_page(&frame(Language::German, &practice), &page).html);
    assert!(words.contains("Sie brauchen einen neuen Code Nach der ersten Eingabe des Codes war die Seite 3 Tage offen. Diese Zeit ist um. Hier können Sie ihn anfordern. Sie können noch 3-mal einen Code anfordern. Es gilt immer nur der letzte. Code per SMS anfordern"), "{words}");
    assert!(!words.contains("eine neue E-Mail"), "one remedy: {words}");
}

#[test]
fn l7_the_question_says_what_a_yes_does_and_how_to_get_back() {
    let practice = practice();
    let page = samples::not_mine(Language::German, &practice, false).html;
    let words = seen(&page);
    assert!(words.contains("Diese E-Mail war nicht für mich Die Seite wird dann für alle geschlossen, und die Praxis erfährt davon. Ja, schließen Zurück"), "{words}");
    assert!(page.contains(&format!("action=\"{PATH}/not-mine?lang=de\"")));
    assert!(page.contains(&format!("class=\"button quiet\" href=\"{PATH}?lang=de\"")));
    let again = samples::not_mine(Language::German, &practice, true).html;
    assert!(seen(&again).contains("Sitzung ungültig oder abgelaufen! Bitte die Webseite neu laden und noch einmal probieren! Seite neu laden Die Seite wird dann"));
    assert!(again.contains("<title>Fehler: Diese E-Mail war nicht für mich</title>"));
}

#[test]
fn nobody_is_asked_to_call_where_there_is_no_number() {
    let remedy = |practice: &PublicPractice| {
        let page = samples::closed(CloseReason::NotSent);
        seen(&closed_page(&frame(Language::German, practice), &page).html)
    };
    let bare = bare_practice("P");
    assert!(remedy(&bare).contains("Bitte wenden Sie sich an die Praxis."));
    let phone = PublicPractice {
        phone: practice().phone,
        ..bare.clone()
    };
    assert!(remedy(&phone).contains("Bitte rufen Sie dort an. P Telefon 0441 234567"));
    let email = PublicPractice {
        email: practice().email,
        ..bare
    };
    assert!(remedy(&email).contains("Bitte schreiben Sie dorthin. P E-Mail praxis@example.org"));
}

#[test]
fn the_list_shows_kind_number_day_and_size() {
    let practice = practice();
    let page = |language| {
        let sent = &samples::sent()[..1];
        samples::documents(&frame(language, &practice), sent, &samples::offered(), None)
    };
    let german = page(Language::German);
    let words = seen(&german.html);
    assert!(words.contains("Zum Herunterladen bis Donnerstag, 26. November 2026, 14:30 Uhr. Rechnung 2026-0815 20. November 2026 · PDF · 240 KB Herunterladen Weitere Rechnungen und Quittungen"), "{words}");
    assert!(
        words.contains("28. September 2026 · PDF · 5,2 MB"),
        "{words}"
    );
    for piece in [
        "aria-label=\"Rechnung 2026-0815 herunterladen\"",
        &format!("href=\"{PATH}/documents/20261120-aaaaaaaaaaaaaaaaaaaaaaaaa?lang=de\""),
        &format!("action=\"{PATH}/done?lang=de\""),
    ] {
        assert!(german.html.contains(piece), "{piece}");
    }
    let words = seen(&page(Language::English).html);
    assert!(
        words.contains("Receipt 2026-0688 28 September 2026 · PDF · 5.2 MB Download"),
        "{words}"
    );
    let gone = samples::documents(
        &frame(Language::German, &practice),
        &[],
        &[],
        Some(DocumentsNote::Gone),
    );
    assert!(seen(&gone.html).contains("Dieses Dokument ist nicht mehr verfügbar."));
}

#[test]
fn files_are_named_by_kind_and_number_in_safe_characters() {
    let named = |kind, number: &str, language| {
        file_name(&document(kind, number, date(2026, 1, 1), 1), language)
    };
    for (kind, number, language, expected) in [
        (
            Kind::Invoice,
            "2026-0815",
            Language::German,
            "Rechnung-2026-0815.pdf",
        ),
        (
            Kind::Appointment,
            "T/2026/7",
            Language::English,
            "Appointment-notes-T-2026-7.pdf",
        ),
        (
            Kind::Receipt,
            "Größe 7",
            Language::GermanInformal,
            "Quittung-Groesse-7.pdf",
        ),
        (
            Kind::Note,
            "../../etc/passwd",
            Language::German,
            "Notiz-etc-passwd.pdf",
        ),
        (
            Kind::Note,
            "\";filename=x.exe",
            Language::German,
            "Notiz-filename-x-exe.pdf",
        ),
        (Kind::Prescription, "診療", Language::German, "Rezept.pdf"),
    ] {
        assert_eq!(named(kind, number, language), expected);
    }
    let longest = named(Kind::Appointment, &"ß".repeat(200), Language::German);
    assert!(longest.len() < 100, "{longest}");
    let hostile = named(Kind::Invoice, HOSTILE, Language::German);
    assert!(
        hostile
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)),
        "{hostile}"
    );
}
