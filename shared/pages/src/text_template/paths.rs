//! What holds on every path through a template's branches.
//!
//! A path is any choice of branches, also one that no delivery takes: D11 says "in every branch", and a practice must not have to think about which can come together.
//! Everything here looks at each node once.

use super::tree::{Branch, Node};

/// Where a path ends that says nothing of what is asked for: the end of the branch that lacks it, or of the whole.
///
/// Of an `<#if>` that asks for `given`, only the first branch counts.
pub(super) fn missing<V: PartialEq>(
    branch: &Branch<V>,
    is_it: &impl Fn(&Node<V>) -> bool,
    given: Option<&V>,
) -> Option<usize> {
    let mut lacking = None;
    for node in &branch.nodes {
        if is_it(node) {
            return None;
        }
        let Node::If {
            variable,
            then,
            otherwise,
        } = node
        else {
            continue;
        };
        let first = missing(then, is_it, given);
        let second = if given == Some(variable) {
            first
        } else {
            missing(otherwise, is_it, given)
        };
        match (first, second) {
            (None, None) => return None,
            (Some(_), Some(_)) => {}
            (first, second) => lacking = lacking.or(first).or(second),
        }
    }
    lacking.or(Some(branch.end))
}

/// Where a path says the variable a second time; else how often the path that says it most does, if it was said so often before.
pub(super) fn repeated<V: PartialEq>(
    branch: &Branch<V>,
    wanted: &V,
    before: usize,
) -> Result<usize, usize> {
    let mut said = before;
    for node in &branch.nodes {
        match node {
            Node::Variable { variable, at } if variable == wanted => {
                said += 1;
                if said > 1 {
                    return Err(*at);
                }
            }
            Node::If {
                then, otherwise, ..
            } => {
                said = repeated(then, wanted, said)?.max(repeated(otherwise, wanted, said)?);
            }
            _ => {}
        }
    }
    Ok(said)
}

/// The length of the longest path, where each node but `<#if>` has this length.
pub(super) fn longest<V>(branch: &Branch<V>, length: &impl Fn(&Node<V>) -> usize) -> usize {
    branch
        .nodes
        .iter()
        .map(|node| match node {
            Node::If {
                then, otherwise, ..
            } => longest(then, length).max(longest(otherwise, length)),
            node => length(node),
        })
        .sum()
}
