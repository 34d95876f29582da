//! What would leave the house, finished and checked, before anything is counted or written (D1, D2, D6, D11).

use domain::delivery::l1_expires_at;
use domain::practice::{Channel, PublicPractice};
use domain::symbols::{Code, LinkToken};
use domain::text::AdditionalText;
use domain::text_template::{d2_additional_text, d2_is_unused};
use domain::time::Timestamp;
use pages::{AttachedEmail, EmailTemplate, EmailText, attached_email, file_name};

use super::{SendDelivery, SendError, SendRequest};
use crate::compose::{Composition, Wording, email_holds_code};
use crate::plan::Plan;

/// The delivery's secrets, drawn for it alone.
pub(crate) struct Secrets {
    pub(crate) token: LinkToken,
    pub(crate) code: Code,
}

/// What would leave the house.
pub(crate) struct Texts {
    pub(crate) practice: PublicPractice,
    pub(crate) email: EmailText,
    /// The text message; `None` where the channel has none, or it would not fit.
    pub(crate) message: Option<String>,
    /// What is wrong with them (D1, D2, D11), most telling first.
    pub(crate) problems: Vec<SendError>,
}

impl SendDelivery {
    /// The finished texts of a delivery that is made at this moment.
    pub(crate) fn compose(
        &self,
        request: &SendRequest,
        plan: &Plan,
        secrets: &Secrets,
        now: Timestamp,
    ) -> Texts {
        let practice = PublicPractice::of(&plan.settings);
        if !plan.resolved.protected.value {
            return attached_texts(request, plan, practice);
        }
        let composition = Composition {
            practice: &practice,
            addressee: &plan.addressee,
            documents: request.documents.len(),
            base_url: &self.base_url,
            reachable_until: l1_expires_at(now, plan.resolved.valid_days.value),
        };
        let Wording { email, message } = &plan.wording;
        let channel = plan.resolved.channel.value;
        let additional_text = request.additional_text(email);
        let is_unused = d2_is_unused(
            additional_text,
            email.has_place_for_additional_text(),
            request.allow_unused_additional_text,
        );
        let email = composition.email(email, &secrets.token, channel, additional_text.as_str());
        let reference = secrets.token.reference();
        let message = composition.message(message, &secrets.code, &reference);
        let holds_code = email_holds_code(&email, &practice, &secrets.token, &secrets.code);
        // A code that is spoken now can be asked for by message later; then it is the present template's matter.
        let is_too_long = channel != Channel::Spoken && message.is_err();
        let wrong = [
            (holds_code, SendError::CodeInEmail),
            (is_unused, SendError::AdditionalTextUnused),
            (is_too_long, SendError::MessageTooLong),
        ];
        let problems = wrong
            .into_iter()
            .filter_map(|(is_wrong, problem)| is_wrong.then_some(problem))
            .collect();
        Texts {
            practice,
            email,
            message: message
                .ok()
                .filter(|_| matches!(channel, Channel::Sms | Channel::Threema)),
            problems,
        }
    }

    /// D6: the name and the bytes of what goes with the e-mail, read before anything is counted or written.
    pub(super) async fn attached(
        &self,
        request: &SendRequest,
        plan: &Plan,
    ) -> Result<Option<(String, Vec<u8>)>, SendError> {
        if plan.resolved.protected.value {
            return Ok(None);
        }
        let document = &plan.documents[0].document;
        let bytes = self.documents.read(&request.practice, document).await?;
        let bytes = bytes.ok_or(SendError::DocumentsGone(vec![0]))?;
        Ok(Some((file_name(document, plan.addressee.language), bytes)))
    }
}

impl SendRequest {
    /// D2: what is said beside the template's own words.
    pub(crate) fn additional_text<'a>(&'a self, template: &'a EmailTemplate) -> &'a AdditionalText {
        let standard = template.standard_additional_text();
        d2_additional_text(self.additional_text.as_ref(), standard)
    }
}

/// D6: an e-mail that says what is attached, and nothing else that could go wrong: no link, no code, no template.
fn attached_texts(request: &SendRequest, plan: &Plan, practice: PublicPractice) -> Texts {
    let additional_text = request.additional_text.as_ref();
    let email = attached_email(&AttachedEmail {
        language: plan.addressee.language,
        practice: &practice,
        name: plan.addressee.name.as_str(),
        document: &plan.documents[0].document,
        additional_text: additional_text.map_or("", AdditionalText::as_str),
    });
    Texts {
        practice,
        email,
        message: None,
        problems: Vec::new(),
    }
}
