//! The library that most programs use: libvirt-python, in programs that say what they see.

use std::path::Path;
use std::process::Stdio;

use rig::Need;

use super::clients::{Both, Said, said, said_up_to};
use super::differences;
use super::transcript::Transcript;

const PYTHON: &str = "/usr/bin/python3";

const FILES: [(&str, &str); 7] = [
    ("seen.py", include_str!("python/seen.py")),
    ("session.py", include_str!("python/session.py")),
    ("every_method.py", include_str!("python/every_method.py")),
    ("events.py", include_str!("python/events.py")),
    ("streams.py", include_str!("python/streams.py")),
    ("threads.py", include_str!("python/threads.py")),
    ("ending.py", include_str!("python/ending.py")),
];

#[tokio::test]
async fn a_session() {
    compare("session").await;
}

#[tokio::test]
async fn every_method_of_every_class() {
    compare("every_method").await;
}

#[tokio::test]
async fn events_in_their_order() {
    compare("events").await;
}

#[tokio::test]
async fn streams_and_their_ends() {
    compare("streams").await;
}

#[tokio::test]
async fn many_threads_and_connections() {
    compare("threads").await;
}

#[tokio::test]
async fn connections_that_are_kept_and_cut() {
    let Some(mut both) = start().await else {
        return;
    };
    let [daemon_uri, our_uri] = both.uris();
    let mut program = command(&both, "ending", &daemon_uri).spawn().unwrap();
    let before = said_up_to(&mut program, "== ready").await;
    let restart = move || {
        both.daemon.restart().unwrap();
        both
    };
    both = tokio::task::spawn_blocking(restart).await.unwrap();
    let theirs = transcript(&both, &before, ended(said(program).await));

    let mut program = command(&both, "ending", &our_uri).spawn().unwrap();
    let before = said_up_to(&mut program, "== ready").await;
    both.ours.cut().await;
    let ours = transcript(&both, &before, ended(said(program).await));
    differences::assert_known("ending", both.release, &theirs, &ours);
}

/// Runs a program on a daemon's host and on ours, and compares what it says.
async fn compare(program: &str) {
    let Some(both) = start().await else {
        return;
    };
    let mut seen = Vec::new();
    for uri in both.uris() {
        let mut command = command(&both, program, &uri);
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        seen.push(transcript(&both, "", ended(said(child).await)));
    }
    let [theirs, ours] = &seen[..] else {
        unreachable!()
    };
    differences::assert_known(program, both.release, theirs, ours);
}

async fn start() -> Option<Both> {
    if !rig::available(&[Need::Daemon, Need::Python]).unwrap() {
        return None;
    }
    let both = Both::start().await;
    for (name, text) in FILES {
        std::fs::write(both.daemon.scratch().join(name), text).unwrap();
    }
    Some(both)
}

fn command(both: &Both, program: &str, uri: &str) -> tokio::process::Command {
    let scratch = both.daemon.scratch();
    let mut command = both.command(PYTHON);
    command
        .arg(scratch.join(Path::new(program).with_extension("py")))
        .args([uri, scratch.to_str().unwrap()])
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Returns what a program has said, which must have succeeded.
fn ended(said: Said) -> String {
    assert!(said.is_success, "{}{}", said.out, said.err);
    said.out
}

/// Takes what was said apart: a label behind a mark, and lines with the value.
fn transcript(both: &Both, before: &str, after: String) -> Transcript {
    let mut transcript = Transcript::default();
    let text = both.without_sockets(&format!("{before}{after}"));
    let mut entry: Option<(&str, Vec<&str>)> = None;
    for line in text.lines().chain(["== "]) {
        match (line.strip_prefix("== "), &mut entry) {
            (Some(label), _) => {
                if let Some((label, value)) = entry.replace((label, Vec::new())) {
                    transcript.add(label, value.join("\n"));
                }
            }
            (None, Some((_, value))) => value.push(line),
            (None, None) => panic!("no label stands before {line:?}"),
        }
    }
    assert!(transcript.lines.len() > 10, "{text}");
    transcript
}
