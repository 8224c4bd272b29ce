//! Where a local daemon's sockets are.

use std::env;
use std::path::{Path, PathBuf};

use super::{ConnectUri, Mode};
use crate::error::{Error, Result};

/// Drivers whose daemon a client without a URI looks for, in order.
const SYSTEM_DRIVERS: [&str; 6] = ["xen", "qemu", "lxc", "vbox", "bhyve", "vz"];
const USER_DRIVERS: [&str; 2] = ["qemu", "vbox"];

/// Drivers that have a daemon of their own.
const MODULAR_DRIVERS: [&str; 13] = [
    "qemu",
    "xen",
    "lxc",
    "vbox",
    "bhyve",
    "vz",
    "ch",
    "interface",
    "network",
    "nodedev",
    "nwfilter",
    "secret",
    "storage",
];

/// What of the process's surroundings decides where sockets are.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) is_root: bool,
    pub(crate) system_dir: PathBuf,
    /// The directory of the user's own daemons, if one can be told.
    pub(crate) user_dir: Option<PathBuf>,
    /// The user's directory of configuration files, if one can be told.
    pub(crate) config_dir: Option<PathBuf>,
}

impl Environment {
    pub(crate) fn of_process() -> Self {
        let dir = |variable: &str| {
            env::var_os(variable)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let home = dir("HOME");
        let in_home = |name: &str| home.as_deref().map(|home| home.join(name));
        let user_dir = dir("XDG_RUNTIME_DIR")
            .or_else(|| dir("XDG_CACHE_HOME"))
            .or_else(|| in_home(".cache"))
            .map(|dir| dir.join("libvirt"));
        Self {
            is_root: rustix::process::geteuid().is_root(),
            system_dir: PathBuf::from("/var/run/libvirt"),
            user_dir,
            config_dir: dir("XDG_CONFIG_HOME")
                .or_else(|| in_home(".config"))
                .map(|dir| dir.join("libvirt")),
        }
    }
}

/// The sockets that may serve `uri` (`None`: whatever daemon there is), most wanted first. The first
/// that exists is to be used.
pub(crate) fn socket_candidates(
    uri: Option<&ConnectUri>,
    read_only: bool,
    environment: &Environment,
) -> Result<Vec<PathBuf>> {
    if let Some(path) = uri.and_then(|uri| uri.parameters.get("socket")) {
        return Ok(vec![PathBuf::from(path)]);
    }
    let mode = uri.map_or(Ok(Mode::Auto), ConnectUri::mode)?;
    let per_user = !environment.is_root && uri.is_none_or(is_for_user);
    let dir = match (per_user, &environment.user_dir) {
        (false, _) => environment.system_dir.clone(),
        (true, Some(dir)) => dir.clone(),
        (true, None) => {
            return Err(Error::Unsupported(
                "the user's daemon cannot be found: neither XDG_RUNTIME_DIR nor HOME is set"
                    .to_owned(),
            ));
        }
    };
    // A user's daemon has no separate read-only socket; there the flag alone has to do.
    let suffix = if read_only && !per_user { "-ro" } else { "" };
    let legacy = dir.join(format!("libvirt-sock{suffix}"));
    let modular = |driver: &str| modular_socket(&dir, driver, suffix);

    let driver = uri
        .map(|uri| uri.driver.as_str())
        .filter(|driver| !driver.is_empty());
    let direct: Vec<PathBuf> = match (driver, per_user) {
        (Some(driver), _) if MODULAR_DRIVERS.contains(&driver) => vec![modular(driver)],
        (Some(_), _) => Vec::new(),
        (None, true) => USER_DRIVERS.map(modular).to_vec(),
        (None, false) => SYSTEM_DRIVERS.map(modular).to_vec(),
    };
    match mode {
        Mode::Legacy => Ok(vec![legacy]),
        Mode::Auto => Ok(direct.into_iter().chain([legacy]).collect()),
        Mode::Direct if direct.is_empty() => Err(Error::Unsupported(format!(
            "mode=direct needs a driver with a daemon of its own, which {:?} is not",
            driver.unwrap_or_default()
        ))),
        Mode::Direct => Ok(direct),
    }
}

fn modular_socket(dir: &Path, driver: &str, suffix: &str) -> PathBuf {
    dir.join(format!("virt{driver}d-sock{suffix}"))
}

/// Whether an ordinary user's connection goes to a daemon of their own.
fn is_for_user(uri: &ConnectUri) -> bool {
    uri.path == "/session" || (uri.driver == "test" && uri.as_str().starts_with("test+"))
}
