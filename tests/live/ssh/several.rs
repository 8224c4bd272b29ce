//! The example that looks after several hosts.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use libvirt_client::Connect;
use rig::network::Port;
use rig::{Daemon, processes};
use rustix::process::{Pid, Signal, kill_process};

use super::{Host, NEEDS};
use crate::programs::{assert_fails, example};

/// One whose guests no other test knows.
fn host() -> Host {
    let daemon = Daemon::builder().test_driver().start().unwrap();
    Host::of(Box::leak(Box::new(daemon)), |server| server)
}

/// A host where nobody answers.
fn broken(host: &Host) -> (String, Port) {
    let port = Port::reserve().unwrap();
    let address = format!("127.0.0.1:{}", port.number());
    (host.socket_uri().replace(&host.server.address(), &address), port)
}

#[tokio::test]
async fn guests_are_listed_on_those_that_can_be_reached() {
    if !rig::available(NEEDS).unwrap() {
        return;
    }
    let (one, other) = (host(), host());
    let (broken, _reserved) = broken(&one);
    let (one, other) = (one.socket_uri(), other.socket_uri());
    let output = Command::new(example("qemu_ssh").await)
        .args([&one, &broken, &other])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let shown = String::from_utf8(output.stdout).unwrap();
    let mut shown: Vec<_> = shown.lines().collect();
    shown.sort_unstable();
    let mut expected = [one, other].map(|uri| format!("{uri} test is running"));
    expected.sort_unstable();
    assert_eq!(shown, expected);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert!(
        complaint.starts_with(&format!("qemu_ssh: {broken}: "))
            && complaint.contains("Connection refused"),
        "{complaint}"
    );

    let output = Command::new(example("qemu_ssh").await).arg("--watch").output();
    assert_fails(&output.unwrap(), "usage: qemu_ssh URI... [--watch]");
}

#[tokio::test]
async fn guests_are_followed_while_there_is_one_host() {
    if !rig::available(NEEDS).unwrap() {
        return;
    }
    let (stays, mut goes) = (host(), host());
    let (uri, lost) = (stays.socket_uri(), goes.socket_uri());
    let mut watching = Command::new(example("qemu_ssh").await)
        .args([&uri, &lost, "--watch"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut complaints = BufReader::new(watching.stderr.take().unwrap());
    let mut line = || lines.next().unwrap().unwrap();
    let mut first = [line(), line()];
    first.sort_unstable();
    let mut expected = [&uri, &lost].map(|uri| format!("{uri} test is running"));
    expected.sort_unstable();
    assert_eq!(first, expected);

    let conn = Connect::open(&stays.daemon.test_uri()).await.unwrap();
    let domain = conn.domain_lookup_by_name("test").await.unwrap();
    domain.suspend().await.unwrap();
    assert_eq!(line(), format!("{uri} test was paused (Paused)"));

    goes.server.kill9().unwrap();
    let mut complaint = String::new();
    complaints.read_line(&mut complaint).unwrap();
    assert!(
        complaint.starts_with(&format!("qemu_ssh: {lost}: "))
            && complaint.contains("closed by remote host"),
        "{complaint}"
    );
    domain.resume().await.unwrap();
    assert_eq!(line(), format!("{uri} test runs again (Unpaused)"));

    let children: Vec<_> = processes::tree(watching.id()).unwrap();
    assert_eq!(children.len(), 2, "{children:?}");
    let pid = Pid::from_raw(watching.id().cast_signed()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    assert_eq!(watching.wait().unwrap().code(), Some(1));
    let left = processes::all().unwrap();
    assert!(!left.iter().any(|it| it.pid == children[1].pid), "{left:?}");
    let mut rest = String::new();
    complaints.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}
