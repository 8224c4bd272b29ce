//! Interfaces, and which of them is meant.

use std::collections::BTreeMap;

use super::definition::Definition;
use crate::protocol::remote::NonnullInterface;
use crate::test_driver::failure::{Failure, Result};
use crate::types::error::ErrorCode;

/// The interfaces of a host.
#[derive(Debug, Default)]
pub(crate) struct Interfaces {
    pub(crate) all: BTreeMap<String, Interface>,
    /// What there was when a change of the host's interfaces began, if one is under way.
    pub(crate) before: Option<BTreeMap<String, Interface>>,
}

/// An interface.
#[derive(Debug, Clone)]
pub(crate) struct Interface {
    pub(crate) definition: Definition,
    pub(crate) is_active: bool,
}

impl Interface {
    pub(crate) fn wire(&self) -> NonnullInterface<'static> {
        NonnullInterface {
            name: self.definition.name().to_owned().into(),
            mac: self.definition.mac().unwrap_or_default().to_owned().into(),
        }
    }
}

impl Interfaces {
    pub(crate) fn get(&self, name: &str) -> Result<&Interface> {
        self.all.get(name).ok_or_else(|| no_such(name))
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Result<&mut Interface> {
        self.all.get_mut(name).ok_or_else(|| no_such(name))
    }

    /// Adds an interface or gives one its new definition.
    pub(crate) fn assign(&mut self, definition: Definition) -> &mut Interface {
        let name = definition.name().to_owned();
        let interface = self
            .all
            .entry(name)
            .or_insert_with(|| Interface { definition: definition.clone(), is_active: false });
        interface.definition = definition;
        interface
    }
}

fn no_such(name: &str) -> Failure {
    let detail = format!("no interface with matching name '{name}'");
    Failure::new(ErrorCode::NoInterface, detail)
}
