//! Questions of ssh's, which it asks on the terminal.

use std::fs;
use std::process::{Child, Command};

use rig::processes;
use tokio::time::{Duration, Instant};

use super::Host;
use crate::common::LIMIT;
use crate::programs::built;
use crate::terminal::{pair, run};

const PASSPHRASE: &str = "open sesame";
/// Runs a program as a job that is not the terminal's.
const IN_BACKGROUND: [&str; 4] = ["bash", "-c", "set -m; \"$@\" 0<&- & wait $!", "bash"];

/// A host whose client's key has a passphrase.
fn asking() -> Option<Host> {
    let host = Host::new()?;
    let mut change = Command::new("ssh-keygen");
    change.args(["-q", "-p", "-P", "", "-N", PASSPHRASE, "-f"]);
    let changed = change.arg(host.client.key()).output().unwrap();
    assert!(changed.status.success(), "{changed:?}");
    Some(host)
}

/// A process's state (`T` where it is stopped) and its group.
fn state(pid: u32) -> Option<(String, String)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_ascii_whitespace().map(str::to_owned);
    Some((fields.next()?, fields.nth(1)?))
}

/// Waits for the end of a program, none of whose processes may be stopped before that.
fn finish(mut child: Child) -> (bool, String) {
    let deadline = Instant::now() + LIMIT;
    while child.try_wait().unwrap().is_none() {
        let all = processes::tree(child.id()).unwrap();
        let is_stopped = all.iter().any(|it| state(it.pid).is_some_and(|(state, _)| state == "T"));
        if is_stopped || Instant::now() > deadline {
            processes::kill_tree(child.id()).unwrap();
            panic!("stopped: {is_stopped}; {all:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), text)
}

#[test]
fn are_asked_in_the_foreground() {
    let Some(host) = asking() else { return };
    let (terminal, mut user) = pair();
    let list = built("list");
    let uri = host.socket_uri();
    let child = run(&terminal, [list.as_os_str(), uri.as_ref()]);
    user.answer("Enter passphrase", PASSPHRASE, false);
    let (is_good, text) = finish(child);
    assert!(is_good && text.contains("test"), "{text}");
}

/// Whoever asked from there would be stopped, and the program with it.
#[test]
fn are_not_asked_in_the_background() {
    let Some(host) = asking() else { return };
    let (terminal, mut user) = pair();
    let list = built("list");
    let uri = host.socket_uri();
    let words = IN_BACKGROUND.map(std::ffi::OsStr::new);
    let program = [list.as_os_str(), uri.as_ref()];
    let child = run(&terminal, words.into_iter().chain(program));
    let (is_good, text) = finish(child);
    assert!(!is_good, "{text}");
    user.read_until("Permission denied (publickey)");
}

/// Programs of the user's own cannot be told. Where they ask all the same, they alone are stopped.
#[test]
fn other_programs_in_the_background_stop_nobody_else() {
    let (terminal, _user) = pair();
    let list = built("list");
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("nosy");
    super::ext::write_program(&program, "#!/bin/sh\nread answer </dev/tty\n");
    let uri = format!("test+ext:///default?command={}", program.display());
    let words = IN_BACKGROUND.map(std::ffi::OsStr::new);
    let words = words.into_iter().chain([list.as_os_str(), uri.as_ref()]);
    let mut child = run(&terminal, words);
    let deadline = Instant::now() + LIMIT;
    let nosy = loop {
        let all = processes::tree(child.id()).unwrap();
        let command = format!("/bin/sh {}", program.display());
        let nosy = all.iter().find(|it| it.command == command);
        match nosy.and_then(|it| state(it.pid)) {
            Some((state, group)) if state == "T" => break group,
            _ => assert!(Instant::now() < deadline, "{all:?}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let all = processes::tree(child.id()).unwrap();
    let name = list.display().to_string();
    let ours = all.iter().find(|it| it.command.starts_with(&name)).unwrap();
    let (state, group) = state(ours.pid).unwrap();
    assert!(state != "T" && group != nosy, "{all:?}");
    processes::kill_tree(child.id()).unwrap();
    child.wait().unwrap();
}
