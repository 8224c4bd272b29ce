//! Which of the host's processors a domain's threads may run on.

use super::cpu::CpuMaps;
use super::{CpuMap, Domain, ModificationImpact, VcpuFlags};
use crate::error::Result;
use crate::protocol::{Request, remote};

impl Domain {
    /// Restricts the virtual processor `vcpu` of the running domain to the host's processors `cpus`
    /// (`virDomainPinVcpu`).
    pub async fn pin_vcpu(&self, vcpu: u32, cpus: &CpuMap) -> Result<()> {
        self.run(remote::DomainPinVcpu {
            dom: self.wire(),
            vcpu,
            cpumap: cpus.to_wire(remote::DomainPinVcpu::INFO.name)?.into(),
        })
        .await
    }

    /// The same for the running domain, its definition, or both (`virDomainPinVcpuFlags`).
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

    /// The host's processors that each virtual processor may run on, by its number
    /// (`virDomainGetVcpuPinInfo`).
    ///
    /// Covers every processor that the domain can have, present or not. Three calls, as for
    /// [`vcpus`](Self::vcpus).
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

    /// Restricts the threads of the hypervisor that are not virtual processors
    /// (`virDomainPinEmulator`).
    pub async fn pin_emulator(&self, cpus: &CpuMap, flags: ModificationImpact) -> Result<()> {
        self.run(remote::DomainPinEmulator {
            dom: self.wire(),
            cpumap: cpus.to_wire(remote::DomainPinEmulator::INFO.name)?.into(),
            flags,
        })
        .await
    }

    /// The host's processors that those threads may run on; `None` where the hypervisor keeps no
    /// such restriction (`virDomainGetEmulatorPinInfo`).
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
