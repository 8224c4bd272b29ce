//! The host's network interfaces.

mod changes;
mod life;
mod list;
mod lookup;

use super::failure::Result;
use super::routes::Routes;
use super::state::State;
use super::state::interface::Definition;
use super::xml::Element;

/// Registers what is answered about interfaces.
pub(super) fn route(routes: &mut Routes) {
    lookup::route(routes);
    list::route(routes);
    life::route(routes);
    changes::route(routes);
}

/// Adds an interface that a node file has.
pub(super) fn add_from_node(state: &mut State, element: &Element) -> Result<()> {
    state.interfaces.assign(Definition::of(element)?).is_active = true;
    Ok(())
}
