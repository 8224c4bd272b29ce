//! Tests' requirements on the machine, and the packages that provide them.

use std::collections::BTreeSet;
use std::env;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::guest;
use crate::modular;
use crate::release::{RELEASE, Release};
use crate::search::{library_dirs, polkitd, program};

/// The variable with the needs, separated by commas, that a degraded test run does without.
///
/// Only `scripts/test` sets it, after telling the user which tests are left out; see [`available`].
pub const WITHOUT: &str = "RIG_WITHOUT";

/// A requirement of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// A libvirtd, which includes the test driver.
    Daemon,
    /// The `virsh` command, which tests compare results with.
    Virsh,
    /// libvirt's own binding for Python, by which tests have a client that is not ours.
    Python,
    /// libvirt's QEMU driver, QEMU itself and `qemu-img`.
    Qemu,
    /// The kernel and initramfs of the test guest: in the cache, or the tools to build them.
    Guest,
    /// Virtual networks with NAT and DHCP, which only a system daemon can have.
    Network,
    /// Root privileges, which a system daemon in a mount namespace needs.
    Root,
    /// The SASL mechanisms, and the tool that creates users.
    Sasl,
    /// polkit, and a message bus for it.
    Polkit,
    /// The `openssl` command.
    Openssl,
    /// The SSH client and server, and a netcat with UNIX sockets.
    Ssh,
    /// libvirt's daemons for one driver each, in the cache.
    Modular,
}

impl Need {
    /// All needs, in the order in which they build on each other.
    pub const ALL: [Need; 12] = [
        Need::Daemon,
        Need::Virsh,
        Need::Python,
        Need::Qemu,
        Need::Guest,
        Need::Network,
        Need::Root,
        Need::Sasl,
        Need::Polkit,
        Need::Openssl,
        Need::Ssh,
        Need::Modular,
    ];

    /// Returns the name by which [`WITHOUT`] refers to this need.
    pub fn name(self) -> &'static str {
        match self {
            Need::Daemon => "daemon",
            Need::Virsh => "virsh",
            Need::Python => "python",
            Need::Qemu => "qemu",
            Need::Guest => "guest",
            Need::Network => "network",
            Need::Root => "root",
            Need::Sasl => "sasl",
            Need::Polkit => "polkit",
            Need::Openssl => "openssl",
            Need::Ssh => "ssh",
            Need::Modular => "modular",
        }
    }

    fn parts(self) -> Vec<Part> {
        match self {
            Need::Daemon => vec![
                Part::Program("libvirtd", "libvirt-daemon"),
                Part::LibvirtUser,
                Part::Release,
            ],
            Need::Virsh => vec![Part::Program("virsh", "libvirt-clients")],
            Need::Python => vec![Part::PythonModule("libvirt", "python3-libvirt")],
            Need::Qemu => vec![
                Part::Driver("qemu", "libvirt-daemon-driver-qemu"),
                Part::Program("qemu-system-x86_64", "qemu-system-x86"),
                Part::Program("qemu-img", "qemu-utils"),
            ],
            Need::Guest => vec![Part::GuestImage],
            Need::Network => vec![
                Part::Root,
                Part::Program("dnsmasq", "dnsmasq-base"),
                Part::Program("iptables", "iptables"),
            ],
            Need::Root => vec![Part::Root, Part::Program("ip", "iproute2")],
            Need::Sasl => vec![
                Part::Program("saslpasswd2", "sasl2-bin"),
                Part::SaslModule("scram", "libsasl2-modules"),
            ],
            Need::Polkit => vec![
                Part::Root,
                Part::Polkitd,
                Part::Program("dbus-daemon", "dbus-daemon"),
            ],
            Need::Openssl => vec![Part::Program("openssl", "openssl")],
            Need::Ssh => vec![
                Part::Program("ssh", "openssh-client"),
                Part::Program("sshd", "openssh-server"),
                Part::Program("nc.openbsd", "netcat-openbsd"),
            ],
            Need::Modular => vec![Part::Modular],
        }
    }
}

/// Returns whether this process is root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Fails, with the packages to install, unless all of `needs` are met.
pub fn require(needs: &[Need]) -> Result<()> {
    let parts = needs
        .iter()
        .flat_map(|need| need.parts())
        .filter(|part| !part.is_there())
        .collect::<BTreeSet<_>>();
    if parts.is_empty() {
        Ok(())
    } else {
        Err(Error::Missing(Missing { parts }))
    }
}

/// Returns whether a test with these needs is to run.
///
/// `Ok(true)`: all are met. `Ok(false)`: `scripts/test` announced in [`WITHOUT`] that this run
/// leaves one of them out; the test returns at once. Everything else is an error, so that a machine
/// that lacks something never looks like one that passed.
pub fn available(needs: &[Need]) -> Result<bool> {
    let announced = env::var(WITHOUT).unwrap_or_default();
    match needs.iter().find(|need| announces(&announced, **need)) {
        Some(need) => {
            eprintln!("left out: needs {}, which {WITHOUT} names", need.name());
            Ok(false)
        }
        None => require(needs).map(|()| true),
    }
}

fn announces(announced: &str, need: Need) -> bool {
    announced.split(',').any(|name| name.trim() == need.name())
}

/// A part of a need. Ordered so that messages are always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// A program and the package it comes in.
    Program(&'static str, &'static str),
    /// One of libvirtd's loadable drivers and the package it comes in.
    Driver(&'static str, &'static str),
    /// One of the SASL library's mechanisms and the package it comes in.
    SaslModule(&'static str, &'static str),
    /// A module of the system's Python and the package it comes in.
    PythonModule(&'static str, &'static str),
    Polkitd,
    /// The user that a system daemon's QEMU driver was built for: without it the daemon does not
    /// start, whatever its configuration.
    LibvirtUser,
    GuestImage,
    Modular,
    /// The release in [`RELEASE`], if it is set.
    Release,
    Root,
}

impl Part {
    fn is_there(self) -> bool {
        match self {
            Part::Program(name, _) => program(name).is_some(),
            Part::Driver(name, _) => driver(name).is_some(),
            Part::SaslModule(name, _) => {
                let file = format!("sasl2/lib{name}.so");
                library_dirs(Path::new("/usr/lib")).iter().any(|dir| dir.join(&file).is_file())
            }
            Part::PythonModule(name, _) => {
                let file = format!("/usr/lib/python3/dist-packages/{name}.py");
                Path::new(&file).is_file()
            }
            Part::Polkitd => polkitd().is_some(),
            Part::LibvirtUser => !is_root() || driver("qemu").is_none() || has_user(LIBVIRT_USER),
            Part::GuestImage => {
                guest::is_cached()
                    || ["apt-get", "apt-cache", "dpkg-deb"]
                        .iter()
                        .all(|tool| program(tool).is_some())
            }
            // These are of the installed release, and use its libraries.
            Part::Modular => matches!(Release::of_environment(), Ok(None)) && modular::is_built(),
            Part::Release => match Release::of_environment() {
                Ok(None) => true,
                Ok(Some(release)) => is_root() && release.is_built(),
                Err(_) => false,
            },
            Part::Root => is_root(),
        }
    }

    fn package(self) -> Option<&'static str> {
        match self {
            Part::Program(_, package)
            | Part::Driver(_, package)
            | Part::SaslModule(_, package)
            | Part::PythonModule(_, package) => Some(package),
            Part::Polkitd => Some("polkitd"),
            Part::LibvirtUser | Part::GuestImage | Part::Modular | Part::Release | Part::Root => {
                None
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Program(name, package) => write!(f, "{name} (Debian package {package})"),
            Part::Driver(name, package) => {
                write!(f, "libvirtd's {name} driver (Debian package {package})")
            }
            Part::SaslModule(name, package) => {
                write!(f, "SASL's mechanism {name} (Debian package {package})")
            }
            Part::PythonModule(name, package) => {
                write!(f, "Python's module {name} (Debian package {package})")
            }
            Part::Polkitd => write!(f, "polkitd (Debian package polkitd)"),
            Part::LibvirtUser => write!(
                f,
                "the user {LIBVIRT_USER} (useradd -r -d /var/lib/libvirt -s /usr/sbin/nologin \
                 {LIBVIRT_USER})"
            ),
            Part::GuestImage => write!(
                f,
                "the guest's kernel, which is taken from a Debian package: apt-get, apt-cache and \
                 dpkg-deb, or a cache that another machine filled"
            ),
            Part::Modular => write!(
                f,
                "libvirt's daemons for one driver each, which scripts/setup --modular builds; only \
                 the installed release has them"
            ),
            Part::Release => write!(
                f,
                "the release of libvirt that {RELEASE} names, trixie or sid, which scripts/setup \
                 --release unpacks and only root can use"
            ),
            Part::Root => write!(f, "the rights of root"),
        }
    }
}

const LIBVIRT_USER: &str = "libvirt-qemu";

fn has_user(name: &str) -> bool {
    fs::read_to_string("/etc/passwd")
        .is_ok_and(|users| users.lines().any(|line| line.split(':').next() == Some(name)))
}

fn driver(name: &str) -> Option<PathBuf> {
    let file = format!("libvirt/connection-driver/libvirt_driver_{name}.so");
    library_dirs(Path::new("/usr/lib"))
        .into_iter()
        .map(|dir| dir.join(&file))
        .find(|path| path.is_file())
}

/// The parts that the machine lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    parts: BTreeSet<Part>,
}

impl Missing {
    /// Returns the Debian packages to install, each once, in alphabetical order.
    pub fn packages(&self) -> Vec<&'static str> {
        let packages: BTreeSet<_> = self.parts.iter().filter_map(|part| part.package()).collect();
        packages.into_iter().collect()
    }
}

impl std::error::Error for Missing {}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::from("this machine lacks:");
        for part in &self.parts {
            write!(text, "\n  {part}")?;
        }
        if self.parts.iter().any(|part| *part != Part::Root) {
            text.push_str("\nscripts/setup, run as root, installs it");
        }
        let packages = self.packages();
        if !packages.is_empty() {
            write!(
                text,
                "; by hand:\n  apt-get install -y --no-install-recommends {}",
                packages.join(" ")
            )?;
        }
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_parts_name_their_packages() {
        let missing = Missing {
            parts: [
                Part::Program("libvirtd", "libvirt-daemon"),
                Part::Driver("qemu", "libvirt-daemon-driver-qemu"),
                Part::Root,
            ]
            .into(),
        };
        assert_eq!(missing.packages(), ["libvirt-daemon", "libvirt-daemon-driver-qemu"]);
        let text = missing.to_string();
        assert!(text.contains("libvirtd (Debian package libvirt-daemon)"));
        assert!(text.contains(
            "apt-get install -y --no-install-recommends libvirt-daemon libvirt-daemon-driver-qemu"
        ));
    }

    #[test]
    fn announcement_names_whole_needs() {
        assert!(announces("qemu, network", Need::Qemu));
        assert!(announces("qemu, network", Need::Network));
        assert!(!announces("qemu-img", Need::Qemu));
        assert!(!announces("", Need::Qemu));
    }
}
