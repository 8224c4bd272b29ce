//! Which of the host's processors a domain's threads may run on.

use super::cpu::CpuMaps;
use super::{CpuMap, Domain, ModificationImpact, VcpuFlags};
use crate::api::wire;
use crate::error::Result;
use crate::protocol::{Procedure, remote};

impl Domain {
    /// Restricts the virtual processor `vcpu` of the running domain to the host's processors `cpus`
    /// (`virDomainPinVcpu`).
    pub async fn pin_vcpu(&self, vcpu: u32, cpus: &CpuMap) -> Result<()> {
        let args = remote::DomainPinVcpuArgs {
            dom: self.wire(),
            vcpu,
            cpumap: cpus.to_wire(remote::DomainPinVcpu::INFO.name)?.into(),
        };
        self.run::<remote::DomainPinVcpu>(&args).await
    }

    /// The same for the running domain, its definition, or both (`virDomainPinVcpuFlags`).
    pub async fn pin_vcpu_flags(
        &self,
        vcpu: u32,
        cpus: &CpuMap,
        flags: ModificationImpact,
    ) -> Result<()> {
        let args = remote::DomainPinVcpuFlagsArgs {
            dom: self.wire(),
            vcpu,
            cpumap: cpus.to_wire(remote::DomainPinVcpuFlags::INFO.name)?.into(),
            flags: flags.bits(),
        };
        self.run::<remote::DomainPinVcpuFlags>(&args).await
    }

    /// The host's processors that each virtual processor may run on, by its number
    /// (`virDomainGetVcpuPinInfo`).
    ///
    /// Covers every processor that the domain can have, present or not. Three calls, as for
    /// [`vcpus`](Self::vcpus).
    pub async fn vcpu_pin_info(&self, flags: ModificationImpact) -> Result<Vec<CpuMap>> {
        const NAME: &str = remote::DomainGetVcpuPinInfo::INFO.name;
        let maximum = VcpuFlags::from_bits_retain(flags.bits()) | VcpuFlags::MAXIMUM;
        let maps = CpuMaps::of_host(&self.conn, self.vcpus_flags(maximum).await?).await?;
        let args = remote::DomainGetVcpuPinInfoArgs {
            dom: self.wire(),
            ncpumaps: maps.rows as i32,
            maplen: maps.row_len as i32,
            flags: flags.bits(),
        };
        let reply = self.call::<remote::DomainGetVcpuPinInfo>(&args).await?;
        let ret = reply.decode()?;
        let count = wire::count(NAME, ret.num)?;
        Ok(maps.split(NAME, &ret.cpumaps, count as usize)?.collect())
    }

    /// Restricts the threads of the hypervisor that are not virtual processors
    /// (`virDomainPinEmulator`).
    pub async fn pin_emulator(&self, cpus: &CpuMap, flags: ModificationImpact) -> Result<()> {
        let args = remote::DomainPinEmulatorArgs {
            dom: self.wire(),
            cpumap: cpus.to_wire(remote::DomainPinEmulator::INFO.name)?.into(),
            flags: flags.bits(),
        };
        self.run::<remote::DomainPinEmulator>(&args).await
    }

    /// The host's processors that those threads may run on; `None` where the hypervisor keeps no
    /// such restriction (`virDomainGetEmulatorPinInfo`).
    pub async fn emulator_pin_info(&self, flags: ModificationImpact) -> Result<Option<CpuMap>> {
        const NAME: &str = remote::DomainGetEmulatorPinInfo::INFO.name;
        let maps = CpuMaps::of_host(&self.conn, 1).await?;
        let args = remote::DomainGetEmulatorPinInfoArgs {
            dom: self.wire(),
            maplen: maps.row_len as i32,
            flags: flags.bits(),
        };
        let reply = self.call::<remote::DomainGetEmulatorPinInfo>(&args).await?;
        let ret = reply.decode()?;
        let count = wire::count(NAME, ret.ret)?;
        Ok(maps.split(NAME, &ret.cpumaps, count as usize)?.next())
    }
}
