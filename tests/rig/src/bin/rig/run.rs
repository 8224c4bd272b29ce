//! Running a command beside a private daemon.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use rig::{Daemon, Error, Result, guest};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The time for a command to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(10);

/// The options of the daemon beside the command.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    test_driver: bool,
    verbose: bool,
}

impl Options {
    /// Splits `words` into the options at their beginning and the command after them.
    pub(crate) fn split_off<'a>(mut words: &'a [&'a str]) -> (Self, &'a [&'a str]) {
        let mut options = Self::default();
        while let Some((word, rest)) = words.split_first() {
            match *word {
                "--test-driver" => options.test_driver = true,
                "--verbose" => options.verbose = true,
                "--" => return (options, rest),
                _ => break,
            }
            words = rest;
        }
        (options, words)
    }
}

/// Runs the command. Even when ended by a signal, this returns only after everything is cleaned up.
pub(crate) fn run(options: Options, command: &[&str]) -> Result<ExitCode> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Error::Failed(String::from("run what?")));
    };
    // Before there is anything to clean up.
    let mut signals =
        Signals::new([SIGCHLD, SIGHUP, SIGINT, SIGTERM]).map_err(Error::io("catching signals"))?;

    let mut command = Command::new(program);
    command.args(arguments);
    let mut builder = Daemon::builder();
    if options.test_driver {
        builder = builder.test_driver();
    } else {
        command.env("RIG_KERNEL", guest::kernel()?).env("RIG_INITRD", guest::initrd()?);
    }
    let daemon = builder.start()?;
    let say = |text: &str| {
        if options.verbose {
            eprintln!("rig: {text}");
        }
    };
    say(&format!("a private libvirtd serves {}", daemon.uri()));
    command.env("RIG_URI", daemon.uri()).env("RIG_DIR", daemon.scratch());
    if let Some(signal) = signals.pending().find(|signal| *signal != SIGCHLD) {
        daemon.shut_down()?;
        return Ok(code_of_signal(signal));
    }
    let mut child = command.spawn().map_err(Error::io(format!("starting {program}")))?;
    let code = wait(&mut child, &mut signals);
    daemon.shut_down()?;
    say("the private libvirtd and all that it started are gone");
    code
}

/// Waits for the child to end, and ends it on a signal.
fn wait(child: &mut Child, signals: &mut Signals) -> Result<ExitCode> {
    for signal in signals.forever() {
        if signal != SIGCHLD {
            end(child)?;
            return Ok(code_of_signal(signal));
        }
        if let Some(status) = child.try_wait().map_err(Error::io("waiting for the command"))? {
            return Ok(match (status.code(), status.signal()) {
                (Some(code), _) => ExitCode::from(code as u8),
                (None, Some(signal)) => code_of_signal(signal),
                (None, None) => ExitCode::FAILURE,
            });
        }
    }
    Err(Error::Failed(String::from("no more signals arrive")))
}

fn end(child: &mut Child) -> Result<()> {
    // SIGTERM in place of the signal received: with Ctrl-C the terminal has sent that to the child
    // too.
    kill_process(Pid::from_child(child), Signal::TERM).map_err(Error::io("ending the command"))?;
    let deadline = Instant::now() + GRACE;
    while child.try_wait().map_err(Error::io("waiting for the command"))?.is_none() {
        if Instant::now() >= deadline {
            child.kill().map_err(Error::io("waiting for the command"))?;
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Returns a shell's exit status for a death by signal.
fn code_of_signal(signal: i32) -> ExitCode {
    ExitCode::from((128 + signal) as u8)
}
