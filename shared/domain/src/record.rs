//! A patient's file: who receives what, and how.

use serde::{Deserialize, Serialize};

use crate::contact::{EmailAddress, Mobile, ThreemaId};
use crate::id::{RecipientId, RecordId, RecordTypeId};
use crate::language::Language;
use crate::practice::{ChannelSetting, OfferedInvoices, ValidDays};
use crate::text::Line;

/// One patient's file, or one group's. The first recipient is the patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedRecord")]
pub struct Record {
    /// The group that it belongs to.
    pub record_type: RecordTypeId,
    /// D5a: `false` forbids electronic sending altogether.
    pub electronic_sending: bool,
    /// D6: whether an invoice may go unprotected.
    pub allow_unprotected: bool,
    /// Who may receive its documents, 1 to 20, with different ids.
    pub recipients: Vec<Recipient>,
    /// How codes travel.
    pub channel: Option<ChannelSetting>,
    /// D8.
    pub offered_invoices: Option<OfferedInvoices>,
    /// L1, shortened.
    pub valid_days: Option<ValidDays>,
}

impl Record {
    /// The recipient of this id.
    pub fn recipient(&self, id: &RecipientId) -> Option<&Recipient> {
        self.recipients.iter().find(|recipient| recipient.id == *id)
    }

    /// Whether this recipient is the patient, who stands first.
    pub fn is_first(&self, id: &RecipientId) -> bool {
        self.recipients.first().is_some_and(|first| first.id == *id)
    }
}

/// Somebody who may receive a record's documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// Chosen by the practice, unique in the record.
    pub id: RecipientId,
    /// As the e-mail addresses them.
    pub name: Option<Line>,
    /// Where the e-mail goes; needed unless a linked record brings it.
    pub email: Option<EmailAddress>,
    /// Where e-mails with invoices and receipts alone go instead (D5a).
    pub invoice_email: Option<EmailAddress>,
    /// Where an SMS goes.
    pub mobile: Option<Mobile>,
    /// Where a Threema message goes.
    pub threema_id: Option<ThreemaId>,
    /// What they read; the practice's language where left out.
    pub language: Option<Language>,
    /// Another record whose first recipient brings name, addresses and record type.
    pub linked_record: Option<RecordId>,
    /// How codes travel.
    pub channel: Option<ChannelSetting>,
    /// D8.
    pub offered_invoices: Option<OfferedInvoices>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UncheckedRecord {
    record_type: RecordTypeId,
    #[serde(default = "yes")]
    electronic_sending: bool,
    #[serde(default)]
    allow_unprotected: bool,
    recipients: Vec<Recipient>,
    channel: Option<ChannelSetting>,
    offered_invoices: Option<OfferedInvoices>,
    valid_days: Option<ValidDays>,
}

fn yes() -> bool {
    true
}

impl TryFrom<UncheckedRecord> for Record {
    /// A pointer within the record, and what is expected there.
    type Error = String;

    fn try_from(record: UncheckedRecord) -> Result<Self, Self::Error> {
        if !(1..=20).contains(&record.recipients.len()) {
            return Err("/recipients: expected 1 to 20 recipients".to_owned());
        }
        for (i, recipient) in record.recipients.iter().enumerate() {
            if record.recipients[..i]
                .iter()
                .any(|other| other.id == recipient.id)
            {
                return Err(format!(
                    "/recipients/{i}/id: expected an id that no other recipient has"
                ));
            }
            let missing = [
                (recipient.name.is_none(), "name"),
                (recipient.email.is_none(), "email"),
            ];
            for (is_missing, field) in missing {
                if is_missing && recipient.linked_record.is_none() {
                    return Err(format!(
                        "/recipients/{i}/{field}: expected one, for there is no linked record that has it"
                    ));
                }
            }
        }
        if record.recipients[0].linked_record.is_some() {
            return Err(
                "/recipients/0/linked_record: expected none, for the first recipient is the patient".to_owned(),
            );
        }
        Ok(Self {
            record_type: record.record_type,
            electronic_sending: record.electronic_sending,
            allow_unprotected: record.allow_unprotected,
            recipients: record.recipients,
            channel: record.channel,
            offered_invoices: record.offered_invoices,
            valid_days: record.valid_days,
        })
    }
}
