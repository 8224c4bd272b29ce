//! Statistics of a domain's devices.

use std::time::Duration;

use super::macros::stat_struct;
use crate::params::units::Nanos;

stat_struct! {
    /// A network interface (`net.…`). Received is what the guest received.
    numbered struct Net {
        /// The device on the host.
        name: String = "name",
        /// Bytes received.
        rx_bytes: u64 = "rx.bytes",
        /// Packets received.
        rx_packets: u64 = "rx.pkts",
        /// Receive errors.
        rx_errors: u64 = "rx.errs",
        /// Packets to receive that were dropped.
        rx_dropped: u64 = "rx.drop",
        /// Bytes sent.
        tx_bytes: u64 = "tx.bytes",
        /// Packets sent.
        tx_packets: u64 = "tx.pkts",
        /// Send errors.
        tx_errors: u64 = "tx.errs",
        /// Packets to send that were dropped.
        tx_dropped: u64 = "tx.drop",
    }
}

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
    }
}
