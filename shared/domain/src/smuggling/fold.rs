//! D1: a text folded to capital letters and digits, each as the set of what it can be read as.

use std::ops::Range;

use unicode_normalization::char::{decompose_canonical, decompose_compatible, is_combining_mark};
use unicode_security::confusable_detection::skeleton;

use super::look_alikes::form_of;
use super::spelling::spelled_by;
use super::symbol_set::Symbols;
use crate::symbols::{ALPHABET, CODE_LENGTH};

/// One letter or digit of a folded text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    /// All that it can be read as.
    pub(super) symbols: Symbols,
    /// What it is most likely read as.
    pub(super) plain: u8,
    /// Not a plain letter but a sign that looks like one, so that it may as well be a separator.
    pub(super) loose: bool,
}

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
}

/// D1: compatibility forms, look-alikes and case folded; marks and invisible characters dropped; all else a separator.
pub(super) fn d1_folded(text: &str) -> Folded {
    let mut folder = Folder::default();
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
        let is_letter = push_units(c, &mut self.folded.units);
        if self.folded.units.len() > before {
            if is_letter {
                self.token.get_or_insert(before);
            } else {
                // Ends before the sign, not after it.
                self.end_token(before);
            }
            self.blank_line = false;
        } else if !is_invisible(c) {
            self.separate(c);
        }
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

/// Appends what a character can be read as, and says whether it can be part of a word.
fn push_units(c: char, units: &mut Vec<Unit>) -> bool {
    if c.is_ascii() {
        units.extend(plain_unit(c));
        // A stroke passes for an `l`, and is a separator more often.
        units.extend((c == '|').then(|| loose(b"L")));
        return c != '|';
    }
    if let Some(letter) = letter_under_marks(c) {
        units.push(letter);
        return true;
    }
    if matches!(c, 'ß' | 'ẞ') {
        // Two letters to a dictionary, a `B` to the eye.
        units.extend([loose(b"SB"), loose(b"S")]);
        return true;
    }
    let form = form_of(c);
    let parts = compatible_parts(c);
    let written = latin(&parts);
    let before = units.len();
    if written.len() > 1 {
        units.extend(written.bytes().map(|letter| loose(&[letter])));
    } else {
        push_shapes(c, form, &parts, units);
    }
    let is_sign = form.is_none() && written.is_empty() && !c.is_alphanumeric();
    !is_sign && units.len() > before
}

/// A letter of the Latin alphabet or a digit, in either case.
fn plain_unit(c: char) -> Option<Unit> {
    let letter = u8::try_from(c).ok().filter(u8::is_ascii_alphanumeric)?;
    let plain = letter.to_ascii_uppercase();
    // In many typefaces these are one stroke; UTS #39 treats them as the same.
    let also = if matches!(letter, b'I' | b'1') {
        Symbols::one(b'L')
    } else {
        Symbols::default()
    };
    Some(Unit {
        symbols: Symbols::one(plain).or(also),
        plain,
        loose: false,
    })
}

/// `ä` is an `a` and no separator.
fn letter_under_marks(c: char) -> Option<Unit> {
    let mut letter = None;
    decompose_canonical(c, |part| letter = letter.or_else(|| plain_unit(part)));
    letter
}

/// What Unicode holds to be the same character in another form, without marks.
fn compatible_parts(c: char) -> String {
    let mut parts = String::new();
    decompose_compatible(c, |part| {
        if !is_combining_mark(part) {
            parts.push(part);
        }
    });
    parts
}

/// Appends the one letter, or the letters, that a character is a form of or looks like.
fn push_shapes(c: char, form: Option<u8>, parts: &str, units: &mut Vec<Unit>) {
    let shapes = [latin(parts)]
        .into_iter()
        .chain(shapes_of(&c.to_string()))
        .chain(shapes_of(parts));
    let (single, several): (Vec<String>, Vec<String>) = shapes
        .filter(|shape| !shape.is_empty())
        .partition(|shape| shape.len() == 1);
    let letters: Vec<u8> = form
        .into_iter()
        .chain(single.iter().flat_map(|shape| shape.bytes()))
        .collect();
    if !letters.is_empty() {
        units.push(loose(&letters));
    } else if let Some(several) = several.first() {
        units.extend(several.bytes().map(|letter| loose(&[letter])));
    }
}

/// What a text looks like: itself, its capitals, and the capitals of what it looks like.
fn shapes_of(text: &str) -> [String; 3] {
    let shown = prototype(text);
    [
        latin(&shown),
        latin(&prototype(&capital(text))),
        latin(&prototype(&capital(&shown))),
    ]
}

/// A sign that can be any of these letters, the first one rather than the others.
fn loose(letters: &[u8]) -> Unit {
    Unit {
        symbols: letters.iter().fold(Symbols::default(), |all, letter| {
            all.or(Symbols::one(*letter))
        }),
        plain: letters.first().copied().unwrap_or_default(),
        loose: true,
    }
}

/// UTS #39's representative of all characters that look like these, without marks.
fn prototype(text: &str) -> String {
    skeleton(text).filter(|c| !is_combining_mark(*c)).collect()
}

fn capital(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).collect()
}

/// The plain letters and digits of a shape, as capitals; UTS #39 shows every `m` as `rn`.
fn latin(shape: &str) -> String {
    let letters: String = shape
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    if letters == "RN" {
        "M".to_owned()
    } else {
        letters
    }
}

/// Marks and what Unicode says to ignore when shown: zero-width, soft hyphen, directions, variants, tags.
fn is_invisible(c: char) -> bool {
    // The skeleton leaves out just these.
    !c.is_ascii() && (is_combining_mark(c) || skeleton(c.encode_utf8(&mut [0; 4])).next().is_none())
}
