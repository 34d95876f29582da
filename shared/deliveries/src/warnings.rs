//! What is worth a second thought before sending, and keeps nothing from being sent.

use domain::contact::EmailAddress;
use domain::email_status::bounce;
use domain::id::PracticeId;
use domain::time::Timestamp;

use crate::error::Unavailable;
use crate::send::SendDelivery;

/// A warning of a preview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// D6: it would go without protection.
    Unprotected,
    /// The last e-mail to this address came back.
    BouncedBefore {
        /// Where it was sent.
        address: EmailAddress,
        /// When it came back.
        at: Timestamp,
    },
}

impl SendDelivery {
    /// Of the practice's last delivery to an address, whether its e-mail came back.
    pub(crate) async fn bounced_before(
        &self,
        practice: &PracticeId,
        address: &EmailAddress,
    ) -> Result<Option<Warning>, Unavailable> {
        let hashes = self
            .lookup
            .get()
            .await?
            .addresses(practice, address.as_str());
        let last = self
            .store
            .last_delivery_to_address(practice, &hashes)
            .await?;
        Ok(last
            .as_ref()
            .and_then(bounce)
            .map(|bounce| Warning::BouncedBefore {
                address: address.clone(),
                at: bounce.at,
            }))
    }
}
