//! Drawing test data: always the same, so that a failure can be looked at.

use crate::symbols::{ALPHABET, CODE_LENGTH, Code, LinkToken, TOKEN_LENGTH};

/// A linear congruential generator (Knuth's MMIX), whose high bits are good enough for test data.
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below another.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let high = usize::try_from(self.0 >> 33).unwrap();
        high % end
    }

    /// A number from one to another, both included.
    pub(super) fn between(&mut self, first: usize, last: usize) -> usize {
        first + self.below(last + 1 - first)
    }

    /// One of several.
    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// One character of a text.
    pub(super) fn char(&mut self, of: &str) -> char {
        let at = self.below(of.chars().count());
        of.chars().nth(at).unwrap()
    }

    pub(super) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| self.char("0123456789")).collect()
    }

    pub(super) fn code(&mut self) -> Code {
        Code::from_symbols(self.symbols::<CODE_LENGTH>()).unwrap()
    }

    pub(super) fn token(&mut self) -> LinkToken {
        LinkToken::from_symbols(self.symbols::<TOKEN_LENGTH>()).unwrap()
    }

    fn symbols<const COUNT: usize>(&mut self) -> [u8; COUNT] {
        std::array::from_fn(|_| self.one(ALPHABET))
    }
}
