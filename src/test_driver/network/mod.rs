//! Virtual networks.

#![allow(
    clippy::needless_pass_by_value,
    reason = "requests are given as they were decoded"
)]

mod definition;
mod events;
mod info;
mod life;
mod list;
mod lookup;
mod metadata;
mod networks;
mod update;

use self::definition::Definition;
pub(super) use self::networks::Networks;
use super::failure::Result;
use super::routes::Routes;
use super::state::State;
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
