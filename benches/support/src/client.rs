//! Client programs: ours and C's, measured as separate processes.
//!
//! Such a program does a row's work `count` times after a warm-up, and prints one [`Report`]. It
//! measures itself, so that its start is not part of the figures.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::str::FromStr;
use std::time::Instant;

use cpu_time::ProcessTime;

use crate::affinity::Cpus;
use crate::{Error, Result};

/// The beginning of a verb that is for a runtime of several threads.
pub const SEVERAL_THREADS: &str = "threads:";

/// The beginning of a verb for which C's client runs its event loop and asks for keepalive, as
/// long-running programs do. Ours always does.
pub const EVENT_LOOP: &str = "loop:";

/// The figures of one run of a client program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Wall time of the measured part, in nanoseconds.
    pub wall: u64,
    /// Processor time of all its threads in the measured part, in nanoseconds.
    pub cpu: u64,
    /// Calls made, lists taken, events seen.
    pub done: u64,
    /// A number computed from the replies; `done` times the value of one reply.
    pub check: u64,
    /// Events that the client dropped because it fell behind.
    pub lost: u64,
    /// The peak memory of the process, in KiB.
    pub peak: u64,
}

impl Report {
    /// Returns nanoseconds of wall time per operation.
    pub fn wall_each(&self) -> f64 {
        self.wall as f64 / self.done as f64
    }

    /// Returns nanoseconds of processor time per operation.
    pub fn cpu_each(&self) -> f64 {
        self.cpu as f64 / self.done as f64
    }

    /// Returns operations per second.
    pub fn rate(&self) -> f64 {
        1e9 / self.wall_each()
    }

    /// Returns the check value of one reply.
    pub fn check_each(&self) -> Result<u64> {
        match self.check.checked_rem(self.done) {
            Some(0) => Ok(self.check / self.done),
            _ => Err(format!("the replies differ from one another: {self}").into()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wall, cpu, done, check, lost, peak } = self;
        write!(f, "wall={wall} cpu={cpu} done={done} check={check} lost={lost} peak={peak}")
    }
}

impl FromStr for Report {
    type Err = Error;

    fn from_str(line: &str) -> Result<Self> {
        let field = |name: &str| -> Result<u64> {
            let words = line.split_whitespace().filter_map(|word| word.split_once('='));
            let mut values = words.filter(|(key, _)| *key == name).map(|(_, value)| value);
            let value = values.next().ok_or_else(|| format!("no {name} in {line:?}"))?;
            Ok(value.parse()?)
        };
        Ok(Self {
            wall: field("wall")?,
            cpu: field("cpu")?,
            done: field("done")?,
            check: field("check")?,
            lost: field("lost")?,
            peak: field("peak")?,
        })
    }
}

/// A measurement within a client program.
#[derive(Debug)]
pub struct Stopwatch {
    wall: Instant,
    cpu: ProcessTime,
}

/// Returns the high-water mark of this process's memory, in KiB.
fn peak_kib() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let mut lines = status.lines().filter_map(|line| line.strip_prefix("VmHWM:"));
    let value = lines.next().and_then(|rest| rest.split_whitespace().next());
    Ok(value.ok_or("no VmHWM in /proc/self/status")?.parse()?)
}

impl Stopwatch {
    /// Begins the measured part.
    pub fn start() -> Self {
        Self { cpu: ProcessTime::now(), wall: Instant::now() }
    }

    /// Ends the measured part.
    pub fn stop(self, done: u64, check: u64) -> Result<Report> {
        let wall = self.wall.elapsed().as_nanos() as u64;
        let cpu = self.cpu.elapsed().as_nanos() as u64;
        Ok(Report { wall, cpu, done, check, lost: 0, peak: peak_kib()? })
    }
}

/// A client program.
#[derive(Debug, Clone)]
pub struct Program {
    /// The path.
    pub path: PathBuf,
    /// Arguments in front of those of the work.
    pub args: Vec<String>,
}

/// The work of a client program.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The URI to connect to.
    pub uri: &'a str,
    /// The kind of work.
    pub verb: &'a str,
    /// The number of repetitions.
    pub count: u64,
    /// The number of tasks or threads.
    pub callers: u64,
}

impl Program {
    /// Returns the command line, after that of a program that watches it.
    pub fn command(&self, watcher: &[&str], work: &Work<'_>) -> Command {
        let mut words = watcher.iter().map(ToString::to_string);
        let mut command = match words.next() {
            Some(watcher) => {
                let mut command = Command::new(watcher);
                command.args(words).arg(&self.path);
                command
            }
            None => Command::new(&self.path),
        };
        command.args(&self.args).arg(work.uri).arg(work.verb);
        command.arg(work.count.to_string()).arg(work.callers.to_string());
        command
    }

    /// Does the work on these processors.
    pub fn run(&self, cpus: &Cpus, work: &Work<'_>) -> Result<Report> {
        let output = output(cpus, self.command(&[], work))?;
        String::from_utf8(output.stdout)?.parse()
    }
}

/// Runs a command, which must succeed, on these processors.
pub(crate) fn output(cpus: &Cpus, mut command: Command) -> Result<Output> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = cpus.spawn(&mut command)?.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}\n{}", output.status, said.trim_end()).into());
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_survive_the_pipe() {
        let report = Report { wall: 1, cpu: 2, done: 3, check: 6, lost: 4, peak: 5 };
        assert_eq!(report.to_string().parse::<Report>().unwrap(), report);
        assert_eq!(report.check_each().unwrap(), 2);
        assert!(Report { check: 7, ..report }.check_each().is_err());
        assert!(Report { done: 0, ..report }.check_each().is_err());
        assert!("wall=1 cpu=2".parse::<Report>().is_err());
    }
}
