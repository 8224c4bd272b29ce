//! Domains.

mod checkpoint;
mod devices;
mod events;
mod impact;
mod info;
mod iothreads;
mod life;
mod list;
mod lookup;
mod memory;
mod node;
mod outside;
mod pins;
mod questions;
mod rename;
mod save;
mod snapshot;
mod stats;
mod tuning;
pub(super) mod vcpus;

use super::routes::Routes;

pub(super) use node::add_from_node;

/// Registers what is answered about domains.
pub(super) fn route(routes: &mut Routes) {
    lookup::route(routes);
    list::route(routes);
    life::route(routes);
    save::route(routes);
    info::route(routes);
    events::route(routes);
    memory::route(routes);
    vcpus::route(routes);
    stats::route(routes);
    questions::route(routes);
    rename::route(routes);
    snapshot::route(routes);
    checkpoint::route(routes);
    tuning::route(routes);
    pins::route(routes);
    iothreads::route(routes);
    devices::route(routes);
}
