//! Threads of the hypervisor that disks' I/O can be given to.

use std::time::Duration;

use super::{CpuMap, Domain, ModificationImpact};
use crate::error::Result;
use crate::params::param_struct;
use crate::params::units::Nanos;
use crate::protocol::{Request, remote};

/// An I/O thread.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IoThreadInfo {
    /// Its number.
    pub id: u32,
    /// The host's processors that it may run on.
    pub affinity: CpuMap,
}

param_struct! {
    /// What can be tuned of an I/O thread (`VIR_DOMAIN_IOTHREAD_…`). What is `None` is not changed.
    pub struct IoThreadParameters {
        /// How long it may poll for events before it sleeps; zero for not at all.
        poll_max: Duration = "poll_max_ns" as Nanos,
        /// By what factor the polling time grows; zero for the hypervisor's choice.
        poll_grow: u32 = "poll_grow",
        /// By what divisor the polling time shrinks; zero for the hypervisor's choice.
        poll_shrink: u32 = "poll_shrink",
        /// How little the last wait changes the polling time, from 0 to 63; zero for the
        /// hypervisor's choice. Since libvirt 12.7.0.
        poll_weight: u32 = "poll_weight",
        /// Fewest worker threads.
        thread_pool_min: i32 = "thread_pool_min",
        /// Most worker threads.
        thread_pool_max: i32 = "thread_pool_max",
        ..other
    }
}

impl Domain {
    /// The domain's I/O threads, by default those of the running domain if it runs
    /// (`virDomainGetIOThreadInfo`).
    pub async fn iothread_info(&self, flags: ModificationImpact) -> Result<Vec<IoThreadInfo>> {
        let reply = self.call(remote::DomainGetIoThreadInfo { dom: self.wire(), flags }).await?;
        let threads = reply.decode()?.info;
        Ok(threads
            .iter()
            .map(|thread| IoThreadInfo {
                id: thread.iothread_id,
                affinity: CpuMap::from_wire(&thread.cpumap),
            })
            .collect())
    }

    /// Restricts an I/O thread to the host's processors `cpus` (`virDomainPinIOThread`).
    pub async fn pin_iothread(
        &self,
        iothread: u32,
        cpus: &CpuMap,
        flags: ModificationImpact,
    ) -> Result<()> {
        self.run(remote::DomainPinIoThread {
            dom: self.wire(),
            iothreads_id: iothread,
            cpumap: cpus.to_wire(remote::DomainPinIoThread::INFO.name)?.into(),
            flags,
        })
        .await
    }

    /// Adds an I/O thread of that number, which no other may have (`virDomainAddIOThread`).
    pub async fn add_iothread(&self, iothread: u32, flags: ModificationImpact) -> Result<()> {
        self.run(remote::DomainAddIoThread { dom: self.wire(), iothread_id: iothread, flags })
            .await
    }

    /// Removes an I/O thread that no disk uses (`virDomainDelIOThread`).
    pub async fn del_iothread(&self, iothread: u32, flags: ModificationImpact) -> Result<()> {
        self.run(remote::DomainDelIoThread { dom: self.wire(), iothread_id: iothread, flags })
            .await
    }

    /// Tunes an I/O thread (`virDomainSetIOThreadParams`).
    ///
    /// QEMU takes this for the running domain only. What is in force stands in the
    /// [statistics](super::stats::IoThread).
    pub async fn set_iothread_params(
        &self,
        iothread: u32,
        parameters: &IoThreadParameters,
        flags: ModificationImpact,
    ) -> Result<()> {
        let params = parameters.to_params();
        self.run(remote::DomainSetIoThreadParams {
            dom: self.wire(),
            iothread_id: iothread,
            params: (&params).into(),
            flags: flags.bits(),
        })
        .await
    }
}
