//! The example `snapshot`.

use std::process::Command;

use libvirt_client::domain::CreateFlags;
use libvirt_client::domain::snapshot::ListFlags;
use rig::guest::Disk;

use super::super::image;
use super::names;
use crate::common::{define, discard, qemu};
use crate::programs::{assert_fails, example};

#[tokio::test]
async fn snapshots_are_taken_shown_reverted_to_and_deleted() {
    let program = example("snapshot").await;
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "snapshot-program";
    let disk = Disk::qcow2(daemon.scratch().join("snapshot-program.qcow2"), 1).unwrap();
    let file = disk.path.clone();
    let domain = &define(daemon, &conn, name, |guest| guest.disk(disk)).await.domain;
    let uri = daemon.uri();
    let run = |args: &[&str]| {
        let mut program = Command::new(&program);
        program.args([uri.as_str(), name]).args(args).output().unwrap()
    };
    let done = |args: &[&str]| {
        let output = run(args);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(done(&[]), "");
    assert_eq!(done(&["take", "a<&>"]), "a<&> *\n");
    image::fill(daemon, &file, 64, 1);
    done(&["take", "b"]);
    assert_eq!(done(&["take", "c"]), "a<&>\n  b\n    c *\n");
    let reverted = "Shutoff -> Shutoff\na<&> *\n  b\n    c\n";
    assert_eq!(done(&["revert", "a<&>"]), reverted);
    assert_eq!(image::content(daemon, &file)[0], 0);
    done(&["take", "d"]);
    assert_eq!(done(&[]), "a<&>\n  b\n    c\n  d *\n");
    assert_eq!(done(&["delete", "b"]), "a<&>\n  c\n  d *\n");
    domain.create_with_flags(CreateFlags::PAUSED).await.unwrap();
    assert_eq!(done(&["revert", "c"]), "Paused -> Shutoff\na<&>\n  c *\n  d\n");
    assert_eq!(image::content(daemon, &file)[0], 1);
    let listed = domain.list_all_snapshots(ListFlags::empty()).await.unwrap();
    assert_eq!(names(&listed), ["a<&>", "c", "d"]);
    assert_fails(&run(&["delete", "b"]), "'b'");
    assert_fails(&run(&["delete"]), "usage");
    discard(domain).await;
}
