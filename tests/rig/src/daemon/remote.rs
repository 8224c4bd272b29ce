//! Daemons for clients on other hosts, and for clients that must authenticate.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::process::Launch;
use super::{Builder, Daemon, Mode};
use crate::certificates::ServerFiles;
use crate::command::stdout_of_with_input;
use crate::error::{Attempt as _, Error, Result};
use crate::network::Port;
use crate::search::polkitd;

/// The time limit of creating a SASL user.
const SASL_LIMIT: Duration = Duration::from_secs(60);

/// The daemon's ports and authentication.
#[derive(Clone, Debug, Default)]
pub(super) struct Remote {
    pub(super) tcp: bool,
    pub(super) tls: Option<ServerFiles>,
    pub(super) sasl: Option<Sasl>,
    /// The polkit rules.
    pub(super) polkit: Option<String>,
}

/// The mechanisms and users of SASL.
#[derive(Clone, Debug)]
pub(super) struct Sasl {
    mechanisms: String,
    users: Vec<(String, String)>,
}

/// The ports of a running daemon.
#[derive(Debug, Default)]
pub(super) struct Ports {
    pub(super) tcp: Option<Port>,
    pub(super) tls: Option<Port>,
    /// For guests that arrive.
    pub(super) migration: Vec<Port>,
}

impl Builder {
    /// Listens on a TCP port of `127.0.0.1` too, without authentication, unless a
    /// [line](Self::conf_line) for `auth_tcp` or `listen_addr` says otherwise.
    pub fn listen_tcp(mut self) -> Self {
        self.remote.tcp = true;
        self
    }

    /// Listens for TLS on a port of `127.0.0.1` too, for all clients whose certificate its CA has
    /// issued, unless a [line](Self::conf_line) for `auth_tls` or `listen_addr` says otherwise.
    pub fn listen_tls(mut self, files: ServerFiles) -> Self {
        self.remote.tls = Some(files);
        self
    }

    /// Enables SASL with those mechanisms, separated by blanks, and those names and passwords.
    /// [Lines](Self::conf_line) such as `auth_tls = "sasl"` choose the sockets and ports that ask
    /// for it.
    pub fn sasl(mut self, mechanisms: &str, users: &[(&str, &str)]) -> Self {
        self.remote.sasl = Some(Sasl {
            mechanisms: mechanisms.to_owned(),
            users: users
                .iter()
                .map(|(name, password)| ((*name).to_owned(), (*password).to_owned()))
                .collect(),
        });
        self
    }

    /// Has polkit decide who may use the daemon's sockets, which all users can connect to: only
    /// root, unless `rules` (in polkit's JavaScript) allow others. System daemons only.
    pub fn polkit(mut self, rules: &str) -> Self {
        self.remote.polkit = Some(rules.to_owned());
        self
    }
}

impl Remote {
    pub(super) fn listens(&self) -> bool {
        self.tcp || self.tls.is_some()
    }

    /// Writes the needed files into the daemon's directory, reserves its ports, and returns its
    /// settings.
    pub(super) fn prepare(&self, dir: &Path) -> Result<(Ports, Vec<String>)> {
        let mut ports = Ports::default();
        let mut lines = Vec::new();
        if self.listens() {
            let switch = |name, on| format!("{name} = {}", i32::from(on));
            lines.extend([
                switch("listen_tcp", self.tcp),
                switch("listen_tls", self.tls.is_some()),
                String::from("listen_addr = \"127.0.0.1\""),
                String::from("auth_tcp = \"none\""),
                String::from("auth_tls = \"none\""),
            ]);
        }
        if self.tcp {
            let port = Port::reserve()?;
            lines.push(format!("tcp_port = \"{}\"", port.number()));
            ports.tcp = Some(port);
        }
        if let Some(files) = &self.tls {
            let port = Port::reserve()?;
            lines.push(format!("tls_port = \"{}\"", port.number()));
            ports.tls = Some(port);
            lines.extend(files.write(&make_dir(dir, "tls")?)?);
        }
        if let Some(sasl) = &self.sasl {
            let dir = make_dir(dir, "sasl")?;
            let text = format!(
                "mech_list: {}\nsasldb_path: {}\n",
                sasl.mechanisms,
                database(&dir).display()
            );
            write(&dir.join("libvirt.conf"), &text)?;
        }
        if let Some(rules) = &self.polkit {
            prepare_polkit(dir, rules)?;
            lines.extend(
                [
                    "auth_unix_ro = \"polkit\"",
                    "auth_unix_rw = \"polkit\"",
                    "unix_sock_ro_perms = \"0777\"",
                    "unix_sock_rw_perms = \"0777\"",
                ]
                .map(String::from),
            );
        }
        Ok((ports, lines))
    }

    /// Returns additions to the daemon's environment.
    pub(super) fn environment(&self, dir: &Path) -> Vec<(OsString, OsString)> {
        let mut environment = Vec::new();
        if self.sasl.is_some() {
            environment.push(("SASL_CONF_PATH".into(), dir.join("sasl").into()));
        }
        if self.polkit.is_some() {
            let address = format!("unix:path={}", bus(dir).display());
            environment.push(("DBUS_SYSTEM_BUS_ADDRESS".into(), address.into()));
        }
        environment
    }

    /// Creates the SASL users. This must run in the daemon's namespaces, because the host name is
    /// part of their names.
    pub(super) fn make_users(&self, dir: &Path, launch: &Launch) -> Result<()> {
        let Some(sasl) = &self.sasl else {
            return Ok(());
        };
        for (name, password) in &sasl.users {
            let mut command = launch.command("saslpasswd2".as_ref());
            command
                .args(["-p", "-c", "-a", "libvirt", "-f"])
                .arg(database(&dir.join("sasl")))
                .arg(name);
            let file = dir.join("sasl/password");
            write(&file, password)?;
            let input = File::open(&file).attempt(|| format!("opening {}", file.display()))?;
            stdout_of_with_input(&mut command, input, SASL_LIMIT)?;
            fs::remove_file(&file).attempt(|| format!("removing {}", file.display()))?;
        }
        Ok(())
    }
}

impl Daemon {
    /// Returns the connection URI over `tcp` or `tls`, by one of the names of this host.
    pub fn uri_over(&self, transport: &str, host: &str) -> Result<String> {
        let port = match transport {
            "tcp" => &self.ports.tcp,
            "tls" => &self.ports.tls,
            _ => &None,
        };
        let Some(port) = port else {
            return Err(Error::Failed(format!("the daemon does not listen for {transport}")));
        };
        let port = port.number();
        let (driver, path) = match (self.test_driver, self.mode()) {
            (true, _) => ("test", "default"),
            (false, Mode::System) => ("qemu", "system"),
            (false, Mode::Session) => ("qemu", "session"),
        };
        Ok(format!("{driver}+{transport}://{host}:{port}/{path}"))
    }

    /// Returns a command for a program in the daemon's namespaces, as an unprivileged user.
    ///
    /// polkit identifies a client by its PID, which is only valid there.
    pub fn command_as_nobody(&self, program: impl AsRef<Path>) -> Command {
        let mut command = self.command("setpriv");
        command
            .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"])
            .arg(program.as_ref());
        command
    }
}

fn database(dir: &Path) -> PathBuf {
    dir.join("passwd.db")
}

/// Returns the socket of polkit's message bus.
fn bus(dir: &Path) -> PathBuf {
    dir.join("polkit/bus")
}

/// Prepares a message bus of the daemon's own, which starts polkit on the first request, and the
/// directories that polkit reads.
fn prepare_polkit(dir: &Path, rules: &str) -> Result<()> {
    // Other users must be able to access the daemon's sockets, and polkit, which drops root's
    // privileges, its rules. Private files have permissions of their own.
    open_to_all(dir)?;
    let polkit = make_dir(dir, "polkit")?;
    for name in ["actions", "rules", "services"] {
        open_to_all(&make_dir(&polkit, name)?)?;
    }
    open_to_all(&polkit)?;
    let actions = [("monitor", "yes"), ("manage", "auth_admin_keep")].map(|(name, default)| {
        format!(
            "<action id='org.libvirt.unix.{name}'>
  <description>{name}</description><message>{name}</message>
  <defaults>
    <allow_any>{default}</allow_any>
    <allow_inactive>{default}</allow_inactive>
    <allow_active>{default}</allow_active>
  </defaults>
</action>
"
        )
    });
    write(
        &polkit.join("actions/rig.policy"),
        &format!("<policyconfig>\n{}</policyconfig>\n", actions.concat()),
    )?;
    write(&polkit.join("rules/10-rig.rules"), rules)?;
    let polkitd = polkitd().unwrap_or_default();
    write(
        &polkit.join("services/polkit.service"),
        &format!(
            "[D-BUS Service]\nName=org.freedesktop.PolicyKit1\nExec={} --no-debug\n",
            polkitd.display()
        ),
    )?;
    // A bus of the session type, because it starts services itself, with its own privileges.
    write(
        &polkit.join("bus.conf"),
        &format!(
            "<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{}</servicedir>
  <policy context='default'>
    <allow user='*'/>
    <allow own='*'/>
    <allow send_destination='*'/>
    <allow receive_sender='*'/>
  </policy>
</busconfig>
",
            bus(dir).display(),
            polkit.join("services").display()
        ),
    )
}

fn make_dir(parent: &Path, name: &str) -> Result<PathBuf> {
    let dir = parent.join(name);
    fs::create_dir_all(&dir).attempt(|| format!("creating {}", dir.display()))?;
    Ok(dir)
}

fn open_to_all(path: &Path) -> Result<()> {
    let permissions = fs::Permissions::from_mode(0o755);
    fs::set_permissions(path, permissions).attempt(|| format!("opening {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).attempt(|| format!("writing {}", path.display()))
}
