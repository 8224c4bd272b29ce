//! The kernel and initramfs of the test guest, built once per machine and kept in a cache.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::cpio::Archive;
use super::packages;
use crate::cache;
use crate::command::stdout_of;
use crate::error::{Attempt as _, Error, Result};
use crate::need::{Need, require};

const INIT: &str = include_str!("init.sh");
const SHUTDOWN: &str = include_str!("shutdown.sh");

/// The kernel modules the guest loads, in this order.
const MODULES: &[&str] = &[
    "virtio_ring",
    "virtio",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_blk",
    "failover",
    "net_failover",
    "virtio_net",
    "virtio_balloon",
    "virtio_console",
    "button",
    "virtio-rng",
    "evdev",
];

const KERNEL_META_PACKAGE: &str = "linux-image-cloud-amd64";
const KERNEL_PACKAGE: &str = "linux-image-6";

/// Returns the guest's kernel. Builds the image if it is not in the cache yet.
pub fn kernel() -> Result<PathBuf> {
    Ok(image()?.join("vmlinuz"))
}

/// Returns the guest's initramfs: busybox, virtio drivers and the guest agent. Builds the image if
/// it is not in the cache yet.
pub fn initrd() -> Result<PathBuf> {
    Ok(image()?.join("initrd"))
}

/// Returns whether [`kernel`] and [`initrd`] are in the cache.
pub fn is_cached() -> bool {
    cache::has(&image_name())
}

fn image() -> Result<PathBuf> {
    let name = image_name();
    if !cache::has(&name) {
        require(&[Need::Guest])?;
    }
    cache::entry(&name, build)
}

/// Returns a name that changes with everything in this source that the image depends on.
fn image_name() -> String {
    let mut hasher = DefaultHasher::new();
    (INIT, SHUTDOWN, MODULES).hash(&mut hasher);
    format!("guest-{:016x}", hasher.finish())
}

fn build(work: &Path, finished: &Path) -> Result<()> {
    let root = work.join("packages");
    let archives = cache::dir()?.join("archives");
    let kernel = packages::behind_meta_package(KERNEL_META_PACKAGE, KERNEL_PACKAGE, &archives)?;
    for package in [kernel.as_str(), "busybox-static", "qemu-guest-agent"] {
        packages::unpack(package, &archives, work, &root)?;
    }

    let release = kernel.trim_start_matches("linux-image-");
    let kernel = root.join("boot").join(format!("vmlinuz-{release}"));
    fs::copy(&kernel, finished.join("vmlinuz"))
        .attempt(|| format!("copying {}", kernel.display()))?;
    let initrd = finished.join("initrd");
    fs::write(&initrd, initramfs(&root, release)?)
        .attempt(|| format!("writing {}", initrd.display()))
}

fn initramfs(root: &Path, release: &str) -> Result<Vec<u8>> {
    let mut archive = Archive::default();
    for dir in [
        "bin",
        "sbin",
        "dev",
        "proc",
        "sys",
        "tmp",
        "run",
        "etc",
        "root",
        "var",
        "var/log",
        "lib",
        "lib/modules",
    ] {
        archive.directory(dir);
    }
    archive.file("init", 0o755, INIT.as_bytes());
    archive.file("bin/busybox", 0o755, &read(&root.join("bin/busybox"))?);
    archive.file("sbin/shutdown", 0o755, SHUTDOWN.as_bytes());
    archive.file("lib/modules/order", 0o644, (MODULES.join("\n") + "\n").as_bytes());
    let modules = root.join("lib/modules").join(release);
    for name in MODULES {
        let module = find(&modules, &format!("{name}.ko"))?;
        archive.file(&format!("lib/modules/{name}.ko"), 0o644, &read(&module)?);
    }
    add_agent(&mut archive, &root.join("usr/sbin/qemu-ga"))?;
    Ok(archive.finish())
}

/// Adds the guest agent and the libraries of this machine that it is linked with.
fn add_agent(archive: &mut Archive, agent: &Path) -> Result<()> {
    archive.file("sbin/qemu-ga", 0o755, &read(agent)?);
    let listing =
        stdout_of(Command::new("ldd").arg(agent).env("LC_ALL", "C"), Duration::from_secs(20))?;
    let mut dirs = BTreeSet::from([String::from("lib")]);
    for line in listing.lines() {
        if line.contains("not found") {
            return Err(Error::Failed(format!(
                "the guest agent needs a library that this machine does not have: {}",
                line.trim()
            )));
        }
        let Some(library) = line.split_whitespace().find(|word| word.starts_with('/')) else {
            continue;
        };
        let relative = library.trim_start_matches('/');
        for (slash, _) in relative.match_indices('/') {
            let dir = &relative[..slash];
            if dirs.insert(dir.to_owned()) {
                archive.directory(dir);
            }
        }
        archive.file(relative, 0o755, &read(Path::new(library))?);
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).attempt(|| format!("reading {}", path.display()))
}

fn find(dir: &Path, name: &str) -> Result<PathBuf> {
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).attempt(|| format!("reading {}", dir.display()))? {
            let path = entry.attempt(|| format!("reading {}", dir.display()))?.path();
            if path.is_dir() && !path.is_symlink() {
                dirs.push(path);
            } else if path.file_name().is_some_and(|found| found == name) {
                return Ok(path);
            }
        }
    }
    Err(Error::Failed(format!("no {name} below {}", dir.display())))
}
