//! Pings to a silent peer, and the verdict that it is dead.

use std::time::{Duration, Instant};

/// The action to take now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Do nothing yet.
    Wait,
    /// Send a ping.
    Ping,
    /// Declare the peer dead.
    Dead,
}

/// The limits of the peer's silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeepaliveOptions {
    /// The silence after which a ping is sent.
    pub(crate) interval: Duration,
    /// The number of unanswered pings in a row that are allowed.
    pub(crate) count: u32,
    /// Requests that the daemon serves of one client at a time. It reads nothing while it is busy with
    /// that many, our pings included.
    pub(crate) max_requests: usize,
    /// The silence after which a daemon that owes as many replies as that is declared dead.
    pub(crate) busy_limit: Duration,
}

/// The client's side of the keepalive program: any message restarts the interval, a silent interval
/// causes a ping, and `count` unanswered ones in a row are the end, unless the peer is so busy that
/// it cannot have read them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keepalive {
    options: KeepaliveOptions,
    missed: u32,
    /// The instant at which the peer last sent something.
    heard: Instant,
    /// The instant at which the peer last sent something other than a ping.
    answered: Instant,
    next: Instant,
}

impl Keepalive {
    /// Creates the state; `None` when the interval is zero, or ends later than the clock can
    /// represent: then no ping is sent.
    pub(crate) fn new(options: KeepaliveOptions, now: Instant) -> Option<Self> {
        let next = now.checked_add(options.interval)?;
        (!options.interval.is_zero()).then_some(Self {
            options,
            missed: 0,
            heard: now,
            answered: now,
            next,
        })
    }

    /// Records that something arrived: an answer, or only a ping.
    #[inline]
    pub(crate) fn received(&mut self, now: Instant, is_answer: bool) {
        self.missed = 0;
        self.heard = now;
        if is_answer {
            self.answered = now;
        }
        self.restart(now);
    }

    /// Returns the time for which the peer has answered nothing.
    pub(crate) fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.answered)
    }

    /// Returns whether the peer has answered nothing for longer than an interval.
    pub(crate) fn is_silent(&self, now: Instant) -> bool {
        self.silence(now) > self.options.interval
    }

    fn restart(&mut self, now: Instant) {
        self.next = now.checked_add(self.options.interval).unwrap_or(now);
    }

    /// Returns the instant at which [`tick`](Self::tick) is due.
    pub(crate) fn deadline(&self) -> Instant {
        self.next
    }

    /// Decides what to do at `now`, given the number of calls without a reply, and whether this
    /// side has paused reading.
    pub(crate) fn tick(&mut self, now: Instant, unanswered: usize, reads_paused: bool) -> Verdict {
        if now < self.next {
            return Verdict::Wait;
        }
        self.restart(now);
        if reads_paused {
            // An answer cannot arrive, but the peer must see that we are alive: it gets no answer
            // either.
            self.heard = now;
            return Verdict::Ping;
        }
        let KeepaliveOptions { count, max_requests, busy_limit, .. } = self.options;
        let may_be_busy = unanswered >= max_requests;
        let is_silent = self.missed >= count;
        let silent_for = now.saturating_duration_since(self.heard);
        if is_silent && (!may_be_busy || silent_for >= busy_limit) {
            return Verdict::Dead;
        }
        self.missed = self.missed.saturating_add(1);
        Verdict::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const OPTIONS: KeepaliveOptions = KeepaliveOptions {
        interval: SECOND,
        count: 2,
        max_requests: 5,
        busy_limit: Duration::from_secs(10),
    };

    /// Returns the number of pings that a silent peer gets until it is declared dead.
    fn pings(options: KeepaliveOptions, unanswered: usize) -> u32 {
        let mut now = Instant::now();
        let mut keepalive = Keepalive::new(options, now).unwrap();
        for pings in 0.. {
            assert_eq!(keepalive.tick(now, unanswered, false), Verdict::Wait);
            now += SECOND;
            match keepalive.tick(now, unanswered, false) {
                Verdict::Ping => {}
                Verdict::Dead => return pings,
                Verdict::Wait => panic!("it was time"),
            }
        }
        unreachable!()
    }

    #[test]
    fn silence_ends_in_a_verdict_whatever_is_owed() {
        for unanswered in 0..5 {
            assert_eq!(pings(OPTIONS, unanswered), 2);
        }
        for unanswered in [5, 6, 1000] {
            assert_eq!(pings(OPTIONS, unanswered), 9);
        }
        let one = KeepaliveOptions { max_requests: 1, ..OPTIONS };
        assert_eq!((pings(one, 0), pings(one, 1)), (2, 9));
    }

    #[test]
    fn the_longest_interval_is_none() {
        let options = KeepaliveOptions { interval: Duration::MAX, ..OPTIONS };
        assert!(Keepalive::new(options, Instant::now()).is_none());
    }
}
