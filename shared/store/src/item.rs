//! Items: keys, conversion, and the version that every item carries.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::{Action, LastOp, Op, Outcome};
use domain::hashed::{
    AddressHash, ApiKeyHash, LinkHash, NetworkHash, NumberHash, ReferenceHash, RequestHash,
};
use domain::id::{DeliveryId, DocumentId, PracticeId, RecipientId, RecordId, RecordTypeId, RunId};
use domain::text_template::TemplateId;
use domain::time::{DAY, Timestamp};
use domain::usage::Month;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;

/// The shape of the items that this version writes; another one is refused, never guessed at.
pub(crate) const VERSION: &str = "1";

/// Holds where nothing is, or what this version writes; `:v` is `VERSION`.
pub(crate) const OURS: &str = "attribute_not_exists(pk) OR v = :v";

/// How long the place of a deleted thing is kept, in seconds: longer than the stream can come again.
pub(crate) const GONE_KEPT: i64 = 2 * DAY;

/// An item or a part of one.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) partition: String,
    pub(crate) sort: String,
}

impl Key {
    fn new(partition: String, sort: impl Into<String>) -> Self {
        Self {
            partition,
            sort: sort.into(),
        }
    }

    pub(crate) fn settings(practice: &PracticeId) -> Self {
        Self::new(practice_partition(practice), "SETTINGS")
    }

    pub(crate) fn limits(practice: &PracticeId) -> Self {
        Self::new(practice_partition(practice), "LIMITS")
    }

    pub(crate) fn record_type(practice: &PracticeId, id: &RecordTypeId) -> Self {
        Self::new(practice_partition(practice), format!("TYPE#{id}"))
    }

    pub(crate) fn record(practice: &PracticeId, id: &RecordId) -> Self {
        Self::new(practice_partition(practice), format!("RECORD#{id}"))
    }

    pub(crate) fn text_template(practice: &PracticeId, id: TemplateId) -> Self {
        Self::new(practice_partition(practice), template_name(id))
    }

    /// One of a reference's deliveries: two may share one by chance.
    pub(crate) fn reference(
        practice: &PracticeId,
        reference: &ReferenceHash,
        id: &DeliveryId,
    ) -> Self {
        let prefix = reference_prefix(reference);
        Self::new(practice_partition(practice), format!("{prefix}{id}"))
    }

    pub(crate) fn address(practice: &PracticeId, address: &AddressHash, id: &DeliveryId) -> Self {
        let prefix = address_prefix(address);
        Self::new(practice_partition(practice), format!("{prefix}{id}"))
    }

    pub(crate) fn document_pointer(practice: &PracticeId, id: &DocumentId) -> Self {
        Self::new(practice_partition(practice), format!("DOCUMENT#{id}"))
    }

    pub(crate) fn document(practice: &PracticeId, record: &RecordId, id: &DocumentId) -> Self {
        Self::new(record_partition(practice, record), format!("DOCUMENT#{id}"))
    }

    pub(crate) fn threema_key(
        practice: &PracticeId,
        record: &RecordId,
        recipient: &RecipientId,
    ) -> Self {
        let sort = format!("THREEMA#{recipient}");
        Self::new(record_partition(practice, record), sort)
    }

    pub(crate) fn delivery_pointer(practice: &PracticeId, id: &DeliveryId) -> Self {
        Self::new(practice_partition(practice), format!("DELIVERY#{id}"))
    }

    pub(crate) fn request(practice: &PracticeId, hash: &RequestHash) -> Self {
        Self::new(practice_partition(practice), format!("REQUEST#{hash}"))
    }

    pub(crate) fn listed_api_key(practice: &PracticeId, hash: &ApiKeyHash) -> Self {
        Self::new(practice_partition(practice), format!("KEY#{hash}"))
    }

    pub(crate) fn webhooks(practice: &PracticeId) -> Self {
        Self::new(practice_partition(practice), "WEBHOOKS")
    }

    pub(crate) fn outgoing(practice: &PracticeId, name: &str) -> Self {
        Self::new(practice_partition(practice), format!("TELL#{name}"))
    }

    /// Sorts by time: twelve digits of seconds.
    pub(crate) fn due(at: Timestamp, name: &str) -> Self {
        Self::of_queue(format!("{:012}#{name}", at.seconds()))
    }

    /// Sorts by time.
    pub(crate) fn upload(at: Timestamp, document: &str) -> Self {
        let sort = format!("{:012}#{document}", at.seconds());
        Self::new("UPLOADS".to_owned(), sort)
    }

    /// A row of the queue whose sort key is known.
    pub(crate) fn of_queue(sort: String) -> Self {
        Self::new("DUE".to_owned(), sort)
    }

    /// Where the runs that are not finished are listed.
    pub(crate) const ACTIVE_RUNS: &'static str = "RUNS";

    pub(crate) fn active_run(practice: &PracticeId, run: &RunId) -> Self {
        Self::new(Self::ACTIVE_RUNS.to_owned(), format!("{practice}#{run}"))
    }

    /// Beyond every run that is not finished.
    pub(crate) fn after_active_runs() -> Self {
        Self::new(Self::ACTIVE_RUNS.to_owned(), "~")
    }

    pub(crate) fn run(practice: &PracticeId, run: &RunId) -> Self {
        Self::new(run_partition(practice, run), "RUN")
    }

    /// A partition of its own: all pages of a run are written at once, more than one partition may take in a second.
    pub(crate) fn run_page(practice: &PracticeId, run: &RunId, page: usize) -> Self {
        Self::new(format!("{}#{page}", run_partition(practice, run)), "PAGE")
    }

    pub(crate) fn run_item(practice: &PracticeId, run: &RunId, item: usize) -> Self {
        Self::new(run_partition(practice, run), format!("ITEM#{item:05}"))
    }

    /// A partition of its own: the stream brings the lanes of a run beside each other.
    pub(crate) fn lane(practice: &PracticeId, run: &RunId, lane: usize) -> Self {
        Self::new(format!("LANE#{practice}#{run}#{lane}"), "LANE")
    }

    pub(crate) fn restored() -> Self {
        Self::new("RESTORED".to_owned(), "CLOSED")
    }

    pub(crate) fn rate() -> Self {
        Self::new("RATE".to_owned(), "EMAILS")
    }

    pub(crate) fn public(practice: &PracticeId) -> Self {
        Self::new(format!("PUB#{practice}"), "PUBLIC")
    }

    pub(crate) fn api_key(hash: &ApiKeyHash) -> Self {
        Self::new(format!("KEY#{hash}"), "KEY")
    }

    pub(crate) fn delivery(link: &LinkHash) -> Self {
        Self::new(format!("LINK#{link}"), "DELIVERY")
    }

    pub(crate) fn day_of_practice(practice: &PracticeId, now: Timestamp) -> Self {
        Self::new(format!("COUNT#{practice}"), day(now))
    }

    pub(crate) fn month(practice: &PracticeId, month: Month) -> Self {
        Self::new(format!("COUNT#{practice}"), format!("MONTH#{month}"))
    }

    pub(crate) fn day_of_number(number: &NumberHash, now: Timestamp) -> Self {
        Self::new(format!("COUNT#{number}"), day(now))
    }

    /// `minute` counts since 1970.
    pub(crate) fn openings(network: &NetworkHash, minute: i64) -> Self {
        Self::new(format!("OPENED#{network}"), format!("MINUTE#{minute}"))
    }

    pub(crate) fn gone_record(practice: &PracticeId, id: &RecordId) -> Self {
        Self::new(practice_partition(practice), format!("GONE#RECORD#{id}"))
    }

    pub(crate) fn gone_record_type(practice: &PracticeId, id: &RecordTypeId) -> Self {
        Self::new(practice_partition(practice), format!("GONE#TYPE#{id}"))
    }

    pub(crate) fn gone_text_template(practice: &PracticeId, id: TemplateId) -> Self {
        let name = template_name(id);
        Self::new(practice_partition(practice), format!("GONE#{name}"))
    }

    pub(crate) fn audit(practice: &PracticeId, sort: &str) -> Self {
        Self::new(format!("AUDIT#{practice}"), sort)
    }

    /// `record` may be the alias of one that was erased.
    pub(crate) fn audit_of_record(practice: &PracticeId, record: &str, sort: &str) -> Self {
        Self::new(format!("AUDIT#{practice}#{record}"), sort)
    }

    /// Sorts by time.
    pub(crate) fn awaited(at: Timestamp, id: &str) -> Self {
        Self::new("AWAITED".to_owned(), format!("{:012}#{id}", at.seconds()))
    }

    /// Of a row that was read.
    pub(crate) fn of_texts(partition: &str, sort: &str) -> Self {
        Self::new(partition.to_owned(), sort)
    }

    /// The key of an item.
    pub(crate) fn of(item: &Item) -> Option<Self> {
        let part = |name: &str| item.get(name)?.as_s().ok().cloned();
        Some(Self::new(part("pk")?, part("sk")?))
    }

    /// As the SDK wants it.
    pub(crate) fn attributes(&self) -> Item {
        HashMap::from([
            ("pk".to_owned(), text(&self.partition)),
            ("sk".to_owned(), text(&self.sort)),
        ])
    }

    /// Whether this is the key of the item.
    pub(crate) fn is_of(&self, item: &Item) -> bool {
        item.get("pk") == Some(&text(&self.partition)) && item.get("sk") == Some(&text(&self.sort))
    }
}

pub(crate) fn practice_partition(practice: &PracticeId) -> String {
    format!("ORG#{practice}")
}

fn run_partition(practice: &PracticeId, run: &RunId) -> String {
    format!("RUN#{practice}#{run}")
}

pub(crate) fn record_partition(practice: &PracticeId, record: &RecordId) -> String {
    format!("ORG#{practice}#{record}")
}

/// Where a practice's text templates begin.
pub(crate) const TEMPLATE_PREFIX: &str = "TEMPLATE#";

/// The sort key of a text template, by kind first.
pub(crate) fn template_name(id: TemplateId) -> String {
    format!("{TEMPLATE_PREFIX}{id}")
}

/// Where the deliveries of a reference begin.
pub(crate) fn reference_prefix(reference: &ReferenceHash) -> String {
    format!("REFERENCE#{}#", reference.as_str())
}

/// Where the deliveries to an address begin.
pub(crate) fn address_prefix(address: &AddressHash) -> String {
    format!("ADDRESS#{}#", address.as_str())
}

/// A day of UTC as a sort key.
fn day(now: Timestamp) -> String {
    format!("DAY#{}", now.day())
}

/// A string attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(crate) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(format!("{value}"))
}

/// A point in time as a number attribute, in seconds.
pub(crate) fn time(at: Timestamp) -> AttributeValue {
    number(at.seconds())
}

/// The value as an item under this key. What is `None` is left out, so that conditions can ask for it.
pub(crate) fn to_item(key: &Key, value: &impl Serialize) -> Result<Item, StoreError> {
    let mut item: Item =
        serde_dynamo::to_item(value).map_err(|_| StoreError::Unreadable("our own"))?;
    item.retain(|_, attribute| !attribute.is_null());
    item.extend(key.attributes());
    item.insert("v".to_owned(), number(VERSION));
    Ok(item)
}

/// What a deleted thing leaves, so that its deletion can say something of itself.
pub(crate) fn gone(key: &Key, op: &Op) -> Item {
    let mut item = key.attributes();
    item.insert("v".to_owned(), number(VERSION));
    item.insert("ttl".to_owned(), time(op.at.plus(GONE_KEPT)));
    item
}

/// An item with what its write says of itself.
pub(crate) fn with_op(
    mut item: Item,
    op: &Op,
    action: Action,
    outcome: Outcome,
) -> Result<Item, StoreError> {
    item.insert("last_op".to_owned(), last_op(op, action, outcome)?);
    Ok(item)
}

/// What a write says of itself.
pub(crate) fn last_op(
    op: &Op,
    action: Action,
    outcome: Outcome,
) -> Result<AttributeValue, StoreError> {
    to_attribute(&LastOp::new(op, action, outcome))
}

/// A part of an item as an attribute.
pub(crate) fn to_attribute(value: &impl Serialize) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(value).map_err(|_| StoreError::Unreadable("our own"))
}

/// An item as a value; `kind` names it in the error.
pub(crate) fn from_item<T: DeserializeOwned>(
    mut item: Item,
    kind: &'static str,
) -> Result<T, StoreError> {
    if item.remove("v") != Some(number(VERSION)) {
        return Err(StoreError::Unreadable(kind));
    }
    for ours in ["pk", "sk", "ttl", "last_op"] {
        item.remove(ours);
    }
    serde_dynamo::from_item(item).map_err(|_| StoreError::Unreadable(kind))
}
