//! The environment of the process.

use std::env;
use std::path::PathBuf;

/// The parts of the environment that decide where sockets and configuration files are.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) is_root: bool,
    pub(crate) system_dir: PathBuf,
    /// The directory of the user's own daemons, if it is known.
    pub(crate) user_dir: Option<PathBuf>,
    /// The client's configuration file, if its directory is known.
    pub(crate) config_file: Option<PathBuf>,
    /// The directories to search for daemons that may be started; empty if none may.
    pub(crate) daemon_dirs: Vec<PathBuf>,
}

impl Environment {
    /// Reads the process's environment. Blocks where the system has to look up the user's home.
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

/// Returns the directories of daemons. libvirt's C client knows the directory it was built for.
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
