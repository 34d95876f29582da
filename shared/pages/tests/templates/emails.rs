//! What an e-mail of a practice's own wording looks like, in both forms.

use domain::text::AdditionalText;
use pages::{EmailTemplate, Reason};

use crate::samples::{HOSTILE, LINK, REFERENCE, complete, email, email_of, practice, template};

/// As HTML writes it.
fn escaped(text: &str) -> String {
    text.replace('&', "&#38;")
        .replace('<', "&#60;")
        .replace('>', "&#62;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

#[test]
fn d2_the_additional_text_stands_where_the_template_says() {
    let own = template(
        "Hallo ${name},\n<#if zusatzText?has_content>${zusatzText}</#if>\nGruß\n\n${link}\n${referenz}",
    );
    assert!(own.has_place_for_additional_text());
    let with = email(&own, 1, "Bis bald.").text;
    assert!(
        with.starts_with("Hallo Erika Mustermann,\nBis bald.\nGruß\n\n"),
        "{with}"
    );
    let without = email(&own, 1, "").text;
    assert!(
        without.starts_with("Hallo Erika Mustermann,\n\nGruß\n\n"),
        "{without}"
    );
}

#[test]
fn d2_a_place_is_one_that_no_other_value_takes_away() {
    for (body, has_place) in [
        ("x", false),
        ("${zusatzText}", true),
        ("<#if zusatzText?has_content>${zusatzText}</#if>", true),
        ("<#if zusatzText?has_content>Es gibt etwas.</#if>", false),
        (
            "<#if zusatzText?has_content><#else>${zusatzText}</#if>",
            false,
        ),
        ("<#if telefon?has_content>${zusatzText}</#if>", false),
        (
            "<#if telefon?has_content>${zusatzText}<#else>${zusatzText}</#if>",
            true,
        ),
        (
            "<#if zusatzText?has_content><#if telefon?has_content>a</#if>${zusatzText}</#if>",
            true,
        ),
    ] {
        assert_eq!(
            complete(body).has_place_for_additional_text(),
            has_place,
            "{body}"
        );
    }
}

#[test]
fn d2_a_template_may_carry_a_standard_additional_text() {
    let standard = AdditionalText::try_from("Bis bald.\r\nGruß".to_owned()).unwrap();
    let body = "${link}${referenz}<#if zusatzText?has_content>${zusatzText}</#if>";
    let own = EmailTemplate::parse("x", body, standard.clone()).unwrap();
    assert_eq!(own.standard_additional_text(), &standard);
    let without_place = EmailTemplate::parse("x", "${link}${referenz}", standard).unwrap_err();
    assert_eq!(without_place.reason, Reason::AdditionalTextUnused);
}

#[test]
fn branches_follow_the_values() {
    let own = complete(
        "<#if telefon?has_content><#if mehrere?has_content>a<#else>b</#if><#else><#if mehrere?has_content>c<#else>d</#if></#if>${anzahl}",
    );
    for (is_bare, documents, expected) in [
        (false, 2, "a2"),
        (false, 1, "b1"),
        (true, 24, "c24"),
        (true, 1, "d1"),
    ] {
        let text = email_of(&own, &practice("P", is_bare), "E", documents, "").text;
        assert!(text.starts_with(&format!("{expected}\n\n")), "{text}");
    }
}

#[test]
fn a_link_alone_on_its_line_is_a_button_and_within_a_sentence_an_anchor() {
    let mail = email(
        &template(
            "Hier geht es weiter:\n${link}\n\nOder so: ${link}, bitte.\n\n${ referenz }\n\nReferenz ${referenz}.",
        ),
        1,
        "",
    );
    let html = &mail.html;
    let button = ";text-decoration:none\">Hier geht es weiter</a></p>\n<p";
    assert!(html.contains(button), "{html}");
    let plain = format!("<a href=\"{LINK}\">{LINK}</a></p>");
    assert!(html.contains(&plain), "{html}");
    let anchor = format!(
        "Oder so: <a href=\"{LINK}\" style=\"word-break:break-all\">{LINK}</a>, bitte.</p>"
    );
    assert!(html.contains(&anchor), "{html}");
    assert_eq!(html.matches("href=").count(), 3);
    assert_eq!(html.matches("font-size:26px").count(), 1);
    assert!(
        html.contains(&format!("white-space:nowrap\">{REFERENCE}</strong>.</p>")),
        "{html}"
    );
    assert_eq!(
        mail.text,
        format!(
            "Hier geht es weiter:\n{LINK}\n\nOder so: {LINK}, bitte.\n\n{REFERENCE}\n\nReferenz {REFERENCE}."
        )
    );
    let unnamed = email(&template("${link}\n\n${referenz}"), 1, "");
    assert!(unnamed.html.contains(">Zur Download-Seite</a>"));
    assert_eq!(unnamed.text, format!("{LINK}\n\n{REFERENCE}"));
}

#[test]
fn paragraphs_and_line_breaks_are_those_of_the_template() {
    let own = complete("a\r\n b\r\n\r\n\r\n\r\n<b>c</b> & d");
    let mail = email(&own, 1, "");
    let paragraph = "<p style=\"margin:0 0 16px\">";
    for piece in [
        format!("{paragraph}a<br> b</p>\n"),
        format!("{paragraph}&#60;b&#62;c&#60;/b&#62; &#38; d</p>\n"),
    ] {
        assert!(mail.html.contains(&piece), "{}", mail.html);
    }
    assert!(
        mail.text.starts_with("a\n b\n\n<b>c</b> & d\n\n"),
        "{}",
        mail.text
    );
}

#[test]
fn hostile_values_stay_text_in_every_place() {
    let own = EmailTemplate::parse(
        "Von ${praxis}",
        "${name}:\n${link}\n\n${name}\n${zusatzText}\n\nIhre ${praxis}: ${referenz}\n\n${praxis}",
        AdditionalText::default(),
    )
    .unwrap();
    let additional = format!("${{link}}\n{HOSTILE}\n\n{LINK}:\n");
    let mail = email_of(&own, &practice(HOSTILE, true), HOSTILE, 1, &additional);
    assert_eq!(mail.subject, format!("Von {HOSTILE}"));
    assert!(
        mail.text
            .contains(&format!("\n\n{HOSTILE}\n${{link}}\n{HOSTILE}\n\n{LINK}:"))
    );
    let html = &mail.html;
    assert!(
        html.contains(&format!("<title>Von {}</title>", escaped(HOSTILE))),
        "{html}"
    );
    assert!(html.matches(&escaped(HOSTILE)).count() >= 5, "{html}");
    for forbidden in ["<script", "</p><", "onload=\"", "<#"] {
        assert!(!html.contains(forbidden), "{forbidden}: {html}");
    }
    // What only looks like the link is not one.
    assert_eq!(html.matches("href=").count(), 2, "{html}");
}

#[test]
fn no_name_stands_on_the_button() {
    let own = template("${name}\n${link}\n${name} ${referenz}");
    let mail = email_of(&own, &practice("P", true), "<b>Bank:", 1, "");
    assert!(
        mail.html.contains(">Zur Download-Seite</a>"),
        "{}",
        mail.html
    );
    assert_eq!(
        mail.html.matches(">&#60;b&#62;Bank:").count(),
        2,
        "{}",
        mail.html
    );
}

#[test]
fn the_subject_follows_the_number_and_names_the_practice() {
    let own = EmailTemplate::parse(
        " ${praxis}: <#if mehrere?has_content>${anzahl} Dokumente<#else>ein Dokument</#if> ",
        "${link}${referenz}",
        AdditionalText::default(),
    )
    .unwrap();
    assert_eq!(email(&own, 1, "").subject, "Praxis am Park: ein Dokument");
    assert_eq!(email(&own, 7, "").subject, "Praxis am Park: 7 Dokumente");
}
