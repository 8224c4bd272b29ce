//! Private daemons: libvirtd with a directory tree of its own, which shares nothing with the
//! host's libvirt and leaves nothing behind.

mod builder;
mod config;
mod layout;
mod log;
mod modular;
mod process;
mod remote;
mod supervisor;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

pub use builder::Builder;
pub use layout::Mode;
pub(crate) use log::tail;

use crate::command::{output_of, stdout_of};
use crate::error::{Attempt as _, Error, Result};
use crate::need::{Need, require};
use crate::release::Release;
use crate::search::{program, search_path};
use layout::Layout;
use process::{Launch, Process};
use remote::Ports;
use supervisor::Supervisor;

/// The time limit of a `virsh` command.
const VIRSH_LIMIT: Duration = Duration::from_secs(120);

/// A running private daemon.
///
/// Dropping it destroys its guests, ends every process it started and removes its directory. The
/// same happens when this process ends without dropping it: by a signal, by a panic that aborts,
/// or with the daemon in a static.
#[derive(Debug)]
pub struct Daemon {
    layout: Layout,
    launch: Launch,
    test_driver: bool,
    release: Option<Release>,
    process: Option<Process>,
    /// The daemons started in place of libvirtd.
    parts: Vec<(String, Process)>,
    ports: Ports,
    supervisor: Supervisor,
}

impl Daemon {
    /// Returns a builder with the defaults: a system daemon for root, a session daemon for others,
    /// each with QEMU.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Returns the kind of daemon.
    pub fn mode(&self) -> Mode {
        self.layout.mode
    }

    /// Returns the daemon's release, if it is not the installed one.
    pub fn release(&self) -> Option<Release> {
        self.release
    }

    /// Returns the connection URI: of the QEMU driver, or of the test driver if the daemon was
    /// started for that alone.
    pub fn uri(&self) -> String {
        if self.test_driver {
            return self.test_uri();
        }
        let path = match self.layout.mode {
            Mode::System => "system",
            Mode::Session => "session",
        };
        format!("qemu+unix:///{path}?socket={}", self.socket().display())
    }

    /// Returns the connection URI of the daemon's test driver.
    pub fn test_uri(&self) -> String {
        format!("test+unix:///default?socket={}", self.socket().display())
    }

    /// Returns the socket for all calls.
    pub fn socket(&self) -> PathBuf {
        self.layout.socket_dir().join("libvirt-sock")
    }

    /// Returns the socket for read-only clients. Session daemons have none.
    pub fn socket_ro(&self) -> Option<PathBuf> {
        (self.layout.mode == Mode::System).then(|| self.layout.socket_dir().join("libvirt-sock-ro"))
    }

    /// Returns the socket of the administration interface.
    pub fn admin_socket(&self) -> PathBuf {
        self.layout.socket_dir().join("libvirt-admin-sock")
    }

    /// Returns the directory of all of the daemon's files.
    pub fn dir(&self) -> &Path {
        &self.layout.dir
    }

    /// Returns a directory for the caller's own files, such as disk images. It is removed with the
    /// daemon.
    pub fn scratch(&self) -> PathBuf {
        self.layout.scratch()
    }

    /// Returns the path of the daemon's log.
    pub fn log(&self) -> PathBuf {
        self.layout.log()
    }

    /// Returns the daemon's PID, if it was not stopped.
    pub fn pid(&self) -> Option<u32> {
        self.process
            .as_ref()
            .map(|process| process.pid().as_raw_nonzero().get().cast_unsigned())
    }

    /// Ends the daemon, and waits; kills it if it does not end within 10 s. Its guests run on.
    pub fn stop(&mut self) -> Result<()> {
        self.take_process()?.terminate()
    }

    /// Kills the daemon as `kill -9` does, and waits. Its guests run on.
    pub fn kill9(&mut self) -> Result<()> {
        self.take_process()?.kill()
    }

    /// Restarts the daemon in the same directory, after stopping it if it runs. It reconnects to
    /// its guests.
    pub fn restart(&mut self) -> Result<()> {
        if self.process.is_some() {
            self.stop()?;
        }
        let socket = self.socket();
        self.process = Some(Process::start(&self.launch, &self.layout, &socket)?);
        Ok(())
    }

    /// Stops the daemon's process until [`sigcont`](Self::sigcont), and returns once it has
    /// stopped.
    pub fn sigstop(&self) -> Result<()> {
        self.process()?.stop()
    }

    /// Continues a daemon's process after [`sigstop`](Self::sigstop).
    pub fn sigcont(&self) -> Result<()> {
        self.process()?.resume()
    }

    /// Runs `virsh` against this daemon; it must succeed. Returns its standard output.
    pub fn virsh<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Result<String> {
        stdout_of(&mut self.virsh_command(&self.uri(), args)?, VIRSH_LIMIT)
    }

    /// Runs `virsh` against this daemon, whether it succeeds or not.
    pub fn virsh_output<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Output> {
        self.virsh_at(&self.uri(), args)
    }

    /// Runs `virsh` with another URI, such as that of another transport to this daemon, whether it
    /// succeeds or not.
    pub fn virsh_at<A: AsRef<OsStr>>(
        &self,
        uri: &str,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Output> {
        output_of(&mut self.virsh_command(uri, args)?, VIRSH_LIMIT)
    }

    /// Runs `virsh` with a file as the last argument, such as the XML of a new object. It must
    /// succeed.
    pub fn virsh_with_file<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
        contents: &str,
    ) -> Result<String> {
        let file = tempfile::NamedTempFile::new_in(self.scratch())
            .attempt(|| format!("creating a file in {}", self.scratch().display()))?;
        fs::write(&file, contents).attempt(|| format!("writing {}", file.path().display()))?;
        let mut command = self.virsh_command(&self.uri(), args)?;
        stdout_of(command.arg(file.path()), VIRSH_LIMIT)
    }

    /// Returns a command for a program in the daemon's namespaces, if it has any, and with its
    /// environment.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        self.launch.command(program.as_ref())
    }

    /// Returns a command like [`command`](Self::command), but on the network of this process.
    pub(crate) fn command_on_hosts_network(&self, program: &Path) -> Command {
        self.launch.command_on_hosts_network(program)
    }

    /// Returns the daemon's environment.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (String, String)> {
        let text = |value: &OsString| value.to_string_lossy().into_owned();
        let variables = self.launch.environment.iter();
        variables.map(move |(name, value)| (text(name), text(value)))
    }

    /// Returns the processes that belong to this daemon: itself, its guests, its helpers.
    pub fn processes(&self) -> Result<Vec<u32>> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").attempt(|| String::from("reading /proc"))? {
            let entry = entry.attempt(|| String::from("reading /proc"))?;
            if let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok())
                && self.owns(pid)
            {
                found.push(pid);
            }
        }
        Ok(found)
    }

    /// Ends everything as dropping does, but reports errors.
    pub fn shut_down(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        let killed = match self.process.take() {
            Some(process) => process.kill(),
            None => Ok(()),
        };
        let parts = self.parts.drain(..);
        let killed = parts.fold(killed, |killed, (_, process)| killed.and(process.kill()));
        // Even after a failure: this is what cleans up.
        self.supervisor.shut_down().and(killed)
    }

    fn virsh_command<A: AsRef<OsStr>>(
        &self,
        uri: &str,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Command> {
        require(&[Need::Virsh])?;
        let mut command = match self.release {
            // The virsh of the same release is in the daemon's namespaces.
            Some(_) => self.launch.command_on_hosts_network("virsh".as_ref()),
            None => Command::new(program("virsh").unwrap_or_else(|| "virsh".into())),
        };
        command
            .env_clear()
            .env("PATH", search_path())
            .env("LC_ALL", "C")
            .env("HOME", self.layout.dir.join("home"))
            .args(["--quiet", "--connect", uri])
            .args(args);
        Ok(command)
    }

    /// Returns whether a process belongs to this daemon. One that ends meanwhile does not.
    fn owns(&self, pid: u32) -> bool {
        if let Some(namespaces) = &self.launch.namespaces {
            let ours = fs::read_link(format!("/proc/{}/ns/pid", namespaces.of.as_raw_nonzero()));
            let theirs = fs::read_link(format!("/proc/{pid}/ns/pid"));
            matches!((ours, theirs), (Ok(ours), Ok(theirs)) if ours == theirs)
        } else {
            let mark = format!("TMPDIR={}", self.layout.dir.join("tmp").display());
            fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
                let mut variables = environment.split(|byte| *byte == 0);
                variables.any(|variable| variable == mark.as_bytes())
            })
        }
    }

    fn process(&self) -> Result<&Process> {
        self.process.as_ref().ok_or_else(not_running)
    }

    fn take_process(&mut self) -> Result<Process> {
        self.process.take().ok_or_else(not_running)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("rig: cleaning up after a daemon: {error}");
        }
    }
}

fn not_running() -> Error {
    Error::Failed(String::from("the daemon was stopped before"))
}
