//! Local configuration: `libvirt.conf`, the environment, the paths of sockets, the default URI, and
//! the commands for ssh.

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
