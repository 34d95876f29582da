//! What the rules say of a record's deliveries, written down a second time from the product's words alone.
//!
//! Nothing here comes from the product's code, so that no mistake of it is repeated.
//! Times are seconds of Unix time; deliveries, documents, recipients and sessions are numbered in the order in which they came.
//! A [`Fault`] bends one rule, to show that the comparison notices.

use std::collections::BTreeSet;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// One thing that somebody does, or the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The clock goes on.
    Wait {
        /// By so much.
        seconds: i64,
    },
    /// The practice sends documents of the record.
    Send(Sending),
    /// Somebody enters something on a delivery's page.
    Enter {
        /// Which.
        delivery: usize,
        /// What.
        entry: Entry,
    },
    /// The patient asks for a code.
    Request {
        /// For which.
        delivery: usize,
        /// What becomes of the message.
        message: Fate,
    },
    /// The practice makes a new code.
    NewCode {
        /// For which.
        delivery: usize,
    },
    /// The practice takes a delivery back.
    Revoke {
        /// Which.
        delivery: usize,
    },
    /// "This e-mail was not meant for me."
    Report {
        /// Which.
        delivery: usize,
    },
    /// Somebody comes back to the documents with a session.
    Read {
        /// Of which delivery.
        delivery: usize,
        /// Which of its sessions.
        session: usize,
    },
    /// The practice deletes a document.
    Delete {
        /// Which.
        document: usize,
    },
    /// The practice changes what the record type says of asking for codes.
    Allow(Terms),
}

impl Action {
    /// The delivery that it is about, if it is about one.
    pub(crate) fn delivery(&self) -> Option<usize> {
        match self {
            Self::Enter { delivery, .. }
            | Self::Request { delivery, .. }
            | Self::NewCode { delivery }
            | Self::Revoke { delivery }
            | Self::Report { delivery }
            | Self::Read { delivery, .. } => Some(*delivery),
            Self::Wait { .. } | Self::Send(_) | Self::Delete { .. } | Self::Allow(_) => None,
        }
    }
}

/// A sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sending {
    /// Those of these that are still there.
    pub(crate) documents: BTreeSet<usize>,
    /// To whom.
    pub(crate) recipient: usize,
    /// L5.
    pub(crate) keep_earlier: bool,
    /// L1.
    pub(crate) valid_days: Option<i64>,
    /// Whether the code waits until the patient asks.
    pub(crate) self_service: bool,
    /// What becomes of the e-mail.
    pub(crate) email: Fate,
}

/// What becomes of an e-mail or a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Accepted,
    Refused,
    /// Nobody can tell; meanwhile the clock goes on by so many seconds.
    Unknown(i64),
}

/// What is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Right,
    Wrong,
    Malformed,
}

/// What the record type says of asking for codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) allowed: bool,
    pub(crate) max_requests: u32,
    pub(crate) minutes: i64,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing of the kind could be done: no such delivery, document, session or link.
    Nothing,
    Done,
    /// D3.
    NotSendable,
    Sent,
    /// D10.
    NotSent,
    /// D10: the same, with what page and API said before and after the clock went on.
    Silence(Page, State, Page, State),
    CodeMade,
    NoCodePossible,
    Opened,
    Wrong,
    NotACode,
    /// Seconds to wait.
    Wait(i64),
    FormExpired,
    CodeSent,
    CodeMaybeSent,
    CannotSend,
    NotAllowed,
    UsedUp,
    /// Seconds to wait.
    TooEarly(i64),
    Thanks,
    Page(Page),
    /// How many of the sent ones there are.
    Documents(usize),
    NoSession,
    /// Whatever it is, no rule says it.
    Unknowable,
    /// What no rule knows: status and words.
    Other(u16, String),
}

/// What somebody without a session sees behind the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Code,
    Pending,
    Closed(Reason),
    Other(u16, String),
}

/// L8, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    NotSent,
    Revoked,
    Reported,
    Superseded,
    Thirty,
    Expired,
    Ten,
    StaleFailure,
    Used,
}

impl Reason {
    /// The contract's name; ten and thirty share theirs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Revoked => "revoked",
            Self::Reported => "reported",
            Self::Superseded => "superseded",
            Self::Thirty | Self::Ten => "too_many_attempts",
            Self::Expired => "expired",
            Self::StaleFailure => "stale_failure",
            Self::Used => "used",
        }
    }
}

/// What the API says of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) state: State,
    pub(crate) revivable: bool,
    pub(crate) wrong_of_code: u32,
    pub(crate) wrong_in_life: u32,
    pub(crate) requests: u32,
    pub(crate) expires_at: Option<i64>,
    pub(crate) opened_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    Open,
    Opened,
    Closed(&'static str),
}

/// What the answer hangs on besides the rules: how old the posted form was, if there was one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) form_age: Option<i64>,
}

/// One bent rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Three months are 90 days.
    L1,
    /// The window's end is still inside.
    L2,
    /// Exactly 24 hours is too late.
    L3,
    /// A right entry refills the ten.
    L4Ten,
    /// A new code refills the thirty.
    L4Thirty,
    /// The wait's last second is already free.
    L4Waits,
    /// `keep_earlier` spares everybody.
    L5,
    /// Exactly the interval is not enough.
    L6Interval,
    /// One request more than allowed.
    L6MaxRequests,
    /// A new code revives what has expired.
    L6Revives,
    /// A new code of the practice counts as a request.
    L6a,
    /// Revoking forgets open sessions.
    L7Revoke,
    /// A report revokes.
    L7Report,
    /// Expired comes before superseded.
    L8,
    /// A new code ends open sessions.
    L9,
}

impl Fault {
    pub(crate) const ALL: [Self; 15] = [
        Self::L1,
        Self::L2,
        Self::L3,
        Self::L4Ten,
        Self::L4Thirty,
        Self::L4Waits,
        Self::L5,
        Self::L6Interval,
        Self::L6MaxRequests,
        Self::L6Revives,
        Self::L6a,
        Self::L7Revoke,
        Self::L7Report,
        Self::L8,
        Self::L9,
    ];
}

/// A record with its deliveries, as the rules have them.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    fault: Fault,
    now: i64,
    terms: Terms,
    /// Those that are not deleted.
    documents: BTreeSet<usize>,
    deliveries: Vec<Delivery>,
}

#[derive(Clone, Debug)]
struct Delivery {
    recipient: usize,
    /// Those that were sent in it and are still there.
    documents: BTreeSet<usize>,
    created_at: i64,
    /// L1, once the e-mail was accepted.
    end: Option<i64>,
    /// Reasons that somebody has set, and nobody takes back.
    set: BTreeSet<Reason>,
    opened_at: Option<i64>,
    wrong_of_code: u32,
    wrong_in_life: u32,
    wrong_in_row: u32,
    last_wrong: i64,
    /// L6: the button is there.
    offers: bool,
    requests: u32,
    last_request: Option<i64>,
    sessions: Vec<Session>,
}

#[derive(Clone, Copy, Debug)]
struct Session {
    created_at: i64,
    seen_at: i64,
    /// Once ended, it stays so.
    ended: bool,
    /// Of several that are as old as each other, nobody knows which one went.
    doubtful: bool,
}

impl Model {
    pub(crate) fn new(fault: Fault, now: i64, terms: Terms, documents: usize) -> Self {
        Self {
            fault,
            now,
            terms,
            documents: (0..documents).collect(),
            deliveries: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    pub(crate) fn count(&self) -> usize {
        self.deliveries.len()
    }

    /// What the action does and what is answered.
    pub(crate) fn act(&mut self, action: &Action, facts: Facts) -> Answer {
        if let Some(delivery) = action.delivery()
            && !self.is_kept(delivery)
        {
            return Answer::Unknowable;
        }
        let answer = match action {
            Action::Wait { seconds } => {
                self.now += seconds;
                Answer::Done
            }
            Action::Send(sending) => self.send(sending),
            Action::Enter { delivery, entry } => self.enter(*delivery, *entry, facts),
            Action::Request { delivery, message } => self.request(*delivery, *message, facts),
            Action::NewCode { delivery } => self.new_code(*delivery),
            Action::Revoke { delivery } => self.revoke(*delivery),
            Action::Report { delivery } => self.report(*delivery),
            Action::Read { delivery, session } => self.read(*delivery, *session),
            Action::Delete { document } => self.delete(*document),
            Action::Allow(terms) => {
                self.terms = *terms;
                Answer::Done
            }
        };
        self.end_sessions();
        answer
    }

    /// P8: what the link shows.
    pub(crate) fn page(&self, delivery: usize) -> Page {
        match self.state(&self.deliveries[delivery]) {
            Whole::Pending => Page::Pending,
            Whole::Open => Page::Code,
            Whole::Closed(reason) => Page::Closed(reason),
        }
    }

    /// Whether a session still shows the documents; `None` where nobody can know.
    pub(crate) fn lives(&self, delivery: usize, session: usize) -> Option<bool> {
        let session = self.deliveries[delivery].sessions.get(session)?;
        (!session.doubtful).then_some(!session.ended)
    }

    pub(crate) fn shown(&self, delivery: usize) -> Shown {
        let delivery = &self.deliveries[delivery];
        let whole = self.state(delivery);
        Shown {
            state: match whole {
                Whole::Pending => State::Pending,
                Whole::Closed(reason) => State::Closed(reason.name()),
                Whole::Open if delivery.opened_at.is_some() => State::Opened,
                Whole::Open => State::Open,
            },
            revivable: matches!(whole, Whole::Closed(reason) if self.is_revivable(reason)),
            wrong_of_code: delivery.wrong_of_code,
            wrong_in_life: delivery.wrong_in_life,
            requests: delivery.requests,
            expires_at: delivery.end,
            opened_at: delivery.opened_at,
        }
    }

    /// Why it is closed now, with ten and thirty apart.
    pub(crate) fn reason(&self, delivery: usize) -> Option<Reason> {
        match self.state(&self.deliveries[delivery]) {
            Whole::Closed(reason) => Some(reason),
            _ => None,
        }
    }

    /// L8: whether its page still has to say anything: a closed delivery is kept 30 days after its end.
    pub(crate) fn is_kept(&self, delivery: usize) -> bool {
        let kept = |delivery: &Delivery| {
            let end = delivery.end.unwrap_or(delivery.created_at);
            self.now < end + 30 * DAY
        };
        self.deliveries.get(delivery).is_none_or(kept)
    }

    /// The instants to come at which something changes by itself.
    pub(crate) fn boundaries(&self) -> Vec<i64> {
        let mut instants = Vec::new();
        for delivery in &self.deliveries {
            instants.extend(delivery.end);
            // Twice: whoever waits so long has not much else before them.
            let window = delivery.opened_at.map(|opened| opened + 72 * HOUR);
            instants.extend(window.into_iter().chain(window));
            if delivery.wrong_in_row > 0 {
                instants.push(delivery.last_wrong + DAY);
                instants.push(delivery.last_wrong + wait(delivery.wrong_in_row));
                instants.push(delivery.last_wrong + DAY + 1);
            }
            let interval = self.terms.minutes * MINUTE;
            instants.extend(delivery.last_request.map(|last| last + interval));
            for session in delivery.sessions.iter().filter(|session| !session.ended) {
                instants.push(session.created_at + HOUR);
                instants.push(session.seen_at + 15 * MINUTE);
            }
        }
        instants.retain(|instant| *instant >= self.now);
        instants
    }

    /// How many sessions were ever opened.
    pub(crate) fn sessions(&self, delivery: usize) -> usize {
        self.deliveries
            .get(delivery)
            .map_or(0, |delivery| delivery.sessions.len())
    }

    /// When the wait of L4 is over.
    pub(crate) fn free_at(&self, delivery: usize) -> i64 {
        let delivery = &self.deliveries[delivery];
        delivery.last_wrong + wait(delivery.wrong_in_row)
    }

    fn state(&self, delivery: &Delivery) -> Whole {
        let now = self.now;
        let Some(end) = delivery.end else {
            let failed = delivery.set.contains(&Reason::NotSent);
            return if failed || now >= delivery.created_at + MINUTE {
                Whole::Closed(Reason::NotSent)
            } else {
                Whole::Pending
            };
        };
        let stale_after = if self.fault == Fault::L3 {
            DAY - 1
        } else {
            DAY
        };
        let window = 72 * HOUR + i64::from(self.fault == Fault::L2);
        let is_used = delivery
            .opened_at
            .is_some_and(|opened| now >= opened + window);
        let is_stale = delivery.wrong_in_row > 0 && now > delivery.last_wrong + stale_after;
        let is_expired = now >= end;
        let holds = |reason| match reason {
            Reason::Revoked => delivery.set.contains(&reason) || delivery.documents.is_empty(),
            Reason::Superseded if self.fault == Fault::L8 && is_expired => false,
            Reason::NotSent | Reason::Reported | Reason::Superseded => {
                delivery.set.contains(&reason)
            }
            Reason::Thirty => delivery.wrong_in_life >= 30,
            Reason::Expired => is_expired,
            Reason::Ten => delivery.wrong_of_code >= 10,
            Reason::StaleFailure => is_stale,
            Reason::Used => is_used,
        };
        let order = [
            Reason::Revoked,
            Reason::Reported,
            Reason::Superseded,
            Reason::Thirty,
            Reason::Expired,
            Reason::Ten,
            Reason::StaleFailure,
            Reason::Used,
        ];
        match order.into_iter().find(|reason| holds(*reason)) {
            Some(reason) => Whole::Closed(reason),
            None => Whole::Open,
        }
    }

    fn is_revivable(&self, reason: Reason) -> bool {
        match reason {
            Reason::Used | Reason::StaleFailure | Reason::Ten => true,
            Reason::Expired => self.fault == Fault::L6Revives,
            _ => false,
        }
    }

    fn send(&mut self, sending: &Sending) -> Answer {
        let documents: BTreeSet<usize> = sending
            .documents
            .intersection(&self.documents)
            .copied()
            .collect();
        if documents.is_empty() {
            return Answer::Nothing;
        }
        if sending.self_service && !self.terms.allowed {
            return Answer::NotSendable;
        }
        let delivery = Delivery {
            recipient: sending.recipient,
            documents: documents.clone(),
            created_at: self.now,
            end: None,
            set: BTreeSet::new(),
            opened_at: None,
            wrong_of_code: 0,
            wrong_in_life: 0,
            wrong_in_row: 0,
            last_wrong: 0,
            offers: self.terms.allowed,
            requests: 0,
            last_request: None,
            sessions: Vec::new(),
        };
        match sending.email {
            Fate::Accepted => {
                self.supersede(sending, &documents);
                let end = self.end(sending.valid_days);
                self.deliveries.push(Delivery {
                    end: Some(end),
                    ..delivery
                });
                Answer::Sent
            }
            Fate::Refused => {
                self.deliveries.push(Delivery {
                    set: [Reason::NotSent].into(),
                    ..delivery
                });
                Answer::NotSent
            }
            Fate::Unknown(seconds) => {
                self.deliveries.push(delivery);
                let at = self.deliveries.len() - 1;
                let before = (self.page(at), self.shown(at).state);
                self.now += seconds;
                let after = (self.page(at), self.shown(at).state);
                self.deliveries[at].set.insert(Reason::NotSent);
                Answer::Silence(before.0, before.1, after.0, after.1)
            }
        }
    }

    /// L1.
    fn end(&self, valid_days: Option<i64>) -> i64 {
        let latest = if self.fault == Fault::L1 {
            self.now + 90 * DAY
        } else {
            three_months_after(self.now)
        };
        valid_days.map_or(latest, |days| latest.min(self.now + days * DAY))
    }

    /// L5: what has not ended for good by its time.
    fn supersede(&mut self, sending: &Sending, documents: &BTreeSet<usize>) {
        let (now, fault) = (self.now, self.fault);
        for earlier in &mut self.deliveries {
            let is_spared = sending.keep_earlier
                && (earlier.recipient != sending.recipient || fault == Fault::L5);
            let is_running = earlier.end.is_some_and(|end| now < end);
            if is_running && !is_spared && !earlier.documents.is_disjoint(documents) {
                earlier.set.insert(Reason::Superseded);
            }
        }
    }

    /// The page that says that nothing can be done now, if so.
    fn closed(&self, delivery: usize) -> Option<Answer> {
        match self.page(delivery) {
            Page::Code => None,
            page => Some(Answer::Page(page)),
        }
    }

    /// L2 to L4, P2, P5.
    fn enter(&mut self, at: usize, entry: Entry, facts: Facts) -> Answer {
        if !self.has_link(at) {
            return Answer::Nothing;
        }
        if let Some(closed) = self.closed(at) {
            return closed;
        }
        if !is_good(facts) {
            return Answer::FormExpired;
        }
        if entry == Entry::Malformed {
            return Answer::NotACode;
        }
        let (now, fault) = (self.now, self.fault);
        let delivery = &mut self.deliveries[at];
        if delivery.wrong_in_row >= 3 {
            let free_at = delivery.last_wrong + wait(delivery.wrong_in_row)
                - i64::from(fault == Fault::L4Waits);
            if now < free_at {
                return Answer::Wait(free_at - now);
            }
        }
        if entry == Entry::Wrong {
            delivery.wrong_of_code += 1;
            delivery.wrong_in_life += 1;
            delivery.wrong_in_row += 1;
            delivery.last_wrong = now;
            return self.closed(at).unwrap_or(Answer::Wrong);
        }
        delivery.opened_at = delivery.opened_at.or(Some(now));
        delivery.wrong_in_row = 0;
        if fault == Fault::L4Ten {
            delivery.wrong_of_code = 0;
        }
        delivery.open_session(now);
        Answer::Opened
    }

    /// L6.
    fn request(&mut self, at: usize, message: Fate, facts: Facts) -> Answer {
        if !self.has_link(at) {
            return Answer::Nothing;
        }
        match self.page(at) {
            Page::Code => {}
            Page::Closed(reason) if self.is_revivable(reason) => {}
            page => return Answer::Page(page),
        }
        if !is_good(facts) {
            return Answer::FormExpired;
        }
        let (now, fault, terms) = (self.now, self.fault, self.terms);
        let delivery = &mut self.deliveries[at];
        if !delivery.offers || !terms.allowed {
            return Answer::NotAllowed;
        }
        if delivery.requests >= terms.max_requests + u32::from(fault == Fault::L6MaxRequests) {
            return Answer::UsedUp;
        }
        let interval = terms.minutes * MINUTE + i64::from(fault == Fault::L6Interval);
        if let Some(next) = delivery.last_request.map(|last| last + interval)
            && now < next
        {
            return Answer::TooEarly(next - now);
        }
        let answer = match message {
            Fate::Refused => return Answer::CannotSend,
            Fate::Accepted => Answer::CodeSent,
            Fate::Unknown(_) => Answer::CodeMaybeSent,
        };
        delivery.requests += 1;
        delivery.last_request = Some(now);
        delivery.renew(fault);
        answer
    }

    /// L6a.
    fn new_code(&mut self, at: usize) -> Answer {
        if at >= self.deliveries.len() {
            return Answer::Nothing;
        }
        match self.page(at) {
            Page::Code => {}
            Page::Closed(reason) if self.is_revivable(reason) => {}
            _ => return Answer::NoCodePossible,
        }
        let fault = self.fault;
        let delivery = &mut self.deliveries[at];
        if fault == Fault::L6a {
            delivery.requests += 1;
        }
        delivery.renew(fault);
        Answer::CodeMade
    }

    fn revoke(&mut self, at: usize) -> Answer {
        match self.deliveries.get_mut(at) {
            Some(delivery) => {
                delivery.set.insert(Reason::Revoked);
                Answer::Done
            }
            None => Answer::Nothing,
        }
    }

    fn report(&mut self, at: usize) -> Answer {
        if !self.has_link(at) {
            return Answer::Nothing;
        }
        if let Some(closed) = self.closed(at) {
            return closed;
        }
        let reason = if self.fault == Fault::L7Report {
            Reason::Revoked
        } else {
            Reason::Reported
        };
        self.deliveries[at].set.insert(reason);
        Answer::Thanks
    }

    fn read(&mut self, at: usize, session: usize) -> Answer {
        let now = self.now;
        let Some(delivery) = self.deliveries.get_mut(at) else {
            return Answer::Nothing;
        };
        let Some(session) = delivery.sessions.get_mut(session) else {
            return Answer::Nothing;
        };
        if session.doubtful {
            return Answer::Unknowable;
        }
        if session.ended {
            return Answer::NoSession;
        }
        session.seen_at = now;
        Answer::Documents(delivery.documents.len())
    }

    fn delete(&mut self, document: usize) -> Answer {
        if !self.documents.remove(&document) {
            return Answer::Nothing;
        }
        for delivery in &mut self.deliveries {
            delivery.documents.remove(&document);
        }
        Answer::Done
    }

    /// Whether anybody ever got its link: a refused e-mail has told nobody.
    pub(crate) fn has_link(&self, at: usize) -> bool {
        self.deliveries
            .get(at)
            .is_some_and(|delivery| delivery.end.is_some())
    }

    /// L9 and P7.
    fn end_sessions(&mut self) {
        let now = self.now;
        for at in 0..self.deliveries.len() {
            let reason = self.reason(at);
            let fault = self.fault;
            let delivery = &mut self.deliveries[at];
            let window = delivery.opened_at.map(|opened| opened + 72 * HOUR);
            let is_over = match reason {
                None | Some(Reason::Ten | Reason::StaleFailure) => {
                    window.is_some_and(|window| now >= window)
                }
                Some(Reason::Thirty) => {
                    window.is_some_and(|window| now >= window)
                        || delivery.end.is_some_and(|end| now >= end)
                }
                Some(Reason::Revoked) => fault != Fault::L7Revoke,
                Some(_) => true,
            };
            for session in &mut delivery.sessions {
                session.ended |= is_over
                    || now >= session.created_at + HOUR
                    || now >= session.seen_at + 15 * MINUTE;
            }
        }
    }
}

/// Pending, open or closed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Pending,
    Open,
    Closed(Reason),
}

impl Delivery {
    /// A delivery has three sessions at most; a fourth ends the oldest.
    fn open_session(&mut self, now: i64) {
        let kept = self.sessions.iter().rev().take(3).count();
        if kept == 3 {
            let oldest = self.sessions.len() - 3;
            let age = self.sessions[oldest].created_at;
            let as_old = self.sessions[oldest..]
                .iter()
                .filter(|session| session.created_at == age)
                .count();
            if as_old == 1 {
                self.sessions[oldest].ended = true;
            } else {
                for session in &mut self.sessions {
                    session.doubtful |= session.created_at == age;
                }
            }
        }
        self.sessions.push(Session {
            created_at: now,
            seen_at: now,
            ended: false,
            doubtful: false,
        });
    }

    /// L6: what counts per code starts anew.
    fn renew(&mut self, fault: Fault) {
        self.wrong_of_code = 0;
        self.wrong_in_row = 0;
        self.opened_at = None;
        if fault == Fault::L4Thirty {
            self.wrong_in_life = 0;
        }
        if fault == Fault::L9 {
            for session in &mut self.sessions {
                session.ended = true;
            }
        }
    }
}

/// P5.
fn is_good(facts: Facts) -> bool {
    facts.form_age.is_some_and(|age| age < 30 * MINUTE)
}

/// L4: from the third wrong entry in a row on 5 s, doubled each time, at most 5 min.
fn wait(wrong_in_row: u32) -> i64 {
    let mut seconds = 0;
    for entry in 1..=wrong_in_row {
        seconds = match entry {
            0..3 => 0,
            3 => 5,
            _ => (seconds * 2).min(300),
        };
    }
    seconds
}

/// L1: the same day and time three months later, or the month's last day; UTC, whose days are all as long as each other.
fn three_months_after(instant: i64) -> i64 {
    let (days, time) = (instant.div_euclid(DAY), instant.rem_euclid(DAY));
    let (year, month, day) = date(days);
    let (year, month) = if month > 9 {
        (year + 1, month - 9)
    } else {
        (year, month + 3)
    };
    days_until(year, month) * DAY + (day.min(length(year, month)) - 1) * DAY + time
}

/// Year, month and day, counted by walking from 1970 on.
fn date(mut days: i64) -> (i64, i64, i64) {
    let mut year = 1970;
    while days >= year_length(year) {
        days -= year_length(year);
        year += 1;
    }
    let mut month = 1;
    while days >= length(year, month) {
        days -= length(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

/// Days from 1970 to the first of a month.
fn days_until(year: i64, month: i64) -> i64 {
    (1970..year).map(year_length).sum::<i64>()
        + (1..month).map(|month| length(year, month)).sum::<i64>()
}

fn year_length(year: i64) -> i64 {
    (1..=12).map(|month| length(year, month)).sum()
}

fn length(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[test]
fn months_are_calendar_months() {
    for (from, to) in [
        // 2026-11-23, 2026-11-30, 2027-11-30 (a leap year follows), 2027-01-31, 2026-12-31
        (20780, 20872),
        (20787, 20877),
        (21152, 21243),
        (20849, 20938),
        (20818, 20908),
    ] {
        assert_eq!(three_months_after(from * DAY + 7), to * DAY + 7, "{from}");
    }
}
