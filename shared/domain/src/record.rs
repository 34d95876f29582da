//! A patient's file: who receives what, and how.

use std::collections::{BTreeMap, BTreeSet};

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

impl Recipient {
    /// Where e-mails and messages to them go, as far as they say so themselves.
    fn addresses(&self) -> impl Iterator<Item = &str> {
        let emails = [&self.email, &self.invoice_email];
        let emails = emails.into_iter().flatten().map(EmailAddress::as_str);
        emails
            .chain(self.mobile.as_ref().map(Mobile::as_str))
            .chain(self.threema_id.as_ref().map(ThreemaId::as_str))
    }
}

/// L7: the addresses that a record's change takes from each recipient: what went there may be in the wrong hands, and can be revoked.
pub fn l7_changed_addresses(
    earlier: &Record,
    now: &Record,
) -> BTreeMap<RecipientId, BTreeSet<String>> {
    let mut changed = BTreeMap::new();
    for recipient in &earlier.recipients {
        let kept: BTreeSet<&str> = now
            .recipient(&recipient.id)
            .into_iter()
            .flat_map(Recipient::addresses)
            .collect();
        let gone: BTreeSet<String> = recipient
            .addresses()
            .filter(|address| !kept.contains(address))
            .map(str::to_owned)
            .collect();
        if !gone.is_empty() {
            changed.insert(recipient.id.clone(), gone);
        }
    }
    changed
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

#[cfg(test)]
mod tests {
    use super::*;

    fn record(recipients: &str) -> Record {
        let text = format!(r#"{{"record_type":"std","recipients":[{recipients}]}}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn l7_an_address_that_a_recipient_loses_is_a_changed_one() {
        let patient = r#"{"id":"patient","name":"E","email":"e@example.org","invoice_email":"i@example.org","mobile":"+4915112345678"}"#;
        let parent = r#"{"id":"parent","name":"P","email":"e@example.org"}"#;
        let earlier = record(&format!("{patient},{parent}"));
        let of = |now: &str| -> Vec<(String, Vec<String>)> {
            l7_changed_addresses(&earlier, &record(now))
                .into_iter()
                .map(|(id, addresses)| (id.to_string(), addresses.into_iter().collect()))
                .collect()
        };
        let lost = |id: &str, addresses: &[&str]| {
            let addresses = addresses
                .iter()
                .map(|address| (*address).to_owned())
                .collect();
            (id.to_owned(), addresses)
        };
        assert_eq!(of(&format!("{patient},{parent}")), []);
        assert_eq!(of(patient), [lost("parent", &["e@example.org"])]);
        // An address that moves to another field, or that another recipient keeps, has changed for nobody, or for one.
        let moved =
            r#"{"id":"patient","name":"E","email":"i@example.org","mobile":"+4915112345678"}"#;
        assert_eq!(
            of(&format!("{moved},{parent}")),
            [lost("patient", &["e@example.org"])]
        );
        let all = ["+4915112345678", "e@example.org", "i@example.org"];
        assert_eq!(
            of(r#"{"id":"other","name":"O","email":"e@example.org"}"#),
            [lost("parent", &["e@example.org"]), lost("patient", &all)]
        );
    }
}
