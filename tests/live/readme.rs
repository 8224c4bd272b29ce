//! The first program of the README.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::common::test_driver;
use crate::programs::built;

fn run(uri: &str) -> Output {
    Command::new(built("readme")).arg(uri).output().unwrap()
}

#[test]
fn it_is_the_example() {
    let read = |path| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let (readme, example) = (read("README.md"), read("examples/readme.rs"));
    let (_, program) = readme.split_once("```rust,no_run\n").unwrap();
    let (program, _) = program.split_once("```").unwrap();
    let (_, example) = example.split_once("\n\n").unwrap();
    let uri = "    let uri = std::env::args().nth(1).unwrap_or_default();\n";
    assert!(example.contains(uri));
    let example = example.replace(uri, "");
    let example = example.replace("&uri", r#""qemu+ssh://root@kvm1.example.com/system""#);
    assert_eq!(program, example);
}

#[tokio::test]
async fn it_lists_the_domains() {
    let Some((daemon, _)) = test_driver().await else {
        return;
    };
    let output = run(&daemon.test_uri());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.lines().any(|line| line == "test                 Running, 2048 MiB"),
        "{text}"
    );
    assert!(output.status.success());
}

/// Where the host has a daemon of its own, it is not asked.
#[test]
fn it_says_what_the_readme_quotes_where_no_daemon_runs() {
    let sockets = ["virtqemud-sock", "libvirt-sock"];
    if sockets.iter().any(|name| Path::new("/var/run/libvirt").join(name).exists()) {
        return;
    }
    let readme = include_str!("../../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, quoted) = readme.split_once("with `qemu:///system` where nothing runs: `").unwrap();
    let (quoted, _) = quoted.split_once('`').unwrap();
    let output = run("qemu:///system");
    assert_eq!(String::from_utf8(output.stderr).unwrap().trim_end(), quoted);
}

#[test]
fn it_says_on_one_line_why_it_failed() {
    for (uri, expected) in [
        (
            "qemu:///system?socket=/missing",
            "Error: cannot connect to /missing: No such file or directory (os error 2); is the \
             daemon running?\n",
        ),
        (
            "qemu:///system?mode=none",
            "Error: invalid URI \"qemu:///system?mode=none\": mode is \"auto\", \"legacy\" or \
             \"direct\", not \"none\"\n",
        ),
    ] {
        let output = run(uri);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
        assert_eq!(output.status.code(), Some(1));
    }
}
