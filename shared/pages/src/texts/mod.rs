//! What people read: one file per language, checked by the compiler.
//!
//! A language's file is one `Texts` value.
//! A key that is missing or unknown there does not compile, and neither does a key that no page uses.
//! A key's placeholders are its arguments here; a test holds every language to exactly these.
//! To add a language, write its file and name it in `domain::language::Language`; the compiler then points at the two lines to add below.
#![deny(dead_code)]

mod de;
mod de_x_informal;
mod en;

use std::fmt::Display;

use domain::language::Language;

/// Defines `Texts`: for every key a field that the language files fill, and a method of the same name that fills the placeholders.
macro_rules! texts {
    (
        constants { $($(#[$doc:meta])* $constant:ident: $type:ty;)* }
        phrases { $($key:ident($($placeholder:ident),*);)* }
    ) => {
        /// Everything that is said in one language.
        pub(crate) struct Texts {
            $($(#[$doc])* pub(crate) $constant: $type,)*
            $($key: &'static str,)*
        }

        impl Texts {
            $(texts! { @method $key($($placeholder),*) })*

            /// Every phrase with its key and the placeholders that it must have.
            #[cfg(test)]
            fn phrases(&self) -> Vec<(&'static str, &'static str, &'static [&'static str])> {
                vec![$((stringify!($key), self.$key, &[$(stringify!($placeholder)),*]),)*]
            }
        }
    };
    (@method $key:ident()) => {
        pub(crate) fn $key(&self) -> &'static str {
            self.$key
        }
    };
    (@method $key:ident($($placeholder:ident),+)) => {
        pub(crate) fn $key(&self, $($placeholder: impl Display),+) -> String {
            fill(self.$key, &[$((stringify!($placeholder), &$placeholder)),+])
        }
    };
}

texts! {
    constants {
        /// The language's name in itself, for the switch; languages that share it are one there.
        name: &'static str;
        /// What the `lang` attribute says.
        lang: &'static str;
        /// From Monday on.
        weekdays: [&'static str; 7];
        /// From January on.
        months: [&'static str; 12];
        /// The names of the halves of the day, where people count hours to twelve.
        halves_of_day: Option<[&'static str; 2]>;
        /// Between a number's whole part and its tenths.
        decimal_mark: char;
        /// The built-in text templates. They never tell what kind of document it is (D9).
        email_subject: &'static str;
        email_body: &'static str;
        message_body: &'static str;
    }

    phrases {
        // Dates and durations
        date(day, month, year);
        date_with_weekday(weekday, date);
        moment(date, clock);
        one_second();
        seconds(n);
        one_minute();
        minutes(n);

        // Every page
        language_switch();
        legal();
        imprint();
        privacy_statement();
        what_is_stored();
        error_title(title);
        wait_title(title);
        reload();

        // Code page; the offer and the end stand in the e-mail too
        code_heading();
        offer_one(practice);
        offer_many(practice, n);
        reference();
        reference_question();
        code();
        code_hint();
        code_in_sms();
        code_in_threema();
        code_from_practice();
        code_button();
        reachable_until(until);

        // Asking for a code
        no_code_yet();
        ask_by_sms();
        ask_by_threema();
        one_request_left();
        requests_left(n);
        code_sent();
        code_sent_remedy(from);
        code_fate_unknown();
        code_fate_unknown_remedy(from);
        code_too_early(from);
        no_more_codes();
        no_more_codes_remedy();
        cannot_send_code();
        cannot_send_code_remedy();
        only_latest_code();
        new_code_heading();
        ask_here();

        // Notes on the code page; each first sentence stands out
        entry_empty();
        entry_not_a_code();
        entry_not_a_code_again();
        entry_foreign_symbol();
        entry_reference();
        entry_reference_remedy();
        entry_wrong();
        entry_wrong_remedy(until);
        wait(duration);
        wait_remedy();
        wait_over();
        reloaded();
        form_expired();
        form_expired_remedy();
        our_fault_remedy();
        session_ended();
        session_ended_remedy();
        done();
        done_remedy(until);

        // An e-mail that reached somebody else
        not_mine();
        not_mine_question();
        not_mine_yes();
        not_mine_thanks();
        back();

        // Pages without a delivery, or before it is open
        pending_heading();
        pending();
        unknown_heading();
        unknown();
        fault_heading();

        // Closed
        closed_heading();
        closed_expired(until);
        closed_expired_some_time_ago();
        closed_used();
        closed_stale_failure();
        closed_too_many_attempts();
        closed_superseded();
        closed_superseded_question();
        closed_revoked();
        closed_reported();
        closed_not_sent();
        new_email();
        call_or_write();
        call();
        write();
        turn_to_practice();
        phone();
        email();

        // Documents page
        documents_heading();
        documents_until(until);
        documents_offered();
        invoice();
        receipt();
        note();
        appointment();
        prescription();
        download();
        download_named(document);
        download_folder();
        download_device();
        done_button();
        document_gone();

        // What is stored here
        stored_intro();
        stored_heading();
        stored_documents();
        stored_contact();
        stored_times();
        stored_accesses();
        stored_openings();
        stored_audit();
        stored_backups();
        stored_cookies();
        not_stored_heading();
        not_stored_secrets();
        not_stored_tracking();
        ask_heading();
        ask_practice();

        // What text templates have filled in
        to_download_page();
        code_by_sms();
        code_by_threema();
        code_by_practice();
        code_by_self_service();

        // The e-mail with the document attached
        attached_subject();
        attached_greeting(name);
        attached_invoice(number);
        attached_receipt(number);
        attached_questions(contact);

        // What practices are told of it
        variable_name();
        variable_practice();
        variable_phone();
        variable_practice_email();
        variable_link();
        variable_reference();
        variable_code();
        variable_count();
        variable_several();
        variable_reachable_until();
        variable_additional_text();
        variable_code_way();
        example_practice();
        example_reachable_until();
        example_additional_text();
    }
}

impl Texts {
    /// The texts of a language.
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::German => &de::TEXTS,
            Language::GermanInformal => &de_x_informal::TEXTS,
            Language::English => &en::TEXTS,
        }
    }
}

/// Puts values into a text's placeholders, in one pass, so that a value that looks like a placeholder stays as it is.
fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, from_name)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = from_name.split_once('}') else {
            rest = from_name;
            break;
        };
        if let Some((_, value)) = values.iter().find(|(placeholder, _)| *placeholder == name) {
            filled.push_str(&value.to_string());
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders(text: &str) -> Vec<&str> {
        text.split('{')
            .skip(1)
            .map(|from_name| from_name.split_once('}').expect("a closed placeholder").0)
            .collect()
    }

    #[test]
    fn every_text_has_exactly_its_placeholders() {
        for language in Language::ALL {
            for (key, text, expected) in Texts::of(language).phrases() {
                let mut found = placeholders(text);
                found.sort_unstable();
                let mut expected = expected.to_vec();
                expected.sort_unstable();
                assert_eq!(found, expected, "{} {key}", language.tag());
            }
        }
    }

    #[test]
    fn texts_are_plain_and_calm() {
        // P5 words these itself.
        let quoted = ["form_expired"];
        for language in Language::ALL {
            let texts = Texts::of(language);
            for (key, text, _) in texts.phrases() {
                let place = format!("{} {key}", language.tag());
                assert!(
                    !text.is_empty() && text.trim() == text && !text.contains("  "),
                    "{place}"
                );
                assert!(!text.contains(['<', '>', '&', '\n']), "{place}");
                assert!(quoted.contains(&key) || !text.contains('!'), "{place}");
            }
        }
    }

    /// Every phrase and every built-in template.
    fn sayings(language: Language) -> Vec<(&'static str, &'static str)> {
        let texts = Texts::of(language);
        let phrases = texts.phrases().into_iter();
        phrases
            .map(|(key, text, _)| (key, text))
            .chain([
                ("email_subject", texts.email_subject),
                ("email_body", texts.email_body),
                ("message_body", texts.message_body),
            ])
            .collect()
    }

    #[test]
    fn informal_german_never_says_sie() {
        let words = |text: &'static str| text.split(|c: char| !c.is_alphabetic());
        for (key, text) in sayings(Language::GermanInformal) {
            for word in words(text) {
                let formal = ["Ihr", "Ihre", "Ihrem", "Ihren", "Ihrer", "Ihnen", "Sie"];
                assert!(!formal.contains(&word), "{key}: {text}");
            }
        }
        for (key, text) in sayings(Language::German) {
            for word in words(text) {
                let informal = [
                    "du", "dich", "dir", "dein", "deine", "deinem", "deinen", "deiner", "Dein",
                    "Deine",
                ];
                assert!(!informal.contains(&word), "{key}: {text}");
            }
        }
    }

    #[test]
    fn values_that_look_like_placeholders_stay_as_they_are() {
        let values: &[(&str, &dyn Display)] = &[("practice", &"{code}"), ("code", &"BCDFGH")];
        assert_eq!(fill("{practice}: {unknown}.", values), "{code}: .");
        assert_eq!(fill("a {code} b", values), "a BCDFGH b");
        assert_eq!(fill("open {", values), "open ");
    }
}
