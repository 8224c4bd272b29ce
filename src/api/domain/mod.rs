//! Domains: virtual machines and containers.

mod agent;
mod autostart;
mod block;
mod block_job;
mod block_tuning;
mod console;
mod cpu;
mod cpu_map;
mod cpu_stats;
mod description;
mod descriptors;
mod device;
mod dump;
mod interface;
mod iothread;
mod jobs;
mod lifecycle;
mod lookup;
mod memory;
mod peek;
mod perf;
mod pinning;
mod provision;
mod save;
mod scheduler;
mod security;
mod state;
pub mod stats;
mod targets;
mod time;
mod tuning;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicI32, Ordering};

use uuid::Uuid;

use crate::api::name::Name;
use crate::client::{Connect, Reply};
use crate::error::Result;
use crate::protocol::{ReplyRequest, VoidRequest, remote};

pub use crate::types::domain::*;
pub use agent::{FsInfo, GuestVcpus};
pub use block::{BlockInfo, BlockStats, BlockStatsDetails, DiskError};
pub use block_job::{BlockCopyParameters, BlockJobInfo};
pub use block_tuning::BlockIoTune;
pub use cpu::{HostCpu, VcpuInfo};
pub use cpu_map::CpuMap;
pub use cpu_stats::CpuStats;
pub use interface::{
    AnnounceInterfaceParameters, InterfaceAddress, InterfaceAddresses, InterfaceParameters,
    InterfaceStats,
};
pub use iothread::{IoThreadInfo, IoThreadParameters};
pub use jobs::{JobInfo, JobProgress, JobReport, JobStats};
pub use memory::MemoryStats;
pub use perf::PerfEvents;
pub use save::SaveParams;
pub use scheduler::{CpuQuota, SchedulerParameters, SchedulerType};
pub use security::{LaunchSecret, LaunchSecurityInfo, SecurityLabel};
pub use state::{ControlInfo, DomainInfo, DomainState, StateReason};
pub use stats::{DomainStats, DomainStatsRecord};
pub use targets::{DiskTarget, InterfaceTarget};
pub use tuning::{BlkioParameters, DeviceValue, MemoryLimit, MemoryParameters, NumaParameters};

/// A handle to a domain, running or not.
///
/// Cheap to clone; it holds nothing on the daemon's side and stays valid whatever becomes of the
/// domain: calls for a domain that is gone fail with an error for which
/// [`is_not_found`](crate::Error::is_not_found) holds. Two handles are equal if they name the same
/// domain over the same connection.
pub struct Domain {
    conn: Connect,
    name: Name,
    uuid: Uuid,
    /// −1 while the domain does not run, as far as this handle knows.
    id: AtomicI32,
}

impl Domain {
    pub(crate) fn from_wire(conn: &Connect, wire: &remote::NonnullDomain<'_>) -> Self {
        Self {
            conn: conn.clone(),
            name: (&wire.name).into(),
            uuid: wire.uuid,
            id: AtomicI32::new(wire.id),
        }
    }

    /// The reference that calls carry.
    pub(crate) fn wire(&self) -> remote::NonnullDomain<'_> {
        remote::NonnullDomain {
            name: (&self.name).into(),
            uuid: self.uuid,
            id: self.id.load(Ordering::Relaxed),
        }
    }

    pub(crate) async fn call<R: ReplyRequest>(&self, request: R) -> Result<Reply<R::Reply>> {
        self.conn.call(request).await
    }

    pub(crate) async fn run<R: VoidRequest>(&self, request: R) -> Result<()> {
        self.conn.run(request).await
    }

    /// The domain's name (`virDomainGetName`). Local: what it was when the handle was made.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The domain's UUID, which never changes (`virDomainGetUUID`, `virDomainGetUUIDString`). Local.
    pub fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// The number of the running domain, `None` if it does not run (`virDomainGetID`).
    ///
    /// Local: what this handle last heard. It changes with [`create`](Self::create),
    /// [`create_with_flags`](Self::create_with_flags), [`destroy`](Self::destroy),
    /// [`save`](Self::save) and [`managed_save`](Self::managed_save) on this very handle, and with
    /// nothing else; look the domain up again to be sure.
    pub fn id(&self) -> Option<u32> {
        u32::try_from(self.id.load(Ordering::Relaxed)).ok()
    }

    fn set_id(&self, id: i32) {
        self.id.store(id, Ordering::Relaxed);
    }

    /// The connection that the domain was found through (`virDomainGetConnect`).
    pub fn connect(&self) -> &Connect {
        &self.conn
    }

    /// A handle to the same domain whose calls use `conn`'s deadline, or another connection to the
    /// same daemon: `domain.via(&conn.with_timeout(…))`.
    #[must_use]
    pub fn via(&self, conn: &Connect) -> Self {
        Self { conn: conn.clone(), ..self.clone() }
    }
}

impl Clone for Domain {
    fn clone(&self) -> Self {
        Self {
            conn: self.conn.clone(),
            name: self.name.clone(),
            uuid: self.uuid,
            id: AtomicI32::new(self.id.load(Ordering::Relaxed)),
        }
    }
}

impl PartialEq for Domain {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid && self.conn.same_connection(&other.conn)
    }
}

impl Eq for Domain {}

impl Hash for Domain {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domain")
            .field("name", &self.name)
            .field("uuid", &self.uuid)
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}
