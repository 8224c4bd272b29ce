//! What the machine says about connections: `libvirt.conf`, the environment, where sockets are, which
//! URI is opened by default, and what ssh runs.

#[cfg(feature = "admin")]
pub(crate) mod admin;
mod defaults;
mod environment;
mod file;
mod sockets;
#[cfg(any(feature = "ssh", feature = "ssh-native"))]
mod ssh;
mod syntax;

#[cfg(test)]
mod tests;

pub(crate) use defaults::resolve;
pub(crate) use environment::Environment;
pub(crate) use file::Config;
pub(crate) use sockets::{socket_candidates, startable};
