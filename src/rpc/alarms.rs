//! Wake-ups at an instant, for tasks that wait for something other than a reply.

use std::collections::BTreeMap;
use std::task::Waker;
use std::time::Instant;

/// The identity of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AlarmKey {
    at: Instant,
    number: u64,
}

/// All alarms of one connection, in the order in which they are due.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    set: BTreeMap<AlarmKey, Waker>,
    next_number: u64,
}

impl Alarms {
    /// Sets an alarm, or replaces the waker of one that has not fired, whose key is given.
    pub(crate) fn set(&mut self, key: Option<AlarmKey>, at: Instant, waker: &Waker) -> AlarmKey {
        let key = key.unwrap_or_else(|| {
            self.next_number += 1;
            let number = self.next_number;
            AlarmKey { at, number }
        });
        self.set.insert(key, waker.clone());
        key
    }

    /// Removes an alarm, if it has not fired.
    pub(crate) fn remove(&mut self, key: AlarmKey) {
        self.set.remove(&key);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.set.len()
    }

    /// Returns the instant at which the next alarm is due.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.set.first_key_value().map(|(key, _)| key.at)
    }

    /// Removes the alarms that are due and collects their wakers, the earliest first.
    pub(crate) fn fire(&mut self, now: Instant, wakers: &mut Vec<Waker>) {
        while let Some(entry) = self.set.first_entry() {
            if entry.key().at > now {
                return;
            }
            wakers.push(entry.remove());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn alarms_fire_once_in_their_order_unless_removed() {
        let mut alarms = Alarms::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let waker = Waker::noop();
        let late = alarms.set(None, at(3), waker);
        let removed = alarms.set(None, at(2), waker);
        let early = alarms.set(None, at(1), waker);
        assert_eq!(alarms.set(Some(early), at(1), waker), early);
        alarms.remove(removed);
        assert_eq!(alarms.earliest(), Some(at(1)));

        let mut wakers = Vec::new();
        alarms.fire(at(2), &mut wakers);
        assert_eq!(wakers.len(), 1);
        assert_eq!(alarms.earliest(), Some(late.at));
        alarms.fire(at(3), &mut wakers);
        assert_eq!((wakers.len(), alarms.earliest()), (2, None));
    }
}
