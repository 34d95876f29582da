//! Talking to the table: single reads and writes, several at once, lists.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{Delete, KeysAndAttributes, Put, ReturnValue, TransactWriteItem};
use serde::de::DeserializeOwned;

use crate::Store;
use crate::clashes::{Refused, is_clash, refusal, send_through};
use crate::error::StoreError;
use crate::item::{Item, Key, OURS, VERSION, from_item, number, text};

/// How long a transaction of megabytes may take, once and with its repeats.
const BULKY_ATTEMPT: Duration = Duration::from_secs(4);
const BULKY: Duration = Duration::from_secs(9);

/// How many rows are asked for at once where more are wanted.
const LARGEST_PAGE: i32 = 1_000;

/// One page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// The sort key without its prefix, and the item.
    pub items: Vec<(String, T)>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// Which page, and in which order.
pub(crate) struct Paging {
    limit: i32,
    cursor: Option<String>,
    forward: bool,
}

impl Paging {
    /// By sort key.
    pub(crate) fn forward(limit: i32, cursor: Option<String>) -> Self {
        Self {
            limit,
            cursor,
            forward: true,
        }
    }

    /// The last sort key first.
    pub(crate) fn backward(limit: i32, cursor: Option<String>) -> Self {
        Self {
            limit,
            cursor,
            forward: false,
        }
    }
}

impl Store {
    /// One item, read consistently.
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let got = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(StoreError::unavailable("GetItem"))?;
        Ok(got.item)
    }

    /// Up to 100 items, read consistently, in no order; those that are not there are left out.
    pub(crate) async fn get_all(&self, keys: &[Key]) -> Result<Vec<Item>, StoreError> {
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(Key::attributes).collect()))
            .consistent_read(true)
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        let mut requested = HashMap::from([(self.table.clone(), wanted)]);
        let mut items = Vec::with_capacity(keys.len());
        // DynamoDB may leave some for a further call when it is throttled or the answer grows too large.
        for _ in 0..5 {
            let got = self
                .client
                .batch_get_item()
                .set_request_items(Some(requested))
                .send()
                .await
                .map_err(StoreError::unavailable("BatchGetItem"))?;
            items.extend(got.responses.unwrap_or_default().into_values().flatten());
            requested = got.unprocessed_keys.unwrap_or_default();
            if requested.is_empty() {
                return Ok(items);
            }
        }
        Err(StoreError::Contention)
    }

    /// Keeps or replaces an item; one that another version of this code wrote stays as it is, for it may hold what we would lose.
    pub(crate) async fn put(&self, item: Item) -> Result<(), StoreError> {
        let put = self
            .put_item(item)
            .condition_expression(OURS)
            .expression_attribute_values(":v", number(VERSION));
        if self.put_if(put).await? {
            Ok(())
        } else {
            Err(StoreError::Unreadable("what is to be replaced"))
        }
    }

    pub(crate) fn put_item(&self, item: Item) -> PutItemFluentBuilder {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
    }

    /// Keeps an item; `false` if the condition did not hold.
    pub(crate) async fn put_if(&self, put: PutItemFluentBuilder) -> Result<bool, StoreError> {
        let sent = send_through(
            || put.clone().send(),
            PutItemError::is_transaction_conflict_exception,
        );
        match sent.await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::unavailable("PutItem")(error)),
        }
    }

    /// A page of the items of one kind in a partition.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        partition: String,
        prefix: &str,
        paging: Paging,
        kind: &'static str,
    ) -> Result<Page<T>, StoreError> {
        let start = paging.cursor.map(|after| {
            HashMap::from([
                ("pk".to_owned(), text(&partition)),
                ("sk".to_owned(), text(format!("{prefix}{after}"))),
            ])
        });
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :partition AND begins_with(sk, :prefix)")
            .expression_attribute_values(":partition", text(partition))
            .expression_attribute_values(":prefix", text(prefix))
            .consistent_read(true)
            .limit(paging.limit)
            .scan_index_forward(paging.forward)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(StoreError::unavailable("Query"))?;
        let name_of = |item: &Item| {
            Some(
                item.get("sk")?
                    .as_s()
                    .ok()?
                    .strip_prefix(prefix)?
                    .to_owned(),
            )
        };
        let next = found.last_evaluated_key.as_ref().and_then(name_of);
        let mut items = Vec::new();
        for item in found.items.unwrap_or_default() {
            let name = name_of(&item).ok_or(StoreError::Unreadable(kind))?;
            items.push((name, from_item(item, kind)?));
        }
        Ok(Page { items, next })
    }

    /// What lies in a partition before a key, in the order of its keys, at most `limit` rows.
    ///
    /// A row that another version of this code wrote is left to that version, and keeps nothing behind it from being done.
    pub(crate) async fn rows_before<T>(
        &self,
        end: Key,
        limit: usize,
        read: impl Fn(Item) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :partition AND sk < :end")
            .expression_attribute_values(":partition", text(end.partition))
            .expression_attribute_values(":end", text(end.sort))
            .consistent_read(true)
            .into_paginator()
            .page_size(i32::try_from(limit).unwrap_or(i32::MAX).min(LARGEST_PAGE))
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(StoreError::unavailable("Query"))?;
            for item in page.items.unwrap_or_default() {
                match read(item) {
                    Ok(row) => found.push(row),
                    Err(error) => tracing::warn!(%error, "a row is left to whoever can read it"),
                }
            }
            if found.len() >= limit {
                found.truncate(limit);
                break;
            }
        }
        Ok(found)
    }

    /// Deletes an item; `false` if there was none.
    pub(crate) async fn delete(&self, key: &Key) -> Result<bool, StoreError> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .return_values(ReturnValue::AllOld);
        let deleted = send_through(
            || delete.clone().send(),
            DeleteItemError::is_transaction_conflict_exception,
        );
        let deleted = deleted
            .await
            .map_err(StoreError::unavailable("DeleteItem"))?;
        Ok(deleted.attributes.is_some())
    }

    /// Deletes an item and leaves `gone`, which says who did it; `false` if there was none, and then nothing is left.
    pub(crate) async fn delete_with(&self, key: &Key, gone: Item) -> Result<bool, StoreError> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(gone))
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        let writes = vec![
            TransactWriteItem::builder().delete(delete).build(),
            TransactWriteItem::builder().put(put).build(),
        ];
        if self.transact(writes).await? {
            return Ok(true);
        }
        let found = self.get(key).await?;
        found.map_or(Ok(false), |_| Err(StoreError::Contention))
    }

    /// Writes all or nothing; `false` if a condition did not hold.
    pub(crate) async fn transact(
        &self,
        writes: Vec<TransactWriteItem>,
    ) -> Result<bool, StoreError> {
        let refused = self.transact_or_say(writes).await?;
        Ok(refused.is_none())
    }

    /// Writes all or nothing; where a condition did not hold, which one it was.
    pub(crate) async fn transact_or_say(
        &self,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Option<Refused>, StoreError> {
        self.transact_within(writes, None).await
    }

    /// As [`Store::transact`], for megabytes, which take longer than what is written else.
    pub(crate) async fn transact_bulky(
        &self,
        writes: Vec<TransactWriteItem>,
    ) -> Result<bool, StoreError> {
        let patience = TimeoutConfig::builder()
            .operation_attempt_timeout(BULKY_ATTEMPT)
            .operation_timeout(BULKY)
            .build();
        let refused = self.transact_within(writes, Some(patience)).await?;
        Ok(refused.is_none())
    }

    async fn transact_within(
        &self,
        writes: Vec<TransactWriteItem>,
        patience: Option<TimeoutConfig>,
    ) -> Result<Option<Refused>, StoreError> {
        let call = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes));
        let send = || {
            let (call, patience) = (call.clone(), patience.clone());
            async move {
                match patience {
                    None => call.send().await,
                    Some(patience) => {
                        let own = Builder::new().timeout_config(patience);
                        call.customize().config_override(own).send().await
                    }
                }
            }
        };
        let Err(error) = send_through(send, is_clash).await else {
            return Ok(None);
        };
        match error.as_service_error() {
            Some(canceled) if is_clash(canceled) => Err(StoreError::Contention),
            Some(canceled) if let Some(refused) = refusal(canceled) => Ok(Some(refused)),
            _ => Err(StoreError::unavailable("TransactWriteItems")(error)),
        }
    }

    pub(crate) fn update(&self, key: &Key) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
    }

    /// An update of an item that must be there; one that time has tidied away is left alone.
    pub(crate) async fn change_existing(
        &self,
        update: UpdateItemFluentBuilder,
    ) -> Result<Option<Item>, StoreError> {
        self.change(update.condition_expression("attribute_exists(pk)"))
            .await
    }

    /// The item as changed, or `None` if the condition did not hold.
    pub(crate) async fn change(
        &self,
        update: UpdateItemFluentBuilder,
    ) -> Result<Option<Item>, StoreError> {
        let update = update.return_values(ReturnValue::AllNew);
        let sent = send_through(
            || update.clone().send(),
            UpdateItemError::is_transaction_conflict_exception,
        );
        match sent.await {
            Ok(changed) => Ok(Some(changed.attributes.unwrap_or_default())),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(StoreError::unavailable("UpdateItem")(error)),
        }
    }
}
