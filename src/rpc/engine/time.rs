//! Deadlines, keepalive, and pauses in reading.

use std::sync::Arc;
use std::time::Instant;

use super::Engine;
use crate::error::{CloseReason, Silence};
use crate::protocol::{Event as _, keepalive};
use crate::rpc::backpressure::{Gate, Others};
use crate::rpc::keepalive::{Keepalive, Verdict};

impl Engine {
    /// Returns whether the peer's silence is being watched.
    pub(crate) fn keeps_alive(&self) -> bool {
        self.keepalive.is_some()
    }

    /// Records that something arrived: the peer is alive.
    pub(crate) fn note_alive(&mut self, now: Instant) {
        if let Some(keepalive) = &mut self.keepalive {
            keepalive.received(now, std::mem::take(&mut self.any_answer));
        }
    }

    /// Returns the instant at which [`tick`](Self::tick) is due, if nothing changes before. It may
    /// be too early, never too late.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let keepalive = self.keepalive.as_ref().map(Keepalive::deadline);
        [self.earliest_deadline, keepalive, self.alarms.earliest()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Handles everything that is due at `now`: expires calls, fires alarms, sends a ping. An error
    /// means that the peer is dead, and is to end the connection. Calling it early or late does no
    /// harm.
    pub(crate) fn tick(&mut self, now: Instant) -> Result<(), CloseReason> {
        if self.earliest_deadline.is_some_and(|earliest| earliest <= now) {
            self.expire(now);
        }
        self.alarms.fire(now, &mut self.wakers);
        let unanswered = self.unanswered();
        let reads_paused = self.reads_paused;
        let verdict = self
            .keepalive
            .as_mut()
            .map(|keepalive| keepalive.tick(now, unanswered, reads_paused));
        match verdict {
            None | Some(Verdict::Wait) => Ok(()),
            Some(Verdict::Ping) => {
                self.send_keepalive(keepalive::Ping::INFO.number);
                Ok(())
            }
            Some(Verdict::Dead) => Err(CloseReason::Keepalive(Arc::new(self.silence(now)))),
        }
    }

    /// Expires the calls that are due, and finds the next deadline.
    fn expire(&mut self, now: Instant) {
        let mut earliest = None;
        for slot in self.calls.slots_mut() {
            let Some(deadline) = slot.deadline else {
                continue;
            };
            if deadline > now {
                earliest = Some(earliest.map_or(deadline, |other: Instant| other.min(deadline)));
                continue;
            }
            if slot.expired() {
                self.wakers.extend(slot.waker.take());
                if slot.long.is_none() {
                    self.admission.given_up(slot.id);
                }
            }
        }
        self.earliest_deadline = earliest;
    }

    /// Returns whether a reader of a stream or of events is behind, so that reading may have to
    /// pause. After the end received data is dropped, so no reader delays it.
    #[inline]
    pub(crate) fn is_behind(&mut self) -> bool {
        let is_behind =
            (self.backpressure.full() > 0 || self.events.is_filling()) && self.ended.is_none();
        self.reads_paused &= is_behind;
        is_behind
    }

    /// Returns the number of streams whose readers are behind.
    #[inline]
    pub(crate) fn streams_behind(&self) -> usize {
        self.backpressure.full()
    }

    /// Decides about reading; to be called as long as [`is_behind`](Self::is_behind) holds.
    ///
    /// Aborts the streams whose readers delay others for too long, so that the gate is `Open` or
    /// `Paused`.
    pub(crate) fn gate(&mut self, now: Instant) -> Gate {
        let mut gate = self.events.gate(now);
        if self.backpressure.full() > 0 && gate == Gate::Open {
            let others = Others {
                unsent: !self.outbox.is_empty(),
                unanswered: self.calls.in_use() > self.backpressure.full(),
            };
            gate = self.backpressure.gate(others, now);
        }
        if gate == Gate::Overrun {
            self.overrun_streams();
            gate = Gate::Open;
        }
        self.reads_paused = gate != Gate::Open;
        gate
    }

    /// Describes how long the peer has answered nothing, and the calls without a reply.
    fn silence(&self, now: Instant) -> Silence {
        let lasted = self.keepalive.as_ref().map(|keepalive| keepalive.silence(now));
        Silence {
            lasted: lasted.unwrap_or_default(),
            unanswered: self.unanswered_by_name(),
        }
    }

    /// Adds the silence before to a reason that the daemon hung up, if there was one. A daemon that
    /// has read nothing for a while disconnects its client.
    pub(super) fn with_silence(&self, reason: CloseReason, now: Instant) -> CloseReason {
        let cut_off =
            matches!(reason, CloseReason::Eof | CloseReason::EofInMessage | CloseReason::Io(_));
        let is_silent = self.keepalive.as_ref().is_some_and(|keepalive| keepalive.is_silent(now));
        if !cut_off || !is_silent || self.unanswered() == 0 {
            return reason;
        }
        CloseReason::CutOff {
            cause: Arc::new(reason),
            silence: Arc::new(self.silence(now)),
        }
    }
}
