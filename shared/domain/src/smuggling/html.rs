//! D1: what an HTML text shows, and what its tags hold.

/// An HTML text taken apart.
#[derive(Default)]
pub(super) struct Html {
    /// What stands between the tags, with breaks where blocks begin and end; entities are not decoded.
    pub(super) visible: String,
    /// What stands in the tags and comments, each a paragraph: a title or an alternative text is read too.
    pub(super) hidden: String,
}

/// D1: tags removed. A tag within a word leaves no gap; the end of a block ends a paragraph.
pub(super) fn d1_without_tags(html: &str) -> Html {
    let mut parts = Html::default();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        parts.visible.push_str(&rest[..start]);
        rest = &rest[start..];
        let length = match markup(rest) {
            Markup::Whole(length) => length,
            Markup::Sign => {
                parts.visible.push('<');
                rest = &rest[1..];
                continue;
            }
            // What follows is searched as it stands, and not looked through again for each of its tags.
            Markup::Unended => break,
        };
        let tag = &rest[..length];
        parts.visible.push_str(gap(tag));
        parts.hidden.push_str(tag.trim_matches(['<', '>']));
        parts.hidden.push_str("\n\n");
        rest = &rest[length..];
    }
    parts.visible.push_str(rest);
    parts
}

/// What a `<` begins.
enum Markup {
    /// A tag or comment of this length.
    Whole(usize),
    /// A tag or comment without an end.
    Unended,
    /// Nothing: it is a mere sign.
    Sign,
}

fn markup(text: &str) -> Markup {
    let length = if text.starts_with("<!--") {
        text.find("-->").map(|end| end + "-->".len())
    } else {
        match text.as_bytes().get(1) {
            Some(b'!' | b'?') => text.find('>').map(|end| end + 1),
            Some(b'/') => tag_length(text),
            Some(letter) if letter.is_ascii_alphabetic() => tag_length(text),
            _ => return Markup::Sign,
        }
    };
    length.map_or(Markup::Unended, Markup::Whole)
}

/// A `>` inside a quoted value does not end a tag; a quotation mark opens a value only after `=`.
fn tag_length(text: &str) -> Option<usize> {
    let mut after_equals = false;
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') if after_equals => quote = Some(byte),
            _ => {}
        }
        after_equals = byte == b'=' || (after_equals && byte.is_ascii_whitespace());
    }
    None
}

/// What a reader sees in a tag's place.
fn gap(tag: &str) -> &'static str {
    let name: String = tag
        .trim_start_matches(['<', '/'])
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    match name.as_str() {
        "br" | "dd" | "dt" | "li" | "tr" => "\n",
        "td" | "th" => "\t",
        "address" | "article" | "blockquote" | "body" | "center" | "div" | "dl" | "footer"
        | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "head" | "header" | "hr" | "html" | "ol"
        | "p" | "pre" | "section" | "script" | "style" | "table" | "title" | "ul" => "\n\n",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d1_tags_are_taken_out_of_what_is_shown_and_read_by_themselves() {
        for (html, visible, hidden) in [
            ("a<b>b</b>c", "abc", "b\n\n/b\n\n"),
            ("a<!-- x > y -->b", "ab", "!-- x > y --\n\n"),
            ("a<!DOCTYPE html>b", "ab", "!DOCTYPE html\n\n"),
            ("a<?xml x?>b", "ab", "?xml x?\n\n"),
            ("a</p>b<br>c<td>d", "a\n\nb\nc\td", "/p\n\nbr\n\ntd\n\n"),
            ("1 < 2 <3 <", "1 < 2 <3 <", ""),
            ("1 < 2 > 1 <3>", "1 < 2 > 1 <3>", ""),
            // A quotation mark opens a value after an equals sign alone.
            ("a<img alt=\"x>y\">b", "ab", "img alt=\"x>y\"\n\n"),
            ("a<img alt = 'x>y'>b", "ab", "img alt = 'x>y'\n\n"),
            ("a<img x'>b<i alt=\"'>c", "ab<i alt=\"'>c", "img x'\n\n"),
            ("a<img alt='\"'>b", "ab", "img alt='\"'\n\n"),
            ("a<img alt=b\">c", "ac", "img alt=b\"\n\n"),
            // Without an end they are no tags.
            ("a<b c", "a<b c", ""),
            ("a<!b", "a<!b", ""),
            ("a<!-- b", "a<!-- b", ""),
            // An empty comment, as browsers read it.
            ("a<!-->b", "ab", "!--\n\n"),
        ] {
            let parts = d1_without_tags(html);
            assert_eq!(
                (&*parts.visible, &*parts.hidden),
                (visible, hidden),
                "{html}"
            );
        }
    }
}
