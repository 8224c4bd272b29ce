//! Networks, and which of them is meant.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::definition::Definition;
use crate::protocol::remote::NonnullNetwork;
use crate::test_driver::document::Ip;
use crate::test_driver::failure::{Failure, Result};
use crate::types::error::{ErrorCode, ErrorDomain};
use crate::types::network::UpdateFlags;

/// The networks of a host.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    pub(crate) all: BTreeMap<Uuid, Network>,
}

/// A network.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) definition: Definition,
    /// The definition that a network was given while it was active.
    pub(crate) next: Option<Definition>,
    pub(crate) is_active: bool,
    pub(crate) is_persistent: bool,
    pub(crate) autostart: bool,
}

impl Network {
    pub(crate) fn wire(&self) -> NonnullNetwork<'static> {
        NonnullNetwork {
            name: self.definition.name().to_owned().into(),
            uuid: self.definition.uuid(),
        }
    }

    /// Returns which definitions a change is for; both may be meant.
    pub(crate) fn affected(&self, flags: UpdateFlags) -> Result<Affected> {
        let both = UpdateFlags::LIVE | UpdateFlags::CONFIG;
        let live = flags.contains(UpdateFlags::LIVE) || (!flags.intersects(both) && self.is_active);
        let config =
            flags.contains(UpdateFlags::CONFIG) || (!flags.intersects(both) && !self.is_active);
        if live && !self.is_active {
            return Err(invalid("network is not running"));
        }
        if config && !self.is_persistent {
            return Err(invalid("cannot change persistent config of a transient network"));
        }
        Ok(Affected { live, config })
    }

    /// Gives the network a definition for now or for later.
    pub(crate) fn assign(&mut self, definition: Definition, is_live: bool) {
        if is_live {
            let old = std::mem::replace(&mut self.definition, definition);
            if self.is_persistent && self.next.is_none() {
                self.next = Some(old);
            }
        } else {
            if self.is_active || !self.is_persistent {
                self.next = Some(definition);
            } else {
                self.next = None;
                self.definition = definition;
            }
            self.is_persistent = true;
        }
    }
}

/// What of a network is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Affected {
    pub(crate) live: bool,
    pub(crate) config: bool,
}

impl Networks {
    pub(crate) fn by_uuid(&self, uuid: Uuid) -> Result<&Network> {
        self.all.get(&uuid).ok_or_else(|| no_such_uuid(uuid))
    }

    pub(crate) fn by_uuid_mut(&mut self, uuid: Uuid) -> Result<&mut Network> {
        self.all.get_mut(&uuid).ok_or_else(|| no_such_uuid(uuid))
    }

    pub(crate) fn by_name(&self, name: &str) -> Result<&Network> {
        let mut all = self.all.values();
        all.find(|network| network.definition.name() == name)
            .ok_or_else(|| no_such_name(name))
    }

    pub(crate) fn by_name_mut(&mut self, name: &str) -> Result<&mut Network> {
        let mut all = self.all.values_mut();
        all.find(|network| network.definition.name() == name)
            .ok_or_else(|| no_such_name(name))
    }

    /// Returns the address, and its prefix, of a guest's card that is so far behind the first one.
    pub(crate) fn address_of_card(&self, network: &str, offset: u32) -> Result<(Ip, u32)> {
        let (first, prefix) =
            self.by_name(network)?.definition.first_address().ok_or_else(|| {
                Failure::internal(format_args!("network '{network}' does not have an IP address"))
            })?;
        Ok((first.behind(offset), prefix))
    }

    /// Adds a network or gives one its new definition. One that is started must not be active.
    pub(crate) fn assign(
        &mut self,
        definition: Definition,
        is_live: bool,
    ) -> Result<NonnullNetwork<'static>> {
        let (name, uuid) = (definition.name().to_owned(), definition.uuid());
        if let Some(network) = self.all.get_mut(&uuid) {
            let own = network.definition.name();
            if own != name {
                let detail = format!("network '{own}' is already defined with uuid {uuid}");
                return Err(failed(detail));
            }
            if is_live && network.is_active {
                return Err(invalid(format_args!("network is already active as '{name}'")));
            }
            network.assign(definition, is_live);
            return Ok(network.wire());
        }
        if let Ok(other) = self.by_name(&name) {
            let uuid = other.definition.uuid();
            return Err(failed(format_args!("network '{name}' already exists with uuid {uuid}")));
        }
        let network = Network {
            definition,
            next: None,
            is_active: false,
            is_persistent: !is_live,
            autostart: false,
        };
        let wire = network.wire();
        self.all.insert(uuid, network);
        Ok(wire)
    }
}

fn no_such_uuid(uuid: Uuid) -> Failure {
    Failure::new(ErrorCode::NoNetwork, format_args!("no network with matching uuid '{uuid}'"))
}

fn no_such_name(name: &str) -> Failure {
    Failure::new(ErrorCode::NoNetwork, format_args!("no network with matching name '{name}'"))
}

fn failed(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Network, ErrorCode::OperationFailed, detail)
}

fn invalid(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Network, ErrorCode::OperationInvalid, detail)
}
