//! Jobs that move a running domain's disk data between images.
//!
//! Each method that starts a job returns when it has started; [`Domain::block_job_info`] and events
//! report its progress. A disk has at most one job.

use serde::Serialize;

use super::{
    BlockCommitFlags, BlockCopyFlags, BlockJobAbortFlags, BlockJobInfoFlags, BlockJobSetSpeedFlags,
    BlockJobType, BlockPullFlags, BlockRebaseFlags, Domain,
};
use crate::api::wire;
use crate::error::Result;
use crate::params::param_struct;
use crate::protocol::remote;

/// A job of a disk (`virDomainBlockJobInfo`).
#[doc(alias = "virDomainBlockJobInfo")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BlockJobInfo {
    /// Kind of job.
    pub kind: BlockJobType,
    /// Maximum bytes per second; `None` for no limit.
    pub bytes_per_second: Option<u64>,
    /// Progress, relative to [`end`](Self::end). A copy or an active commit that has reached the
    /// end waits for [`Domain::block_job_abort`]; for a moment that may still fail with
    /// [`BlockCopyActive`](crate::types::error::ErrorCode::BlockCopyActive).
    pub current: u64,
    /// End of the progress, in a unit of the job's own. It may grow while the guest writes.
    pub end: u64,
}

param_struct! {
    /// Parameters of a block copy (`VIR_DOMAIN_BLOCK_COPY_…`).
    pub struct BlockCopyParameters {
        /// Maximum bytes per second; zero for no limit.
        bytes_per_second: u64 = "bandwidth",
        /// Granularity of dirty tracking, in bytes; a power of two.
        granularity_bytes: u32 = "granularity",
        /// Maximum memory for data in flight, in bytes.
        buf_size_bytes: u64 = "buf-size",
        ..other
    }
}

/// # Block jobs
impl Domain {
    /// Pulls the data of a disk's backing images into its active image, and then drops them from
    /// the chain (`virDomainBlockPull`).
    ///
    /// Copies at most `bytes_per_second`, if given.
    #[doc(alias = "virDomainBlockPull")]
    pub async fn block_pull(&self, disk: &str, bytes_per_second: Option<u64>) -> Result<()> {
        self.run(remote::DomainBlockPull {
            dom: self.wire(),
            path: disk.into(),
            bandwidth: bytes_per_second.unwrap_or(0),
            flags: BlockPullFlags::BANDWIDTH_BYTES,
        })
        .await
    }

    /// Pulls the data of the images above `base`, which stays, into a disk's active image; with
    /// `COPY`, copies the disk to the file `base` instead (`virDomainBlockRebase`).
    ///
    /// Without `base` all backing images are dropped. Copies at most `bytes_per_second`, if given.
    #[doc(alias = "virDomainBlockRebase")]
    pub async fn block_rebase(
        &self,
        disk: &str,
        base: Option<&str>,
        bytes_per_second: Option<u64>,
        flags: BlockRebaseFlags,
    ) -> Result<()> {
        self.run(remote::DomainBlockRebase {
            dom: self.wire(),
            path: disk.into(),
            base: base.map(Into::into),
            bandwidth: bytes_per_second.unwrap_or(0),
            flags: (flags | BlockRebaseFlags::BANDWIDTH_BYTES),
        })
        .await
    }

    /// Commits the images from `top` down to above `base` into `base`, and drops them from the
    /// chain (`virDomainBlockCommit`).
    ///
    /// Without `base` that is the last image (with `SHALLOW`, the one below `top`), without `top`
    /// the active one, which needs `ACTIVE`: such a job, once it has caught up with the guest, goes
    /// on until [`block_job_abort`](Self::block_job_abort) with `PIVOT` makes `base` the active
    /// image. Copies at most `bytes_per_second`, if given.
    #[doc(alias = "virDomainBlockCommit")]
    pub async fn block_commit(
        &self,
        disk: &str,
        base: Option<&str>,
        top: Option<&str>,
        bytes_per_second: Option<u64>,
        flags: BlockCommitFlags,
    ) -> Result<()> {
        self.run(remote::DomainBlockCommit {
            dom: self.wire(),
            disk: disk.into(),
            base: base.map(Into::into),
            top: top.map(Into::into),
            bandwidth: bytes_per_second.unwrap_or(0),
            flags: (flags | BlockCommitFlags::BANDWIDTH_BYTES),
        })
        .await
    }

    /// Copies a disk to the image that the `<disk>` element `destination` describes, and mirrors
    /// writes to both until [`block_job_abort`](Self::block_job_abort) ends it; with `PIVOT` the
    /// domain then uses the copy (`virDomainBlockCopy`).
    #[doc(alias = "virDomainBlockCopy")]
    pub async fn block_copy(
        &self,
        disk: &str,
        destination: &str,
        parameters: &BlockCopyParameters,
        flags: BlockCopyFlags,
    ) -> Result<()> {
        let params = parameters.to_params();
        self.run(remote::DomainBlockCopy {
            dom: self.wire(),
            path: disk.into(),
            destxml: destination.into(),
            params: (&params).into(),
            flags,
        })
        .await
    }

    /// Returns the job of a disk, `None` if it has none (`virDomainGetBlockJobInfo`).
    #[doc(alias = "virDomainGetBlockJobInfo")]
    pub async fn block_job_info(&self, disk: &str) -> Result<Option<BlockJobInfo>> {
        let reply = self
            .call(remote::DomainGetBlockJobInfo {
                dom: self.wire(),
                path: disk.into(),
                flags: BlockJobInfoFlags::BANDWIDTH_BYTES,
            })
            .await?;
        let info = reply.decode()?;
        Ok(wire::truth(info.found).then(|| BlockJobInfo {
            kind: info.r#type.into(),
            bytes_per_second: (info.bandwidth != 0).then_some(info.bandwidth),
            current: info.cur,
            end: info.end,
        }))
    }

    /// Ends a disk's job; with `PIVOT` after pivoting to its result (`virDomainBlockJobAbort`).
    ///
    /// Waits until it has ended unless the flags say `ASYNC`, so it may
    /// [take long](crate#calls-that-take-long). Without a job it fails with
    /// [`InvalidArg`](crate::types::error::ErrorCode::InvalidArg).
    #[doc(alias = "virDomainBlockJobAbort")]
    pub async fn block_job_abort(&self, disk: &str, flags: BlockJobAbortFlags) -> Result<()> {
        self.run(remote::DomainBlockJobAbort { dom: self.wire(), path: disk.into(), flags })
            .await
    }

    /// Limits a disk's job to `bytes_per_second`, or removes the limit
    /// (`virDomainBlockJobSetSpeed`). Without a job it fails with
    /// [`InvalidArg`](crate::types::error::ErrorCode::InvalidArg).
    #[doc(alias = "virDomainBlockJobSetSpeed")]
    pub async fn block_job_set_speed(
        &self,
        disk: &str,
        bytes_per_second: Option<u64>,
    ) -> Result<()> {
        self.run(remote::DomainBlockJobSetSpeed {
            dom: self.wire(),
            path: disk.into(),
            bandwidth: bytes_per_second.unwrap_or(0),
            flags: BlockJobSetSpeedFlags::BANDWIDTH_BYTES,
        })
        .await
    }
}
