//! Statistics of a domain's disks.

use std::time::Duration;

use super::macros::stat_struct;
use super::numbered::{item, split_number};
use crate::params::ValueRef;
use crate::params::units::{Nanos, Seconds};

stat_struct! {
    /// A disk or, where they were asked for, one of the images behind it (`block.…`).
    numbered struct Block {
        /// The disk's target, such as `vda`.
        name: String = "name",
        /// The image's number in the chain; none for a disk that has but one.
        backing_index: u32 = "backingIndex",
        /// The image's file or block device.
        path: String = "path",
        /// Read requests.
        read_requests: u64 = "rd.reqs",
        /// Bytes read.
        read_bytes: u64 = "rd.bytes",
        /// Time that reads took, all together.
        read_time: Duration = "rd.times" as Nanos,
        /// Write requests.
        write_requests: u64 = "wr.reqs",
        /// Bytes written.
        write_bytes: u64 = "wr.bytes",
        /// Time that writes took, all together.
        write_time: Duration = "wr.times" as Nanos,
        /// Flush requests.
        flush_requests: u64 = "fl.reqs",
        /// Time that flushes took, all together.
        flush_time: Duration = "fl.times" as Nanos,
        /// Xen's count of requests that it could not serve at once.
        errors: u64 = "errors",
        /// The end of what was written to the image, in bytes.
        allocation: u64 = "allocation",
        /// Size that the guest sees, in bytes.
        capacity: u64 = "capacity",
        /// Size of the file or block device, in bytes.
        physical: u64 = "physical",
        /// Where writing is to cause an event, in bytes.
        threshold: u64 = "threshold",
        /// How many groups of counts over a time there are (since libvirt 11.10.0).
        timed_group_count: u64 = "timed_group.count",
        ;
        /// What the storage behind the image allows of a request. Since libvirt 11.10.0.
        limits: Option<Box<BlockLimits>>,
        /// Counts over a time, for each of the times that the disk's definition names. Since
        /// libvirt 11.10.0.
        timed_groups: Vec<BlockTimedGroup>,
        /// How long requests took, for the kinds of requests that the disk's definition names.
        /// Since libvirt 12.1.0.
        latency_histograms: Option<Box<LatencyHistograms>>,
    }
}

impl Block {
    /// Takes in one parameter by the end of its name, those of the parts included.
    pub(super) fn take(&mut self, key: &[u8], value: ValueRef<'_>) -> bool {
        if self.set(key, value) {
            return true;
        }
        if let Some(key) = key.strip_prefix(b"limits.") {
            return set_boxed(&mut self.limits, |limits| limits.set(key, value));
        }
        if let Some(key) = key.strip_prefix(b"latency_histogram.") {
            return set_boxed(&mut self.latency_histograms, |all| all.take(key, value));
        }
        let Some((number, key)) = key.strip_prefix(b"timed_group.").and_then(split_number) else {
            return false;
        };
        let index = item(&mut self.timed_groups, number);
        let group = self.timed_groups.get_mut(index);
        group.is_some_and(|group| group.set(key, value))
    }
}

/// Sets a field of what few disks have and is made for its first field.
fn set_boxed<T: Default>(part: &mut Option<Box<T>>, set: impl FnOnce(&mut T) -> bool) -> bool {
    if let Some(part) = part {
        return set(part);
    }
    let mut new = Box::default();
    let known = set(&mut new);
    if known {
        *part = Some(new);
    }
    known
}

stat_struct! {
    /// What the storage behind an image allows of one request (`block.….limits.…`). Since libvirt
    /// 11.10.0.
    struct BlockLimits {
        /// What requests must be aligned to, in bytes.
        request_alignment: u64 = "request_alignment",
        /// The most that can be discarded at once, in bytes.
        discard_max: u64 = "discard_max",
        /// What discarding is best aligned to, in bytes.
        discard_alignment: u64 = "discard_alignment",
        /// The most that can be zeroed at once, in bytes.
        write_zeroes_max: u64 = "write_zeroes_max",
        /// What zeroing is best aligned to, in bytes.
        write_zeroes_alignment: u64 = "write_zeroes_alignment",
        /// The best size of a transfer, in bytes.
        transfer_optimal: u64 = "transfer_optimal",
        /// The largest transfer, in bytes.
        transfer_max: u64 = "transfer_max",
        /// The largest transfer that goes past the kernel's scheduler, in bytes.
        transfer_hw_max: u64 = "transfer_hw_max",
        /// The most pieces of memory in one transfer.
        iov_max: u64 = "iov_max",
        /// The most pieces of memory in one that goes past the kernel's scheduler.
        iov_hw_max: u64 = "iov_hw_max",
        /// What memory must be aligned to so that it needs not be copied, in bytes.
        memory_alignment_minimal: u64 = "memory_alignment_minimal",
        /// What the memory is aligned to that others are copied to, in bytes.
        memory_alignment_optimal: u64 = "memory_alignment_optimal",
    }
}

stat_struct! {
    /// What a disk was asked for within a time (`block.….timed_group.…`). Since libvirt 11.10.0.
    numbered struct BlockTimedGroup {
        /// The time that it is about.
        interval: Duration = "interval" as Seconds,
        /// The fastest read.
        read_latency_min: Duration = "rd_latency_min" as Nanos,
        /// The slowest read.
        read_latency_max: Duration = "rd_latency_max" as Nanos,
        /// The average read.
        read_latency_avg: Duration = "rd_latency_avg" as Nanos,
        /// The fastest write.
        write_latency_min: Duration = "wr_latency_min" as Nanos,
        /// The slowest write.
        write_latency_max: Duration = "wr_latency_max" as Nanos,
        /// The average write.
        write_latency_avg: Duration = "wr_latency_avg" as Nanos,
        /// The fastest append to a zone.
        zone_append_latency_min: Duration = "zone_append_latency_min" as Nanos,
        /// The slowest append to a zone.
        zone_append_latency_max: Duration = "zone_append_latency_max" as Nanos,
        /// The average append to a zone.
        zone_append_latency_avg: Duration = "zone_append_latency_avg" as Nanos,
        /// The fastest flush.
        flush_latency_min: Duration = "flush_latency_min" as Nanos,
        /// The slowest flush.
        flush_latency_max: Duration = "flush_latency_max" as Nanos,
        /// The average flush.
        flush_latency_avg: Duration = "flush_latency_avg" as Nanos,
        /// How many reads were under way at a time, on average.
        read_queue_depth_avg: f64 = "rd_queue_depth_avg",
        /// How many writes were under way at a time, on average.
        write_queue_depth_avg: f64 = "wr_queue_depth_avg",
        /// How many appends to zones were under way at a time, on average.
        zone_append_queue_depth_avg: f64 = "zone_append_queue_depth_avg",
    }
}

/// How long requests took, by kind of request (`block.….latency_histogram.…`). Since libvirt
/// 12.1.0.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct LatencyHistograms {
    /// Reads.
    pub read: LatencyHistogram,
    /// Writes.
    pub write: LatencyHistogram,
    /// Appends to zones.
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
    /// How many requests took how long. Since libvirt 12.1.0.
    struct LatencyHistogram {
        /// How many ranges of time there are; none if requests of this kind are not counted.
        bin_count: u64 = "bin.count",
        ;
        /// The ranges of time.
        bins: Vec<LatencyBin>,
    }
}

impl LatencyHistogram {
    fn take(&mut self, key: &[u8], value: ValueRef<'_>) -> bool {
        let Some((number, key)) = key.strip_prefix(b"bin.").and_then(split_number) else {
            return self.set(key, value);
        };
        let index = item(&mut self.bins, number);
        let bin = self.bins.get_mut(index);
        bin.is_some_and(|bin| bin.set(key, value))
    }
}

stat_struct! {
    /// A range of time, which ends where the next one starts. Since libvirt 12.1.0.
    numbered struct LatencyBin {
        /// Where it starts.
        start: Duration = "start" as Nanos,
        /// How many requests took so long.
        count: u64 = "value",
    }
}
