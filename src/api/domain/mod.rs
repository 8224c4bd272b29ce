//! Domains: virtual machines and containers.

// rustdoc shows the blocks of methods in the order of their modules; blank lines keep it.
mod identity;
mod lookup;

mod state;

mod description;

mod provision;

mod lifecycle;

mod autostart;

mod save;

mod dump;

pub mod snapshot;

pub mod checkpoint;

mod backup;

mod jobs;

mod migrate;

mod device;

mod cpu;
mod cpu_map;

mod pinning;

mod iothread;

mod scheduler;

mod memory;

mod tuning;

mod block;

mod block_job;

mod block_tuning;

mod interface;
pub(crate) mod targets;

pub mod stats;

mod cpu_stats;
mod perf;

mod peek;

mod console;

mod input;

mod descriptors;

mod agent;

mod time;

mod security;

mod last_id;

pub use crate::types::domain::*;
pub use agent::{AgentTimeout, FsInfo, GuestVcpus};
pub use block::{BlockInfo, BlockStats, BlockStatsDetails, DiskError};
pub use block_job::{BlockCopyParameters, BlockJobInfo};
pub use block_tuning::BlockIoTune;
pub use checkpoint::DomainCheckpoint;
pub use cpu::{HostCpu, VcpuInfo};
pub use cpu_map::{CpuMap, CpuMapIter};
pub use cpu_stats::CpuStats;
pub use identity::Domain;
pub use interface::{
    AnnounceInterfaceParameters, InterfaceAddress, InterfaceAddresses, InterfaceParameters,
    InterfaceStats,
};
pub use iothread::{IoThreadInfo, IoThreadParameters};
pub use jobs::{JobInfo, JobProgress, JobReport, JobStats};
pub use memory::MemoryStats;
pub use migrate::{
    Arrival, MigrateParameters, Migration, MigrationBuilder, MigrationControl, MigrationProgress,
    MigrationProgressStream,
};
pub use perf::PerfEvents;
pub use save::SaveParameters;
pub use scheduler::{CpuQuota, SchedulerParameters, SchedulerType};
pub use security::{LaunchSecret, LaunchSecurityInfo, SecurityLabel};
pub use snapshot::DomainSnapshot;
pub use state::{ControlInfo, DomainInfo, DomainState, StateReason};
pub use stats::{DomainStats, DomainStatsRecord};
pub use targets::{DiskTarget, InterfaceTarget};
pub use tuning::{BlkioParameters, DeviceValue, MemoryLimit, MemoryParameters, NumaParameters};
