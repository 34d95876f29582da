//! The writes of a sending, in D10's order: pending before the e-mail; after it open, which closes the earlier ones (L5), or closed as not sent.

use std::collections::BTreeMap;

use channels::Sent;
use domain::audit::Op;
use domain::contact::{Mobile, ThreemaId};
use domain::delivery::{Delivery, l1_expires_at};
use domain::hashed::AddressHash;
use domain::id::{DeliveryId, PracticeId};
use domain::practice::Channel;
use domain::time::Timestamp;
use secrets::{HashError, LookupKeys, delivery_id};
use store::{
    Count, OpenFailure, Opening, PendingDelivery, PendingFailure, StoreError, StoredDelivery,
};

use super::repeats::{ROUTE, idempotency_key};
use super::texts::Secrets;
use super::{Once, SendDelivery, SendError, SendRequest};
use crate::plan::Plan;

impl SendDelivery {
    /// The delivery as it will be written. Before the count: where keys are out of reach, nothing may be counted.
    pub(super) async fn stored(
        &self,
        request: &SendRequest,
        plan: &Plan,
        secrets: &Secrets,
        now: Timestamp,
    ) -> Result<StoredDelivery, SendError> {
        let lookup = self.lookup.get().await?;
        let id = delivery_id(now)?;
        let reference = secrets.token.reference();
        Ok(StoredDelivery {
            link: first(lookup.links(&secrets.token))?,
            delivery: new_delivery(request, plan, &id, now),
            code: self.hashing.hash(&id, 1, &secrets.code).await?,
            sealed_reference: self.hashing.keys().await?.seal(&reference, &id)?,
        })
    }

    /// Takes back what was counted, where certainly nothing was written.
    pub(super) async fn write_pending(
        &self,
        request: &SendRequest,
        plan: &Plan,
        secrets: &Secrets,
        stored: &StoredDelivery,
        count: &Count,
    ) -> Result<(), SendError> {
        let lookup = self.lookup.get().await?;
        let practice = &request.practice;
        let reference = secrets.token.reference();
        let links = lookup.links(&secrets.token);
        let key;
        let once = match &request.once {
            Once::Request { key: own, body } => {
                key = idempotency_key(lookup, practice, ROUTE, own, body);
                store::Once::Request(&key)
            }
            Once::Item(claim) => store::Once::Item(claim),
        };
        let pending = PendingDelivery {
            stored,
            lookup_key: lookup.newest().ok_or(HashError::UnknownKey)?,
            older_links: links.get(1..).unwrap_or_default(),
            reference: &first(lookup.references(practice, &reference))?,
            addresses: &addresses(lookup, practice, plan),
            once,
            op: &request.op,
        };
        let Err(failure) = self.store.add_pending(&pending).await else {
            return Ok(());
        };
        if !may_be_written(&failure) {
            self.take_back(count, plan.counts).await;
        }
        Err(match failure {
            PendingFailure::Repeated(id) => self.repeated(practice, &id).await?,
            PendingFailure::Mismatch => SendError::Mismatch,
            PendingFailure::Taken => SendError::DraftSpent,
            PendingFailure::NotOurs => SendError::NotOurs,
            PendingFailure::Store(error) => error.into(),
        })
    }

    /// D10 and L5: opens the delivery if its e-mail was accepted, else closes it before the answer goes out.
    pub(super) async fn open(
        &self,
        request: &SendRequest,
        plan: &Plan,
        stored: &StoredDelivery,
        sent: Sent,
    ) -> Result<(String, Timestamp, Vec<DeliveryId>), SendError> {
        let id = stored.delivery.id.clone();
        let message_id = match sent {
            Sent::Accepted { message_id } => message_id,
            Sent::Refused { reason } => {
                self.close_not_sent(stored, Some(&reason), &request.op)
                    .await;
                return Err(SendError::EmailRefused { id, reason });
            }
            Sent::Unknown => {
                self.close_not_sent(stored, None, &request.op).await;
                return Err(SendError::EmailUnknown { id });
            }
        };
        let accepted_at = self.clock.now();
        let expires_at = l1_expires_at(accepted_at, plan.resolved.valid_days.value);
        let opening = Opening {
            link: &stored.link,
            delivery: &stored.delivery,
            message_id: &message_id,
            accepted_at,
            expires_at,
            keep_earlier: request.keep_earlier,
            closed_before: &plan.closed_before,
            run: request.run(),
            op: &request.op,
        };
        match self.store.open_delivery(&opening).await {
            Ok(opened) => return Ok((message_id, expires_at, opened.superseded)),
            Err(OpenFailure::Refused) => tracing::warn!(
                delivery = id.as_str(),
                "an accepted delivery could not be opened"
            ),
            Err(OpenFailure::Store(error)) => {
                tracing::error!(delivery = id.as_str(), %error, "opening a delivery failed");
            }
        }
        // The answer to the opening may have been lost: what the table says now, holds.
        self.close_not_sent(stored, None, &request.op).await;
        let now_stored = self
            .store
            .delivery(std::slice::from_ref(&stored.link))
            .await;
        match now_stored {
            Ok(Some(now_stored)) if now_stored.delivery.sent_at.is_some() => {
                Ok((message_id, expires_at, Vec::new()))
            }
            _ => Err(SendError::EmailUnknown { id }),
        }
    }

    /// Where even this write fails, the delivery stays pending and counts as not sent a minute later.
    async fn close_not_sent(
        &self,
        stored: &StoredDelivery,
        refused_because: Option<&str>,
        op: &Op,
    ) {
        if let Err(error) = self
            .store
            .set_not_sent(&stored.link, refused_because, self.clock.now(), op)
            .await
        {
            tracing::warn!(delivery = stored.delivery.id.as_str(), %error, "a delivery could not be closed as not sent");
        }
    }
}

/// Whether the delivery may have been written as pending all the same: then nobody knows what becomes of it.
fn may_be_written(failure: &PendingFailure) -> bool {
    matches!(
        failure,
        PendingFailure::Store(StoreError::Unavailable { .. })
    )
}

/// Where the e-mail goes, and the message where there is one, under the newest key.
fn addresses(lookup: &LookupKeys, practice: &PracticeId, plan: &Plan) -> Vec<AddressHash> {
    let by = |channel| plan.resolved.protected.value && plan.resolved.channel.value == channel;
    let addressee = &plan.addressee;
    let mobile = addressee.mobile.as_ref().filter(|_| by(Channel::Sms));
    let threema = addressee.threema_id.as_ref();
    let threema = threema.filter(|_| by(Channel::Threema));
    [
        Some(addressee.email.as_str()),
        mobile.map(Mobile::as_str),
        threema.map(ThreemaId::as_str),
    ]
    .into_iter()
    .flatten()
    .filter_map(|address| lookup.addresses(practice, address).into_iter().next())
    .collect()
}

fn new_delivery(request: &SendRequest, plan: &Plan, id: &DeliveryId, now: Timestamp) -> Delivery {
    Delivery {
        id: id.clone(),
        practice: request.practice.clone(),
        record: request.record.clone(),
        recipient: request.recipient.clone(),
        language: plan.addressee.language,
        channel: plan.resolved.channel.value,
        documents: request.documents.iter().cloned().collect(),
        kind: plan.documents[0].document.kind,
        offered_invoices: plan.resolved.offered_invoices.value,
        unprotected: !plan.resolved.protected.value,
        self_service: plan.self_service,
        code_requests: 0,
        last_request_at: None,
        next_code: None,
        created_at: now,
        sent_at: None,
        expires_at: None,
        not_sent_at: None,
        revoked_at: None,
        reported_at: None,
        capped_at: None,
        superseded_at: None,
        opened_at: None,
        code_version: 1,
        wrong_for_code: 0,
        wrong_in_life: 0,
        wrong_in_row: 0,
        last_wrong_at: None,
        sessions: BTreeMap::new(),
        email_message_id: None,
        email_refused_because: None,
        email_taken_at: None,
        email_delivered_at: None,
        email_delayed_at: None,
        email_bounce: None,
        email_complained_at: None,
        message: None,
        downloads: Vec::new(),
    }
}

/// The hash under the newest key; there always is one, for a function does not start without `LOOKUP_KEYS`.
fn first<T>(hashes: Vec<T>) -> Result<T, SendError> {
    hashes
        .into_iter()
        .next()
        .ok_or_else(|| HashError::UnknownKey.into())
}
