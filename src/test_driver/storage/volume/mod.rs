//! Storage volumes.

mod info;
mod life;
mod list;
mod lookup;
mod naming;

use crate::test_driver::failure::Result;
use crate::test_driver::routes::Routes;
use crate::test_driver::state::storage::{Pool, Volume};
use crate::test_driver::xml::Element;

pub(super) fn route(routes: &mut Routes) {
    lookup::route(routes);
    list::route(routes);
    life::route(routes);
    info::route(routes);
}

/// Adds a volume that a node file has.
pub(super) fn add_from_node(pool: &mut Pool, element: &Element) -> Result<()> {
    let volume = Volume::of(element, pool.kind(), pool.target(), true)?;
    pool.add_volume(volume);
    Ok(())
}
