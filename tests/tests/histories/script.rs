//! Random histories: what happens to a record, drawn so that rules meet their boundaries and each other.

use std::collections::BTreeSet;

use crate::model::{Action, Answer, Entry, Facts, Fate, Model, Page, Reason, Sending, Terms};

/// How many documents a record has.
pub(crate) const DOCUMENTS: usize = 2;
/// How many recipients a record has.
pub(crate) const RECIPIENTS: usize = 2;
/// The most deliveries of one history; more would only repeat.
const DELIVERIES: usize = 6;
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What happens to one record.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// From what it was drawn.
    pub(crate) seed: u64,
    /// When it begins.
    pub(crate) start: i64,
    /// What the record type says of asking for codes at first.
    pub(crate) terms: Terms,
    /// One after the other.
    pub(crate) steps: Vec<Action>,
}

/// What a history is mostly about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Theme {
    Everything,
    Guessing,
    /// Thirty wrong entries need a long history.
    Thirty,
    Asking,
    Reading,
    Sending,
    /// E-mails and messages whose fate nobody knows; each takes seconds of real time.
    Silence,
}

/// Pseudo-random numbers (SplitMix64): the same from the same seed everywhere.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap_or(1);
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to - from + 1).unwrap_or(1);
        from + i64::try_from(self.next() % width).unwrap_or_default()
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

impl History {
    /// A history that begins at `earliest` or within a year and a day of it.
    pub(crate) fn draw(seed: u64, earliest: i64) -> Self {
        let draw = &mut Draw::new(seed);
        let theme = match draw.below(100) {
            0..30 => Theme::Everything,
            30..48 => Theme::Guessing,
            48..51 => Theme::Thirty,
            51..65 => Theme::Asking,
            65..80 => Theme::Reading,
            80..99 => Theme::Sending,
            _ => Theme::Silence,
        };
        let terms = Terms {
            allowed: theme == Theme::Asking || !draw.one_in(3),
            max_requests: draw.pick(&[1, 1, 2, 3]),
            minutes: draw.pick(&[30, 30, 30, 45, 60]),
        };
        let start = earliest + draw.between(1, 366 * DAY);
        let mut history = Self {
            seed,
            start,
            terms,
            steps: Vec::new(),
        };
        let mut model = Model::new(crate::model::Fault::None, start, terms, DOCUMENTS);
        history.go(&mut model, Action::Send(first_sending(draw, theme)));
        if theme == Theme::Thirty {
            history.guess_thirty_times(&mut model, draw);
        } else if draw.one_in(5) {
            history.wait_for_the_window(&mut model, draw);
        }
        let length = if theme == Theme::Thirty {
            history.steps.len() + draw.below(8)
        } else {
            10 + draw.below(21)
        };
        // A step may come to nothing; those are not kept.
        for _ in 0..10 * length {
            if history.steps.len() >= length {
                break;
            }
            let action = next_action(draw, theme, &model);
            history.go(&mut model, action);
        }
        history
    }

    /// Takes the step, unless nothing would be done.
    fn go(&mut self, model: &mut Model, action: Action) {
        let facts = Facts { form_age: Some(0) };
        let answer = model.act(&action, facts);
        if ![Answer::Nothing, Answer::Unknowable].contains(&answer) {
            self.steps.push(action);
        }
    }

    /// A first opening, and a visit in the window's last hours; few would wait so long by chance.
    fn wait_for_the_window(&mut self, model: &mut Model, draw: &mut Draw) {
        let rest = draw.between(0, 2 * HOUR);
        let beside = draw.pick(&[-1, 0, 0, 1]);
        for seconds in [72 * HOUR - rest, (rest + beside).max(0)] {
            let entry = Entry::Right;
            self.go(model, Action::Enter { delivery: 0, entry });
            self.go(model, Action::Wait { seconds });
        }
    }

    /// Ten of each of three codes, with no wait missed but by intent.
    fn guess_thirty_times(&mut self, model: &mut Model, draw: &mut Draw) {
        for wrong in 0..30 {
            if wrong % 10 == 0 && wrong > 0 {
                self.go(model, Action::NewCode { delivery: 0 });
            }
            if draw.one_in(12) {
                let entry = Entry::Right;
                self.go(model, Action::Enter { delivery: 0, entry });
            }
            let wait = model.free_at(0) - model.now();
            if wait > 0 {
                self.go(model, Action::Wait { seconds: wait });
            }
            let entry = Entry::Wrong;
            self.go(model, Action::Enter { delivery: 0, entry });
        }
        if draw.one_in(2) {
            self.go(model, Action::NewCode { delivery: 0 });
        }
    }
}

fn first_sending(draw: &mut Draw, theme: Theme) -> Sending {
    let email = if theme == Theme::Silence {
        Fate::Unknown(draw.pick(&[0, 59, 60, 61]))
    } else {
        Fate::Accepted
    };
    Sending {
        email,
        // What cannot be sent would keep nobody waiting.
        self_service: false,
        ..sending(draw)
    }
}

fn sending(draw: &mut Draw) -> Sending {
    let documents: BTreeSet<usize> = match draw.below(4) {
        0 => [1].into(),
        1 => (0..DOCUMENTS).collect(),
        _ => [0].into(),
    };
    Sending {
        documents,
        recipient: draw.below(RECIPIENTS),
        keep_earlier: draw.one_in(3),
        valid_days: (!draw.one_in(3)).then(|| draw.pick(&[1, 2, 3, 4, 30, 89, 90, 91, 92])),
        self_service: draw.one_in(6),
        email: if draw.one_in(8) {
            Fate::Refused
        } else {
            Fate::Accepted
        },
    }
}

fn next_action(draw: &mut Draw, theme: Theme, model: &Model) -> Action {
    let delivery = recent(draw, model);
    let enter = |entry| Action::Enter { delivery, entry };
    // Of a hundred: wait, wrong, right, malformed, request, new code, read, send, revoke, report, delete, allow.
    let weights: [usize; 12] = match theme {
        Theme::Everything => [35, 16, 12, 3, 8, 6, 6, 6, 2, 2, 2, 2],
        Theme::Guessing | Theme::Thirty => [40, 38, 6, 3, 4, 5, 2, 1, 0, 0, 0, 1],
        Theme::Asking => [33, 10, 6, 2, 36, 5, 2, 2, 1, 1, 0, 4],
        Theme::Reading => [38, 6, 20, 1, 4, 5, 18, 2, 4, 2, 1, 0],
        Theme::Sending => [28, 10, 10, 1, 4, 4, 6, 26, 4, 4, 3, 0],
        Theme::Silence => [40, 10, 10, 1, 20, 5, 3, 8, 1, 1, 0, 1],
    };
    let mut drawn = draw.below(weights.iter().sum());
    let mut kind = 0;
    while drawn >= weights[kind] {
        drawn -= weights[kind];
        kind += 1;
    }
    match kind {
        0 => Action::Wait {
            seconds: seconds(draw, model),
        },
        1 => enter(Entry::Wrong),
        2 => enter(Entry::Right),
        3 => enter(Entry::Malformed),
        4 => Action::Request {
            delivery,
            message: match (theme, draw.below(8)) {
                (Theme::Silence, 0) => Fate::Unknown(0),
                (_, 1) => Fate::Refused,
                _ => Fate::Accepted,
            },
        },
        5 => Action::NewCode { delivery },
        6 => Action::Read {
            delivery,
            session: draw.below(model.sessions(delivery)),
        },
        7 if model.count() < DELIVERIES => Action::Send(sending(draw)),
        7 => Action::Wait { seconds: HOUR },
        8 => Action::Revoke { delivery },
        9 => Action::Report { delivery },
        10 => Action::Delete {
            document: draw.below(DOCUMENTS),
        },
        _ => Action::Allow(Terms {
            allowed: !draw.one_in(4),
            max_requests: draw.pick(&[1, 2, 3]),
            minutes: draw.pick(&[30, 45]),
        }),
    }
}

/// Mostly the newest delivery, or one that something can still be done with.
fn recent(draw: &mut Draw, model: &Model) -> usize {
    let newest = model.count().saturating_sub(1);
    let alive: Vec<usize> = (0..model.count())
        .filter(|delivery| {
            let dead = [Reason::NotSent, Reason::Revoked, Reason::Reported];
            !dead
                .iter()
                .any(|reason| model.page(*delivery) == Page::Closed(*reason))
        })
        .collect();
    match draw.below(4) {
        0 => draw.below(model.count()),
        1 | 2 if !alive.is_empty() => draw.pick(&alive),
        _ => newest,
    }
}

/// Half of the steps of the clock and more end within a second of an instant at which something changes: of ten draws nine do, where there is one.
fn seconds(draw: &mut Draw, model: &Model) -> i64 {
    let boundaries = model.boundaries();
    if !boundaries.is_empty() && !draw.one_in(10) {
        let boundary = if draw.one_in(3) {
            boundaries.iter().copied().min().unwrap_or_default()
        } else {
            draw.pick(&boundaries)
        };
        let beside = draw.pick(&[-1, 0, 0, 1]);
        return (boundary - model.now() + beside).max(0);
    }
    match draw.below(7) {
        0 => draw.between(1, 10),
        1 => draw.between(10, 6 * MINUTE),
        2 => draw.between(MINUTE, HOUR),
        3 => draw.between(HOUR, DAY),
        4 => draw.between(DAY, 4 * DAY),
        5 => draw.between(DAY, 40 * DAY),
        _ => draw.between(MINUTE, 20 * MINUTE),
    }
}
