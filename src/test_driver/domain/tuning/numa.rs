//! The host's NUMA nodes that a domain's memory is on.

use super::parameters::{IMPACT, STRINGS, Type, check, limited, param, string};
use crate::protocol::remote::{self, TypedParamValue};
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::Set;
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

const MODES: [&str; 4] = ["strict", "preferred", "interleave", "restrictive"];
const MODE: &str = "numa_mode";
const NODES: &str = "numa_nodeset";

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::DomainGetNumaParameters<'static>>(get);
    routes.act::<remote::DomainSetNumaParameters<'static>>(set);
}

fn get(
    work: &mut Work<'_>,
    request: remote::DomainGetNumaParameters<'_>,
) -> Result<remote::DomainGetNumaParametersRet<'static>> {
    check_flags(request.flags, IMPACT | STRINGS, "testDomainGetNumaParameters")?;
    if request.nparams == 0 {
        return Ok(remote::DomainGetNumaParametersRet { params: Vec::new(), nparams: 2 });
    }
    let definition = work.state.domains.get(&request.dom)?.one(request.flags & !STRINGS)?;
    let memory = definition.root().at(&["numatune", "memory"]);
    let mode = memory.and_then(mode_of).unwrap_or_default();
    let nodes = memory.and_then(|memory| memory.get("nodeset")).unwrap_or_default();
    let all = vec![
        param(MODE, TypedParamValue::Int(mode)),
        string(NODES, nodes),
    ];
    let params = limited(all, request.nparams, request.flags);
    Ok(remote::DomainGetNumaParametersRet { params, nparams: 0 })
}

/// Returns the number of the mode that an element names.
fn mode_of(memory: &Element) -> Option<i32> {
    let name = memory.get("mode")?;
    MODES.iter().position(|mode| *mode == name)?.try_into().ok()
}

fn set(work: &mut Work<'_>, request: remote::DomainSetNumaParameters<'_>) -> Result<()> {
    check_flags(request.flags.bits(), IMPACT, "testDomainSetNumaParameters")?;
    check(&request.params, |field| match field {
        MODE => Some(Type::Int),
        NODES => Some(Type::String),
        _ => None,
    })?;
    let domain = work.state.domains.get_mut(&request.dom)?;
    let is_live = domain.meant_one(request.flags.bits())?.live;
    let definition = domain.one_mut(request.flags.bits())?;
    let (mut mode, mut nodes) = (None, None);
    for param in &request.params {
        match &param.value {
            TypedParamValue::Int(number) => {
                let name = usize::try_from(*number).ok().and_then(|at| MODES.get(at));
                mode = Some(*name.ok_or_else(|| {
                    let detail = format!("unsupported numatune mode: '{number}'");
                    Failure::new(ErrorCode::InvalidArg, detail)
                })?);
            }
            TypedParamValue::String(text) => {
                let set = Set::parse(text.as_str())?;
                if set.0.is_empty() {
                    let detail = format!("Invalid nodeset of 'numatune': {}", text.as_str());
                    return Err(Failure::invalid(detail));
                }
                nodes = Some(set);
            }
            _ => {}
        }
    }
    let memory = definition.root().at(&["numatune", "memory"]);
    let old_mode = memory.and_then(|memory| memory.get("mode"));
    if is_live && old_mode.is_some() && mode.is_some() && old_mode != mode {
        return Err(Failure::invalid("can't change numatune mode for running domain"));
    }
    let vcpu = definition.root().child("vcpu");
    let is_auto = vcpu.is_some_and(|vcpu| vcpu.get("placement") == Some("auto"));
    if memory.is_none() && mode.is_some() && nodes.is_none() && !is_auto {
        let detail = "nodeset for NUMA memory tuning must be set if 'placement' is 'static'";
        return Err(Failure::of(ErrorDomain::Domain, ErrorCode::ConfigUnsupported, detail));
    }
    if mode.is_none() && nodes.is_none() {
        return Ok(());
    }
    definition.change(|root| {
        let memory = root.child_or_new("numatune").child_or_new("memory");
        if let Some(mode) = mode {
            memory.set("mode", mode);
        }
        match nodes {
            Some(nodes) => {
                memory.set("nodeset", nodes);
                memory.remove("placement");
            }
            None if memory.get("nodeset").is_none() => memory.set("placement", "auto"),
            None => {}
        }
    });
    Ok(())
}
