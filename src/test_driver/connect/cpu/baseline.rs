//! The processor whose guests can run on any of several hosts.

use super::failures::{failed, unknown, without_driver};
use super::guest::GuestCpu;
use super::host::HostCpu;
use super::map::{self, PPC64};
use super::x86;
use crate::protocol::remote;
use crate::test_driver::arch::{self, Family};
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::work::Work;
use crate::types::connect::BaselineCpuFlags;
use crate::types::error::{ErrorCode, ErrorDomain};

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectBaselineCpu<'static>>(baseline_cpu);
}

fn baseline_cpu(
    _: &mut Work<'_>,
    request: remote::ConnectBaselineCpu<'_>,
) -> Result<remote::ConnectBaselineCpuRet<'static>> {
    let known = BaselineCpuFlags::EXPAND_FEATURES;
    if request.xml_cpus.is_empty() {
        const FUNCTION: &str = "virConnectBaselineCPU";
        let message = format!("xmlCPUs in {FUNCTION} must not be NULL");
        return Err(Failure::refused(FUNCTION, "xmlCPUs", message));
    }
    check_flags(request.flags.bits(), known.bits(), "testConnectBaselineCPU")?;
    let cpus = request.xml_cpus.iter().map(|xml| HostCpu::parse(xml.as_str()));
    let cpus = cpus.collect::<Result<Vec<_>>>()?;
    let Some(first) = cpus.first() else {
        return Err(Failure::of(ErrorDomain::Cpu, ErrorCode::InvalidArg, "no CPUs given"));
    };
    let arch = first.arch.as_str();
    let mut guest = match arch::family(arch) {
        Some(Family::X86) => x86::baseline(first, &cpus)?,
        Some(Family::Ppc64) => ppc64(first, &cpus)?,
        Some(Family::Arm) => GuestCpu { model: first.model.clone(), ..GuestCpu::default() },
        Some(Family::Single) => {
            let detail = format!("cannot compute baseline CPU of {arch} architecture");
            return Err(Failure::of(ErrorDomain::Cpu, ErrorCode::NoSupport, detail));
        }
        Some(Family::Unknown) | None => return Err(without_driver(arch)),
    };
    if request.flags.contains(known) && arch::family(arch) == Some(Family::X86) {
        x86::expand(&mut guest);
    }
    Ok(remote::ConnectBaselineCpuRet { cpu: guest.to_element().to_string().into() })
}

/// Hosts of this family must be all alike.
fn ppc64(first: &HostCpu, cpus: &[HostCpu]) -> Result<GuestCpu> {
    let model = map::find(&PPC64, &first.model).ok_or_else(|| unknown("model", &first.model))?;
    for cpu in cpus {
        if cpu.model != model.name {
            return Err(failed("CPUs are incompatible"));
        }
        let Some(vendor) = &cpu.vendor else {
            continue;
        };
        let vendor = map::vendor(&PPC64, vendor)
            .ok_or_else(|| failed(format_args!("Unknown CPU vendor {vendor}")))?;
        if let Some(other) = model.vendor
            && other != vendor
        {
            let name = model.name;
            return Err(failed(format_args!(
                "CPU vendor {other} of model {name} differs from vendor {vendor}"
            )));
        }
    }
    Ok(GuestCpu {
        model: first.model.clone(),
        is_exact: true,
        ..GuestCpu::default()
    })
}
