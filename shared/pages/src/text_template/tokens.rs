//! Cuts a template's source into text and tags, and refuses every tag that is not of the subset.

use std::ops::Range;

use super::error::{Fault, Reason};
use super::variable::{Variable, Vocabulary};

/// What `FreeMarker` would understand in some way, whatever comes after it.
const OPENERS: [&str; 6] = ["${", "#{", "<#", "</#", "<@", "</@"];
/// The one question that the subset has.
const HAS_CONTENT: &str = "?has_content";
/// What may stand around the name within a tag.
const BLANKS: [char; 2] = [' ', '\t'];

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<V> {
    /// Text, by its place in the source.
    Text(Range<usize>),
    /// `${name}`
    Say(V),
    /// `<#if name?has_content>`
    If(V),
    /// `<#else>`
    Else,
    /// `</#if>`
    EndIf,
}

impl<V> Token<V> {
    /// Whether `FreeMarker` drops the rest of a line that holds nothing else.
    fn is_tag(&self) -> bool {
        matches!(self, Self::If(_) | Self::Else | Self::EndIf)
    }
}

/// The pieces of a source in their order, each with the byte where it begins.
pub(super) fn tokens<V: Vocabulary>(source: &str) -> Result<Vec<(usize, Token<V>)>, Fault> {
    let mut tokens = Vec::new();
    let mut from = 0;
    while let Some(at) = next_opener(source, from) {
        if at > from {
            tokens.push((from, Token::Text(from..at)));
        }
        let (token, length) = read(&source[at..]).map_err(|reason| Fault::new(at, reason))?;
        tokens.push((at, token));
        from = at + length;
    }
    if from < source.len() {
        tokens.push((from, Token::Text(from..source.len())));
    }
    strip(source, &mut tokens);
    Ok(tokens)
}

fn next_opener(source: &str, from: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    (from..bytes.len()).find(|at| {
        matches!(bytes[*at], b'$' | b'#' | b'<')
            && OPENERS
                .iter()
                .any(|opener| bytes[*at..].starts_with(opener.as_bytes()))
    })
}

/// The tag at the beginning of `rest`, and its length.
fn read<V: Vocabulary>(rest: &str) -> Result<(Token<V>, usize), Reason> {
    if let Some(inner) = rest.strip_prefix("${") {
        let inner = until(inner, '}')?;
        let variable = known(inner.trim_matches(BLANKS), Reason::NotAName)?;
        let say = V::said(variable).ok_or(Reason::VariableNotAllowed(variable))?;
        return Ok((Token::Say(say), "${}".len() + inner.len()));
    }
    if rest.starts_with("#{") {
        return Err(Reason::NotAName);
    }
    if rest.starts_with("<@") || rest.starts_with("</@") {
        return Err(Reason::Macro);
    }
    if rest.starts_with("<#--") {
        return Err(Reason::Comment);
    }
    read_tag(rest)
}

/// The same for `<#…>` and `</#…>`.
fn read_tag<V: Vocabulary>(rest: &str) -> Result<(Token<V>, usize), Reason> {
    let (opener, tag) = rest.split_at(if rest.starts_with("</#") { 3 } else { 2 });
    let named = tag.find(|c: char| !c.is_ascii_alphanumeric());
    let (name, inner) = tag.split_at(named.unwrap_or(tag.len()));
    if !matches!((opener, name), ("<#", "if" | "else") | ("</#", "if")) {
        return Err(Reason::UnknownTag);
    }
    let inner = until(inner, '>')?;
    let token = match (opener, name) {
        ("<#", "if") => condition(inner)?,
        _ if !inner.trim_matches(BLANKS).is_empty() => return Err(Reason::UnknownTag),
        ("<#", _) => Token::Else,
        _ => Token::EndIf,
    };
    Ok((token, opener.len() + name.len() + inner.len() + ">".len()))
}

/// What stands before the end of a tag, which is on the same line: what is not closed must not swallow the rest of the text.
fn until(inner: &str, end: char) -> Result<&str, Reason> {
    match inner.find([end, '\n']) {
        Some(at) if inner[at..].starts_with(end) => Ok(&inner[..at]),
        _ => Err(Reason::Unclosed),
    }
}

fn condition<V: Vocabulary>(inner: &str) -> Result<Token<V>, Reason> {
    let asked = inner.trim_matches(BLANKS).strip_suffix(HAS_CONTENT);
    let asked = asked.ok_or(Reason::Condition)?;
    let variable = known(asked, Reason::Condition)?;
    V::asked(variable)
        .map(Token::If)
        .ok_or(Reason::VariableNotAllowed(variable))
}

/// The variable of this name, or `otherwise` if it is not even a name.
fn known(name: &str, otherwise: Reason) -> Result<Variable, Reason> {
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !is_name {
        return Err(otherwise);
    }
    Variable::named(name).ok_or(Reason::UnknownVariable)
}

/// Takes away what `FreeMarker` does not say: where a line holds nothing but tags, side by side, its indentation and its line break.
fn strip<V>(source: &str, tokens: &mut [(usize, Token<V>)]) {
    let mut first = 0;
    while first < tokens.len() {
        let tags = tokens[first..]
            .iter()
            .take_while(|(_, token)| token.is_tag());
        let next = first + tags.count();
        if next > first {
            strip_line(source, tokens, first, next);
        }
        first = next.max(first + 1);
    }
}

/// The same for the line of the tags from `first` up to `next`.
fn strip_line<V>(source: &str, tokens: &mut [(usize, Token<V>)], first: usize, next: usize) {
    let is_last = next + 1 >= tokens.len();
    let (before, from_tags) = tokens.split_at_mut(first);
    let before = before.last_mut().map(|(_, token)| token);
    let after = from_tags.get_mut(next - first).map(|(_, token)| token);
    let indentation = before
        .as_deref()
        .map_or(Some(0), |token| indentation(source, token));
    let line_end = after
        .as_deref()
        .map_or(Some(source.len()), |token| line_end(source, token, is_last));
    let (Some(indentation), Some(line_end)) = (indentation, line_end) else {
        return;
    };
    if let Some(Token::Text(text)) = before {
        text.end = indentation;
    }
    if let Some(Token::Text(text)) = after {
        text.start = line_end;
    }
}

/// Where the last line of the text before a tag begins, if nothing but blanks is on it.
fn indentation<V>(source: &str, before: &Token<V>) -> Option<usize> {
    let Token::Text(text) = before else {
        return None;
    };
    let begins_line = text.start == 0 || source[..text.start].ends_with('\n');
    let line = match source[text.clone()].rfind('\n') {
        Some(at) => text.start + at + 1,
        None if begins_line => text.start,
        None => return None,
    };
    source[line..text.end].trim().is_empty().then_some(line)
}

/// Where the first line of the text after a tag ends, if nothing but blanks is on it.
fn line_end<V>(source: &str, after: &Token<V>, is_last: bool) -> Option<usize> {
    let Token::Text(text) = after else {
        return None;
    };
    let line = match source[text.clone()].find('\n') {
        Some(at) => text.start + at + 1,
        None if is_last => text.end,
        None => return None,
    };
    source[text.start..line].trim().is_empty().then_some(line)
}
