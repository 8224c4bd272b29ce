//! All that a host has.

use super::domain::Domains;
use super::events::Events;
use super::interface::Interfaces;
use super::network::Networks;
use super::node::Node;
use super::node_device::Devices;
use super::storage::Pools;

/// The objects of a host, and who is told of their changes.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) node: Node,
    pub(super) domains: Domains,
    pub(super) networks: Networks,
    pub(super) interfaces: Interfaces,
    pub(super) pools: Pools,
    pub(super) devices: Devices,
    pub(super) events: Events,
}
