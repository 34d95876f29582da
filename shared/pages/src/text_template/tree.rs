//! A parsed template: what is said always and what in branches, and the walk along the branches that the values choose.

use std::ops::Range;

/// A template whose variables are all of its place's vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tree<V> {
    /// As it was written, with `\n` alone for line breaks.
    pub(super) source: String,
    pub(super) root: Branch<V>,
}

/// What is said one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Branch<V> {
    pub(super) nodes: Vec<Node<V>>,
    /// The byte where the tag that ends it begins, or the end of the source.
    pub(super) end: usize,
}

/// A piece of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node<V> {
    /// Text, by its place in the source.
    Text(Range<usize>),
    /// `${name}`, and the byte where it begins.
    Variable { variable: V, at: usize },
    /// `<#if name?has_content>`; what comes after a missing `<#else>` is empty.
    If {
        variable: V,
        then: Branch<V>,
        otherwise: Branch<V>,
    },
}

/// What a template says, piece by piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said<'a, V> {
    /// Its own text.
    Text(&'a str),
    /// The value of a variable.
    Value(V),
}

impl<V: Copy> Tree<V> {
    /// What is said where these variables have content.
    pub(super) fn said(&self, has_content: impl Fn(V) -> bool) -> Vec<Said<'_, V>> {
        let mut said = Vec::new();
        self.walk(&self.root, &has_content, &mut said);
        said
    }

    /// The text that a node of this tree stands for.
    pub(super) fn text(&self, text: &Range<usize>) -> &str {
        self.source.get(text.clone()).unwrap_or_default()
    }

    fn walk<'a>(
        &'a self,
        branch: &Branch<V>,
        has_content: &impl Fn(V) -> bool,
        said: &mut Vec<Said<'a, V>>,
    ) {
        for node in &branch.nodes {
            match node {
                Node::Text(text) => said.push(Said::Text(self.text(text))),
                Node::Variable { variable, .. } => said.push(Said::Value(*variable)),
                Node::If {
                    variable,
                    then,
                    otherwise,
                } => {
                    let chosen = if has_content(*variable) {
                        then
                    } else {
                        otherwise
                    };
                    self.walk(chosen, has_content, said);
                }
            }
        }
    }
}

/// Says nothing.
impl<V> Default for Tree<V> {
    fn default() -> Self {
        Self {
            source: String::new(),
            root: Branch {
                nodes: Vec::new(),
                end: 0,
            },
        }
    }
}
