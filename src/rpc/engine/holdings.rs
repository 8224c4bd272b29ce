//! What a connection holds, for tests that nothing is held for ever.

use super::Engine;
use crate::rpc::calls::CallState;

/// The numbers of what is held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Holdings {
    pub(crate) slots: usize,
    /// Slots whose calls the daemon has not answered.
    pub(crate) unanswered: usize,
    /// Calls that the admission counts: long, given up, and waiting for their turn.
    pub(crate) admitted: usize,
    pub(crate) alarms: usize,
    /// Groups of subscribers.
    pub(crate) groups: usize,
    /// Events ahead of their registrations' replies.
    pub(crate) early_events: usize,
    pub(crate) early_bytes: usize,
    /// Streams over their budgets.
    pub(crate) full_streams: usize,
    /// The most that one stream holds.
    pub(crate) stream_bytes: usize,
    /// The most that one stream holds ahead of the reply that opens it.
    pub(crate) early_stream_bytes: usize,
    /// What is kept of streams that nobody can read any more.
    pub(crate) unwanted_bytes: usize,
    /// Writers of streams that wait for an empty outbox.
    pub(crate) stream_writers: usize,
    pub(crate) unsent: usize,
}

impl Engine {
    pub(crate) fn holdings(&self) -> Holdings {
        let (early_events, early_bytes) = self.events.early();
        let (mut stream_bytes, mut early_stream_bytes, mut unwanted_bytes) = (0, 0, 0);
        for slot in self.calls.slots() {
            let size = slot.stream.as_ref().map_or(0, |stream| stream.size());
            match slot.state() {
                CallState::Streaming | CallState::Replied { good: true, .. } => {}
                state if state.is_awaited() => early_stream_bytes = size.max(early_stream_bytes),
                _ => unwanted_bytes += size,
            }
            stream_bytes = size.max(stream_bytes);
        }
        Holdings {
            slots: self.calls.in_use(),
            unanswered: self.calls.unanswered(),
            admitted: self.admission.counted(),
            alarms: self.alarms.len(),
            groups: self.events.groups(),
            early_events,
            early_bytes,
            full_streams: self.backpressure.full(),
            stream_bytes,
            early_stream_bytes,
            unwanted_bytes,
            stream_writers: 0,
            unsent: self.outbox.len(),
        }
    }
}
