//! D1: a text folded to capital letters and digits, each as the set of what it can be read as.

use std::collections::HashMap;
use std::ops::Range;

use super::characters::{Character, Role, Unit, d1_character, plain_unit};
use super::spelling::spelled_by;
use super::symbol_set::Symbols;
use crate::symbols::{ALPHABET, CODE_LENGTH};

/// Letters and digits that stand together.
#[derive(Debug)]
pub(super) struct Token {
    /// Which of the text's units.
    pub(super) units: Range<usize>,
    /// What the whole word spells, as "Berta" does.
    pub(super) spelled: Symbols,
    /// Whether it can only be a part of some code.
    pub(super) is_piece: bool,
}

/// A folded text.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// All letters and digits in their order.
    pub(super) units: Vec<Unit>,
    /// The words; signs that look like letters stand between them.
    pub(super) tokens: Vec<Token>,
    /// Which words stand in one paragraph.
    pub(super) paragraphs: Vec<Range<usize>>,
    /// Whether letters of another script or style were met.
    has_foreign: bool,
}

/// D1: compatibility forms, look-alikes and case folded; marks and invisible characters dropped; all else a separator.
///
/// Letters of another script or style are read as letters and, where there are any, once more as separators, but never some as this and some as that:
/// then a longer text in Greek or Cyrillic would hold nearly every code.
pub(super) fn d1_folded(text: &str) -> Vec<Folded> {
    let with_foreign = folded(text, true);
    let without = with_foreign.has_foreign.then(|| folded(text, false));
    [with_foreign].into_iter().chain(without).collect()
}

fn folded(text: &str, reads_foreign: bool) -> Folded {
    let mut folder = Folder {
        reads_foreign,
        ..Folder::default()
    };
    for c in text.chars() {
        folder.add(c);
    }
    folder.end_paragraph();
    folder.folded
}

/// A text being folded.
#[derive(Default)]
struct Folder {
    folded: Folded,
    /// Whether letters of another script or style are letters, not separators.
    reads_foreign: bool,
    /// Characters beyond ASCII that were met before: looking them up takes longest.
    known: HashMap<char, Character>,
    /// Where the word begun last begins among the units.
    token: Option<usize>,
    /// Where the paragraph begins among the tokens.
    paragraph: usize,
    /// Whether nothing stands in the line yet.
    blank_line: bool,
}

impl Folder {
    fn add(&mut self, c: char) {
        let before = self.folded.units.len();
        match self.read(c) {
            Role::Letter | Role::Foreign => {
                self.token.get_or_insert(before);
                self.blank_line = false;
            }
            Role::Sign => {
                self.end_token(before);
                self.blank_line = false;
            }
            Role::Separator => self.separate(c),
            Role::Nothing => {}
        }
    }

    /// Appends what a character can be read as.
    fn read(&mut self, c: char) -> Role {
        if let Some(unit) = plain_unit(c) {
            self.folded.units.push(unit);
            return Role::Letter;
        }
        if c.is_ascii() && c != '|' {
            return Role::Separator;
        }
        let character = self.known.entry(c).or_insert_with(|| d1_character(c));
        if character.role == Role::Foreign {
            self.folded.has_foreign = true;
            if !self.reads_foreign {
                return Role::Separator;
            }
        }
        self.folded.units.extend_from_slice(&character.units);
        character.role
    }

    fn separate(&mut self, c: char) {
        self.end_token(self.folded.units.len());
        match c {
            '\n' if self.blank_line => self.end_paragraph(),
            '\u{2029}' => self.end_paragraph(),
            '\n' => self.blank_line = true,
            c if c.is_whitespace() => {}
            _ => self.blank_line = false,
        }
    }

    fn end_token(&mut self, end: usize) {
        if let Some(start) = self.token.take() {
            let token = token(&self.folded.units, start..end);
            self.folded.tokens.push(token);
        }
    }

    fn end_paragraph(&mut self) {
        self.end_token(self.folded.units.len());
        let end = self.folded.tokens.len();
        if end > self.paragraph {
            self.folded.paragraphs.push(self.paragraph..end);
        }
        self.paragraph = end;
    }
}

fn token(units: &[Unit], range: Range<usize>) -> Token {
    let plain: String = units[range.clone()]
        .iter()
        .map(|unit| char::from(unit.plain))
        .collect();
    let spelled = spelled_by(&plain);
    let is_short = plain.len() < CODE_LENGTH;
    Token {
        units: range,
        spelled,
        is_piece: !spelled.is_empty()
            || is_short && plain.bytes().all(|symbol| ALPHABET.contains(&symbol)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of each paragraph, as they are most likely read.
    fn words(folded: &Folded) -> Vec<Vec<String>> {
        let plain = |token: &Token| {
            let units = &folded.units[token.units.clone()];
            units.iter().map(|unit| char::from(unit.plain)).collect()
        };
        let paragraphs = folded.paragraphs.iter();
        paragraphs
            .map(|paragraph| folded.tokens[paragraph.clone()].iter().map(plain).collect())
            .collect()
    }

    #[test]
    fn d1_a_text_is_read_as_words_and_paragraphs() {
        for (text, expected) in [
            ("ab, cd-Éf\u{200b}g", vec![vec!["AB", "CD", "EFG"]]),
            ("ab\ncd", vec![vec!["AB", "CD"]]),
            ("ab\n\ncd", vec![vec!["AB"], vec!["CD"]]),
            ("ab\n \t\r\ncd", vec![vec!["AB"], vec!["CD"]]),
            ("ab\n.\ncd", vec![vec!["AB", "CD"]]),
            ("ab\n|\ncd", vec![vec!["AB", "CD"]]),
            ("ab\u{2029}cd", vec![vec!["AB"], vec!["CD"]]),
            ("\n\n\nab\n\n\n\n", vec![vec!["AB"]]),
            (" \n", vec![]),
        ] {
            let folded = d1_folded(text);
            assert_eq!(folded.len(), 1, "{text:?}");
            assert_eq!(words(&folded[0]), expected, "{text:?}");
        }
    }

    #[test]
    fn d1_letters_of_another_script_are_read_once_as_letters_and_once_as_gaps() {
        let [with, without] = d1_folded("kВx").try_into().expect("two readings");
        assert_eq!(words(&with), [["KBX"]]);
        assert_eq!(words(&without), [["K", "X"]]);
    }

    #[test]
    fn d1_a_piece_of_a_code_is_shorter_than_it_and_of_its_symbols_or_spelled() {
        let folded = folded("BCDFG BCDFGH BCDA 7 Berta", true);
        let pieces: Vec<bool> = folded.tokens.iter().map(|token| token.is_piece).collect();
        assert_eq!(pieces, [true, false, false, true, true]);
    }
}
