//! Other releases of libvirt than the installed one, each with its QEMU and all that they need,
//! taken from another suite of Debian.
//!
//! A daemon of such a release has the suite's `/usr` in the place of the system's, in its own mount
//! namespace: so whatever runs where the daemon runs, such as `virsh`, is of that release as well.
//! What the tests themselves run, such as ssh's client, is the installed one. A root is unpacked
//! once per machine; that of sid, which moves on, once a week.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::cache;
use crate::command::stdout_of;
use crate::error::{Attempt as _, Error, Result};

/// Names the release that all daemons are of, `trixie` or `sid`; the installed one if it is not
/// set.
pub const RELEASE: &str = "RIG_RELEASE";

/// A release of libvirt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Release {
    /// That of Debian 13, which stays what it is.
    Trixie,
    /// That of Debian unstable, mostly libvirt's newest.
    Sid,
}

const BUILD: &str = include_str!("release/build.sh");
const BUILD_LIMIT: Duration = Duration::from_secs(900);
const SID_IS_NEW_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// What a daemon's `/usr` holds beside what these depend on.
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
    "qemu-system-x86",
    "qemu-utils",
    "dnsmasq-base",
    "iptables",
    "nftables",
    "iproute2",
    // For users of SASL, polkit and ssh, who log in where the daemon runs.
    "sasl2-bin",
    "libsasl2-modules",
    "polkitd",
    "dbus-daemon",
    "openssh-client",
    "openssh-server",
    "netcat-openbsd",
    // What scripts run.
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
    /// All of them.
    pub const ALL: [Release; 2] = [Release::Trixie, Release::Sid];

    /// The name of Debian's suite.
    pub fn suite(self) -> &'static str {
        match self {
            Release::Trixie => "trixie",
            Release::Sid => "sid",
        }
    }

    /// The release of that suite.
    pub fn of_suite(suite: &str) -> Result<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|release| release.suite() == suite).ok_or_else(|| {
            let known = Self::ALL.map(Self::suite).join(", ");
            Error::Failed(format!("there is no release {suite:?}; there are: {known}"))
        })
    }

    /// The one that [`RELEASE`] names, if it names one.
    pub fn of_environment() -> Result<Option<Self>> {
        match env::var(RELEASE) {
            Ok(suite) if !suite.is_empty() => Self::of_suite(&suite).map(Some),
            _ => Ok(None),
        }
    }

    /// Its root directory, unpacked if there is none or if it has become old.
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

    /// Its root directory, of whatever age.
    pub(crate) fn root(self) -> Result<PathBuf> {
        cache::entry(&self.entry(), |_, _| {
            Err(Error::Failed(format!(
                "the release of {0} is not unpacked; scripts/setup --release {0} does it",
                self.suite()
            )))
        })
    }

    /// Whether its root directory is there.
    pub(crate) fn is_built(self) -> bool {
        cache::has(&self.entry())
    }

    /// Whether [`provide`](Self::provide) only needs to look into the cache.
    pub fn is_current(self) -> bool {
        self.is_built() && (self != Release::Sid || self.root().is_ok_and(|root| !is_old(&root)))
    }

    /// Changes with everything in this source that goes into the root.
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
