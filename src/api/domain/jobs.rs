//! Long-running jobs of a domain: progress, statistics, cancellation.

use std::time::Duration;

use serde::Serialize;

use super::{AbortJobFlags, Domain, GetJobStatsFlags, JobOperation, JobType};
use crate::api::wire;
use crate::error::Result;
use crate::params::param_struct;
use crate::params::units::{Int, Millis, Number};
use crate::protocol::remote;

/// Progress of a domain's job, in the form that every daemon supports (`virDomainJobInfo`).
#[doc(alias = "virDomainJobInfo")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JobInfo {
    /// Type of the job: whether its end can be foreseen.
    pub kind: JobType,
    /// Time since the job started.
    pub time_elapsed: Duration,
    /// Estimated time to the end, for a job of the type [`Bounded`](JobType::Bounded).
    pub time_remaining: Option<Duration>,
    /// Memory and disks together.
    pub data: JobProgress,
    /// The guest's memory.
    pub memory: JobProgress,
    /// The guest's disks.
    pub file: JobProgress,
}

/// Data that a job moves, in bytes.
///
/// A guest changes its memory while it is copied, so the total of an
/// [`Unbounded`](JobType::Unbounded) job may be less than the sum of processed and remaining bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JobProgress {
    /// Bytes in total.
    pub total_bytes: u64,
    /// Bytes processed.
    pub processed_bytes: u64,
    /// Bytes remaining.
    pub remaining_bytes: u64,
}

/// Type and statistics of a job.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct JobReport {
    /// Type of the job: its outcome, or whether its end can be foreseen.
    pub kind: JobType,
    /// Progress of the job, or its final statistics.
    pub stats: JobStats,
}

param_struct! {
    /// Statistics of a job (`VIR_DOMAIN_JOB_…`). A field that the kind of job or the daemon does
    /// not report is `None`.
    pub struct JobStats {
        /// Operation that the job performs.
        operation: JobOperation = "operation" as Number,
        /// Time since the job started.
        time_elapsed: Duration = "time_elapsed" as Millis,
        /// Time since the job started, without the difference of the two hosts' clocks; on a
        /// migration's destination.
        time_elapsed_net: Duration = "time_elapsed_net" as Millis,
        /// Estimated time to the end.
        time_remaining: Duration = "time_remaining" as Millis,
        /// Time for which the guest is paused at the end of a migration; expected before, measured
        /// after.
        downtime: Duration = "downtime" as Millis,
        /// Time for which the guest is paused, without the difference of the two hosts' clocks.
        downtime_net: Duration = "downtime_net" as Millis,
        /// Time that a migration's preparation took.
        setup_time: Duration = "setup_time" as Millis,
        /// Bytes of memory and disks in total.
        data_total_bytes: u64 = "data_total",
        /// Bytes of memory and disks processed.
        data_processed_bytes: u64 = "data_processed",
        /// Bytes of memory and disks remaining.
        data_remaining_bytes: u64 = "data_remaining",
        /// Bytes of memory in total.
        memory_total_bytes: u64 = "memory_total",
        /// Bytes of memory processed.
        memory_processed_bytes: u64 = "memory_processed",
        /// Bytes of memory remaining.
        memory_remaining_bytes: u64 = "memory_remaining",
        /// Pages of one repeated byte, which need not be sent.
        memory_constant_pages: u64 = "memory_constant",
        /// Pages that were sent.
        memory_normal_pages: u64 = "memory_normal",
        /// Bytes of the pages that were sent.
        memory_normal_bytes: u64 = "memory_normal_bytes",
        /// Transfer rate of memory, in bytes per second.
        memory_bytes_per_second: u64 = "memory_bps",
        /// Pages that the guest changes per second meanwhile.
        memory_dirty_pages_per_second: u64 = "memory_dirty_rate",
        /// Page size in bytes.
        memory_page_bytes: u64 = "memory_page_size",
        /// Number of passes over the memory.
        memory_iteration: u64 = "memory_iteration",
        /// Number of times that the destination had to request a page that was not there yet.
        memory_postcopy_requests: u64 = "memory_postcopy_requests",
        /// Bytes of disks in total.
        disk_total_bytes: u64 = "disk_total",
        /// Bytes of disks processed.
        disk_processed_bytes: u64 = "disk_processed",
        /// Bytes of disks remaining.
        disk_remaining_bytes: u64 = "disk_remaining",
        /// Transfer rate of disks, in bytes per second.
        disk_bytes_per_second: u64 = "disk_bps",
        /// Size of a compressed migration's cache, in bytes.
        compression_cache_bytes: u64 = "compression_cache",
        /// Bytes sent compressed.
        compression_bytes: u64 = "compression_bytes",
        /// Pages sent compressed.
        compression_pages: u64 = "compression_pages",
        /// Cache misses: changed pages that were not in the cache.
        compression_cache_misses: u64 = "compression_cache_misses",
        /// Number of times that compression made a page larger.
        compression_overflow: u64 = "compression_overflow",
        /// Throttling of the guest, in percent, so that the job can end.
        auto_converge_throttle_percent: u32 = "auto_converge_throttle" as Int,
        /// Success or failure of a completed job.
        success: bool = "success",
        /// Error message of a failed job.
        error_message: String = "errmsg",
        /// Bytes used in a backup's temporary files.
        disk_temp_used_bytes: u64 = "disk_temp_used",
        /// Size of a backup's temporary files, in bytes.
        disk_temp_total_bytes: u64 = "disk_temp_total",
        /// State of passed-through devices that was sent in this iteration, in bytes.
        vfio_data_transferred_bytes: u64 = "vfio_data_transferred",
        ..other
    }
}

/// # Jobs
impl Domain {
    /// Returns the progress of the domain's job, `None` if it has none (`virDomainGetJobInfo`).
    ///
    /// Migration, save, dump and backup are jobs. A domain that does not run fails with
    /// [`OperationInvalid`](crate::types::error::ErrorCode::OperationInvalid).
    #[doc(alias = "virDomainGetJobInfo")]
    pub async fn job_info(&self) -> Result<Option<JobInfo>> {
        let reply = self.call(remote::DomainGetJobInfo { dom: self.wire() }).await?;
        let info = reply.decode()?;
        let kind = info.r#type;
        let progress = |total_bytes, processed_bytes, remaining_bytes| JobProgress {
            total_bytes,
            processed_bytes,
            remaining_bytes,
        };
        Ok((kind != JobType::None).then(|| JobInfo {
            kind,
            time_elapsed: Duration::from_millis(info.time_elapsed),
            time_remaining: (kind == JobType::Bounded)
                .then(|| Duration::from_millis(info.time_remaining)),
            data: progress(info.data_total, info.data_processed, info.data_remaining),
            memory: progress(info.mem_total, info.mem_processed, info.mem_remaining),
            file: progress(info.file_total, info.file_processed, info.file_remaining),
        }))
    }

    /// Returns the statistics of the domain's job, `None` if it has none (`virDomainGetJobStats`).
    ///
    /// With [`COMPLETED`](GetJobStatsFlags::COMPLETED) it is about the last job that ended, and the
    /// daemon drops its statistics after the reply, unless
    /// [`KEEP_COMPLETED`](GetJobStatsFlags::KEEP_COMPLETED) is given too. Without it, a domain that
    /// does not run fails with
    /// [`OperationInvalid`](crate::types::error::ErrorCode::OperationInvalid).
    #[doc(alias = "virDomainGetJobStats")]
    pub async fn job_stats(&self, flags: GetJobStatsFlags) -> Result<Option<JobReport>> {
        let reply = self.call(remote::DomainGetJobStats { dom: self.wire(), flags }).await?;
        let ret = reply.decode()?;
        let kind = ret.r#type;
        if kind == JobType::None {
            return Ok(None);
        }
        Ok(Some(JobReport { kind, stats: JobStats::collect(wire::params(&ret.params)) }))
    }

    /// Asks the domain's job to stop (`virDomainAbortJob`).
    ///
    /// The call that started the job fails with the code
    /// [`OperationAborted`](crate::types::error::ErrorCode::OperationAborted), and the domain
    /// continues as before.
    #[doc(alias = "virDomainAbortJob")]
    pub async fn abort_job(&self) -> Result<()> {
        self.run(remote::DomainAbortJob { dom: self.wire() }).await
    }

    /// Asks the domain's job to stop, as `flags` say (`virDomainAbortJobFlags`).
    ///
    /// [`POSTCOPY`](AbortJobFlags::POSTCOPY) interrupts a migration in the phase in which neither
    /// host has the whole guest, to be resumed later.
    #[doc(alias = "virDomainAbortJobFlags")]
    pub async fn abort_job_flags(&self, flags: AbortJobFlags) -> Result<()> {
        self.run(remote::DomainAbortJobFlags { dom: self.wire(), flags }).await
    }
}
