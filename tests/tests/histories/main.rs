//! Every rule of a delivery at once: random histories are walked over HTTP, and each answer is held against a second, independent model of the rules.
//!
//! `HISTORIES` sets how many are walked, `HISTORIES_SEED` repeats a run.
//! Where people wait for it, few are walked, others each time; where `CI` is set many, and always the same.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on says so"
)]

mod compare;
mod model;
mod script;
mod walk;

use std::collections::BTreeMap;
use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::time::Instant;

use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use compare::{Difference, difference};
use model::{Action, Fault, Model};
use script::{DOCUMENTS, Draw, History};
use walk::{Seen, Walker};

/// How many histories are walked where nobody waits for it.
const MANY: u64 = 2_200;
/// How many are walked else.
const FEW: u64 = 200;
/// How many stacks they are walked on, side by side: each has a clock of its own.
const STACKS: usize = 4;
/// The seed where `CI` is set.
const SEED: u64 = 20_261_123;
/// How often every reason to be closed has to be met.
const AT_LEAST: usize = 20;

/// A history and what was seen of it.
struct Walk {
    history: History,
    seen: Vec<Seen>,
}

/// Both tests look at the same histories, which are walked once.
static WALKS: LazyLock<Vec<Walk>> = LazyLock::new(|| {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse().ok());
    let waits = env::var_os("CI").is_none();
    let count = number("HISTORIES").unwrap_or(if waits { FEW } else { MANY });
    // What fails there is the fault of a change, not of a seed that nobody met before.
    let seed = || {
        if waits {
            RandomState::new().hash_one("seed")
        } else {
            SEED
        }
    };
    let first = number("HISTORIES_SEED").unwrap_or_else(seed);
    println!("HISTORIES_SEED={first}");
    let began = Instant::now();
    let walks = Runtime::new()
        .expect("a runtime")
        .block_on(walk_all(first, count));
    let steps: usize = walks.iter().map(|walk| walk.seen.len()).sum();
    println!(
        "{} histories, {steps} steps, {:?}",
        walks.len(),
        began.elapsed()
    );
    walks
});

async fn walk_all(first: u64, count: u64) -> Vec<Walk> {
    let mut stacks = JoinSet::new();
    for stack in 0..STACKS as u64 {
        stacks.spawn(async move {
            let mut draw = Draw::new(first.wrapping_add(stack));
            let mut walker = Walker::start().await;
            let mut walks = Vec::new();
            for _ in (stack..count).step_by(STACKS) {
                let history = History::draw(draw.next(), walker.now());
                let seen = walker.walk(&history).await;
                walks.push(Walk { history, seen });
            }
            walks
        });
    }
    stacks.join_all().await.into_iter().flatten().collect()
}

#[test]
fn every_rule_holds_in_random_histories() {
    for walk in WALKS.iter() {
        if let Some(found) = difference(&walk.history, &walk.seen, Fault::None) {
            let (history, found) = shortest(&walk.history, found);
            panic!("{}", told(&history, &found));
        }
    }
    let mut lengths: Vec<usize> = WALKS.iter().map(|walk| walk.seen.len()).collect();
    lengths.sort_unstable();
    let met = reasons_met();
    let (waits, beside) = waits();
    println!(
        "median of {} steps; {beside} of {waits} waits end beside a boundary; closed: {met:?}",
        lengths[lengths.len() / 2]
    );
    if is_many() {
        assert!(2 * beside >= waits, "too few waits end beside a boundary");
        assert!(
            lengths[lengths.len() / 2] >= 20,
            "the histories are too short"
        );
        let rare: Vec<_> = met.iter().filter(|(_, times)| **times < AT_LEAST).collect();
        assert!(rare.is_empty() && met.len() == 9, "met too seldom: {met:?}");
    }
}

#[test]
fn a_bent_rule_is_noticed() {
    let mut unnoticed = Vec::new();
    for fault in Fault::ALL {
        let differs = |walk: &&Walk| difference(&walk.history, &walk.seen, fault).is_some();
        let noticed = WALKS.iter().filter(differs).count();
        println!("{fault:?}: in {noticed} of {} histories", WALKS.len());
        if noticed == 0 {
            unnoticed.push(fault);
        }
    }
    // Few histories miss one or two by chance.
    let by_chance = if is_many() { 0 } else { 2 };
    assert!(unnoticed.len() <= by_chance, "{unnoticed:?}");
}

/// Whether there were enough histories for everything to be met.
fn is_many() -> bool {
    WALKS.len() as u64 >= MANY
}

/// In how many histories a delivery was closed for each reason, by the rules, which agree with what was seen.
fn reasons_met() -> BTreeMap<model::Reason, usize> {
    let mut met = BTreeMap::new();
    for Walk { history, seen } in WALKS.iter() {
        let mut model = Model::new(Fault::None, history.start, history.terms, DOCUMENTS);
        let mut here = std::collections::BTreeSet::new();
        for (action, seen) in history.steps.iter().zip(seen) {
            model.act(action, seen.facts);
            here.extend((0..model.count()).filter_map(|delivery| model.reason(delivery)));
        }
        for reason in here {
            *met.entry(reason).or_default() += 1;
        }
    }
    met
}

/// How many steps only let time pass, and how many of these end within a second of an instant at which something changes.
fn waits() -> (usize, usize) {
    let (mut waits, mut beside) = (0, 0);
    for Walk { history, seen } in WALKS.iter() {
        let mut model = Model::new(Fault::None, history.start, history.terms, DOCUMENTS);
        for (action, seen) in history.steps.iter().zip(seen) {
            if let Action::Wait { seconds } = action {
                let end = model.now() + seconds;
                let boundaries = model.boundaries();
                waits += 1;
                beside += usize::from(boundaries.iter().any(|at| (at - end).abs() <= 1));
            }
            model.act(action, seen.facts);
        }
    }
    (waits, beside)
}

/// The same difference, or another, with as few steps as leaving out one after the other allows.
fn shortest(history: &History, found: Difference) -> (History, Difference) {
    let runtime = Runtime::new().expect("a runtime");
    let mut shortest = (history.clone(), found);
    shortest.0.steps.truncate(shortest.1.step + 1);
    let mut at = shortest.0.steps.len();
    while at > 0 {
        at -= 1;
        let mut shorter = shortest.0.clone();
        shorter.steps.remove(at);
        let seen = runtime.block_on(async { Walker::start().await.walk(&shorter).await });
        if let Some(found) = difference(&shorter, &seen, Fault::None) {
            shorter.steps.truncate(found.step + 1);
            at = at.min(shorter.steps.len());
            shortest = (shorter, found);
        }
    }
    shortest
}

fn told(history: &History, found: &Difference) -> String {
    let steps: Vec<String> = history
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| format!("{at:4} {step:?}"))
        .collect();
    format!(
        "step {} of this history ({:?} from {}, seed {}):\n{}\n{}",
        found.step,
        history.terms,
        history.start,
        history.seed,
        steps.join("\n"),
        found.words
    )
}
