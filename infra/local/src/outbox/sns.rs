//! SNS: `Publish` to a phone number.

use std::collections::HashMap;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use url::form_urlencoded;

use super::fault::Kind;
use super::mailbox::{Channel, Message};
use super::{Outbox, Outcome, random_id};

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// Answers a request in SNS's protocol: a form goes in, XML comes out.
pub(super) async fn answer(outbox: &Outbox, body: &[u8]) -> Response {
    let at = outbox.clock.clock().now().to_string();
    let message = match message(body, at) {
        Ok(message) => message,
        Err((code, problem)) => return error(StatusCode::BAD_REQUEST, code, problem),
    };
    match outbox.send(message, Vec::new()).await {
        Outcome::Accepted => published(&random_id()),
        Outcome::Failing(Kind::Throttle) => error(
            StatusCode::TOO_MANY_REQUESTS,
            "Throttled",
            "Rate exceeded, as was asked for.",
        ),
        Outcome::Failing(Kind::Error) | Outcome::Held | Outcome::Failed => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            "No answer in time.",
        ),
        Outcome::Failing(_) => {
            let message = "Invalid parameter: PhoneNumber, as was asked for.";
            error(StatusCode::BAD_REQUEST, "InvalidParameter", message)
        }
    }
}

fn message(body: &[u8], at: String) -> Result<Message, (&'static str, &'static str)> {
    let form: HashMap<_, _> = form_urlencoded::parse(body).into_owned().collect();
    if form.get("Action").is_none_or(|action| action != "Publish") {
        return Err(("InvalidAction", "The local SNS knows Publish only."));
    }
    let (Some(to), Some(text)) = (form.get("PhoneNumber"), form.get("Message")) else {
        return Err((
            "InvalidParameter",
            "The local SNS takes a PhoneNumber and a Message only.",
        ));
    };
    Ok(Message {
        channel: Channel::Sms,
        to: to.clone(),
        from: attribute(&form, "AWS.SNS.SMS.SenderID"),
        reply_to: None,
        subject: None,
        text: Some(text.clone()),
        html: None,
        attachments: Vec::new(),
        at,
        request: None,
    })
}

/// A message attribute's value; attributes are numbered from 1 on.
fn attribute(form: &HashMap<String, String>, name: &str) -> Option<String> {
    (1..)
        .map_while(|n| {
            let entry = format!("MessageAttributes.entry.{n}");
            form.get(&format!("{entry}.Name"))
                .map(|found| (entry, found))
        })
        .find(|(_, found)| *found == name)
        .and_then(|(entry, _)| form.get(&format!("{entry}.Value.StringValue")).cloned())
}

fn published(id: &str) -> Response {
    let request = random_id();
    xml(
        StatusCode::OK,
        format!(
            "<PublishResponse xmlns=\"{NAMESPACE}\"><PublishResult><MessageId>{id}</MessageId></PublishResult>\
             <ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata></PublishResponse>"
        ),
    )
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let request = random_id();
    xml(
        status,
        format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>{message}</Message></Error><RequestId>{request}</RequestId></ErrorResponse>"
        ),
    )
}

fn xml(status: StatusCode, content: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/xml")], content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(body: &str) -> Result<Message, &'static str> {
        message(body.as_bytes(), "2026-11-23T14:30:00Z".to_owned()).map_err(|(code, _)| code)
    }

    #[test]
    fn a_publication_becomes_a_message() {
        let message = parsed(
            "Action=Publish&Version=2010-03-31&PhoneNumber=%2B491701234567&Message=Code+BCD-FGH%0AGr%C3%BC%C3%9Fe\
             &MessageAttributes.entry.1.Name=AWS.SNS.SMS.SMSType\
             &MessageAttributes.entry.1.Value.DataType=String&MessageAttributes.entry.1.Value.StringValue=Transactional\
             &MessageAttributes.entry.2.Name=AWS.SNS.SMS.SenderID\
             &MessageAttributes.entry.2.Value.DataType=String&MessageAttributes.entry.2.Value.StringValue=PraxisPark",
        )
        .ok()
        .unwrap();
        assert_eq!(message.to, "+491701234567");
        assert_eq!(message.from.as_deref(), Some("PraxisPark"));
        assert_eq!(message.text.as_deref(), Some("Code BCD-FGH\nGrüße"));
    }

    #[test]
    fn other_requests_are_refused() {
        assert_eq!(
            parsed("Action=CreateTopic&Name=x").err(),
            Some("InvalidAction")
        );
        assert_eq!(parsed("").err(), Some("InvalidAction"));
        let topic = "Action=Publish&TopicArn=arn&Message=x";
        assert_eq!(parsed(topic).err(), Some("InvalidParameter"));
    }
}
