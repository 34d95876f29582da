//! SES v2: `SendEmail` with simple content.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use data_encoding::BASE64;
use domain::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::Kind;
use super::mailbox::{Attachment, Channel, Message};
use super::ses_events::Sending;
use super::{Outbox, Outcome, aws_error, json_answer, random_id};

/// The parts of `SendEmail` that make a message, and what its events name; the tenant does not show.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: String,
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    configuration_set_name: Option<String>,
    #[serde(default)]
    email_tags: Vec<Tag>,
    content: Content,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct Destination {
    #[serde(default, rename = "ToAddresses")]
    to: Vec<String>,
    #[serde(default, rename = "CcAddresses")]
    cc: Vec<String>,
    #[serde(default, rename = "BccAddresses")]
    bcc: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Simple,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Text,
    body: Body,
    #[serde(default)]
    attachments: Vec<SentAttachment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentAttachment {
    raw_content: String,
    file_name: String,
    content_type: Option<String>,
}

impl SendEmail {
    /// What SES would tell of this e-mail; without a configuration set, nothing.
    fn becomes(&self, message_id: &str, now: Timestamp) -> Vec<Value> {
        let Some(set) = &self.configuration_set_name else {
            return Vec::new();
        };
        let tags = self.email_tags.iter();
        let tags = tags.map(|tag| (tag.name.clone(), json!([tag.value])));
        let set = ("ses:configuration-set".to_owned(), json!([set]));
        let sending = Sending {
            message_id,
            from: &self.from_email_address,
            to: &self.destination.to,
            subject: &self.content.simple.subject.data,
            tags: tags.chain([set]).collect(),
            at: now,
        };
        sending.events()
    }

    fn into_message(self, at: String) -> Result<Message, &'static str> {
        let Destination { to, cc, bcc } = self.destination;
        // All who would receive it count as recipients, so that nothing leaves unseen.
        let to = [to, cc, bcc].concat();
        if to.is_empty() {
            return Err("Expected at least one recipient.");
        }
        let Simple {
            subject,
            body,
            attachments,
        } = self.content.simple;
        if body.text.is_none() && body.html.is_none() {
            return Err("Expected a text or an HTML body.");
        }
        Ok(Message {
            channel: Channel::Email,
            to: to.join(", "),
            from: Some(self.from_email_address),
            reply_to: Some(self.reply_to_addresses.join(", "))
                .filter(|addresses| !addresses.is_empty()),
            subject: Some(subject.data),
            text: body.text.map(|text| text.data),
            html: body.html.map(|html| html.data),
            attachments: attachments
                .into_iter()
                .map(SentAttachment::measure)
                .collect::<Result<_, _>>()?,
            at,
            request: None,
        })
    }
}

impl SentAttachment {
    fn measure(self) -> Result<Attachment, &'static str> {
        let content = BASE64.decode(self.raw_content.as_bytes());
        Ok(Attachment {
            file_name: self.file_name,
            content_type: self.content_type,
            size: content
                .map_err(|_| "Expected an attachment's RawContent in base64.")?
                .len(),
        })
    }
}

pub(super) async fn send_email(outbox: State<Arc<Outbox>>, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<SendEmail>(&body) else {
        let message = "The local SES takes FromEmailAddress, Destination and simple Content only.";
        return aws_error(StatusCode::BAD_REQUEST, "BadRequestException", message);
    };
    let (now, id) = (outbox.clock.clock().now(), random_id());
    let becomes = request.becomes(&id, now);
    let message = match request.into_message(now.to_string()) {
        Ok(message) => message,
        Err(problem) => return aws_error(StatusCode::BAD_REQUEST, "BadRequestException", problem),
    };
    match outbox.send(message, becomes).await {
        Outcome::Accepted => json_answer(StatusCode::OK, &json!({"MessageId": id})),
        Outcome::Failing(Kind::Throttle) => {
            let message = "Maximum sending rate exceeded, as was asked for.";
            aws_error(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequestsException",
                message,
            )
        }
        Outcome::Failing(Kind::Error) | Outcome::Held | Outcome::Failed => aws_error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
            "No answer in time.",
        ),
        Outcome::Failing(_) => aws_error(
            StatusCode::BAD_REQUEST,
            "MessageRejected",
            "Refused, as was asked for.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(json: serde_json::Value) -> Result<Message, String> {
        let request: SendEmail = serde_json::from_value(json).map_err(|error| error.to_string())?;
        request
            .into_message("2026-11-23T14:30:00Z".to_owned())
            .map_err(str::to_owned)
    }

    #[test]
    fn a_sent_email_becomes_a_message() {
        let message = message(json!({
            "FromEmailAddress": "Praxis am Park <noreply@zweiweg.example>",
            "Destination": {"ToAddresses": ["a@example.org"], "BccAddresses": ["b@example.org"]},
            "ReplyToAddresses": ["praxis@example.org"],
            "ConfigurationSetName": "zweiweg",
            "EmailTags": [{"Name": "id", "Value": "1"}],
            "Content": {"Simple": {
                "Subject": {"Data": "Betreff", "Charset": "UTF-8"},
                "Body": {"Text": {"Data": "Grüße", "Charset": "UTF-8"}, "Html": {"Data": "<p>Grüße</p>"}},
                "Attachments": [{"RawContent": "aGVsbG8=", "FileName": "Rechnung.pdf", "ContentType": "application/pdf"}],
            }},
        }))
        .unwrap();
        assert_eq!(message.to, "a@example.org, b@example.org");
        assert_eq!(message.reply_to.as_deref(), Some("praxis@example.org"));
        assert_eq!(message.subject.as_deref(), Some("Betreff"));
        assert_eq!(message.html.as_deref(), Some("<p>Grüße</p>"));
        assert_eq!(message.attachments[0].size, 5);
    }

    #[test]
    fn what_would_not_arrive_is_refused() {
        let simple = json!({"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}});
        let nobody =
            json!({"FromEmailAddress": "a@example.org", "Destination": {}, "Content": simple});
        assert!(message(nobody).is_err_and(|error| error.contains("recipient")));
        let raw = json!({"FromEmailAddress": "a@example.org", "Destination": {"ToAddresses": ["b@example.org"]},
            "Content": {"Raw": {"Data": "aGVsbG8="}}});
        assert!(message(raw).is_err());
    }
}
