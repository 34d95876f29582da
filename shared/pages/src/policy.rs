//! What a page may load and run: its own style sheet and script, each named by its hash, and nothing else.

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

use crate::script::SCRIPT;
use crate::sheet::Sheet;

/// The value of `Content-Security-Policy` for a page with this sheet.
///
/// Deny everything, then: `style-src` this very sheet; `script-src` the one script; `img-src data:` the empty icon that saves a request for `/favicon.ico`; `form-action 'self'` the forms.
pub(crate) fn policy(sheet: &Sheet) -> String {
    let (style, script) = (hash(sheet.as_str()), hash(SCRIPT.as_str()));
    format!(
        "default-src 'none'; style-src '{style}'; script-src '{script}'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
}

fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(&Sha256::digest(text)))
}
