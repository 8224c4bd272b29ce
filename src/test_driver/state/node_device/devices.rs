//! Devices, and which of them is meant.

use std::collections::BTreeMap;

use super::definition::Definition;
use crate::protocol::remote::NonnullNodeDevice;
use crate::test_driver::failure::{Failure, Result};
use crate::types::error::ErrorCode;

/// The devices of a host.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    pub(crate) all: BTreeMap<String, Device>,
}

/// A device.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) definition: Definition,
    pub(crate) is_active: bool,
    pub(crate) is_persistent: bool,
}

impl Devices {
    pub(crate) fn get(&self, name: &str) -> Result<&Device> {
        self.all.get(name).ok_or_else(|| no_such(name))
    }

    pub(crate) fn add(&mut self, definition: Definition, is_lasting: bool) {
        let name = definition.name().to_owned();
        let device = Device { definition, is_active: is_lasting, is_persistent: is_lasting };
        self.all.insert(name, device);
    }
}

pub(crate) fn no_such(name: &str) -> Failure {
    let detail = format!("no node device with matching name '{name}'");
    Failure::new(ErrorCode::NoNodeDevice, detail)
}

pub(crate) fn wire(name: &str) -> NonnullNodeDevice<'static> {
    NonnullNodeDevice { name: name.to_owned().into() }
}
