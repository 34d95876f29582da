//! Watching an invoice run until it ends, and what its end means for whoever waits for it.

use std::time::Duration;

use domain::id::{PracticeId, RunId};
use domain::run::{Counts, ItemState, Run, RunState};
use store::Store;

use crate::OperatorError;

/// How often is looked.
const PAUSE: Duration = Duration::from_secs(1);

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnding {
    /// Every item was sent, or could be.
    Fine,
    /// Some items failed, or nobody can tell, or their codes did not go out.
    NeedsAPerson,
    /// It was cancelled.
    Cancelled,
}

/// Looks at a run until it ends, and shows each look.
pub async fn watch_run(
    store: &Store,
    practice: &PracticeId,
    id: &RunId,
    mut show: impl FnMut(&Run, &Counts),
) -> Result<(Run, Counts), OperatorError> {
    loop {
        let found = store.run(practice, id).await?;
        let missing = || OperatorError::NoSuchRun(practice.clone(), id.clone());
        let run = found.ok_or_else(missing)?;
        let counts = if let Some(counts) = &run.counts {
            counts.clone()
        } else {
            let lines = store.brief_lines(&run).await?;
            Counts::of(&run, lines.into_values().map(|stored| stored.line))
        };
        show(&run, &counts);
        if !run.state().is_under_way() {
            return Ok((run, counts));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What the end of a run means.
pub fn ending(run: &Run, counts: &Counts) -> RunEnding {
    let states = [ItemState::Failed, ItemState::Unknown].map(|state| counts.of_state(state));
    let unsettled = states.iter().sum::<usize>() + counts.without_code;
    match run.state() {
        RunState::Cancelling | RunState::Cancelled => RunEnding::Cancelled,
        _ if unsettled > 0 => RunEnding::NeedsAPerson,
        _ => RunEnding::Fine,
    }
}

/// How many items have their outcome.
pub fn done(run: &Run, counts: &Counts) -> usize {
    let open = counts.of_state(ItemState::Waiting) + counts.of_state(ItemState::Sending);
    run.items.saturating_sub(open)
}

/// Every state that some item is in, such as `1990 sent, 8 failed, 2 waiting`.
pub fn said(counts: &Counts) -> String {
    let said = counts.named().filter(|(_, items)| *items > 0);
    let mut said: Vec<String> = said
        .map(|(state, items)| format!("{items} {state}"))
        .collect();
    if counts.without_code > 0 {
        said.push(format!("{} of them without a code", counts.without_code));
    }
    said.join(", ")
}
