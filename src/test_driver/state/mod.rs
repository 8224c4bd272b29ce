//! All that a host has.
//!
//! Calls are answered out of this and change it; nothing here knows how.

pub(super) mod domain;
pub(super) mod interface;
pub(super) mod network;
pub(super) mod node;
pub(super) mod node_device;
pub(super) mod storage;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use self::domain::Domains;
use self::interface::Interfaces;
use self::network::Networks;
use self::node::Node;
use self::node_device::Devices;
use self::storage::Pools;
use super::events::Events;

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
