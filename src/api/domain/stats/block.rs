//! Statistics of a domain's disks.

use std::time::Duration;

use serde::Serialize;

use super::boxed::set_boxed;
use super::macros::{Fields as _, stat_struct};
use super::numbered::{item, split_number};
use crate::params::ValueRef;
use crate::params::units::{Nanos, Seconds};

stat_struct! {
    /// A disk or, with `BACKING`, another of its images: a backing image, or what it is copied or
    /// backed up to (`block.…`).
    numbered struct Block {
        /// The disk's target, such as `vda`.
        name: String = "name",
        /// Index of the image; none for a domain that does not run.
        backing_index: u32 = "backingIndex",
        /// File or block device of the image.
        path: String = "path",
        /// Read requests.
        read_requests: u64 = "rd.reqs",
        /// Bytes read.
        read_bytes: u64 = "rd.bytes",
        /// Total time of reads.
        read_time: Duration = "rd.times" as Nanos,
        /// Write requests.
        write_requests: u64 = "wr.reqs",
        /// Bytes written.
        write_bytes: u64 = "wr.bytes",
        /// Total time of writes.
        write_time: Duration = "wr.times" as Nanos,
        /// Flush requests.
        flush_requests: u64 = "fl.reqs",
        /// Total time of flushes.
        flush_time: Duration = "fl.times" as Nanos,
        /// Requests that could not be served at once; Xen only.
        errors: u64 = "errors",
        /// Offset of the end of the data written to the image, in bytes.
        allocation_bytes: u64 = "allocation",
        /// Size that the guest sees, in bytes.
        capacity_bytes: u64 = "capacity",
        /// Size of the file or block device, in bytes.
        physical_bytes: u64 = "physical",
        /// Write threshold for an event, in bytes.
        threshold_bytes: u64 = "threshold",
        /// Number of timed groups (since libvirt 11.10.0).
        timed_group_count: u64 = "timed_group.count",
        ;
        /// Request limits of the storage behind the image. Since libvirt 11.10.0.
        limits: Option<Box<BlockLimits>>,
        /// Statistics over time intervals, one for each interval in the disk's definition. Since
        /// libvirt 11.10.0.
        timed_groups: Vec<BlockTimedGroup>,
        /// Latency histograms of the kinds of requests that the disk's definition names. Since
        /// libvirt 12.1.0.
        latency_histograms: Option<Box<LatencyHistograms>>,
    }
}

impl Block {
    /// Takes in one parameter of a part of the disk, by the rest of its name.
    pub(super) fn set_part(&mut self, key: &[u8], value: ValueRef<'_>) -> bool {
        if let Some(key) = key.strip_prefix(b"limits.") {
            return set_boxed(&mut self.limits, |limits| limits.set_named(key, value));
        }
        if let Some(key) = key.strip_prefix(b"latency_histogram.") {
            return set_boxed(&mut self.latency_histograms, |all| all.take(key, value));
        }
        let Some((number, key)) = key.strip_prefix(b"timed_group.").and_then(split_number) else {
            return false;
        };
        let index = item(&mut self.timed_groups, number);
        let group = self.timed_groups.get_mut(index);
        group.is_some_and(|group| group.set_named(key, value))
    }
}

stat_struct! {
    /// Request limits of the storage behind an image (`block.….limits.…`). Since libvirt 11.10.0.
    struct BlockLimits {
        /// Required alignment of requests, in bytes.
        request_alignment_bytes: u64 = "request_alignment",
        /// Maximum size of a discard, in bytes.
        discard_max_bytes: u64 = "discard_max",
        /// Optimal alignment of discards, in bytes.
        discard_alignment_bytes: u64 = "discard_alignment",
        /// Maximum size of a write of zeroes, in bytes.
        write_zeroes_max_bytes: u64 = "write_zeroes_max",
        /// Optimal alignment of writes of zeroes, in bytes.
        write_zeroes_alignment_bytes: u64 = "write_zeroes_alignment",
        /// Optimal size of a transfer, in bytes.
        transfer_optimal_bytes: u64 = "transfer_optimal",
        /// Maximum size of a transfer, in bytes.
        transfer_max_bytes: u64 = "transfer_max",
        /// Maximum size of a transfer that bypasses the kernel's scheduler, in bytes.
        transfer_hw_max_bytes: u64 = "transfer_hw_max",
        /// Maximum number of memory segments in a transfer.
        iov_max: u64 = "iov_max",
        /// Maximum number of memory segments in a transfer that bypasses the kernel's scheduler.
        iov_hw_max: u64 = "iov_hw_max",
        /// Minimum memory alignment with which no copy is needed, in bytes.
        memory_alignment_minimal_bytes: u64 = "memory_alignment_minimal",
        /// Memory alignment of the buffers used for copies, in bytes.
        memory_alignment_optimal_bytes: u64 = "memory_alignment_optimal",
    }
}

stat_struct! {
    /// I/O statistics of a disk over a time interval (`block.….timed_group.…`). Since libvirt
    /// 11.10.0.
    numbered struct BlockTimedGroup {
        /// Length of the interval.
        interval: Duration = "interval" as Seconds,
        /// Minimum read latency.
        read_latency_min: Duration = "rd_latency_min" as Nanos,
        /// Maximum read latency.
        read_latency_max: Duration = "rd_latency_max" as Nanos,
        /// Average read latency.
        read_latency_avg: Duration = "rd_latency_avg" as Nanos,
        /// Minimum write latency.
        write_latency_min: Duration = "wr_latency_min" as Nanos,
        /// Maximum write latency.
        write_latency_max: Duration = "wr_latency_max" as Nanos,
        /// Average write latency.
        write_latency_avg: Duration = "wr_latency_avg" as Nanos,
        /// Minimum zone append latency.
        zone_append_latency_min: Duration = "zone_append_latency_min" as Nanos,
        /// Maximum zone append latency.
        zone_append_latency_max: Duration = "zone_append_latency_max" as Nanos,
        /// Average zone append latency.
        zone_append_latency_avg: Duration = "zone_append_latency_avg" as Nanos,
        /// Minimum flush latency.
        flush_latency_min: Duration = "flush_latency_min" as Nanos,
        /// Maximum flush latency.
        flush_latency_max: Duration = "flush_latency_max" as Nanos,
        /// Average flush latency.
        flush_latency_avg: Duration = "flush_latency_avg" as Nanos,
        /// Average number of reads in flight.
        read_queue_depth_avg: f64 = "rd_queue_depth_avg",
        /// Average number of writes in flight.
        write_queue_depth_avg: f64 = "wr_queue_depth_avg",
        /// Average number of zone appends in flight.
        zone_append_queue_depth_avg: f64 = "zone_append_queue_depth_avg",
    }
}

/// Latency histograms by kind of request (`block.….latency_histogram.…`). Since libvirt 12.1.0.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LatencyHistograms {
    /// Reads.
    pub read: LatencyHistogram,
    /// Writes.
    pub write: LatencyHistogram,
    /// Zone appends.
    pub zone_append: LatencyHistogram,
    /// Flushes.
    pub flush: LatencyHistogram,
}

impl LatencyHistograms {
    fn take(&mut self, key: &[u8], value: ValueRef<'_>) -> bool {
        for (kind, histogram) in [
            (&b"read."[..], &mut self.read),
            (b"write.", &mut self.write),
            (b"zone_append.", &mut self.zone_append),
            (b"flush.", &mut self.flush),
        ] {
            if let Some(key) = key.strip_prefix(kind) {
                return histogram.take(key, value);
            }
        }
        false
    }
}

stat_struct! {
    /// A histogram of request latencies. Since libvirt 12.1.0.
    struct LatencyHistogram {
        /// Number of bins; none if requests of this kind are not counted.
        bin_count: u64 = "bin.count",
        ;
        /// Bins of the histogram.
        bins: Vec<LatencyBin>,
    }
}

impl LatencyHistogram {
    fn take(&mut self, key: &[u8], value: ValueRef<'_>) -> bool {
        let Some((number, key)) = key.strip_prefix(b"bin.").and_then(split_number) else {
            return self.set_named(key, value);
        };
        let index = item(&mut self.bins, number);
        let bin = self.bins.get_mut(index);
        bin.is_some_and(|bin| bin.set_named(key, value))
    }
}

stat_struct! {
    /// A bin of a histogram: a range of latencies, which ends where the next one starts. Since
    /// libvirt 12.1.0.
    numbered struct LatencyBin {
        /// Start of the range.
        start: Duration = "start" as Nanos,
        /// Number of requests in the range.
        count: u64 = "value",
    }
}
