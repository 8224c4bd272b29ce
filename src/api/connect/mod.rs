//! The connection as an object: the daemon, the hypervisor, and the host that they run on.

mod capabilities;
mod cpu_model;
mod free_memory;
mod identity;
mod node;
mod version;

pub use crate::types::connect::*;
pub use crate::types::feature::Feature;
pub use crate::types::node::{AllocPagesFlags, SuspendTarget};
pub use capabilities::Platform;
pub use node::{NodeInfo, SecurityModel};
pub use version::Version;
