//! The example `pool_and_volume`.

use std::fs;
use std::process::{Command as StdCommand, Output, Stdio};

use libvirt_client::Optional as _;
use libvirt_client::domain::MemoryFlags;
use libvirt_client::types::connect::ListAllStoragePoolsFlags;
use tokio::process::Command;

use super::{shown, shown_bytes};
use crate::common::{eventually, qemu};
use crate::domain::media;
use crate::programs::{assert_fails, example};

async fn run(arguments: &[&str]) -> Output {
    Command::new(example("pool_and_volume").await)
        .args(arguments)
        .output()
        .await
        .unwrap()
}

/// What it printed.
fn done(output: Output) -> String {
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn qemu_img(arguments: &[&str]) {
    let output = StdCommand::new("qemu-img").args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn it_makes_fills_and_grows_a_volume_and_cleans_up() {
    const NAME: &str = "example & pool";
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (dir, image) = (daemon.scratch().join(NAME), daemon.scratch().join("example.qcow2"));
    let (dir, image) = (dir.to_str().unwrap(), image.to_str().unwrap());
    qemu_img(&["create", "-f", "qcow2", image, "64M"]);
    let uri = daemon.uri();

    assert_fails(&run(&[&uri, NAME, dir, "/nowhere"]).await, "/nowhere");
    let flags = ListAllStoragePoolsFlags::empty();
    let pools = conn.list_all_storage_pools(flags).await.unwrap();
    assert!(pools.iter().all(|pool| pool.name() != NAME));

    let said = done(run(&[&uri, NAME, dir, image]).await);
    assert!(said.contains("capacity 64 MiB, now 1088 MiB"), "{said}");
    assert_eq!(shown(daemon, &["pool-info", NAME], "Autostart"), "yes");
    let volume = format!("{dir}/disk.qcow2");
    let capacity = shown_bytes(daemon, &["vol-info", &volume, "--bytes"], "Capacity");
    assert_eq!(capacity, (64 << 20) + (1 << 30));

    // What is not its own stays.
    let other = format!("{dir}/other");
    fs::write(&other, "").unwrap();
    let cleaned = run(&["--clean", &uri, NAME]).await;
    assert!(cleaned.status.success(), "{cleaned:?}");
    assert!(!fs::exists(&volume).unwrap());
    assert!(fs::exists(&other).unwrap());
    fs::remove_file(&other).unwrap();

    // Again, in the directory that is there now.
    done(run(&[&uri, NAME, dir, image]).await);
    done(run(&["--clean", &uri, NAME]).await);
    assert!(!fs::exists(dir).unwrap());
    let gone = conn.storage_pool_lookup_by_name(NAME).await;
    assert!(gone.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_guest_boots_from_an_image_that_comes_by_either_way() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "example-guest";
    let uri = daemon.uri();
    let path = |name: &str| daemon.scratch().join(name).to_str().unwrap().to_owned();
    let (dir, raw, qcow2) = (path(name), path("example-guest.raw"), path("example-guest.qcow2"));
    let boot_sector = media::installed();
    let mut disk = boot_sector.clone();
    disk.resize(1 << 20, 0);
    fs::write(&raw, disk).unwrap();
    qemu_img(&["convert", "-f", "raw", "-O", "qcow2", &raw, &qcow2]);
    let refused = piped(&[&uri, name, &dir, "-", name, "qemu"], &raw).await;
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && error.contains("no qcow2 image"), "{error}");
    done(run(&["--clean", &uri, name, name]).await);
    for comes_by_pipe in [false, true] {
        let output = if comes_by_pipe {
            piped(&[&uri, name, &dir, "-", name, "qemu"], &qcow2).await
        } else {
            run(&[&uri, name, &dir, &qcow2, name, "qemu"]).await
        };
        let said = done(output);
        assert!(said.contains("capacity 1 MiB, now 1025 MiB"), "{said}");
        assert!(said.contains("guest example-guest boots from it"), "{said}");
        let guest = conn.domain_lookup_by_name(name).await.unwrap();
        eventually("the firmware has loaded what it boots", async || {
            let (place, length) = (media::ORIGIN.into(), boot_sector.len());
            let memory = guest.memory_peek(place, length, MemoryFlags::PHYSICAL).await;
            memory.unwrap() == boot_sector
        })
        .await;
        done(run(&["--clean", &uri, name, name]).await);
        assert_eq!(conn.domain_lookup_by_name(name).await.optional().unwrap(), None);
        assert!(!fs::exists(&dir).unwrap());
    }
}

/// Runs it with a file coming by a pipe.
async fn piped(arguments: &[&str], file: &str) -> Output {
    let mut cat = StdCommand::new("cat").arg(file).stdout(Stdio::piped()).spawn().unwrap();
    let pipe = cat.stdout.take().unwrap();
    let mut program = Command::new(example("pool_and_volume").await);
    let output = program.args(arguments).stdin(pipe).output().await.unwrap();
    drop(program);
    assert!(cat.wait().unwrap().success());
    output
}
