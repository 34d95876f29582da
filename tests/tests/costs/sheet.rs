//! The tables of `docs/costs.md`, and that they stand there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::deliveries::{DOCUMENT, DOCUMENT_KEPT, Idle, KEPT, Taken};
use crate::floods::Flood;
use crate::meter::count;
use crate::prices::{
    ALARM_MONTH, HASH, KEY_MONTH, LIST, LOG_LINES, MONTH, OWN_WORK, SMS, Used, wait_of,
};
use crate::template;
use crate::{ENTRY_LIMIT, PAGE_LIMIT};

const DOCS: &str = include_str!("../../../docs/costs.md");

/// Prints these texts, and fails where the document does not have one of them.
pub(crate) fn holds(texts: &[String]) {
    for text in texts {
        println!("{text}");
    }
    let all_there = texts.iter().all(|text| DOCS.contains(text));
    assert!(
        all_there,
        "docs/costs.md says something else: put in what was printed"
    );
}

/// The prices, and what is assumed.
pub(crate) fn prices() -> String {
    let mut table = format!(
        "- A warm function is billed for {OWN_WORK} ms of its own work, {} ms for each call to the table, {} ms for each to the bucket, {} ms for each message that it hands over, and {HASH} ms for the hash of a code.\n\
         - Functions that hash have {} MB, the others {} MB.\n\
         - Each request and each invocation leaves {LOG_LINES} bytes in the logs. An answer counts in whole KB, in tens of them above 100.\n\
         - A document has {} KB and is kept for {DOCUMENT_KEPT} months, a delivery for {KEPT} months. A month has {} days.\n\n\
         | for | USD | per |\n|---|---|---|\n",
        wait_of("DYNAMODB"),
        wait_of("S3"),
        wait_of("SNS"),
        template::default("HashingMemory"),
        template::default("OtherMemory"),
        DOCUMENT / 1000,
        MONTH / 86_400.0,
    );
    for price in LIST {
        let _ = writeln!(table, "| {} | {} | {} |", price.of, price.usd, price.unit);
    }
    table
}

/// The floods, and what all of them together would cost.
pub(crate) fn floods(floods: &[Flood], guess: &Used) -> String {
    let mut table = "| request | throttle | per second | reads | writes | USD per million | USD for a month of it |\n\
                     |---|---|---|---|---|---|---|\n"
        .to_owned();
    for flood in floods {
        let _ = writeln!(
            table,
            "| {} | `{}` | {} | {} | {} | {:.2} | {:.0} |",
            flood.what,
            flood.throttle,
            flood.rate(),
            flood.used.reads,
            flood.used.writes,
            flood.per_million(),
            flood.per_month(),
        );
    }
    let of_patients = floods
        .iter()
        .filter(|flood| flood.throttle != "PracticeRate");
    let mut dearest: BTreeMap<&str, f64> = BTreeMap::new();
    for flood in of_patients {
        let most = dearest.entry(flood.route).or_default();
        *most = most.max(flood.per_month());
    }
    let _ = write!(
        table,
        "\nPromised are at most {PAGE_LIMIT:.0} USD a month for a route, and {ENTRY_LIMIT:.0} USD for entries.\n\
         Whoever floods all of these routes but the practices' at once, each with its dearest request, costs {:.0} USD a month.\n\
         A wrong code that is judged costs {:.2} USD per million, its hash and its rows of the audit included; of these a delivery takes thirty in its life.\n",
        dearest.values().sum::<f64>(),
        guess.cost() * 1_000_000.0,
    );
    table
}

/// The steps of a delivery.
pub(crate) fn deliveries(taken: &Taken) -> String {
    let mut table =
        "| step | invocations | reads | writes | USD per 1,000 |\n|---|---|---|---|---|\n"
            .to_owned();
    let mut sum = Used::default();
    let mut row = |what: &str, used: &Used, usd: f64| {
        let _ = writeln!(
            table,
            "| {what} | {} | {} | {} | {:.3} |",
            used.invocations,
            used.reads,
            used.writes,
            usd * 1000.0
        );
    };
    for step in &taken.steps {
        row(step.what, &step.used, step.used.cost());
        sum = sum + step.used;
    }
    let all = sum.cost() + taken.kept;
    let _ = write!(
        table,
        "| keep it and its document | | | | {:.3} |\n| **all** | **{}** | **{}** | **{}** | **{:.2}** |\n\n\
         Without its SMS, such as where the code is spoken, 1,000 deliveries cost {:.2} USD.\n",
        taken.kept * 1000.0,
        sum.invocations,
        sum.reads,
        sum.writes,
        all * 1000.0,
        (all - SMS.of(sum.messages)) * 1000.0,
    );
    table
}

/// What a month costs in which nothing happens.
pub(crate) fn fixed(idle: &Idle) -> String {
    let keys = template::number_of("AWS::KMS::Key");
    let alarms = template::number_of("AWS::CloudWatch::Alarm");
    let (keys_cost, alarms_cost) = (KEY_MONTH.of(count(keys)), ALARM_MONTH.of(count(alarms)));
    format!(
        "| fixed | USD a month |\n|---|---|\n| {keys} keys | {keys_cost:.2} |\n| {alarms} alarms | {alarms_cost:.2} |\n\
         | the schedule of every minute, with nothing to do | {:.2} |\n| **all** | **{:.2}** |\n",
        idle.month,
        keys_cost + alarms_cost + idle.month,
    )
}
