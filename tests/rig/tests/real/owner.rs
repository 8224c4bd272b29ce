//! Whatever ends the owner of a daemon, nothing is left: neither the daemon, nor its guests, nor
//! its directory.

use std::io::{self, BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::common::{LIMIT, eventually, processes_with};
use rig::guest::{Guest, wait_ready};
use rig::{Error, Need, Result, available};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// `rig run` with a command that runs for ever.
struct Owner {
    process: Child,
    dir: PathBuf,
}

impl Owner {
    /// The command runs `script` first.
    fn start(options: &[&str], script: &str) -> Result<Self> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_rig"))
            .arg("run")
            .args(options)
            .args(["--", "sh", "-c"])
            .arg(format!("set -e; {script}\necho $RIG_DIR; exec sleep 1000"))
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(Error::io("starting the owner"))?;
        let stdout = process.stdout.take().ok_or(Error::Failed(String::from("no output")))?;
        // The last line that the script writes.
        let mut lines = BufReader::new(stdout).lines().map_while(io::Result::ok);
        let scratch = lines.find(|line| line.starts_with('/'));
        let dir = scratch.as_deref().map(Path::new).and_then(Path::parent);
        let dir = dir.ok_or(Error::Failed(String::from("no directory")))?.to_owned();
        assert!(dir.is_dir());
        Ok(Self { process, dir })
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    fn leaves_nothing(mut self) -> Result<()> {
        // What it ran is not its daemon's, and lives on if it was killed.
        let ended = self.process.wait().map_err(Error::io("waiting for the owner"))?;
        let what = format!("nothing is left of an owner that ended with {ended}");
        eventually(&what, || Ok(!self.dir.exists() && processes_with(&self.dir).is_empty()))
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Fails when nothing is left, which is as well.
        let _ = kill_process_group(self.pid(), Signal::KILL);
    }
}

#[test]
fn killed() -> Result<()> {
    if !available(&[Need::Daemon])? {
        return Ok(());
    }
    let owner = Owner::start(&["--test-driver"], "")?;
    kill_process(owner.pid(), Signal::KILL).map_err(Error::io("signalling"))?;
    owner.leaves_nothing()
}

#[test]
fn interrupted() -> Result<()> {
    if !available(&[Need::Daemon])? {
        return Ok(());
    }
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut owner = Owner::start(&["--test-driver"], "")?;
        kill_process(owner.pid(), signal).map_err(Error::io("signalling"))?;
        let status = owner.process.wait().map_err(Error::io("waiting for the owner"))?;
        assert_eq!(status.code(), Some(128 + signal.as_raw()));
        // It waited for the end of the clean-up.
        assert!(!owner.dir.exists());
        owner.leaves_nothing()?;
    }
    Ok(())
}

#[test]
fn killed_with_a_guest_and_a_hanging_daemon() -> Result<()> {
    if !available(&[Need::Daemon, Need::Qemu, Need::Guest, Need::Virsh])? {
        return Ok(());
    }
    let xml = Guest::new("g1").serial_log("SERIAL").xml()?;
    let script = format!(
        "sed s,SERIAL,$RIG_DIR/serial, >$RIG_DIR/xml <<'END'\n{xml}END\n\
         virsh -c $RIG_URI create $RIG_DIR/xml >/dev/null"
    );
    let owner = Owner::start(&[], &script)?;
    wait_ready(&owner.dir.join("scratch/serial"), LIMIT)?;
    let daemon = processes_with(&owner.dir)
        .into_iter()
        .find(|(_, line)| line.starts_with("/usr/sbin/libvirtd"))
        .and_then(|(pid, _)| Pid::from_raw(pid.cast_signed()))
        .ok_or(Error::Failed(String::from("no daemon")))?;
    kill_process(daemon, Signal::STOP).map_err(Error::io("signalling"))?;
    kill_process(owner.pid(), Signal::KILL).map_err(Error::io("signalling"))?;
    owner.leaves_nothing()
}

#[test]
fn exit_status_is_the_commands() -> Result<()> {
    if !available(&[Need::Daemon])? {
        return Ok(());
    }
    let status = Command::new(env!("CARGO_BIN_EXE_rig"))
        .args(["run", "--test-driver", "--", "sh", "-c", "exit 7"])
        .status()
        .map_err(Error::io("waiting for the owner"))?;
    assert_eq!(status.code(), Some(7));
    Ok(())
}
