//! On which of the host's processors a domain runs.

use std::borrow::Cow;

use crate::protocol::remote::{self, NonnullDomain};
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::Definition;
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;
use crate::types::domain::ModificationImpact;
use crate::types::error::ErrorCode;
use crate::types::ranges::{self, Part};

pub(super) fn route(routes: &mut Routes) {
    routes.act::<remote::DomainPinVcpu<'static>>(|work, request| {
        pin_vcpu(work, &request.dom, request.vcpu, &request.cpumap)
    });
    routes.act::<remote::DomainPinVcpuFlags<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testDomainPinVcpuFlags")?;
        pin_vcpu(work, &request.dom, request.vcpu, &request.cpumap)
    });
    routes.tell::<remote::DomainGetVcpuPinInfo<'static>>(|work, request| {
        let cpus = work.state.node.max_cpus();
        let length = length(request.maplen);
        let definition = work.state.domains.get(&request.dom)?.one(request.flags.bits())?;
        let wanted = u32::try_from(request.ncpumaps).unwrap_or_default();
        let vcpus = 0..definition.max_vcpus().min(wanted);
        let maps: Vec<u8> = vcpus
            .clone()
            .flat_map(|vcpu| vcpu_cpus(definition, vcpu, cpus, length))
            .collect();
        let num = vcpus.len() as i32;
        Ok(remote::DomainGetVcpuPinInfoRet { cpumaps: maps.into(), num })
    });
    routes.act::<remote::DomainPinEmulator<'static>>(|work, request| {
        check_flags(request.flags.bits(), KNOWN, "testDomainPinEmulator")?;
        let domain = work.state.domains.get_mut(&request.dom)?;
        let definition = domain.one_mut(request.flags.bits())?;
        let set = ranges(&request.cpumap);
        if set.is_empty() {
            let detail = "Empty cpu list for pinning";
            return Err(Failure::new(ErrorCode::InvalidArg, detail));
        }
        definition.change(|root| {
            root.child_or_new("cputune").child_or_new("emulatorpin").set("cpuset", set);
        });
        Ok(())
    });
    routes.tell::<remote::DomainGetEmulatorPinInfo<'static>>(|work, request| {
        check_flags(request.flags.bits(), KNOWN, "testDomainGetEmulatorPinInfo")?;
        let all = all_cpus(work.state.node.max_cpus(), length(request.maplen));
        let definition = work.state.domains.get(&request.dom)?.one(request.flags.bits())?;
        let pin = definition
            .root()
            .at(&["cputune", "emulatorpin"])
            .and_then(|it| it.get("cpuset"));
        let cpumaps = map(definition, pin, &all).into_owned().into();
        Ok(remote::DomainGetEmulatorPinInfoRet { cpumaps, ret: 1 })
    });
}

const KNOWN: u32 = ModificationImpact::LIVE.union(ModificationImpact::CONFIG).bits();

fn length(maplen: i32) -> usize {
    usize::try_from(maplen).unwrap_or_default().min(remote::CPUMAP_MAX)
}

fn pin_vcpu(work: &mut Work<'_>, dom: &NonnullDomain<'_>, vcpu: u32, cpumap: &[u8]) -> Result<()> {
    let domain = work.state.domains.get_mut(dom)?;
    let Some((_, live)) = &mut domain.live else {
        return Err(Failure::invalid("cannot pin vcpus on an inactive domain"));
    };
    if vcpu >= live.vcpus() {
        let detail = format!("requested vcpu '{vcpu}' is not present in the domain");
        return Err(Failure::new(ErrorCode::InvalidArg, detail));
    }
    let set = ranges(cpumap);
    live.change(|root| {
        let tune = root.child_or_new("cputune");
        let is_it =
            |pin: &Element| pin.name == "vcpupin" && pin.get("vcpu") == Some(&*vcpu.to_string());
        tune.children.retain(|pin| !is_it(pin));
        tune.children
            .push(Element::new("vcpupin").with("vcpu", vcpu).with("cpuset", set));
        tune.children
            .sort_by_key(|pin| pin.get("vcpu").and_then(|it| it.parse::<u32>().ok()));
    });
    Ok(())
}

/// Returns a map of so many bytes with those of the host's processors on which a virtual one runs.
pub(super) fn vcpu_cpus(definition: &Definition, vcpu: u32, cpus: u32, length: usize) -> Vec<u8> {
    map(definition, vcpu_pin(definition, vcpu), &all_cpus(cpus, length)).into_owned()
}

/// Returns a map of so many bytes in which so many processors are.
fn all_cpus(cpus: u32, length: usize) -> Vec<u8> {
    let is_in = |at: usize| (at as u64) < u64::from(cpus);
    let byte = |at: usize| (0..8).fold(0, |byte, bit| byte | u8::from(is_in(8 * at + bit)) << bit);
    (0..length).map(byte).collect()
}

/// Returns the processors that a virtual one is bound to.
fn vcpu_pin(definition: &Definition, vcpu: u32) -> Option<&str> {
    let number = vcpu.to_string();
    let mut pins = definition.root().child("cputune")?.children("vcpupin");
    pins.find(|pin| pin.get("vcpu") == Some(&number))?.get("cpuset")
}

/// Returns the map of a set, of the domain's own set if there is none, or else of all processors.
fn map<'a>(definition: &Definition, set: Option<&str>, all: &'a [u8]) -> Cow<'a, [u8]> {
    let own = definition.root().child("vcpu").and_then(|vcpu| vcpu.get("cpuset"));
    match set.or(own) {
        None => all.into(),
        Some(set) => {
            let mut map = vec![0; all.len()];
            for cpu in members(set) {
                if let Some(byte) = map.get_mut(cpu / 8) {
                    *byte |= 1 << (cpu % 8);
                }
            }
            map.into()
        }
    }
}

fn is_in(map: &[u8], cpu: usize) -> bool {
    map.get(cpu / 8).is_some_and(|byte| byte >> (cpu % 8) & 1 == 1)
}

/// Returns the last processor in a map.
pub(super) fn last(map: &[u8]) -> Option<usize> {
    (0..8 * map.len()).rev().find(|cpu| is_in(map, *cpu))
}

/// Returns the processors in a map, as libvirt writes them: `0-3,5`.
pub(super) fn ranges(map: &[u8]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut first = None;
    for cpu in 0..=8 * map.len() {
        match (first, is_in(map, cpu)) {
            (None, true) => first = Some(cpu),
            (Some(begin), false) => {
                let end = cpu - 1;
                parts.push(if begin == end {
                    begin.to_string()
                } else {
                    format!("{begin}-{end}")
                });
                first = None;
            }
            _ => {}
        }
    }
    parts.join(",")
}

/// Returns the processors in a set such as `0-3,^2`, up to the number that a map can have.
pub(super) fn members(set: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for part in ranges::parts(set).flatten() {
        match part {
            Part::In(first, last) => {
                found.extend(first as usize..=(last as usize).min(8 * remote::CPUMAP_MAX));
            }
            Part::Out(excluded) => found.retain(|cpu| *cpu != excluded as usize),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_and_maps() {
        for (map, set) in [
            (&[0b1010_1111, 1][..], "0-3,5,7-8"),
            (&[], ""),
            (&[0xff], "0-7"),
        ] {
            assert_eq!(ranges(map), set);
            let mut again = vec![0_u8; map.len()];
            for cpu in members(set) {
                again[cpu / 8] |= 1 << (cpu % 8);
            }
            assert_eq!(again, map);
        }
        assert_eq!(members("0-3,^2, 9"), [0, 1, 3, 9]);
    }
}
