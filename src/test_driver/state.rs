//! All that a host has.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::domain::Domains;
use super::events::Events;
use super::interface::Interfaces;
use super::network::Networks;
use super::node::Node;
use super::node_device::Devices;
use super::storage::Pools;

/// The objects of a host, and who is told of their changes.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) node: Node,
    pub(crate) domains: Domains,
    pub(super) networks: Networks,
    pub(super) interfaces: Interfaces,
    pub(super) pools: Pools,
    pub(super) devices: Devices,
    pub(crate) events: Events,
    /// The time that the host has, if it stands still.
    pub(crate) time: Option<SystemTime>,
}

impl State {
    /// Returns the host's time, in seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        i64::try_from(self.since_1970().as_secs()).unwrap_or(i64::MAX)
    }

    /// Returns the microseconds since 1970, of which numbers are made that grow.
    pub(super) fn microseconds(&self) -> u64 {
        u64::try_from(self.since_1970().as_micros()).unwrap_or_default()
    }

    fn since_1970(&self) -> Duration {
        let time = self.time.unwrap_or_else(SystemTime::now);
        time.duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}
