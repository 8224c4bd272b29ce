//! Capabilities of the host and its hypervisors.

use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::GetDomainCapabilitiesFlags;

/// Selection of a kind of virtual machine. `None` is the daemon's default.
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
    /// Path of the hypervisor's program on the host.
    pub emulator: Option<&'a str>,
    /// CPU architecture of the guest, such as `x86_64`.
    pub arch: Option<&'a str>,
    /// Machine type, such as `q35`.
    pub machine: Option<&'a str>,
    /// Kind of virtualization, such as `kvm` or `qemu`.
    pub virt_type: Option<&'a str>,
}

/// # Capabilities
impl Connect {
    /// Returns the host's capabilities and the guests it can run, as XML
    /// (`virConnectGetCapabilities`).
    #[doc(alias = "virConnectGetCapabilities")]
    #[doc(alias = "getCapabilities")]
    pub async fn capabilities(&self) -> Result<String> {
        let reply = self.call(remote::ConnectGetCapabilities).await?;
        Ok(reply.decode()?.capabilities.into_owned())
    }

    /// Returns the capabilities of a kind of domain, such as devices, firmwares and CPU models, as
    /// XML (`virConnectGetDomainCapabilities`).
    #[doc(alias = "virConnectGetDomainCapabilities")]
    #[doc(alias = "getDomainCapabilities")]
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

    /// Returns the maximum number of virtual CPUs of a domain (`virConnectGetMaxVcpus`).
    ///
    /// `virt_type` is the kind of domain, such as `kvm`; `None` is the driver's default.
    #[doc(alias = "virConnectGetMaxVcpus")]
    #[doc(alias = "getMaxVcpus")]
    pub async fn max_vcpus(&self, virt_type: Option<&str>) -> Result<u32> {
        let reply = self
            .call(remote::ConnectGetMaxVcpus { r#type: virt_type.map(Into::into) })
            .await?;
        reply.count(reply.decode()?.max_vcpus)
    }

    /// Returns the host's firmware tables (SMBIOS) as XML (`virConnectGetSysinfo`).
    ///
    /// Fails for a host without such tables.
    #[doc(alias = "virConnectGetSysinfo")]
    #[doc(alias = "getSysinfo")]
    pub async fn sysinfo(&self) -> Result<String> {
        let reply = self.call(remote::ConnectGetSysinfo { flags: 0 }).await?;
        Ok(reply.decode()?.sysinfo.into_owned())
    }
}
