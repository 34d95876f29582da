//! How far a run is, on standard error: a bar where a person looks, plain lines else.

use std::io::{IsTerminal as _, Write as _, stderr};

use domain::run::{Counts, Run};
use indicatif::{ProgressBar, ProgressStyle};
use operator::{done, said};

/// What shows it.
pub(crate) enum Progress {
    /// For a person.
    Bar(ProgressBar),
    /// For a file: a line for each change.
    Lines(String),
}

impl Progress {
    /// What fits standard error.
    pub(crate) fn new() -> Self {
        if stderr().is_terminal() {
            Self::Bar(ProgressBar::no_length())
        } else {
            Self::Lines(String::new())
        }
    }

    /// One more look at the run.
    pub(crate) fn show(&mut self, run: &Run, counts: &Counts) {
        let (done, said) = (done(run, counts), said(counts));
        match self {
            Self::Bar(bar) => {
                let style = "{wide_bar} {pos}/{len}  {eta} left  {msg}";
                if let Ok(style) = ProgressStyle::with_template(style) {
                    bar.set_style(style);
                }
                bar.set_length(run.items as u64);
                bar.set_position(done as u64);
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
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
