//! The host's network interfaces.

mod changes;
mod definition;
mod life;
mod list;
mod lookup;

use std::collections::BTreeMap;

use self::definition::Definition;
use super::failure::{Failure, Result};
use super::routes::Routes;
use super::state::State;
use super::xml::Element;
use crate::protocol::remote::NonnullInterface;
use crate::types::error::ErrorCode;

/// Registers what is answered about interfaces.
pub(super) fn route(routes: &mut Routes) {
    lookup::route(routes);
    list::route(routes);
    life::route(routes);
    changes::route(routes);
}

/// The interfaces of a host.
#[derive(Debug, Default)]
pub(super) struct Interfaces {
    all: BTreeMap<String, Interface>,
    /// What there was when a change of the host's interfaces began, if one is under way.
    before: Option<BTreeMap<String, Interface>>,
}

/// An interface.
#[derive(Debug, Clone)]
struct Interface {
    definition: Definition,
    is_active: bool,
}

impl Interface {
    fn wire(&self) -> NonnullInterface<'static> {
        NonnullInterface {
            name: self.definition.name().to_owned().into(),
            mac: self.definition.mac().unwrap_or_default().to_owned().into(),
        }
    }
}

impl Interfaces {
    fn get(&self, name: &str) -> Result<&Interface> {
        self.all.get(name).ok_or_else(|| no_such(name))
    }

    fn get_mut(&mut self, name: &str) -> Result<&mut Interface> {
        self.all.get_mut(name).ok_or_else(|| no_such(name))
    }

    /// Adds an interface or gives one its new definition.
    fn assign(&mut self, definition: Definition) -> &mut Interface {
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

/// Adds an interface that a node file has.
pub(super) fn add_from_node(state: &mut State, element: &Element) -> Result<()> {
    state.interfaces.assign(Definition::of(element)?).is_active = true;
    Ok(())
}
