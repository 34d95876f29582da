//! A practice's text templates.

use domain::document::Kind;
use domain::id::PracticeId;
use domain::text_template::{TemplateId, TextTemplate};

use crate::Store;
use crate::error::StoreError;
use crate::item::{Key, TEMPLATE_PREFIX, from_item, practice_partition, template_name, to_item};
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
    ) -> Result<(), StoreError> {
        self.put(to_item(&Key::text_template(practice, id), template)?)
            .await
    }

    /// Deletes a template, so that the built-in one holds again; `false` if there was none.
    pub async fn delete_text_template(
        &self,
        practice: &PracticeId,
        id: TemplateId,
    ) -> Result<bool, StoreError> {
        self.delete(&Key::text_template(practice, id)).await
    }
}
