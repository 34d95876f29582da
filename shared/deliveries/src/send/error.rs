//! Why nothing was sent, or what may have been.

use domain::id::DeliveryId;
use domain::practice::Channel;
use domain::sending::Obstacle;
use domain::threema::ThreemaRefusal;
use domain::usage::ReachedCap;
use store::StoredDelivery;

use crate::compose::InvalidTemplate;
use crate::error::Unavailable;

/// Why nothing was sent, or what may have been.
#[derive(Debug)]
pub enum SendError {
    /// The practice has no such record.
    NoSuchRecord,
    /// The record has no such recipient.
    NoSuchRecipient,
    /// The record has no documents of these positions in the request, or they were deleted.
    DocumentsGone(Vec<usize>),
    /// These documents' bytes are not there, or were refused for this reason.
    DocumentsNotReady(Vec<(usize, Option<String>)>),
    /// D3, D5a: all that is missing.
    Obstacles(Vec<Obstacle>),
    /// D6: the request waives protection in vain.
    MustBeProtected,
    /// This deployment cannot send codes on this channel.
    ChannelUnavailable(Channel),
    /// F-I7: no message can be sealed for the recipient's Threema ID, or not now.
    Threema(ThreemaRefusal),
    /// L5: more earlier deliveries than one sending may close.
    TooManyEarlier,
    /// D4: one more would break this cap.
    CapReached(ReachedCap),
    /// D1.
    CodeInEmail,
    /// D11.
    MessageTooLong,
    /// D2: the template has no place for the additional text.
    AdditionalTextUnused,
    /// A template that was fine when it was saved and is not now.
    TemplateInvalid(InvalidTemplate),
    /// The same request was made before; its delivery as it is now.
    Repeated(Box<StoredDelivery>),
    /// The same request is under way.
    InProgress,
    /// The same idempotency key, another body.
    Mismatch,
    /// Of an item of a run: its code would have to be spoken, and nobody would ever see it.
    SpokenInRun,
    /// Of an item of a run: somebody else has taken it up, or the run was cancelled.
    NotOurs,
    /// A draft was sent before.
    DraftSpent,
    /// A draft is older than an hour.
    DraftExpired,
    /// What a draft's preview showed is no longer what would be sent.
    DraftOutdated,
    /// No draft of this practice.
    NoDraft,
    /// D10: refused; the delivery is closed.
    EmailRefused { id: DeliveryId, reason: String },
    /// D10: it may have arrived; the delivery is closed.
    EmailUnknown { id: DeliveryId },
    /// Ours.
    Unavailable(Unavailable),
}

impl<E: Into<Unavailable>> From<E> for SendError {
    fn from(error: E) -> Self {
        Self::Unavailable(error.into())
    }
}

impl SendError {
    /// Whether it is a no to what was asked, with nothing written; the same request may have been granted before.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::Repeated(_)
            | Self::InProgress
            | Self::Mismatch
            | Self::NotOurs
            | Self::EmailRefused { .. }
            | Self::EmailUnknown { .. }
            | Self::Unavailable(_) => false,
            Self::NoSuchRecord
            | Self::NoSuchRecipient
            | Self::DocumentsGone(_)
            | Self::DocumentsNotReady(_)
            | Self::Obstacles(_)
            | Self::MustBeProtected
            | Self::ChannelUnavailable(_)
            | Self::Threema(_)
            | Self::TooManyEarlier
            | Self::CapReached(_)
            | Self::CodeInEmail
            | Self::MessageTooLong
            | Self::AdditionalTextUnused
            | Self::TemplateInvalid(_)
            | Self::SpokenInRun
            | Self::DraftSpent
            | Self::DraftExpired
            | Self::DraftOutdated
            | Self::NoDraft => true,
        }
    }
}
