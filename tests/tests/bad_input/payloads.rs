//! Texts that break out of headers, tags, addresses, templates and directions of writing elsewhere.

use std::collections::BTreeSet;

/// What breaks out of headers, tags, addresses, templates and directions of writing elsewhere.
pub(crate) const PAYLOADS: [&str; 104] = [
    "\r\nBcc: evil@example.org",
    "\nBcc: evil@example.org",
    "\rBcc: evil@example.org",
    "\r\n\r\n<h1>x</h1>",
    "%0d%0aBcc: evil@example.org",
    "%0ABcc:%20evil@example.org",
    "\\r\\nBcc: evil@example.org",
    "\\u000aBcc: x",
    "&#13;&#10;Bcc: x",
    "=0D=0ABcc: evil@example.org",
    "=?UTF-8?Q?x=0D=0ABcc:_evil@example.org?=",
    "=?UTF-8?B?DQpCY2M6IGV2aWxAZXhhbXBsZS5vcmc=?=",
    "=?utf-7?Q?+AA0-+AAo-?=",
    "\u{560a}\u{560d}Bcc: x",
    "\u{2028}Bcc: x",
    "\u{2029}Bcc: x",
    "\u{85}Bcc: x",
    "\u{b}Bcc: x",
    "\u{c}Bcc: x",
    "\0",
    "\0Bcc: x",
    "\u{1}",
    "\u{8}\u{8}\u{8}",
    "\t",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{80}",
    "\u{9b}31m",
    "\u{9f}",
    "\u{202a}",
    "\u{202b}",
    "\u{202c}",
    "\u{202d}",
    "\u{202e}gpj.exe",
    "\u{2066}",
    "\u{2067}",
    "\u{2068}",
    "\u{2069}",
    "\u{200e}",
    "\u{200f}",
    "\u{61c}",
    "\u{200b}",
    "\u{200c}",
    "\u{200d}",
    "\u{feff}",
    "\u{ad}",
    "\u{180e}",
    "\u{3164}",
    "\u{fffd}",
    "\u{e0001}\u{e0041}",
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "\"><script>alert(1)</script>",
    "'><script>alert(1)</script>",
    "\" onmouseover=\"alert(1)",
    "' onmouseover='alert(1)",
    "</p></body></html>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?php ?>",
    "<a href=\"https://evil.example\">Zur Praxis</a>",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0>",
    "<iframe srcdoc=x>",
    "<form action=//evil.example>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "&amp;lt;script&amp;gt;",
    "＜script＞alert(1)＜/script＞",
    "\\\"><b>",
    "\\",
    "\"",
    "\\\"",
    "'",
    "`",
    "\" <evil@example.org>",
    "\\\" <evil@example.org>, \"",
    "evil@example.org",
    "<evil@example.org>",
    "a, b",
    "a; b",
    "a: b",
    "(a",
    "a)",
    "[a]",
    "${link}",
    "${code}",
    "{{7*7}}",
    "{% include \"x\" %}",
    "<#if x>",
    "%s%n%x",
    "$(id)",
    "; rm -rf /",
    "../../etc/passwd",
    "C:\\x\\y",
    "' OR 1=1 --",
    "=cmd|' /C calc'!A0",
    "Ⓑⓒⓒ：",
    "Z\u{335}\u{336}a\u{300}\u{301}\u{302}l\u{303}\u{304}g\u{305}o",
];

/// A payload alone, in front, behind, in the middle, and twice.
pub(crate) fn variants(payload: &str) -> [String; 5] {
    [
        payload.to_owned(),
        format!("{payload}Ada"),
        format!("Ada{payload}"),
        format!("Ada {payload} Beispiel"),
        format!("{payload}Ä{payload}"),
    ]
}

/// At least 500 texts.
pub(crate) fn hostile() -> Vec<String> {
    let hostile: BTreeSet<String> = PAYLOADS
        .iter()
        .flat_map(|payload| variants(payload))
        .collect();
    hostile.into_iter().collect()
}

/// Cannot be seen.
const UNSEEN: &str = " \u{200b}\u{200c}\u{200d}\u{feff}\u{ad}\u{180e}\u{3164}\u{e0001}\u{e0041}";
/// Turn the direction of writing around, or break a line without being called a control character.
const TURNS: &str = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{2028}\u{2029}";

/// Whether a text can be a name: one line, one direction, not empty once trimmed.
pub(crate) fn is_line(text: &str) -> bool {
    let trimmed = text.trim();
    trimmed.chars().any(|c| !UNSEEN.contains(c))
        && !trimmed.chars().any(|c| c.is_control() || TURNS.contains(c))
}

/// Whether a text can stand in an e-mail: lines and tabs are all that it may have of control characters.
pub(crate) fn is_text(text: &str) -> bool {
    let text = text.replace("\r\n", "\n");
    !text
        .trim()
        .chars()
        .any(|c| (c.is_control() && c != '\n' && c != '\t') || TURNS.contains(c))
}
