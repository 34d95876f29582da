//! SMS through SNS.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use domain::contact::{Mobile, SenderId};

use crate::{Sent, fate};

/// The most that one message may cost, in US dollars; SNS refuses dearer ones.
const MAX_PRICE: &str = "0.20";

/// Sends text messages.
#[derive(Clone, Debug)]
pub struct SmsChannel {
    client: Client,
}

/// One finished text message.
#[derive(Clone)]
pub struct Sms<'a> {
    /// The sender that the phone shows (D5).
    pub sender: &'a SenderId,
    /// To whom: always from the practice's record, never from a request of a patient.
    pub to: &'a Mobile,
    /// One segment.
    pub text: &'a str,
}

impl std::fmt::Debug for Sms<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sms(…)")
    }
}

impl SmsChannel {
    /// Over this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Sends once, as a transactional message.
    pub async fn send(&self, sms: &Sms<'_>) -> Sent {
        let mut publish = self
            .client
            .publish()
            .phone_number(sms.to.as_str())
            .message(sms.text);
        for (name, kind, value) in attributes(sms.sender) {
            let attribute = MessageAttributeValue::builder()
                .data_type(kind)
                .string_value(value)
                .build();
            let Ok(attribute) = attribute else {
                return Sent::Refused {
                    reason: "invalid".to_owned(),
                };
            };
            publish = publish.message_attributes(name, attribute);
        }
        match publish.send().await {
            Ok(accepted) => Sent::Accepted {
                message_id: accepted.message_id.unwrap_or_default(),
            },
            Err(error) => fate!(aws_sdk_sns, "sns:Publish", error),
        }
    }
}

/// What every message says of itself: sent at once, under this sender, and not dearer than that.
fn attributes(sender: &SenderId) -> [(&'static str, &'static str, &str); 3] {
    [
        ("AWS.SNS.SMS.SMSType", "String", "Transactional"),
        ("AWS.SNS.SMS.SenderID", "String", sender.as_str()),
        ("AWS.SNS.SMS.MaxPrice", "Number", MAX_PRICE),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d5_every_message_is_transactional_capped_in_price_and_under_its_sender() {
        let sender = SenderId::try_from("PraxisPark".to_owned()).unwrap();
        let said = attributes(&sender).map(|(name, _, value)| (name, value));
        assert_eq!(
            said,
            [
                ("AWS.SNS.SMS.SMSType", "Transactional"),
                ("AWS.SNS.SMS.SenderID", "PraxisPark"),
                ("AWS.SNS.SMS.MaxPrice", "0.20"),
            ]
        );
    }
}
