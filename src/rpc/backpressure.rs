//! Backpressure: the decision whether to read on while a stream is not read.
//!
//! Unread data must not pile up, so the connection stops reading while a stream is over its budget.
//! But others need the connection, too: their replies come after that data, and the connection's
//! carrier may take nothing from us while it cannot deliver what it has for us (netcat, SSH within
//! this process). So when others have waited for a while, or a reader has stood still for as long,
//! reading goes on within an overdraft; a stream whose reader makes no progress after that is
//! aborted.

use std::time::{Duration, Instant};

use super::streams::Level;

/// The time that replies may be delayed by a reader that is slow. For one that has stood still for so
/// long they are not delayed any more.
const OVERDRAW_AFTER: Duration = Duration::from_secs(5);
/// The time after which an overdrawn stream whose reader makes no progress is aborted. Less than
/// the half minute after which a daemon whose replies are not read disconnects this client.
const OVERRUN_AFTER: Duration = Duration::from_secs(20);

/// A decision about reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Read.
    Open,
    /// Do not read now. Check again when a reader has made progress, when somebody else needs the
    /// connection, or at this instant.
    Paused(Option<Instant>),
    /// Abort the streams that are overdrawn, then read.
    Overrun,
}

/// The others that need the connection while a stream is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Others {
    /// Bytes are to be sent that the socket does not take.
    pub(crate) unsent: bool,
    /// Replies are to be received that may come after the stream's data.
    pub(crate) unanswered: bool,
}

/// The counts of streams that are behind, and the progress of their readers.
#[derive(Debug, Default)]
pub(crate) struct Backpressure {
    full: usize,
    overdrawn: usize,
    /// The instant since which others have waited, and got no reply.
    waiting: Option<Instant>,
    /// The instant since which no reader has been seen to make progress.
    standing: Option<Instant>,
}

impl Backpressure {
    /// Records a stream's change of level.
    #[inline]
    pub(crate) fn recount(&mut self, from: Level, to: Level) {
        self.full = self.full + usize::from(to >= Level::Full) - usize::from(from >= Level::Full);
        self.overdrawn = self.overdrawn + usize::from(to == Level::Overdrawn)
            - usize::from(from == Level::Overdrawn);
        if self.full == 0 {
            self.standing = None;
        }
    }

    /// Records that a reader made progress.
    #[inline]
    pub(crate) fn note_taken(&mut self) {
        self.standing = None;
    }

    /// Records that somebody got a reply.
    #[inline]
    pub(crate) fn note_answered(&mut self) {
        self.waiting = None;
    }

    /// Returns the number of streams that are over their budgets.
    #[inline]
    pub(crate) fn full(&self) -> usize {
        self.full
    }

    /// Decides about reading. Only to be called while a stream is over its budget.
    pub(crate) fn gate(&mut self, others: Others, now: Instant) -> Gate {
        let standing = *self.standing.get_or_insert(now);
        if !others.unsent && !others.unanswered {
            self.waiting = None;
            return Gate::Paused(None);
        }
        let waiting = *self.waiting.get_or_insert(now);
        let after = |since: Instant, patience, decision| match since.checked_add(patience) {
            Some(until) if until > now => Gate::Paused(Some(until)),
            _ => decision,
        };
        if self.overdrawn > 0 {
            after(waiting.max(standing), OVERRUN_AFTER, Gate::Overrun)
        } else if others.unsent {
            Gate::Open
        } else {
            after(waiting.min(standing), OVERDRAW_AFTER, Gate::Open)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNANSWERED: Others = Others { unsent: false, unanswered: true };
    const UNSENT: Others = Others { unsent: true, unanswered: false };
    const NOBODY: Others = Others { unsent: false, unanswered: false };

    #[test]
    fn reading_goes_on_where_others_would_wait_for_a_reader_that_does_not_move() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut pressure = Backpressure::default();
        pressure.recount(Level::Low, Level::Full);
        assert_eq!(pressure.full(), 1);
        assert_eq!(pressure.gate(UNANSWERED, at(0)), Gate::Paused(Some(at(5))));
        assert_eq!(pressure.gate(UNANSWERED, at(2)), Gate::Paused(Some(at(5))));
        assert_eq!(pressure.gate(UNSENT, at(2)), Gate::Open);
        // A slow reader does not have others wait longer.
        pressure.note_taken();
        assert_eq!(pressure.gate(UNANSWERED, at(4)), Gate::Paused(Some(at(5))));
        assert_eq!(pressure.gate(UNANSWERED, at(5)), Gate::Open);
        // Nor does one that stands still have each of them wait.
        assert_eq!(pressure.gate(NOBODY, at(6)), Gate::Paused(None));
        assert_eq!(pressure.gate(UNANSWERED, at(8)), Gate::Paused(Some(at(9))));
        assert_eq!(pressure.gate(UNANSWERED, at(9)), Gate::Open);
        assert_eq!(pressure.gate(NOBODY, at(10)), Gate::Paused(None));
        assert_eq!(pressure.gate(UNANSWERED, at(11)), Gate::Open);

        pressure.recount(Level::Full, Level::Overdrawn);
        assert_eq!(pressure.gate(UNSENT, at(12)), Gate::Paused(Some(at(31))));
        assert_eq!(pressure.gate(NOBODY, at(26)), Gate::Paused(None));
        assert_eq!(pressure.gate(UNSENT, at(27)), Gate::Paused(Some(at(47))));
        pressure.note_taken();
        assert_eq!(pressure.gate(UNSENT, at(30)), Gate::Paused(Some(at(50))));
        assert_eq!(pressure.gate(UNSENT, at(50)), Gate::Overrun);
        pressure.recount(Level::Overdrawn, Level::Low);
        assert_eq!(pressure.full(), 0);
    }
}
