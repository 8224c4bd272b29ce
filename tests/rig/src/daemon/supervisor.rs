//! The supervisor: a process that outlives the owner of a daemon just long enough to clean up.
//!
//! A destructor does not run when a process is killed, nor for a static. So a shell script holds
//! the read end of a pipe, which is closed when the owner ends for any reason; then the script
//! kills all processes that the daemon started and removes the daemon's directory.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Pid;

use crate::command::wait_until;
use crate::error::{Attempt as _, Error, Result};
use crate::search::search_path;

const SUPERVISE_SYSTEM: &str = include_str!("supervise-system.sh");
const ENTER_SYSTEM: &str = include_str!("enter-system.sh");
const SUPERVISE_SESSION: &str = include_str!("supervise-session.sh");

/// Killing is quick, but a machine under load may have much to kill.
const SHUT_DOWN_LIMIT: Duration = Duration::from_secs(60);

/// The namespaces of a system daemon.
#[derive(Debug, Default)]
pub(super) struct System<'a> {
    pub(super) hostname: &'a str,
    /// The root directory that provides `/usr`, if not this system.
    pub(super) root: Option<&'a Path>,
    pub(super) own_network: bool,
    pub(super) polkit: bool,
}

#[derive(Debug)]
pub(super) struct Supervisor {
    child: Child,
    /// Dropping this ends everything.
    pipe: Option<ChildStdin>,
    /// The script's standard output. Kept open, so that it can always write.
    _reports: BufReader<ChildStdout>,
    reported: Pid,
}

impl Supervisor {
    /// Creates namespaces for a system daemon in `dir`.
    pub(super) fn for_system(dir: &Path, system: &System<'_>) -> Result<Self> {
        write_script(dir, "enter-system.sh", ENTER_SYSTEM)?;
        write_script(dir, "supervise-system.sh", SUPERVISE_SYSTEM)?;
        let mut command = Command::new("sh");
        let flag = |is_on| if is_on { "yes" } else { "" };
        command
            .arg(dir.join("supervise-system.sh"))
            .env("RIG_HOSTNAME", system.hostname)
            .env("RIG_ROOT", system.root.unwrap_or(Path::new("")))
            .env("RIG_OWN_NETWORK", flag(system.own_network))
            .env("RIG_POLKIT", flag(system.polkit));
        Self::start(command, dir)
    }

    /// Supervises a session daemon in `dir`.
    pub(super) fn for_session(dir: &Path) -> Result<Self> {
        write_script(dir, "supervise-session.sh", SUPERVISE_SESSION)?;
        let mut command = Command::new("sh");
        command.arg(dir.join("supervise-session.sh"));
        Self::start(command, dir)
    }

    fn start(mut command: Command, dir: &Path) -> Result<Self> {
        let mut child = command
            .env("RIG_DIR", dir)
            .env("PATH", search_path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .attempt(|| String::from("starting a daemon's supervisor"))?;
        let pipe = child.stdin.take();
        let mut reports = BufReader::new(
            child
                .stdout
                .take()
                .ok_or_else(|| Error::Failed(String::from("a supervisor has no output")))?,
        );
        let reported = match wait_for_ready(&mut reports) {
            Ok(pid) => pid,
            Err(error) => {
                drop(pipe);
                let _ = child.wait();
                return Err(error);
            }
        };
        Ok(Self { child, pipe, _reports: reports, reported })
    }

    /// Returns the process it reported: for a system daemon the first one in the namespaces.
    pub(super) fn reported(&self) -> Pid {
        self.reported
    }

    /// Ends all that the daemon started, removes the daemon's directory, and waits for that.
    pub(super) fn shut_down(&mut self) -> Result<()> {
        self.pipe = None;
        match wait_until(&mut self.child, Instant::now() + SHUT_DOWN_LIMIT)? {
            Some(_) => Ok(()),
            None => Err(Error::Failed(format!(
                "a daemon's supervisor, process {}, did not end within {SHUT_DOWN_LIMIT:?}",
                self.child.id()
            ))),
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if self.pipe.is_some()
            && let Err(error) = self.shut_down()
        {
            eprintln!("rig: {error}");
        }
    }
}

/// Reads up to the line "ready PID". Other lines are error messages, and end in failure.
fn wait_for_ready(reports: &mut impl BufRead) -> Result<Pid> {
    let mut complaints = String::new();
    let mut line = String::new();
    while reports
        .read_line(&mut line)
        .attempt(|| String::from("reading a supervisor's reports"))?
        > 0
    {
        if let Some(pid) = line.strip_prefix("ready ")
            && let Some(pid) = pid.trim().parse().ok().and_then(Pid::from_raw)
        {
            return Ok(pid);
        }
        complaints.push_str(&line);
        line.clear();
    }
    Err(Error::Failed(format!(
        "could not prepare the surroundings of a private daemon (a system daemon needs a root that \
         may create namespaces):\n{complaints}"
    )))
}

fn write_script(dir: &Path, name: &str, text: &str) -> Result<()> {
    let path = dir.join(name);
    fs::write(&path, text).attempt(|| format!("writing {}", path.display()))
}
