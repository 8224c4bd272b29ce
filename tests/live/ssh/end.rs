//! What becomes of ssh, and of a connection whose ssh has gone.

use std::net::TcpListener;

use libvirt_client::{CloseReason, Connect, Error, TunnelError};
use rig::{Daemon, processes};

use super::{Host, check};
use crate::common::eventually;

/// The programs of ours that were told this, and their children.
fn ours(mark: &str) -> Vec<u32> {
    let all = processes::tree(std::process::id()).unwrap();
    let marked = all.iter().filter(|it| it.command.contains(mark));
    // The rig's own server stands in the same tree, with its port in a file only.
    marked.map(|it| it.pid).collect()
}

/// Waits until none of these processes is there any more, not even as a zombie.
async fn gone(pids: &[u32]) {
    eventually("the processes are gone", async || {
        let all = processes::all().unwrap();
        !all.iter().any(|it| pids.contains(&it.pid))
    })
    .await;
}

/// What ssh is told of the port.
fn mark(host: &Host) -> String {
    format!("-p {} ", host.server.port())
}

#[tokio::test]
async fn nothing_is_left_of_closed_connections() {
    let Some(host) = Host::new() else { return };
    let uri = host.socket_uri();
    let conn = Connect::open(&uri).await.unwrap();
    let first = ours(&mark(&host));
    assert_eq!(first.len(), 1);
    conn.close().await;
    gone(&first).await;

    let conn = Connect::open(&uri).await.unwrap();
    let second = ours(&mark(&host));
    assert_eq!(second.len(), 1);
    drop(conn);
    gone(&second).await;
}

#[tokio::test]
async fn nothing_is_left_of_cancelled_openings() {
    let Some(host) = Host::new() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap();
    let uri = host.socket_uri().replace(&host.server.address(), &silent.to_string());
    let mark = format!("-p {} ", silent.port());
    let opening = async {
        eventually("ssh runs", async || !ours(&mark).is_empty()).await;
        let pids = ours(&mark);
        let errors = std::fs::read_link(format!("/proc/{}/fd/2", pids[0])).unwrap();
        assert!(has_open(&errors), "{errors:?}");
        (pids, errors)
    };
    let (pids, errors) = tokio::select! {
        opened = Connect::open(&uri) => panic!("{opened:?}"),
        both = opening => both,
    };
    gone(&pids).await;
    eventually("nobody listens to it", async || !has_open(&errors)).await;
}

/// Whether this process has a pipe open.
fn has_open(pipe: &std::path::Path) -> bool {
    let mut open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    open.any(|it| std::fs::read_link(it.path()).is_ok_and(|it| it == pipe))
}

/// A program that is not told by the end of its input, and neither are its children.
#[tokio::test]
async fn stubborn_programs_are_killed_with_their_children() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("stubborn");
    let text = "#!/bin/sh\ntrap '' TERM\nsleep 1000000\nsleep 1000000\n";
    super::ext::write_program(&program, text);
    let uri = format!("qemu+ext:///system?command={}", program.display());
    let mark = program.display().to_string();
    let tree = || {
        let roots = ours(&mark);
        let trees = roots.iter().map(|pid| processes::tree(*pid).unwrap());
        trees.flatten().map(|it| it.pid).collect::<Vec<_>>()
    };
    let pids = tokio::select! {
        opened = Connect::open(&uri) => panic!("{opened:?}"),
        () = eventually("both run", async || tree().len() == 2) => tree(),
    };
    gone(&pids).await;
}

#[test]
fn nothing_is_left_of_a_runtime() {
    let Some(host) = Host::new() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let conn = runtime.block_on(Connect::open(&host.socket_uri())).unwrap();
    let pids = ours(&mark(&host));
    assert_eq!(pids.len(), 1);
    drop(runtime);
    let all = processes::all().unwrap();
    assert!(!all.iter().any(|it| pids.contains(&it.pid)));
    assert!(!conn.is_alive());
}

fn tunnel_error(reason: CloseReason) -> TunnelError {
    match reason {
        CloseReason::Tunnel(error) => (*error).clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn calls_fail_when_ssh_is_killed() {
    let Some(host) = Host::new() else { return };
    let conn = Connect::open(&host.socket_uri()).await.unwrap();
    check(&conn).await;
    let [pid] = ours(&mark(&host))[..] else {
        panic!("not one ssh")
    };
    processes::kill_tree(pid).unwrap();
    let error = tunnel_error(conn.closed().await);
    let text = error.to_string();
    assert!(text.ends_with("/ssh to 127.0.0.1 ended with signal: 9 (SIGKILL)"), "{text}");
    let error = conn.hostname().await.unwrap_err();
    assert!(error.is_closed() && error.to_string().contains(&text), "{error}");
    gone(&[pid]).await;
}

#[tokio::test]
async fn calls_in_flight_fail_with_sshs_words_when_the_host_goes() {
    if !rig::available(super::NEEDS).unwrap() {
        return;
    }
    // One that can be made to hang.
    let daemon = Daemon::builder().test_driver().start().unwrap();
    let daemon: &'static Daemon = Box::leak(Box::new(daemon));
    let mut host = Host::of(daemon, |server| server);
    let conn = Connect::open(&host.socket_uri()).await.unwrap();
    check(&conn).await;
    daemon.sigstop().unwrap();
    let calls = (0..3).map(|_| {
        let conn = conn.clone();
        tokio::spawn(async move { conn.hostname().await })
    });
    let calls: Vec<_> = calls.collect();
    // They have been sent once this one has given up.
    let soon = conn.with_timeout(std::time::Duration::from_millis(10));
    assert!(soon.hostname().await.unwrap_err().is_timeout());
    host.server.kill9().unwrap();
    for call in calls {
        let Err(Error::Closed(reason)) = call.await.unwrap() else {
            panic!("it was answered")
        };
        let error = tunnel_error(reason);
        // Which of them depends on whether ssh was about to send something.
        let mut words = ["closed by remote host", "Broken pipe"].into_iter();
        let said = words.find(|words| error.stderr.contains(words));
        let said = said.unwrap_or_else(|| panic!("{error:?}"));
        let text = error.to_string();
        assert!(text.contains("/ssh to 127.0.0.1 ended") && text.contains(said), "{text}");
    }
}
