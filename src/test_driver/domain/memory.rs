//! A domain's memory.

use crate::protocol::remote::{self, NonnullDomain};
use crate::test_driver::failure::{Failure, Result, check_flags, not_zero};
use crate::test_driver::routes::Routes;
use crate::test_driver::work::Work;
use crate::types::domain::{MemoryFlags, MemoryModFlags, MemoryStatTags as Tag};
use crate::types::error::ErrorCode;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::DomainGetMaxMemory<'static>>(|work, request| {
        let memory = work.state.domains.get(&request.dom)?.definition().memory_kib();
        Ok(remote::DomainGetMaxMemoryRet { memory })
    });
    routes.act::<remote::DomainSetMaxMemory<'static>>(|work, request| {
        not_zero(request.memory, "memory", "virDomainSetMaxMemory")?;
        set(work, &request.dom, request.memory, MemoryModFlags::MAXIMUM)
    });
    routes.act::<remote::DomainSetMemory<'static>>(|work, request| {
        not_zero(request.memory, "memory", "virDomainSetMemory")?;
        set(work, &request.dom, request.memory, MemoryModFlags::LIVE)
    });
    routes.act::<remote::DomainSetMemoryFlags<'static>>(|work, request| {
        not_zero(request.memory, "memory", "virDomainSetMemoryFlags")?;
        set(work, &request.dom, request.memory, request.flags)
    });
    routes.tell::<remote::DomainMemoryStats<'static>>(stats);
    routes.act::<remote::DomainSetMemoryStatsPeriod<'static>>(set_stats_period);
    routes.make::<remote::DomainMemoryPeek<'static>>(peek);
}

fn set(
    work: &mut Work<'_>,
    dom: &NonnullDomain<'_>,
    memory_kib: u64,
    flags: MemoryModFlags,
) -> Result<()> {
    let known = MemoryModFlags::LIVE | MemoryModFlags::CONFIG | MemoryModFlags::MAXIMUM;
    check_flags(flags.bits(), known.bits(), "testDomainSetMemoryFlags")?;
    let domain = work.state.domains.get_mut(dom)?;
    let is_maximum = flags.contains(MemoryModFlags::MAXIMUM);
    let impact = (flags - MemoryModFlags::MAXIMUM).bits();
    if domain.meant_one(impact)?.live && is_maximum {
        let detail = "cannot resize the maximum memory on an active domain";
        return Err(Failure::invalid(detail));
    }
    let definition = domain.one_mut(impact)?;
    if is_maximum {
        definition.set_memory_kib(memory_kib);
        if definition.current_memory_kib() > memory_kib {
            definition.set_current_memory_kib(memory_kib);
        }
    } else if memory_kib > definition.memory_kib() {
        let detail = "cannot set memory higher than max memory";
        return Err(Failure::new(ErrorCode::InvalidArg, detail));
    } else {
        definition.set_current_memory_kib(memory_kib);
    }
    Ok(())
}

fn stats(
    work: &mut Work<'_>,
    request: remote::DomainMemoryStats<'_>,
) -> Result<remote::DomainMemoryStatsRet> {
    check_flags(request.flags, 0, "testDomainMemoryStats")?;
    let domain = work.state.domains.get(&request.dom)?;
    domain.check_active()?;
    let definition = domain.definition();
    let memory = definition.current_memory_kib();
    let all = [
        (Tag::ActualBalloon, memory),
        (Tag::SwapIn, 0),
        (Tag::SwapOut, 0),
        (Tag::MajorFault, 0),
        (Tag::MinorFault, 0),
        (Tag::Unused, memory / 2),
        (Tag::Available, memory),
        (Tag::Usable, memory / 2),
        (Tag::LastUpdate, 627_319_920),
        (Tag::DiskCaches, memory / 8),
        (Tag::HugetlbPgalloc, 0),
        (Tag::HugetlbPgfail, 0),
        (Tag::Rss, memory / 2),
    ];
    let stats = if definition.has_memory_balloon() {
        &all[..]
    } else {
        &[]
    };
    let stats = stats
        .iter()
        .take(request.max_stats as usize)
        .map(|(tag, val)| remote::DomainMemoryStat { tag: i32::from(*tag), val: *val });
    Ok(remote::DomainMemoryStatsRet { stats: stats.collect() })
}

fn peek(
    work: &mut Work<'_>,
    request: remote::DomainMemoryPeek<'_>,
) -> Result<remote::DomainMemoryPeekRet<'static>> {
    let known = MemoryFlags::VIRTUAL | MemoryFlags::PHYSICAL;
    check_flags(request.flags.bits(), known.bits(), "testDomainMemoryPeek")?;
    if request.flags != MemoryFlags::VIRTUAL && request.flags != MemoryFlags::PHYSICAL {
        let detail = "flags parameter must be VIR_MEMORY_VIRTUAL or VIR_MEMORY_PHYSICAL";
        return Err(Failure::new(ErrorCode::InvalidArg, detail));
    }
    work.state.domains.get(&request.dom)?.check_active()?;
    let size = request.size as usize;
    if size > remote::DOMAIN_MEMORY_PEEK_BUFFER_MAX {
        let detail = "size too large";
        return Err(Failure::internal(detail));
    }
    // Each byte is the end of its address.
    let buffer = (0..size).map(|at| (request.offset as u8).wrapping_add(at as u8));
    Ok(remote::DomainMemoryPeekRet { buffer: buffer.collect::<Vec<_>>().into() })
}

fn set_stats_period(
    work: &mut Work<'_>,
    request: remote::DomainSetMemoryStatsPeriod<'_>,
) -> Result<()> {
    if request.period < 0 {
        let function = "virDomainSetMemoryStatsPeriod";
        let detail = format!("period in {function} must be zero or greater");
        return Err(Failure::refused(function, "period", detail));
    }
    let known = MemoryModFlags::LIVE | MemoryModFlags::CONFIG;
    check_flags(request.flags.bits(), known.bits(), "testDomainSetMemoryStatsPeriod")?;
    let definition = work.state.domains.get_mut(&request.dom)?.one_mut(request.flags.bits())?;
    if !definition.has_memory_balloon() {
        let detail = "No memory balloon device configured, can not set the collection period";
        return Err(Failure::internal(detail));
    }
    definition.change(|root| {
        let devices = root.child_or_new("devices");
        if let Some(balloon) = devices.child_mut("memballoon") {
            balloon.child_or_new("stats").set("period", request.period);
        }
    });
    Ok(())
}
