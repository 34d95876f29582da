//! E-mail through SES.

use std::time::Duration;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{
    Attachment, AttachmentContentDisposition, AttachmentContentTransferEncoding, Body, Content,
    Destination, EmailContent, Message, MessageTag,
};
use domain::contact::EmailAddress;
use domain::hashed::LinkHash;

use crate::{Sent, fate};

/// Sends e-mails from the deployment's address.
#[derive(Clone, Debug)]
pub struct EmailChannel {
    client: Client,
    from: String,
    configuration_set: String,
}

/// One finished e-mail. Never holds a code (S4): nobody hands one to whoever renders it.
#[derive(Clone)]
pub struct Email<'a> {
    /// The name beside the deployment's address.
    pub from_name: &'a str,
    /// To whom.
    pub to: &'a EmailAddress,
    /// Where answers go.
    pub reply_to: Option<&'a EmailAddress>,
    /// One line.
    pub subject: &'a str,
    /// The plain part.
    pub text: &'a str,
    /// The HTML part.
    pub html: &'a str,
    /// The delivery that it belongs to: what is told of the e-mail later comes with it, and nobody else can read it.
    pub delivery: Option<&'a LinkHash>,
    /// D6: what comes with an unprotected delivery.
    pub attachment: Option<AttachedFile<'a>>,
}

/// A PDF that is attached.
#[derive(Clone, Copy)]
pub struct AttachedFile<'a> {
    /// ASCII letters, digits and hyphens.
    pub name: &'a str,
    /// At most 25 MiB, which with everything around them stay below the 40 MB that SES takes.
    pub bytes: &'a [u8],
}

/// For an e-mail with a file, which takes longer on its way to SES than a short one.
const LIMIT_WITH_FILE: Duration = Duration::from_secs(8);

/// The tag of an e-mail that names its delivery.
const TAG: &str = "delivery";

impl std::fmt::Debug for AttachedFile<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AttachedFile(…)")
    }
}

impl std::fmt::Debug for Email<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(…)")
    }
}

impl EmailChannel {
    /// From this address, with the configuration set that reports what becomes of e-mails.
    pub fn new(client: Client, from: String, configuration_set: String) -> Self {
        Self {
            client,
            from,
            configuration_set,
        }
    }

    /// Sends once. SES builds the message from the parts, so that no part can add a header.
    pub async fn send(&self, email: &Email<'_>) -> Sent {
        let (Ok(content), Ok(tags)) = (content(email), tags(email)) else {
            return Sent::Refused {
                reason: "invalid".to_owned(),
            };
        };
        let sent = self
            .client
            .send_email()
            .from_email_address(format!("{} <{}>", quoted(email.from_name), self.from))
            .destination(
                Destination::builder()
                    .to_addresses(email.to.as_str())
                    .build(),
            )
            .set_reply_to_addresses(
                email
                    .reply_to
                    .map(|address| vec![address.as_str().to_owned()]),
            )
            .configuration_set_name(&self.configuration_set)
            .set_email_tags(tags)
            .content(content);
        let sent = match email.attachment {
            Some(_) => sent.customize().config_override(patient()).send().await,
            None => sent.send().await,
        };
        match sent {
            Ok(accepted) => Sent::Accepted {
                message_id: accepted.message_id.unwrap_or_default(),
            },
            Err(error) => fate!(aws_sdk_sesv2, "ses:SendEmail", error),
        }
    }
}

/// The time-outs of an e-mail with a file.
fn patient() -> aws_sdk_sesv2::config::Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(LIMIT_WITH_FILE)
        .operation_timeout(LIMIT_WITH_FILE);
    aws_sdk_sesv2::Config::builder().timeout_config(timeouts.build())
}

fn content(email: &Email<'_>) -> Result<EmailContent, aws_sdk_sesv2::error::BuildError> {
    let utf8 = |text: &str| Content::builder().data(text).charset("UTF-8").build();
    let body = Body::builder()
        .text(utf8(email.text)?)
        .html(utf8(email.html)?)
        .build();
    let message = Message::builder()
        .subject(utf8(email.subject)?)
        .body(body)
        .set_attachments(attachments(email)?)
        .build();
    Ok(EmailContent::builder().simple(message).build())
}

fn attachments(
    email: &Email<'_>,
) -> Result<Option<Vec<Attachment>>, aws_sdk_sesv2::error::BuildError> {
    let attach = |file: AttachedFile<'_>| {
        Attachment::builder()
            .file_name(file.name)
            .raw_content(Blob::new(file.bytes))
            .content_type("application/pdf")
            .content_disposition(AttachmentContentDisposition::Attachment)
            .content_transfer_encoding(AttachmentContentTransferEncoding::Base64)
            .build()
    };
    let attached = email.attachment.map(attach).transpose()?;
    Ok(attached.map(|attached| vec![attached]))
}

fn tags(email: &Email<'_>) -> Result<Option<Vec<MessageTag>>, aws_sdk_sesv2::error::BuildError> {
    let tag = |delivery: &LinkHash| {
        MessageTag::builder()
            .name(TAG)
            .value(delivery.as_str())
            .build()
    };
    let tag = email.delivery.map(tag).transpose()?;
    Ok(tag.map(|tag| vec![tag]))
}

/// A display name as RFC 5322 wants it: quoted if it is plain, as an encoded word (RFC 2047) if it has other letters.
fn quoted(name: &str) -> String {
    if name.is_ascii() {
        return format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    }
    // 45 bytes make an encoded word of at most 75 characters; words are cut between letters.
    let mut words = vec![String::new()];
    for c in name.chars() {
        if words
            .last()
            .is_some_and(|word| word.len() + c.len_utf8() > 39)
        {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    let encoded: Vec<String> = words
        .iter()
        .map(|word| {
            format!(
                "=?UTF-8?B?{}?=",
                data_encoding::BASE64.encode(word.as_bytes())
            )
        })
        .collect();
    encoded.join(" ")
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_beside_the_address_are_quoted_or_encoded() {
        assert_eq!(quoted("Praxis am Park"), "\"Praxis am Park\"");
        assert_eq!(
            quoted("A \"B\" <c@example.org>"),
            "\"A \\\"B\\\" <c@example.org>\""
        );
        assert_eq!(quoted("Praxis Grün"), "=?UTF-8?B?UHJheGlzIEdyw7xu?=");
        assert!(
            quoted(&"ü".repeat(60))
                .split(' ')
                .all(|word| word.len() <= 75)
        );
    }
}
