//! The example `pool_and_volume`.

use std::fs;
use std::process::{Command as StdCommand, Output};

use libvirt_client::types::connect::ListAllStoragePoolsFlags;
use tokio::process::Command;

use super::{shown, shown_bytes};
use crate::common::qemu;
use crate::programs::example;

async fn run(arguments: &[&str]) -> Output {
    Command::new(example("pool_and_volume")).args(arguments).output().await.unwrap()
}

#[tokio::test]
async fn it_makes_fills_and_grows_a_volume_and_cleans_up() {
    const NAME: &str = "example & pool";
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (dir, image) = (daemon.scratch().join(NAME), daemon.scratch().join("example.qcow2"));
    let (dir, image) = (dir.to_str().unwrap(), image.to_str().unwrap());
    let qemu_img = StdCommand::new("qemu-img")
        .args(["create", "-f", "qcow2", image, "64M"])
        .output()
        .unwrap();
    assert!(qemu_img.status.success(), "{qemu_img:?}");
    let uri = daemon.uri();

    let raw = daemon.scratch().join("example.raw");
    fs::write(&raw, [0; 4096]).unwrap();
    let refused = run(&[&uri, NAME, dir, raw.to_str().unwrap()]).await;
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let flags = ListAllStoragePoolsFlags::empty();
    let pools = conn.list_all_storage_pools(flags).await.unwrap();
    assert!(pools.iter().all(|pool| pool.name() != NAME));

    let made = run(&[&uri, NAME, dir, image]).await;
    assert!(made.status.success(), "{made:?}");
    assert_eq!(shown(daemon, &["pool-info", NAME], "Autostart"), "yes");
    let volume = format!("{dir}/disk.qcow2");
    let capacity = shown_bytes(daemon, &["vol-info", &volume, "--bytes"], "Capacity");
    assert_eq!(capacity, (64 << 20) + (1 << 30));
    let output = String::from_utf8(made.stdout).unwrap();
    assert!(output.contains("capacity 64 MiB, now 1088 MiB"), "{output}");

    // What is not its own stays.
    let other = format!("{dir}/other");
    fs::write(&other, "").unwrap();
    let cleaned = run(&["--clean", &uri, NAME]).await;
    assert!(cleaned.status.success(), "{cleaned:?}");
    assert!(!fs::exists(&volume).unwrap());
    assert!(fs::exists(&other).unwrap());
    fs::remove_file(&other).unwrap();

    // Again, in the directory that is there now.
    let made = run(&[&uri, NAME, dir, image]).await;
    assert!(made.status.success(), "{made:?}");
    let cleaned = run(&["--clean", &uri, NAME]).await;
    assert!(cleaned.status.success(), "{cleaned:?}");
    assert_eq!(cleaned.stderr, b"");
    assert!(!fs::exists(dir).unwrap());
    let gone = conn.storage_pool_lookup_by_name(NAME).await;
    assert!(gone.unwrap_err().is_not_found());
}
