//! The languages that patients read, and how one is chosen (P3).

use serde::{Deserialize, Serialize};

/// A language of the patient's pages and e-mails, as BCP 47 tags name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// German, formal (Sie).
    #[default]
    #[serde(rename = "de")]
    German,
    /// German, informal (du).
    #[serde(rename = "de-x-informal")]
    GermanInformal,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// Every language there is.
    pub const ALL: [Self; 3] = [Self::German, Self::GermanInformal, Self::English];

    /// The tag as the API, `?lang=` and the `lang` attribute write it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::German => "de",
            Self::GermanInformal => "de-x-informal",
            Self::English => "en",
        }
    }

    /// The language of exactly this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// P3: what the switch says, else what the browser asks for, else the recipient's language.
    ///
    /// A browser knows German, not Sie or du: between those the recipient's setting decides.
    pub fn choose(switch: Option<&str>, accept_language: Option<&str>, recipient: Self) -> Self {
        switch
            .and_then(Self::from_tag)
            .or_else(|| accept_language.and_then(|header| Self::accepted(header, recipient)))
            .unwrap_or(recipient)
    }

    /// The best language of an `Accept-Language` header (RFC 9110, section 12.5.4).
    fn accepted(header: &str, recipient: Self) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok())
                .unwrap_or(1.0);
            let language = match tag.split('-').next() {
                Some("de") if recipient == Self::GermanInformal => Self::GermanInformal,
                Some("de") => Self::German,
                Some("en") => Self::English,
                _ => continue,
            };
            if weight > 0.0 && best.is_none_or(|(_, heaviest)| weight > heaviest) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, English, German, GermanInformal};

    #[test]
    fn p3_switch_then_browser_then_recipient() {
        for (switch, accept, recipient, expected) in [
            (Some("en"), Some("de"), German, English),
            (Some("xx"), Some("en-GB"), German, English),
            (None, Some("fr, en;q=0.7, de;q=0.8"), English, German),
            (None, Some("fr"), English, English),
            (None, Some("de-AT"), GermanInformal, GermanInformal),
            (Some("de"), None, GermanInformal, German),
            (None, Some("en;q=0, *;q=0.1"), German, German),
            (None, None, GermanInformal, GermanInformal),
        ] {
            assert_eq!(
                Language::choose(switch, accept, recipient),
                expected,
                "{accept:?}"
            );
        }
    }
}
