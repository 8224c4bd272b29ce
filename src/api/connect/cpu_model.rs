//! Processor models: which there are, and what processors have in common.

use super::Platform;
use crate::client::{Connect, Reply};
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::{BaselineCpuFlags, CompareCpuFlags, CpuCompareResult};

impl Connect {
    /// The processor models of an architecture that libvirt knows by name
    /// (`virConnectGetCPUModelNames`).
    ///
    /// None at all means that libvirt takes any name. What a hypervisor makes of them is in the
    /// [`domain_capabilities`](Self::domain_capabilities).
    pub async fn cpu_model_names(&self, arch: &str) -> Result<Vec<String>> {
        let reply = self
            .call(remote::ConnectGetCpuModelNames { arch: arch.into(), need_results: 1, flags: 0 })
            .await?;
        let models = reply.decode()?.models;
        Ok(models.into_iter().map(String::from).collect())
    }

    /// How the host's processor compares with the one that `xml` describes, a `<cpu>` element or
    /// capabilities that contain one (`virConnectCompareCPU`).
    ///
    /// A [`Superset`](CpuCompareResult::Superset) has all that `xml` asks for and more. With
    /// [`FAIL_INCOMPATIBLE`](CompareCpuFlags::FAIL_INCOMPATIBLE) a processor that lacks something is
    /// an error, which says what it lacks.
    pub async fn compare_cpu(&self, xml: &str, flags: CompareCpuFlags) -> Result<CpuCompareResult> {
        let reply = self.call(remote::ConnectCompareCpu { xml: xml.into(), flags }).await?;
        comparison(&reply, reply.decode()?.result)
    }

    /// How the processor that the hypervisor can offer on this host compares with the one that
    /// `xml` describes (`virConnectCompareHypervisorCPU`).
    ///
    /// See [`compare_cpu`](Self::compare_cpu), which does not ask the hypervisor.
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

    /// The best processor that all of `xml_cpus` can stand for, as a `<cpu>` element
    /// (`virConnectBaselineCPU`).
    ///
    /// Each is a `<cpu>` element or capabilities that contain one; at most 256.
    pub async fn baseline_cpu(&self, xml_cpus: &[&str], flags: BaselineCpuFlags) -> Result<String> {
        let reply = self
            .call(remote::ConnectBaselineCpu {
                xml_cpus: xml_cpus.iter().map(|xml| (*xml).into()).collect(),
                flags,
            })
            .await?;
        Ok(reply.decode()?.cpu.into_owned())
    }

    /// The best processor that all of `xml_cpus` can stand for and that the hypervisor can offer
    /// (`virConnectBaselineHypervisorCPU`).
    ///
    /// Each is a `<cpu>` element, or capabilities or domain capabilities that contain one; at most
    /// 256.
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
