//! Binding of threads and processes to processors.

use std::fs;
use std::process::{Child, Command};

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::Result;

/// The processors that this process may use, or one of them.
#[derive(Clone)]
pub struct Cpus(CpuSet);

impl std::fmt::Debug for Cpus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.numbers()).finish()
    }
}

impl Cpus {
    /// Returns all processors that the calling thread may use.
    pub fn available() -> Result<Self> {
        Ok(Self(sched_getaffinity(None)?))
    }

    fn numbers(&self) -> impl Iterator<Item = usize> {
        (0..CpuSet::MAX_CPU).filter(|cpu| self.0.is_set(*cpu))
    }

    fn only(cpu: usize) -> Self {
        let mut set = CpuSet::new();
        set.set(cpu);
        Self(set)
    }

    /// Returns their number.
    pub fn count(&self) -> usize {
        self.0.count() as usize
    }

    /// Returns the first of them, where clients are measured.
    #[must_use]
    pub fn first(&self) -> Self {
        self.numbers().next().map_or_else(|| self.clone(), Self::only)
    }

    /// Returns the last of them, where peers run, so that they do not take time from the client if
    /// there is more than one processor.
    #[must_use]
    pub fn last(&self) -> Self {
        self.numbers().last().map_or_else(|| self.clone(), Self::only)
    }

    /// Binds the calling thread, and threads that it starts later, to these processors.
    fn bind_this_thread(&self) -> Result<()> {
        Ok(sched_setaffinity(None, &self.0)?)
    }

    /// Runs `action` on these processors, and then restores the previous ones.
    pub fn run<T>(&self, action: impl FnOnce() -> T) -> Result<T> {
        let before = Self::available()?;
        self.bind_this_thread()?;
        let result = action();
        before.bind_this_thread()?;
        Ok(result)
    }

    /// Starts a program on these processors.
    pub fn spawn(&self, command: &mut Command) -> Result<Child> {
        Ok(self.run(|| command.spawn())??)
    }

    /// Binds a process with all its threads to these processors.
    pub fn bind_process(&self, pid: u32) -> Result<()> {
        // A thread may be started while the list is read; the next pass finds it.
        for _pass in 0..2 {
            for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
                let thread = entry?.file_name();
                let thread = thread.to_str().and_then(|name| name.parse().ok());
                match sched_setaffinity(thread.and_then(Pid::from_raw), &self.0) {
                    Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }
}
