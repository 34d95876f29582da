//! D1: finding a code in the finished e-mail, however it is spelled.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
use unicode_security::confusable_detection::skeleton;

use crate::symbols::Code;

/// D1: whether the code stands in a text, in any case, with separators, invisible or look-alike characters between or instead of its symbols, forwards or backwards.
///
/// The text is what a person sees: HTML is searched with its tags removed and its entities decoded.
pub fn d1_holds_code(text: &str, code: &Code) -> bool {
    let code = folded(code.expose());
    let reversed: String = code.chars().rev().collect();
    let text = folded(text);
    text.contains(&code) || text.contains(&reversed)
}

/// Compatibility forms and look-alikes to their plain letters, without anything that is no letter or digit.
///
/// The code is folded in the same way, so that a look-alike class is compared and not a letter.
fn folded(text: &str) -> String {
    let plain: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && c.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect();
    skeleton(&plain)
        .flat_map(char::to_uppercase)
        .filter(|c| c.is_alphanumeric())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str) -> bool {
        d1_holds_code(text, &Code::from_symbols(*b"K7MBCT").unwrap())
    }

    #[test]
    fn d1_the_code_is_found_however_it_is_spelled() {
        for text in [
            "Ihr Code: K7M-BCT.",
            "k7mbct",
            "K 7 M B C T",
            "K.7.M_B/C|T",
            "K\u{200b}7M\u{ad}BCT",
            "Ｋ７Ｍ－ＢＣＴ",
            "К7М-ВСТ",
            "K\u{336}7\u{336}M\u{336}B\u{336}C\u{336}T",
            "TCB-M7K",
            "𝐊𝟕𝐌𝐁𝐂𝐓",
            "K7M\nBCT",
        ] {
            assert!(holds(text), "{text}");
        }
    }

    #[test]
    fn d1_plain_business_texts_give_no_alarm() {
        for text in [
            "Guten Tag, anbei die Rechnung 2026-0815 über 120,00 Euro. Bitte bis 07.12. überweisen.",
            "K7M3-QXPB",
            "",
        ] {
            assert!(!holds(text), "{text}");
        }
    }
}
