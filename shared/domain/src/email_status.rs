//! What became of a delivery's e-mail: what its mail provider says later, and what all of it comes to.
//!
//! Providers say things twice, late and in any order, so each thing is kept as a fact and the status follows from all of them.

use serde::{Deserialize, Serialize};

use crate::delivery::{Delivery, PENDING};
use crate::time::Timestamp;

/// An e-mail that came back, or that its provider would not let out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounce {
    /// When.
    pub at: Timestamp,
    /// Whether it may also be an answer to an e-mail that did arrive, as out-of-office replies are.
    pub may_have_arrived: bool,
    /// What kind of bounce the provider calls it, such as `Permanent/NoEmail`.
    pub reason: String,
}

/// What a mail provider says of an e-mail that it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailEvent {
    /// It took it.
    Taken,
    /// The receiving server took it.
    Delivered,
    /// The receiving server does not take it yet.
    Delayed,
    /// It came back.
    Bounced(Bounce),
    /// The recipient calls it unwanted.
    Complained,
}

/// An e-mail's status, as far as anybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailStatus {
    /// It is being sent.
    Pending,
    /// The provider took it; that is not yet delivered.
    Accepted,
    /// The receiving server took it.
    Delivered,
    /// It came back.
    Bounced,
    /// It arrived, and the recipient called it unwanted.
    Complained,
    /// The provider did not take it.
    Refused,
    /// Nobody can tell.
    Unknown,
}

/// The bounce of an e-mail that did not arrive.
pub fn bounce(delivery: &Delivery) -> Option<&Bounce> {
    let arrived = delivery.email_delivered_at.is_some();
    let bounce = delivery.email_bounce.as_ref()?;
    (!(bounce.may_have_arrived && arrived)).then_some(bounce)
}

/// What all that is known of a delivery's e-mail comes to at `now`, whatever became of the delivery itself.
pub fn email_status(delivery: &Delivery, now: Timestamp) -> EmailStatus {
    let is_taken = delivery.email_message_id.is_some() || delivery.email_taken_at.is_some();
    let is_over = delivery.not_sent_at.is_some() || now >= delivery.created_at.plus(PENDING);
    if delivery.email_complained_at.is_some() {
        EmailStatus::Complained
    } else if bounce(delivery).is_some() {
        EmailStatus::Bounced
    } else if delivery.email_delivered_at.is_some() {
        EmailStatus::Delivered
    } else if is_taken {
        EmailStatus::Accepted
    } else if delivery.email_refused_because.is_some() {
        EmailStatus::Refused
    } else if is_over {
        EmailStatus::Unknown
    } else {
        EmailStatus::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::tests::delivery;

    fn at(seconds: i64) -> Option<Timestamp> {
        Timestamp::from_seconds(seconds).ok()
    }

    fn came_back(may_have_arrived: bool) -> Bounce {
        Bounce {
            at: Timestamp::EPOCH,
            may_have_arrived,
            reason: "Transient/General".to_owned(),
        }
    }

    #[test]
    fn the_status_is_the_same_in_whatever_order_the_facts_came() {
        let sent = Delivery {
            email_message_id: Some("m".to_owned()),
            ..delivery()
        };
        let delivered = Delivery {
            email_delivered_at: at(5),
            ..sent.clone()
        };
        let with = |base: &Delivery, bounce, complained| Delivery {
            email_bounce: bounce,
            email_complained_at: complained,
            ..base.clone()
        };
        let none = None;
        for (facts, status) in [
            (sent.clone(), EmailStatus::Accepted),
            (delivered.clone(), EmailStatus::Delivered),
            (
                with(&sent, Some(came_back(true)), none),
                EmailStatus::Bounced,
            ),
            (
                with(&sent, Some(came_back(false)), none),
                EmailStatus::Bounced,
            ),
            (
                with(&delivered, Some(came_back(true)), none),
                EmailStatus::Delivered,
            ),
            (
                with(&delivered, Some(came_back(false)), none),
                EmailStatus::Bounced,
            ),
            (with(&delivered, None, at(6)), EmailStatus::Complained),
            (with(&sent, None, at(6)), EmailStatus::Complained),
        ] {
            assert_eq!(email_status(&facts, facts.created_at), status, "{facts:?}");
        }
    }

    #[test]
    fn d10_an_unknown_fate_is_unknown_until_the_provider_says_more() {
        let fresh = Delivery {
            email_message_id: None,
            sent_at: None,
            ..delivery()
        };
        let of =
            |delivery: &Delivery, later| email_status(delivery, delivery.created_at.plus(later));
        assert_eq!(of(&fresh, 59), EmailStatus::Pending);
        assert_eq!(of(&fresh, 60), EmailStatus::Unknown);
        let closed = Delivery {
            not_sent_at: at(3),
            ..fresh
        };
        assert_eq!(of(&closed, 0), EmailStatus::Unknown);
        let refused = Delivery {
            email_refused_because: Some("MessageRejected".to_owned()),
            ..closed.clone()
        };
        assert_eq!(of(&refused, 0), EmailStatus::Refused);
        let taken = Delivery {
            email_taken_at: at(4),
            ..closed.clone()
        };
        assert_eq!(of(&taken, 0), EmailStatus::Accepted);
        let arrived = Delivery {
            email_delivered_at: at(5),
            ..closed
        };
        assert_eq!(of(&arrived, 0), EmailStatus::Delivered);
    }
}
