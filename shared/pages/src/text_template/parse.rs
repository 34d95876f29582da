//! Parses a template: checks its characters, cuts it into tokens and builds the tree, in one pass each.

use super::error::{Fault, Reason};
use super::tokens::{Token, tokens};
use super::tree::{Branch, Node, Tree};
use super::variable::Vocabulary;

/// The most characters of a subject.
pub(super) const LONGEST_SUBJECT: usize = 120;
/// The most characters of an e-mail's or a message's template.
pub(super) const LONGEST_BODY: usize = 10_000;
/// How many `<#if>` may stand within each other; more are hard to read, and the walk through them is recursive.
const DEEPEST: usize = 5;

/// The source as it is kept: with `\n` alone for line breaks.
pub(super) fn normalised(source: &str) -> String {
    source.replace("\r\n", "\n")
}

/// The tree of a normalised source, if it is at most so many characters long.
pub(super) fn parse<V: Vocabulary>(source: &str, most: usize) -> Result<Tree<V>, Fault> {
    check_characters(source, most)?;
    Ok(Tree {
        root: root(source)?,
        source: source.to_owned(),
    })
}

fn check_characters(source: &str, most: usize) -> Result<(), Fault> {
    if let Some((at, _)) = source.char_indices().nth(most) {
        return Err(Fault::new(at, Reason::TooLong { most }));
    }
    match source.find(is_refused) {
        Some(at) => Err(Fault::new(at, Reason::ControlCharacter)),
        None => Ok(()),
    }
}

/// Control characters but line break and tab, and what turns the direction of writing or breaks a line unseen.
fn is_refused(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An `<#if>` whose end has not come yet.
struct Open<V> {
    at: usize,
    variable: V,
    /// What was said before it in the branch around it.
    around: Vec<Node<V>>,
    /// Its first branch, once the second has begun.
    then: Option<Branch<V>>,
}

impl<V> Open<V> {
    /// Its node, whose last branch is this one; with the nodes around it.
    fn close(self, last: Branch<V>) -> Vec<Node<V>> {
        let end = last.end;
        let (then, otherwise) = match self.then {
            Some(then) => (then, last),
            None => (
                last,
                Branch {
                    nodes: Vec::new(),
                    end,
                },
            ),
        };
        let mut nodes = self.around;
        nodes.push(Node::If {
            variable: self.variable,
            then,
            otherwise,
        });
        nodes
    }
}

fn root<V: Vocabulary>(source: &str) -> Result<Branch<V>, Fault> {
    let mut nodes = Vec::new();
    let mut open: Vec<Open<V>> = Vec::new();
    for (at, token) in tokens(source)? {
        let fault = |reason| Fault::new(at, reason);
        match token {
            Token::Text(text) if text.is_empty() => {}
            Token::Text(text) => nodes.push(Node::Text(text)),
            Token::Say(variable) => nodes.push(Node::Variable { variable, at }),
            Token::If(_) if open.len() == DEEPEST => return Err(fault(Reason::TooDeep)),
            Token::If(variable) => open.push(Open {
                at,
                variable,
                around: std::mem::take(&mut nodes),
                then: None,
            }),
            Token::Else => {
                let open = open.last_mut().ok_or(fault(Reason::ElseWithoutIf))?;
                if open.then.is_some() {
                    return Err(fault(Reason::SecondElse));
                }
                let nodes = std::mem::take(&mut nodes);
                open.then = Some(Branch { nodes, end: at });
            }
            Token::EndIf => {
                let open = open.pop().ok_or(fault(Reason::EndWithoutIf))?;
                nodes = open.close(Branch { nodes, end: at });
            }
        }
    }
    match open.pop() {
        Some(open) => Err(Fault::new(open.at, Reason::IfWithoutEnd)),
        None => Ok(Branch {
            nodes,
            end: source.len(),
        }),
    }
}
