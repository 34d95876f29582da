//! Sets of capital letters and digits.

use zeroize::Zeroize;

/// How many capital letters and digits there are.
const COUNT: usize = 36;

/// A set of capital letters and digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Symbols(u64);

impl Symbols {
    /// The set of one; of none for anything but a capital letter or digit.
    pub(super) const fn one(symbol: u8) -> Self {
        match index(symbol) {
            Some(index) => Self(1 << index),
            None => Self(0),
        }
    }

    /// The two sets together.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the symbol is among them.
    pub(super) const fn contains(self, symbol: u8) -> bool {
        self.meets(Self::one(symbol))
    }

    /// Whether the two sets have one in common.
    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there are none.
    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// At which places of a code each letter or digit stands, as a set of bits.
#[derive(Zeroize)]
pub(super) struct SymbolPlaces([u8; COUNT]);

impl SymbolPlaces {
    /// The places of these symbols.
    pub(super) fn of(symbols: &[u8]) -> Self {
        let mut places = [0; COUNT];
        for (place, symbol) in symbols.iter().enumerate() {
            if let Some(index) = index(*symbol) {
                places[index] |= 1 << place;
            }
        }
        Self(places)
    }

    /// The places of any symbol of a set.
    pub(super) fn of_any(&self, symbols: Symbols) -> u8 {
        let mut left = symbols.0;
        let mut places = 0;
        while left != 0 {
            // Fewer than 64 bits: fits any integer.
            places |= self.0[left.trailing_zeros() as usize];
            left &= left - 1;
        }
        places
    }
}

const fn index(symbol: u8) -> Option<usize> {
    match symbol {
        b'0'..=b'9' => Some((symbol - b'0') as usize),
        b'A'..=b'Z' => Some((symbol - b'A') as usize + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_into_it_and_nothing_else() {
        for symbol in (b'0'..=b'9').chain(b'A'..=b'Z') {
            let set = Symbols::one(symbol);
            let held = (0..=u8::MAX).filter(|other| set.contains(*other));
            assert_eq!(held.collect::<Vec<u8>>(), [symbol]);
            assert!(!set.is_empty());
        }
        for none in *b"a/:@[ " {
            assert!(Symbols::one(none).is_empty(), "{none}");
        }
        let (ab, bc) = (
            Symbols::one(b'A').or(Symbols::one(b'B')),
            Symbols::one(b'B').or(Symbols::one(b'C')),
        );
        assert!(ab.meets(bc) && !ab.meets(Symbols::one(b'C')));
        assert_eq!(ab.or(ab), ab);
    }

    #[test]
    fn the_places_of_a_set_are_those_of_all_that_it_holds() {
        let places = SymbolPlaces::of(b"2AZA");
        for (symbols, expected) in [
            (&b"2"[..], 0b0001),
            (b"A", 0b1010),
            (b"Z", 0b0100),
            (b"2Z", 0b0101),
            (b"29AZ", 0b1111),
            (b"9", 0),
            (b"", 0),
        ] {
            let set = symbols.iter().map(|symbol| Symbols::one(*symbol));
            let set = set.fold(Symbols::default(), Symbols::or);
            assert_eq!(places.of_any(set), expected, "{symbols:?}");
        }
    }
}
