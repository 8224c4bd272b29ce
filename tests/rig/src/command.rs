//! Running programs to their end, with a time limit.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Attempt as _, Error, Result};

/// The interval of checks whether a process has ended.
pub(crate) const POLL: Duration = Duration::from_millis(5);

/// Runs a program, which must succeed, and returns its standard output.
pub(crate) fn stdout_of(command: &mut Command, limit: Duration) -> Result<String> {
    stdout_of_with_input(command, Stdio::null(), limit)
}

/// Runs a program with this standard input, and returns its standard output.
pub(crate) fn stdout_of_with_input(
    command: &mut Command,
    input: impl Into<Stdio>,
    limit: Duration,
) -> Result<String> {
    let bytes = bytes_of(command, input, limit)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs a program, and returns its standard output as bytes.
pub(crate) fn bytes_of(
    command: &mut Command,
    input: impl Into<Stdio>,
    limit: Duration,
) -> Result<Vec<u8>> {
    let output = output_with_input(command, input.into(), limit)?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(Error::Failed(format!(
            "{} failed, {}:\n{}{}",
            describe(command),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        )))
    }
}

/// Runs a program and returns its output, whether it succeeds or not. Kills it after `limit`.
pub(crate) fn output_of(command: &mut Command, limit: Duration) -> Result<Output> {
    output_with_input(command, Stdio::null(), limit)
}

fn output_with_input(command: &mut Command, input: Stdio, limit: Duration) -> Result<Output> {
    let mut child = command
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .attempt(|| format!("starting {}", describe(command)))?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let ended = wait_until(&mut child, Instant::now() + limit)?;
    if ended.is_none() {
        kill_group(&mut child)?;
    }
    let stdout = stdout.join().unwrap_or_default();
    let stderr = stderr.join().unwrap_or_default();
    match ended {
        Some(status) => Ok(Output { status, stdout, stderr }),
        None => Err(Error::Failed(format!(
            "{} did not end within {limit:?}; it wrote:\n{}{}",
            describe(command),
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr),
        ))),
    }
}

/// Waits for the child; `None` when it still runs at the deadline.
pub(crate) fn wait_until(child: &mut Child, deadline: Instant) -> Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait().attempt(|| format!("waiting for process {}", child.id()))?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        thread::sleep(POLL);
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is still worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn kill_group(child: &mut Child) -> Result<()> {
    let group = rustix::process::Pid::from_child(child);
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL)
        .attempt(|| format!("killing process group {}", child.id()))?;
    child.wait().attempt(|| format!("waiting for process {}", child.id()))?;
    Ok(())
}

fn describe(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_of_a_program() -> Result<()> {
        let text = stdout_of(Command::new("echo").arg("hello"), Duration::from_secs(10))?;
        assert_eq!(text, "hello\n");
        Ok(())
    }

    #[test]
    fn failure_shows_status_and_output() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo because >&2; exit 3"]);
        let error = stdout_of(&mut command, Duration::from_secs(10)).map_err(|e| e.to_string());
        assert!(
            matches!(&error, Err(text) if text.contains("because") && text.contains('3')),
            "{error:?}"
        );
    }

    #[test]
    fn endless_programs_are_killed_with_their_children() {
        let mut command = Command::new("sh");
        // The inner process holds the output pipe open: unless it dies too, this never returns.
        command.args(["-c", "echo started; sleep 1000 & sleep 1000"]);
        let error = stdout_of(&mut command, Duration::from_millis(200)).map_err(|e| e.to_string());
        assert!(matches!(&error, Err(text) if text.contains("did not end")), "{error:?}");
    }
}
