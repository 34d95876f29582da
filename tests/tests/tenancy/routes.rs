//! The routes of `template.yaml`, so that a test of every route notices a new one.

use std::collections::BTreeSet;

/// Each as API Gateway writes it: `GET /d/{token}`.
pub(crate) fn routes() -> BTreeSet<String> {
    let template = include_str!("../../../template.yaml");
    let routes: BTreeSet<String> = template.lines().filter_map(route).collect();
    assert!(
        routes.len() > 20,
        "the template's routes are no longer one to a line: {routes:?}"
    );
    routes
}

fn route(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("Type: HttpApi,")?;
    let (method, path) = rest.split_once("Method: ")?.1.split_once(", Path: ")?;
    let path = match path.strip_prefix('\'') {
        Some(quoted) => quoted.split('\'').next(),
        None => path.split([',', '}']).next(),
    };
    Some(format!("{method} {}", path?))
}
