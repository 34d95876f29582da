//! What a message of a practice's own wording looks like, to the character.

use domain::gsm7;
use pages::MessageTemplate;

use crate::samples::{CODE, HOSTILE, REFERENCE, message, practice};

fn sent(body: &str, is_bare: bool) -> String {
    message(body, &practice("P", is_bare), "Erika Mustermann").unwrap()
}

#[test]
fn lines_of_nothing_but_tags_are_not_said() {
    for (body, with, without) in [
        (
            "a\n<#if telefon?has_content>\nTel. ${telefon}\n</#if>\nb\n${code} ${referenz}",
            "a\nTel. 0441 234567\nb\nC R",
            "a\nb\nC R",
        ),
        (
            "a\n  <#if telefon?has_content>  \n  b\n  <#else>\t\n  c\n  </#if>  \n${code} ${referenz}",
            "a\n  b\nC R",
            "a\n  c\nC R",
        ),
        (
            "<#if telefon?has_content><#if mehrere?has_content>\na\n</#if><#else>\nb\n</#if>\n${code} ${referenz}",
            "C R",
            "b\nC R",
        ),
        // A line with anything else on it keeps its break.
        (
            "a<#if telefon?has_content>\nb</#if>\n${code} ${referenz}",
            "a\nb\nC R",
            "a\nC R",
        ),
        (
            "<#if telefon?has_content>${telefon}</#if>\nb ${code} ${referenz}",
            "0441 234567\nb C R",
            "b C R",
        ),
        // Blanks between two tags are said, so theirs is no line of tags alone.
        (
            "a\n<#if telefon?has_content> </#if>\nb ${code} ${referenz}",
            "a\n \nb C R",
            "a\n\nb C R",
        ),
        (
            "${code} ${referenz}\n<#if telefon?has_content>\na\n</#if>",
            "C R\na",
            "C R",
        ),
    ] {
        let filled = |text: &str| text.replace('C', CODE).replace('R', REFERENCE);
        assert_eq!(sent(body, false), filled(with), "{body:?}");
        assert_eq!(sent(body, true), filled(without), "{body:?}");
    }
}

#[test]
fn blanks_within_a_tag_do_not_matter() {
    let body = "${ code } ${\treferenz }<#if  telefon?has_content >!</#if ><#if mehrere?has_content><#else >?</#if>";
    assert_eq!(sent(body, false), format!("{CODE} {REFERENCE}!?"));
}

#[test]
fn what_only_looks_like_a_tag_is_said() {
    let body = "5 $ < 6 # } > {name} $ {name} <3 </b> <if> # ${code} ${referenz}";
    let expected = format!("5 $ < 6 # }} > {{name}} $ {{name}} <3 </b> <if> # {CODE} {REFERENCE}");
    assert_eq!(sent(body, true), expected);
}

#[test]
fn everything_is_folded_into_the_alphabet_of_text_messages() {
    let folded = message(
        "„${praxis}“ – ${name}…\n${code}\n${referenz}",
        &practice("Łódź Praxis", true),
        "Ağca 日本",
    );
    let expected = format!("\"Lodz Praxis\" - Agca ??...\n{CODE}\n{REFERENCE}");
    assert_eq!(folded.unwrap().replace('ó', "o"), expected);
}

#[test]
fn d11_what_does_not_fit_one_segment_is_refused_when_it_is_rendered() {
    let body = "${praxis}\n${name}\n${code} ${referenz}";
    let fits = |practice_name: &str, name: &str| {
        let text = message(body, &practice(practice_name, true), name);
        if let Some(text) = &text {
            assert!(gsm7::septets(text).unwrap() <= gsm7::SEGMENT, "{text}");
        }
        text.is_some()
    };
    let practice_name = "P".repeat(40);
    assert!(fits(&practice_name, &"x".repeat(160 - 40 - 17 - 2)));
    assert!(!fits(&practice_name, &"x".repeat(160 - 40 - 17 - 1)));
    // The practice's name is cut, as D9 has it; a person's is not.
    assert!(fits(&"P".repeat(300), "Erika"));
    assert!(!fits("P", &"€".repeat(80)));
}

#[test]
fn hostile_values_are_not_read_as_templates() {
    let name = &HOSTILE[..80];
    let text = message("${name} ${code} ${referenz}", &practice("P", true), name).unwrap();
    assert!(text.starts_with(&format!("{name} {CODE}")), "{text}");
    assert_eq!(text.matches(CODE).count(), 1);
}

#[test]
fn a_message_with_room_binds_its_code_to_the_host() {
    let template = MessageTemplate::parse("${code} ${referenz}").unwrap();
    let practice = practice("P", true);
    let render = |host: &str| {
        template
            .render(&pages::DeliveryMessage {
                language: domain::language::Language::German,
                practice: &practice,
                name: "E",
                documents: 1,
                code: &crate::samples::code(),
                reference: &crate::samples::reference(),
                reachable_until: crate::samples::reachable_until(),
                host,
            })
            .unwrap()
    };
    assert_eq!(
        render("h.example"),
        format!("{CODE} {REFERENCE}\n@h.example #BCDFGH")
    );
    assert_eq!(render(&"h".repeat(200)), format!("{CODE} {REFERENCE}"));
}
