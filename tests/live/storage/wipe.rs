//! Wiping volumes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use libvirt_client::Connect;
use libvirt_client::storage::storage_vol::WipeAlgorithm;
use rig::{Daemon, available};

use super::{make, remove, volume};
use crate::common::{GUESTS, qemu};

#[tokio::test]
async fn zeros_replace_the_content() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (pool, dir) = make(daemon, &conn, "wipe-zero").await;
    let volume = volume(&pool, "v", "raw", 8192).await;
    let content = || fs::read(dir.join("v")).unwrap();
    let is_all = |byte: u8| content().iter().all(|found| *found == byte);
    fs::write(dir.join("v"), [1; 8192]).unwrap();
    // It wipes the storage that the volume had when the daemon looked last, which was none.
    volume.wipe_pattern(WipeAlgorithm::Zero).await.unwrap();
    assert!(is_all(1));
    volume.info().await.unwrap();
    volume.wipe_pattern(WipeAlgorithm::Zero).await.unwrap();
    assert!(is_all(0));

    fs::write(dir.join("v"), [2; 8192]).unwrap();
    let trim = volume.wipe_pattern(WipeAlgorithm::Trim).await;
    assert!(trim.unwrap_err().is_unsupported());
    volume.wipe_pattern(WipeAlgorithm::Other(99)).await.unwrap_err();
    assert!(is_all(2));
    assert_eq!(content().len(), 8192);
    remove(&pool, &dir).await;
}

/// The others are the work of a program, in whose place there is one that writes down its task.
#[tokio::test]
async fn other_patterns_are_handed_to_scrub() {
    if !available(GUESTS).unwrap() {
        return;
    }
    let bin = tempfile::tempdir().unwrap();
    let (scrub, log) = (bin.path().join("scrub"), bin.path().join("log"));
    fs::write(&scrub, format!("#!/bin/sh\necho \"$@\" >>{}\n", log.display())).unwrap();
    fs::set_permissions(&scrub, Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").unwrap());
    let daemon = Daemon::builder().env("PATH", path).start().unwrap();
    let conn = Connect::open(&daemon.uri()).await.unwrap();
    let (pool, dir) = make(&daemon, &conn, "wipe-patterns").await;
    let volume = volume(&pool, "v", "raw", 4096).await;
    for (algorithm, pattern) in [
        (WipeAlgorithm::Nnsa, "nnsa"),
        (WipeAlgorithm::Dod, "dod"),
        (WipeAlgorithm::Bsi, "bsi"),
        (WipeAlgorithm::Gutmann, "gutmann"),
        (WipeAlgorithm::Schneier, "schneier"),
        (WipeAlgorithm::Pfitzner7, "pfitzner7"),
        (WipeAlgorithm::Pfitzner33, "pfitzner33"),
        (WipeAlgorithm::Random, "random"),
    ] {
        volume.wipe_pattern(algorithm).await.unwrap();
        let task = fs::read_to_string(&log).unwrap();
        assert_eq!(task.trim(), format!("-f -p {pattern} {}", volume.key()));
        fs::remove_file(&log).unwrap();
    }
    fs::write(&scrub, "#!/bin/sh\nexit 1\n").unwrap();
    volume.wipe_pattern(WipeAlgorithm::Random).await.unwrap_err();
    remove(&pool, &dir).await;
}
