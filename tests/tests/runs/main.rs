//! Invoice runs, end to end: what is asked for is sent once, or says why not, whatever happens in between.
#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

mod asking;
mod crash;
mod going_on;
mod large;
mod outcomes;
mod seed;
mod watching;
mod worker;

use std::collections::BTreeMap;

use serde_json::Value;
use tests::World;

/// How many e-mails went to each address.
async fn emails(world: &World) -> BTreeMap<String, usize> {
    let mut emails = BTreeMap::new();
    for message in world.messages().await {
        if message["channel"] == "email" {
            let to = message["to"].as_str().unwrap_or_default().to_owned();
            *emails.entry(to).or_default() += 1;
        }
    }
    emails
}

/// How many items are in each of these states; every other state has none.
fn assert_counts(run: &Value, expected: &[(&str, usize)]) {
    for (state, items) in run["counts"].as_object().expect("counts") {
        let named = expected.iter().find(|(name, _)| name == state);
        let expected = named.map_or(0, |(_, items)| *items);
        assert_eq!(*items, expected, "{state}: {run}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
