//! Changes: what the table's stream says, read once for everything that follows from it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::LastOp;
use domain::delivery::Delivery;
use domain::hashed::LinkHash;
use domain::id::{DocumentId, PracticeId, RecordId};
use domain::run::Run;
use serde_json::Value;

use crate::error::StoreError;
use crate::item::{Item, from_item};

/// A write that somebody made, with what it says of itself.
#[derive(Clone, Debug)]
pub struct Change {
    /// Whose table it is.
    pub practice: PracticeId,
    /// Who did what.
    pub op: LastOp,
    /// The delivery that it changed or made, if it was one.
    pub delivery: Option<DeliveryChange>,
    /// The invoice run that it changed or made, if it was one.
    pub run: Option<RunChange>,
    /// Whose record it belongs to.
    pub record: Option<RecordId>,
    /// Which document it was about.
    pub document: Option<DocumentId>,
    /// The label of the API key that it was about.
    pub key: Option<String>,
    /// Where the item lies.
    pub(crate) place: String,
}

/// A delivery before and after a write.
#[derive(Clone, Debug)]
pub struct DeliveryChange {
    /// Where it lies.
    pub link: LinkHash,
    /// As it was; `None` where it was made.
    pub old: Option<Delivery>,
    /// As it is.
    pub new: Delivery,
}

/// An invoice run after a write.
#[derive(Clone, Debug)]
pub struct RunChange {
    /// As it is.
    pub run: Run,
    /// Whether this write finished it.
    pub is_finished_by_it: bool,
}

impl Change {
    /// From a record of the stream; `None` where nobody says that they did something.
    pub fn read(record: &Value) -> Result<Option<Self>, StoreError> {
        let unreadable = || StoreError::Unreadable("stream");
        let image = |name: &str| match &record["dynamodb"][name] {
            Value::Null => Ok(None),
            image => item_of(image).map(Some).ok_or_else(unreadable),
        };
        let (old, Some(mut new)) = (image("OldImage")?, image("NewImage")?) else {
            return Ok(None);
        };
        let Some(op) = new.remove("last_op") else {
            return Ok(None);
        };
        if old.as_ref().and_then(|old| old.get("last_op")) == Some(&op) {
            return Ok(None);
        }
        let op: LastOp = serde_dynamo::from_attribute_value(op).map_err(|_| unreadable())?;
        let text = |name: &str| new.get(name).and_then(|value| value.as_s().ok()).cloned();
        let (Some(partition), Some(sort)) = (text("pk"), text("sk")) else {
            return Err(unreadable());
        };
        let label = text("label").filter(|_| sort.starts_with("KEY#"));
        let (mut delivery, mut run) = (None, None);
        if let Some(link) = partition.strip_prefix("LINK#") {
            delivery = Some(delivery_change(link, old, new)?);
        } else if partition.starts_with("RUN#") {
            run = Some(run_change(old.as_ref(), new)?);
        }
        let whose = Whose::of(&partition, &sort);
        let practice = match &delivery {
            Some(change) => change.new.practice.clone(),
            None => whose.practice.ok_or_else(unreadable)?,
        };
        Ok(Some(Self {
            practice,
            record: delivery
                .as_ref()
                .map(|change| change.new.record.clone())
                .or(whose.record),
            document: op.document.clone().or(whose.document),
            key: label,
            place: format!("{partition} {sort}"),
            delivery,
            run,
            op,
        }))
    }
}

fn delivery_change(link: &str, old: Option<Item>, new: Item) -> Result<DeliveryChange, StoreError> {
    Ok(DeliveryChange {
        link: LinkHash::new(link.to_owned()),
        old: old.map(|old| from_item(old, "delivery")).transpose()?,
        new: from_item(new, "delivery")?,
    })
}

fn run_change(old: Option<&Item>, new: Item) -> Result<RunChange, StoreError> {
    let was_finished = old.is_some_and(|old| old.contains_key("finished_at"));
    let run: Run = from_item(new, "run")?;
    Ok(RunChange {
        is_finished_by_it: run.finished_at.is_some() && !was_finished,
        run,
    })
}

/// What a primary key of a practice's partitions tells.
struct Whose {
    practice: Option<PracticeId>,
    record: Option<RecordId>,
    document: Option<DocumentId>,
}

impl Whose {
    fn of(partition: &str, sort: &str) -> Self {
        let mut parts = partition.split('#').skip(1);
        let practice = parts.next().and_then(|id| id.parse().ok());
        // Behind a practice stands a record, or a run.
        let of_partition = parts.next().filter(|_| !partition.starts_with("RUN#"));
        let own = sort
            .strip_prefix("RECORD#")
            .or(sort.strip_prefix("GONE#RECORD#"));
        Self {
            practice,
            record: of_partition.or(own).and_then(|id| id.parse().ok()),
            document: sort
                .strip_prefix("DOCUMENT#")
                .and_then(|id| id.parse().ok()),
        }
    }
}

/// An image of the stream as an item.
pub(crate) fn item_of(image: &Value) -> Option<Item> {
    let fields = image.as_object()?.iter();
    fields
        .map(|(name, value)| Some((name.clone(), attribute_of(value)?)))
        .collect()
}

fn attribute_of(value: &Value) -> Option<AttributeValue> {
    let (kind, value) = value.as_object()?.iter().next()?;
    let texts = || -> Option<Vec<String>> {
        let items = value.as_array()?.iter();
        items.map(|item| item.as_str().map(str::to_owned)).collect()
    };
    Some(match kind.as_str() {
        "S" => AttributeValue::S(value.as_str()?.to_owned()),
        "N" => AttributeValue::N(value.as_str()?.to_owned()),
        "BOOL" => AttributeValue::Bool(value.as_bool()?),
        "NULL" => AttributeValue::Null(true),
        "SS" => AttributeValue::Ss(texts()?),
        "NS" => AttributeValue::Ns(texts()?),
        "L" => AttributeValue::L(
            value
                .as_array()?
                .iter()
                .map(attribute_of)
                .collect::<Option<_>>()?,
        ),
        "M" => AttributeValue::M(item_of(value)?.into_iter().collect::<HashMap<_, _>>()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn op(id: &str) -> Value {
        json!({"M": {
            "id": {"S": format!("01a207d9-2100-7345-84ac-89e18620{id}")}, "at": {"N": "1000"},
            "actor": {"M": {"type": {"S": "operator"}}}, "action": {"S": "key_created"}, "outcome": {"S": "done"},
        }})
    }

    fn image(last_op: &Value) -> Value {
        json!({"pk": {"S": "ORG#park"}, "sk": {"S": "KEY#abc"}, "label": {"S": "Front desk"}, "last_op": last_op})
    }

    #[test]
    fn only_a_write_that_says_something_new_of_itself_is_a_change() {
        let read = |old: Value, new: Value| {
            Change::read(&json!({"dynamodb": {"OldImage": old, "NewImage": new}})).unwrap()
        };
        let made = read(Value::Null, image(&op("0001"))).unwrap();
        assert_eq!(
            (made.practice.as_str(), made.key.as_deref()),
            ("park", Some("Front desk"))
        );
        assert!(read(image(&op("0001")), image(&op("0002"))).is_some());
        assert!(read(image(&op("0001")), image(&op("0001"))).is_none());
        assert!(read(image(&op("0001")), Value::Null).is_none());
        let silent = json!({"pk": {"S": "ORG#park"}, "sk": {"S": "KEY#abc"}});
        assert!(read(Value::Null, silent).is_none());
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_not_nothing() {
        for new in [
            image(&json!({"M": {}})),
            image(&json!({"X": 1})),
            json!({"last_op": op("0001")}),
            json!([]),
        ] {
            let record = json!({"dynamodb": {"NewImage": new}});
            assert!(Change::read(&record).is_err(), "{record}");
        }
    }
}
