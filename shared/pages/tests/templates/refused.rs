//! What is refused, with the line, the character and the reason.

use domain::text::AdditionalText;
use pages::{EmailTemplate, MessageTemplate, TemplateError};

const OPEN: &str = "<#if name?has_content>";
const SAYS_ALL: &str = "${link}${referenz}";
const SAYS_BOTH: &str = "${code} ${referenz}";

fn email(subject: &str, body: &str) -> TemplateError {
    let refused = EmailTemplate::parse(subject, body, AdditionalText::default());
    refused.expect_err(&format!("{subject:?} {body:?}"))
}

fn message(body: &str) -> TemplateError {
    MessageTemplate::parse(body).expect_err(&format!("{body:?}"))
}

fn at(error: &TemplateError) -> (usize, usize, &'static str) {
    assert!(error.sentence().ends_with(['.', ')']), "{error}");
    (error.line, error.column, error.reason.name())
}

#[test]
fn everything_else_that_looks_like_freemarker_is_refused() {
    for (body, expected) in [
        ("Hallo <#list x as y>", (1, 7, "unknown-tag")),
        ("<#assign a=1>", (1, 1, "unknown-tag")),
        ("a\nb\n  </#list>", (3, 3, "unknown-tag")),
        ("<#include \"x\">", (1, 1, "unknown-tag")),
        ("<#>", (1, 1, "unknown-tag")),
        ("Preis <#", (1, 7, "unknown-tag")),
        ("<# if name?has_content>", (1, 1, "unknown-tag")),
        ("<#ifname?has_content>", (1, 1, "unknown-tag")),
        ("<#IF name?has_content>", (1, 1, "unknown-tag")),
        (
            &format!("{OPEN}a<#elseif x>b</#if>"),
            (1, 24, "unknown-tag"),
        ),
        (&format!("{OPEN}a<#else x>b</#if>"), (1, 24, "unknown-tag")),
        (&format!("{OPEN}a<#else/>b</#if>"), (1, 24, "unknown-tag")),
        (&format!("{OPEN}a</#if name>"), (1, 24, "unknown-tag")),
        ("<#-- ${link} -->", (1, 1, "comment")),
        ("ä <@macro/>", (1, 3, "macro")),
        ("</@macro>", (1, 1, "macro")),
        ("${a.b}", (1, 1, "not-a-name")),
        ("${name.first}", (1, 1, "not-a-name")),
        ("${name!\"\"}", (1, 1, "not-a-name")),
        ("${name!}", (1, 1, "not-a-name")),
        ("${(name)!}", (1, 1, "not-a-name")),
        ("${name?html}", (1, 1, "not-a-name")),
        ("${name?upper_case}", (1, 1, "not-a-name")),
        ("${name + praxis}", (1, 1, "not-a-name")),
        ("${\"name\"}", (1, 1, "not-a-name")),
        ("${${name}}", (1, 1, "not-a-name")),
        ("x ${}", (1, 3, "not-a-name")),
        ("x ${ }", (1, 3, "not-a-name")),
        ("#{anzahl}", (1, 1, "not-a-name")),
        ("ä😀 ${name\n}", (1, 4, "unclosed")),
        ("a\r\n\r\n${name", (3, 1, "unclosed")),
        ("<#if name?has_content\n>", (1, 1, "unclosed")),
        ("<#if", (1, 1, "unclosed")),
        ("<#else", (1, 1, "unclosed")),
        ("x</#if", (1, 2, "unclosed")),
        ("<#if>", (1, 1, "condition")),
        ("<#if >", (1, 1, "condition")),
        ("<#if name>", (1, 1, "condition")),
        ("<#if name??>", (1, 1, "condition")),
        ("<#if ?has_content>", (1, 1, "condition")),
        ("<#if name ?has_content>", (1, 1, "condition")),
        ("<#if !name?has_content>", (1, 1, "condition")),
        ("<#if (name?has_content)>", (1, 1, "condition")),
        ("<#if name.x?has_content>", (1, 1, "condition")),
        ("<#if anzahl gt 1>", (1, 1, "condition")),
        ("<#if anzahl > 1>", (1, 1, "condition")),
        ("<#if a?has_content && b?has_content>", (1, 1, "condition")),
        ("Hallo ${Name}", (1, 7, "unknown-variable")),
        ("${gültigBis}", (1, 1, "unknown-variable")),
        ("<#if nmae?has_content>x</#if>", (1, 1, "unknown-variable")),
        ("a\n<#else>", (2, 1, "else-without-if")),
        ("a</#if>", (1, 2, "end-without-if")),
        (&format!("{OPEN}a</#if></#if>"), (1, 30, "end-without-if")),
        (
            &format!("{OPEN}a<#else>b\n<#else>c</#if>"),
            (2, 1, "second-else"),
        ),
        (&format!("x {OPEN}y"), (1, 3, "if-without-end")),
        (&format!("{OPEN}\n {OPEN}a</#if>"), (1, 1, "if-without-end")),
        (&format!("{OPEN}a\n {OPEN}b"), (2, 2, "if-without-end")),
        (&OPEN.repeat(6), (1, 111, "too-deep")),
        ("a\u{7}", (1, 2, "control-character")),
        ("a\rb", (1, 2, "control-character")),
        ("ab\n\u{202e}b", (2, 1, "control-character")),
        ("ab\u{2028}b", (1, 3, "control-character")),
        (&"ä".repeat(10_001), (1, 10_001, "too-long")),
    ] {
        assert_eq!(at(&email("Post", body)), expected, "{body:?}");
        // A message is of the same language.
        assert_eq!(at(&message(body)), expected, "{body:?}");
    }
}

#[test]
fn d11_an_email_says_link_and_reference_in_every_branch() {
    let branch = |then: &str, otherwise: &str| format!("{OPEN}{then}<#else>{otherwise}</#if>");
    for (body, expected, missing) in [
        (String::new(), (1, 1), "${link}"),
        ("Hallo".to_owned(), (1, 6), "${link}"),
        ("${link}\n".to_owned(), (2, 1), "${referenz}"),
        ("${referenz}".to_owned(), (1, 12), "${link}"),
        (branch(SAYS_ALL, ""), (1, 48), "${link}"),
        (branch("", SAYS_ALL), (1, 23), "${link}"),
        (branch(SAYS_ALL, "${link}"), (1, 55), "${referenz}"),
        // No <#else> at all: the branch that lacks it ends with the <#if>.
        (format!("{OPEN}\n{SAYS_ALL}\n</#if>\nx"), (3, 1), "${link}"),
        // The innermost branch is the one to be mended.
        (branch(&branch(SAYS_ALL, "x"), SAYS_ALL), (1, 71), "${link}"),
        // Neither branch of one says it, one of another does.
        (
            branch("a", "b") + &branch("a", SAYS_ALL),
            (1, 61),
            "${link}",
        ),
        // Two branches that exclude each other are not counted as one.
        (
            format!("{OPEN}{SAYS_ALL}</#if>{}", branch("", SAYS_ALL)),
            (1, 41),
            "${link}",
        ),
    ] {
        let error = email("Post", &body);
        let (line, column) = expected;
        assert_eq!(at(&error), (line, column, "variable-missing"), "{body:?}");
        assert!(error.sentence().contains(missing), "{body:?} {error}");
        assert_eq!(error.place.pointer(), "/body");
    }
    for body in [
        SAYS_ALL.to_owned(),
        branch(SAYS_ALL, SAYS_ALL),
        branch("${link}", "${link}${link}") + "${referenz}",
        branch(&branch(SAYS_ALL, SAYS_ALL), SAYS_ALL),
    ] {
        let kept = EmailTemplate::parse("Post", &body, AdditionalText::default());
        assert_eq!(kept.unwrap().body(), body);
    }
}

#[test]
fn s4_d11_an_email_does_not_know_the_code() {
    for (body, expected) in [
        ("Code: ${code}", (1, 7)),
        ("\n<#if code?has_content>x</#if>", (2, 1)),
    ] {
        let error = email("Post", &format!("{body}{SAYS_ALL}"));
        let (line, column) = expected;
        assert_eq!(at(&error), (line, column, "variable-not-allowed"));
        let expected = "An e-mail never holds the code. Take ${code} out.";
        assert_eq!(error.sentence(), expected);
    }
}

#[test]
fn d9_a_subject_is_one_line_that_says_practice_and_number() {
    for (subject, expected) in [
        ("", (1, 1, "empty")),
        ("  ", (1, 3, "empty")),
        ("<#if anzahl?has_content>x</#if>", (1, 26, "empty")),
        ("a\nb", (1, 2, "second-line")),
        ("a\r\nBcc: b@example.org", (1, 2, "second-line")),
        ("a\rb", (1, 2, "control-character")),
        (&"x".repeat(121), (1, 121, "too-long")),
        ("Für ${name}", (1, 5, "variable-not-allowed")),
        ("${referenz}", (1, 1, "variable-not-allowed")),
        ("${link}", (1, 1, "variable-not-allowed")),
        ("${code}", (1, 1, "variable-not-allowed")),
        ("${zusatzText}", (1, 1, "variable-not-allowed")),
        ("${telefon}", (1, 1, "variable-not-allowed")),
        ("${mehrere}", (1, 1, "variable-not-allowed")),
        (
            "x<#if name?has_content>y</#if>",
            (1, 2, "variable-not-allowed"),
        ),
        ("Ihre Rechnung", (1, 6, "tells-kind")),
        ("Post: Privatrechnungen", (1, 7, "tells-kind")),
        ("Folgerezept von ${praxis}", (1, 1, "tells-kind")),
        ("Your new invoice", (1, 10, "tells-kind")),
        ("${praxis}: receipt", (1, 12, "tells-kind")),
    ] {
        let error = email(subject, SAYS_ALL);
        assert_eq!(at(&error), expected, "{subject:?}");
        assert_eq!(error.place.pointer(), "/subject", "{subject:?}");
    }
    for subject in [
        "${praxis}: ${anzahl}",
        "<#if mehrere?has_content>${anzahl} Dokumente<#else>Post</#if>",
        "Bitte an der Rezeption melden",
        "Please note",
        &"ä".repeat(120),
    ] {
        let kept = EmailTemplate::parse(subject, SAYS_ALL, AdditionalText::default());
        assert_eq!(kept.unwrap().subject(), subject);
    }
}

#[test]
fn d11_a_message_says_reference_and_code_exactly_once() {
    let either = |then: &str, otherwise: &str| {
        format!("<#if telefon?has_content>{then}<#else>{otherwise}</#if>")
    };
    for (body, expected) in [
        (String::new(), (1, 1, "variable-missing")),
        ("${referenz}".to_owned(), (1, 12, "variable-missing")),
        ("${code}".to_owned(), (1, 8, "variable-missing")),
        (
            format!("{SAYS_BOTH}\n${{code}}"),
            (2, 1, "variable-repeated"),
        ),
        (
            format!("{SAYS_BOTH}${{referenz}}"),
            (1, 20, "variable-repeated"),
        ),
        (either(SAYS_BOTH, "${code}"), (1, 59, "variable-missing")),
        (
            either(SAYS_BOTH, SAYS_BOTH) + "${code}",
            (1, 77, "variable-repeated"),
        ),
        (
            either("${code}", "") + SAYS_BOTH,
            (1, 46, "variable-repeated"),
        ),
        (
            format!("{SAYS_BOTH}{}", either("a", "${code}")),
            (1, 53, "variable-repeated"),
        ),
        ("${link}".to_owned(), (1, 1, "variable-not-allowed")),
        ("${zusatzText}".to_owned(), (1, 1, "variable-not-allowed")),
        ("${praxisEmail}".to_owned(), (1, 1, "variable-not-allowed")),
        (
            "<#if zusatzText?has_content>x</#if>".to_owned(),
            (1, 1, "variable-not-allowed"),
        ),
        (format!("Rechnung {SAYS_BOTH}"), (1, 1, "tells-kind")),
        (format!("{SAYS_BOTH} 😀"), (1, 21, "not-in-alphabet")),
        (format!("ø {SAYS_BOTH}\n日本"), (2, 1, "not-in-alphabet")),
    ] {
        assert_eq!(at(&message(&body)), expected, "{body:?}");
    }
    for body in [
        SAYS_BOTH.to_owned(),
        either(SAYS_BOTH, SAYS_BOTH),
        either("${code}", "Code ${code}") + " ${referenz}",
        // What the alphabet has another character for, and a letter written as two.
        format!("„Code“ – ko\u{308}nnte {SAYS_BOTH}…"),
    ] {
        assert_eq!(MessageTemplate::parse(&body).unwrap().body(), body);
    }
}

#[test]
fn d11_a_message_holds_no_address_of_a_web_page() {
    for (text, column) in [
        ("www.example.org", 1),
        ("siehe www.example.org", 7),
        ("example.org/x", 1),
        ("https://example.org", 1),
        ("Mehr: http://localhost/x", 7),
        ("//example", 1),
        ("(Example.ORG)", 1),
        ("praxis@example.org", 1),
        ("xn--mnchen-3ya.xn--p1ai", 1),
        ("1.example.de", 1),
        ("192.168.0.1", 1),
        ("praxis.köln", 1),
        ("praxis.ko\u{308}ln", 1),
        ("praxis.o\u{308}l", 1),
        ("x.y.de", 1),
        ("example．org", 1),
        ("example․org", 1),
        ("bit.ly/x", 1),
        ("${praxis}.de", 10),
        ("praxis.${praxis}", 8),
        // Put together from branches, or where a value is missing.
        ("exam<#if telefon?has_content>ple.<#else>, </#if>org", 49),
        ("<#if telefon?has_content>x<#else>example.</#if>de", 48),
        ("example.${telefon}org", 19),
        ("https:/<#if telefon?has_content>/</#if>x", 33),
        ("Uhr.Bitte", 1),
    ] {
        let error = message(&format!("{text}\n{SAYS_BOTH}"));
        assert_eq!(at(&error), (1, column, "web-address"), "{text}");
    }
    for text in [
        "z.B. am 26.11.2026, 14.30 Uhr, d.h. bald.",
        "Tel.0441 234567, Str.12, Nr. 3.",
        "Und/oder. Ja...nein. A.B.",
        "${praxis}. Tel. ${telefon}.",
        "1.2.3 und 0441.23.45.67",
        "100.000,00 / 2",
    ] {
        assert!(
            MessageTemplate::parse(&format!("{text}\n{SAYS_BOTH}")).is_ok(),
            "{text}"
        );
    }
}

#[test]
fn d11_a_message_fits_one_segment_with_the_longest_values() {
    // 160 less the practice's 40, the reference's 9, the code's 7 and three blanks.
    let body = |text: &str| format!("${{praxis}} {text} {SAYS_BOTH}");
    for (text, fits) in [
        ("x".repeat(101), true),
        ("x".repeat(102), false),
        ("€".repeat(50), true),
        ("€".repeat(51), false),
        ("…".repeat(34), false),
        (
            format!("<#if telefon?has_content>{}<#else>y</#if>", "x".repeat(101)),
            true,
        ),
        (
            format!("<#if telefon?has_content>{}<#else>y</#if>", "x".repeat(102)),
            false,
        ),
    ] {
        let parsed = MessageTemplate::parse(&body(&text));
        assert_eq!(parsed.is_ok(), fits, "{text}");
        if let Err(error) = parsed {
            assert_eq!(at(&error), (1, 1, "message-too-long"), "{text}");
        }
    }
    // Names and numbers that are to be expected.
    for (variable, longest) in [("name", 40), ("telefon", 20), ("anzahl", 2), ("mehrere", 2)] {
        let with = |more: usize| {
            format!(
                "{}${{{variable}}}{SAYS_BOTH}",
                "x".repeat(143 - longest + more)
            )
        };
        assert!(MessageTemplate::parse(&with(0)).is_ok(), "{variable}");
        assert!(MessageTemplate::parse(&with(1)).is_err(), "{variable}");
    }
    let error = message(&body(&"x".repeat(102)));
    assert_eq!(
        error.to_string(),
        "Line 1, character 1: With the longest names the message takes 161 characters, and one text message has 160. Some count twice, such as the euro sign."
    );
}
