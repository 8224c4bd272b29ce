//! All that a host has.

use super::domain::Domains;
use super::events::Events;
use super::node::Node;

/// The objects of a host, and who is told of their changes.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) node: Node,
    pub(crate) domains: Domains,
    pub(crate) events: Events,
}
