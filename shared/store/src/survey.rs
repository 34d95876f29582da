//! Looking through everything in the table, for the operator's commands alone: no function may scan.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::hashed::LinkHash;
use domain::id::{DocumentId, PracticeId, RecordId};
use domain::practice::PublicPractice;

use crate::error::StoreError;
use crate::item::{Item, Key, from_item};
use crate::{Store, StoredDelivery, StoredWebhooks};

/// How far a look through the table is.
#[derive(Debug, Default)]
pub struct Survey {
    start: Option<Item>,
    is_over: bool,
}

/// One item of the table, whatever it is.
pub struct Row {
    item: Item,
}

/// Prints its key alone: items hold personal data.
impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Row({} {})", self.partition(), self.sort())
    }
}

impl Store {
    /// The next items of the table, up to a megabyte of them, read consistently; `None` after the last.
    pub async fn survey(&self, survey: &mut Survey) -> Result<Option<Vec<Row>>, StoreError> {
        if survey.is_over {
            return Ok(None);
        }
        let page = self
            .client
            .scan()
            .table_name(&self.table)
            .consistent_read(true)
            .set_exclusive_start_key(survey.start.take())
            .send()
            .await
            .map_err(StoreError::unavailable("Scan"))?;
        survey.is_over = page.last_evaluated_key.is_none();
        survey.start = page.last_evaluated_key;
        let items = page.items.unwrap_or_default();
        Ok(Some(items.into_iter().map(|item| Row { item }).collect()))
    }

    /// Deletes it; what is gone already stays gone.
    pub async fn remove(&self, row: &Row) -> Result<(), StoreError> {
        self.delete(&row.key()).await.map(drop)
    }
}

impl Row {
    /// Its partition.
    pub fn partition(&self) -> &str {
        self.text("pk")
    }

    /// Its sort key.
    pub fn sort(&self) -> &str {
        self.text("sk")
    }

    /// Whose it is, where it says so itself.
    pub fn practice(&self) -> Option<PracticeId> {
        self.text("practice").parse().ok()
    }

    /// What pages say of a practice, and of which.
    pub fn public_practice(&self) -> Option<Result<(PracticeId, PublicPractice), StoreError>> {
        let practice = self.partition().strip_prefix("PUB#")?.parse().ok()?;
        let public = from_item(self.item.clone(), "practice");
        Some(public.map(|public| (practice, public)))
    }

    /// The delivery that it is, if it is one.
    pub fn delivery(&self) -> Option<Result<StoredDelivery, StoreError>> {
        let link = self.delivery_link()?;
        Some(StoredDelivery::from_item(&link, self.item.clone()))
    }

    /// Of a delivery, the name of the look-up key that placed it; one of a version that did not write it down has none.
    pub fn lookup_key(&self) -> Option<&str> {
        self.item.get("lookup_key")?.as_s().ok().map(String::as_str)
    }

    /// The webhooks that it is, and whose.
    pub fn webhooks(&self) -> Option<Result<(PracticeId, StoredWebhooks), StoreError>> {
        if self.sort() != "WEBHOOKS" {
            return None;
        }
        let practice = self.partition().strip_prefix("ORG#")?.parse().ok()?;
        let webhooks = from_item(self.item.clone(), "webhooks");
        Some(webhooks.map(|webhooks| (practice, webhooks)))
    }

    /// Whether it is a practice's, or says anything of it.
    pub fn names_practice(&self, practice: &PracticeId) -> bool {
        let practice = practice.as_str();
        let mut places = self.partition().split('#');
        let is_its_own = match places.next() {
            Some("ORG" | "PUB" | "COUNT" | "AUDIT" | "RUN" | "LANE") => {
                places.next() == Some(practice)
            }
            Some(Key::ACTIVE_RUNS) => self.sort().split('#').next() == Some(practice),
            _ => false,
        };
        let is_it = |name: &str, value: &str| name == "practice" && value == practice;
        is_its_own || says(&self.item, &is_it)
    }

    /// Whether it is a record's, or says anything of it. The mark that keeps its alias for two days is not counted.
    pub fn names_record(&self, practice: &PracticeId, record: &RecordId) -> bool {
        if !self.names_practice(practice) {
            return false;
        }
        let record = record.as_str();
        let mut places = self.partition().split('#');
        let is_its_own = match places.next() {
            Some("ORG" | "AUDIT") => places.nth(1) == Some(record),
            _ => false,
        };
        let is_it = |name: &str, value: &str| {
            ["record", "linked_record"].contains(&name) && value == record
        };
        is_its_own
            || self.sort().strip_prefix("RECORD#") == Some(record)
            || says(&self.item, &is_it)
    }

    /// What kind of thing it is, as an operator reads it.
    pub fn kind(&self) -> &'static str {
        let (partition, _) = self
            .partition()
            .split_once('#')
            .unwrap_or((self.partition(), ""));
        let (sort, _) = self.sort().split_once('#').unwrap_or((self.sort(), ""));
        match (partition, sort) {
            ("ORG", "RECORD") => "records",
            ("ORG", "DOCUMENT") => "documents",
            ("ORG", "THREEMA") => "Threema keys",
            ("ORG", "DELIVERY" | "REFERENCE" | "ADDRESS") => "pointers to deliveries",
            ("ORG", "REQUEST") => "idempotency keys",
            ("ORG", "WEBHOOKS" | "TELL") => "webhooks and what they are told",
            ("ORG", "KEY") | ("KEY", _) => "API keys",
            ("ORG" | "PUB", _) => "settings",
            ("COUNT", _) => "counts",
            ("AUDIT" | "AWAITED", _) => "audit",
            ("RUN" | "LANE" | "RUNS", _) => "invoice runs",
            ("LINK", _) => "deliveries",
            ("DUE" | "UPLOADS", _) => "queue",
            _ => "other",
        }
    }

    /// Of a delivery, where it lies.
    pub fn delivery_link(&self) -> Option<LinkHash> {
        let link = self.partition().strip_prefix("LINK#")?;
        Some(LinkHash::new(link.to_owned()))
    }

    /// The delivery that it points to.
    pub fn link(&self) -> Option<LinkHash> {
        let link = self.text("link");
        (!link.is_empty()).then(|| LinkHash::new(link.to_owned()))
    }

    /// Of a document, its id.
    pub fn document(&self) -> Option<DocumentId> {
        self.sort().strip_prefix("DOCUMENT#")?.parse().ok()
    }

    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.item.contains_key(attribute)
    }

    pub(crate) fn key(&self) -> Key {
        Key::of_texts(self.partition(), self.sort())
    }

    fn text(&self, name: &str) -> &str {
        let value = self.item.get(name).and_then(|value| value.as_s().ok());
        value.map_or("", String::as_str)
    }
}

/// Whether any text in the item, at any depth, is what is looked for under its name.
fn says(item: &Item, is_it: &impl Fn(&str, &str) -> bool) -> bool {
    item.iter()
        .any(|(name, value)| value_says(name, value, is_it))
}

fn value_says(name: &str, value: &AttributeValue, is_it: &impl Fn(&str, &str) -> bool) -> bool {
    match value {
        AttributeValue::S(text) => is_it(name, text),
        AttributeValue::M(item) => says(item, is_it),
        AttributeValue::L(values) => values.iter().any(|value| value_says(name, value, is_it)),
        _ => false,
    }
}
