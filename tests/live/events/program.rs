//! The example `watch_events`.

use std::process::Stdio;

use rig::guest::Guest;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::common::{LIMIT, qemu};
use crate::programs::example;

#[tokio::test(flavor = "multi_thread")]
async fn it_prints_a_line_for_each_event() {
    let Some((daemon, _)) = qemu().await else {
        return;
    };
    let mut program = Command::new(example("watch_events").await);
    program.arg(daemon.uri()).stdout(Stdio::piped());
    let mut program = program.kill_on_drop(true).spawn().unwrap();
    let pid = Pid::from_raw(program.id().unwrap() as i32).unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    // It does not say when it has begun to listen, so something happens until it tells of it.
    let name = "events-program";
    let xml = Guest::new(name).xml().unwrap();
    let making = || {
        daemon.virsh_with_file(["define"], &xml).unwrap();
        daemon.virsh(["undefine", name]).unwrap();
    };
    let mut told: Vec<(String, String)> = Vec::new();
    let told_all = async {
        let mut next = async || {
            while let Some(line) = lines.next_line().await.unwrap() {
                let (time, rest) = line.split_once(' ').unwrap();
                if let Some(what) = rest.strip_prefix("domain events-program: ") {
                    told.push((time.to_owned(), what.to_owned()));
                    return;
                }
            }
            panic!("it ended");
        };
        loop {
            tokio::task::block_in_place(making);
            let waiting = tokio::time::timeout(std::time::Duration::from_millis(200), next());
            if waiting.await.is_ok() {
                break;
            }
        }
        tokio::task::block_in_place(making);
        for _ in 0..2 {
            next().await;
        }
    };
    tokio::time::timeout(LIMIT, told_all).await.unwrap();
    for (time, what) in told {
        let time = humantime::parse_rfc3339(&time).unwrap();
        assert!(time.elapsed().unwrap() < LIMIT);
        assert!(["defined: added", "undefined: removed"].contains(&&*what), "{what}");
    }
    kill_process(pid, Signal::INT).unwrap();
    assert!(program.wait().await.unwrap().success());
}

#[tokio::test]
async fn it_ends_when_it_was_told_to_and_says_what_is_wrong() {
    let Some((daemon, _)) = qemu().await else {
        return;
    };
    let run = async |args: &[&str]| {
        let output = Command::new(example("watch_events").await).args(args).output();
        output.await.unwrap()
    };
    let output = run(&[&daemon.uri(), "--seconds", "0"]).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stderr, b"");
    for args in [
        &["qemu:///system?socket=/nowhere", "--seconds", "1"][..],
        &[&daemon.uri(), "--seconds", "soon"],
        &[],
    ] {
        let output = run(args).await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.len() > 30, "{error}");
    }
}
