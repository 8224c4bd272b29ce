//! What the host and its hypervisors can do.

use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::GetDomainCapabilitiesFlags;

/// Which kind of virtual machine is meant. What is `None` is the daemon's choice.
///
/// ```
/// use libvirt_client::connect::Platform;
///
/// let arm = Platform {
///     arch: Some("aarch64"),
///     virt_type: Some("qemu"),
///     ..Platform::default()
/// };
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Platform<'a> {
    /// The hypervisor's program, by its path on the host.
    pub emulator: Option<&'a str>,
    /// The guest's processor architecture, such as `x86_64`.
    pub arch: Option<&'a str>,
    /// The machine type, such as `q35`.
    pub machine: Option<&'a str>,
    /// The kind of virtualization, such as `kvm` or `qemu`.
    pub virt_type: Option<&'a str>,
}

impl Connect {
    /// What the host has and which guests it can run, as XML (`virConnectGetCapabilities`).
    pub async fn capabilities(&self) -> Result<String> {
        let reply = self.call(remote::ConnectGetCapabilities).await?;
        Ok(reply.decode()?.capabilities.into_owned())
    }

    /// What a domain of that kind can have, such as devices, firmwares and processor models, as XML
    /// (`virConnectGetDomainCapabilities`).
    pub async fn domain_capabilities(
        &self,
        platform: Platform<'_>,
        flags: GetDomainCapabilitiesFlags,
    ) -> Result<String> {
        let reply = self
            .call(remote::ConnectGetDomainCapabilities {
                emulatorbin: platform.emulator.map(Into::into),
                arch: platform.arch.map(Into::into),
                machine: platform.machine.map(Into::into),
                virttype: platform.virt_type.map(Into::into),
                flags,
            })
            .await?;
        Ok(reply.decode()?.capabilities.into_owned())
    }

    /// The most virtual processors that a domain can have (`virConnectGetMaxVcpus`).
    ///
    /// `virt_type` is the kind of domain, such as `kvm`; `None` is the driver's usual one.
    pub async fn max_vcpus(&self, virt_type: Option<&str>) -> Result<u32> {
        let reply = self
            .call(remote::ConnectGetMaxVcpus { r#type: virt_type.map(Into::into) })
            .await?;
        reply.count(reply.decode()?.max_vcpus)
    }

    /// What the host's firmware tells of the machine (SMBIOS), as XML (`virConnectGetSysinfo`).
    ///
    /// Fails for a host without such tables.
    pub async fn sysinfo(&self) -> Result<String> {
        let reply = self.call(remote::ConnectGetSysinfo { flags: 0 }).await?;
        Ok(reply.decode()?.sysinfo.into_owned())
    }
}
