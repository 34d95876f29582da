//! Text templates as practices write them: which one it is, and its words.
//!
//! Whether it can be rendered and keeps D9 and D11 is asked where it is rendered.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::document::Kind;
use crate::language::Language;
use crate::text::AdditionalText;

/// Which template: each has its place, and there are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateId {
    /// Of which documents it speaks; of several in one delivery, the first one's kind decides (D11).
    pub kind: Kind,
    /// On which way.
    pub channel: TemplateChannel,
    /// To readers of which language.
    pub language: Language,
}

/// The two ways that a template can be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateChannel {
    /// The e-mail with link and reference.
    Email,
    /// The message with reference and code.
    Message,
}

/// A practice's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum TextTemplate {
    /// Of an e-mail.
    Email(EmailWording),
    /// Of a message.
    Message(MessageWording),
}

/// How an e-mail reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailWording {
    /// One line.
    pub subject: String,
    /// The text, in lines.
    pub body: String,
    /// D2: what is filled in where a request leaves the additional text out; empty means nothing.
    #[serde(default)]
    pub standard_additional_text: AdditionalText,
}

/// How a message reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageWording {
    /// The text, in lines.
    pub body: String,
}

impl TemplateId {
    /// Every template there can be.
    pub fn all() -> impl Iterator<Item = Self> {
        Kind::ALL.into_iter().flat_map(|kind| {
            TemplateChannel::ALL.into_iter().flat_map(move |channel| {
                Language::ALL.into_iter().map(move |language| Self {
                    kind,
                    channel,
                    language,
                })
            })
        })
    }

    /// The one of these names.
    pub fn from_names(kind: &str, channel: &str, language: &str) -> Option<Self> {
        Self::all().find(|id| {
            (id.kind.name(), id.channel.name(), id.language.tag()) == (kind, channel, language)
        })
    }
}

/// As paths write it: `invoice/email/de`.
impl fmt::Display for TemplateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, channel) = (self.kind.name(), self.channel.name());
        write!(f, "{kind}/{channel}/{}", self.language.tag())
    }
}

impl TemplateChannel {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Email, Self::Message];

    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Message => "message",
        }
    }
}

/// D2: the additional text that is said: the request's own, or the template's standard one where the request leaves the field out.
pub fn d2_additional_text<'a>(
    requested: Option<&'a AdditionalText>,
    standard: &'a AdditionalText,
) -> &'a AdditionalText {
    requested.unwrap_or(standard)
}

/// D2: whether an additional text would be lost without anybody having said that it may be.
pub fn d2_is_unused(text: &AdditionalText, has_place: bool, may_be_unused: bool) -> bool {
    !text.as_str().is_empty() && !has_place && !may_be_unused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> AdditionalText {
        AdditionalText::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn d2_the_standard_text_is_said_only_where_the_request_leaves_the_field_out() {
        let (own, none, standard) = (text("Bis bald."), text(""), text("Praxisferien im Juli."));
        assert_eq!(d2_additional_text(Some(&own), &standard), &own);
        assert_eq!(d2_additional_text(Some(&none), &standard), &none);
        assert_eq!(d2_additional_text(None, &standard), &standard);
    }

    #[test]
    fn d2_a_text_without_a_place_is_unused_unless_that_is_allowed() {
        let (some, none) = (text("Bis bald."), text(""));
        for (text, has_place, may_be_unused, is_unused) in [
            (&some, false, false, true),
            (&some, true, false, false),
            (&some, false, true, false),
            (&none, false, false, false),
        ] {
            assert_eq!(d2_is_unused(text, has_place, may_be_unused), is_unused);
        }
    }

    #[test]
    fn d11_every_template_has_one_name() {
        let all: Vec<TemplateId> = TemplateId::all().collect();
        assert_eq!(all.len(), 30);
        for id in all {
            let name = id.to_string();
            let names: Vec<&str> = name.split('/').collect();
            assert_eq!(
                TemplateId::from_names(names[0], names[1], names[2]),
                Some(id)
            );
        }
        assert_eq!(TemplateId::from_names("invoice", "sms", "de"), None);
    }
}
