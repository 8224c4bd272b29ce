//! When to ask the peer whether it is alive, and when to stop believing it.

use std::time::{Duration, Instant};

/// Requests that a daemon serves of one client at a time by default. It reads nothing while it is
/// busy with that many, our pings included, so its silence means nothing then.
const DAEMON_REQUESTS: usize = 5;

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing yet.
    Wait,
    /// Send a ping.
    Ping,
    /// The peer is gone.
    Dead,
}

/// The client's side of the keepalive program: any message restarts the interval, a silent interval
/// asks for a ping, and `count` unanswered ones in a row are the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keepalive {
    interval: Duration,
    count: u32,
    missed: u32,
    next: Instant,
}

impl Keepalive {
    /// `None` when the interval is zero: then the peer is never asked.
    pub(crate) fn new(interval: Duration, count: u32, now: Instant) -> Option<Self> {
        (!interval.is_zero()).then(|| Self {
            interval,
            count,
            missed: 0,
            next: now + interval,
        })
    }

    /// Something arrived, whatever it was.
    #[inline]
    pub(crate) fn received(&mut self, now: Instant) {
        self.missed = 0;
        self.next = now + self.interval;
    }

    /// When [`tick`](Self::tick) wants to be called.
    pub(crate) fn deadline(&self) -> Instant {
        self.next
    }

    /// Looks at the clock. `unanswered` is how many requests the peer owes a reply; `deaf` is whether
    /// we read nothing at present.
    pub(crate) fn tick(&mut self, now: Instant, unanswered: usize, deaf: bool) -> Verdict {
        if now < self.next {
            return Verdict::Wait;
        }
        self.next = now + self.interval;
        if deaf {
            // We cannot hear an answer, but the peer must hear of us: it cannot get one either.
            return Verdict::Ping;
        }
        if unanswered >= DAEMON_REQUESTS {
            return Verdict::Wait;
        }
        if self.missed >= self.count {
            return Verdict::Dead;
        }
        self.missed += 1;
        Verdict::Ping
    }
}
