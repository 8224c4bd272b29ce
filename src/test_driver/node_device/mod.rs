//! The host's devices.

mod definition;
mod events;
mod info;
mod list;
mod shapes;
mod vport;

use std::collections::BTreeMap;

use self::definition::Definition;
pub(super) use self::vport::{create_vport, destroy_vport};
use super::failure::{Failure, Result};
use super::routes::Routes;
use super::state::State;
use super::xml::Element;
use crate::protocol::remote::NonnullNodeDevice;
use crate::types::error::ErrorCode;

/// Registers what is answered about devices.
pub(super) fn route(routes: &mut Routes) {
    list::route(routes);
    info::route(routes);
    vport::route(routes);
    events::route(routes);
}

/// The devices of a host.
#[derive(Debug, Default)]
pub(super) struct Devices {
    all: BTreeMap<String, Device>,
}

/// A device.
#[derive(Debug)]
struct Device {
    definition: Definition,
    is_active: bool,
    is_persistent: bool,
}

impl Devices {
    fn get(&self, name: &str) -> Result<&Device> {
        self.all.get(name).ok_or_else(|| no_such(name))
    }

    fn add(&mut self, definition: Definition, is_lasting: bool) {
        let name = definition.name().to_owned();
        let device = Device { definition, is_active: is_lasting, is_persistent: is_lasting };
        self.all.insert(name, device);
    }
}

fn no_such(name: &str) -> Failure {
    let detail = format!("no node device with matching name '{name}'");
    Failure::new(ErrorCode::NoNodeDevice, detail)
}

fn wire(name: &str) -> NonnullNodeDevice<'static> {
    NonnullNodeDevice { name: name.to_owned().into() }
}

/// Adds a device that a node file has.
pub(super) fn add_from_node(state: &mut State, element: &Element) -> Result<()> {
    let definition = Definition::of(element)?;
    state.devices.add(definition, true);
    Ok(())
}
