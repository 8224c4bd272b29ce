//! Typed parameters that tune a domain: where each stands in its definition.

mod block;
mod numa;
pub(super) mod parameters;
mod perf;
mod tunable;

use self::parameters::{IMPACT, STRINGS, Type, param};
use self::tunable::{Tunable, UNLIMITED_KIB, bandwidth, given, limit, read, ullong, write};
use super::impact::exclude_both;
use crate::protocol::remote::{self, TypedParamValue};
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::Definition;
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};
use crate::xdr::WireStr;

const MEMORY: &[Tunable] = &[
    limit("hard_limit"),
    limit("soft_limit"),
    limit("swap_hard_limit"),
];

const INTERFACE: &[Tunable] = &[
    bandwidth("inbound.average", "inbound", "average"),
    bandwidth("inbound.peak", "inbound", "peak"),
    bandwidth("inbound.burst", "inbound", "burst"),
    bandwidth("inbound.floor", "inbound", "floor"),
    bandwidth("outbound.average", "outbound", "average"),
    bandwidth("outbound.peak", "outbound", "peak"),
    bandwidth("outbound.burst", "outbound", "burst"),
];

const DISK: &[Tunable] = &[
    ullong("total_bytes_sec"),
    ullong("read_bytes_sec"),
    ullong("write_bytes_sec"),
    ullong("total_iops_sec"),
    ullong("read_iops_sec"),
    ullong("write_iops_sec"),
    ullong("total_bytes_sec_max"),
    ullong("read_bytes_sec_max"),
    ullong("write_bytes_sec_max"),
    ullong("total_iops_sec_max"),
    ullong("read_iops_sec_max"),
    ullong("write_iops_sec_max"),
    ullong("size_iops_sec"),
    Tunable { is: Type::String, ..ullong("group_name") },
    ullong("total_bytes_sec_max_length"),
    ullong("read_bytes_sec_max_length"),
    ullong("write_bytes_sec_max_length"),
    ullong("total_iops_sec_max_length"),
    ullong("read_iops_sec_max_length"),
    ullong("write_iops_sec_max_length"),
];

/// The largest limit of a disk.
const DISK_MAX: u64 = 1_000_000_000_000_000;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::DomainGetMemoryParameters<'static>>(|work, request| {
        check_flags(request.flags, IMPACT | STRINGS, "testDomainGetMemoryParameters")?;
        let impact = request.flags & !STRINGS;
        if request.nparams == 0 {
            work.state.domains.get(&request.dom)?;
            let nparams = MEMORY.len() as i32;
            return Ok(remote::DomainGetMemoryParametersRet { params: Vec::new(), nparams });
        }
        let definition = work.state.domains.get(&request.dom)?.one(impact)?;
        let params = read(definition.root().child("memtune"), MEMORY, request.nparams);
        let nparams = params.len() as i32;
        Ok(remote::DomainGetMemoryParametersRet { params, nparams })
    });
    routes.act::<remote::DomainSetMemoryParameters<'static>>(set_memory);
    routes.tell::<remote::DomainGetInterfaceParameters<'static>>(|work, request| {
        check_flags(request.flags, IMPACT | STRINGS, "testDomainGetInterfaceParameters")?;
        let impact = request.flags & !STRINGS;
        let domain = work.state.domains.get(&request.dom)?;
        if request.nparams == 0 {
            let nparams = INTERFACE.len() as i32;
            return Ok(remote::DomainGetInterfaceParametersRet { params: Vec::new(), nparams });
        }
        let interface = interface(domain.one(impact)?, request.device.as_str())?;
        let params = read(interface.child("bandwidth"), INTERFACE, request.nparams);
        let nparams = params.len() as i32;
        Ok(remote::DomainGetInterfaceParametersRet { params, nparams })
    });
    routes.act::<remote::DomainSetInterfaceParameters<'static>>(set_interface);
    routes.tell::<remote::DomainGetBlockIoTune<'static>>(|work, request| {
        check_flags(request.flags, IMPACT | STRINGS, "testDomainGetBlockIoTune")?;
        let impact = request.flags & !STRINGS;
        let domain = work.state.domains.get(&request.dom)?;
        if request.nparams == 0 {
            let nparams = DISK.len() as i32;
            return Ok(remote::DomainGetBlockIoTuneRet { params: Vec::new(), nparams });
        }
        let name = request.disk.as_ref().map(WireStr::as_str).unwrap_or_default();
        let definition = domain.one(impact)?;
        let disk = definition.disk(name).ok_or_else(|| {
            let detail = format!("disk '{name}' was not found in the domain config");
            Failure::new(ErrorCode::InvalidArg, detail)
        })?;
        let params = read(disk.child("iotune"), DISK, request.nparams);
        let nparams = params.len() as i32;
        Ok(remote::DomainGetBlockIoTuneRet { params, nparams })
    });
    routes.act::<remote::DomainSetBlockIoTune<'static>>(set_disk);
    route_scheduler(routes);
    numa::route(routes);
    block::route(routes);
    perf::route(routes);
}

fn set_memory(work: &mut Work<'_>, request: remote::DomainSetMemoryParameters<'_>) -> Result<()> {
    check_flags(request.flags.bits(), IMPACT, "testDomainSetMemoryParameters")?;
    let values = given(&request.params, MEMORY)?;
    let domain = work.state.domains.get_mut(&request.dom)?;
    let definition = domain.one(request.flags.bits())?;
    let value = |field: &str, group: Option<&Element>| -> u64 {
        let given = values.iter().find(|(tunable, _)| tunable.field == field);
        let text = given.map(|(_, text)| text.as_str());
        let text = text.or_else(|| group.and_then(|group| group.text_of(field)));
        text.and_then(|text| text.parse().ok()).unwrap_or(UNLIMITED_KIB)
    };
    let group = definition.root().child("memtune");
    if value("hard_limit", group) > value("swap_hard_limit", group) {
        let detail =
            "memory hard_limit tunable value must be lower than or equal to swap_hard_limit";
        return Err(Failure::new(ErrorCode::InvalidArg, detail));
    }
    domain.one_mut(request.flags.bits())?.change(|root| {
        let group = root.child_or_new("memtune");
        write(group, &values);
        if group.children.is_empty() {
            root.remove_children("memtune");
        }
    });
    Ok(())
}

/// Returns the interface that is called so: by its name on the host, or by its MAC address.
fn interface<'a>(definition: &'a Definition, name: &str) -> Result<&'a Element> {
    let attribute = |it: &'a Element, child: &str, name: &str| it.child(child)?.get(name);
    let mut interfaces = definition.devices_of("interface");
    let found = interfaces.find(|it| {
        attribute(it, "target", "dev") == Some(name)
            || attribute(it, "mac", "address").is_some_and(|mac| mac.eq_ignore_ascii_case(name))
    });
    found.ok_or_else(|| {
        let detail = format!("'{name}' is not a known interface");
        Failure::of(ErrorDomain::Domain, ErrorCode::InvalidArg, detail)
    })
}

fn set_interface(
    work: &mut Work<'_>,
    request: remote::DomainSetInterfaceParameters<'_>,
) -> Result<()> {
    check_flags(request.flags.bits(), IMPACT, "testDomainSetInterfaceParameters")?;
    let values = given(&request.params, INTERFACE)?;
    let domain = work.state.domains.get_mut(&request.dom)?;
    let definition = domain.one_mut(request.flags.bits())?;
    let chosen = interface(definition, request.device.as_str())?.clone();
    definition.change(|root| {
        let devices = &mut root.child_or_new("devices").children;
        let Some(interface) = devices.iter_mut().find(|device| **device == chosen) else {
            return;
        };
        let group = interface.child_or_new("bandwidth");
        for direction in ["inbound", "outbound"] {
            let of = values.iter().filter(|(tunable, _)| tunable.field.starts_with(direction));
            let of: Vec<_> = of.cloned().collect();
            let counts = |name: &str| {
                let is_it = |(tunable, text): &&(Tunable, String)| {
                    tunable.field == format!("{direction}.{name}") && text != "0"
                };
                of.iter().any(|value| is_it(&value))
            };
            let names = |name: &str| {
                of.iter().any(|(tunable, _)| tunable.field == format!("{direction}.{name}"))
            };
            // Without these two, peak and burst mean nothing; as zero they take the limit away.
            if counts("average") || counts("floor") {
                group.remove_children(direction);
                write(group, &of);
            } else if names("average") || names("floor") {
                group.remove_children(direction);
            }
        }
        if group.children.is_empty() {
            interface.remove_children("bandwidth");
        }
    });
    Ok(())
}

fn set_disk(work: &mut Work<'_>, request: remote::DomainSetBlockIoTune<'_>) -> Result<()> {
    check_flags(request.flags.bits(), IMPACT, "testDomainSetBlockIoTune")?;
    let values = given(&request.params, DISK)?;
    let domain = work.state.domains.get_mut(&request.dom)?;
    let definition = domain.one_mut(request.flags.bits())?;
    let name = request.disk.as_str();
    let chosen = definition.disk(name).cloned().ok_or_else(|| {
        let detail = format!("missing persistent configuration for disk '{name}'");
        Failure::new(ErrorCode::InvalidArg, detail)
    })?;
    let numbers = values.iter().filter(|(tunable, _)| tunable.is == Type::Ullong);
    if numbers
        .filter_map(|(_, text)| text.parse::<u64>().ok())
        .any(|number| number > DISK_MAX)
    {
        let detail = format!("block I/O throttle limit value must be no more than {DISK_MAX}");
        return Err(Failure::new(ErrorCode::ArgumentUnsupported, detail));
    }
    let mut tune = chosen.child("iotune").cloned().unwrap_or_else(|| Element::new("iotune"));
    write(&mut tune, &values);
    check_disk(&tune)?;
    definition.change(|root| {
        let devices = &mut root.child_or_new("devices").children;
        if let Some(disk) = devices.iter_mut().find(|device| **device == chosen) {
            disk.remove_children("iotune");
            if !tune.children.is_empty() {
                disk.children.push(tune);
            }
        }
    });
    Ok(())
}

/// Checks that a disk's limits agree with each other.
fn check_disk(tune: &Element) -> Result<()> {
    let value = |field: &str| -> u64 {
        tune.text_of(field).and_then(|text| text.parse().ok()).unwrap_or_default()
    };
    let wrong = |detail| Err(Failure::new(ErrorCode::InvalidArg, detail));
    for what in ["bytes_sec", "iops_sec", "bytes_sec_max", "iops_sec_max"] {
        let [total, read, write] =
            ["total", "read", "write"].map(|which| value(&format!("{which}_{what}")));
        if total > 0 && (read > 0 || write > 0) {
            return wrong(format!("total and read/write of {what} cannot be set at the same time"));
        }
    }
    for what in ["bytes_sec", "iops_sec"] {
        for which in ["total", "read", "write"] {
            let field = format!("{which}_{what}");
            let max = format!("{field}_max");
            if value(&field) > value(&max) {
                return wrong(format!("{field} cannot be set higher than {max}"));
            }
        }
    }
    Ok(())
}

/// The driver knows one weight, which is always the same.
fn route_scheduler(routes: &mut Routes) {
    const WEIGHT: Tunable = Tunable { is: Type::Uint, ..ullong("weight") };
    let weight = || vec![param("weight", TypedParamValue::Uint(50))];
    routes.tell::<remote::DomainGetSchedulerType<'static>>(|_, _| {
        Ok(remote::DomainGetSchedulerTypeRet { r#type: "fair".into(), nparams: 1 })
    });
    routes.tell::<remote::DomainGetSchedulerParameters<'static>>(move |work, request| {
        work.state.domains.get(&request.dom)?;
        Ok(remote::DomainGetSchedulerParametersRet { params: weight() })
    });
    routes.tell::<remote::DomainGetSchedulerParametersFlags<'static>>(move |work, request| {
        exclude_both(request.flags, "virDomainGetSchedulerParametersFlags", "ctl")?;
        // libvirt adds a flag that its driver does not know: nobody ever gets an answer.
        check_flags(request.flags | STRINGS, 0, "testDomainGetSchedulerParametersFlags")?;
        work.state.domains.get(&request.dom)?;
        Ok(remote::DomainGetSchedulerParametersFlagsRet { params: weight() })
    });
    routes.act::<remote::DomainSetSchedulerParameters<'static>>(|work, request| {
        given(&request.params, &[WEIGHT])?;
        work.state.domains.get(&request.dom).map(drop)
    });
    routes.act::<remote::DomainSetSchedulerParametersFlags<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testDomainSetSchedulerParametersFlags")?;
        given(&request.params, &[WEIGHT])?;
        work.state.domains.get(&request.dom).map(drop)
    });
}
