//! A host's domains.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::definition::Definition;
use super::guest::Guest;
use super::moment::Moments;
use crate::protocol::remote::NonnullDomain;
use crate::test_driver::failure::{Failure, Result};
use crate::types::domain::{RunningReason, ShutoffReason, State as DomainState};
use crate::types::error::{ErrorCode, ErrorDomain};

/// The domains of a host.
#[derive(Debug, Default)]
pub(crate) struct Domains {
    pub(crate) all: BTreeMap<Uuid, Domain>,
    /// The ID that was last given to a domain.
    pub(crate) last_id: i32,
    /// What domains were saved to, by path: nothing is written to the file system.
    pub(crate) images: BTreeMap<String, Definition>,
}

/// A domain.
#[derive(Debug)]
pub(crate) struct Domain {
    /// The ID and the definition of the domain that runs.
    pub(crate) live: Option<(i32, Definition)>,
    /// The definition that the next start uses. One that was undefined while it runs has it until it
    /// stops.
    pub(crate) config: Option<Definition>,
    pub(crate) is_persistent: bool,
    pub(crate) state: DomainState,
    /// Its number, whose meaning depends on the state.
    pub(crate) reason: i32,
    pub(crate) autostart: bool,
    pub(crate) has_managed_save: bool,
    pub(crate) guest: Guest,
    pub(crate) snapshots: Moments,
    pub(crate) checkpoints: Moments,
    /// The filesystems that are frozen, of the two that a guest has.
    pub(crate) frozen: [bool; 2],
    /// The I/O threads that statistics tell of: those of a node file, and those that were added.
    pub(crate) threads: Vec<IoThread>,
}

/// How an I/O thread waits for work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IoThread {
    pub(crate) id: u32,
    pub(crate) poll_max_ns: u64,
    pub(crate) poll_grow: u32,
    pub(crate) poll_shrink: u32,
    pub(crate) poll_weight: u32,
}

impl IoThread {
    pub(crate) fn new(id: u32) -> Self {
        Self {
            id,
            poll_max_ns: 32768,
            poll_grow: 0,
            poll_shrink: 0,
            poll_weight: 0,
        }
    }
}

impl Domain {
    /// A domain that does not run, and is not defined yet either.
    pub(crate) fn new() -> Self {
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
            threads: Vec::new(),
            snapshots: Moments::default(),
            checkpoints: Moments::default(),
        }
    }

    pub(crate) fn is_active(&self) -> bool {
        self.live.is_some()
    }

    pub(crate) fn is_persistent(&self) -> bool {
        self.is_persistent
    }

    /// Returns the ID, or -1.
    pub(crate) fn id(&self) -> i32 {
        self.live.as_ref().map_or(-1, |(id, _)| *id)
    }

    /// Returns the definition of the domain that runs, or else of the one that would.
    pub(crate) fn definition(&self) -> &Definition {
        match (&self.live, &self.config) {
            (Some((_, definition)), _) | (None, Some(definition)) => definition,
            (None, None) => Definition::none(),
        }
    }

    /// Returns the definition that the next start uses.
    pub(crate) fn config(&self) -> &Definition {
        self.config.as_ref().unwrap_or_else(|| self.definition())
    }

    pub(crate) fn wire(&self) -> NonnullDomain<'static> {
        let definition = self.definition();
        NonnullDomain {
            name: definition.name().to_owned().into(),
            uuid: definition.uuid(),
            id: self.id(),
        }
    }

    pub(crate) fn check_active(&self) -> Result<()> {
        if self.is_active() {
            Ok(())
        } else {
            Err(Failure::state("domain is not running"))
        }
    }

    pub(crate) fn set_state(&mut self, state: DomainState, reason: impl Into<i32>) {
        self.state = state;
        self.reason = reason.into();
    }
}

impl Domains {
    /// Returns the domain that a client means.
    pub(crate) fn get(&self, wanted: &NonnullDomain<'_>) -> Result<&Domain> {
        self.all.get(&wanted.uuid).ok_or_else(|| no_such(wanted))
    }

    pub(crate) fn get_mut(&mut self, wanted: &NonnullDomain<'_>) -> Result<&mut Domain> {
        self.all.get_mut(&wanted.uuid).ok_or_else(|| no_such(wanted))
    }

    /// Returns the UUID of the domain of that name.
    pub(crate) fn uuid_of(&self, name: &str) -> Option<Uuid> {
        self.by_name(name).map(|domain| domain.definition().uuid())
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&Domain> {
        self.all.values().find(|domain| domain.definition().name() == name)
    }

    /// Checks that a definition's name and UUID are free, or those of one domain.
    pub(crate) fn check_identity(&self, definition: &Definition) -> Result<()> {
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

    /// Adds a persistent domain, or gives one its new definition; returns whether it had none, as one
    /// that was started without.
    pub(crate) fn define(&mut self, definition: Definition) -> Result<bool> {
        self.check_identity(&definition)?;
        if let Some(domain) = self.all.get_mut(&definition.uuid()) {
            domain.is_persistent = true;
            return Ok(domain.config.replace(definition).is_none());
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
    pub(crate) fn create(&mut self, definition: Definition, reason: RunningReason) -> Result<Uuid> {
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

    pub(crate) fn next_id(&mut self) -> i32 {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        self.last_id
    }

    /// Starts a domain that is defined.
    pub(crate) fn start(&mut self, uuid: Uuid, reason: RunningReason) {
        let id = self.next_id();
        if let Some(domain) = self.all.get_mut(&uuid) {
            domain.live = domain.config.take().map(|definition| (id, definition));
            domain.config = domain.live.as_ref().map(|(_, definition)| definition.reread());
            domain.has_managed_save = false;
            domain.set_state(DomainState::Running, reason);
        }
    }

    /// Takes a domain's definition away; one that does not run is gone.
    pub(crate) fn undefine(&mut self, uuid: Uuid) {
        match self.all.get_mut(&uuid) {
            Some(domain) if domain.is_active() => domain.is_persistent = false,
            _ => drop(self.all.remove(&uuid)),
        }
    }

    /// Stops a domain; one that is not persistent is gone.
    pub(crate) fn stop(&mut self, uuid: Uuid, reason: ShutoffReason) {
        self.halt(uuid, reason);
        if self.all.get(&uuid).is_some_and(|domain| !domain.is_persistent()) {
            self.all.remove(&uuid);
        }
    }

    /// Stops a domain, which stays, persistent or not.
    pub(crate) fn halt(&mut self, uuid: Uuid, reason: ShutoffReason) {
        if let Some(domain) = self.all.get_mut(&uuid) {
            domain.live = None;
            domain.set_state(DomainState::Shutoff, reason);
        }
    }
}

fn no_such(wanted: &NonnullDomain<'_>) -> Failure {
    let NonnullDomain { uuid, name, .. } = wanted;
    let detail = format!("no domain with matching uuid '{uuid}' ({})", name.as_str());
    Failure::new(ErrorCode::NoDomain, detail)
}
