//! Pools, and which of them is meant.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::definition::Definition;
use crate::protocol::remote::NonnullStoragePool;
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::state::storage::description::Volume;
use crate::test_driver::state::storage::kinds::Kind;
use crate::types::error::{ErrorCode, ErrorDomain};

/// The capacity that every pool has.
pub(crate) const CAPACITY: u64 = 100 << 30;

/// The storage pools of a host.
#[derive(Debug, Default)]
pub(crate) struct Pools {
    pub(crate) all: BTreeMap<Uuid, Pool>,
}

/// A storage pool.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) definition: Definition,
    /// The bytes that its volumes have.
    pub(crate) allocation: u64,
    pub(crate) is_active: bool,
    pub(crate) is_persistent: bool,
    pub(crate) autostart: bool,
    pub(crate) volumes: BTreeMap<String, Volume>,
}

impl Pool {
    pub(crate) fn wire(&self) -> NonnullStoragePool<'static> {
        NonnullStoragePool {
            name: self.name().to_owned().into(),
            uuid: self.definition.uuid(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.definition.name()
    }

    pub(crate) fn kind(&self) -> &'static Kind {
        self.definition.kind()
    }

    /// Returns the directory or the like that the volumes are in.
    pub(crate) fn target(&self) -> Option<&str> {
        self.definition.target()
    }

    pub(crate) fn is_active(&self) -> bool {
        self.is_active
    }

    pub(crate) fn volumes(&self) -> &BTreeMap<String, Volume> {
        &self.volumes
    }

    /// Adds a volume and takes its bytes.
    pub(crate) fn add_volume(&mut self, volume: Volume) {
        self.allocation = self.allocation.wrapping_add(volume.allocation());
        self.volumes.insert(volume.name().to_owned(), volume);
    }

    /// Takes a volume away and gets its bytes back.
    pub(crate) fn remove_volume(&mut self, name: &str) {
        if let Some(volume) = self.volumes.remove(name) {
            self.allocation = self.allocation.wrapping_sub(volume.allocation());
        }
    }

    /// Returns whether so many more bytes are too many.
    pub(crate) fn lacks_room_for(&self, bytes: u64) -> bool {
        self.allocation.wrapping_add(bytes) > CAPACITY
    }

    pub(crate) fn available(&self) -> u64 {
        CAPACITY.wrapping_sub(self.allocation)
    }
}

impl Pools {
    pub(crate) fn all(&self) -> impl Iterator<Item = &Pool> {
        self.all.values()
    }

    pub(crate) fn by_uuid(&self, uuid: Uuid) -> Result<&Pool> {
        self.all.get(&uuid).ok_or_else(|| {
            let detail = format!("no storage pool with matching uuid '{uuid}'");
            Failure::new(ErrorCode::NoStoragePool, detail)
        })
    }

    pub(crate) fn by_name(&self, name: &str) -> Result<&Pool> {
        self.all().find(|pool| pool.name() == name).ok_or_else(|| no_such_name(name))
    }

    pub(crate) fn by_name_mut(&mut self, name: &str) -> Result<&mut Pool> {
        let mut all = self.all.values_mut();
        all.find(|pool| pool.name() == name).ok_or_else(|| no_such_name(name))
    }

    pub(crate) fn active(&self, name: &str) -> Result<&Pool> {
        let pool = self.by_name(name)?;
        pool.is_active.then_some(pool).ok_or_else(|| not_active(name))
    }

    pub(crate) fn active_mut(&mut self, name: &str) -> Result<&mut Pool> {
        let pool = self.by_name_mut(name)?;
        pool.is_active.then_some(pool).ok_or_else(|| not_active(name))
    }

    pub(crate) fn inactive_mut(&mut self, name: &str) -> Result<&mut Pool> {
        let pool = self.by_name_mut(name)?;
        if pool.is_active {
            Err(Failure::invalid(format_args!("storage pool '{name}' is active")))
        } else {
            Ok(pool)
        }
    }

    /// Adds a pool or gives one its new definition. One that is started must not be active.
    pub(crate) fn assign(&mut self, definition: Definition, is_started: bool) -> Result<&mut Pool> {
        self.check_conflicts(&definition)?;
        let (name, uuid) = (definition.name().to_owned(), definition.uuid());
        if let Some(pool) = self.all.get(&uuid) {
            let own = pool.name();
            if own != name {
                let detail = format!("pool '{own}' is already defined with uuid {uuid}");
                return Err(failed(detail));
            }
            if is_started && pool.is_active {
                let detail = format!("pool is already active as '{name}'");
                return Err(Failure::of(ErrorDomain::Storage, ErrorCode::OperationInvalid, detail));
            }
        } else if let Ok(other) = self.by_name(&name) {
            let uuid = other.definition.uuid();
            return Err(failed(format_args!("pool '{name}' already exists with uuid {uuid}")));
        }
        let pool = self.all.entry(uuid).or_insert_with(|| Pool {
            definition: definition.clone(),
            allocation: 0,
            is_active: false,
            is_persistent: true,
            autostart: false,
            volumes: BTreeMap::new(),
        });
        // What an active pool is given is for later, and nothing ever comes back to it.
        if !pool.is_active {
            pool.definition = definition;
        }
        pool.allocation = 0;
        pool.is_persistent = !is_started;
        Ok(pool)
    }
}

fn no_such_name(name: &str) -> Failure {
    let detail = format!("no storage pool with matching name '{name}'");
    Failure::new(ErrorCode::NoStoragePool, detail)
}

fn not_active(name: &str) -> Failure {
    Failure::invalid(format_args!("storage pool '{name}' is not active"))
}

pub(crate) fn failed(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Storage, ErrorCode::OperationFailed, detail)
}
