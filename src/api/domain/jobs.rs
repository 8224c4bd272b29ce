//! Operations that take a while, and what can be known of them.

use std::time::Duration;

use super::{AbortJobFlags, Domain, GetJobStatsFlags, JobOperation, JobType};
use crate::api::wire;
use crate::error::Result;
use crate::params::param_struct;
use crate::params::units::{Millis, Number};
use crate::protocol::remote;

/// How far a domain's job is, in the form that every daemon gives (`virDomainJobInfo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobInfo {
    /// Whether its end can be foreseen.
    pub job_type: JobType,
    /// How long it has been going on.
    pub time_elapsed: Duration,
    /// How long it will go on, for a job of the type [`Bounded`](JobType::Bounded).
    pub time_remaining: Option<Duration>,
    /// Memory and disks together.
    pub data: JobProgress,
    /// The guest's memory.
    pub memory: JobProgress,
    /// The guest's disks.
    pub file: JobProgress,
}

/// What a job moves, in bytes.
///
/// A guest changes its memory while it is copied, so the total of an
/// [`Unbounded`](JobType::Unbounded) job may be less than what was and will be processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobProgress {
    /// All there is.
    pub total_bytes: u64,
    /// What is done.
    pub processed_bytes: u64,
    /// What is left.
    pub remaining_bytes: u64,
}

/// Everything that the daemon tells of a job.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct JobReport {
    /// What became of it, or whether its end can be foreseen.
    pub job_type: JobType,
    /// How far it is, or how far it came.
    pub stats: JobStats,
}

param_struct! {
    /// Statistics of a job (`VIR_DOMAIN_JOB_…`). What a kind of job or a daemon does not tell is
    /// `None`.
    pub struct JobStats {
        /// What is being done.
        operation: JobOperation = "operation" as Number,
        /// How long it has been going on.
        time_elapsed: Duration = "time_elapsed" as Millis,
        /// The same without the difference of the two hosts' clocks, on a migration's destination.
        time_elapsed_net: Duration = "time_elapsed_net" as Millis,
        /// How long it will go on.
        time_remaining: Duration = "time_remaining" as Millis,
        /// How long the guest stands still at the end of a migration; expected before, measured
        /// after.
        downtime: Duration = "downtime" as Millis,
        /// The same without the difference of the two hosts' clocks.
        downtime_net: Duration = "downtime_net" as Millis,
        /// How long a migration's preparation took.
        setup_time: Duration = "setup_time" as Millis,
        /// All memory and disk data there is.
        data_total_bytes: u64 = "data_total",
        /// What of it is done.
        data_processed_bytes: u64 = "data_processed",
        /// What of it is left.
        data_remaining_bytes: u64 = "data_remaining",
        /// All memory there is.
        memory_total_bytes: u64 = "memory_total",
        /// What of it is done.
        memory_processed_bytes: u64 = "memory_processed",
        /// What of it is left.
        memory_remaining_bytes: u64 = "memory_remaining",
        /// Pages of one repeated byte, which need not be sent.
        memory_constant_pages: u64 = "memory_constant",
        /// Pages that were sent.
        memory_normal_pages: u64 = "memory_normal",
        /// How much that was.
        memory_normal_bytes: u64 = "memory_normal_bytes",
        /// How fast memory goes, per second.
        memory_bytes_per_second: u64 = "memory_bps",
        /// How many pages the guest changes per second meanwhile.
        memory_dirty_pages_per_second: u64 = "memory_dirty_rate",
        /// How large a page is.
        memory_page_bytes: u64 = "memory_page_size",
        /// How often memory was gone through.
        memory_iteration: u64 = "memory_iteration",
        /// How often the destination had to ask for a page that was not there yet.
        memory_postcopy_requests: u64 = "memory_postcopy_requests",
        /// All disk data there is.
        disk_total_bytes: u64 = "disk_total",
        /// What of it is done.
        disk_processed_bytes: u64 = "disk_processed",
        /// What of it is left.
        disk_remaining_bytes: u64 = "disk_remaining",
        /// How fast disk data goes, per second.
        disk_bytes_per_second: u64 = "disk_bps",
        /// How large the cache of a compressed migration is.
        compression_cache_bytes: u64 = "compression_cache",
        /// What was sent compressed.
        compression_bytes: u64 = "compression_bytes",
        /// How many pages were sent compressed.
        compression_pages: u64 = "compression_pages",
        /// How often a page that changed was not in the cache.
        compression_cache_misses: u64 = "compression_cache_misses",
        /// How often a page grew by compression.
        compression_overflow: u64 = "compression_overflow",
        /// By how much, in percent, the guest is slowed down so that the job can end.
        auto_converge_throttle_percent: i32 = "auto_converge_throttle",
        /// Whether an ended job succeeded.
        success: bool = "success",
        /// Why it did not.
        error_message: String = "errmsg",
        /// What a backup has in its temporary files.
        disk_temp_used_bytes: u64 = "disk_temp_used",
        /// How large they are.
        disk_temp_total_bytes: u64 = "disk_temp_total",
        /// State of passed-through devices that was sent in this iteration.
        vfio_data_transferred_bytes: u64 = "vfio_data_transferred",
        ..other
    }
}

impl Domain {
    /// How far the domain's job is, `None` if it has none (`virDomainGetJobInfo`).
    ///
    /// Migrating, saving, dumping and backing up are jobs.
    pub async fn job_info(&self) -> Result<Option<JobInfo>> {
        let reply = self.call(remote::DomainGetJobInfo { dom: self.wire() }).await?;
        let info = reply.decode()?;
        let job_type = info.r#type;
        let progress = |total_bytes, processed_bytes, remaining_bytes| JobProgress {
            total_bytes,
            processed_bytes,
            remaining_bytes,
        };
        Ok((job_type != JobType::None).then(|| JobInfo {
            job_type,
            time_elapsed: Duration::from_millis(info.time_elapsed),
            time_remaining: (job_type == JobType::Bounded)
                .then(|| Duration::from_millis(info.time_remaining)),
            data: progress(info.data_total, info.data_processed, info.data_remaining),
            memory: progress(info.mem_total, info.mem_processed, info.mem_remaining),
            file: progress(info.file_total, info.file_processed, info.file_remaining),
        }))
    }

    /// All that is known of the domain's job, `None` if it has none (`virDomainGetJobStats`).
    ///
    /// With [`COMPLETED`](GetJobStatsFlags::COMPLETED) it is about the last job that ended, and the
    /// daemon forgets it by telling, unless
    /// [`KEEP_COMPLETED`](GetJobStatsFlags::KEEP_COMPLETED) is given too.
    pub async fn job_stats(&self, flags: GetJobStatsFlags) -> Result<Option<JobReport>> {
        let reply = self.call(remote::DomainGetJobStats { dom: self.wire(), flags }).await?;
        let ret = reply.decode()?;
        let job_type = ret.r#type;
        if job_type == JobType::None {
            return Ok(None);
        }
        Ok(Some(JobReport {
            job_type,
            stats: JobStats::from_params(&wire::params_from_wire(&ret.params)),
        }))
    }

    /// Asks the domain's job to stop (`virDomainAbortJob`).
    ///
    /// The call that started the job fails with the code
    /// [`OperationAborted`](crate::types::error::ErrorCode::OperationAborted), and the domain goes
    /// on as if there had been no job.
    pub async fn abort_job(&self) -> Result<()> {
        self.run(remote::DomainAbortJob { dom: self.wire() }).await
    }

    /// The same with flags (`virDomainAbortJobFlags`).
    ///
    /// With [`POSTCOPY`](AbortJobFlags::POSTCOPY) it interrupts a migration in the phase in which
    /// neither host has the whole guest, to be resumed later.
    pub async fn abort_job_flags(&self, flags: AbortJobFlags) -> Result<()> {
        self.run(remote::DomainAbortJobFlags { dom: self.wire(), flags }).await
    }
}
