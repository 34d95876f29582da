//! Faults that were asked for: the next sendings of a channel fail in a chosen way.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::mailbox::Channel;

/// How a sending fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// The service says no.
    Refuse,
    /// The service takes the message and does not answer in time.
    Timeout,
    /// The service says that it was too much.
    Throttle,
    /// A webhook's receiver says that it wants no more; Threema's gateway, that there is no such ID; other services say no.
    Gone,
    /// Threema's gateway does not know us.
    Credentials,
    /// The credits at Threema's gateway are used up.
    Credits,
    /// Threema's gateway says that the message is too long.
    TooLong,
    /// The service has a fault of its own.
    Error,
    /// Of Threema: the person has another key from now on.
    NewKey,
}

impl Kind {
    /// Those that keys are looked up with already; the others wait for the sending.
    pub(super) const LOOK_UPS: [Self; 3] = [Self::Gone, Self::Credentials, Self::NewKey];
}

/// The body of `POST /faults`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    channel: Channel,
    kind: Kind,
    times: NonZeroU32,
}

/// The faults still to come, by channel, in the order in which they were asked for.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<HashMap<Channel, VecDeque<(Kind, u32)>>>);

impl Faults {
    /// Lets this many sendings fail, after those already planned.
    pub(super) fn plan(&self, fault: &Fault) {
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        planned
            .entry(fault.channel)
            .or_default()
            .push_back((fault.kind, fault.times.get()));
    }

    /// The same, if it is one of these kinds that comes next.
    pub(super) fn next_of(&self, channel: Channel, kinds: &[Kind]) -> Option<Kind> {
        let is_meant = {
            let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let next = planned.get_mut(&channel).and_then(|faults| faults.front());
            next.is_some_and(|(kind, _)| kinds.contains(kind))
        };
        if is_meant { self.next(channel) } else { None }
    }

    /// How this sending fails, if it is to fail.
    pub(super) fn next(&self, channel: Channel) -> Option<Kind> {
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let faults = planned.get_mut(&channel)?;
        let (kind, left) = faults.front_mut()?;
        let kind = *kind;
        *left -= 1;
        if *left == 0 {
            faults.pop_front();
        }
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Result<Fault, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn faults_come_in_order_and_run_out() {
        let faults = Faults::default();
        faults.plan(&fault(r#"{"channel":"sms","kind":"refuse","times":2}"#).unwrap());
        faults.plan(&fault(r#"{"channel":"sms","kind":"timeout","times":1}"#).unwrap());
        assert_eq!(faults.next(Channel::Email), None);
        let met: Vec<_> = std::iter::from_fn(|| faults.next(Channel::Sms)).collect();
        assert_eq!(met, [Kind::Refuse, Kind::Refuse, Kind::Timeout]);
    }

    #[test]
    fn bad_faults_are_refused() {
        for bad in [
            r#"{"channel":"sms","kind":"refuse","times":0}"#,
            r#"{"channel":"fax","kind":"refuse","times":1}"#,
            r#"{"channel":"sms","kind":"refuse"}"#,
            r#"{"channel":"sms","kind":"refuse","times":1,"more":1}"#,
        ] {
            assert!(fault(bad).is_err(), "{bad}");
        }
    }
}
