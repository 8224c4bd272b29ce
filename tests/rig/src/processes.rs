//! The processes of this machine, from /proc.

use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

use crate::error::{Attempt as _, Result};

/// A process at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The PID.
    pub pid: u32,
    /// The parent's PID.
    pub parent: u32,
    /// The state, by the letter that `ps` shows: `Z` is a zombie.
    pub state: char,
    /// The words of its command line, separated by blanks; empty for a zombie.
    pub command: String,
}

/// Returns all processes.
pub fn all() -> Result<Vec<Process>> {
    let entries = fs::read_dir("/proc").attempt(|| String::from("reading /proc"))?;
    // Processes may end meanwhile.
    Ok(entries
        .flatten()
        .filter_map(|entry| look_at(entry.file_name().to_str()?.parse().ok()?))
        .collect())
}

/// Returns a process and its descendants, as far as their parents still run.
pub fn tree(pid: u32) -> Result<Vec<Process>> {
    let all = all()?;
    let mut tree: Vec<_> = all.iter().filter(|it| it.pid == pid).cloned().collect();
    let mut next = 0;
    while let Some(parent) = tree.get(next).map(|it| it.pid) {
        tree.extend(all.iter().filter(|it| it.parent == parent).cloned());
        next += 1;
    }
    Ok(tree)
}

/// Kills a process and its descendants.
pub fn kill_tree(pid: u32) -> Result<()> {
    for process in tree(pid)? {
        if let Some(pid) = Pid::from_raw(process.pid.cast_signed()) {
            // It may have ended together with its parent.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    Ok(())
}

fn look_at(pid: u32) -> Option<Process> {
    let dir = Path::new("/proc").join(pid.to_string());
    let stat = fs::read_to_string(dir.join("stat")).ok()?;
    // The name is in parentheses and may have any characters.
    let mut fields = stat.rsplit(')').next()?.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let words = fs::read(dir.join("cmdline")).ok()?;
    let command = String::from_utf8_lossy(&words).replace('\0', " ");
    Some(Process { pid, parent, state, command: command.trim_end().to_owned() })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn children_are_found_and_killed_with_their_children() -> Result<()> {
        let mut child = Command::new("sh")
            .args(["-c", "sleep 1000 & wait"])
            .spawn()
            .attempt(|| String::from("starting a shell"))?;
        let sleeping = loop {
            let found = tree(child.id())?;
            if let Some(sleeping) = found.iter().find(|it| it.command == "sleep 1000") {
                break sleeping.clone();
            }
        };
        assert_eq!(sleeping.parent, child.id());
        kill_tree(child.id())?;
        let status = child.wait().attempt(|| String::from("waiting"))?;
        assert!(!status.success());
        // Its new parent may take a while to reap it.
        while look_at(sleeping.pid).is_some_and(|it| it == sleeping) {}
        Ok(())
    }
}
