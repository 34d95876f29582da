//! What mail providers say of e-mails: kept as facts, each once, however often and in whatever order they are said (F-I13).

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::{Action, Op, Outcome};
use domain::email_status::{Bounce, EmailEvent};
use domain::hashed::LinkHash;
use domain::time::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::item::{Key, VERSION, last_op, number, text, time, to_attribute};

/// One fact: the attribute that holds it, its value, and when it is still to be written.
struct Fact {
    name: &'static str,
    value: AttributeValue,
    condition: &'static str,
    /// What it says of itself, where a practice is told of it.
    told: Option<Action>,
}

impl Store {
    /// Keeps what is said of a delivery's e-mail; `false` where it is known already, or said of another e-mail, or of none that is kept.
    ///
    /// It may come before the sending is committed: then the e-mail's id is not known yet.
    pub async fn note_email_event(
        &self,
        link: &LinkHash,
        message_id: &str,
        (event, at): (&EmailEvent, Timestamp),
        op: &Op,
    ) -> Result<bool, StoreError> {
        let fact = Fact::of(event, at)?;
        let mut update = self
            .update(&Key::delivery(link))
            .condition_expression(format!(
                "v = :v AND (attribute_not_exists(email_message_id) OR email_message_id = :id) AND ({})",
                fact.condition
            ))
            .expression_attribute_names("#fact", fact.name)
            .expression_attribute_values(":v", number(VERSION))
            .expression_attribute_values(":id", text(message_id))
            .expression_attribute_values(":fact", fact.value);
        if matches!(event, EmailEvent::Bounced(bounce) if !bounce.may_have_arrived) {
            update = update.expression_attribute_values(":yes", AttributeValue::Bool(true));
        }
        update = match fact.told {
            Some(action) => update
                .update_expression("SET #fact = :fact, last_op = :op")
                .expression_attribute_values(":op", last_op(op, action, Outcome::Done)?),
            // Nobody asks for it, so that there is nothing to tell of it.
            None => update.update_expression("SET #fact = :fact"),
        };
        self.change(update).await.map(|changed| changed.is_some())
    }
}

impl Fact {
    fn of(event: &EmailEvent, at: Timestamp) -> Result<Self, StoreError> {
        const FIRST: &str = "attribute_not_exists(#fact)";
        let silent = |name, condition| Self {
            name,
            value: time(at),
            condition,
            told: None,
        };
        Ok(match event {
            // Where the provider's answer came, it said so itself.
            EmailEvent::Taken => silent(
                "email_taken_at",
                "attribute_not_exists(#fact) AND attribute_not_exists(email_message_id)",
            ),
            EmailEvent::Delivered => silent("email_delivered_at", FIRST),
            EmailEvent::Delayed => silent(
                "email_delayed_at",
                "attribute_not_exists(#fact) OR #fact < :fact",
            ),
            EmailEvent::Bounced(bounce) => Self::bounced(bounce)?,
            EmailEvent::Complained => Self {
                told: Some(Action::EmailComplained),
                ..silent("email_complained_at", FIRST)
            },
        })
    }

    /// A bounce that says for certain that nothing arrived takes the place of one that does not.
    fn bounced(bounce: &Bounce) -> Result<Self, StoreError> {
        Ok(Self {
            name: "email_bounce",
            value: to_attribute(bounce)?,
            condition: if bounce.may_have_arrived {
                "attribute_not_exists(#fact)"
            } else {
                "attribute_not_exists(#fact) OR #fact.may_have_arrived = :yes"
            },
            told: Some(Action::EmailBounced),
        })
    }
}
