//! The alphabet of a text message (3GPP TS 23.038): counting, folding and cutting, so that one segment stays one segment.

use unicode_normalization::UnicodeNormalization as _;

/// What one SMS segment holds in septets.
pub const SEGMENT: usize = 160;

/// What each segment of a longer text holds, in septets.
const SEGMENT_OF_SEVERAL: usize = 153;
/// What one segment holds of a text outside of the alphabet, and each of several, in units of UTF-16.
const UCS2_SEGMENT: usize = 70;
const UCS2_SEGMENT_OF_SEVERAL: usize = 67;

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// The septets that a text takes, or `None` if a character is not in the alphabet and the message would fall back to UCS-2.
pub fn septets(text: &str) -> Option<usize> {
    text.chars()
        .map(|c| match c {
            c if BASIC.contains(c) => Some(1),
            c if EXTENDED.contains(c) => Some(2),
            _ => None,
        })
        .sum()
}

/// How many segments a text message takes; a single character outside of the alphabet makes all of it UCS-2.
pub fn segments(text: &str) -> usize {
    match septets(text) {
        Some(septets) if septets <= SEGMENT => 1,
        Some(septets) => septets.div_ceil(SEGMENT_OF_SEVERAL),
        None => match text.encode_utf16().count() {
            units if units <= UCS2_SEGMENT => 1,
            units => units.div_ceil(UCS2_SEGMENT_OF_SEVERAL),
        },
    }
}

/// The same text in the alphabet: typographic characters to plain ones, letters without their marks, `?` where nothing fits.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfc() {
        match c {
            c if BASIC.contains(c) || EXTENDED.contains(c) => folded.push(c),
            '„' | '“' | '”' | '«' | '»' | '‟' => folded.push('"'),
            '‚' | '‘' | '’' | '‹' | '›' | '´' | '`' => folded.push('\''),
            '–' | '—' | '‐' | '‑' | '−' => folded.push('-'),
            '…' => folded.push_str("..."),
            'ł' => folded.push('l'),
            'Ł' => folded.push('L'),
            'đ' => folded.push('d'),
            'Đ' => folded.push('D'),
            'ı' => folded.push('i'),
            'œ' => folded.push_str("oe"),
            'Œ' => folded.push_str("OE"),
            'ẞ' => folded.push_str("SS"),
            c if c.is_whitespace() => folded.push(' '),
            c => match std::iter::once(c).nfkd().find(|base| BASIC.contains(*base)) {
                Some(base) => folded.push(base),
                None => folded.push('?'),
            },
        }
    }
    folded
}

/// Folded and cut to at most so many septets, at a word if there is one.
pub fn cut(text: &str, longest: usize) -> String {
    let folded = fold(text);
    let mut used = 0;
    let mut end = folded.len();
    for (i, c) in folded.char_indices() {
        used += if EXTENDED.contains(c) { 2 } else { 1 };
        if used > longest {
            end = i;
            break;
        }
    }
    if end == folded.len() {
        return folded;
    }
    let kept = &folded[..end];
    let at_word = if folded[end..].starts_with(' ') {
        None
    } else {
        kept.rfind(' ')
    };
    kept[..at_word.unwrap_or(kept.len())].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn umlauts_are_in_the_alphabet_and_typographic_quotes_are_not() {
        assert_eq!(septets("äöüßÄÖÜ"), Some(7));
        assert_eq!(septets("€"), Some(2));
        for outside in ["„", "“", "–", "…", "ł", "’"] {
            assert_eq!(septets(outside), None, "{outside}");
            assert!(septets(&fold(outside)).is_some(), "{outside}");
        }
        assert_eq!(
            fold("Praxis „Grün“ – Łódź"),
            "Praxis \"Grün\" - Lódz".replace('ó', "o")
        );
    }

    #[test]
    fn one_character_outside_of_the_alphabet_halves_what_a_segment_holds() {
        for (text, expected) in [
            (String::new(), 1),
            ("x".repeat(160), 1),
            ("x".repeat(161), 2),
            ("x".repeat(306), 2),
            ("x".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            (format!("{}–", "x".repeat(69)), 1),
            (format!("{}–", "x".repeat(70)), 2),
            (format!("{}–", "x".repeat(133)), 2),
            (format!("{}–", "x".repeat(134)), 3),
            // Two units of UTF-16 each.
            ("😀".repeat(35), 1),
            ("😀".repeat(36), 2),
        ] {
            assert_eq!(segments(&text), expected, "{text}");
        }
    }

    #[test]
    fn names_are_cut_at_a_word() {
        assert_eq!(
            cut("Gemeinschaftspraxis am Alten Stadtpark Nordwest", 40),
            "Gemeinschaftspraxis am Alten Stadtpark"
        );
        assert_eq!(cut("Praxis am Park", 40), "Praxis am Park");
        assert_eq!(cut(&"x".repeat(50), 40).len(), 40);
        assert_eq!(cut(&"€".repeat(50), 40).chars().count(), 20);
    }

    #[test]
    fn every_typographic_character_has_a_plain_one() {
        for (written, plain) in [
            ("„“”«»‟", "\"\"\"\"\"\""),
            ("‚‘’‹›´`", "'''''''"),
            ("–—‐‑−", "-----"),
            ("…", "..."),
            ("łŁđĐıœŒẞ", "lLdDioeOESS"),
            ("a\u{a0}b\tc", "a b c"),
            ("€[ä]", "€[ä]"),
            ("ōŌ", "oO"),
            ("😀Ж", "??"),
        ] {
            assert_eq!(fold(written), plain, "{written}");
        }
        assert_eq!(septets("[a]"), Some(5));
    }

    #[test]
    fn what_just_fits_is_not_cut() {
        for (text, expected) in [
            ("x".repeat(40), "x".repeat(40)),
            ("€".repeat(20), "€".repeat(20)),
            (
                format!("x{}", "€".repeat(20)),
                format!("x{}", "€".repeat(19)),
            ),
            (format!("{} b", "x".repeat(40)), "x".repeat(40)),
            (format!("{} bc", "x".repeat(38)), "x".repeat(38)),
            (format!("a {}", "x".repeat(40)), "a".to_owned()),
        ] {
            assert_eq!(cut(&text, 40), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_folded_fits_the_alphabet(text in "\\PC{0,60}") {
            proptest::prop_assert!(septets(&fold(&text)).is_some());
            proptest::prop_assert!(septets(&cut(&text, 40)).unwrap() <= 40);
        }
    }
}
