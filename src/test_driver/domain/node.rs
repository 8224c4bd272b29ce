//! Domains that the file of a host has.

use super::definition::Definition;
use super::domains::IoThread;
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::state::State;
use crate::test_driver::xml::Element;
use crate::types::domain::{RunningReason, State as DomainState};
use crate::types::error::ErrorCode;

/// The names in a node file, of which each may have a prefix.
fn is_ours(element: &Element, name: &str) -> bool {
    element.name.rsplit(':').next() == Some(name) && element.name != name
}

/// Adds a domain that a node file has.
pub(in crate::test_driver) fn add_from_node(state: &mut State, element: &Element) -> Result<()> {
    let child = |name: &str| element.children.iter().find(|child| is_ours(child, name));
    let is_transient = child("transient").is_some();
    let has_managed_save = child("hasmanagedsave").is_some();
    let runstate = match child("runstate") {
        None => DomainState::Running,
        Some(child) => match child.text.trim().parse::<i32>() {
            Ok(number @ 0..=7) => number.into(),
            Ok(number) => {
                return Err(xml_failure(format_args!("runstate '{number}' out of range'")));
            }
            Err(_) => return Err(xml_failure("invalid runstate")),
        },
    };
    let is_off = runstate == DomainState::Shutoff;
    if is_transient && is_off {
        return Err(xml_failure("transient domain cannot have runstate 'shutoff'"));
    }
    if has_managed_save && !is_off {
        return Err(xml_failure("domain with managedsave data can only have runstate 'shutoff'"));
    }
    let definition = Definition::of(element)?;
    let uuid = definition.uuid();
    let domains = &mut state.domains;
    if is_transient {
        domains.create(definition, RunningReason::Booted)?;
    } else {
        domains.define(definition)?;
        if !is_off {
            domains.start(uuid, RunningReason::Booted);
        }
    }
    if let Some(domain) = domains.all.get_mut(&uuid) {
        domain.set_state(runstate, 0);
        domain.has_managed_save = has_managed_save;
        domain.threads = domain.definition().iothreads().into_iter().map(IoThread::new).collect();
    }
    Ok(())
}

fn xml_failure(detail: impl std::fmt::Display) -> Failure {
    Failure::new(ErrorCode::XmlError, detail)
}
