//! The table for scripts.

use std::process::{Command, Output};

use libvirt_client::domain::CreateFlags;
use rig::Daemon;
use rig::guest::Disk;

use crate::common::{GUESTS, describe, eventually, wait_for_shell};
use crate::programs::example;
use crate::shell::Shell;

async fn run(uris: &[&str]) -> Output {
    let mut command = Command::new(example("top").await);
    command.args(["--once", "--interval=0.5"]).args(uris);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// The lines of the table, field by field.
fn fields(output: &Output) -> Vec<Vec<&str>> {
    let text = str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| line.split('\t').collect()).collect()
}

#[tokio::test]
async fn it_says_what_guests_use() {
    if !rig::available(GUESTS).unwrap() {
        return;
    }
    let starting = tokio::task::spawn_blocking(|| Daemon::builder().start().unwrap());
    let daemon = starting.await.unwrap();
    let uri = daemon.uri();
    let conn = libvirt_client::Connect::open(&uri).await.unwrap();
    let disk = Disk::raw(daemon.scratch().join("top-once.raw"), 8).unwrap();
    let (xml, log) = describe(&daemon, "works", |guest| guest.disk(disk));
    let works = conn.domain_create_xml(&xml, CreateFlags::empty()).await.unwrap();
    let (xml, _) = describe(&daemon, "plain", |guest| guest.vcpus(2, 2));
    let xml = xml.replace("<name>plain</name>", "<name>a\tb</name>");
    conn.domain_define_xml(&xml).await.unwrap();
    wait_for_shell(&log).await;
    let mut shell = Shell::open(&works).await;
    let write = "dd if=/dev/zero of=/dev/vda bs=64k count=16 conv=fsync 2>/dev/null";
    shell.run(&format!("(while :; do {write}; done) &")).await;
    shell.close().await;

    eventually("it writes", async || {
        let output = run(&[&uri]).await;
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let lines = fields(&output);
        let [heading, rests, works] = &lines[..] else {
            panic!("{output:?}")
        };
        assert_eq!(heading[..5], ["host", "name", "state", "vcpus", "cpu_percent"]);
        assert!(lines.iter().all(|line| line.len() == heading.len()), "{output:?}");
        assert_eq!(rests[1..6], ["a\\tb", "shut off", "2", "-", "131072"]);
        assert!(rests[6..].iter().all(|field| *field == "-"), "{output:?}");
        assert_eq!(works[1..4], ["works", "running", "1"]);
        let number = |name: &str| {
            let place = heading.iter().position(|it| *it == name).unwrap();
            works[place].parse::<f64>().unwrap()
        };
        let used = number("used_kib");
        assert!(used > 0.0 && used < number("memory_kib"), "{output:?}");
        number("cpu_percent") > 0.0 && number("written_bytes_per_second") > 0.0
    })
    .await;
    works.suspend().await.unwrap();
    let output = run(&[&uri, "test+unix:///default?socket=/nowhere"]).await;
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        complaint.starts_with("top: /nowhere: cannot connect to /nowhere"),
        "{complaint}"
    );
    let lines = fields(&output);
    assert_eq!((lines.len(), &lines[2][1..3]), (3, &["works", "paused"][..]));
}
