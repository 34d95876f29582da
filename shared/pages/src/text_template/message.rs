//! The template of the message on the second channel.

use domain::gsm7;
use domain::language::Language;
use domain::practice::PublicName;
use domain::symbols::{CODE_LENGTH, REFERENCE_LENGTH};

use super::alphabet::first_foreign;
use super::error::{Fault, Place, Reason, TemplateError};
use super::parse::{LONGEST_BODY, normalised, parse};
use super::paths::{longest, missing, repeated};
use super::telling::d9_first_telling;
use super::tree::{Node, Said, Tree};
use super::variable::{MessageVariable, Variable};
use super::web_address;
use crate::texts::Texts;

/// How the messages of one kind of document read in one language.
///
/// Whatever its branches, it says reference and code once each, and there is no way to give it a link or an additional text (D11).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageTemplate {
    body: Tree<MessageVariable>,
}

impl MessageTemplate {
    /// A practice's template, if it can be rendered and keeps D9 and D11.
    pub fn parse(body: &str) -> Result<Self, TemplateError> {
        let body = normalised(body);
        let parsed = parse_body(&body).map_err(|fault| fault.within(Place::Message, &body))?;
        Ok(Self { body: parsed })
    }

    /// What is sent for every kind of document where the practice has no template of its own: it never tells the kind (D9).
    pub fn built_in(language: Language) -> Self {
        // That it parses is a test's business, not that of a delivery.
        Self::parse(Texts::of(language).message_body).unwrap_or_default()
    }

    /// The template as it was written, with `\n` for line breaks.
    pub fn body(&self) -> &str {
        &self.body.source
    }

    /// The message, piece by piece.
    pub(crate) fn said(
        &self,
        has_content: impl Fn(MessageVariable) -> bool,
    ) -> Vec<Said<'_, MessageVariable>> {
        self.body.said(has_content)
    }
}

fn parse_body(source: &str) -> Result<Tree<MessageVariable>, Fault> {
    let tree: Tree<MessageVariable> = parse(source, LONGEST_BODY)?;
    for (wanted, variable) in [
        (MessageVariable::Reference, Variable::Reference),
        (MessageVariable::Code, Variable::Code),
    ] {
        check_once(&tree, wanted, variable)?;
    }
    if let Some(at) = web_address::find(&tree) {
        return Err(Fault::new(at, Reason::WebAddress));
    }
    if let Some(at) = d9_first_telling(source) {
        return Err(Fault::new(at, Reason::TellsKind));
    }
    if let Some(at) = first_foreign(source) {
        return Err(Fault::new(at, Reason::NotInAlphabet));
    }
    let septets = longest(&tree.root, &|node| septets(&tree, node));
    if septets > gsm7::SEGMENT {
        return Err(Fault::new(0, Reason::MessageTooLong { septets }));
    }
    Ok(tree)
}

/// D11: exactly once on every path.
fn check_once(
    tree: &Tree<MessageVariable>,
    wanted: MessageVariable,
    variable: Variable,
) -> Result<(), Fault> {
    let is_it =
        |node: &Node<_>| matches!(node, Node::Variable { variable, .. } if *variable == wanted);
    if let Some(at) = missing(&tree.root, &is_it, None) {
        return Err(Fault::new(at, Reason::VariableMissing(variable)));
    }
    match repeated(&tree.root, &wanted, 0) {
        Err(at) => Err(Fault::new(at, Reason::VariableRepeated(variable))),
        Ok(_) => Ok(()),
    }
}

fn septets(tree: &Tree<MessageVariable>, node: &Node<MessageVariable>) -> usize {
    match node {
        Node::Text(text) => gsm7::septets(&gsm7::fold(tree.text(text))).unwrap_or_default(),
        Node::Variable { variable, .. } => longest_value(*variable),
        Node::If { .. } => 0,
    }
}

/// The septets of the longest value that is to be expected.
///
/// Names of people and phone numbers can be longer still: then the finished message is refused.
fn longest_value(variable: MessageVariable) -> usize {
    match variable {
        MessageVariable::Name => 40,
        MessageVariable::Practice => PublicName::LONGEST,
        MessageVariable::Phone => 20,
        MessageVariable::Reference => REFERENCE_LENGTH + "-".len(),
        MessageVariable::Code => CODE_LENGTH + "-".len(),
        MessageVariable::Count | MessageVariable::Several => "24".len(),
        MessageVariable::ReachableUntil => "Donnerstag, 26. September 2026, 14:30 Uhr".len(),
    }
}
