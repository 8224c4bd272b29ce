//! What the host's processors and memory have been used for.

use std::time::Duration;

use crate::client::{Connect, Reply};
use crate::error::{Error, Result};
use crate::params::units::Nanos;
use crate::params::{ValueRef, param_struct};
use crate::protocol::{Request, remote};

param_struct! {
    /// What one of the host's processors, or all of them together, spent their time on since the
    /// host's start (`VIR_NODE_CPU_STATS_…`).
    pub struct NodeCpuStats {
        /// Time in the kernel.
        kernel: Duration = "kernel" as Nanos,
        /// Time in processes.
        user: Duration = "user" as Nanos,
        /// Time without work.
        idle: Duration = "idle" as Nanos,
        /// Time without work while input or output was awaited.
        iowait: Duration = "iowait" as Nanos,
        /// Time in interrupts.
        intr: Duration = "intr" as Nanos,
        /// Time that guests' processors ran, which is part of `user` too. Since libvirt 11.8.0.
        guest: Duration = "guest" as Nanos,
        /// Share of all processors' time that is used at the moment, in percent. Hypervisors that
        /// tell this tell none of the times.
        utilization_percent: u64 = "utilization",
        ..other
    }
}

param_struct! {
    /// What the memory of the host, or of one of its NUMA nodes, is used for
    /// (`VIR_NODE_MEMORY_STATS_…`).
    pub struct NodeMemoryStats {
        /// All memory that can be used, in KiB.
        total_kib: u64 = "total",
        /// Memory that is not used, in KiB.
        free_kib: u64 = "free",
        /// Memory that buffers data on its way to devices, in KiB. The host as a whole only.
        buffers_kib: u64 = "buffers",
        /// Memory that caches files, in KiB. The host as a whole only.
        cached_kib: u64 = "cached",
        /// Memory that programs could get without swapping, in KiB. The host as a whole only. Since
        /// libvirt 12.3.0.
        available_kib: u64 = "available",
        ..other
    }
}

impl Connect {
    /// What a processor of the host, or for `None` all of them together, spent their time on
    /// (`virNodeGetCPUStats`).
    ///
    /// Two procedures: the first asks how many numbers there are.
    pub async fn node_cpu_stats(&self, cpu: Option<u32>) -> Result<NodeCpuStats> {
        let procedure = remote::NodeGetCpuStats::INFO.name;
        let mut request = remote::NodeGetCpuStats {
            cpu_num: number_or_all(procedure, "processor", cpu)?,
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

    /// What the memory of a NUMA node, or for `None` of the whole host, is used for
    /// (`virNodeGetMemoryStats`).
    ///
    /// Two procedures: the first asks how many numbers there are.
    pub async fn node_memory_stats(&self, cell: Option<u32>) -> Result<NodeMemoryStats> {
        let procedure = remote::NodeGetMemoryStats::INFO.name;
        let mut request = remote::NodeGetMemoryStats {
            nparams: 0,
            cell_num: number_or_all(procedure, "NUMA node", cell)?,
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

/// The number of one, or C's way to say "all of them".
fn number_or_all(procedure: &'static str, what: &str, number: Option<u32>) -> Result<i32> {
    number.map_or(Ok(-1), |number| {
        i32::try_from(number).map_err(|_| Error::InvalidArgument {
            procedure,
            reason: format!("there can be no {what} {number}"),
        })
    })
}

/// More than was asked for is no good reply.
fn check_len<B>(reply: &Reply<B>, len: usize, asked: i32) -> Result<()> {
    if usize::try_from(asked).is_ok_and(|asked| len <= asked) {
        Ok(())
    } else {
        Err(reply.invalid(format!("{len} statistics; there are {asked}")))
    }
}

/// These statistics are no typed parameters, but look the same.
fn unsigned<'a>(
    numbers: impl Iterator<Item = (&'a str, u64)>,
) -> impl Iterator<Item = (&'a str, ValueRef<'a>)> {
    numbers.map(|(name, number)| (name, ValueRef::Ullong(number)))
}
