//! What is asked and done about a domain's devices, and what users keep with a domain.

mod events;
mod filesystems;
mod hotplug;
mod metadata;
mod statistics;

use crate::test_driver::routes::Routes;

pub(super) fn route(routes: &mut Routes) {
    hotplug::route(routes);
    statistics::route(routes);
    filesystems::route(routes);
    metadata::route(routes);
}
