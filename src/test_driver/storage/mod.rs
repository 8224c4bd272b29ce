//! Storage pools and volumes.

#![allow(
    clippy::needless_pass_by_value,
    reason = "requests are given as they were decoded"
)]

mod events;
mod pool;
mod volume;

use super::failure::Result;
use super::routes::Routes;
use super::state::State;
use super::xml::Element;

/// Registers what is answered about pools and volumes.
pub(super) fn route(routes: &mut Routes) {
    pool::route(routes);
    volume::route(routes);
    events::route(routes);
}

/// Adds a pool that a node file has, with its volumes.
pub(super) fn add_from_node(state: &mut State, element: &Element) -> Result<()> {
    let pool = pool::add_from_node(state, element)?;
    for volume in element.children("volume") {
        volume::add_from_node(pool, volume)?;
    }
    Ok(())
}
