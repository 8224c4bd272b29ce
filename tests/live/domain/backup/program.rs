//! The example `backup`.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Output, Stdio};

use libvirt_client::Optional as _;
use libvirt_client::domain::Domain;
use libvirt_client::domain::checkpoint::ListFlags;
use rig::guest::Disk;
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

use super::super::image;
use super::{CLUSTER, write};
use crate::common::{LIMIT, define, discard, eventually, mkfifo, qemu, wait_for_shell};
use crate::programs::{assert_fails, example};
use crate::shell::Shell;

#[tokio::test]
async fn a_file_follows_a_disk_by_what_has_changed() {
    let program = example("backup").await;
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "backup-program";
    let path = |name: &str| daemon.scratch().join(format!("backup-program.{name}"));
    let disk = Disk::qcow2(path("disk"), 16).unwrap();
    let guest = define(daemon, &conn, name, |guest| guest.disk(disk)).await;
    let domain = &guest.domain;
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;
    let mut shell = Shell::open(domain).await;
    let (uri, file) = (daemon.uri(), path("file & co"));
    let command = |since: &[&str]| {
        let mut program = Command::new(&program);
        program.args([&uri, name, "vda"]).arg(&file).args(since).kill_on_drop(true);
        program
    };
    let run = async |since: &[&str]| command(since).output().await.unwrap();
    // The checkpoint that it made, and how many bytes of how many it says to have read.
    let done = |output: Output| {
        // There is no terminal to draw on.
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        let (amount, next) = said.split_once('\n').unwrap();
        let next = next.trim_end().strip_prefix("to be continued with --incremental ").unwrap();
        let amount = amount.strip_suffix(" bytes are to be read").unwrap();
        let (read, total) = amount.split_once(" of ").unwrap();
        assert_eq!(total.parse(), Ok(16 << 20));
        (next.to_owned(), read.parse::<usize>().unwrap())
    };
    let checkpoints = async || {
        let checkpoints = domain.list_all_checkpoints(ListFlags::empty()).await.unwrap();
        checkpoints.iter().map(|one| one.name().to_owned()).collect::<Vec<_>>()
    };

    write(&mut shell, "first", 0, 32).await;
    let (first, read) = done(run(&[]).await);
    assert_eq!(read, 32 * CLUSTER);
    let whole = image::content(daemon, &path("disk"));
    assert!(whole.starts_with(b"first\n") && fs::read(&file).unwrap() == whole);
    assert_eq!(checkpoints().await, [&*first]);
    assert_fails(&run(&[]).await, "exists");

    write(&mut shell, "second", 4, 2).await;
    // Zeros, too, are a change.
    shell.run("dd if=/dev/zero of=/dev/vda bs=64k count=1 conv=fsync").await;
    let (second, read) = done(run(&["--incremental", &first]).await);
    assert_eq!(read, 3 * CLUSTER);
    let changed = image::content(daemon, &path("disk"));
    assert!(changed[4 * CLUSTER..].starts_with(b"second\n") && changed[0] == 0);
    assert!(fs::read(&file).unwrap() == changed);
    assert_eq!(checkpoints().await, [&*second]);

    // Where it fails, all is as if it had not been tried.
    write(&mut shell, "third", 8, 1).await;
    assert_fails(&run(&["--incremental", &first]).await, &first);
    let larger = OpenOptions::new().write(true).open(&file).unwrap();
    larger.set_len(17 << 20).unwrap();
    let refused = run(&["--incremental", &second]).await;
    assert_fails(&refused, "not as large");
    larger.set_len(16 << 20).unwrap();
    let fifo = path("fifo");
    mkfifo(&fifo);
    interrupt(command(&["--incremental", &second]), &fifo, domain).await;
    assert_eq!(checkpoints().await, [&*second]);
    assert!(fs::read(&file).unwrap() == changed);
    let (third, read) = done(run(&["--incremental", &second]).await);
    assert_eq!(read, CLUSTER);
    assert!(fs::read(&file).unwrap() == image::content(daemon, &path("disk")));
    fs::remove_file(&file).unwrap();
    interrupt(command(&[]), &fifo, domain).await;
    assert_eq!(checkpoints().await, [&*third]);
    assert!(!file.exists());
    for name in ["nbd", "scratch"] {
        assert!(!path(&format!("file & co.{name}")).exists(), "{name} is left");
    }
    discard(domain).await;
}

/// Runs the program, and interrupts it before it has copied anything.
async fn interrupt(mut program: Command, fifo: &Path, domain: &Domain) {
    // It stops where it says how much there is to copy, because this is full.
    let ours = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(fifo)
        .unwrap();
    while (&ours).write(&[0; 4096]).is_ok() {}
    program.stdout(OpenOptions::new().write(true).open(fifo).unwrap());
    let program = program.stderr(Stdio::piped()).spawn().unwrap();
    let has_begun = async || domain.backup_xml_desc().await.optional().unwrap().is_some();
    eventually("the backup has begun", has_begun).await;
    let pid = Pid::from_raw(program.id().unwrap() as i32).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    eventually("the backup has ended", async || !has_begun().await).await;
    while (&ours).read(&mut [0; 4096]).is_ok() {}
    let output = tokio::time::timeout(LIMIT, program.wait_with_output()).await.unwrap().unwrap();
    assert_fails(&output, "");
}
