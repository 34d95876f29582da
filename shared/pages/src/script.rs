//! The one script of every page. Pages do without it; `templates/page.js` says what it adds.

use std::fmt;

/// The script as pages hold it.
pub(crate) const SCRIPT: Script = Script(include_str!("../templates/page.js"));

/// A script of ours: nothing in it needs escaping.
#[derive(Clone, Copy)]
pub(crate) struct Script(&'static str);

impl Script {
    /// Without the comment at the top of the file, which is for us.
    pub(crate) fn as_str(self) -> &'static str {
        self.0.split_once("*/\n").map_or(self.0, |(_, code)| code)
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl askama::filters::HtmlSafe for Script {}
