//! What a delivery will say: the e-mail without the code, and the message without the link (S3, D1).

use domain::contact::EmailAddress;
use domain::document::Kind;
use domain::language::Language;
use domain::practice::{Channel, PublicPractice};
use domain::sending::Addressee;
use domain::smuggling::{FinishedMail, d1_mail_holds_code};
use domain::symbols::{Code, LinkToken, Reference};
use domain::text_template::{TemplateChannel, TemplateId, TextTemplate};
use domain::time::Timestamp;
use pages::{
    DeliveryEmail, DeliveryMessage, EmailTemplate, EmailText, MessageTemplate, MessageTooLong,
    TemplateError,
};
use url::Url;

/// The words for documents of one kind and readers of one language: the practice's own, or the built-in ones.
#[derive(Debug)]
pub(crate) struct Wording {
    pub(crate) email: EmailTemplate,
    pub(crate) message: MessageTemplate,
}

/// A template of the practice that was fine when it was saved and is refused now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTemplate {
    /// Which one.
    pub id: TemplateId,
    /// What is wrong with it.
    pub error: TemplateError,
}

impl Wording {
    /// Out of the practice's templates; in place of one that is refused stands the built-in one.
    pub(crate) fn of(
        templates: Vec<(TemplateId, TextTemplate)>,
        kind: Kind,
        language: Language,
    ) -> (Self, Vec<InvalidTemplate>) {
        let mut wording = Self {
            email: EmailTemplate::built_in(language),
            message: MessageTemplate::built_in(language),
        };
        let ours = |id: &TemplateId| id.kind == kind && id.language == language;
        let invalid =
            templates
                .into_iter()
                .filter(|(id, _)| ours(id))
                .filter_map(|(id, template)| {
                    let error = wording.take(template).err()?;
                    Some(InvalidTemplate { id, error })
                });
        let invalid = invalid.collect();
        (wording, invalid)
    }

    fn take(&mut self, template: TextTemplate) -> Result<(), TemplateError> {
        match template {
            TextTemplate::Email(own) => {
                self.email =
                    EmailTemplate::parse(&own.subject, &own.body, own.standard_additional_text)?;
            }
            TextTemplate::Message(own) => self.message = MessageTemplate::parse(&own.body)?,
        }
        Ok(())
    }
}

/// The template of the message for a new code of a delivery.
pub(crate) fn message_template_id(kind: Kind, language: Language) -> TemplateId {
    TemplateId {
        kind,
        channel: TemplateChannel::Message,
        language,
    }
}

/// What both texts are made of.
#[derive(Debug)]
pub(crate) struct Composition<'a> {
    pub(crate) practice: &'a PublicPractice,
    pub(crate) addressee: &'a Addressee,
    pub(crate) documents: usize,
    /// The scheme and host of every link; from the deployment's settings, never from a request.
    pub(crate) base_url: &'a str,
    pub(crate) reachable_until: Timestamp,
}

impl Composition<'_> {
    /// The finished e-mail.
    pub(crate) fn email(
        &self,
        template: &EmailTemplate,
        token: &LinkToken,
        channel: Channel,
        additional_text: &str,
    ) -> EmailText {
        let link = format!("{}/d/{}", self.base_url, token.expose());
        template.render(&DeliveryEmail {
            language: self.addressee.language,
            practice: self.practice,
            name: self.addressee.name.as_str(),
            documents: self.documents,
            link: &link,
            reference: &token.reference(),
            channel,
            additional_text,
            reachable_until: self.reachable_until,
        })
    }

    /// The finished message (D11).
    pub(crate) fn message(
        &self,
        template: &MessageTemplate,
        code: &Code,
        reference: &Reference,
    ) -> Result<String, MessageTooLong> {
        let base_url = Url::parse(self.base_url).ok();
        template.render(&DeliveryMessage {
            language: self.addressee.language,
            practice: self.practice,
            name: self.addressee.name.as_str(),
            documents: self.documents,
            code,
            reference,
            reachable_until: self.reachable_until,
            host: base_url
                .as_ref()
                .and_then(Url::host_str)
                .unwrap_or_default(),
        })
    }
}

/// D1: whether the code stands anywhere in the finished e-mail.
///
/// Only an e-mail without a code carries a file, so that there are no names of any to search.
pub(crate) fn email_holds_code(
    email: &EmailText,
    practice: &PublicPractice,
    token: &LinkToken,
    code: &Code,
) -> bool {
    let mail = FinishedMail {
        subject: &email.subject,
        text: &email.text,
        html: &email.html,
        from_name: &practice.public_name,
        reply_to: practice.email.as_ref().map(EmailAddress::as_str),
        attachment_names: &[],
        token,
    };
    d1_mail_holds_code(&mail, code)
}
