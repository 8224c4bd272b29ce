//! Disk images for guests.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command::stdout_of;
use crate::error::{Attempt as _, Error, Result};
use crate::need::{Need, require};
use crate::search::program;

/// A disk image in a file.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The file.
    pub path: PathBuf,
    /// The format in libvirt's terms, `qcow2` or `raw`.
    pub format: &'static str,
}

impl Disk {
    /// Creates an empty qcow2 image with `qemu-img`.
    pub fn qcow2(path: impl Into<PathBuf>, mib: u64) -> Result<Self> {
        require(&[Need::Qemu])?;
        let path = path.into();
        let qemu_img = program("qemu-img").unwrap_or_else(|| "qemu-img".into());
        stdout_of(
            Command::new(qemu_img)
                .args(["create", "-q", "-f", "qcow2"])
                .arg(&path)
                .arg(format!("{mib}M")),
            Duration::from_secs(60),
        )?;
        Ok(Self { path, format: "qcow2" })
    }

    /// Creates an empty raw image, which takes no space until something is written.
    pub fn raw(path: impl Into<PathBuf>, mib: u64) -> Result<Self> {
        let path = path.into();
        create_sparse(&path, mib)?;
        Ok(Self { path, format: "raw" })
    }
}

fn create_sparse(path: &Path, mib: u64) -> Result<()> {
    let bytes = mib
        .checked_mul(1 << 20)
        .ok_or_else(|| Error::Failed(format!("a disk of {mib} MiB is too large")))?;
    File::create(path)
        .and_then(|file| file.set_len(bytes))
        .attempt(|| format!("creating {}", path.display()))
}
