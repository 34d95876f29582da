//! Why a template is refused: where, and what is wrong there.

use std::error::Error;
use std::fmt;

use super::variable::Variable;

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// In which text.
    pub place: Place,
    /// The line, counted from one.
    pub line: usize,
    /// The character in its line, counted from one.
    pub column: usize,
    /// What is wrong.
    pub reason: Reason,
}

/// The texts that templates are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The subject of an e-mail.
    Subject,
    /// The text of an e-mail.
    Email,
    /// The text of a message.
    Message,
}

impl Place {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Email => "email",
            Self::Message => "message",
        }
    }

    /// The field of the request that holds it, as a JSON pointer.
    pub fn pointer(self) -> &'static str {
        match self {
            Self::Subject => "/subject",
            Self::Email | Self::Message => "/body",
        }
    }
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// More characters than a text of its place may have.
    TooLong {
        /// How many there may be.
        most: usize,
    },
    /// A control character, or one that turns the direction of writing.
    ControlCharacter,
    /// A second line where there may be only one.
    SecondLine,
    /// `${` or a tag that does not end on its line.
    Unclosed,
    /// Something other than a name between `${` and `}`.
    NotAName,
    /// An `<#if` that asks for something other than `name?has_content`.
    Condition,
    /// A tag other than the three that are understood.
    UnknownTag,
    /// A comment.
    Comment,
    /// A call of a macro.
    Macro,
    /// No variable has this name.
    UnknownVariable,
    /// `<#else>` outside of an `<#if>`.
    ElseWithoutIf,
    /// A second `<#else>` in one `<#if>`.
    SecondElse,
    /// `</#if>` outside of an `<#if>`.
    EndWithoutIf,
    /// An `<#if>` without its `</#if>`.
    IfWithoutEnd,
    /// More `<#if>`s within each other than allowed.
    TooDeep,
    /// A variable that its place does not know (D9, D11).
    VariableNotAllowed(Variable),
    /// A variable that its place must have in every branch (D11).
    VariableMissing(Variable),
    /// A variable that its place may have once (D11).
    VariableRepeated(Variable),
    /// A standard additional text, and a branch without a place for it (D2).
    AdditionalTextUnused,
    /// Nothing at all is said in some branch.
    Empty,
    /// A word that tells the kind of document (D9).
    TellsKind,
    /// An address of a web page, or what a phone would make one of (D11).
    WebAddress,
    /// A character that the alphabet of text messages does not have.
    NotInAlphabet,
    /// More than one segment of a text message, with the longest values (D11).
    MessageTooLong {
        /// How many septets it would take.
        septets: usize,
    },
}

impl Reason {
    /// A name that does not change, for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too-long",
            Self::ControlCharacter => "control-character",
            Self::SecondLine => "second-line",
            Self::Unclosed => "unclosed",
            Self::NotAName => "not-a-name",
            Self::Condition => "condition",
            Self::UnknownTag => "unknown-tag",
            Self::Comment => "comment",
            Self::Macro => "macro",
            Self::UnknownVariable => "unknown-variable",
            Self::ElseWithoutIf => "else-without-if",
            Self::SecondElse => "second-else",
            Self::EndWithoutIf => "end-without-if",
            Self::IfWithoutEnd => "if-without-end",
            Self::TooDeep => "too-deep",
            Self::VariableNotAllowed(_) => "variable-not-allowed",
            Self::VariableMissing(_) => "variable-missing",
            Self::VariableRepeated(_) => "variable-repeated",
            Self::AdditionalTextUnused => "additional-text-unused",
            Self::Empty => "empty",
            Self::TellsKind => "tells-kind",
            Self::WebAddress => "web-address",
            Self::NotInAlphabet => "not-in-alphabet",
            Self::MessageTooLong { .. } => "message-too-long",
        }
    }
}

impl TemplateError {
    /// What is wrong and how to mend it, in one or two English sentences.
    pub fn sentence(&self) -> String {
        let fixed = match self.reason {
            Reason::TooLong { most } => {
                return format!("From here on it is longer than {most} characters.");
            }
            Reason::ControlCharacter => {
                "There is a control character or an invisible direction character here. Take it out."
            }
            Reason::SecondLine => "A subject is one line. Take the line break out.",
            Reason::Unclosed => {
                "This does not end on its line: ${name} ends with a brace, <#if name?has_content> with an angle bracket."
            }
            Reason::NotAName => {
                "Only the name of a variable may stand between ${ and }, such as ${name}."
            }
            Reason::Condition => "An <#if> can only ask this: <#if name?has_content>.",
            Reason::UnknownTag => {
                "Of all tags only <#if name?has_content>, <#else> and </#if> are understood."
            }
            Reason::Comment => "Comments are not understood. Take it out.",
            Reason::Macro => "Macros are not understood. Take it out.",
            Reason::UnknownVariable => {
                "There is no variable of this name. GET /v1/templates lists them all; capital and small letters matter."
            }
            Reason::ElseWithoutIf => "This <#else> belongs to no <#if>.",
            Reason::SecondElse => "This <#if> already has its <#else>.",
            Reason::EndWithoutIf => "This </#if> belongs to no <#if>.",
            Reason::IfWithoutEnd => "This <#if> has no </#if>.",
            Reason::TooDeep => "At most five <#if> may stand within each other.",
            Reason::VariableNotAllowed(variable) => return self.not_allowed(variable),
            Reason::VariableMissing(variable) => {
                return format!(
                    "The template lacks {variable}, or the branch that ends here does. Put it outside of <#if>, or into both branches."
                );
            }
            Reason::VariableRepeated(variable) => {
                return format!("Here {variable} is said a second time. It may be said once.");
            }
            Reason::AdditionalTextUnused => {
                "There is a standard additional text, and up to here no place for it. Put in <#if zusatzText?has_content>${zusatzText}</#if>."
            }
            Reason::Empty => "It must say something in every branch, and nothing does up to here.",
            Reason::TellsKind => {
                "This word tells what kind of document it is to everybody who sees it. Say that a document is ready."
            }
            Reason::WebAddress => {
                "A message holds no address of a web page, nor what a phone would take for one. If it is none, put a space after the full stop."
            }
            Reason::NotInAlphabet => {
                "Text messages do not have this character. Use a plain one instead."
            }
            Reason::MessageTooLong { septets } => {
                return format!(
                    "With the longest names the message takes {septets} characters, and one text message has 160. Some count twice, such as the euro sign."
                );
            }
        };
        fixed.to_owned()
    }

    fn not_allowed(&self, variable: Variable) -> String {
        let rule = match self.place {
            Place::Subject => "A subject may only use ${praxis} and ${anzahl}",
            Place::Email => "An e-mail never holds the code",
            Place::Message => {
                "A message holds no link, mail address or additional text, and says itself how it comes"
            }
        };
        format!("{rule}. Take {variable} out.")
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, .. } = self;
        write!(f, "Line {line}, character {column}: {}", self.sentence())
    }
}

impl Error for TemplateError {}

/// What is wrong, with its place in bytes, while only the text itself is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) reason: Reason,
}

impl Fault {
    pub(super) fn new(at: usize, reason: Reason) -> Self {
        Self { at, reason }
    }

    /// The same for people, who count lines and characters.
    pub(super) fn within(self, place: Place, source: &str) -> TemplateError {
        let before = source.get(..self.at).unwrap_or(source);
        let own_line = before
            .rsplit_once('\n')
            .map_or(before, |(_, own_line)| own_line);
        TemplateError {
            place,
            line: before.matches('\n').count() + 1,
            column: own_line.chars().count() + 1,
            reason: self.reason,
        }
    }
}
