//! The limits on the calls that a daemon has at a time, so that it keeps reading.
//!
//! A daemon works on `max_client_requests` requests of a client at a time and reads nothing beyond
//! them, not even keepalive responses; a client that fills them all with calls that take long is
//! disconnected. So such calls, and those that their callers have abandoned but the daemon has not
//! answered, must stay below that number.

use std::collections::{BTreeMap, VecDeque};

use super::header::ProcedureId;
use crate::protocol::WaitsFor;

/// The counts of calls that keep the daemon busy, and the queue of those that have to wait.
#[derive(Debug)]
pub(crate) struct Admission {
    /// The limit on calls that take long that the daemon has at a time.
    max_long: usize,
    /// Unanswered calls that take long by nature.
    long: usize,
    /// Unanswered calls that wait for a guest; they take long, too.
    guest: usize,
    /// Short calls that were abandoned and not answered, by procedure.
    overdue: BTreeMap<ProcedureId, usize>,
    /// Calls that take long and wait for their turn, the oldest first.
    queue: VecDeque<(Ticket, WaitsFor)>,
    last_ticket: u64,
}

/// A place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

impl Admission {
    pub(crate) fn new(max_long: usize) -> Self {
        Self {
            max_long: max_long.max(1),
            long: 0,
            guest: 0,
            overdue: BTreeMap::new(),
            queue: VecDeque::new(),
            last_ticket: 0,
        }
    }

    /// Returns the number of calls that keep the daemon busy for longer than a moment.
    fn busy(&self) -> usize {
        self.long + self.overdue.values().sum::<usize>()
    }

    /// Returns whether a call that takes long may be sent. Guests may never answer, so calls that
    /// wait for them leave one place to others.
    fn has_place(&self, waits_for: WaitsFor) -> bool {
        let max_guest = (self.max_long - 1).max(1);
        self.busy() < self.max_long && (waits_for == WaitsFor::Host || self.guest < max_guest)
    }

    /// Returns whether a call may be sent now. One that takes long and may not is queued; it gets a
    /// ticket, to be passed in when it asks again.
    pub(crate) fn admits(
        &mut self,
        id: ProcedureId,
        long: Option<WaitsFor>,
        ticket: &mut Option<Ticket>,
    ) -> bool {
        let Some(waits_for) = long else {
            // Most likely it would get stuck as its predecessors did.
            let hindered = !self.overdue.is_empty() && self.overdue.contains_key(&id);
            return !hindered || self.busy() < (self.max_long - 1).max(1);
        };
        let mut ahead = self.queue.iter().take_while(|(other, _)| Some(*other) != *ticket);
        if self.has_place(waits_for) && !ahead.any(|(_, other)| self.has_place(*other)) {
            return true;
        }
        if ticket.is_none() {
            self.last_ticket += 1;
            let new = Ticket(self.last_ticket);
            self.queue.push_back((new, waits_for));
            *ticket = Some(new);
        }
        false
    }

    /// Removes a call from the queue that is sent now, or never will be. Those after it may then be
    /// admitted.
    pub(crate) fn leave_queue(&mut self, ticket: Ticket) {
        self.queue.retain(|(other, _)| *other != ticket);
    }

    /// Returns the number of all calls that are counted or wait.
    #[cfg(test)]
    pub(crate) fn counted(&self) -> usize {
        self.busy() + self.queue.len()
    }

    /// Counts a call that was sent.
    #[inline]
    pub(crate) fn sent(&mut self, long: Option<WaitsFor>) {
        if let Some(waits_for) = long {
            self.long += 1;
            self.guest += usize::from(waits_for == WaitsFor::Guest);
        }
    }

    /// Counts a short call that its caller abandoned.
    pub(crate) fn given_up(&mut self, id: ProcedureId) {
        *self.overdue.entry(id).or_default() += 1;
    }

    /// Counts a call that was answered.
    #[inline]
    pub(crate) fn answered(&mut self, id: ProcedureId, long: Option<WaitsFor>, given_up: bool) {
        if let Some(waits_for) = long {
            self.long -= 1;
            self.guest -= usize::from(waits_for == WaitsFor::Guest);
        } else if given_up && let Some(count) = self.overdue.get_mut(&id) {
            *count -= 1;
            if *count == 0 {
                self.overdue.remove(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::remote;

    fn id(procedure: u32) -> ProcedureId {
        ProcedureId::new(remote::PROGRAM, procedure)
    }

    const GUEST: Option<WaitsFor> = Some(WaitsFor::Guest);
    const HOST: Option<WaitsFor> = Some(WaitsFor::Host);

    #[test]
    fn calls_that_wait_for_guests_leave_a_place_to_others() {
        let mut admission = Admission::new(4);
        let mut tickets = [None; 2];
        for _ in 0..3 {
            assert!(admission.admits(id(1), GUEST, &mut None));
            admission.sent(GUEST);
        }
        assert!(!admission.admits(id(1), GUEST, &mut tickets[0]));
        assert!(admission.admits(id(2), HOST, &mut None));
        admission.sent(HOST);
        assert!(!admission.admits(id(2), HOST, &mut tickets[1]));
        admission.answered(id(1), GUEST, false);
        // There is one place, which goes to the first that asked.
        assert!(!admission.admits(id(2), HOST, &mut tickets[1]));
        assert!(!admission.admits(id(2), HOST, &mut None));
        assert!(admission.admits(id(1), GUEST, &mut tickets[0]));
        admission.leave_queue(tickets[0].unwrap());
        admission.sent(GUEST);
        admission.answered(id(2), HOST, false);
        assert!(admission.admits(id(2), HOST, &mut tickets[1]));
    }

    #[test]
    fn one_place_is_for_whatever_comes() {
        let mut admission = Admission::new(1);
        assert!(admission.admits(id(1), GUEST, &mut None));
        admission.sent(GUEST);
        assert!(!admission.admits(id(2), HOST, &mut None));
        assert!(admission.admits(id(3), None, &mut None));
    }

    #[test]
    fn short_calls_that_were_given_up_hinder_their_like() {
        let mut admission = Admission::new(4);
        for _ in 0..3 {
            assert!(admission.admits(id(1), None, &mut None));
            admission.sent(None);
            admission.given_up(id(1));
        }
        assert!(!admission.admits(id(1), None, &mut None));
        assert!(admission.admits(id(2), None, &mut None));
        assert!(admission.admits(id(3), HOST, &mut None));
        admission.sent(HOST);
        assert!(!admission.admits(id(3), HOST, &mut None));
        admission.answered(id(1), None, true);
        assert!(!admission.admits(id(1), None, &mut None));
        admission.answered(id(3), HOST, false);
        assert!(admission.admits(id(1), None, &mut None));
    }
}
