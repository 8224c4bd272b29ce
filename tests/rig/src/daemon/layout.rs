//! The files of a private daemon.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Attempt as _, Error, Result};

/// The size of a socket address's path, with its terminating zero byte.
const SOCKET_PATH_LIMIT: usize = 108;

/// The longest path that libvirt makes for a socket of its own, from the daemon's directory:
/// a session guest's agent channel, whose guest has the longest name libvirt uses in paths.
const LONGEST_SOCKET: &str =
    "config/libvirt/qemu/channel/target/domain-99-12345678901234567890/org.qemu.guest_agent.0";

/// The kind of daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The privileged daemon, `qemu:///system`. Needs root.
    System,
    /// A user's own daemon, `qemu:///session`.
    Session,
}

/// The paths in a daemon's directory.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) dir: PathBuf,
    pub(super) mode: Mode,
}

impl Layout {
    /// Creates the directories of a daemon in `dir`.
    pub(super) fn create(dir: &Path, mode: Mode) -> Result<Self> {
        let layout = Self { dir: dir.to_owned(), mode };
        let longest = dir.join(LONGEST_SOCKET);
        if longest.as_os_str().len() >= SOCKET_PATH_LIMIT {
            return Err(Error::Failed(format!(
                "the temporary directory has too long a name for sockets in it, such as {}; set \
                 TMPDIR to a shorter one",
                longest.display()
            )));
        }
        let dirs: &[&str] = match mode {
            Mode::System => &["etc", "lib/images", "cache", "sock"],
            Mode::Session => &["config/libvirt", "cache"],
        };
        for name in dirs.iter().chain(&["run", "log", "home", "tmp", "scratch"]) {
            let path = dir.join(name);
            fs::create_dir_all(&path).attempt(|| format!("creating {}", path.display()))?;
        }
        // Session daemons require this of XDG_RUNTIME_DIR.
        let run = dir.join("run");
        fs::set_permissions(&run, fs::Permissions::from_mode(0o700))
            .attempt(|| format!("closing {} to others", run.display()))?;
        Ok(layout)
    }

    pub(super) fn conf_dir(&self) -> PathBuf {
        self.dir.join(match self.mode {
            Mode::System => "etc",
            Mode::Session => "config/libvirt",
        })
    }

    pub(super) fn socket_dir(&self) -> PathBuf {
        self.dir.join(match self.mode {
            Mode::System => "sock",
            Mode::Session => "run/libvirt",
        })
    }

    pub(super) fn log(&self) -> PathBuf {
        self.dir.join("log/libvirtd.log")
    }

    /// Returns the file with the daemon's standard output and error.
    pub(super) fn output(&self) -> PathBuf {
        self.dir.join("log/output")
    }

    pub(super) fn scratch(&self) -> PathBuf {
        self.dir.join("scratch")
    }

    /// Returns the environment of the daemon, complete but for `PATH`.
    pub(super) fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let mut environment = vec![
            ("LC_ALL", PathBuf::from("C")),
            ("HOME", self.dir.join("home")),
            // Also identifies the daemon's processes to a session daemon's supervisor.
            ("TMPDIR", self.dir.join("tmp")),
            // Keeps the daemon from the host's services (machine registration, sleep inhibitors,
            // its firewall).
            (
                "DBUS_SYSTEM_BUS_ADDRESS",
                PathBuf::from(format!("unix:path={}", self.dir.join("run/no-bus").display())),
            ),
        ];
        if self.mode == Mode::Session {
            environment.extend([
                ("XDG_RUNTIME_DIR", self.dir.join("run")),
                ("XDG_CONFIG_HOME", self.dir.join("config")),
                ("XDG_CACHE_HOME", self.dir.join("cache")),
            ]);
        }
        environment
    }
}
