use std::fs::{self, File};
use std::io::{self, Read as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{Client, make_key};
use crate::command::{POLL, stdout_of, wait_until};
use crate::daemon::{Daemon, Mode, tail};
use crate::error::{Attempt as _, Error, Result};
use crate::need::{Need, require};
use crate::network::Port;
use crate::processes::{Process, kill_tree, tree};
use crate::search::program;

const SERVER: &str = include_str!("server.sh");
const START_LIMIT: Duration = Duration::from_secs(20);

/// A builder of SSH servers.
#[derive(Debug)]
#[must_use]
pub struct Builder<'a> {
    daemon: &'a Daemon,
    keys: Vec<String>,
    lines: Vec<String>,
    environment: Vec<(String, String)>,
    by_password: bool,
}

/// The password of all users that a server accepts by password.
pub const PASSWORD: &str = "rig-secret";
/// Its hash, as in `/etc/shadow`.
const PASSWORD_HASH: &str = "$6$rigsalt$8vj7NSvlA5zxOpDV5ASPn5OGkzM4xAeMTtSHK9htpvAXcN.lQ0WR.nalLEwyAsv2YTCGD976W7asUgfEkcTMU.";

/// A running SSH server on a port of `127.0.0.1`. It ends when dropped, or with its daemon.
///
/// Users see the daemon's host: the daemon's `/run/libvirt`, `/etc/libvirt` and so on, and its
/// environment. The server of a system daemon accepts root and `nobody`, each with a home directory
/// that nothing else uses; that of a session daemon its own user.
#[derive(Debug)]
pub struct Server {
    dir: PathBuf,
    port: Port,
    host_key: String,
    child: Child,
    user: String,
}

impl Builder<'_> {
    /// Accepts the client's key, for any user.
    pub fn accept(mut self, client: &Client) -> Self {
        self.keys.push(client.public_key().to_owned());
        self
    }

    /// Accepts the client's key, with options such as `command="…"`.
    pub fn accept_with(mut self, options: &str, client: &Client) -> Self {
        self.keys.push(format!("{options} {}", client.public_key()));
        self
    }

    /// Adds a line to `sshd_config`, which takes precedence over the rig's own.
    pub fn conf_line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Accepts [`PASSWORD`] for all users, sent as such (`password`) or as the answer to a question
    /// (`keyboard-interactive`). System daemons only.
    pub fn accept_password(mut self, method: &str) -> Self {
        self.by_password = true;
        let settings: &[&str] = match method {
            "password" => &["PasswordAuthentication yes"],
            _ => &["KbdInteractiveAuthentication yes", "UsePAM yes"],
        };
        self.lines.extend(settings.iter().map(ToString::to_string));
        self
    }

    /// Sets a variable in the users' environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Limits the users to these programs.
    pub fn programs(self, names: &[&str]) -> Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix("bin-")
            .tempdir_in(self.daemon.scratch())
            .attempt(|| String::from("creating a directory"))?
            .keep();
        for name in names {
            let target = program(name)
                .ok_or_else(|| Error::Failed(format!("there is no program {name}")))?;
            std::os::unix::fs::symlink(&target, dir.join(name))
                .attempt(|| format!("linking {}", target.display()))?;
        }
        let path = dir.display().to_string();
        Ok(self.env("PATH", &path))
    }

    /// Starts the server and returns once it serves.
    pub fn start(self) -> Result<Server> {
        require(&[Need::Ssh])?;
        let dir = tempfile::Builder::new()
            .prefix("ssh-")
            .tempdir_in(self.daemon.dir())
            .attempt(|| String::from("creating a directory"))?
            // It is removed with the daemon's directory.
            .keep();
        let is_system = self.daemon.mode() == Mode::System;
        let port = Port::reserve()?;
        let host_key = make_key(&dir.join("host_key"))?;
        let home = dir.join("home");
        make_dir(&home)?;
        // Read with the privileges of the user who logs in.
        let seen = if is_system {
            Path::new("/home")
        } else {
            &*home
        };
        write(&home.join("authorized_keys"), &self.keys.join("\n"))?;
        if is_system {
            make_users(&dir, &home, self.by_password)?;
            // The usual paths, where clients on that host look for them.
            for socket in [Some(self.daemon.socket()), self.daemon.socket_ro()] {
                link_socket(socket, &self.daemon.dir().join("run"))?;
            }
        }
        let config = self.config(&dir, port.number(), &seen.join("authorized_keys"));
        write(&dir.join("sshd_config"), &config)?;
        let user = if is_system {
            String::from("root")
        } else {
            stdout_of(Command::new("id").arg("-un"), START_LIMIT)?.trim().to_owned()
        };
        let child = serve(self.daemon, &dir)?;
        let mut server = Server { dir, port, host_key, child, user };
        server.wait()?;
        Ok(server)
    }

    fn config(&self, dir: &Path, port: u16, keys: &Path) -> String {
        let mut lines = self.lines.clone();
        // The first of equal settings counts.
        lines.extend([
            format!("Port {port}"),
            String::from("ListenAddress 127.0.0.1"),
            format!("HostKey {}", dir.join("host_key").display()),
            format!("AuthorizedKeysFile {}", keys.display()),
            String::from("PermitRootLogin yes"),
            String::from("PasswordAuthentication no"),
            String::from("KbdInteractiveAuthentication no"),
            String::from("UsePAM no"),
            String::from("StrictModes no"),
            String::from("PidFile none"),
        ]);
        let mut environment = self.environment.clone();
        if self.daemon.mode() == Mode::Session {
            environment.extend(self.daemon.environment());
        }
        if !environment.is_empty() {
            let words = environment.iter().map(|(name, value)| format!("\"{name}={value}\""));
            lines.push(format!("SetEnv {}", words.collect::<Vec<_>>().join(" ")));
        }
        lines.join("\n") + "\n"
    }
}

impl Server {
    /// Returns a builder for a server on the host of that daemon.
    pub fn builder(daemon: &Daemon) -> Builder<'_> {
        Builder {
            daemon,
            keys: Vec::new(),
            lines: Vec::new(),
            environment: Vec::new(),
            by_password: false,
        }
    }

    /// Returns host and port, as in a URI.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Returns the host's public key.
    pub fn host_key(&self) -> &str {
        &self.host_key
    }

    /// Returns a user who may log in: root, or the user who runs the tests.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Returns the directory that the system daemon's root has as home.
    pub fn home(&self) -> PathBuf {
        self.dir.join("home/root")
    }

    /// Returns the server's log, for failed tests.
    pub fn log(&self) -> String {
        let log = self.dir.join("log");
        fs::read(&log).map_or_else(
            |error| format!("{}: {error}", log.display()),
            |bytes| tail(&String::from_utf8_lossy(&bytes)),
        )
    }

    /// Returns the server's current processes, itself included.
    pub fn processes(&self) -> Result<Vec<Process>> {
        tree(self.child.id())
    }

    /// Returns whether somebody is logged in, or about to be.
    pub fn is_in_use(&self) -> Result<bool> {
        // Since OpenSSH 9.8 a session has a program of its own.
        let is_session = |command: &str| {
            let names = ["sshd: ", "sshd-session: "];
            names.iter().any(|name| command.starts_with(name)) && !command.contains("[listener]")
        };
        let running = self.processes()?;
        Ok(running.iter().any(|it| is_session(&it.command)))
    }

    /// Kills the server and everything started through it at once, without notice to its clients,
    /// as in a power failure.
    pub fn kill9(&mut self) -> Result<()> {
        kill_tree(self.child.id())?;
        self.child.wait().attempt(|| String::from("waiting for sshd")).map(drop)
    }

    /// Starts the server again, on the same port and with the same keys, after it was
    /// [killed](Self::kill9). The daemon is the one that it was built for.
    pub fn restart(&mut self, daemon: &Daemon) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        // Of what was killed, the end is not waited for.
        while TcpStream::connect(("127.0.0.1", self.port())).is_ok() {
            if Instant::now() >= deadline {
                return Err(Error::Failed(String::from("the sshd that was killed serves on")));
            }
            thread::sleep(POLL);
        }
        self.child = serve(daemon, &self.dir)?;
        self.wait()
    }

    fn wait(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Some(status) = wait_until(&mut self.child, Instant::now())? {
                let said = self.log();
                return Err(Error::Failed(format!("sshd ended: {status}\n{said}")));
            }
            match greeting(self.port()) {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() >= deadline => {
                    let said = self.log();
                    return Err(Error::Failed(format!(
                        "sshd did not serve within {START_LIMIT:?}: {error}\n{said}"
                    )));
                }
                Err(_) => thread::sleep(POLL),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.kill9() {
            eprintln!("rig: ending sshd: {error}");
        }
    }
}

fn greeting(port: u16) -> io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut start = [0; 4];
    stream.read_exact(&mut start)?;
    if start == *b"SSH-" {
        Ok(())
    } else {
        Err(io::Error::other("this is no ssh server"))
    }
}

/// Creates the users of a system daemon's host: the machine's, of which root and nobody can log in.
fn make_users(dir: &Path, home: &Path, by_password: bool) -> Result<()> {
    const USERS: [(&str, &str); 2] = [
        ("root", "x:0:0:root:/home/root:/bin/bash"),
        ("nobody", "x:65534:65534:nobody:/home/nobody:/bin/sh"),
    ];
    let others =
        fs::read_to_string("/etc/passwd").attempt(|| String::from("reading /etc/passwd"))?;
    let mut users = Vec::new();
    let mut passwords = Vec::new();
    for (name, entry) in USERS {
        make_dir(&home.join(name))?;
        users.push(format!("{name}:{entry}"));
        // Without a password, they must not be locked either.
        let password = if by_password { PASSWORD_HASH } else { "*" };
        passwords.push(format!("{name}:{password}:19000:0:99999:7:::"));
    }
    let is_new = |line: &&str| {
        let name = line.split(':').next();
        !USERS.iter().any(|(known, _)| name == Some(known))
    };
    users.extend(others.lines().filter(is_new).map(String::from));
    write(&dir.join("passwd"), &(users.join("\n") + "\n"))?;
    write(&dir.join("shadow"), &(passwords.join("\n") + "\n"))?;
    let nobodys = home.join("nobody");
    std::os::unix::fs::chown(&nobodys, Some(65534), Some(65534))
        .attempt(|| format!("giving {} away", nobodys.display()))
}

/// Links a socket to its usual path, if another server has not done so before.
fn link_socket(socket: Option<PathBuf>, dir: &Path) -> Result<()> {
    let Some(socket) = socket else {
        return Ok(());
    };
    // A stopped daemon has none.
    if !socket.exists() {
        return Ok(());
    }
    let place = dir.join(socket.file_name().unwrap_or_default());
    match fs::hard_link(&socket, &place) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).attempt(|| format!("linking {}", place.display()))
        }
        _ => Ok(()),
    }
}

fn make_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir)
        .and_then(|()| fs::set_permissions(dir, fs::Permissions::from_mode(0o755)))
        .attempt(|| format!("creating {}", dir.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).attempt(|| format!("writing {}", path.display()))
}

/// Starts sshd with what the directory holds.
fn serve(daemon: &Daemon, dir: &Path) -> Result<Child> {
    let sshd = program("sshd").unwrap_or_else(|| PathBuf::from("/usr/sbin/sshd"));
    let mut command = if daemon.mode() == Mode::System {
        write(&dir.join("server.sh"), SERVER)?;
        let mut command = daemon.command_on_hosts_network("unshare".as_ref());
        command
            .args(["--mount", "--propagation", "private", "sh"])
            .arg(dir.join("server.sh"))
            .arg(sshd)
            .env("RIG_SSH_DIR", dir);
        command
    } else {
        daemon.command(sshd)
    };
    let log = dir.join("log");
    let output = File::create(&log).attempt(|| format!("creating {}", log.display()))?;
    command
        .args(["-D", "-e", "-f"])
        .arg(dir.join("sshd_config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(output)
        .process_group(0)
        .spawn()
        .attempt(|| String::from("starting sshd"))
}
