//! A domain's virtual processors.

use super::impact::{Meant, exclude_both};
use super::pins::{last, vcpu_cpus};
use crate::protocol::remote::{self, NonnullDomain};
use crate::test_driver::failure::{Failure, Result, check_flags, not_zero};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::Definition;
use crate::test_driver::work::Work;
use crate::types::domain::{VcpuFlags, VcpuState};
use crate::types::error::ErrorCode;

/// The most processors that a domain can have.
pub(crate) const MAX: u32 = 32;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::DomainGetMaxVcpus<'static>>(|work, request| {
        let num = get(work, &request.dom, VcpuFlags::LIVE | VcpuFlags::MAXIMUM)?;
        Ok(remote::DomainGetMaxVcpusRet { num })
    });
    routes.tell::<remote::DomainGetVcpusFlags<'static>>(|work, request| {
        let num = get(work, &request.dom, request.flags)?;
        Ok(remote::DomainGetVcpusFlagsRet { num })
    });
    routes.act::<remote::DomainSetVcpus<'static>>(|work, request| {
        not_zero(request.nvcpus, "nvcpus", "virDomainSetVcpus")?;
        set(work, &request.dom, request.nvcpus, VcpuFlags::LIVE)
    });
    routes.act::<remote::DomainSetVcpusFlags<'static>>(|work, request| {
        not_zero(request.nvcpus, "nvcpus", "virDomainSetVcpusFlags")?;
        set(work, &request.dom, request.nvcpus, request.flags)
    });
    routes.tell::<remote::DomainGetVcpus<'static>>(list);
}

const KNOWN: VcpuFlags = VcpuFlags::LIVE.union(VcpuFlags::CONFIG).union(VcpuFlags::MAXIMUM);

fn get(work: &Work<'_>, dom: &NonnullDomain<'_>, flags: VcpuFlags) -> Result<i32> {
    exclude_both(flags.bits(), "virDomainGetVcpusFlags", "ctl")?;
    check_flags(flags.bits(), KNOWN.bits(), "testDomainGetVcpusFlags")?;
    let domain = work.state.domains.get(dom)?;
    let definition = domain.one((flags - VcpuFlags::MAXIMUM).bits())?;
    let count = if flags.contains(VcpuFlags::MAXIMUM) {
        definition.max_vcpus()
    } else {
        definition.vcpus()
    };
    Ok(i32::try_from(count).unwrap_or(i32::MAX))
}

fn set(work: &mut Work<'_>, dom: &NonnullDomain<'_>, count: u32, flags: VcpuFlags) -> Result<()> {
    check_flags(flags.bits(), KNOWN.bits(), "testDomainSetVcpusFlags")?;
    if flags.contains(VcpuFlags::MAXIMUM) && !flags.contains(VcpuFlags::CONFIG) {
        let detail = "Flag 'VIR_DOMAIN_VCPU_CONFIG' is required by flag 'VIR_DOMAIN_VCPU_MAXIMUM'";
        return Err(Failure::refused("virDomainSetVcpusFlags", "ctl", detail));
    }
    let too_many = |what, max| {
        let detail = format!("requested cpu amount exceeds maximum{what} ({count} > {max})");
        Err(Failure::new(ErrorCode::InvalidArg, detail))
    };
    if count > MAX {
        return too_many(" supported amount", MAX);
    }
    let domain = work.state.domains.get_mut(dom)?;
    let is_maximum = flags.contains(VcpuFlags::MAXIMUM);
    let meant = domain.meant((flags - VcpuFlags::MAXIMUM).bits())?;
    let exceeded =
        |definition: &Definition| Some(definition.max_vcpus()).filter(|max| *max < count);
    let live = domain.live.as_ref().filter(|_| meant.live);
    if let Some(max) = live.and_then(|(_, live)| exceeded(live)) {
        return too_many("", max);
    }
    let config = domain.config.as_ref().filter(|_| meant.config && !is_maximum);
    if let Some(max) = config.and_then(exceeded) {
        return too_many("", max);
    }
    domain.change(Meant { config: false, ..meant }, |definition| definition.set_vcpus(count));
    domain.change(Meant { live: false, ..meant }, |definition| {
        if is_maximum {
            definition.set_max_vcpus(count);
        } else {
            definition.set_vcpus(count);
        }
    });
    Ok(())
}

fn list(
    work: &mut Work<'_>,
    request: remote::DomainGetVcpus<'_>,
) -> Result<remote::DomainGetVcpusRet<'static>> {
    let domain = work.state.domains.get(&request.dom)?;
    if !domain.is_active() {
        return Err(Failure::invalid("cannot list vcpus for an inactive domain"));
    }
    let cpus = work.state.node.max_cpus();
    let cpu_time = work.state.microseconds() / 10;
    let definition = domain.definition();
    let count = definition.vcpus().min(u32::try_from(request.maxinfo).unwrap_or_default());
    let length = usize::try_from(request.maplen).unwrap_or_default();
    let (mut info, mut cpumaps) = (Vec::new(), Vec::new());
    for number in 0..count {
        let pinned = vcpu_cpus(definition, number, cpus, cpus.div_ceil(8) as usize);
        let cpu = last(&pinned).map_or(-1, |cpu| cpu as i32);
        info.push(remote::VcpuInfo { number, state: VcpuState::Running, cpu_time, cpu });
        cpumaps.extend(vcpu_cpus(definition, number, cpus, length));
    }
    Ok(remote::DomainGetVcpusRet { info, cpumaps: cpumaps.into() })
}
