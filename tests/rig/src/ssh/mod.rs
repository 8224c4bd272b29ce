//! Private SSH servers, and clients with keys and settings of their own.
//!
//! ```no_run
//! use rig::{Daemon, ssh};
//!
//! # fn main() -> rig::Result<()> {
//! let daemon = Daemon::builder().test_driver().start()?;
//! let client = ssh::Client::new()?;
//! let server = ssh::Server::builder(&daemon).accept(&client).start()?;
//! client.trust(&server.address(), server.host_key())?;
//! let uri = format!(
//!     "test+ssh://{}@{}/default?socket={}&{}",
//!     server.user(),
//!     server.address(),
//!     daemon.socket().display(),
//!     client.parameters()
//! );
//! # Ok(())
//! # }
//! ```

mod client;
mod server;

pub use client::Client;
pub use server::{Builder, PASSWORD, Server};

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::command::stdout_of;
use crate::error::{Attempt as _, Result};

/// Makes a pair of keys, `file` and, with `.pub` appended, the public one, which it returns.
fn make_key(file: &Path) -> Result<String> {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-C", "rig", "-t", "ed25519", "-N", "", "-f"]);
    stdout_of(command.arg(file), Duration::from_secs(60))?;
    let public = file.with_extension("pub");
    let text = fs::read_to_string(&public).attempt(|| format!("reading {}", public.display()))?;
    Ok(text.trim().to_owned())
}
