//! Releases of libvirt other than the installed one, each with its QEMU and all dependencies, from
//! another suite of Debian.
//!
//! A daemon of such a release has the suite's `/usr` in place of the system's, in its own mount
//! namespace: so programs in the daemon's namespaces, such as `virsh`, are of that release as well.
//! Programs that the tests themselves run, such as the SSH client, are the installed ones. A root
//! is unpacked once per machine; that of sid, which changes, once a week.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::cache;
use crate::command::stdout_of;
use crate::error::{Attempt as _, Error, Result};

/// The variable with the release of all daemons, `trixie` or `sid`; the installed one if it is not
/// set.
pub const RELEASE: &str = "RIG_RELEASE";

/// A release of libvirt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Release {
    /// Debian 13's, which no longer changes.
    Trixie,
    /// Debian unstable's, mostly libvirt's newest.
    Sid,
}

const BUILD: &str = include_str!("release/build.sh");
const BUILD_LIMIT: Duration = Duration::from_secs(900);
const SID_IS_NEW_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// The packages in a daemon's `/usr`, besides their dependencies.
const PACKAGES: &[&str] = &[
    "libvirt-daemon",
    "libvirt-daemon-driver-qemu",
    "libvirt-daemon-driver-network",
    "libvirt-daemon-driver-nodedev",
    "libvirt-daemon-driver-nwfilter",
    "libvirt-daemon-driver-interface",
    "libvirt-daemon-driver-secret",
    "libvirt-daemon-driver-storage",
    "libvirt-clients",
    "python3-libvirt",
    "qemu-system-x86",
    "qemu-utils",
    "dnsmasq-base",
    "iptables",
    "nftables",
    "iproute2",
    // For users of SASL, polkit and SSH, who log in on the daemon's host.
    "sasl2-bin",
    "libsasl2-modules",
    "polkitd",
    "dbus-daemon",
    "openssh-client",
    "openssh-server",
    "netcat-openbsd",
    // For scripts.
    "bash",
    "coreutils",
    "dash",
    "debianutils",
    "diffutils",
    "findutils",
    "grep",
    "hostname",
    "login",
    "mawk",
    "mount",
    "openssl",
    "procps",
    "sed",
    "util-linux",
];

impl Release {
    /// All releases.
    pub const ALL: [Release; 2] = [Release::Trixie, Release::Sid];

    /// Returns the name of Debian's suite.
    pub fn suite(self) -> &'static str {
        match self {
            Release::Trixie => "trixie",
            Release::Sid => "sid",
        }
    }

    /// Returns the release of that suite.
    pub fn of_suite(suite: &str) -> Result<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|release| release.suite() == suite).ok_or_else(|| {
            let known = Self::ALL.map(Self::suite).join(", ");
            Error::Failed(format!("there is no release {suite:?}; there are: {known}"))
        })
    }

    /// Returns the release in [`RELEASE`], if it is set.
    pub fn of_environment() -> Result<Option<Self>> {
        match env::var(RELEASE) {
            Ok(suite) if !suite.is_empty() => Self::of_suite(&suite).map(Some),
            _ => Ok(None),
        }
    }

    /// Returns its root directory, which is unpacked if it does not exist or is too old.
    pub fn provide(self) -> Result<PathBuf> {
        if self.is_current() {
            return self.root();
        }
        cache::remove(&self.entries())?;
        cache::entry(&self.entry(), |work, finished| {
            let script = work.join("build.sh");
            fs::write(&script, BUILD).attempt(|| format!("writing {}", script.display()))?;
            let mut command = Command::new("sh");
            command.arg(script).arg(self.suite()).args([work, finished]).args(PACKAGES);
            stdout_of(&mut command, BUILD_LIMIT).map(drop)
        })
    }

    /// Returns its root directory, of any age.
    pub(crate) fn root(self) -> Result<PathBuf> {
        cache::entry(&self.entry(), |_, _| {
            Err(Error::Failed(format!(
                "the release of {0} is not unpacked; scripts/setup --release {0} does it",
                self.suite()
            )))
        })
    }

    /// Returns whether its root directory exists.
    pub(crate) fn is_built(self) -> bool {
        cache::has(&self.entry())
    }

    /// Returns whether [`provide`](Self::provide) finds it in the cache.
    pub fn is_current(self) -> bool {
        self.is_built() && (self != Release::Sid || self.root().is_ok_and(|root| !is_old(&root)))
    }

    /// Returns a name that changes with everything in this source that the root depends on.
    fn entry(self) -> String {
        let mut hasher = DefaultHasher::new();
        (BUILD, PACKAGES).hash(&mut hasher);
        format!("{}{:016x}", self.entries(), hasher.finish())
    }

    fn entries(self) -> String {
        format!("release-{}-", self.suite())
    }
}

fn is_old(root: &Path) -> bool {
    let built = fs::metadata(root.join("version")).and_then(|file| file.modified());
    let age = built.map(|built| SystemTime::now().duration_since(built).unwrap_or_default());
    age.map_or(true, |age| age > SID_IS_NEW_FOR)
}
