//! Domains.

mod checkpoint;
mod definition;
mod devices;
mod events;
mod guest;
mod impact;
mod info;
mod life;
mod list;
mod lookup;
mod memory;
mod moment;
mod outside;
mod pins;
mod rename;
mod save;
mod snapshot;
mod stats;
mod tuning;
pub(super) mod vcpus;

use std::collections::BTreeMap;

use uuid::Uuid;

use self::definition::Definition;
use self::guest::Guest;
use self::moment::Moments;
use super::failure::{Failure, Result};
use super::routes::Routes;
use super::state::State;
use super::xml::Element;
use crate::protocol::remote::NonnullDomain;
use crate::types::domain::{RunningReason, ShutoffReason, State as DomainState};
use crate::types::error::{ErrorCode, ErrorDomain};

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
    guest::route(routes);
    rename::route(routes);
    snapshot::route(routes);
    checkpoint::route(routes);
    tuning::route(routes);
    pins::route(routes);
    devices::route(routes);
}

/// The domains of a host.
#[derive(Debug, Default)]
pub(crate) struct Domains {
    all: BTreeMap<Uuid, Domain>,
    /// The ID that was last given to a domain.
    last_id: i32,
    /// What domains were saved to, by path: nothing is written to the file system.
    images: BTreeMap<String, Definition>,
}

/// A domain.
#[derive(Debug)]
pub(super) struct Domain {
    /// The ID and the definition of the domain that runs.
    live: Option<(i32, Definition)>,
    /// The definition that the next start uses. One that was undefined while it runs has it until it
    /// stops.
    config: Option<Definition>,
    is_persistent: bool,
    state: DomainState,
    /// Its number, whose meaning depends on the state.
    reason: i32,
    autostart: bool,
    has_managed_save: bool,
    guest: Guest,
    snapshots: Moments,
    checkpoints: Moments,
    /// The filesystems that are frozen, of the two that a guest has.
    frozen: [bool; 2],
}

impl Domain {
    /// A domain that does not run, and is not defined yet either.
    fn new() -> Self {
        Self {
            live: None,
            config: None,
            is_persistent: false,
            state: DomainState::Shutoff,
            reason: ShutoffReason::Unknown.into(),
            autostart: false,
            has_managed_save: false,
            guest: Guest::default(),
            frozen: [false; 2],
            snapshots: Moments::default(),
            checkpoints: Moments::default(),
        }
    }

    fn is_active(&self) -> bool {
        self.live.is_some()
    }

    fn is_persistent(&self) -> bool {
        self.is_persistent
    }

    /// Returns the ID, or -1.
    fn id(&self) -> i32 {
        self.live.as_ref().map_or(-1, |(id, _)| *id)
    }

    /// Returns the definition of the domain that runs, or else of the one that would.
    fn definition(&self) -> &Definition {
        match (&self.live, &self.config) {
            (Some((_, definition)), _) | (None, Some(definition)) => definition,
            (None, None) => Definition::none(),
        }
    }

    /// Returns the definition that the next start uses.
    fn config(&self) -> &Definition {
        self.config.as_ref().unwrap_or_else(|| self.definition())
    }

    fn wire(&self) -> NonnullDomain<'static> {
        let definition = self.definition();
        NonnullDomain {
            name: definition.name().to_owned().into(),
            uuid: definition.uuid(),
            id: self.id(),
        }
    }

    fn check_active(&self) -> Result<()> {
        if self.is_active() {
            Ok(())
        } else {
            Err(Failure::state("domain is not running"))
        }
    }

    fn set_state(&mut self, state: DomainState, reason: impl Into<i32>) {
        self.state = state;
        self.reason = reason.into();
    }
}

impl Domains {
    /// Returns the domain that a client means.
    fn get(&self, wanted: &NonnullDomain<'_>) -> Result<&Domain> {
        self.all.get(&wanted.uuid).ok_or_else(|| no_such(wanted))
    }

    fn get_mut(&mut self, wanted: &NonnullDomain<'_>) -> Result<&mut Domain> {
        self.all.get_mut(&wanted.uuid).ok_or_else(|| no_such(wanted))
    }

    /// Returns the UUID of the domain of that name.
    pub(crate) fn uuid_of(&self, name: &str) -> Option<Uuid> {
        self.by_name(name).map(|domain| domain.definition().uuid())
    }

    fn by_name(&self, name: &str) -> Option<&Domain> {
        self.all.values().find(|domain| domain.definition().name() == name)
    }

    /// Checks that a definition's name and UUID are free, or those of one domain.
    fn check_identity(&self, definition: &Definition) -> Result<()> {
        let (name, uuid) = (definition.name(), definition.uuid());
        let detail = match (self.all.get(&uuid), self.by_name(name)) {
            (Some(same), _) if same.definition().name() != name => {
                let name = same.definition().name();
                format!("domain '{name}' is already defined with uuid {uuid}")
            }
            (None, Some(same)) => {
                let uuid = same.definition().uuid();
                format!("domain '{name}' already exists with uuid {uuid}")
            }
            _ => return Ok(()),
        };
        Err(Failure::of(ErrorDomain::Domain, ErrorCode::OperationFailed, detail))
    }

    /// Adds a persistent domain, or gives one its new definition; returns whether it was added.
    fn define(&mut self, definition: Definition) -> Result<bool> {
        self.check_identity(&definition)?;
        if let Some(domain) = self.all.get_mut(&definition.uuid()) {
            domain.config = Some(definition);
            domain.is_persistent = true;
            return Ok(false);
        }
        let uuid = definition.uuid();
        self.all.insert(
            uuid,
            Domain {
                config: Some(definition),
                is_persistent: true,
                ..Domain::new()
            },
        );
        Ok(true)
    }

    /// Starts a domain by its definition, which is not kept when it stops.
    fn create(&mut self, definition: Definition, reason: RunningReason) -> Result<Uuid> {
        self.check_identity(&definition)?;
        let uuid = definition.uuid();
        if let Some(domain) = self.all.get(&uuid)
            && domain.is_active()
        {
            let name = definition.name();
            return Err(Failure::state(format_args!("domain '{name}' is already active")));
        }
        let id = self.next_id();
        let domain = self.all.entry(uuid).or_insert_with(Domain::new);
        domain.live = Some((id, definition));
        domain.has_managed_save = false;
        domain.set_state(DomainState::Running, reason);
        Ok(uuid)
    }

    fn next_id(&mut self) -> i32 {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        self.last_id
    }

    /// Starts a domain that is defined.
    fn start(&mut self, uuid: Uuid, reason: RunningReason) {
        let id = self.next_id();
        if let Some(domain) = self.all.get_mut(&uuid) {
            domain.live = domain.config.take().map(|definition| (id, definition));
            domain.config = domain.live.as_ref().map(|(_, definition)| definition.reread());
            domain.has_managed_save = false;
            domain.set_state(DomainState::Running, reason);
        }
    }

    /// Takes a domain's definition away; one that does not run is gone.
    fn undefine(&mut self, uuid: Uuid) {
        match self.all.get_mut(&uuid) {
            Some(domain) if domain.is_active() => domain.is_persistent = false,
            _ => drop(self.all.remove(&uuid)),
        }
    }

    /// Stops a domain; one that is not persistent is gone.
    fn stop(&mut self, uuid: Uuid, reason: ShutoffReason) {
        let Some(domain) = self.all.get_mut(&uuid) else {
            return;
        };
        domain.live = None;
        domain.set_state(DomainState::Shutoff, reason);
        if !domain.is_persistent() {
            self.all.remove(&uuid);
        }
    }
}

fn no_such(wanted: &NonnullDomain<'_>) -> Failure {
    let NonnullDomain { uuid, name, .. } = wanted;
    let detail = format!("no domain with matching uuid '{uuid}' ({})", name.as_str());
    Failure::new(ErrorCode::NoDomain, detail)
}

/// The names in a node file, of which each may have a prefix.
fn is_ours(element: &Element, name: &str) -> bool {
    element.name.rsplit(':').next() == Some(name) && element.name != name
}

/// Adds a domain that a node file has.
pub(super) fn add_from_node(state: &mut State, element: &Element) -> Result<()> {
    let child = |name: &str| element.children.iter().find(|child| is_ours(child, name));
    let is_transient = child("transient").is_some();
    let has_managed_save = child("hasmanagedsave").is_some();
    let runstate = match child("runstate") {
        None => DomainState::Running,
        Some(child) => match child.text.trim().parse::<i32>() {
            Ok(number @ 0..=7) => number.into(),
            Ok(number) => {
                return Err(xml_failure(format_args!("runstate '{number}' out of range'")));
            }
            Err(_) => return Err(xml_failure("invalid runstate")),
        },
    };
    let is_off = runstate == DomainState::Shutoff;
    if is_transient && is_off {
        return Err(xml_failure("transient domain cannot have runstate 'shutoff'"));
    }
    if has_managed_save && !is_off {
        return Err(xml_failure("domain with managedsave data can only have runstate 'shutoff'"));
    }
    let definition = Definition::of(element)?;
    let uuid = definition.uuid();
    let domains = &mut state.domains;
    if is_transient {
        domains.create(definition, RunningReason::Booted)?;
    } else {
        domains.define(definition)?;
        if !is_off {
            domains.start(uuid, RunningReason::Booted);
        }
    }
    if let Some(domain) = domains.all.get_mut(&uuid) {
        domain.set_state(runstate, 0);
        domain.has_managed_save = has_managed_save;
    }
    Ok(())
}

fn xml_failure(detail: impl std::fmt::Display) -> Failure {
    Failure::new(ErrorCode::XmlError, detail)
}
