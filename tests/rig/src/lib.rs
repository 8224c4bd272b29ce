//! Private daemons, guests and their surroundings for tests, benches and the demo.
//!
//! The crate does not use the library under test: it starts real daemons and guests, and gets its
//! facts from libvirt's own tools. A [`Daemon`] lives in a temporary directory, shares nothing with
//! the host's libvirt, and leaves nothing behind, however its owner ends. A [`guest::Guest`] is a
//! small Linux that boots in seconds without hardware support.
//!
//! ```no_run
//! use std::time::Duration;
//! use rig::{Daemon, guest::{Guest, wait_ready}};
//!
//! # fn main() -> rig::Result<()> {
//! let daemon = Daemon::builder().start()?;
//! let serial = daemon.scratch().join("g1.serial");
//! let xml = Guest::new("g1").agent(true).serial_log(&serial).xml()?;
//! daemon.virsh_with_file(["create"], &xml)?; // or by a connection to `daemon.uri()`
//! wait_ready(&serial, Duration::from_secs(60))?;
//! assert_eq!(daemon.virsh(["domstate", "g1"])?.trim(), "running");
//! # Ok(())
//! # }
//! ```
//!
//! Where the machine lacks something, the error names the packages to install. No test is skipped
//! silently; see [`available`].

mod cache;
pub mod certificates;
mod command;
mod daemon;
mod error;
pub mod guest;
pub mod modular;
mod need;
pub mod network;
pub mod processes;
mod release;
mod rsa;
mod search;
pub mod shared;
pub mod ssh;

pub use cache::CACHE;
pub use daemon::{Builder, Daemon, Mode};
pub use error::{Error, Result};
pub use need::{Missing, Need, WITHOUT, available, is_root, require};
pub use release::{RELEASE, Release};
