//! Texts that practices give and that travel into headers, messages and pages.

use crate::smuggling::is_invisible;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// One line of at most 200 characters, in normal form C, without control or invisible direction characters.
///
/// What cannot hold a line break cannot add a header to an e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line(String);

impl Line {
    /// The text itself, never empty.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Line {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let line: String = text.trim().nfc().collect();
        if line.is_empty() || line.chars().count() > 200 {
            Err("expected 1 to 200 characters")
        } else if line.chars().any(|c| c.is_control() || is_direction(c)) {
            Err("expected one line without control characters")
        } else if line.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
            Err("expected at least one character that can be seen")
        } else {
            Ok(Self(line))
        }
    }
}

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.0
    }
}

/// Free text of at most 4,000 characters for one delivery: lines, but no other control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AdditionalText(String);

impl AdditionalText {
    /// The text itself; empty means none.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<AdditionalText> for String {
    fn from(text: AdditionalText) -> Self {
        text.0
    }
}

impl TryFrom<String> for AdditionalText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text: String = text.replace("\r\n", "\n").trim().nfc().collect();
        if text.chars().count() > 4_000 {
            Err("expected at most 4000 characters")
        } else if text
            .chars()
            .any(|c| (c.is_control() && c != '\n' && c != '\t') || is_direction(c))
        {
            Err("expected text without control characters")
        } else {
            Ok(Self(text))
        }
    }
}

/// Characters that turn the direction of writing around and so make a text read other than it is.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_cannot_break_out_of_a_header() {
        for bad in [
            "",
            "  ",
            "a\r\nBcc: x@example.org",
            "a\nb",
            "a\0b",
            "a\u{202e}b",
            "a\u{2028}b",
            "\u{200b}\u{2060}",
            &"x".repeat(201),
        ] {
            assert!(Line::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
        let line = Line::try_from(" Zoe\u{308} Groß ".to_owned()).unwrap();
        assert_eq!(line.as_str(), "Zoë Groß");
    }

    #[test]
    fn additional_text_keeps_its_lines() {
        let text = AdditionalText::try_from("Guten Tag,\r\nbis bald.".to_owned()).unwrap();
        assert_eq!(text.as_str(), "Guten Tag,\nbis bald.");
        assert!(AdditionalText::try_from("a\u{7}b".to_owned()).is_err());
    }
}
