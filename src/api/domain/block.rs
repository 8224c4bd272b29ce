//! Disks: I/O statistics, sizes, errors.
//!
//! A disk is named by its target, such as `vda`, or by its source, such as a file's path.

use std::time::Duration;

use serde::Serialize;

use super::{BlockResizeFlags, DiskErrorCode, Domain};
use crate::api::wire;
use crate::error::Result;
use crate::params::param_struct;
use crate::params::units::Nanos;
use crate::protocol::remote;
use crate::types::typed_param::Flags;

/// I/O statistics of a disk since the domain started; `None` where the hypervisor does not count
/// (`virDomainBlockStatsStruct`).
#[doc(alias = "virDomainBlockStatsStruct")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BlockStats {
    /// Read requests.
    pub read_requests: Option<u64>,
    /// Bytes read.
    pub read_bytes: Option<u64>,
    /// Write requests.
    pub write_requests: Option<u64>,
    /// Bytes written.
    pub write_bytes: Option<u64>,
    /// Requests that could not be served at once; Xen only.
    pub errors: Option<u64>,
}

param_struct! {
    /// Detailed I/O statistics of a disk since the domain started (`VIR_DOMAIN_BLOCK_STATS_…`).
    pub struct BlockStatsDetails {
        /// Bytes read.
        read_bytes: u64 = "rd_bytes",
        /// Read requests.
        read_requests: u64 = "rd_operations",
        /// Total time of reads.
        read_time: Duration = "rd_total_times" as Nanos,
        /// Bytes written.
        write_bytes: u64 = "wr_bytes",
        /// Write requests.
        write_requests: u64 = "wr_operations",
        /// Total time of writes.
        write_time: Duration = "wr_total_times" as Nanos,
        /// Flush requests.
        flush_requests: u64 = "flush_operations",
        /// Total time of flushes.
        flush_time: Duration = "flush_total_times" as Nanos,
        /// Requests that could not be served at once; Xen only.
        errors: u64 = "errs",
        ..other
    }
}

/// Sizes of a disk and its image (`virDomainBlockInfo`).
#[doc(alias = "virDomainBlockInfo")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BlockInfo {
    /// Size that the guest sees, in bytes.
    pub capacity_bytes: u64,
    /// Storage that the image takes, in bytes; of an image on a block device, the end of what the
    /// running guest has written so far.
    pub allocation_bytes: u64,
    /// Size of the file or block device that holds the image, in bytes.
    pub physical_bytes: u64,
}

/// A disk whose last request failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DiskError {
    /// The disk's target.
    pub disk: String,
    /// Kind of error.
    pub error: DiskErrorCode,
}

/// # Disks
impl Domain {
    /// Returns I/O statistics of a disk of the running domain (`virDomainBlockStats`).
    ///
    /// `disk` is the disk's target, such as `vda`, or the path of its source;
    /// [`disk_targets`](Self::disk_targets) lists both. QEMU adds up all disks for the empty name.
    #[doc(alias = "virDomainBlockStats")]
    pub async fn block_stats(&self, disk: &str) -> Result<BlockStats> {
        let reply = self
            .call(remote::DomainBlockStats { dom: self.wire(), path: disk.into() })
            .await?;
        let stats = reply.decode()?;
        Ok(BlockStats {
            read_requests: wire::counter(stats.rd_req),
            read_bytes: wire::counter(stats.rd_bytes),
            write_requests: wire::counter(stats.wr_req),
            write_bytes: wire::counter(stats.wr_bytes),
            errors: wire::counter(stats.errs),
        })
    }

    /// Returns I/O statistics of a disk of the running domain, with flushes and times
    /// (`virDomainBlockStatsFlags`).
    ///
    /// `disk` is as for [`block_stats`](Self::block_stats).
    #[doc(alias = "virDomainBlockStatsFlags")]
    pub async fn block_stats_flags(&self, disk: &str) -> Result<BlockStatsDetails> {
        let reply = self
            .call(remote::DomainBlockStatsFlags {
                dom: self.wire(),
                path: disk.into(),
                nparams: remote::DOMAIN_BLOCK_STATS_PARAMETERS_MAX as i32,
                flags: Flags::STRING_OKAY,
            })
            .await?;
        Ok(BlockStatsDetails::collect(wire::params(&reply.decode()?.params)))
    }

    /// Returns the sizes of a disk and its image (`virDomainGetBlockInfo`).
    #[doc(alias = "virDomainGetBlockInfo")]
    pub async fn block_info(&self, disk: &str) -> Result<BlockInfo> {
        let reply = self
            .call(remote::DomainGetBlockInfo { dom: self.wire(), path: disk.into(), flags: 0 })
            .await?;
        let info = reply.decode()?;
        Ok(BlockInfo {
            capacity_bytes: info.capacity,
            allocation_bytes: info.allocation,
            physical_bytes: info.physical,
        })
    }

    /// Resizes a disk of the running domain to `size_bytes`; the guest sees the change
    /// (`virDomainBlockResize`).
    #[doc(alias = "virDomainBlockResize")]
    pub async fn block_resize(
        &self,
        disk: &str,
        size_bytes: u64,
        flags: BlockResizeFlags,
    ) -> Result<()> {
        self.run(remote::DomainBlockResize {
            dom: self.wire(),
            disk: disk.into(),
            size: size_bytes,
            // Without it the size is in KiB.
            flags: (flags | BlockResizeFlags::BYTES),
        })
        .await
    }

    /// Lists the disks of the running domain whose last request failed (`virDomainGetDiskErrors`).
    #[doc(alias = "virDomainGetDiskErrors")]
    pub async fn disk_errors(&self) -> Result<Vec<DiskError>> {
        let reply = self
            .call(remote::DomainGetDiskErrors {
                dom: self.wire(),
                maxerrors: remote::DOMAIN_DISK_ERRORS_MAX as u32,
                flags: 0,
            })
            .await?;
        let errors = reply.decode()?.errors;
        Ok(errors
            .into_iter()
            .map(|error| DiskError { disk: error.disk.into_owned(), error: error.error })
            .collect())
    }

    /// Sets a write threshold: an event comes when the guest writes beyond it in an image
    /// (`virDomainSetBlockThreshold`).
    ///
    /// `image` is a disk's target or, for one of its backing images, the target with the image's
    /// index, as in `vda[1]`. `None` removes the threshold; the event removes it, too.
    #[doc(alias = "virDomainSetBlockThreshold")]
    pub async fn set_block_threshold(
        &self,
        image: &str,
        threshold_bytes: Option<u64>,
    ) -> Result<()> {
        self.run(remote::DomainSetBlockThreshold {
            dom: self.wire(),
            dev: image.into(),
            // Zero, which no image has written less than, stands for none.
            threshold: threshold_bytes.unwrap_or_default(),
            flags: 0,
        })
        .await
    }
}
