//! The connection as an object: the daemon, the hypervisor, and the host that they run on.

mod host;
