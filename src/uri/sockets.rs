//! Where a local daemon's sockets are.

use std::env;
use std::path::{Path, PathBuf};

use super::{Config, ConnectUri, Mode};
use crate::error::{Error, Result};

/// Drivers whose daemon a client without a URI looks for, in order.
const SYSTEM_DRIVERS: [&str; 6] = ["xen", "qemu", "lxc", "vbox", "bhyve", "vz"];
const USER_DRIVERS: [&str; 2] = ["qemu", "vbox"];

/// What of the process's surroundings decides where sockets are.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) is_root: bool,
    pub(crate) system_dir: PathBuf,
    /// The directory of the user's own daemons, if one can be told.
    pub(crate) user_dir: Option<PathBuf>,
    /// The client's configuration file, if its place can be told.
    pub(crate) config_file: Option<PathBuf>,
    /// Where to look for the programs of daemons that may be started, if any may.
    pub(crate) daemon_dirs: Vec<PathBuf>,
}

impl Environment {
    /// Blocks where the system has to look up the user's home.
    pub(crate) fn of_process() -> Self {
        let dir = |variable: &str| {
            env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
        };
        let is_root = rustix::process::geteuid().is_root();
        let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
        let in_home = |name: &str| home.as_deref().map(|home| home.join(name));
        let user_dir = dir("XDG_RUNTIME_DIR")
            .or_else(|| dir("XDG_CACHE_HOME"))
            .or_else(|| in_home(".cache"))
            .map(|dir| dir.join("libvirt"));
        let config_dir = if is_root {
            Some(PathBuf::from("/etc"))
        } else {
            dir("XDG_CONFIG_HOME").or_else(|| in_home(".config"))
        };
        Self {
            is_root,
            system_dir: PathBuf::from("/var/run/libvirt"),
            user_dir,
            config_file: config_dir.map(|dir| dir.join("libvirt/libvirt.conf")),
            daemon_dirs: daemon_dirs(),
        }
    }
}

/// Where the daemons' programs are. C's clients know the directory that libvirt was built for.
fn daemon_dirs() -> Vec<PathBuf> {
    if env::var_os("LIBVIRT_AUTOSTART").is_some_and(|value| value == "0") {
        return Vec::new();
    }
    let given = env::var_os("VIRTD_PATH").or_else(|| env::var_os("LIBVIRTD_PATH"));
    if let Some(dir) = given {
        return vec![PathBuf::from(dir)];
    }
    let usual = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    usual.into_iter().chain(env::split_paths(&path)).collect()
}

/// The sockets that may serve `uri` (`None`: whatever daemon there is), most wanted first. The first
/// that exists is to be used.
pub(crate) fn socket_candidates(
    uri: Option<&ConnectUri>,
    read_only: bool,
    environment: &Environment,
    config: &Config,
) -> Result<Vec<PathBuf>> {
    let mode = match uri {
        Some(uri) => uri.mode_or(config)?,
        None => config.remote_mode()?.unwrap_or_default(),
    };
    if let Some(path) = uri.and_then(|uri| uri.parameters.get("socket")) {
        return Ok(vec![PathBuf::from(path)]);
    }
    let per_user = uri.map_or(!environment.is_root, |uri| is_per_user(uri, environment));
    let dir = directory(per_user, environment)?;
    // A user's daemon has no separate read-only socket; there the flag alone has to do.
    let suffix = if read_only && !per_user { "-ro" } else { "" };
    let legacy = dir.join(format!("libvirt-sock{suffix}"));
    let modular = |driver: &str| dir.join(format!("virt{driver}d-sock{suffix}"));
    let direct = match (uri.map(|uri| uri.driver.as_str()), per_user) {
        // The daemon is to choose the driver, so it must be one that has several.
        (Some(""), _) => Vec::new(),
        (Some(driver), _) => vec![modular(driver)],
        (None, true) => USER_DRIVERS.map(modular).to_vec(),
        (None, false) => SYSTEM_DRIVERS.map(modular).to_vec(),
    };
    match mode {
        Mode::Legacy => Ok(vec![legacy]),
        Mode::Auto => Ok(direct.into_iter().chain([legacy]).collect()),
        Mode::Direct if direct.is_empty() => Err(Error::Unsupported(
            "mode=direct needs a driver in the URI's scheme: each driver has its own daemon"
                .to_owned(),
        )),
        Mode::Direct => Ok(direct),
    }
}

/// Which daemons may be started for `uri` where none of the sockets serves, with the socket of each,
/// most wanted first.
pub(crate) fn startable(
    uri: Option<&ConnectUri>,
    environment: &Environment,
    sockets: &[PathBuf],
) -> Vec<(PathBuf, PathBuf)> {
    let is_named = uri.is_some_and(|uri| uri.parameters.get("socket").is_some());
    if is_named || !uri.map_or(!environment.is_root, |uri| is_per_user(uri, environment)) {
        return Vec::new();
    }
    let programs = sockets.iter().flat_map(|socket| {
        let name = socket.file_name().unwrap_or_default().to_string_lossy();
        let program = match name.strip_suffix("-sock") {
            Some("libvirt") => "libvirtd".to_owned(),
            Some(daemon) => daemon.to_owned(),
            None => name.into_owned(),
        };
        let dirs = environment.daemon_dirs.iter();
        dirs.map(move |dir| (socket.clone(), dir.join(&program)))
    });
    programs.filter(|(_, program)| program.is_file()).collect()
}

/// Whether a connection goes to a user's own daemon: not if that user is root.
pub(super) fn is_per_user(uri: &ConnectUri, environment: &Environment) -> bool {
    !environment.is_root && (uri.path == "/session" || uri.scheme.starts_with("test+"))
}

/// Where the sockets of a user's own daemons are, or those of the system's.
pub(super) fn directory(per_user: bool, environment: &Environment) -> Result<&Path> {
    match (per_user, &environment.user_dir) {
        (false, _) => Ok(&environment.system_dir),
        (true, Some(dir)) => Ok(dir),
        (true, None) => Err(Error::Unsupported(
            "the user's daemon cannot be found: there is neither XDG_RUNTIME_DIR nor a home \
             directory"
                .to_owned(),
        )),
    }
}
