//! The daemon's process: its start, readiness, signals, and end.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;
use rustix::process::{Pid, Signal, kill_process};

use super::layout::Layout;
use super::log::last_words;
use crate::command::{POLL, wait_until};
use crate::error::{Attempt as _, Error, Result};
use crate::processes::kill_tree;

const START_LIMIT: Duration = Duration::from_secs(20);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// The command of the daemon, for its first and later starts.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: Vec<(OsString, OsString)>,
    /// The process whose namespaces it enters.
    pub(super) namespaces: Option<Namespaces>,
}

#[derive(Clone, Debug)]
pub(super) struct Namespaces {
    pub(super) of: Pid,
    pub(super) own_network: bool,
}

impl Launch {
    /// Returns a command for `program` in the daemon's namespaces and environment.
    pub(super) fn command(&self, program: &Path) -> Command {
        self.command_on(program, self.namespaces.as_ref().is_some_and(|it| it.own_network))
    }

    /// Returns a command like [`command`](Self::command), but on the network of this process.
    pub(super) fn command_on_hosts_network(&self, program: &Path) -> Command {
        self.command_on(program, false)
    }

    fn command_on(&self, program: &Path, own_network: bool) -> Command {
        let mut command = match &self.namespaces {
            None => Command::new(program),
            Some(namespaces) => {
                let mut command = Command::new("nsenter");
                command
                    .arg(format!("--target={}", namespaces.of.as_raw_nonzero()))
                    .args(["--mount", "--uts", "--pid", "--no-fork"])
                    .args(own_network.then_some("--net"))
                    .arg("--")
                    // Only a child is in the PID namespace. nsenter would fork one, but also stop
                    // itself when that is stopped; then nobody would reap it, and the namespace
                    // could never end.
                    .args(["sh", "-c", "\"$@\"; exit $?", "sh"])
                    .arg(program);
                command
            }
        };
        command
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A running daemon.
#[derive(Debug)]
pub(super) struct Process {
    /// The daemon itself, or the shell that waits for it.
    child: Child,
    pid: Pid,
}

impl Process {
    /// Starts the daemon and returns once it serves on that socket.
    pub(super) fn start(launch: &Launch, layout: &Layout, socket: &Path) -> Result<Self> {
        let path = layout.output();
        let output = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .attempt(|| format!("opening {}", path.display()))?;
        let errors = output.try_clone().attempt(|| format!("opening {}", path.display()))?;
        let mut child = launch
            .command(&launch.program)
            .args(&launch.arguments)
            .current_dir(&layout.dir)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .attempt(|| format!("starting {}", launch.program.display()))?;
        match wait_until_it_serves(&mut child, socket) {
            Ok(pid) => Ok(Self { child, pid }),
            Err(error) => {
                // It may have ended by itself. One that is only slow would have the next one find
                // its place taken.
                let _ = kill_tree(child.id());
                let _ = child.wait();
                Err(Error::Failed(format!("{error}\n{}", last_words(layout))))
            }
        }
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Stops the process, and returns once it has stopped.
    pub(super) fn stop(&self) -> Result<()> {
        kill_process(self.pid, Signal::STOP).attempt(|| format!("stopping {}", self.name()))?;
        let deadline = Instant::now() + STOP_LIMIT;
        while !self.has_stopped()? {
            if Instant::now() >= deadline {
                return Err(Error::Failed(format!(
                    "{} did not stop within {STOP_LIMIT:?}",
                    self.name()
                )));
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Continues a stopped daemon.
    pub(super) fn resume(&self) -> Result<()> {
        kill_process(self.pid, Signal::CONT).attempt(|| format!("resuming {}", self.name()))
    }

    /// Ends it with a signal, and waits. One that does not end in time is killed, which is an error.
    pub(super) fn end(mut self, signal: Signal) -> Result<ExitStatus> {
        match kill_process(self.pid, signal) {
            // A process that has ended already is fine, too.
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => Err(error).attempt(|| format!("ending {}", self.name()))?,
        }
        if let Some(status) = wait_until(&mut self.child, Instant::now() + STOP_LIMIT)? {
            return Ok(status);
        }
        // In its place nothing else could start.
        let _ = kill_process(self.pid, Signal::KILL);
        wait_until(&mut self.child, Instant::now() + STOP_LIMIT)?;
        Err(Error::Failed(format!("{} did not end within {STOP_LIMIT:?}", self.name())))
    }

    /// Returns whether all of its threads have stopped.
    fn has_stopped(&self) -> Result<bool> {
        let dir = format!("/proc/{}/task", self.pid.as_raw_nonzero());
        for thread in fs::read_dir(&dir).attempt(|| format!("reading {dir}"))? {
            let stat = thread.and_then(|thread| fs::read_to_string(thread.path().join("stat")));
            // A thread that has ended meanwhile shows that the others may still run, too. The state
            // follows the name, which is in parentheses.
            let stopped = stat.is_ok_and(|stat| {
                let state = stat.rsplit(')').next().unwrap_or_default();
                state.trim_start().starts_with('T')
            });
            if !stopped {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn name(&self) -> String {
        format!("the daemon, process {}", self.pid.as_raw_nonzero())
    }
}

fn wait_until_it_serves(child: &mut Child, socket: &Path) -> Result<Pid> {
    let deadline = Instant::now() + START_LIMIT;
    loop {
        if let Some(status) = wait_until(child, Instant::now())? {
            return Err(Error::Failed(format!("the daemon ended before it served: {status}")));
        }
        match ask(socket) {
            Ok(pid) => return Ok(pid),
            Err(error) if Instant::now() >= deadline => {
                return Err(Error::Failed(format!(
                    "the daemon did not serve within {START_LIMIT:?}: {}: {error}",
                    socket.display()
                )));
            }
            Err(_) => thread::sleep(POLL),
        }
    }
}

/// Makes the first call of any client (for the list of authentication schemes) and returns the
/// listening process. A connection alone proves little: the kernel accepts it while the daemon
/// still loads its drivers, which may yet fail.
fn ask(socket: &Path) -> io::Result<Pid> {
    const REMOTE_PROGRAM: u32 = 0x2000_8086;
    const VERSION: u32 = 1;
    const AUTH_LIST: u32 = 66;
    const CALL: u32 = 0;
    const SERIAL: u32 = 1;
    const OK: u32 = 0;
    const LENGTH: u32 = 28;

    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let call = [LENGTH, REMOTE_PROGRAM, VERSION, AUTH_LIST, CALL, SERIAL, OK];
    stream.write_all(call.map(u32::to_be_bytes).as_flattened())?;
    stream.read_exact(&mut [0; LENGTH as usize])?;
    Ok(socket_peercred(&stream)?.pid)
}
