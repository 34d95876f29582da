//! How far a command is, on standard error: a bar where a person looks, plain lines else.

use std::io::{IsTerminal as _, Write as _, stderr};

use domain::run::{Counts, Run, RunState};
use indicatif::{ProgressBar, ProgressStyle};
use operator::{done, said};

/// How many items are looked at between two lines for a file.
const BETWEEN_LINES: usize = 10_000;

/// A line whose parts keep their places, and one that a narrow terminal cuts off instead of wrapping it.
const BAR: &str = "{wide_bar} {pos:>5} of {len} {prefix:>12}\n{wide_msg}";
/// The same once it can be told how long it takes.
const BAR_WITH_TIME: &str = "{wide_bar} {pos:>5} of {len} {eta:>7} left\n{wide_msg}";

/// How many items of the table were looked at. Nobody knows how many there are before the end.
pub(crate) struct Looking {
    bar: Option<ProgressBar>,
    next_line: usize,
}

impl Looking {
    /// What fits standard error.
    pub(crate) fn new() -> Self {
        Self {
            bar: stderr().is_terminal().then(ProgressBar::new_spinner),
            next_line: BETWEEN_LINES,
        }
    }

    /// So many by now.
    pub(crate) fn show(&mut self, items: usize) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("looked at {items} items"));
            bar.tick();
        } else if items >= self.next_line {
            // Nobody may be listening; the command goes on all the same.
            let written = writeln!(stderr(), "looked at {items} items");
            drop(written);
            self.next_line = items + BETWEEN_LINES;
        }
    }

    /// Something else that is being done.
    pub(crate) fn say(&mut self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
            bar.tick();
        } else {
            let written = writeln!(stderr(), "{what}");
            drop(written);
        }
    }

    /// Leaves the line to what is said last.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// What shows a run.
pub(crate) enum Progress {
    /// For a person: the bar, and how many items were done when it was first looked at.
    Bar(ProgressBar, Option<usize>),
    /// For a file: a line for each change.
    Lines(String),
}

impl Progress {
    /// What fits standard error.
    pub(crate) fn new() -> Self {
        if stderr().is_terminal() {
            Self::Bar(ProgressBar::no_length(), None)
        } else {
            Self::Lines(String::new())
        }
    }

    /// One more look at the run.
    pub(crate) fn show(&mut self, run: &Run, counts: &Counts) {
        let (done, said) = (done(run, counts), said(counts));
        match self {
            Self::Bar(bar, began_at) => {
                let is_first = began_at.is_none();
                let is_running = run.state() == RunState::Running;
                let has_moved = done > *began_at.get_or_insert(done);
                let style = if is_running && has_moved {
                    BAR_WITH_TIME
                } else {
                    BAR
                };
                if let Ok(style) = ProgressStyle::with_template(style) {
                    bar.set_style(style);
                }
                bar.set_length(run.items as u64);
                bar.set_position(done as u64);
                if is_first {
                    // What was done before says nothing of how fast it goes.
                    bar.reset_eta();
                }
                bar.set_prefix(if is_running { "" } else { run.state().name() });
                bar.set_message(said);
            }
            Self::Lines(last) if *last == said => {}
            Self::Lines(last) => {
                // Nobody may be listening; the run goes on all the same.
                let written = writeln!(stderr(), "{done} of {}: {said}", run.items);
                drop(written);
                *last = said;
            }
        }
    }

    /// Leaves the line to what is said last.
    pub(crate) fn end(&self) {
        if let Self::Bar(bar, _) = self {
            bar.finish_and_clear();
        }
    }
}
