//! Idempotency keys: what a request became, remembered for a day as hashes, never with its answer.

use aws_sdk_dynamodb::types::{
    ConditionCheck, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use domain::hashed::RequestHash;
use domain::id::PracticeId;
use domain::time::{DAY, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::clashes::Refused;
use crate::error::StoreError;
use crate::item::{Key, from_item, number, time, to_item};

/// How long an idempotency key is remembered, in seconds.
const REQUEST_LIFE: i64 = DAY;

/// A request's idempotency key and body, as hashes: under the newest look-up key first, then the older ones.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    /// Of the key.
    pub keys: Vec<RequestHash>,
    /// Of the body.
    pub bodies: Vec<RequestHash>,
}

/// What an idempotency key was used for before.
#[derive(Debug)]
pub enum EarlierRequest {
    /// For the same request, which became the thing of this id.
    Same(String),
    /// For another body.
    Mismatch,
}

/// What is kept of an idempotency key.
#[derive(Serialize, Deserialize)]
pub(crate) struct Request {
    body: RequestHash,
    /// The id of what it became.
    pub(crate) made: String,
    created_at: Timestamp,
}

impl Request {
    /// Whether this is the same body again.
    pub(crate) fn is_same(&self, request: &IdempotencyKey) -> bool {
        request.bodies.contains(&self.body)
    }
}

/// The earlier request that kept a transaction from being written, if it was that.
pub(crate) fn repeated_request(refused: &Refused) -> Result<Option<Request>, StoreError> {
    let earlier = refused.items().find(|item| item.contains_key("body"));
    earlier
        .map(|item| from_item(item.clone(), "request"))
        .transpose()
}

impl Store {
    /// Remembers a request under the newest look-up key, if it was not made within a day under any of them.
    pub(crate) fn request_writes(
        &self,
        practice: &PracticeId,
        request: &IdempotencyKey,
        made: &str,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        const NOT_LATELY: &str = "attribute_not_exists(pk) OR created_at <= :forgotten";
        let forgotten = time(now.plus(-REQUEST_LIFE));
        let mut writes = Vec::with_capacity(request.keys.len());
        let mut keys = request.keys.iter();
        if let (Some(newest), Some(body)) = (keys.next(), request.bodies.first()) {
            let key = Key::request(practice, newest);
            let kept = Request {
                body: body.clone(),
                made: made.to_owned(),
                created_at: now,
            };
            let mut item = to_item(&key, &kept)?;
            item.insert("ttl".to_owned(), number(now.plus(REQUEST_LIFE).seconds()));
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(item))
                .condition_expression(NOT_LATELY)
                .expression_attribute_values(":forgotten", forgotten.clone())
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
                .build()
                .map_err(|_| StoreError::Unreadable("our own"))?;
            writes.push(TransactWriteItem::builder().put(put).build());
        }
        for older in keys {
            let check = ConditionCheck::builder()
                .table_name(&self.table)
                .set_key(Some(Key::request(practice, older).attributes()))
                .condition_expression(NOT_LATELY)
                .expression_attribute_values(":forgotten", forgotten.clone())
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
                .build()
                .map_err(|_| StoreError::Unreadable("our own"))?;
            writes.push(TransactWriteItem::builder().condition_check(check).build());
        }
        Ok(writes)
    }

    /// Whether a request was made within the last day, and what it became.
    pub async fn earlier_request(
        &self,
        practice: &PracticeId,
        request: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<EarlierRequest>, StoreError> {
        let keys: Vec<Key> = request
            .keys
            .iter()
            .map(|key| Key::request(practice, key))
            .collect();
        for item in self.get_all(&keys).await? {
            let earlier: Request = from_item(item, "request")?;
            if now < earlier.created_at.plus(REQUEST_LIFE) {
                return Ok(Some(if earlier.is_same(request) {
                    EarlierRequest::Same(earlier.made)
                } else {
                    EarlierRequest::Mismatch
                }));
            }
        }
        Ok(None)
    }
}
