//! What guests use in a second, from what they have used so far.

// Nobody looks at more digits than these numbers keep.
#![allow(clippy::cast_precision_loss)]

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use libvirt_client::domain::DomainStats;

/// What a guest has used up to a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counters {
    at: Instant,
    cpu: Option<Duration>,
    read: Option<u64>,
    written: Option<u64>,
    received: Option<u64>,
    sent: Option<u64>,
}

/// What a guest uses in a second, as far as that is known: processor time in percent of one
/// processor, everything else in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rates {
    pub(crate) cpu: Option<f64>,
    pub(crate) read: Option<f64>,
    pub(crate) written: Option<f64>,
    pub(crate) received: Option<f64>,
    pub(crate) sent: Option<f64>,
}

impl Counters {
    pub(crate) fn of(stats: &DomainStats, at: Instant) -> Self {
        let (disks, interfaces) = (&stats.blocks, &stats.nets);
        Self {
            at,
            cpu: stats.cpu.time,
            read: sum(disks.iter().map(|disk| disk.read_bytes)),
            written: sum(disks.iter().map(|disk| disk.write_bytes)),
            received: sum(interfaces.iter().map(|interface| interface.rx_bytes)),
            sent: sum(interfaces.iter().map(|interface| interface.tx_bytes)),
        }
    }

    pub(crate) fn since(&self, before: &Self) -> Duration {
        self.at.duration_since(before.at)
    }

    /// Counters that went backwards, as those of a guest that was started again, give no rate.
    pub(crate) fn rates(&self, before: &Self) -> Rates {
        let seconds = self.since(before).max(Duration::from_millis(1)).as_secs_f64();
        let rate = |now: Option<u64>, before: Option<u64>| {
            Some(now?.checked_sub(before?)? as f64 / seconds)
        };
        let cpu = |now: Option<Duration>, before: Option<Duration>| {
            Some(now?.checked_sub(before?)?.as_secs_f64() / seconds * 100.0)
        };
        Rates {
            cpu: cpu(self.cpu, before.cpu),
            read: rate(self.read, before.read),
            written: rate(self.written, before.written),
            received: rate(self.received, before.received),
            sent: rate(self.sent, before.sent),
        }
    }
}

impl Rates {
    pub(crate) fn disk(&self) -> Option<f64> {
        either(self.read, self.written)
    }

    pub(crate) fn net(&self) -> Option<f64> {
        either(self.received, self.sent)
    }
}

fn sum(numbers: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    numbers.flatten().reduce(u64::saturating_add)
}

fn either(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    [one, other].into_iter().flatten().reduce(|one, other| one + other)
}

/// The latest values of a rate, the newest last.
#[derive(Debug, Default)]
pub(crate) struct History(VecDeque<f32>);

impl History {
    /// As many as a plot is ever wide.
    pub(crate) const LENGTH: usize = 40;

    pub(crate) fn push(&mut self, value: Option<f64>) {
        if self.0.len() == Self::LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(value.unwrap_or_default() as f32);
    }

    pub(crate) fn last(&self, count: usize) -> impl Iterator<Item = f32> {
        self.0.iter().skip(self.0.len().saturating_sub(count)).copied()
    }
}
