//! The variables of text templates: their names, where each may stand, and what practices are told of them.

use std::fmt;

use domain::language::Language;

use super::error::Place;
use crate::texts::Texts;

/// What a template can have filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The recipient's name.
    Name,
    /// The practice's public name.
    Practice,
    /// The practice's phone number; may be empty.
    Phone,
    /// The practice's mail address; may be empty.
    PracticeEmail,
    /// The address of the download page.
    Link,
    /// The reference.
    Reference,
    /// The code.
    Code,
    /// How many documents there are.
    Count,
    /// The same, but empty for a single one: the subset has no comparison, and a sentence needs its singular and plural.
    Several,
    /// Until when the download page can be reached.
    ReachableUntil,
    /// The practice's own words for one delivery; may be empty.
    AdditionalText,
    /// The sentence that says how the code travels.
    CodeWay,
}

impl Variable {
    /// Every variable there is.
    pub const ALL: [Self; 12] = [
        Self::Name,
        Self::Practice,
        Self::Phone,
        Self::PracticeEmail,
        Self::Link,
        Self::Reference,
        Self::Code,
        Self::Count,
        Self::Several,
        Self::ReachableUntil,
        Self::AdditionalText,
        Self::CodeWay,
    ];

    /// As templates write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Practice => "praxis",
            Self::Phone => "telefon",
            Self::PracticeEmail => "praxisEmail",
            Self::Link => "link",
            Self::Reference => "referenz",
            Self::Code => "code",
            Self::Count => "anzahl",
            Self::Several => "mehrere",
            Self::ReachableUntil => "gueltigBis",
            Self::AdditionalText => "zusatzText",
            Self::CodeWay => "codeWeg",
        }
    }

    /// The variable of exactly this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|variable| variable.name() == name)
    }

    /// Whether there are deliveries for which it is empty.
    fn may_be_empty(self) -> bool {
        matches!(
            self,
            Self::Phone | Self::PracticeEmail | Self::Several | Self::AdditionalText
        )
    }

    fn description(self, texts: &Texts) -> &'static str {
        match self {
            Self::Name => texts.variable_name(),
            Self::Practice => texts.variable_practice(),
            Self::Phone => texts.variable_phone(),
            Self::PracticeEmail => texts.variable_practice_email(),
            Self::Link => texts.variable_link(),
            Self::Reference => texts.variable_reference(),
            Self::Code => texts.variable_code(),
            Self::Count => texts.variable_count(),
            Self::Several => texts.variable_several(),
            Self::ReachableUntil => texts.variable_reachable_until(),
            Self::AdditionalText => texts.variable_additional_text(),
            Self::CodeWay => texts.variable_code_way(),
        }
    }

    fn example(self, texts: &Texts) -> &'static str {
        match self {
            Self::Name => "Erika Mustermann",
            Self::Practice => texts.example_practice(),
            Self::Phone => "0441 234567",
            Self::PracticeEmail => "praxis@example.org",
            Self::Link => "https://dokumente.example.org/d/K7M3QXPB2345BCDF6789GHJKLMNP",
            Self::Reference => "K7M3-QXPB",
            Self::Code => "BCD-FGH",
            Self::Count | Self::Several => "2",
            Self::ReachableUntil => texts.example_reachable_until(),
            Self::AdditionalText => texts.example_additional_text(),
            Self::CodeWay => texts.code_by_sms(),
        }
    }
}

/// As templates write it, with dollar sign and braces.
impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${{{}}}", self.name())
    }
}

/// What practices are told of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableEntry {
    /// Which one.
    pub variable: Variable,
    /// What it is filled with, and when it is empty.
    pub description: &'static str,
    /// A value as a patient would read it.
    pub example: &'static str,
    /// Whether there are deliveries for which it is empty, so that `<#if …?has_content>` is of use.
    pub may_be_empty: bool,
    /// Where it may be said (D9, D11).
    pub places: Vec<Place>,
}

/// Every variable, in the words of this language.
pub fn variables(language: Language) -> Vec<VariableEntry> {
    let texts = Texts::of(language);
    Variable::ALL
        .into_iter()
        .map(|variable| VariableEntry {
            variable,
            description: variable.description(texts),
            example: variable.example(texts),
            may_be_empty: variable.may_be_empty(),
            places: places(variable),
        })
        .collect()
}

fn places(variable: Variable) -> Vec<Place> {
    [
        (Place::Subject, SubjectVariable::said(variable).is_some()),
        (Place::Email, BodyVariable::said(variable).is_some()),
        (Place::Message, MessageVariable::said(variable).is_some()),
    ]
    .into_iter()
    .filter_map(|(place, is_known)| is_known.then_some(place))
    .collect()
}

/// The variables that a place knows. What is not among them cannot be parsed there, and so need not be given there.
pub(crate) trait Vocabulary: Copy + PartialEq {
    /// The variable for `${…}`.
    fn said(variable: Variable) -> Option<Self>;

    /// The variable for `<#if …?has_content>`.
    fn asked(variable: Variable) -> Option<Self> {
        Self::said(variable)
    }
}

/// What a subject knows (D9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubjectVariable {
    Practice,
    Count,
    Several,
}

impl Vocabulary for SubjectVariable {
    fn said(variable: Variable) -> Option<Self> {
        match variable {
            Variable::Practice => Some(Self::Practice),
            Variable::Count => Some(Self::Count),
            _ => None,
        }
    }

    /// It tells no more than the number does, which D9 allows; saying it is of no use beside the number.
    fn asked(variable: Variable) -> Option<Self> {
        match variable {
            Variable::Several => Some(Self::Several),
            other => Self::said(other),
        }
    }
}

/// What the text of an e-mail knows: all but the code (D11, S4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyVariable {
    Name,
    Practice,
    Phone,
    PracticeEmail,
    Link,
    Reference,
    Count,
    Several,
    ReachableUntil,
    AdditionalText,
    CodeWay,
}

impl Vocabulary for BodyVariable {
    fn said(variable: Variable) -> Option<Self> {
        match variable {
            Variable::Name => Some(Self::Name),
            Variable::Practice => Some(Self::Practice),
            Variable::Phone => Some(Self::Phone),
            Variable::PracticeEmail => Some(Self::PracticeEmail),
            Variable::Link => Some(Self::Link),
            Variable::Reference => Some(Self::Reference),
            Variable::Count => Some(Self::Count),
            Variable::Several => Some(Self::Several),
            Variable::ReachableUntil => Some(Self::ReachableUntil),
            Variable::AdditionalText => Some(Self::AdditionalText),
            Variable::CodeWay => Some(Self::CodeWay),
            Variable::Code => None,
        }
    }
}

/// What a message knows: no link, no address, no additional text (D11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageVariable {
    Name,
    Practice,
    Phone,
    Reference,
    Code,
    Count,
    Several,
    ReachableUntil,
}

impl Vocabulary for MessageVariable {
    fn said(variable: Variable) -> Option<Self> {
        match variable {
            Variable::Name => Some(Self::Name),
            Variable::Practice => Some(Self::Practice),
            Variable::Phone => Some(Self::Phone),
            Variable::Reference => Some(Self::Reference),
            Variable::Code => Some(Self::Code),
            Variable::Count => Some(Self::Count),
            Variable::Several => Some(Self::Several),
            Variable::ReachableUntil => Some(Self::ReachableUntil),
            Variable::PracticeEmail
            | Variable::Link
            | Variable::AdditionalText
            | Variable::CodeWay => None,
        }
    }
}
