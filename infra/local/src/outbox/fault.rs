//! Faults that were asked for: the next sendings of a channel fail in a chosen way.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::mailbox::Channel;

/// How a sending fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// The service says no.
    Refuse,
    /// The service takes the message and does not answer in time.
    Timeout,
    /// The service says that it was too much.
    Throttle,
    /// A webhook's receiver says that it wants no more; other services say no.
    Gone,
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
