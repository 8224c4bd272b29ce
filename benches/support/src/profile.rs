//! Costs of a client program other than time, per operation.
//!
//! The program runs twice, doing little and doing more; the difference excludes what starting
//! needs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Result;
use crate::affinity::Cpus;
use crate::client::{Program, Work, output};

/// A counting tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// System calls, by the kernel's tracepoint: the program runs at full speed.
    Perf,
    /// System calls, by ptrace: the program runs slowly, so it may batch more.
    Strace,
    /// Instructions in user space.
    Callgrind,
    /// Allocations, reallocations included.
    Allocations,
    /// The bytes of all allocations, in KiB.
    Allocated,
}

impl Counter {
    /// Returns the better tool for system calls that this machine has.
    pub fn of_system_calls() -> Option<Self> {
        let works = |command: &mut Command| {
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        if works(Command::new("perf").args(["stat", "-e", "raw_syscalls:sys_enter", "true"])) {
            return Some(Self::Perf);
        }
        works(Command::new("strace").args(["-c", "-f", "true"])).then_some(Self::Strace)
    }

    /// Returns whether the machine has valgrind.
    pub fn has_valgrind() -> bool {
        let mut command = Command::new("valgrind");
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn watcher(self, file: &str) -> Vec<&str> {
        match self {
            Self::Perf => {
                vec![
                    "perf",
                    "stat",
                    "-x,",
                    "-o",
                    file,
                    "-e",
                    "raw_syscalls:sys_enter",
                    "--",
                ]
            }
            Self::Strace => vec!["strace", "-f", "-c", "-o", file, "--"],
            Self::Callgrind => {
                vec![
                    "valgrind",
                    "--tool=callgrind",
                    "--callgrind-out-file=/dev/null",
                ]
            }
            Self::Allocations | Self::Allocated => vec!["valgrind", "--undef-value-errors=no"],
        }
    }

    fn total(self, file: &str, stderr: &str) -> Option<f64> {
        let number = |word: &str| word.replace(',', "").parse().ok();
        match self {
            Self::Perf => {
                let line = file.lines().find(|line| line.contains("raw_syscalls"))?;
                number(line.split(',').next()?)
            }
            // % time, seconds, usecs/call, calls, (errors,) "total"
            Self::Strace => {
                let line = file.lines().find(|line| line.ends_with(" total"))?;
                number(line.split_whitespace().nth(3)?)
            }
            Self::Callgrind => {
                let line = stderr.lines().find(|line| line.contains("Collected :"))?;
                number(line.split_whitespace().last()?)
            }
            // A allocs, F frees, B bytes allocated
            Self::Allocations => number(heap_usage(stderr)?.split_whitespace().next()?),
            Self::Allocated => {
                let bytes: f64 = number(heap_usage(stderr)?.split_whitespace().nth(4)?)?;
                Some(bytes / 1024.0)
            }
        }
    }

    fn count(self, dir: &Path, cpus: &Cpus, program: &Program, work: &Work<'_>) -> Result<f64> {
        let file = dir.join("counted");
        let name = file.to_str().ok_or("a directory whose name is not UTF-8")?;
        let output = output(cpus, program.command(&self.watcher(name), work))?;
        let written = fs::read_to_string(&file).unwrap_or_default();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let total = self.total(&written, &stderr);
        Ok(total.ok_or_else(|| format!("{self:?} did not say a total:\n{written}{stderr}"))?)
    }

    /// Returns the count per operation, from one run that does `less` and one that does `more`;
    /// `dir` is for scratch files.
    pub fn each(
        self,
        dir: &Path,
        cpus: &Cpus,
        program: &Program,
        work: Work<'_>,
        [less, more]: [u64; 2],
    ) -> Result<f64> {
        let little = self.count(dir, cpus, program, &Work { count: less, ..work })?;
        let much = self.count(dir, cpus, program, &Work { count: more, ..work })?;
        // Each run also warms up; see `warm_up`.
        let done = (more + warm_up(more)) - (less + warm_up(less));
        Ok((much - little) / done as f64)
    }
}

/// Returns what memcheck says of the heap.
fn heap_usage(stderr: &str) -> Option<&str> {
    let (_, usage) = stderr.split_once("total heap usage: ")?;
    Some(usage)
}

/// Returns the number of repetitions before the measured part.
pub fn warm_up(count: u64) -> u64 {
    count / 10
}
