//! Core dumps of a guest's memory.

use std::path::Path;

use super::{CoreDumpFlags, CoreDumpFormat, Domain};
use crate::api::wire;
use crate::error::Result;
use crate::protocol::{Request, remote};

/// # Memory dumps
impl Domain {
    /// Dumps the guest's memory to the file `to` on the daemon's host (`virDomainCoreDump`).
    ///
    /// The guest is paused meanwhile unless [`LIVE`](CoreDumpFlags::LIVE) is given, and resumes
    /// afterwards unless [`CRASH`](CoreDumpFlags::CRASH) ends it or [`RESET`](CoreDumpFlags::RESET)
    /// resets it. [`MEMORY_ONLY`](CoreDumpFlags::MEMORY_ONLY) gives an ELF file for `crash` and
    /// `gdb`; without it the file is in the hypervisor's own format. A relative path is taken as
    /// relative to this process's working directory. [Takes long](crate#calls-that-take-long).
    #[doc(alias = "virDomainCoreDump")]
    pub async fn core_dump(&self, to: impl AsRef<Path>, flags: CoreDumpFlags) -> Result<()> {
        let to = wire::absolute_path(remote::DomainCoreDump::INFO.name, to)?;
        self.run(remote::DomainCoreDump { dom: self.wire(), to: to.as_path().into(), flags })
            .await
    }

    /// Dumps the guest's memory in the format `format` (`virDomainCoreDumpWithFormat`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// All formats but [`Raw`](CoreDumpFormat::Raw) need
    /// [`MEMORY_ONLY`](CoreDumpFlags::MEMORY_ONLY).
    #[doc(alias = "virDomainCoreDumpWithFormat")]
    pub async fn core_dump_with_format(
        &self,
        to: impl AsRef<Path>,
        format: CoreDumpFormat,
        flags: CoreDumpFlags,
    ) -> Result<()> {
        let to = wire::absolute_path(remote::DomainCoreDumpWithFormat::INFO.name, to)?;
        self.run(remote::DomainCoreDumpWithFormat {
            dom: self.wire(),
            to: to.as_path().into(),
            dumpformat: format,
            flags,
        })
        .await
    }
}
