//! The one style sheet of every page.
//!
//! It stands in the page, so that a page is one answer, and the policy names it by its hash.
//! A practice's colour is part of the sheet, for style attributes are not allowed; so the hash is worked out for each page.

use std::fmt;

use domain::practice::PublicPractice;

use crate::colours::{Button, buttons};

/// The rules that are the same for every practice.
const RULES: &str = include_str!("../templates/page.css");

/// A style sheet: rules of ours and colours that are numbers, so nothing in it needs escaping.
pub(crate) struct Sheet(String);

impl Sheet {
    /// The sheet of a practice's pages, or the product's own.
    pub(crate) fn of(practice: Option<&PublicPractice>) -> Self {
        let (light, dark) = buttons(practice.and_then(|practice| practice.colour.as_ref()));
        // The comment at the top of the file is for us.
        let rules = RULES.split_once("*/\n").map_or(RULES, |(_, rules)| rules);
        Self(format!(
            "{rules}{}\n@media(prefers-color-scheme:dark){{{}}}\n",
            colours(light),
            colours(dark)
        ))
    }

    /// The rules.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Sheet {}

fn colours(button: Button) -> String {
    format!(
        ":root{{--brand:{};--on-brand:{}}}",
        button.ground, button.text
    )
}
