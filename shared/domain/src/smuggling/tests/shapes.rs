//! How a code can be written, spelled and taken apart.

use std::fmt::Write as _;

use super::draw::Draw;
use crate::symbols::ALPHABET;

pub(super) const PLAIN: &str = "2 3 4 5 6 7 8 9 B C D F G H J K L M N P Q R S T V W X Z";
/// In the order of the alphabet, as the ones below; `-` where a table has no word.
pub(super) const GERMAN: &str = "zwei drei vier fünf sechs sieben acht neun";
pub(super) const ENGLISH: &str = "two three four five six seven eight nine";
pub(super) const GERMAN_TENS: &str =
    "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig";
pub(super) const ENGLISH_TENS: &str = "twenty thirty forty fifty sixty seventy eighty ninety";
pub(super) const DIN: &str = "- - - - - - - - Berta Cäsar Dora Friedrich Gustav Heinrich Julius Kaufmann Ludwig Martha Nordpol Paula Quelle Richard Samuel Theodor Viktor Wilhelm Xanthippe Zacharias";
pub(super) const CITIES: &str = "- - - - - - - - Berlin Chemnitz Düsseldorf Frankfurt Goslar Hamburg Jena Köln Leipzig München Nürnberg Potsdam Quickborn Rostock Salzwedel Tübingen Völklingen Wuppertal Xanten Zwickau";
pub(super) const NATO: &str = "- - - - - - - - Bravo Charlie Delta Foxtrot Golf Hotel Juliett Kilo Lima Mike November Papa Quebec Romeo Sierra Tango Victor Whiskey X-ray Zulu";
pub(super) const NAMES: &str =
    "- - - - - - - - Be Ce De Ef Ge Ha Jot Ka El Em En Pe Ku Er Es Te Vau We Ix Zet";

/// A word or name for a symbol from one of the tables that have one.
pub(super) fn word(symbol: char, draw: &mut Draw, tables: &[&'static str]) -> &'static str {
    let at = ALPHABET
        .iter()
        .position(|s| char::from(*s) == symbol)
        .unwrap();
    let words: Vec<&str> = tables
        .iter()
        .filter_map(|table| table.split(' ').nth(at).filter(|word| *word != "-"))
        .collect();
    draw.one(&words)
}

/// The words without anything between them.
pub(super) fn run_together(code: &str, draw: &mut Draw, tables: &[&'static str]) -> String {
    each(code, |c| word(c, draw, tables).replace('-', ""))
}

pub(super) fn spelled(code: &str, draw: &mut Draw, tables: &[&'static str]) -> String {
    let between = draw.one(&[" ", ", ", "-", " / ", "\n", " Strich "]);
    let words: Vec<&str> = code.chars().map(|c| word(c, draw, tables)).collect();
    words.join(between)
}

/// Two digits in a row as one number: "zweiundsiebzig".
pub(super) fn numbers_in_words(
    code: &str,
    draw: &mut Draw,
    (tens, units): (&'static str, &'static str),
    number: fn(&str, &str) -> String,
) -> String {
    let mut text = String::new();
    let mut left: Vec<char> = code.chars().rev().collect();
    while let Some(first) = left.pop() {
        match left.last() {
            Some(second) if first.is_ascii_digit() && second.is_ascii_digit() => {
                let unit = word(*second, draw, &[units]);
                text += &number(word(first, draw, &[tens]), unit);
                left.pop();
            }
            _ => write!(text, "{first} ").unwrap(),
        }
    }
    text
}

pub(super) fn each(code: &str, mut shape: impl FnMut(char) -> String) -> String {
    code.chars().map(&mut shape).collect()
}

pub(super) fn joined(code: &str, separator: &str) -> String {
    let symbols: Vec<String> = code.chars().map(String::from).collect();
    symbols.join(separator)
}

pub(super) fn any_separators(code: &str, draw: &mut Draw) -> String {
    each(code, |c| {
        let separators: String = (0..draw.between(1, 3))
            .map(|_| draw.char(" \t\n-–—_.,:;/\\|+*~#'\"()[]{}<>=·•…→▪\u{a0}\u{2003}"))
            .collect();
        format!("{c}{separators}")
    })
}

pub(super) fn any_case(c: char, draw: &mut Draw) -> String {
    if draw.below(2) == 0 {
        c.to_string()
    } else {
        c.to_lowercase().to_string()
    }
}

pub(super) fn reversed(code: &str) -> String {
    code.chars().rev().collect()
}

/// The same symbol in another row of digits and letters.
pub(super) fn shifted(c: char, zero: char, a: char) -> String {
    let (first, plain) = if c.is_ascii_digit() {
        (zero, '0')
    } else {
        (a, 'A')
    };
    let shift = u32::from(c) - u32::from(plain);
    char::from_u32(u32::from(first) + shift)
        .unwrap()
        .to_string()
}

/// Each symbol replaced by what stands in its place in a row of 28.
pub(super) fn swapped(code: &str, row: &str) -> String {
    assert_eq!(row.chars().count(), ALPHABET.len(), "{row}");
    each(code, |c| {
        let at = ALPHABET.iter().position(|s| char::from(*s) == c).unwrap();
        row.chars().nth(at).unwrap().to_string()
    })
}
