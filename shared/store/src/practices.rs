//! A practice: its settings, its limits, and what pages say of it.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use domain::audit::{Action, Op, Outcome};
use domain::id::PracticeId;
use domain::practice::{Limits, LimitsChange, PublicPractice, Settings};

use crate::Store;
use crate::error::StoreError;
use crate::item::{
    Item, Key, OURS, VERSION, from_item, last_op, number, time, to_attribute, to_item, with_op,
};
use crate::restore::limits_from;

impl Store {
    /// A practice's settings; `None` if there is no such practice.
    pub async fn settings(&self, practice: &PracticeId) -> Result<Option<Settings>, StoreError> {
        let found = self.get(&Key::settings(practice)).await?;
        found.map(|item| from_item(item, "settings")).transpose()
    }

    /// What the operator allows the practice.
    pub async fn limits(&self, practice: &PracticeId) -> Result<Limits, StoreError> {
        let found = self.get(&Key::limits(practice)).await?;
        found.map_or_else(
            || Ok(Limits::default()),
            |item| limits_from(item).map(|(limits, _)| limits),
        )
    }

    /// Changes what the operator allows the practice, in one write, and says what it allows now; `None` if there is no such practice.
    ///
    /// From when on drafts are taken lies in the same item, and stays.
    pub async fn change_limits(
        &self,
        practice: &PracticeId,
        change: &LimitsChange,
        op: &Op,
    ) -> Result<Option<Limits>, StoreError> {
        let mut sets = vec!["last_op = :op".to_owned()];
        let mut update = self
            .update(&Key::limits(practice))
            .condition_expression("v = :v")
            .expression_attribute_values(":v", number(VERSION))
            .expression_attribute_values(":op", last_op(op, Action::LimitsChanged, Outcome::Done)?);
        if let Some(senders) = &change.sender_ids {
            sets.push("sender_ids = :senders".to_owned());
            update = update.expression_attribute_values(":senders", to_attribute(senders)?);
        }
        for (name, cap) in [
            ("emails", change.emails),
            ("sms", change.sms),
            ("threema", change.threema),
        ] {
            if let Some(cap) = cap {
                sets.push(format!("monthly_caps.{name} = :{name}"));
                update =
                    update.expression_attribute_values(format!(":{name}"), to_attribute(&cap)?);
            }
        }
        let update = update.update_expression(format!("SET {}", sets.join(", ")));
        match self.change(update).await? {
            Some(item) => limits_from(item).map(|(limits, _)| Some(limits)),
            // Of a newer version, reading says so.
            None => self.limits(practice).await.map(|_| None),
        }
    }

    /// What pages say of the practice; `None` if there is no such practice.
    pub async fn public_practice(
        &self,
        practice: &PracticeId,
    ) -> Result<Option<PublicPractice>, StoreError> {
        let found = self.get(&Key::public(practice)).await?;
        found.map(|item| from_item(item, "practice")).transpose()
    }

    /// Makes a practice. `false` if there already is one of this id, which is left as it is.
    pub async fn create_practice(
        &self,
        practice: &PracticeId,
        settings: &Settings,
        limits: &Limits,
        op: &Op,
    ) -> Result<bool, StoreError> {
        let own = to_item(&Key::settings(practice), settings)?;
        let items = [
            with_op(own, op, Action::PracticeCreated, Outcome::Done)?,
            to_item(&Key::limits(practice), limits)?,
            to_item(&Key::public(practice), &PublicPractice::of(settings))?,
        ];
        let writes = items
            .into_iter()
            .map(|item| put_new(&self.table, item))
            .collect::<Result<_, _>>()?;
        if self.transact(writes).await? {
            return Ok(true);
        }
        self.settings(practice)
            .await?
            .map_or(Err(StoreError::Contention), |_| Ok(false))
    }

    /// Replaces a practice's settings and what pages say of it, both or neither; whether it is disabled stays as it is.
    pub async fn put_settings(
        &self,
        practice: &PracticeId,
        settings: &Settings,
        op: &Op,
    ) -> Result<(), StoreError> {
        let own = to_item(&Key::settings(practice), settings)?;
        let own = with_op(own, op, Action::SettingsChanged, Outcome::Done)?;
        let settings_put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(own))
            .condition_expression(OURS)
            .expression_attribute_values(":v", number(VERSION))
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))?;
        let writes = vec![
            TransactWriteItem::builder().put(settings_put).build(),
            TransactWriteItem::builder()
                .update(self.public_update(practice, settings)?)
                .build(),
        ];
        if self.transact(writes).await? {
            Ok(())
        } else {
            Err(StoreError::Unreadable("what is to be replaced"))
        }
    }

    /// L7: disables a practice, or enables it again; `false` if there is no such practice.
    ///
    /// Its keys are refused and its deliveries count as revoked from the next request on.
    pub async fn set_disabled(
        &self,
        practice: &PracticeId,
        is_disabled: bool,
        op: &Op,
    ) -> Result<bool, StoreError> {
        let update = self.update(&Key::public(practice));
        let update = if is_disabled {
            update
                .update_expression(
                    "SET disabled_at = if_not_exists(disabled_at, :now), last_op = :op",
                )
                .expression_attribute_values(":now", time(op.at))
                .expression_attribute_values(
                    ":op",
                    last_op(op, Action::PracticeDisabled, Outcome::Done)?,
                )
        } else {
            update
                .update_expression("SET last_op = :op REMOVE disabled_at")
                .expression_attribute_values(
                    ":op",
                    last_op(op, Action::PracticeEnabled, Outcome::Done)?,
                )
        };
        let changed = self.change_existing(update).await?;
        Ok(changed.is_some())
    }

    /// Sets every attribute of the public item but `disabled_at`, and removes those that the settings no longer have.
    fn public_update(
        &self,
        practice: &PracticeId,
        settings: &Settings,
    ) -> Result<Update, StoreError> {
        let public: Item = serde_dynamo::to_item(PublicPractice::of(settings))
            .map_err(|_| StoreError::Unreadable("our own"))?;
        let (mut set, mut remove) = (vec!["v = :v".to_owned()], Vec::new());
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::public(practice).attributes()))
            .condition_expression(OURS)
            .expression_attribute_values(":v", number(VERSION));
        for (name, value) in public {
            if name == "disabled_at" {
                continue;
            }
            update = update.expression_attribute_names(format!("#{name}"), &name);
            if value.is_null() {
                remove.push(format!("#{name}"));
            } else {
                set.push(format!("#{name} = :{name}"));
                update = update.expression_attribute_values(format!(":{name}"), value);
            }
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression = format!("{expression} REMOVE {}", remove.join(", "));
        }
        update
            .update_expression(expression)
            .build()
            .map_err(|_| StoreError::Unreadable("our own"))
    }
}

/// A put that never replaces.
pub(crate) fn put_new(table: &str, item: Item) -> Result<TransactWriteItem, StoreError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(pk)")
        .build()
        .map_err(|_| StoreError::Unreadable("our own"))?;
    Ok(TransactWriteItem::builder().put(put).build())
}
