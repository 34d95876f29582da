//! Before anything is sent: reads what a request names, resolves its settings, and checks everything that can be checked.

use std::collections::{BTreeMap, BTreeSet};

use domain::delivery::{
    SelfServiceOffer, l5_is_superseded, l5_is_to_be_closed, l5_most_superseded,
};
use domain::document::{Document, Kind};
use domain::hashed::LinkHash;
use domain::id::{DeliveryId, DocumentId, PracticeId, RecordTypeId};
use domain::practice::{Channel, Limits, MonthlyCaps, RecordType, Settings};
use domain::record::{Recipient, Record};
use domain::sending::{Addressee, Levels, Obstacle, Resolved, d4_resolve, d7_addressee};
use domain::text_template::{TemplateId, TextTemplate};
use domain::time::Timestamp;
use domain::usage::{Month, ReachedCap, Usage, d4_monthly_caps, reached_cap};
use futures::{StreamExt as _, TryStreamExt as _};
use store::StoredDocument;
use tokio::sync::Mutex;

use crate::compose::Wording;
use crate::send::{SendDelivery, SendError, SendRequest};
use crate::uploads::look_at_uploads;

/// How many earlier deliveries are looked at at once.
const AT_ONCE: usize = 16;

/// Everything that was read and resolved, and what keeps it from being sent.
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    /// What the operator allows.
    pub(crate) limits: Limits,
    pub(crate) addressee: Addressee,
    pub(crate) resolved: Resolved,
    /// L6: the channel of codes that the patient may ask for on the page, if nothing stands in the way now.
    pub(crate) self_service: Option<SelfServiceOffer>,
    /// How e-mail and message read.
    pub(crate) wording: Wording,
    /// The documents in the request's order.
    pub(crate) documents: Vec<StoredDocument>,
    /// L5: the deliveries that this one would close.
    pub(crate) supersedes: Vec<DeliveryId>,
    /// L5: where earlier ones lie that are closed already.
    pub(crate) closed_before: BTreeSet<LinkHash>,
    /// D4: how much the practice may send in a month.
    pub(crate) caps: MonthlyCaps,
    /// Drafts that were made before are refused.
    pub(crate) drafts_since: Option<Timestamp>,
    /// What the sending counts against them.
    pub(crate) counts: Usage,
    /// What the practice has sent this month, as far as the reading tells; the counting decides.
    pub(crate) used: Usage,
    /// Everything that keeps it from being sent, most telling first.
    pub(crate) problems: Vec<SendError>,
}

/// What deliveries of one practice that are made within seconds have in common: it is read once for all of them.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    types: Mutex<BTreeMap<RecordTypeId, RecordType>>,
    templates: Mutex<BTreeMap<Kind, Vec<(TemplateId, TextTemplate)>>>,
}

impl SendDelivery {
    /// Two rounds of reads: what the request names, then what that points to.
    pub(crate) async fn plan(
        &self,
        request: &SendRequest,
        shared: &Shared,
    ) -> Result<Plan, SendError> {
        let SendRequest {
            practice,
            record: record_id,
            ..
        } = request;
        let facts = self
            .store
            .sending_facts(practice, record_id, &request.documents, self.clock.now())
            .await?;
        let settings = facts
            .settings
            .ok_or(store::StoreError::Unreadable("settings"))?;
        let record = facts.record.ok_or(SendError::NoSuchRecord)?;
        let recipient = record
            .recipient(&request.recipient)
            .ok_or(SendError::NoSuchRecipient)?;
        let mut documents = in_request_order(facts.documents, &request.documents)?;
        let kind = documents[0].document.kind;
        let earlier = earlier(request, &documents, self.clock.now());
        let ((record_type, linked), templates, closed_before) = futures::try_join!(
            self.pointed_to(practice, &record, recipient, shared),
            self.templates(practice, kind, shared),
            self.closed_before(&earlier),
        )?;
        let resolved = d4_resolve(
            Levels {
                delivery: &request.overrides,
                recipient,
                record: &record,
                record_type: &record_type,
                practice: &settings,
            },
            kind,
        );
        let channel = resolved.channel.value;
        look_at_uploads(
            &self.store,
            &self.documents,
            practice,
            &mut documents,
            &request.op,
        )
        .await?;
        self.look_at_offered(request, &documents, &resolved).await?;
        let kinds: Vec<Kind> = documents
            .iter()
            .map(|stored| stored.document.kind)
            .collect();
        let addressee = d7_addressee(recipient, linked.as_ref(), &kinds, &settings)
            .ok_or(SendError::Obstacles(vec![Obstacle::NoEmail]))?;
        let (wording, invalid) = Wording::of(templates, kind, addressee.language);
        let self_service = &record_type.self_service;
        let is_protected = resolved.protected.value;
        let mut obstacles =
            self.messengers
                .obstacles(channel, self_service, &record, &addressee, &settings);
        // D6: where no code travels, nothing is missing for one.
        obstacles.retain(|missing| is_protected || *missing == Obstacle::SendingForbidden);
        let to_be_closed = earlier
            .into_iter()
            .filter(|(link, _)| !closed_before.contains(link));
        let supersedes: BTreeSet<DeliveryId> = to_be_closed.map(|(_, id)| id).collect();
        let caps = d4_monthly_caps(&settings, &facts.limits);
        let counts = counts(channel, is_protected);
        let has_no_way = is_protected && self.messengers.lack(channel, self_service);
        let is_spoken_in_run = request.run().is_some() && channel == Channel::Spoken;
        let problems = [
            is_spoken_in_run.then_some(SendError::SpokenInRun),
            d6_must_be_protected(request, is_protected).then_some(SendError::MustBeProtected),
            not_ready(&documents),
            (!obstacles.is_empty()).then_some(SendError::Obstacles(obstacles)),
            has_no_way.then_some(SendError::ChannelUnavailable(channel)),
            (supersedes.len() > l5_most_superseded(documents.len()))
                .then_some(SendError::TooManyEarlier),
        ];
        Ok(Plan {
            self_service: self
                .messengers
                .offer(self_service, channel, &record, &addressee, &settings)
                .filter(|_| is_protected),
            used: facts.usage,
            caps,
            drafts_since: facts.drafts_since,
            counts,
            settings,
            limits: facts.limits,
            addressee,
            resolved,
            documents,
            supersedes: supersedes.into_iter().collect(),
            closed_before,
            wording,
            problems: problems
                .into_iter()
                .flatten()
                .chain(invalid.into_iter().map(SendError::TemplateInvalid))
                // D6: an e-mail with the document attached is made of no template.
                .filter(|problem| is_protected || !matches!(problem, SendError::TemplateInvalid(_)))
                .collect(),
        })
    }

    /// L5: which of these deliveries a sending leaves as they are: they are closed already, or gone.
    async fn closed_before(
        &self,
        earlier: &BTreeMap<LinkHash, DeliveryId>,
    ) -> Result<BTreeSet<LinkHash>, SendError> {
        let now = self.clock.now();
        let look = |link: LinkHash| async move {
            let found = self.store.delivery(std::slice::from_ref(&link)).await?;
            let is_to_be_closed =
                found.is_some_and(|found| l5_is_to_be_closed(&found.delivery, now));
            Ok((!is_to_be_closed).then_some(link))
        };
        let looks = earlier.keys().cloned().map(look);
        let closed = futures::stream::iter(looks).buffered(AT_ONCE);
        closed
            .try_filter_map(async |link| Ok(link))
            .try_collect()
            .await
    }

    async fn templates(
        &self,
        practice: &PracticeId,
        kind: Kind,
        shared: &Shared,
    ) -> Result<Vec<(TemplateId, TextTemplate)>, SendError> {
        let mut known = shared.templates.lock().await;
        if let Some(templates) = known.get(&kind) {
            return Ok(templates.clone());
        }
        let templates = self.store.text_templates(practice, Some(kind)).await?;
        known.insert(kind, templates.clone());
        Ok(templates)
    }

    async fn record_type(
        &self,
        practice: &PracticeId,
        id: &RecordTypeId,
        shared: &Shared,
    ) -> Result<RecordType, SendError> {
        let mut known = shared.types.lock().await;
        if let Some(record_type) = known.get(id) {
            return Ok(record_type.clone());
        }
        let found = self.store.record_type(practice, id).await?;
        let record_type = found.unwrap_or_default();
        known.insert(id.clone(), record_type.clone());
        Ok(record_type)
    }

    /// The record's type and, for a recipient with a linked record, that record's first recipient and type (D4).
    async fn pointed_to(
        &self,
        practice: &PracticeId,
        record: &Record,
        recipient: &Recipient,
        shared: &Shared,
    ) -> Result<(RecordType, Option<Recipient>), SendError> {
        let linked = match &recipient.linked_record {
            Some(id) => Some(
                self.store
                    .record(practice, id)
                    .await?
                    .ok_or(SendError::NoSuchRecipient)?,
            ),
            None => None,
        };
        let type_id = linked
            .as_ref()
            .map_or(&record.record_type, |linked| &linked.record_type);
        Ok((
            self.record_type(practice, type_id, shared).await?,
            linked.and_then(|linked| linked.recipients.into_iter().next()),
        ))
    }

    /// D8: what the page would offer besides is looked at too, so that a patient never meets a file that is not there.
    async fn look_at_offered(
        &self,
        request: &SendRequest,
        sent: &[StoredDocument],
        resolved: &Resolved,
    ) -> Result<(), SendError> {
        let offered = resolved.offered_invoices.value;
        let offers = resolved.protected.value
            && usize::try_from(offered).unwrap_or(0) > sent.len()
            && sent
                .iter()
                .any(|stored| stored.document.kind.is_invoice_or_receipt());
        if !offers {
            return Ok(());
        }
        let others = self
            .store
            .documents_of_record(&request.practice, &request.record)
            .await?;
        let mut waiting: Vec<StoredDocument> = others
            .into_iter()
            .filter(|document| {
                !request.documents.contains(&document.id) && would_be_offered(document)
            })
            .map(|document| StoredDocument {
                document,
                sent_in: Vec::new(),
                sendings: 0,
            })
            .collect();
        Ok(look_at_uploads(
            &self.store,
            &self.documents,
            &request.practice,
            &mut waiting,
            &request.op,
        )
        .await?)
    }
}

impl Plan {
    /// D4: the cap that it would break if so much more had been sent before.
    pub(crate) fn reached_cap(&self, before: Usage, now: Timestamp) -> Option<ReachedCap> {
        let used = self.used.plus(before);
        reached_cap(self.caps, used, self.counts, Month::of(now))
    }
}

/// The documents in the request's order, each of them there.
fn in_request_order(
    found: Vec<StoredDocument>,
    asked: &[DocumentId],
) -> Result<Vec<StoredDocument>, SendError> {
    let mut found: BTreeMap<DocumentId, StoredDocument> = found
        .into_iter()
        .filter(|stored| stored.document.deleted_at.is_none())
        .map(|stored| (stored.document.id.clone(), stored))
        .collect();
    let ordered: Vec<Option<StoredDocument>> = asked.iter().map(|id| found.remove(id)).collect();
    let gone: Vec<usize> = (0..asked.len())
        .filter(|position| ordered[*position].is_none())
        .collect();
    if gone.is_empty() {
        Ok(ordered.into_iter().flatten().collect())
    } else {
        Err(SendError::DocumentsGone(gone))
    }
}

/// D6: whether the request waives protection in vain: it is not the record's to go without, or there is more than one document.
fn d6_must_be_protected(request: &SendRequest, is_protected: bool) -> bool {
    let is_waived = request.overrides.protected == Some(false);
    is_waived && (is_protected || request.documents.len() > 1)
}

/// What one delivery counts against the caps: its e-mail, and the message of its channel, if it has a code.
fn counts(channel: Channel, is_protected: bool) -> Usage {
    let has_message = |of: Channel| i64::from(is_protected && channel == of);
    Usage {
        emails: 1,
        sms: has_message(Channel::Sms),
        threema: has_message(Channel::Threema),
    }
}

/// Those documents whose bytes are not there, or were refused.
fn not_ready(documents: &[StoredDocument]) -> Option<SendError> {
    let not_ready: Vec<_> = documents
        .iter()
        .enumerate()
        .filter(|(_, stored)| !stored.document.is_available())
        .map(|(position, stored)| (position, stored.document.refused_because.clone()))
        .collect();
    (!not_ready.is_empty()).then_some(SendError::DocumentsNotReady(not_ready))
}

/// L5: the earlier deliveries of these documents that this one does not spare, each once.
fn earlier(
    request: &SendRequest,
    documents: &[StoredDocument],
    now: Timestamp,
) -> BTreeMap<LinkHash, DeliveryId> {
    let sent_in = documents.iter().flat_map(|stored| &stored.sent_in);
    let earlier = sent_in.filter(|earlier| {
        let (run, keep_earlier) = (request.run(), request.keep_earlier);
        l5_is_superseded(earlier, &request.recipient, run, keep_earlier, now)
    });
    earlier
        .map(|earlier| (earlier.link.clone(), earlier.delivery.clone()))
        .collect()
}

/// Whether D8 would offer the document once its upload was looked at.
fn would_be_offered(document: &Document) -> bool {
    let mut ready = document.clone();
    ready.state = domain::document::State::Ready;
    ready.is_offered()
}
