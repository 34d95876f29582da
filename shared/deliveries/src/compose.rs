//! What a delivery will say: the e-mail without the code, and the message without the link (S3, D1).

use domain::contact::EmailAddress;
use domain::gsm7;
use domain::practice::{Channel, PublicPractice};
use domain::sending::Addressee;
use domain::smuggling::{FinishedMail, d1_mail_holds_code};
use domain::symbols::{Code, LinkToken};
use domain::time::Timestamp;
use pages::{DeliveryEmail, EmailText, delivery_email};
use url::Url;

/// What both texts are made of.
#[derive(Debug)]
pub(crate) struct Composition<'a> {
    pub(crate) practice: &'a PublicPractice,
    pub(crate) addressee: &'a Addressee,
    pub(crate) documents: usize,
    pub(crate) channel: Channel,
    pub(crate) additional_text: &'a str,
    pub(crate) token: &'a LinkToken,
    /// The scheme and host of every link; from the deployment's settings, never from a request.
    pub(crate) base_url: &'a str,
    pub(crate) reachable_until: Timestamp,
}

impl Composition<'_> {
    /// The finished e-mail.
    pub(crate) fn email(&self) -> EmailText {
        let link = format!("{}/d/{}", self.base_url, self.token.expose());
        delivery_email(&DeliveryEmail {
            language: self.addressee.language,
            practice: self.practice,
            name: self.addressee.name.as_str(),
            documents: self.documents,
            link: &link,
            reference: &self.token.reference(),
            channel: self.channel,
            additional_text: self.additional_text,
            reachable_until: self.reachable_until,
        })
    }

    /// The finished text message; `None` if it does not fit one segment (D11).
    pub(crate) fn sms(&self, code: &Code) -> Option<String> {
        let host = Url::parse(self.base_url).ok()?.host_str()?.to_owned();
        let text = pages::sms(
            &self.practice.public_name,
            code,
            &self.token.reference(),
            self.addressee.language,
            &host,
        );
        let fits = gsm7::septets(&text).is_some_and(|septets| septets <= gsm7::SEGMENT);
        fits.then_some(text)
    }

    /// D1: whether the code stands anywhere in the finished e-mail.
    ///
    /// A protected e-mail carries no files, so that there are no names of any to search.
    pub(crate) fn email_holds_code(&self, email: &EmailText, code: &Code) -> bool {
        let mail = FinishedMail {
            subject: &email.subject,
            text: &email.text,
            html: &email.html,
            from_name: &self.practice.public_name,
            reply_to: self.practice.email.as_ref().map(EmailAddress::as_str),
            attachment_names: &[],
            token: self.token,
        };
        d1_mail_holds_code(&mail, code)
    }
}
