//! Storage pools.

mod info;
mod life;
mod list;
mod lookup;
mod sources;

use crate::test_driver::failure::Result;
use crate::test_driver::routes::Routes;
use crate::test_driver::state::State;
use crate::test_driver::state::storage::{Definition, Pool};
use crate::test_driver::xml::Element;

pub(super) fn route(routes: &mut Routes) {
    lookup::route(routes);
    list::route(routes);
    life::route(routes);
    info::route(routes);
    sources::route(routes);
}

/// Adds a pool that a node file has.
pub(super) fn add_from_node<'a>(state: &'a mut State, element: &Element) -> Result<&'a mut Pool> {
    let pool = state.pools.assign(Definition::of(element)?, false)?;
    pool.is_active = true;
    Ok(pool)
}
