//! CPU pinning of a domain's threads.

use super::cpu::CpuMaps;
use super::{CpuMap, Domain, ModificationImpact, VcpuFlags};
use crate::error::Result;
use crate::protocol::{Request, remote};

/// # CPU pinning
impl Domain {
    /// Pins the virtual CPU `vcpu` of the running domain to the host CPUs `cpus`
    /// (`virDomainPinVcpu`).
    #[doc(alias = "virDomainPinVcpu")]
    pub async fn pin_vcpu(&self, vcpu: u32, cpus: &CpuMap) -> Result<()> {
        self.run(remote::DomainPinVcpu {
            dom: self.wire(),
            vcpu,
            cpumap: cpus.to_wire(remote::DomainPinVcpu::INFO.name)?.into(),
        })
        .await
    }

    /// Pins a virtual CPU of the running domain, its definition, or both to host CPUs
    /// (`virDomainPinVcpuFlags`).
    #[doc(alias = "virDomainPinVcpuFlags")]
    pub async fn pin_vcpu_flags(
        &self,
        vcpu: u32,
        cpus: &CpuMap,
        flags: ModificationImpact,
    ) -> Result<()> {
        self.run(remote::DomainPinVcpuFlags {
            dom: self.wire(),
            vcpu,
            cpumap: cpus.to_wire(remote::DomainPinVcpuFlags::INFO.name)?.into(),
            flags,
        })
        .await
    }

    /// Returns the host CPUs that each virtual CPU may run on, indexed by virtual CPU
    /// (`virDomainGetVcpuPinInfo`).
    ///
    /// Covers every virtual CPU that the domain can have, present or not. Makes three calls, as
    /// [`vcpus`](Self::vcpus) does.
    #[doc(alias = "virDomainGetVcpuPinInfo")]
    pub async fn vcpu_pin_info(&self, flags: ModificationImpact) -> Result<Vec<CpuMap>> {
        let maximum = VcpuFlags::from_bits_retain(flags.bits()) | VcpuFlags::MAXIMUM;
        let maps = CpuMaps::of_host(self.connect(), self.vcpus_flags(maximum).await?).await?;
        let reply = self
            .call(remote::DomainGetVcpuPinInfo {
                dom: self.wire(),
                ncpumaps: maps.rows as i32,
                maplen: maps.row_len as i32,
                flags,
            })
            .await?;
        let ret = reply.decode()?;
        let count = reply.count(ret.num)?;
        Ok(maps.split(&reply, &ret.cpumaps, count as usize)?.collect())
    }

    /// Pins the hypervisor's threads other than virtual CPUs to the host CPUs `cpus`
    /// (`virDomainPinEmulator`).
    #[doc(alias = "virDomainPinEmulator")]
    pub async fn pin_emulator(&self, cpus: &CpuMap, flags: ModificationImpact) -> Result<()> {
        self.run(remote::DomainPinEmulator {
            dom: self.wire(),
            cpumap: cpus.to_wire(remote::DomainPinEmulator::INFO.name)?.into(),
            flags,
        })
        .await
    }

    /// Returns the host CPUs that the hypervisor's other threads may run on; `None` where it has no
    /// such restriction (`virDomainGetEmulatorPinInfo`).
    #[doc(alias = "virDomainGetEmulatorPinInfo")]
    pub async fn emulator_pin_info(&self, flags: ModificationImpact) -> Result<Option<CpuMap>> {
        let maps = CpuMaps::of_host(self.connect(), 1).await?;
        let reply = self
            .call(remote::DomainGetEmulatorPinInfo {
                dom: self.wire(),
                maplen: maps.row_len as i32,
                flags,
            })
            .await?;
        let ret = reply.decode()?;
        let count = reply.count(ret.ret)?;
        Ok(maps.split(&reply, &ret.cpumaps, count as usize)?.next())
    }
}
