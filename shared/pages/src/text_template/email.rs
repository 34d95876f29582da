//! The template of an e-mail: subject, text and standard additional text.

use domain::language::Language;
use domain::text::AdditionalText;

use super::error::{Fault, Place, Reason, TemplateError};
use super::parse::{LONGEST_BODY, LONGEST_SUBJECT, normalised, parse};
use super::paths::missing;
use super::telling::d9_first_telling;
use super::tree::{Node, Said, Tree};
use super::variable::{BodyVariable, SubjectVariable, Variable};
use crate::texts::Texts;

/// How the e-mails of one kind of document read in one language.
///
/// Whatever its branches, it says link and reference, and there is no way to give it a code (D11, S4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmailTemplate {
    subject: Tree<SubjectVariable>,
    body: Tree<BodyVariable>,
    standard_additional_text: AdditionalText,
}

impl EmailTemplate {
    /// A practice's template, if it can be rendered and keeps D9 and D11.
    pub fn parse(
        subject: &str,
        body: &str,
        standard_additional_text: AdditionalText,
    ) -> Result<Self, TemplateError> {
        let (subject, body) = (normalised(subject), normalised(body));
        let in_body = |fault: Fault| fault.within(Place::Email, &body);
        let template = Self {
            subject: parse_subject(&subject)
                .map_err(|fault| fault.within(Place::Subject, &subject))?,
            body: parse_body(&body).map_err(in_body)?,
            standard_additional_text,
        };
        match template.without_additional_text() {
            Some(at) if !template.standard_additional_text.as_str().is_empty() => {
                Err(in_body(Fault::new(at, Reason::AdditionalTextUnused)))
            }
            _ => Ok(template),
        }
    }

    /// What is sent for every kind of document where the practice has no template of its own: it never tells the kind (D9).
    pub fn built_in(language: Language) -> Self {
        let texts = Texts::of(language);
        // That it parses is a test's business, not that of a delivery.
        Self::parse(
            texts.email_subject,
            texts.email_body,
            AdditionalText::default(),
        )
        .unwrap_or_default()
    }

    /// The subject's template as it was written.
    pub fn subject(&self) -> &str {
        &self.subject.source
    }

    /// The text's template as it was written, with `\n` for line breaks.
    pub fn body(&self) -> &str {
        &self.body.source
    }

    /// What D2 fills in where a request leaves the additional text out; empty means nothing.
    pub fn standard_additional_text(&self) -> &AdditionalText {
        &self.standard_additional_text
    }

    /// D2: whether an additional text is said, whatever the other values are.
    pub fn has_place_for_additional_text(&self) -> bool {
        self.without_additional_text().is_none()
    }

    /// Where a branch ends that does not say the additional text.
    fn without_additional_text(&self) -> Option<usize> {
        let wanted = BodyVariable::AdditionalText;
        missing(&self.body.root, &is_variable(wanted), Some(&wanted))
    }

    /// The subject, piece by piece.
    pub(crate) fn subject_said(
        &self,
        has_content: impl Fn(SubjectVariable) -> bool,
    ) -> Vec<Said<'_, SubjectVariable>> {
        self.subject.said(has_content)
    }

    /// The text, piece by piece.
    pub(crate) fn body_said(
        &self,
        has_content: impl Fn(BodyVariable) -> bool,
    ) -> Vec<Said<'_, BodyVariable>> {
        self.body.said(has_content)
    }
}

fn parse_subject(source: &str) -> Result<Tree<SubjectVariable>, Fault> {
    if let Some(at) = source.find('\n') {
        return Err(Fault::new(at, Reason::SecondLine));
    }
    let tree: Tree<SubjectVariable> = parse(source, LONGEST_SUBJECT)?;
    let says_something = |node: &Node<SubjectVariable>| match node {
        Node::Text(text) => !tree.text(text).trim().is_empty(),
        Node::Variable { .. } => true,
        Node::If { .. } => false,
    };
    if let Some(at) = missing(&tree.root, &says_something, None) {
        return Err(Fault::new(at, Reason::Empty));
    }
    match d9_first_telling(source) {
        Some(at) => Err(Fault::new(at, Reason::TellsKind)),
        None => Ok(tree),
    }
}

fn parse_body(source: &str) -> Result<Tree<BodyVariable>, Fault> {
    let tree = parse(source, LONGEST_BODY)?;
    for (wanted, variable) in [
        (BodyVariable::Link, Variable::Link),
        (BodyVariable::Reference, Variable::Reference),
    ] {
        if let Some(at) = missing(&tree.root, &is_variable(wanted), None) {
            return Err(Fault::new(at, Reason::VariableMissing(variable)));
        }
    }
    Ok(tree)
}

fn is_variable(wanted: BodyVariable) -> impl Fn(&Node<BodyVariable>) -> bool {
    move |node| matches!(node, Node::Variable { variable, .. } if *variable == wanted)
}
