//! Domains: virtual machines and containers.

mod agent;
mod autostart;
mod backup;
mod block;
mod block_job;
mod block_tuning;
pub mod checkpoint;
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
mod last_id;
mod lifecycle;
mod lookup;
mod memory;
mod migrate;
mod peek;
mod perf;
mod pinning;
mod provision;
mod save;
mod scheduler;
mod security;
pub mod snapshot;
mod state;
pub mod stats;
mod targets;
mod time;
mod tuning;

use uuid::Uuid;

use crate::api::handle::handle;
use crate::protocol::remote;
use last_id::LastId;

pub use crate::types::domain::*;
pub use agent::{AgentTimeout, FsInfo, GuestVcpus};
pub use block::{BlockInfo, BlockStats, BlockStatsDetails, DiskError};
pub use block_job::{BlockCopyParameters, BlockJobInfo};
pub use block_tuning::BlockIoTune;
pub use checkpoint::DomainCheckpoint;
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
pub use migrate::{
    Arrival, MigrateParameters, Migration, MigrationBuilder, MigrationControl, MigrationProgress,
    Progress,
};
pub use perf::PerfEvents;
pub use save::SaveParams;
pub use scheduler::{CpuQuota, SchedulerParameters, SchedulerType};
pub use security::{LaunchSecret, LaunchSecurityInfo, SecurityLabel};
pub use snapshot::DomainSnapshot;
pub use state::{ControlInfo, DomainInfo, DomainState, StateReason};
pub use stats::{DomainStats, DomainStatsRecord};
pub use targets::{DiskTarget, InterfaceTarget};
pub use tuning::{BlkioParameters, DeviceValue, MemoryLimit, MemoryParameters, NumaParameters};

handle! {
    /// A handle to a domain, running or not (`virDomain`).
    ///
    /// Cheap to clone; it holds nothing on the daemon's side and stays valid when the domain ends:
    /// calls for a domain that no longer exists fail with an error for which
    /// [`is_not_found`](crate::Error::is_not_found) holds. Two handles are equal if they name the
    /// same domain over the same connection.
    #[doc(alias = "virDomain")]
    pub Domain of remote::NonnullDomain, known by uuid,
    #[doc(alias = "virDomainGetConnect")] connect {
        /// Returns the domain's name (`virDomainGetName`). Local: as it was when the handle was
        /// made.
        #[doc(alias = "virDomainGetName")]
        name: text;
        /// Returns the domain's UUID, which never changes (`virDomainGetUUID`,
        /// `virDomainGetUUIDString`). Local.
        #[doc(alias = "virDomainGetUUID")]
        #[doc(alias = "virDomainGetUUIDString")]
        uuid: Uuid;
        /// The last ID that this handle learned.
        id: LastId
    }
}

impl Domain {
    /// Returns the ID of the running domain, `None` if it does not run (`virDomainGetID`).
    ///
    /// Local: the last ID that this handle learned. It changes with [`create`](Self::create),
    /// [`create_with_flags`](Self::create_with_flags), [`destroy`](Self::destroy),
    /// [`save`](Self::save) and [`managed_save`](Self::managed_save) on this handle, and with
    /// nothing else; look the domain up again to be sure.
    #[doc(alias = "virDomainGetID")]
    pub fn id(&self) -> Option<u32> {
        self.id.get()
    }
}
