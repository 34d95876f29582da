//! D1: what one character can be read as: a letter, a sign that looks like one, a separator, or nothing at all.

use unicode_normalization::char::{decompose_canonical, decompose_compatible, is_combining_mark};
use unicode_security::confusable_detection::skeleton;

use super::look_alikes::form_of;
use super::symbol_set::Symbols;

/// One letter or digit of a folded text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    /// All that it can be read as.
    pub(super) symbols: Symbols,
    /// What it is most likely read as.
    pub(super) plain: u8,
    /// Not a letter but a sign that looks like one, so that it may as well be a separator.
    pub(super) optional: bool,
}

/// What a character does in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It is part of a word.
    Letter,
    /// The same, but in another script or style than the plain one, so that among plain letters it may as well be a separator.
    Foreign,
    /// It parts words, though it looks like a letter.
    Sign,
    /// It parts words.
    Separator,
    /// It does not show, or only as a mark on another.
    Nothing,
}

/// A character as it is read.
#[derive(Debug)]
pub(super) struct Character {
    /// The letters and digits that it stands for.
    pub(super) units: Vec<Unit>,
    /// What it does besides.
    pub(super) role: Role,
}

impl Unit {
    fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }
}

impl Character {
    fn of(role: Role, units: Vec<Unit>) -> Self {
        Self { units, role }
    }
}

/// D1: a character to the letters and digits that it stands for or looks like.
pub(super) fn d1_character(c: char) -> Character {
    if let Some(letter) = letter_under_marks(c) {
        return Character::of(Role::Letter, vec![letter]);
    }
    if matches!(c, 'ß' | 'ẞ') {
        // One letter or two to a dictionary, a `B` to the eye.
        return Character::of(
            Role::Letter,
            vec![unit(b"SB").optional(), unit(b"S").optional()],
        );
    }
    let form = form_of(c);
    let parts = compatible_parts(c);
    let units = units_of(c, form, &parts);
    if units.is_empty() {
        let role = if is_invisible(c) {
            Role::Nothing
        } else {
            Role::Separator
        };
        Character::of(role, units)
    } else if c.is_alphanumeric() || form.is_some() || !latin(&parts).is_empty() {
        Character::of(Role::Foreign, units)
    } else {
        let units = units.into_iter().map(Unit::optional);
        Character::of(Role::Sign, units.collect())
    }
}

fn units_of(c: char, form: Option<u8>, parts: &str) -> Vec<Unit> {
    let written = latin(parts);
    if written.len() > 1 {
        return each_of(&written);
    }
    let shapes = [written]
        .into_iter()
        .chain(shapes_of(&c.to_string()))
        .chain(shapes_of(parts));
    let (single, several): (Vec<String>, Vec<String>) = shapes
        .filter(|shape| !shape.is_empty())
        .partition(|shape| shape.len() == 1);
    let letters = form
        .into_iter()
        .chain(single.iter().flat_map(|shape| shape.bytes()));
    let letters: Vec<u8> = letters.collect();
    match several.first() {
        _ if !letters.is_empty() => vec![unit(&letters)],
        Some(several) => each_of(several),
        None => Vec::new(),
    }
}

/// A letter of the Latin alphabet or a digit, in either case.
pub(super) fn plain_unit(c: char) -> Option<Unit> {
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
        optional: false,
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

/// What a text looks like, as it stands and in capitals.
fn shapes_of(text: &str) -> [String; 2] {
    [text.to_owned(), capital(text)].map(|text| latin(&prototype(&text)))
}

/// What can be any of these letters, and the first one rather than the others.
fn unit(letters: &[u8]) -> Unit {
    Unit {
        symbols: letters.iter().fold(Symbols::default(), |all, letter| {
            all.or(Symbols::one(*letter))
        }),
        plain: letters.first().copied().unwrap_or_default(),
        optional: false,
    }
}

/// Several letters in the place of one character.
fn each_of(letters: &str) -> Vec<Unit> {
    letters.bytes().map(|letter| unit(&[letter])).collect()
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
pub(crate) fn is_invisible(c: char) -> bool {
    // The skeleton leaves out just these.
    is_combining_mark(c) || skeleton(c.encode_utf8(&mut [0; 4])).next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d1_a_character_is_read_as_all_that_it_looks_like() {
        for (c, role, letters) in [
            ('ä', Role::Letter, &["A"][..]),
            ('ß', Role::Letter, &["SB", "S"]),
            ('Ǆ', Role::Foreign, &["D", "Z"]),
            // A one is an L by its stroke, in any width.
            ('１', Role::Foreign, &["1L"]),
            ('В', Role::Foreign, &["B"]),
            ('Ⓚ', Role::Foreign, &["K"]),
            ('ʙ', Role::Foreign, &["B"]),
            ('|', Role::Sign, &["L"]),
            ('–', Role::Separator, &[]),
            ('\u{200b}', Role::Nothing, &[]),
            ('\u{301}', Role::Nothing, &[]),
        ] {
            let character = d1_character(c);
            assert_eq!(character.role, role, "{c}");
            assert_eq!(character.units.len(), letters.len(), "{c}");
            for (unit, letters) in character.units.iter().zip(letters) {
                let read = (b'0'..=b'Z').filter(|letter| unit.symbols.contains(*letter));
                let read: Vec<u8> = read.collect();
                assert_eq!(unit.plain, letters.as_bytes()[0], "{c}");
                let mut expected = letters.as_bytes().to_vec();
                expected.sort_unstable();
                assert_eq!(read, expected, "{c}");
                let is_sign = matches!(role, Role::Sign) || c == 'ß';
                assert_eq!(unit.optional, is_sign, "{c}");
            }
        }
    }

    #[test]
    fn d1_a_plain_letter_is_itself_and_a_stroke_also_an_l() {
        for (c, symbols, plain) in [
            ('k', &b"K"[..], b'K'),
            ('7', b"7", b'7'),
            ('1', b"1L", b'1'),
            ('I', b"IL", b'I'),
            ('i', b"I", b'I'),
        ] {
            let unit = plain_unit(c).expect("a letter or digit");
            let read = (b'0'..=b'Z').filter(|letter| unit.symbols.contains(*letter));
            assert_eq!(read.collect::<Vec<u8>>(), symbols, "{c}");
            assert_eq!((unit.plain, unit.optional), (plain, false), "{c}");
        }
        for c in ['ä', '-', ' ', '１'] {
            assert!(plain_unit(c).is_none(), "{c}");
        }
    }
}
