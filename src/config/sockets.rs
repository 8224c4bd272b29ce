//! The paths of a local daemon's sockets.

use std::path::{Path, PathBuf};

use super::{Config, Environment};
use crate::error::{Error, Result};
use crate::uri::{ConnectUri, Mode};

/// The drivers whose daemons a client without a URI looks for, in order.
const SYSTEM_DRIVERS: [&str; 6] = ["xen", "qemu", "lxc", "vbox", "bhyve", "vz"];
const USER_DRIVERS: [&str; 2] = ["qemu", "vbox"];

/// Returns the sockets that may serve `uri` (`None`: any daemon), preferred ones first. The first
/// that exists is to be used.
pub(crate) fn socket_candidates(
    uri: Option<&ConnectUri>,
    read_only: bool,
    environment: &Environment,
    config: &Config,
) -> Result<Vec<PathBuf>> {
    let mode = match uri {
        Some(uri) => config.mode_of(uri)?,
        None => config.remote_mode()?.unwrap_or_default(),
    };
    if let Some(path) = uri.and_then(|uri| uri.parameters().get("socket")) {
        return Ok(vec![PathBuf::from(path)]);
    }
    let per_user = uri.map_or(!environment.is_root, |uri| is_per_user(uri, environment));
    let dir = directory(per_user, environment)?;
    // A user's daemon has no separate read-only socket; there the flag alone has to do.
    let suffix = if read_only && !per_user { "-ro" } else { "" };
    let legacy = dir.join(format!("libvirt-sock{suffix}"));
    let modular = |driver: &str| dir.join(format!("virt{driver}d-sock{suffix}"));
    let direct = match (uri.map(ConnectUri::driver), per_user) {
        // The daemon is to choose the driver, so it must be one with several.
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

/// Returns the daemons that may be started for `uri` where none of the sockets serves, each with
/// its socket, preferred ones first.
pub(crate) fn startable(
    uri: Option<&ConnectUri>,
    environment: &Environment,
    sockets: &[PathBuf],
) -> Vec<(PathBuf, PathBuf)> {
    let is_named = uri.is_some_and(|uri| uri.parameters().get("socket").is_some());
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

/// Returns whether a connection goes to a user's own daemon, which root has none of.
pub(super) fn is_per_user(uri: &ConnectUri, environment: &Environment) -> bool {
    !environment.is_root && (uri.path() == "/session" || uri.scheme().starts_with("test+"))
}

/// Returns the directory of the sockets of a user's own daemons, or of the system's.
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
