//! D1: looking for one code in a folded text.
//!
//! Each search walks a text once and carries along how much of the code can stand before the place reached, as a set of numbers from 0 to 6: the cost grows with the text alone, whatever it holds.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::characters::Unit;
use super::fold::{Folded, Token};
use super::spelling::{words_for, words_for_pair};
use super::symbol_set::{SymbolPlaces, Symbols};
use crate::symbols::{CODE_LENGTH, Code};

/// How many of a code's symbols can have been read: bit 3 says that the first three can.
type Reached = u8;
const NOTHING: Reached = 1;
const HALF: Reached = 1 << (CODE_LENGTH / 2);
const ALL: Reached = 1 << CODE_LENGTH;

/// A code as it is looked for, in one direction.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Needle {
    symbols: [u8; CODE_LENGTH],
    /// At which places each letter or digit stands.
    places: SymbolPlaces,
    /// For each place of the code the words that stand for what follows there.
    words: [Words; CODE_LENGTH],
}

/// The words for one place of a code.
#[derive(Zeroize)]
struct Words {
    /// The letters that any of them begins with.
    #[zeroize(skip)]
    first_letters: Symbols,
    spellings: Vec<Spelling>,
}

/// A word for one symbol, or for two digits.
#[derive(Zeroize)]
struct Spelling {
    letters: String,
    symbols: usize,
}

impl Needle {
    /// Forwards and backwards: a line that is shown from right to left reads the other way.
    pub(super) fn both_ways(code: &Code) -> [Self; 2] {
        let mut symbols = [0; CODE_LENGTH];
        symbols.copy_from_slice(code.expose().as_bytes());
        let forwards = Self::new(symbols);
        symbols.reverse();
        let both = [forwards, Self::new(symbols)];
        symbols.zeroize();
        both
    }

    fn new(symbols: [u8; CODE_LENGTH]) -> Self {
        let words = std::array::from_fn(|place| Words::of(&symbols[place..]));
        Self {
            symbols,
            places: SymbolPlaces::of(&symbols),
            words,
        }
    }

    /// D1: the code in one text, by any of the ways.
    pub(super) fn d1_stands_in(&self, text: &Folded) -> bool {
        self.d1_stands_together(text)
            || self.d1_stands_in_pieces(text)
            || self.d1_halves_stand_in_a_paragraph(text)
    }

    /// D1: symbols and spelling words one after the other, with nothing but separators between them.
    fn d1_stands_together(&self, text: &Folded) -> bool {
        let mut reached = vec![NOTHING; text.units.len() + 1];
        for (at, unit) in text.units.iter().enumerate() {
            let here = reached[at];
            reached[at + 1] |= self.read(here, unit);
            // Almost always nothing has been read yet, and no word begins.
            if here == NOTHING && !self.words[0].may_begin(unit) {
                continue;
            }
            for (end, so_far) in self.words_at(here, &text.units[at..]) {
                reached[at + end] |= so_far;
            }
        }
        reached.iter().any(|so_far| so_far & ALL != 0)
    }

    /// After how many letters the words end that begin here, and what can have been read then.
    fn words_at<'a>(
        &'a self,
        here: Reached,
        units: &'a [Unit],
    ) -> impl Iterator<Item = (usize, Reached)> + 'a {
        let places = self.words.iter().enumerate();
        places
            .filter(move |(place, _)| here & (1 << place) != 0)
            .flat_map(move |(place, words)| {
                let begun = words.spellings.iter().filter(|word| word.begins(units));
                begun.map(move |word| (word.letters.len(), 1 << (place + word.symbols)))
            })
    }

    /// D1: the code in pieces, in order, with other words between them: "K wie Kaufmann, dann 7".
    ///
    /// Words that can be no part of a code do not count, nor does a piece said twice; between two pieces one foreign piece may stand, as the numbers of a list do.
    fn d1_stands_in_pieces(&self, text: &Folded) -> bool {
        let mut last_read = NOTHING;
        let mut one_skipped: Reached = 0;
        for token in &text.tokens {
            let reached = self.read_token(last_read | one_skipped, token, &text.units);
            if reached & ALL != 0 {
                return true;
            }
            if token.is_piece {
                let said_again = self.places_of(token, &text.units) << 1;
                one_skipped = (one_skipped & said_again) | last_read;
                last_read = (last_read & said_again) | reached | NOTHING;
            } else {
                last_read |= reached;
            }
        }
        false
    }

    /// D1: both halves as words of their own in one paragraph, in either order.
    fn d1_halves_stand_in_a_paragraph(&self, text: &Folded) -> bool {
        let in_paragraph = |tokens: &[Token]| {
            let first = self.count(NOTHING, HALF, tokens, &text.units);
            first >= self.needed_halves()
                && self.count(HALF, ALL, tokens, &text.units) >= self.needed_halves()
        };
        text.paragraphs
            .iter()
            .any(|paragraph| in_paragraph(&text.tokens[paragraph.clone()]))
    }

    /// D1: both halves, each as one word, anywhere in the mail, as in subject and text.
    ///
    /// A code of two equal halves is left out: the mail says everything twice, as text and as HTML.
    pub(super) fn d1_halves_stand_apart(&self, texts: &[Folded]) -> bool {
        let stands = |from, to| {
            texts.iter().any(|text| {
                let mut tokens = text.tokens.iter();
                tokens.any(|token| self.read_token(from, token, &text.units) & to != 0)
            })
        };
        self.needed_halves() == 1 && stands(NOTHING, HALF) && stands(HALF, ALL)
    }

    /// How often each half must stand: one word is not both halves.
    fn needed_halves(&self) -> usize {
        let (first, second) = self.symbols.split_at(CODE_LENGTH / 2);
        if first == second { 2 } else { 1 }
    }

    /// How often a part of the code stands in words that follow each other and hold nothing else.
    fn count(&self, from: Reached, to: Reached, tokens: &[Token], units: &[Unit]) -> usize {
        let mut reached: Reached = 0;
        let mut count = 0;
        for token in tokens {
            reached = self.read_token((reached & (to - 1)) | from, token, units);
            if reached & to != 0 {
                count += 1;
            }
        }
        count
    }

    /// What can have been read after a whole word.
    fn read_token(&self, before: Reached, token: &Token, units: &[Unit]) -> Reached {
        let spelled = (before & self.places(token.spelled)) << 1;
        let mut reached = before;
        for unit in &units[token.units.clone()] {
            reached = self.read(reached, unit);
            if reached == 0 {
                break;
            }
        }
        reached | spelled
    }

    /// What can have been read after one more letter or digit.
    fn read(&self, before: Reached, unit: &Unit) -> Reached {
        let skipped = if unit.optional { before } else { 0 };
        ((before & self.places(unit.symbols)) << 1) | skipped
    }

    /// At which places of the code a word of one symbol can stand.
    fn places_of(&self, token: &Token, units: &[Unit]) -> Reached {
        let single = match &units[token.units.clone()] {
            [unit] => unit.symbols,
            _ => Symbols::default(),
        };
        self.places(single.or(token.spelled))
    }

    /// At which places of the code these symbols stand.
    fn places(&self, symbols: Symbols) -> Reached {
        self.places.of_any(symbols)
    }
}

impl Words {
    /// The words for the first of these symbols, and for the first two where they are digits.
    fn of(symbols: &[u8]) -> Self {
        let spelling = |letters, symbols| Spelling { letters, symbols };
        let mut spellings = Vec::new();
        if let [first, rest @ ..] = symbols {
            let one = words_for(*first).iter().map(|word| (*word).to_owned());
            spellings.extend(one.map(|word| spelling(word, 1)));
            let two = rest.first().map(|next| words_for_pair(*first, *next));
            spellings.extend(two.into_iter().flatten().map(|word| spelling(word, 2)));
        }
        let first_letters = spellings
            .iter()
            .filter_map(|word| word.letters.bytes().next())
            .fold(Symbols::default(), |all, letter| {
                all.or(Symbols::one(letter))
            });
        Self {
            first_letters,
            spellings,
        }
    }

    fn may_begin(&self, unit: &Unit) -> bool {
        unit.symbols.meets(self.first_letters)
    }
}

impl Spelling {
    fn begins(&self, units: &[Unit]) -> bool {
        self.letters.len() <= units.len()
            && self
                .letters
                .bytes()
                .zip(units)
                .all(|(letter, unit)| unit.symbols.contains(letter))
    }
}
