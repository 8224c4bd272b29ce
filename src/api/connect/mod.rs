//! The connection as an object: the daemon, the hypervisor, and the host that they run on.

mod capabilities;
mod cpu_map;
mod cpu_model;
mod free_memory;
mod identity;
mod node;
mod node_memory;
mod node_stats;
mod sev;
mod version;

pub use crate::types::connect::*;
pub use crate::types::feature::Feature;
pub use crate::types::node::{AllocPagesFlags, SuspendTarget};
pub use capabilities::Platform;
pub use cpu_map::NodeCpuMap;
pub use node::{NodeInfo, SecurityModel};
pub use node_memory::NodeMemoryParameters;
pub use node_stats::{NodeCpuStats, NodeMemoryStats};
pub use sev::SevInfo;
pub use version::Version;
