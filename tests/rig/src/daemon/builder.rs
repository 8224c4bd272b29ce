//! Options of a private daemon.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::layout::{Layout, Mode};
use super::process::{Launch, Namespaces};
use super::remote::Remote;
use super::supervisor::{Supervisor, System};
use super::{Daemon, config};
use crate::error::{Attempt as _, Error, Result};
use crate::need::{Need, is_root, require};
use crate::network::Port;
use crate::release::Release;
use crate::search::{program, search_path};

/// As many as a guest and its disks take, twice.
const MIGRATION_PORTS: u16 = 4;

/// A builder of daemons; [`start`](Builder::start) starts one.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    mode: Mode,
    test_driver: bool,
    conf: Vec<String>,
    qemu_conf: Vec<String>,
    arguments: Vec<OsString>,
    hostname: String,
    release: Choice,
    environment: Vec<(OsString, OsString)>,
    own_network: Option<bool>,
    migrates: bool,
    pub(super) remote: Remote,
}

/// The daemon's release.
#[derive(Clone, Copy, Debug)]
enum Choice {
    OfEnvironment,
    /// `None` is the installed one.
    Fixed(Option<Release>),
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            mode: if is_root() {
                Mode::System
            } else {
                Mode::Session
            },
            test_driver: false,
            conf: Vec::new(),
            qemu_conf: Vec::new(),
            arguments: Vec::new(),
            hostname: String::new(),
            release: Choice::OfEnvironment,
            environment: Vec::new(),
            own_network: None,
            migrates: false,
            remote: Remote::default(),
        }
    }

    /// Chooses a system daemon for root, a session daemon for everyone else. The default.
    pub fn auto(mut self) -> Self {
        self.mode = Self::new().mode;
        self
    }

    /// Chooses a system daemon in its own mount, UTS and PID namespaces. Needs root.
    pub fn system(mut self) -> Self {
        self.mode = Mode::System;
        self
    }

    /// Chooses a session daemon. Not for root, whose daemons are system daemons.
    pub fn session(mut self) -> Self {
        self.mode = Mode::Session;
        self
    }

    /// Chooses a daemon for `test:///default` alone, which needs no QEMU: [`Daemon::uri`] is its
    /// [`Daemon::test_uri`].
    pub fn test_driver(mut self) -> Self {
        self.test_driver = true;
        self
    }

    /// Adds a line to `libvirtd.conf`; it replaces an earlier line for the same setting.
    pub fn conf_line(mut self, line: impl Into<String>) -> Self {
        self.conf.push(line.into());
        self
    }

    /// Adds a line to `qemu.conf`; it replaces an earlier line for the same setting.
    pub fn qemu_conf_line(mut self, line: impl Into<String>) -> Self {
        self.qemu_conf.push(line.into());
        self
    }

    /// Adds an argument of libvirtd, such as `--listen`.
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets the host name that the daemon sees. System daemons only.
    pub fn hostname(mut self, name: impl Into<String>) -> Self {
        self.hostname = name.into();
        self
    }

    /// Sets the host's UUID, which tells the two ends of a migration apart. libvirtd refuses one
    /// whose bytes are all equal.
    pub fn host_uuid(self, uuid: &str) -> Self {
        self.conf_line(format!("host_uuid = \"{uuid}\""))
    }

    /// Gives the daemon ports of its own for guests that arrive over TCP; by default all daemons on
    /// a network try the same ones.
    pub fn migrates(mut self) -> Self {
        self.migrates = true;
        self
    }

    /// Chooses a daemon of that release, or the installed one for `None`, whatever
    /// [`RELEASE`](crate::RELEASE) says. System daemons only, but for the installed one.
    pub fn release(mut self, release: impl Into<Option<Release>>) -> Self {
        self.release = Choice::Fixed(release.into());
        self
    }

    /// Sets a variable of the daemon's environment, which otherwise has none of this process's.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Gives the daemon a network namespace of its own, which its virtual networks and firewall
    /// rules stay in and are removed with. The default of a system daemon, unless it gets
    /// `--listen`.
    pub fn own_network(mut self) -> Self {
        self.own_network = Some(true);
        self
    }

    /// Uses the network of this process, so that the two can connect over TCP. The default of a
    /// session daemon, and of one that gets `--listen`.
    pub fn host_network(mut self) -> Self {
        self.own_network = Some(false);
        self
    }

    /// Starts the daemon and returns once it serves.
    ///
    /// Fails with the missing packages, or with the log of a daemon that ended or did not serve
    /// within 20 s.
    pub fn start(mut self) -> Result<Daemon> {
        require(&self.needs())?;
        let release = match self.release {
            Choice::Fixed(release) => release,
            Choice::OfEnvironment => Release::of_environment()?,
        };
        if self.mode == Mode::Session {
            self.check_session(release)?;
        }
        let dir = tempfile::Builder::new()
            .prefix("rig-")
            // Anybody who can connect to a daemon without authentication controls it.
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .attempt(|| String::from("creating a temporary directory"))?;
        let layout = Layout::create(dir.path(), self.mode)?;
        let (mut ports, lines) = self.remote.prepare(dir.path())?;
        if self.migrates {
            ports.migration = Port::reserve_row(MIGRATION_PORTS)?;
            let numbers = ports.migration.iter().map(Port::number);
            for (name, number) in [("min", numbers.clone().min()), ("max", numbers.max())] {
                let number = number.unwrap_or_default();
                self.qemu_conf.push(format!("migration_port_{name} = {number}"));
            }
        }
        self.write_config(&layout, lines, release)?;
        let own_network = self.has_own_network();
        let supervisor = match self.mode {
            Mode::System => Supervisor::for_system(
                dir.path(),
                &System {
                    hostname: &self.hostname,
                    root: release.map(Release::root).transpose()?.as_deref(),
                    own_network,
                    polkit: self.remote.polkit.is_some(),
                },
            ),
            Mode::Session => Supervisor::for_session(dir.path()),
        }?;
        // From here on the supervisor removes it.
        let _ = dir.keep();
        let launch = self.launch(
            &layout,
            release,
            (self.mode == Mode::System)
                .then(|| Namespaces { of: supervisor.reported(), own_network }),
        )?;
        self.remote.make_users(&layout.dir, &launch)?;
        let mut daemon = Daemon {
            layout,
            launch,
            ports,
            test_driver: self.test_driver,
            release,
            process: None,
            parts: Vec::new(),
            supervisor,
        };
        daemon.restart()?;
        Ok(daemon)
    }

    fn needs(&self) -> Vec<Need> {
        let mut needs = vec![Need::Daemon];
        needs.extend((self.mode == Mode::System).then_some(Need::Root));
        needs.extend((!self.test_driver).then_some(Need::Qemu));
        needs.extend(self.remote.sasl.as_ref().map(|_| Need::Sasl));
        needs.extend(self.remote.polkit.as_ref().map(|_| Need::Polkit));
        needs
    }

    fn check_session(&self, release: Option<Release>) -> Result<()> {
        let problem = if is_root() {
            "what root starts is a system daemon; ask for that"
        } else if !self.hostname.is_empty() {
            "a session daemon has no host name of its own"
        } else if self.own_network == Some(true) {
            "a session daemon has no network of its own"
        } else if release.is_some() {
            "a session daemon is of the installed release"
        } else if self.remote.polkit.is_some() {
            "nobody but its user may use a session daemon, whatever polkit says"
        } else {
            return Ok(());
        };
        Err(Error::Failed(String::from(problem)))
    }

    fn has_own_network(&self) -> bool {
        let is_listen = |argument: &OsString| argument == "--listen" || argument == "-l";
        let listens = self.remote.listens() || self.arguments.iter().any(is_listen);
        self.own_network.unwrap_or(self.mode == Mode::System && !listens)
    }

    fn write_config(
        &self,
        layout: &Layout,
        mut lines: Vec<String>,
        release: Option<Release>,
    ) -> Result<()> {
        lines.extend(self.conf.iter().cloned());
        let (libvirtd, qemu) = match self.mode {
            Mode::System => (
                config::system(&layout.socket_dir(), &layout.log(), &lines),
                config::qemu_system(&self.qemu_conf),
            ),
            Mode::Session => {
                (config::session(&layout.log(), &lines), config::qemu_session(&self.qemu_conf))
            }
        };
        let mut files = vec![("libvirtd.conf", libvirtd), ("qemu.conf", qemu)];
        // A daemon that is configured for iptables does not start without it.
        if release.is_some() || program("iptables").is_some() {
            files.push(("network.conf", String::from(config::NETWORK)));
        }
        for (name, text) in files {
            let path = layout.conf_dir().join(name);
            fs::write(&path, text).attempt(|| format!("writing {}", path.display()))?;
        }
        Ok(())
    }

    fn launch(
        &self,
        layout: &Layout,
        release: Option<Release>,
        namespaces: Option<Namespaces>,
    ) -> Result<Launch> {
        let program = match release {
            Some(_) => PathBuf::from("/usr/sbin/libvirtd"),
            None => program("libvirtd")
                .ok_or_else(|| Error::Failed(String::from("libvirtd has disappeared")))?,
        };
        let mut arguments = vec![
            OsString::from("--config"),
            layout.conf_dir().join("libvirtd.conf").into(),
            OsString::from("--pid-file"),
            layout.dir.join("pid").into(),
        ];
        if self.remote.listens() {
            arguments.push("--listen".into());
        }
        arguments.extend(self.arguments.iter().cloned());
        let mut environment = vec![(OsString::from("PATH"), search_path())];
        for (name, value) in layout.environment() {
            environment.push((name.into(), value.into()));
        }
        environment.extend(self.remote.environment(&layout.dir));
        environment.extend(self.environment.iter().cloned());
        Ok(Launch { program, arguments, environment, namespaces })
    }
}
