//! Reading what was rendered.

/// What a reader sees: without head and tags, with references resolved and spaces folded.
pub(crate) fn seen(html: &str) -> String {
    let body = html.split_once("<body>").map_or(html, |(_, body)| body);
    let mut text = String::new();
    for piece in body.split('<') {
        text.push_str(piece.split_once('>').map_or(piece, |(_, after)| after));
    }
    for (reference, c) in [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ] {
        text = text.replace(reference, c);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The values of an attribute, wherever it stands.
pub(crate) fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    html.split(&format!(" {attribute}=\""))
        .skip(1)
        .filter_map(|from_value| from_value.split('"').next())
        .collect()
}

/// The style sheet.
pub(crate) fn style(html: &str) -> &str {
    html.split_once("<style>")
        .unwrap()
        .1
        .split_once("</style>")
        .unwrap()
        .0
}
