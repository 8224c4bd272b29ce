//! The example `migrate`.

use std::process::{Command, Output, Stdio};

use libvirt_client::Optional as _;
use rustix::process::{Pid, Signal, kill_process};

use super::emulation::outlive;
use super::hosts::Hosts;
use crate::programs::{assert_fails, example};

const FLAGS: [&str; 4] = ["--live", "--unsafe", "--migrateuri", "tcp://127.0.0.1"];

async fn run(source: &str, domain: &str, destination: &str, options: &[&str]) -> Output {
    let mut command = Command::new(example("migrate").await);
    command.args([source, domain, destination]).args(options);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// The lines that a migration that succeeded has printed.
#[track_caller]
fn lines(output: &Output) -> Vec<&str> {
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    str::from_utf8(&output.stdout).unwrap().lines().collect()
}

#[tokio::test]
async fn it_moves_a_guest_and_says_where() {
    outlive(async || {
        const NAME: &str = "migrate-example";
        let Some(hosts) = Hosts::start().await else {
            return;
        };
        let mut guest = hosts.counting(NAME).await;
        let uuid = guest.domain.uuid();
        let moved = run(&hosts.a.uri(), NAME, &hosts.b.uri(), &FLAGS).await;
        let [last] = lines(&moved)[..] else {
            panic!("{moved:?}")
        };
        let host = hosts.conn_b.hostname().await.unwrap();
        let rest = last.strip_prefix(&format!("{NAME} has moved to {host} in ")).unwrap();
        let (took, paused) = rest.split_once(", and was paused for ").unwrap();
        assert!(took.ends_with(" s") && paused.ends_with(" ms of it"), "{last}");
        guest.domain = hosts.conn_b.domain_lookup_by_uuid(uuid).await.unwrap();
        hosts.assert_runs_on(&hosts.conn_b, &guest).await;

        // Back, by the daemons themselves, and with each tenth.
        let uri = hosts.a.uri_over("tcp", "127.0.0.1").unwrap();
        let options = [
            "--live",
            "--unsafe",
            "--p2p",
            "--tunnelled",
            "--verbose",
            "--bandwidth=50",
        ];
        let moved = run(&hosts.b.uri(), NAME, &uri, &options).await;
        let lines = lines(&moved);
        let (last, tenths) = lines.split_last().unwrap();
        assert!(last.starts_with(&format!("{NAME} has moved to {uri} in ")), "{last}");
        assert!(!tenths.is_empty() && tenths.len() <= 11, "{tenths:?}");
        assert!(tenths.iter().all(|line| line.contains(" % of ") && line.contains(" MiB/s, ")));
        guest.domain = hosts.conn_a.domain_lookup_by_uuid(uuid).await.unwrap();
        hosts.assert_runs_on(&hosts.conn_a, &guest).await;
        guest.assert_same_run();

        let unknown = run(&hosts.a.uri(), "nobody", &hosts.b.uri(), &FLAGS).await;
        assert_fails(&unknown, "no domain with matching name 'nobody'");
        guest.domain.destroy().await.unwrap();
        hosts.assert_empty().await;
    })
    .await;
}

#[cfg(any(feature = "sasl", feature = "ssh"))]
#[tokio::test]
async fn ctrl_c_has_the_guest_go_on() {
    outlive(async || {
        const NAME: &str = "migrate-interrupted";
        let Some(hosts) = Hosts::start().await else {
            return;
        };
        let guest = hosts.counting(NAME).await;
        let (terminal, mut user) = crate::terminal::pair();
        let mut command = Command::new(example("migrate").await);
        command
            .args([&hosts.a.uri(), NAME, &hosts.b.uri()])
            // It would take minutes.
            .args(FLAGS)
            .args(["--bandwidth", "1"])
            .stdout(terminal)
            .stderr(Stdio::piped());
        let interrupted = tokio::task::spawn_blocking(move || {
            let child = command.spawn().unwrap();
            let shown = user.read_until(" MiB/s");
            assert!(shown.contains("\r[") && shown.contains(" % of "), "{shown:?}");
            kill_process(Pid::from_child(&child), Signal::INT).unwrap();
            child.wait_with_output().unwrap()
        });
        let interrupted = interrupted.await.unwrap();
        assert_eq!(interrupted.status.code(), Some(130), "{interrupted:?}");
        let errors = String::from_utf8(interrupted.stderr).unwrap();
        let aborted =
            "migrate: aborted; the guest is on the source running, on the destination absent";
        assert_eq!(errors.lines().last(), Some(aborted), "{errors}");

        hosts.assert_runs_on(&hosts.conn_a, &guest).await;
        let uuid = guest.domain.uuid();
        let there = hosts.conn_b.domain_lookup_by_uuid(uuid).await.optional().unwrap();
        assert!(there.is_none());
        guest.assert_same_run();
        guest.domain.destroy().await.unwrap();
        hosts.assert_empty().await;
    })
    .await;
}

#[tokio::test]
async fn what_it_does_not_understand_is_one_line() {
    let both = ["qemu:///system", "qemu:///system"];
    for (options, reason) in [
        (&["--lively"][..], "there is no option --lively; usage: migrate SOURCE DOMAIN"),
        (&["--bandwidth", "much"], "--bandwidth 'much': not such a number"),
        (&["--bandwidth"], "--bandwidth '': not such a number"),
        (&["--xml", "/nowhere"], "'/nowhere': No such file"),
        (&["--timeout-suspend"], "--timeout-suspend needs --timeout"),
        (&["--timeout=5", "--timeout-postcopy"], "--timeout-postcopy needs --postcopy"),
        (&["another"], "usage: migrate SOURCE DOMAIN DESTINATION"),
    ] {
        assert_fails(&run(both[0], "web", both[1], options).await, reason);
    }
}
