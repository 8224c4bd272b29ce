//! Statistics of a domain's network interfaces.

use super::macros::stat_struct;

stat_struct! {
    /// A network interface (`net.…`). Received is what the guest received.
    numbered struct Net {
        /// Device on the host.
        name: String = "name",
        /// Bytes received.
        rx_bytes: u64 = "rx.bytes",
        /// Packets received.
        rx_packets: u64 = "rx.pkts",
        /// Receive errors.
        rx_errors: u64 = "rx.errs",
        /// Incoming packets that were dropped.
        rx_dropped: u64 = "rx.drop",
        /// Bytes sent.
        tx_bytes: u64 = "tx.bytes",
        /// Packets sent.
        tx_packets: u64 = "tx.pkts",
        /// Send errors.
        tx_errors: u64 = "tx.errs",
        /// Outgoing packets that were dropped.
        tx_dropped: u64 = "tx.drop",
    }
}
