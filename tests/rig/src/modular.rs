//! libvirt's daemons for one driver each, `virtqemud` and so on, and `virtproxyd`, which serves
//! libvirtd's socket for them.
//!
//! Debian does not package them. They are built from the source of the installed libvirt, whose
//! libraries and drivers they use, once per machine and version. [`Daemon::split`](crate::Daemon)
//! runs them.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::cache;
use crate::command::stdout_of;
use crate::error::{Attempt as _, Result};

/// The available daemons.
pub const DAEMONS: [&str; 5] = [
    "virtqemud",
    "virtnetworkd",
    "virtsecretd",
    "virtstoraged",
    "virtproxyd",
];

/// The Debian packages that building needs.
pub const PACKAGES: [&str; 14] = [
    "dpkg-dev",
    "gcc",
    "libc6-dev",
    "libglib2.0-dev",
    "libgnutls28-dev",
    "libtirpc-dev",
    "libxml2-dev",
    "libxml2-utils",
    "libyajl-dev",
    "meson",
    "ninja-build",
    "pkg-config",
    "rpcsvc-proto",
    "xsltproc",
];

const BUILD: &str = include_str!("modular/build.sh");
const BUILD_LIMIT: Duration = Duration::from_secs(1800);

/// Returns the directory of their programs. Builds them if they are not in the cache yet.
pub fn programs() -> Result<PathBuf> {
    let version = version()?;
    cache::entry(&entry(&version), |work, finished| {
        let script = work.join("build.sh");
        std::fs::write(&script, BUILD).attempt(|| format!("writing {}", script.display()))?;
        let mut command = Command::new("sh");
        command.arg(script).arg(&version).args([work, finished]).args(DAEMONS);
        stdout_of(&mut command, BUILD_LIMIT).map(drop)
    })
}

/// Returns whether [`programs`] are in the cache.
pub fn is_built() -> bool {
    version().is_ok_and(|version| cache::has(&entry(&version)))
}

fn entry(version: &str) -> String {
    format!("modular-{version}")
}

/// Returns the version of the installed libvirt's source.
fn version() -> Result<String> {
    let mut command = Command::new("dpkg-query");
    command.args(["-W", "-f", "${source:Version}", "libvirt0"]);
    Ok(stdout_of(&mut command, Duration::from_secs(20))?.trim().to_owned())
}
