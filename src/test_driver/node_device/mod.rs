//! The host's devices.

#![allow(
    clippy::needless_pass_by_value,
    reason = "requests are given as they were decoded"
)]
#![allow(clippy::similar_names, reason = "the names of adapters are called so")]

mod events;
mod info;
mod list;
mod vport;

pub(super) use self::vport::{create_vport, destroy_vport};
use super::failure::Result;
use super::routes::Routes;
use super::state::State;
use super::state::node_device::Definition;
use super::xml::Element;

/// Registers what is answered about devices.
pub(super) fn route(routes: &mut Routes) {
    list::route(routes);
    info::route(routes);
    vport::route(routes);
    events::route(routes);
}

/// Adds a device that a node file has.
pub(super) fn add_from_node(state: &mut State, element: &Element) -> Result<()> {
    let definition = Definition::of(element)?;
    state.devices.add(definition, true);
    Ok(())
}
