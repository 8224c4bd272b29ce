//! CPU and memory statistics of the host.

use std::time::Duration;

use crate::api::wire::number_or_none;
use crate::client::{Connect, Reply};
use crate::error::Result;
use crate::params::units::Nanos;
use crate::params::{ValueRef, param_struct};
use crate::protocol::{Request, remote};

param_struct! {
    /// CPU time of one host CPU, or of all of them together, since the host's start
    /// (`VIR_NODE_CPU_STATS_…`).
    pub struct NodeCpuStats {
        /// Time in the kernel.
        kernel: Duration = "kernel" as Nanos,
        /// Time in processes.
        user: Duration = "user" as Nanos,
        /// Idle time.
        idle: Duration = "idle" as Nanos,
        /// Idle time while waiting for I/O.
        iowait: Duration = "iowait" as Nanos,
        /// Time in interrupt handlers.
        intr: Duration = "intr" as Nanos,
        /// Time of running guests' virtual CPUs, which `user` includes, too. Since libvirt 11.8.0.
        guest: Duration = "guest" as Nanos,
        /// Current utilization of all CPUs, in percent. Hypervisors that report it report none of
        /// the times.
        utilization_percent: u64 = "utilization",
        ..other
    }
}

param_struct! {
    /// Memory use of the host, or of one of its NUMA nodes (`VIR_NODE_MEMORY_STATS_…`).
    pub struct NodeMemoryStats {
        /// Usable memory in total, in KiB.
        total_kib: u64 = "total",
        /// Free memory, in KiB.
        free_kib: u64 = "free",
        /// Memory in buffers for data on its way to devices, in KiB. The host as a whole only.
        buffers_kib: u64 = "buffers",
        /// Memory in the file cache, in KiB. The host as a whole only.
        cached_kib: u64 = "cached",
        /// Memory that programs could get without swapping, in KiB. The host as a whole only. Since
        /// libvirt 12.3.0.
        available_kib: u64 = "available",
        ..other
    }
}

/// # Host statistics
impl Connect {
    /// Returns the CPU time of a host CPU, or for `None` of all of them together
    /// (`virNodeGetCPUStats`).
    ///
    /// Makes two calls: the first asks for the number of statistics.
    #[doc(alias = "virNodeGetCPUStats")]
    #[doc(alias = "getCPUStats")]
    pub async fn node_cpu_stats(&self, cpu: Option<u32>) -> Result<NodeCpuStats> {
        let procedure = remote::NodeGetCpuStats::INFO.name;
        let mut request = remote::NodeGetCpuStats {
            cpu_num: number_or_none(procedure, "processor", cpu)?,
            nparams: 0,
            flags: 0,
        };
        let reply = self.call(&request).await?;
        request.nparams = reply.decode()?.nparams;
        let reply = self.call(&request).await?;
        let params = reply.decode()?.params;
        check_len(&reply, params.len(), request.nparams)?;
        let numbers = params.iter().map(|item| (&*item.field, item.value));
        Ok(NodeCpuStats::collect(unsigned(numbers)))
    }

    /// Returns the memory use of a NUMA node, or for `None` of the whole host
    /// (`virNodeGetMemoryStats`).
    ///
    /// Makes two calls: the first asks for the number of statistics.
    #[doc(alias = "virNodeGetMemoryStats")]
    #[doc(alias = "getMemoryStats")]
    pub async fn node_memory_stats(&self, cell: Option<u32>) -> Result<NodeMemoryStats> {
        let procedure = remote::NodeGetMemoryStats::INFO.name;
        let mut request = remote::NodeGetMemoryStats {
            nparams: 0,
            cell_num: number_or_none(procedure, "NUMA node", cell)?,
            flags: 0,
        };
        let reply = self.call(&request).await?;
        request.nparams = reply.decode()?.nparams;
        let reply = self.call(&request).await?;
        let params = reply.decode()?.params;
        check_len(&reply, params.len(), request.nparams)?;
        let numbers = params.iter().map(|item| (&*item.field, item.value));
        Ok(NodeMemoryStats::collect(unsigned(numbers)))
    }
}

/// Rejects a reply with more items than were asked for.
fn check_len<B>(reply: &Reply<B>, len: usize, asked: i32) -> Result<()> {
    if usize::try_from(asked).is_ok_and(|asked| len <= asked) {
        Ok(())
    } else {
        Err(reply.invalid(format!("{len} statistics; there are {asked}")))
    }
}

/// Converts statistics, which are no typed parameters on the wire, to the form of such.
fn unsigned<'a>(
    numbers: impl Iterator<Item = (&'a str, u64)>,
) -> impl Iterator<Item = (&'a str, ValueRef<'a>)> {
    numbers.map(|(name, number)| (name, ValueRef::Ullong(number)))
}
