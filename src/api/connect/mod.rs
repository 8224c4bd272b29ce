//! The connection as an object: the daemon, the hypervisor, and the host that they run on.

// rustdoc shows the blocks of methods in the order of their modules; blank lines keep it.
mod identity;

mod version;

mod node;

mod cpu_map;

mod node_stats;

mod free_memory;

mod node_memory;

mod sev;

mod capabilities;

mod cpu_model;

// All but C's `CloseReason`, since the crate's own one says more.
pub use crate::types::connect::{
    BaselineCpuFlags, CompareCpuFlags, ConnectFlags, CpuCompareResult, CredentialType,
    GetAllDomainStatsFlags, GetDomainCapabilitiesFlags, ListAllDomainsFlags,
    ListAllInterfacesFlags, ListAllNetworksFlags, ListAllNodeDeviceFlags, ListAllSecretsFlags,
    ListAllStoragePoolsFlags,
};
pub use crate::types::feature::Feature;
pub use crate::types::node::{AllocPagesFlags, SuspendTarget};
pub use capabilities::Platform;
pub use cpu_map::NodeCpuMap;
pub use node::{NodeInfo, SecurityModel};
pub use node_memory::NodeMemoryParameters;
pub use node_stats::{NodeCpuStats, NodeMemoryStats};
pub use sev::SevInfo;
pub use version::Version;
