//! Virtual networks.

#![allow(
    clippy::needless_pass_by_value,
    reason = "requests are given as they were decoded"
)]

mod events;
mod info;
mod life;
mod list;
mod lookup;
mod metadata;
mod update;

use super::failure::Result;
use super::routes::Routes;
use super::state::State;
use super::state::network::Definition;
use super::xml::Element;

/// Registers what is answered about networks.
pub(super) fn route(routes: &mut Routes) {
    lookup::route(routes);
    list::route(routes);
    life::route(routes);
    info::route(routes);
    metadata::route(routes);
    update::route(routes);
    events::route(routes);
}

/// Adds a network that a node file has.
pub(super) fn add_from_node(state: &mut State, element: &Element) -> Result<()> {
    let wire = state.networks.assign(Definition::of(element)?, false)?;
    state.networks.by_uuid_mut(wire.uuid)?.is_active = true;
    Ok(())
}
