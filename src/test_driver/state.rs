//! All that a host has.

use super::domain::Domains;
use super::events::Events;
use super::node::Node;

/// The objects of a host, and who is told of their changes.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) node: Node,
    pub(super) domains: Domains,
    pub(super) events: Events,
}
