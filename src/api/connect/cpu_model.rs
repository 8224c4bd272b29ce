//! CPU models: names, comparison and baselines.

use super::Platform;
use crate::client::{Connect, Reply};
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::{BaselineCpuFlags, CompareCpuFlags, CpuCompareResult};

/// # CPU models
impl Connect {
    /// Lists the CPU models of an architecture that libvirt knows by name
    /// (`virConnectGetCPUModelNames`).
    ///
    /// An empty list means that libvirt accepts any name. A hypervisor's support for them is in the
    /// [`domain_capabilities`](Self::domain_capabilities).
    #[doc(alias = "virConnectGetCPUModelNames")]
    #[doc(alias = "getCPUModelNames")]
    pub async fn cpu_model_names(&self, arch: &str) -> Result<Vec<String>> {
        let reply = self
            .call(remote::ConnectGetCpuModelNames { arch: arch.into(), need_results: 1, flags: 0 })
            .await?;
        let models = reply.decode()?.models;
        Ok(models.into_iter().map(String::from).collect())
    }

    /// Compares the host's CPU with the one that `xml` describes, a `<cpu>` element or capabilities
    /// that contain one (`virConnectCompareCPU`).
    ///
    /// A [`Superset`](CpuCompareResult::Superset) has all features that `xml` asks for and more.
    /// With [`FAIL_INCOMPATIBLE`](CompareCpuFlags::FAIL_INCOMPATIBLE) a CPU that lacks features is
    /// an error, which names them.
    #[doc(alias = "virConnectCompareCPU")]
    pub async fn compare_cpu(&self, xml: &str, flags: CompareCpuFlags) -> Result<CpuCompareResult> {
        let reply = self.call(remote::ConnectCompareCpu { xml: xml.into(), flags }).await?;
        comparison(&reply, reply.decode()?.result)
    }

    /// Compares the CPU that the hypervisor can provide on this host with the one that `xml`
    /// describes (`virConnectCompareHypervisorCPU`).
    ///
    /// See [`compare_cpu`](Self::compare_cpu), which ignores the hypervisor.
    #[doc(alias = "virConnectCompareHypervisorCPU")]
    pub async fn compare_hypervisor_cpu(
        &self,
        platform: Platform<'_>,
        xml: &str,
        flags: CompareCpuFlags,
    ) -> Result<CpuCompareResult> {
        let reply = self
            .call(remote::ConnectCompareHypervisorCpu {
                emulator: platform.emulator.map(Into::into),
                arch: platform.arch.map(Into::into),
                machine: platform.machine.map(Into::into),
                virttype: platform.virt_type.map(Into::into),
                xml_cpu: xml.into(),
                flags,
            })
            .await?;
        comparison(&reply, reply.decode()?.result)
    }

    /// Computes the best CPU that is compatible with all of `xml_cpus`, as a `<cpu>` element
    /// (`virConnectBaselineCPU`).
    ///
    /// Each is a `<cpu>` element or capabilities that contain one; at most 256.
    #[doc(alias = "virConnectBaselineCPU")]
    pub async fn baseline_cpu(&self, xml_cpus: &[&str], flags: BaselineCpuFlags) -> Result<String> {
        let reply = self
            .call(remote::ConnectBaselineCpu {
                xml_cpus: xml_cpus.iter().map(|xml| (*xml).into()).collect(),
                flags,
            })
            .await?;
        Ok(reply.decode()?.cpu.into_owned())
    }

    /// Computes the best CPU that is compatible with all of `xml_cpus` and that the hypervisor can
    /// provide (`virConnectBaselineHypervisorCPU`).
    ///
    /// Each is a `<cpu>` element, or capabilities or domain capabilities that contain one; at most
    /// 256.
    #[doc(alias = "virConnectBaselineHypervisorCPU")]
    pub async fn baseline_hypervisor_cpu(
        &self,
        platform: Platform<'_>,
        xml_cpus: &[&str],
        flags: BaselineCpuFlags,
    ) -> Result<String> {
        let reply = self
            .call(remote::ConnectBaselineHypervisorCpu {
                emulator: platform.emulator.map(Into::into),
                arch: platform.arch.map(Into::into),
                machine: platform.machine.map(Into::into),
                virttype: platform.virt_type.map(Into::into),
                xml_cpus: xml_cpus.iter().map(|xml| (*xml).into()).collect(),
                flags,
            })
            .await?;
        Ok(reply.decode()?.cpu.into_owned())
    }
}

fn comparison<B>(reply: &Reply<B>, result: CpuCompareResult) -> Result<CpuCompareResult> {
    match result {
        CpuCompareResult::Error => Err(reply.invalid("it failed and succeeded at once")),
        result => Ok(result),
    }
}
