//! What Zweiweg costs: what requests use is counted in front of each service, and taken times AWS's prices.
//!
//! `docs/costs.md` holds what is worked out here, word for word, so that neither can change without the other.
//! T21: no flood of a month costs more than is promised.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]
#![expect(clippy::print_stdout, reason = "the tables are there to be read")]

mod deliveries;
mod floods;
mod meter;
mod prices;
mod sheet;
mod template;

/// USD that a month of requests to one route, at the throttle that is set where nothing is said, costs at most.
const PAGE_LIMIT: f64 = 600.0;
/// The same of entries of codes.
const ENTRY_LIMIT: f64 = 300.0;

#[tokio::test(flavor = "multi_thread")]
async fn t21_a_flood_costs_what_docs_costs_says_and_no_more_than_is_promised() {
    let (floods, guess) = (floods::floods().await, floods::guess().await);
    sheet::holds(&[sheet::prices(), sheet::floods(&floods, &guess)]);
    for flood in &floods {
        let is_entry = flood.throttle == "EntryRate";
        let most = if is_entry { ENTRY_LIMIT } else { PAGE_LIMIT };
        let cost = flood.per_month();
        assert!(cost <= most, "{}: {cost:.0} USD a month", flood.what);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_deliveries_cost_what_docs_costs_says() {
    let (taken, fixed) = (deliveries::delivery().await, deliveries::idle().await);
    sheet::holds(&[sheet::deliveries(&taken), sheet::fixed(&fixed)]);
}
