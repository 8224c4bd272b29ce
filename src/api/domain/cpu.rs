//! Virtual CPUs: their number, state and placement.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::{CpuMap, Domain, SetVcpuFlags, VcpuFlags, VcpuHostCpuState, VcpuState};
use crate::client::{Connect, Reply};
use crate::error::Result;
use crate::protocol::remote;

/// A virtual CPU of a running domain (`virVcpuInfo`).
#[doc(alias = "virVcpuInfo")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VcpuInfo {
    /// ID of the virtual CPU.
    pub number: u32,
    /// State of the virtual CPU.
    pub state: VcpuState,
    /// CPU time used.
    pub cpu_time: Duration,
    /// Host CPU that it runs on.
    pub host_cpu: HostCpu,
    /// Host CPUs that it may run on.
    pub affinity: CpuMap,
}

/// Host CPU that a virtual CPU runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostCpu {
    /// Number of the host CPU.
    Number(u32),
    /// None (`VIR_VCPU_INFO_CPU_OFFLINE`), or unknown to the hypervisor
    /// (`VIR_VCPU_INFO_CPU_UNAVAILABLE`).
    #[doc(alias = "VIR_VCPU_INFO_CPU_OFFLINE")]
    #[doc(alias = "VIR_VCPU_INFO_CPU_UNAVAILABLE")]
    None(VcpuHostCpuState),
}

impl HostCpu {
    fn from_wire(cpu: i32) -> Self {
        u32::try_from(cpu).map_or_else(|_| Self::None(cpu.into()), Self::Number)
    }

    /// Returns the number of the host CPU, if there is one.
    pub fn number(self) -> Option<u32> {
        match self {
            Self::Number(number) => Some(number),
            Self::None(_) => None,
        }
    }
}

/// Writes the number of the host CPU, or the reason why there is none.
impl fmt::Display for HostCpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::None(state) => fmt::Debug::fmt(state, f),
        }
    }
}

/// # Virtual CPUs
impl Domain {
    /// Sets the number of virtual CPUs of the running domain, at most
    /// [`max_vcpus`](Self::max_vcpus) (`virDomainSetVcpus`).
    /// [Takes long](crate#calls-that-take-long) where the guest must cooperate.
    ///
    /// The guest must cooperate: most Linux guests leave a new CPU offline until it is brought
    /// online inside the guest.
    #[doc(alias = "virDomainSetVcpus")]
    pub async fn set_vcpus(&self, count: u32) -> Result<()> {
        self.run(remote::DomainSetVcpus { dom: self.wire(), nvcpus: count }).await
    }

    /// Sets the number of virtual CPUs of the running domain or of its definition, as `flags` say,
    /// or the maximum in the definition (`virDomainSetVcpusFlags`).
    /// [Takes long](crate#calls-that-take-long) where the guest must cooperate.
    #[doc(alias = "virDomainSetVcpusFlags")]
    pub async fn set_vcpus_flags(&self, count: u32, flags: VcpuFlags) -> Result<()> {
        self.run(remote::DomainSetVcpusFlags { dom: self.wire(), nvcpus: count, flags })
            .await
    }

    /// Returns the number of virtual CPUs or, with `MAXIMUM`, their maximum
    /// (`virDomainGetVcpusFlags`).
    #[doc(alias = "virDomainGetVcpusFlags")]
    pub async fn vcpus_flags(&self, flags: VcpuFlags) -> Result<u32> {
        let reply = self.call(remote::DomainGetVcpusFlags { dom: self.wire(), flags }).await?;
        reply.count(reply.decode()?.num)
    }

    /// Returns the maximum number of virtual CPUs of the running domain (`virDomainGetMaxVcpus`).
    /// That of one that does not run is [`vcpus_flags`](Self::vcpus_flags) with `CONFIG` and
    /// `MAXIMUM`.
    #[doc(alias = "virDomainGetMaxVcpus")]
    pub async fn max_vcpus(&self) -> Result<u32> {
        let reply = self.call(remote::DomainGetMaxVcpus { dom: self.wire() }).await?;
        reply.count(reply.decode()?.num)
    }

    /// Returns the state and placement of each virtual CPU of the running domain
    /// (`virDomainGetVcpus`).
    ///
    /// Makes three calls: the domain's maximum of virtual CPUs and the number of host CPUs must be
    /// known first.
    #[doc(alias = "virDomainGetVcpus")]
    pub async fn vcpus(&self) -> Result<Vec<VcpuInfo>> {
        let maps = CpuMaps::of_host(self.connect(), self.max_vcpus().await?).await?;
        let reply = self
            .call(remote::DomainGetVcpus {
                dom: self.wire(),
                maxinfo: maps.rows as i32,
                maplen: maps.row_len as i32,
            })
            .await?;
        let ret = reply.decode()?;
        let affinities = maps.split(&reply, &ret.cpumaps, ret.info.len())?;
        let vcpus = ret.info.iter().zip(affinities);
        Ok(vcpus
            .map(|(info, affinity)| VcpuInfo {
                number: info.number,
                state: info.state,
                cpu_time: Duration::from_nanos(info.cpu_time),
                host_cpu: HostCpu::from_wire(info.cpu),
                affinity,
            })
            .collect())
    }

    /// Plugs or unplugs the virtual CPUs with the IDs `vcpus` (`virDomainSetVcpu`).
    /// [Takes long](crate#calls-that-take-long) where the guest must cooperate, unless
    /// [`ASYNC_UNPLUG`](SetVcpuFlags::ASYNC_UNPLUG) is set (since libvirt 12.4.0): then
    /// [`VcpuRemoved`](crate::events::domain::VcpuRemoved) reports that the guest released one.
    #[doc(alias = "virDomainSetVcpu")]
    pub async fn set_vcpu(&self, vcpus: &CpuMap, enabled: bool, flags: SetVcpuFlags) -> Result<()> {
        self.run(remote::DomainSetVcpu {
            dom: self.wire(),
            cpumap: vcpus.to_string().into(),
            state: enabled.into(),
            flags,
        })
        .await
    }
}

/// The size of a reply of several CPU maps, one behind the other.
pub(super) struct CpuMaps {
    pub(super) rows: u32,
    pub(super) row_len: u32,
}

impl CpuMaps {
    /// Makes room for `rows` maps of all host CPUs.
    pub(super) async fn of_host(conn: &Connect, rows: u32) -> Result<Self> {
        let row_len = host_cpus(conn).await?.div_ceil(8).max(1);
        // The protocol has no room for more.
        let rows = rows.min(remote::VCPUINFO_MAX as u32);
        let row_len = row_len.min(remote::CPUMAPS_MAX as u32 / rows.max(1));
        Ok(Self { rows, row_len })
    }

    /// Returns the first `count` maps. Rows that the daemon left out are empty.
    pub(super) fn split(
        &self,
        reply: &Reply<impl Sized>,
        maps: &[u8],
        count: usize,
    ) -> Result<impl Iterator<Item = CpuMap>> {
        let (rows, row_len) = (self.rows as usize, self.row_len as usize);
        if count > rows || maps.len() > rows * row_len {
            return Err(reply.invalid(format!(
                "{count} rows in {} bytes of processor maps; asked were {rows} rows of {row_len}",
                maps.len()
            )));
        }
        let rows = maps.chunks(row_len).map(CpuMap::from_wire);
        Ok(rows.chain(std::iter::repeat(CpuMap::new())).take(count))
    }
}

/// Returns the number of CPUs that the host has or could have.
async fn host_cpus(conn: &Connect) -> Result<u32> {
    match conn.call(remote::NodeGetCpuMap { need_map: 0, need_online: 0, flags: 0 }).await {
        Ok(reply) => reply.count(reply.decode()?.ret),
        // Not every driver supports it.
        Err(error) if error.is_unsupported() => Ok(conn.node_info().await?.max_cpus()),
        Err(error) => Err(error),
    }
}
