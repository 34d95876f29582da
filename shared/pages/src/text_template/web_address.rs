//! D11: finding what is, or what a phone would take for, the address of a web page, on every path through a message.
//!
//! A small automaton reads the text; at an `<#if>` it goes on from wherever either branch left it.
//! So an address is found though it be put together from branches, and each character is still read once.

use std::collections::BTreeSet;

use domain::gsm7;

use super::tree::{Branch, Node, Tree};
use super::variable::MessageVariable;

/// What was read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// Nothing that an address could go on from.
    Apart,
    /// The end of a word.
    Word,
    /// A full stop right behind a word.
    Dot,
    /// One letter right behind such a full stop.
    Letter,
    /// A slash.
    Slash,
    /// Up to three digits, after so many full stops that had digits before them.
    Digits { dots: u8, digits: u8 },
    /// The last of so many full stops with digits before them.
    DigitsDot { dots: u8 },
}

/// Three of them part the numbers of an Internet address.
const DOTS_OF_AN_IP_ADDRESS: u8 = 3;

impl State {
    /// The state after another character, or `None` if that makes an address: `//`, two letters behind a full stop behind a word, or four numbers with full stops between.
    fn after(self, c: char) -> Option<Self> {
        match c {
            '/' if self == Self::Slash => None,
            '/' => Some(Self::Slash),
            '.' => Some(self.after_full_stop()),
            c if c.is_ascii_digit() => self.after_digit(),
            c if c.is_alphabetic() => match self {
                Self::Letter => None,
                Self::Dot | Self::DigitsDot { .. } => Some(Self::Letter),
                _ => Some(Self::Word),
            },
            '-' | '_' if self != Self::Apart && self != Self::Slash => Some(Self::Word),
            _ => Some(Self::Apart),
        }
    }

    fn after_full_stop(self) -> Self {
        match self {
            Self::Word | Self::Letter => Self::Dot,
            Self::Digits { dots, .. } => Self::DigitsDot { dots: dots + 1 },
            _ => Self::Apart,
        }
    }

    fn after_digit(self) -> Option<Self> {
        match self {
            Self::DigitsDot { dots } if dots >= DOTS_OF_AN_IP_ADDRESS => None,
            Self::DigitsDot { dots } => Some(Self::Digits { dots, digits: 1 }),
            Self::Digits { dots, digits } if digits < 3 => Some(Self::Digits {
                dots,
                digits: digits + 1,
            }),
            Self::Apart | Self::Slash => Some(Self::Digits { dots: 0, digits: 1 }),
            _ => Some(Self::Word),
        }
    }
}

/// The byte where something begins that becomes an address on some path through the template.
pub(super) fn find(tree: &Tree<MessageVariable>) -> Option<usize> {
    read_branch(tree, &tree.root, BTreeSet::from([State::Apart])).err()
}

/// Whether a text holds an address, or what a phone would make one of.
pub fn holds_web_address(text: &str) -> bool {
    read(BTreeSet::from([State::Apart]), text).is_err()
}

/// The states that the paths through a branch end in.
fn read_branch(
    tree: &Tree<MessageVariable>,
    branch: &Branch<MessageVariable>,
    mut states: BTreeSet<State>,
) -> Result<BTreeSet<State>, usize> {
    for node in &branch.nodes {
        states = match node {
            Node::Text(text) => read(states, tree.text(text)).map_err(|at| text.start + at)?,
            Node::Variable { variable, at } => {
                let (value, may_be_empty) = typical(*variable);
                let without = states.clone();
                let mut filled = read(states, value).map_err(|_| *at)?;
                filled.extend(without.into_iter().filter(|_| may_be_empty));
                filled
            }
            Node::If {
                then, otherwise, ..
            } => {
                let mut either = read_branch(tree, then, states.clone())?;
                either.extend(read_branch(tree, otherwise, states)?);
                either
            }
        };
    }
    Ok(states)
}

/// The states after a text, or the byte in it where the word begins that becomes an address.
fn read(mut states: BTreeSet<State>, text: &str) -> Result<BTreeSet<State>, usize> {
    for (at, c) in text.char_indices() {
        // What counts is what is sent. A mark of the letter before it is no character there.
        let sent = gsm7::fold(c.encode_utf8(&mut [0; 4]));
        for sent in sent.chars().filter(|sent| *sent != '?' || c == '?') {
            let next: Option<_> = states.iter().map(|state| state.after(sent)).collect();
            states = next.ok_or_else(|| {
                let word = text[..at].rsplit(char::is_whitespace).next();
                at - word.map_or(0, str::len)
            })?;
        }
    }
    Ok(states)
}

/// Something that begins and ends as values of this variable do, and whether there may be none.
fn typical(variable: MessageVariable) -> (&'static str, bool) {
    match variable {
        MessageVariable::Name
        | MessageVariable::Practice
        | MessageVariable::Reference
        | MessageVariable::Code
        | MessageVariable::ReachableUntil => ("xx", false),
        MessageVariable::Count => ("2", false),
        MessageVariable::Phone | MessageVariable::Several => ("2", true),
    }
}
