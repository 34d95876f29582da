//! Reading what was rendered.

/// What a reader sees: without head and tags, with references resolved and spaces folded.
pub(crate) fn seen(html: &str) -> String {
    let body = html.split_once("<body>").map_or(html, |(_, body)| body);
    let body = body.split_once("<script>").map_or(body, |(body, _)| body);
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

/// What an element without attributes holds: the style sheet, or the script.
pub(crate) fn element<'a>(html: &'a str, name: &str) -> &'a str {
    let (_, from_content) = html.split_once(&format!("<{name}>")).unwrap();
    let (content, _) = from_content.split_once(&format!("</{name}>")).unwrap();
    content
}
