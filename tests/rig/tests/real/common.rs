//! What the tests of the rig have in common.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rig::{Error, Result};

/// Long enough for everything here, even on a machine that emulates many guests at once.
pub(crate) const LIMIT: Duration = Duration::from_secs(180);

/// Waits for something to become true.
pub(crate) fn eventually(what: &str, mut is_true: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    while !is_true()? {
        if Instant::now() >= deadline {
            return Err(Error::Failed(format!("not within {LIMIT:?}: {what}")));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// The processes that have a directory in their command line.
pub(crate) fn processes_with(dir: &Path) -> Vec<(u32, String)> {
    let dir = dir.to_string_lossy();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| {
            let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let line = String::from_utf8_lossy(&bytes).replace('\0', " ");
            line.contains(&*dir).then_some((pid, line))
        })
        .collect()
}

/// The state of a process, by the letter that `ps` shows.
pub(crate) fn state_of(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // It follows the name, which stands in parentheses and may hold anything.
    stat.rsplit(')').next()?.trim_start().chars().next()
}

/// Whether a process exists and has not ended.
pub(crate) fn is_alive(pid: u32) -> bool {
    state_of(pid).is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// Fails if a daemon left something behind.
pub(crate) fn assert_nothing_left(dir: &Path, processes: &[u32]) {
    assert!(!dir.exists(), "{} is still there", dir.display());
    let alive: Vec<_> = processes.iter().filter(|pid| is_alive(**pid)).collect();
    assert!(alive.is_empty(), "still running: {alive:?}");
    let named = processes_with(dir);
    assert!(named.is_empty(), "still running: {named:?}");
}
