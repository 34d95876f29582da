//! Holds what was seen of a history against what the rules say.

use std::fmt::Debug;

use crate::model::{Answer, Fault, Model, Page, Reason};
use crate::script::{DOCUMENTS, History};
use crate::walk::{Look, Seen};

/// The first step at which the product and the rules differ.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    /// Which step, from 0 on.
    pub(crate) step: usize,
    /// What differs.
    pub(crate) words: String,
}

/// The first difference, if there is one.
pub(crate) fn difference(history: &History, seen: &[Seen], fault: Fault) -> Option<Difference> {
    let mut model = Model::new(fault, history.start, history.terms, DOCUMENTS);
    let steps = history.steps.iter().zip(seen).enumerate();
    for (step, (action, seen)) in steps {
        let answer = model.act(action, seen.facts);
        let words = differs("answered", &told(&answer), &told(&seen.answer))
            .filter(|_| answer != Answer::Unknowable)
            .or_else(|| api_differs(&model, seen))
            .or_else(|| page_differs(&model, seen.looked_at.as_ref()));
        if let Some(words) = words {
            return Some(Difference { step, words });
        }
    }
    None
}

fn api_differs(model: &Model, seen: &Seen) -> Option<String> {
    differs("deliveries", &model.count(), &seen.shown.len()).or_else(|| {
        let deliveries = seen.shown.iter().enumerate();
        let mut deliveries = deliveries.filter(|(at, _)| model.is_kept(*at));
        deliveries.find_map(|(at, shown)| {
            differs(&format!("API of delivery {at}"), &model.shown(at), shown)
        })
    })
}

fn page_differs(model: &Model, look: Option<&Look>) -> Option<String> {
    let look = look.filter(|look| model.is_kept(look.delivery))?;
    let at = look.delivery;
    let page = Answer::Page(model.page(at));
    let seen = Answer::Page(look.page.clone());
    differs(
        &format!("page of delivery {at}"),
        &told(&page),
        &told(&seen),
    )
    .or_else(|| {
        let (session, lives) = look.session?;
        let expected = model.lives(at, session)?;
        let name = format!("session {session} of delivery {at} lives");
        differs(&name, &expected, &lives)
    })
}

/// Pages do not tell ten wrong entries from thirty.
fn told(answer: &Answer) -> Answer {
    match answer {
        Answer::Page(Page::Closed(Reason::Thirty)) => Answer::Page(Page::Closed(Reason::Ten)),
        answer => answer.clone(),
    }
}

fn differs<T: PartialEq + Debug>(what: &str, expected: &T, seen: &T) -> Option<String> {
    (expected != seen).then(|| format!("{what}: the rules say {expected:?}, seen was {seen:?}"))
}
