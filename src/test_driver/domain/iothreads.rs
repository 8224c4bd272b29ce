//! I/O threads.

use super::pins::{members, ranges};
use super::tuning::parameters::{IMPACT, Type, check};
use crate::protocol::remote::{self, DomainIoThreadInfo, NonnullDomain, TypedParamValue};
use crate::test_driver::domain::impact::exclude_both;
use crate::test_driver::failure::{Failure, Result, check_flags, not_zero};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::{Definition, IoThread};
use crate::test_driver::work::Work;
use crate::types::domain::ModificationImpact;
use crate::types::error::ErrorCode;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::DomainGetIoThreadInfo<'static>>(|work, request| {
        let flags = request.flags.bits();
        exclude_both(flags, "virDomainGetIOThreadInfo", "ctl")?;
        check_flags(flags, IMPACT, "testDomainGetIOThreadInfo")?;
        let definition = work.state.domains.get(&request.dom)?.one(flags)?;
        let info: Vec<_> =
            definition.iothreads().into_iter().map(|id| info(definition, id)).collect();
        let ret = info.len() as u32;
        Ok(remote::DomainGetIoThreadInfoRet { info, ret })
    });
    routes.act::<remote::DomainAddIoThread<'static>>(|work, request| {
        add(work, &request.dom, request.iothread_id, request.flags)
    });
    routes.act::<remote::DomainDelIoThread<'static>>(|work, request| {
        delete(work, &request.dom, request.iothread_id, request.flags)
    });
    routes.act::<remote::DomainPinIoThread<'static>>(pin);
    routes.act::<remote::DomainSetIoThreadParams<'static>>(set_params);
}

/// Says where a thread runs: on its own processors, on the domain's, or on as many as the domain has.
fn info(definition: &Definition, id: u32) -> DomainIoThreadInfo<'static> {
    let own = definition.root().child("vcpu").and_then(|vcpu| vcpu.get("cpuset"));
    let cpus = match definition.iothread_pin(id).or(own) {
        Some(set) => members(set),
        None => (0..definition.vcpus() as usize).collect(),
    };
    let mut cpumap = vec![0; 1 + cpus.iter().max().map_or(0, |last| last / 8)];
    for cpu in cpus {
        if let Some(byte) = cpumap.get_mut(cpu / 8) {
            *byte |= 1 << (cpu % 8);
        }
    }
    cpumap.truncate(remote::CPUMAP_MAX);
    DomainIoThreadInfo { iothread_id: id, cpumap: cpumap.into() }
}

fn check_number(id: u32) -> Result<()> {
    match id {
        0 => Err(wrong("invalid value of 0 for iothread_id")),
        _ => Ok(()),
    }
}

fn wrong(detail: impl std::fmt::Display) -> Failure {
    Failure::new(ErrorCode::InvalidArg, detail)
}

fn add(
    work: &mut Work<'_>,
    dom: &NonnullDomain<'_>,
    id: u32,
    flags: ModificationImpact,
) -> Result<()> {
    check_flags(flags.bits(), IMPACT, "testDomainAddIOThread")?;
    check_number(id)?;
    let domain = work.state.domains.get_mut(dom)?;
    let definition = domain.one_mut(flags.bits())?;
    let threads = definition.iothreads();
    if threads.contains(&id) {
        let detail = format!("an IOThread is already using iothread_id '{id}'");
        return Err(Failure::shared(ErrorCode::InvalidArg, detail));
    }
    if threads.len() >= remote::IOTHREAD_INFO_MAX {
        return Err(Failure::internal("there are too many I/O threads"));
    }
    definition.add_iothread(id);
    domain.threads.push(IoThread::new(id));
    Ok(())
}

fn delete(
    work: &mut Work<'_>,
    dom: &NonnullDomain<'_>,
    id: u32,
    flags: ModificationImpact,
) -> Result<()> {
    not_zero(id, "iothread_id", "virDomainDelIOThread")?;
    check_flags(flags.bits(), IMPACT, "testDomainDelIOThread")?;
    let domain = work.state.domains.get_mut(dom)?;
    let definition = domain.one_mut(flags.bits())?;
    if !definition.iothreads().contains(&id) {
        let detail = format!("cannot find IOThread '{id}' in iothreadids list");
        return Err(Failure::shared(ErrorCode::InvalidArg, detail));
    }
    check_unused(definition, id)?;
    definition.remove_iothread(id);
    if let Some(at) = domain.threads.iter().position(|thread| thread.id == id) {
        domain.threads.remove(at);
    }
    Ok(())
}

/// Checks that no device uses a thread.
fn check_unused(definition: &Definition, id: u32) -> Result<()> {
    let id = id.to_string();
    let users = definition.devices().filter(|device| {
        let Some(driver) = device.child("driver") else {
            return false;
        };
        let mut mapped = driver.child("iothreads").into_iter().flat_map(|list| &list.children);
        driver.get("iothread") == Some(&id) || mapped.any(|thread| thread.get("id") == Some(&id))
    });
    let users: Vec<_> = users.collect();
    let fail = |detail| Err(Failure::shared(ErrorCode::InvalidArg, detail));
    if let Some(disk) = users.iter().find(|device| device.name == "disk") {
        let target = disk.child("target").and_then(|target| target.get("dev")).unwrap_or_default();
        return fail(format!(
            "cannot remove IOThread {id} since it is being used by disk '{target}'"
        ));
    }
    if users.iter().any(|device| device.name == "controller") {
        return fail(format!("cannot remove IOThread '{id}' since it is being used by controller"));
    }
    Ok(())
}

fn pin(work: &mut Work<'_>, request: remote::DomainPinIoThread<'_>) -> Result<()> {
    let id = request.iothreads_id;
    check_flags(request.flags.bits(), IMPACT, "testDomainPinIOThread")?;
    let definition = work.state.domains.get_mut(&request.dom)?.one_mut(request.flags.bits())?;
    let set = ranges(&request.cpumap);
    if set.is_empty() {
        return Err(wrong("Empty iothread cpumap list for pinning"));
    }
    if !definition.iothreads().contains(&id) {
        return Err(wrong(format_args!("iothreadid {} not found", id.cast_signed())));
    }
    definition.pin_iothread(id, &set);
    Ok(())
}

fn set_params(work: &mut Work<'_>, request: remote::DomainSetIoThreadParams<'_>) -> Result<()> {
    let id = request.iothread_id;
    check_flags(request.flags, ModificationImpact::LIVE.bits(), "testDomainSetIOThreadParams")?;
    check_number(id)?;
    let domain = work.state.domains.get_mut(&request.dom)?;
    if !domain.one(request.flags)?.iothreads().contains(&id) {
        return Err(wrong(format_args!("cannot find IOThread '{id}' in iothreadids")));
    }
    // Of threads that a definition came with, the driver knows no parameters.
    let thread = domain.threads.iter_mut().find(|thread| thread.id == id);
    let thread = thread.ok_or_else(Failure::unsaid)?;
    check(&request.params, |field| match field {
        "poll_max_ns" => Some(Type::Ullong),
        "poll_grow" | "poll_shrink" | "poll_weight" => Some(Type::Uint),
        _ => None,
    })?;
    for param in &request.params {
        match (param.field.as_str(), &param.value) {
            (_, TypedParamValue::Ullong(value)) => thread.poll_max_ns = *value,
            ("poll_grow", TypedParamValue::Uint(value)) => thread.poll_grow = *value,
            ("poll_shrink", TypedParamValue::Uint(value)) => thread.poll_shrink = *value,
            ("poll_weight", TypedParamValue::Uint(value)) => thread.poll_weight = *value,
            _ => {}
        }
    }
    Ok(())
}
