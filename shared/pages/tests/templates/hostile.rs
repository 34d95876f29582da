//! Inputs that nobody would write: nothing panics, nothing takes long, what is taken is kept as it is and rendered whole.

use std::time::{Duration, Instant};

use domain::gsm7;
use domain::text::AdditionalText;
use pages::{EmailTemplate, MessageTemplate, TemplateError};

use crate::samples::{HOSTILE, LINK, REFERENCE, email_of, message, practice};

/// What templates are made of, whole and in pieces.
const PIECES: [&str; 48] = [
    "${",
    "}",
    "$",
    "{",
    "#{",
    "<#",
    "</#",
    "<#if ",
    "?has_content",
    ">",
    "<#else>",
    "</#if>",
    "<@",
    "<#--",
    "<#list x as y>",
    "${name}",
    "${link}",
    "${referenz}",
    "${code}",
    "${zusatzText}",
    "${praxis}",
    "<#if name?has_content>",
    "<#if telefon?has_content>",
    "<#if zusatzText?has_content>",
    "<#if mehrere?has_content>",
    "name",
    "link",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\0",
    "ä",
    "o\u{308}",
    "😀",
    "\u{202e}",
    "\u{200b}",
    "日本",
    "example.org",
    ".",
    "//",
    "1.2.3.4",
    "a",
    "Rechnung",
    "https:",
    "<b>",
    "&amp;",
];

/// Numbers without pattern, the same in every run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn pieces(&mut self, most: usize) -> String {
        (0..self.below(most))
            .map(|_| PIECES[self.below(PIECES.len())])
            .collect()
    }

    /// A template that is well-formed, and often all that an e-mail or a message must be.
    fn template(&mut self, depth: usize) -> String {
        let mut text = String::new();
        for _ in 0..self.below(4) {
            match self.below(6) {
                0 if depth < 5 => {
                    let variable = ["name", "telefon", "mehrere"][self.below(3)];
                    let then = self.template(depth + 1);
                    let otherwise = self.template(depth + 1);
                    text =
                        format!("{text}<#if {variable}?has_content>{then}<#else>{otherwise}</#if>");
                }
                1 => text += "${name}",
                2 => text += "${telefon}",
                3 => text += "\n",
                4 => text += "ä. ",
                _ => text += " <b>",
            }
        }
        text
    }
}

/// The place of an error is a place in the source.
fn assert_within(source: &str, error: &TemplateError) {
    let source = source.replace("\r\n", "\n");
    let line = source.split('\n').nth(error.line - 1);
    let length = line.map(|line| line.chars().count());
    assert!(
        length.is_some_and(|length| error.column <= length + 1),
        "{source:?} {error:?}"
    );
}

fn check_email(body: &str) -> bool {
    match EmailTemplate::parse("x", body, AdditionalText::default()) {
        Err(error) => {
            assert_within(body, &error);
            false
        }
        Ok(template) => {
            let again = EmailTemplate::parse("x", template.body(), AdditionalText::default());
            assert_eq!(again.as_ref(), Ok(&template), "{body:?}");
            for is_bare in [false, true] {
                let mail = email_of(&template, &practice("P", is_bare), HOSTILE, 1, HOSTILE);
                for form in [&mail.text, &mail.html] {
                    assert!(form.contains(LINK) && form.contains(REFERENCE), "{body:?}");
                }
                assert!(!mail.html.contains("<script"), "{body:?}");
            }
            true
        }
    }
}

fn check_message(body: &str) -> bool {
    match MessageTemplate::parse(body) {
        Err(error) => {
            assert_within(body, &error);
            false
        }
        Ok(template) => {
            assert_eq!(
                MessageTemplate::parse(template.body()).as_ref(),
                Ok(&template)
            );
            for is_bare in [false, true] {
                let text = message(body, &practice("P", is_bare), "Erika").unwrap();
                assert!(gsm7::septets(&text).unwrap() <= gsm7::SEGMENT, "{body:?}");
                assert_eq!(text.matches("BCD-FGH").count(), 1, "{body:?}");
                assert_eq!(text.matches(REFERENCE).count(), 1, "{body:?}");
            }
            true
        }
    }
}

#[test]
fn a_hundred_thousand_random_texts_never_panic() {
    let mut numbers = Numbers(0x5eed_2026);
    for _ in 0..100_000 {
        let text = numbers.pieces(24);
        check_email(&text);
        check_message(&text);
        if let Err(error) = EmailTemplate::parse(&text, "", AdditionalText::default()) {
            assert_within(&text, &error);
        }
    }
}

#[test]
fn well_formed_templates_are_kept_as_they_are_and_rendered_whole() {
    let mut numbers = Numbers(0x7e57_2026);
    let (mut emails, mut messages) = (0, 0);
    for _ in 0..20_000 {
        let text = numbers.template(0);
        emails += usize::from(check_email(&format!(
            "{text}\n${{link}} {text} ${{referenz}}"
        )));
        messages += usize::from(check_message(&format!("{text} ${{code}}\n${{referenz}}")));
    }
    assert!(emails == 20_000 && messages > 15_000, "{emails} {messages}");
}

#[test]
fn the_largest_and_most_crooked_templates_are_judged_at_once() {
    let filled = |piece: &str| piece.repeat(10_000 / piece.chars().count());
    let nested = "<#if name?has_content>".repeat(5) + "a" + &"</#if>".repeat(5);
    let started = Instant::now();
    let mut judged = 0;
    for piece in PIECES.into_iter().chain([
        nested.as_str(),
        "<#if name?has_content>a<#else>b</#if>",
        "<#if telefon?has_content>a.<#else>b</#if>",
        "<#if telefon?has_content>1.</#if>",
        "\n<#if name?has_content>\n</#if>\n",
        "${name}${telefon}",
        "${name",
        "<#if name",
        "a.",
        "x ",
    ]) {
        for end in ["", "${link}${referenz}", "${code}${referenz}"] {
            let text = filled(piece);
            let room = 10_000 - end.len();
            let text: String = text.chars().take(room).collect();
            check_email(&format!("{text}{end}"));
            check_message(&format!("{text}{end}"));
            judged += 2;
        }
    }
    // Unoptimised and on a busy machine; what grew with the square of the length would take minutes.
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{judged} took {:?}",
        started.elapsed()
    );
}
