//! Link tokens, references and codes: secrets made of the 28 symbols of S1, in types that do not print.

use std::fmt;

use subtle::ConstantTimeEq as _;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// S1: no vowels, so no words; nothing that reads two ways.
pub const ALPHABET: &[u8; 28] = b"23456789BCDFGHJKLMNPQRSTVWXZ";
/// Length of a link token: 134 bits.
pub const TOKEN_LENGTH: usize = 28;
/// How many of a token's symbols make its reference.
pub const REFERENCE_LENGTH: usize = 8;
/// Length of a code: 28.8 bits.
pub const CODE_LENGTH: usize = 6;

/// The secret in a link. Only the e-mail carries it (S3).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct LinkToken([u8; TOKEN_LENGTH]);

/// The first 8 symbols of a link token. Opens nothing by itself; lets a person match e-mail, message and page.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Reference([u8; REFERENCE_LENGTH]);

/// The secret that travels on the second channel.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Code([u8; CODE_LENGTH]);

/// Why a text is not the secret that it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {0} symbols of the alphabet")]
pub struct SymbolsError(usize);

impl LinkToken {
    /// From symbols; used by the generator, which draws each one.
    pub fn from_symbols(symbols: [u8; TOKEN_LENGTH]) -> Result<Self, SymbolsError> {
        all_symbols(&symbols).map(|()| Self(symbols))
    }

    /// From a link's path: exactly 28 symbols as they were sent, nothing folded.
    pub fn parse(text: &str) -> Result<Self, SymbolsError> {
        let symbols = text
            .as_bytes()
            .try_into()
            .map_err(|_| SymbolsError(TOKEN_LENGTH))?;
        Self::from_symbols(symbols)
    }

    /// The reference that belongs to this token.
    pub fn reference(&self) -> Reference {
        let mut symbols = [0; REFERENCE_LENGTH];
        symbols.copy_from_slice(&self.0[..REFERENCE_LENGTH]);
        Reference(symbols)
    }

    /// The symbols in clear, for a link or a hash.
    pub fn expose(&self) -> &str {
        text(&self.0)
    }
}

impl Reference {
    /// From eight symbols without the hyphen, as a sealed reference holds them.
    pub fn parse(text: &str) -> Result<Self, SymbolsError> {
        let symbols: [u8; REFERENCE_LENGTH] = text
            .as_bytes()
            .try_into()
            .map_err(|_| SymbolsError(REFERENCE_LENGTH))?;
        all_symbols(&symbols).map(|()| Self(symbols))
    }

    /// As somebody reads it out or copies it, spelled as freely as a code may be (P2).
    pub fn read(typed: &str) -> Option<Self> {
        let symbols: [u8; REFERENCE_LENGTH] = folded(typed)?.as_slice().try_into().ok()?;
        all_symbols(&symbols).map(|()| Self(symbols)).ok()
    }

    /// As people read it: `XXXX-XXXX`.
    pub fn shown(&self) -> String {
        let symbols = text(&self.0);
        format!("{}-{}", &symbols[..4], &symbols[4..])
    }

    /// The symbols in clear, without the hyphen.
    pub fn expose(&self) -> &str {
        text(&self.0)
    }
}

impl Code {
    /// From symbols; used by the generator, which draws each one.
    pub fn from_symbols(symbols: [u8; CODE_LENGTH]) -> Result<Self, SymbolsError> {
        all_symbols(&symbols).map(|()| Self(symbols))
    }

    /// As people read it: `XXX-XXX`.
    pub fn shown(&self) -> String {
        let symbols = text(&self.0);
        format!("{}-{}", &symbols[..3], &symbols[3..])
    }

    /// The symbols in clear, without the hyphen.
    pub fn expose(&self) -> &str {
        text(&self.0)
    }
}

/// What somebody typed into the code field (P2).
#[derive(Debug)]
pub enum Entry {
    /// A code, right or wrong.
    Code(Code),
    /// Nothing at all.
    Empty,
    /// Six letters or digits, at least one of which no code ever has.
    ForeignSymbol,
    /// The reference of this page's own e-mail.
    Reference,
    /// Anything else.
    NotACode,
}

/// Longer input is not looked at: no code needs it, however it is spelled.
const LONGEST: usize = 256;

/// P2: what was typed without its spelling, in ASCII; what has no place there is a `?`.
fn folded(typed: &str) -> Option<Zeroizing<Vec<u8>>> {
    if typed.len() > LONGEST {
        return None;
    }
    let symbols = typed
        .nfkc()
        .flat_map(char::to_uppercase)
        .filter(|c| c.is_alphanumeric())
        .map(|c| u8::try_from(c).unwrap_or(b'?'));
    // With room for what is typed by people, so that growing leaves no copy of it behind.
    let mut ascii = Zeroizing::new(Vec::with_capacity(LONGEST));
    ascii.extend(symbols);
    Some(ascii)
}

impl Entry {
    /// P2: any case, with or without hyphen, with spaces, full-width, with any dash, with punctuation around it.
    ///
    /// Folds spelling only, never one symbol into another: `0` is no `O`, for neither is in the alphabet.
    pub fn read(typed: &str, reference: &Reference) -> Self {
        let Some(ascii) = folded(typed) else {
            return Self::NotACode;
        };
        match ascii.len() {
            0 => Self::Empty,
            CODE_LENGTH => {
                let mut symbols = [0; CODE_LENGTH];
                symbols.copy_from_slice(&ascii);
                Code::from_symbols(symbols).map_or(Self::ForeignSymbol, Self::Code)
            }
            REFERENCE_LENGTH if bool::from(ascii.ct_eq(&reference.0)) => Self::Reference,
            _ => Self::NotACode,
        }
    }
}

fn all_symbols(symbols: &[u8]) -> Result<(), SymbolsError> {
    if symbols.iter().all(|symbol| ALPHABET.contains(symbol)) {
        Ok(())
    } else {
        Err(SymbolsError(symbols.len()))
    }
}

/// Symbols are ASCII by construction.
fn text(symbols: &[u8]) -> &str {
    std::str::from_utf8(symbols).unwrap_or_default()
}

macro_rules! unprintable {
    ($($name:ident),*) => {$(
        /// Prints the type's name alone (S4).
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
        /// In constant time (S4).
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }
        impl Eq for $name {}
    )*};
}
unprintable!(LinkToken, Reference, Code);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> Entry {
        Entry::read(typed, &Reference::parse("K7M3QXPB").unwrap())
    }

    #[test]
    fn s1_the_alphabet_has_28_symbols_and_no_vowel() {
        let mut symbols = ALPHABET.to_vec();
        symbols.dedup();
        assert_eq!(symbols.len(), 28);
        assert!(symbols.iter().all(|s| !b"AEIOUY01".contains(s)));
    }

    #[test]
    fn p2_a_code_may_be_spelled_in_many_ways() {
        for typed in [
            "BCD-FGH",
            "bcdfgh",
            " bcd fgh ",
            "BCD–FGH",
            "BCD—FGH",
            "BCD−FGH",
            "„BCD-FGH“.",
            "ＢＣＤ－ＦＧＨ",
            "b c d - f g h",
            "BCD\u{200b}FGH",
            "BCD\u{00ad}FGH",
            "(BCD_FGH)",
        ] {
            match read(typed) {
                Entry::Code(code) => assert_eq!(code.expose(), "BCDFGH", "{typed}"),
                other => panic!("{typed}: {other:?}"),
            }
        }
    }

    #[test]
    fn p2_anything_else_is_no_code_and_says_what_it_is() {
        for typed in ["", "   ", "---", "\u{200b}"] {
            assert!(matches!(read(typed), Entry::Empty), "{typed:?}");
        }
        for typed in ["BCDFG0", "bcd-fga", "БЦДФГХ", "BCDFGß"] {
            let entry = read(typed);
            assert!(
                matches!(entry, Entry::ForeignSymbol | Entry::NotACode),
                "{typed:?} {entry:?}"
            );
        }
        for typed in ["k7m3-qxpb", "K7M3 QXPB"] {
            assert!(matches!(read(typed), Entry::Reference), "{typed:?}");
        }
        for typed in ["BCDFG", "BCDFGHJ", "K7M3-QXPC", &"B".repeat(1_000_000)] {
            assert!(matches!(read(typed), Entry::NotACode), "{}", typed.len());
        }
    }

    #[test]
    fn p2_a_foreign_symbol_is_told_from_what_is_no_code() {
        for typed in ["BCDFG0", "bcd-fga", "БЦДФГХ", "BCD FG1"] {
            assert!(matches!(read(typed), Entry::ForeignSymbol), "{typed:?}");
        }
        // What folds into two letters makes seven of six.
        assert!(matches!(read("BCDFGß"), Entry::NotACode));
    }

    #[test]
    fn p2_as_much_is_looked_at_as_a_person_types() {
        let padded = |length: usize| format!("BCD-FGH{}", " ".repeat(length - 7));
        for (length, is_code) in [(255, true), (256, true), (257, false)] {
            let entry = read(&padded(length));
            assert_eq!(matches!(entry, Entry::Code(_)), is_code, "{length}");
            let reference = format!("k7m3-qxpb{}", " ".repeat(length - 9));
            assert_eq!(Reference::read(&reference).is_some(), is_code, "{length}");
        }
    }

    #[test]
    fn what_is_shown_to_people_has_a_hyphen_and_what_is_sealed_has_none() {
        let code = Code::from_symbols(*b"BCDFGH").unwrap();
        assert_eq!(
            (code.shown().as_str(), code.expose()),
            ("BCD-FGH", "BCDFGH")
        );
        assert!(Code::from_symbols(*b"BCDFG0").is_err());
        let reference = Reference::parse("K7M3QXPB").unwrap();
        assert_eq!(reference.expose(), "K7M3QXPB");
        assert_eq!(Reference::read(" k7m3–qxpb "), Some(reference.clone()));
        for bad in ["K7M3QXP", "K7M3QXPBB", "K7M3-QXPB", "K7M3QXP0"] {
            assert!(Reference::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "K7M3QXP", "K7M3QXP0"] {
            assert_eq!(Reference::read(bad), None, "{bad}");
        }
        let token = LinkToken::parse(&"K7M3QXPB".repeat(4)[..28]).unwrap();
        assert_eq!(token.expose(), &"K7M3QXPB".repeat(4)[..28]);
        assert_eq!(token.reference(), reference);
    }

    #[test]
    fn s4_secrets_do_not_print() {
        let token = LinkToken::parse(&"K7M3QXPB".repeat(4)[..28]).unwrap();
        let printed = format!("{token:?} {:?}", token.reference());
        assert_eq!(printed, "LinkToken(…) Reference(…)");
        assert_eq!(token.reference().shown(), "K7M3-QXPB");
    }

    #[test]
    fn tokens_are_taken_exactly_as_they_were_sent() {
        let good = &"K7M3QXPB".repeat(4)[..28];
        assert!(LinkToken::parse(good).is_ok());
        for bad in [
            &good.to_lowercase(),
            &good[1..],
            &format!("{good}K"),
            &good.replace('K', "0"),
        ] {
            assert!(LinkToken::parse(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn p2_no_input_panics(typed in "\\PC{0,40}") {
            let _ = read(&typed);
        }
    }
}
