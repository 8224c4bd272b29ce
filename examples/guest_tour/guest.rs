//! The guest of the tour: its files, its definition and its removal.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use libvirt_client::domain::{Domain, UndefineFlags};
use libvirt_client::{Connect, Optional};
use tokio::time::sleep;

use crate::Result;
use crate::options::Files;
use crate::print::{chapter, fact};

/// Output of the guest when it is up.
const READY: &str = "GUEST-READY";

pub(crate) struct Guest {
    /// Unique name: a guest that has it in the end is ours to remove.
    name: String,
    kernel: PathBuf,
    initrd: PathBuf,
    disk: PathBuf,
    /// Output of the guest's serial console.
    console: PathBuf,
    /// Save file of the guest.
    pub(crate) image: PathBuf,
}

impl Guest {
    pub(crate) fn new(files: Files) -> Self {
        let name = format!("guest-tour-{}", std::process::id());
        let in_dir = |kind: &str| files.dir.join(format!("{name}.{kind}"));
        Self {
            disk: in_dir("disk"),
            console: in_dir("console"),
            image: in_dir("image"),
            kernel: files.kernel,
            initrd: files.initrd,
            name,
        }
    }

    fn xml(&self) -> String {
        let values = [
            ("{name}", self.name.as_str()),
            ("{kernel}", &self.kernel.to_string_lossy()),
            ("{initrd}", &self.initrd.to_string_lossy()),
            ("{disk}", &self.disk.to_string_lossy()),
            ("{console}", &self.console.to_string_lossy()),
        ];
        let template = include_str!("guest.xml").to_owned();
        values
            .iter()
            .fold(template, |xml, (name, value)| xml.replace(name, &escape(value)))
    }

    pub(crate) async fn define(&self, conn: &Connect) -> Result<Domain> {
        chapter("Define a guest");
        // Sparse: it takes no space until the guest writes to it.
        File::create(&self.disk)?.set_len(16 << 20)?;
        let domain = conn.domain_define_xml(&self.xml()).await?;
        fact("name", domain.name());
        fact("UUID", domain.uuid());
        fact("persistent", domain.is_persistent().await?);
        fact("active", domain.is_active().await?);
        Ok(domain)
    }

    /// Waits until the guest reports that it is up.
    pub(crate) async fn is_up(&self) -> Result<()> {
        let started = Instant::now();
        loop {
            let console = fs::read(&self.console)?;
            if String::from_utf8_lossy(&console).contains(READY) {
                let after = started.elapsed();
                fact("console", format_args!("{READY}, after {after:.1?}"));
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Removes the guest and its files; does nothing after a complete tour.
    pub(crate) async fn remove_whatever_is_left(&self, conn: &Connect) -> Result<()> {
        let left = conn.domain_lookup_by_name(&self.name).await.optional()?;
        if let Some(domain) = left {
            chapter("Clean up after a tour that was cut short");
            if domain.is_active().await? {
                domain.destroy().await?;
                fact("destroyed", domain.name());
            }
            domain.undefine_flags(UndefineFlags::MANAGED_SAVE).await?;
            fact("undefined", domain.name());
        }
        for file in [&self.disk, &self.console, &self.image] {
            remove_file(file)?;
        }
        Ok(())
    }
}

/// Removes a file if it is there.
pub(crate) fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Escapes text for use between tags and single quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}
