//! A practice's text templates.

use domain::audit::{Action, Op, Outcome};
use domain::document::Kind;
use domain::id::PracticeId;
use domain::text_template::{TemplateId, TextTemplate};

use crate::Store;
use crate::error::StoreError;
use crate::item::{
    Key, TEMPLATE_PREFIX, from_item, gone, practice_partition, template_name, to_item, with_op,
};
use crate::table::{Page, Paging};

/// More than there can be.
const ALL: i32 = 100;

impl Store {
    /// The practice's own template, if it has one.
    pub async fn text_template(
        &self,
        practice: &PracticeId,
        id: TemplateId,
    ) -> Result<Option<TextTemplate>, StoreError> {
        let found = self.get(&Key::text_template(practice, id)).await?;
        found
            .map(|item| from_item(item, "text template"))
            .transpose()
    }

    /// The practice's own templates, of one kind of document or of all, in one query.
    pub async fn text_templates(
        &self,
        practice: &PracticeId,
        kind: Option<Kind>,
    ) -> Result<Vec<(TemplateId, TextTemplate)>, StoreError> {
        let prefix = kind.map_or_else(
            || TEMPLATE_PREFIX.to_owned(),
            |kind| format!("{TEMPLATE_PREFIX}{}/", kind.name()),
        );
        let mut found = Vec::new();
        let mut cursor = None;
        loop {
            let page: Page<TextTemplate> = self
                .list(
                    practice_partition(practice),
                    &prefix,
                    Paging::forward(ALL, cursor),
                    "text template",
                )
                .await?;
            found.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(TemplateId::all()
            .filter_map(|id| {
                let name = template_name(id);
                let own = name.strip_prefix(&prefix)?;
                let at = found.iter().position(|(name, _)| name == own)?;
                Some((id, found.swap_remove(at).1))
            })
            .collect())
    }

    /// Keeps or replaces a template.
    pub async fn put_text_template(
        &self,
        practice: &PracticeId,
        id: TemplateId,
        template: &TextTemplate,
        op: &Op,
    ) -> Result<(), StoreError> {
        let item = to_item(&Key::text_template(practice, id), template)?;
        self.put(with_op(item, op, Action::TemplateChanged, Outcome::Done)?)
            .await
    }

    /// Deletes a template, so that the built-in one holds again; `false` if there was none.
    pub async fn delete_text_template(
        &self,
        practice: &PracticeId,
        id: TemplateId,
        op: &Op,
    ) -> Result<bool, StoreError> {
        let gone = gone(&Key::gone_text_template(practice, id), op);
        let gone = with_op(gone, op, Action::TemplateDeleted, Outcome::Done)?;
        self.delete_with(&Key::text_template(practice, id), gone)
            .await
    }
}
