//! I/O threads: threads of the hypervisor that handle the I/O of disks.

use std::time::Duration;

use serde::Serialize;

use super::{CpuMap, Domain, ModificationImpact};
use crate::error::Result;
use crate::params::param_struct;
use crate::params::units::Nanos;
use crate::protocol::{Request, remote};

/// An I/O thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct IoThreadInfo {
    /// ID of the I/O thread.
    pub id: u32,
    /// Host CPUs that it may run on.
    pub affinity: CpuMap,
}

param_struct! {
    /// Parameters of an I/O thread (`VIR_DOMAIN_IOTHREAD_…`). Setting leaves a field that is `None`
    /// unchanged.
    pub struct IoThreadParameters {
        /// Maximum time of polling for events before it sleeps; zero for no polling.
        poll_max: Duration = "poll_max_ns" as Nanos,
        /// Factor by which the polling time grows; zero for the hypervisor's default.
        poll_grow: u32 = "poll_grow",
        /// Divisor by which the polling time shrinks; zero for the hypervisor's default.
        poll_shrink: u32 = "poll_shrink",
        /// Damping of the last wait's effect on the polling time, from 0 to 63; zero for the
        /// hypervisor's default. Since libvirt 12.7.0.
        poll_weight: u32 = "poll_weight",
        /// Minimum number of worker threads; -1, in a definition, for the hypervisor's default.
        thread_pool_min: i32 = "thread_pool_min",
        /// Maximum number of worker threads; -1, in a definition, for the hypervisor's default.
        thread_pool_max: i32 = "thread_pool_max",
        ..other
    }
}

/// # I/O threads
impl Domain {
    /// Lists the domain's I/O threads, by default those of the running domain if it runs
    /// (`virDomainGetIOThreadInfo`).
    #[doc(alias = "virDomainGetIOThreadInfo")]
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

    /// Pins an I/O thread to the host CPUs `cpus` (`virDomainPinIOThread`).
    #[doc(alias = "virDomainPinIOThread")]
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

    /// Adds an I/O thread with the ID `iothread`, which must be unused (`virDomainAddIOThread`).
    #[doc(alias = "virDomainAddIOThread")]
    pub async fn add_iothread(&self, iothread: u32, flags: ModificationImpact) -> Result<()> {
        self.run(remote::DomainAddIoThread { dom: self.wire(), iothread_id: iothread, flags })
            .await
    }

    /// Removes an I/O thread that no disk uses (`virDomainDelIOThread`).
    #[doc(alias = "virDomainDelIOThread")]
    pub async fn del_iothread(&self, iothread: u32, flags: ModificationImpact) -> Result<()> {
        self.run(remote::DomainDelIoThread { dom: self.wire(), iothread_id: iothread, flags })
            .await
    }

    /// Changes parameters of an I/O thread (`virDomainSetIOThreadParams`).
    ///
    /// The values in force are in the [statistics](super::stats::IoThread), those of a definition in
    /// its XML.
    #[doc(alias = "virDomainSetIOThreadParams")]
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
