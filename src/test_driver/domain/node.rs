//! Domains that the file of a host has.

use super::snapshot;
use crate::test_driver::failure::Result;
use crate::test_driver::state::State;
use crate::test_driver::state::domain::{Definition, Extras, IoThread};
use crate::test_driver::xml::Element;
use crate::types::domain::{RunningReason, State as DomainState};

/// Adds a domain that a node file has.
pub(crate) fn add_from_node(state: &mut State, element: &Element) -> Result<()> {
    let Extras { is_transient, has_managed_save, runstate, snapshots } = Extras::of(element)?;
    let is_off = runstate == DomainState::Shutoff;
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
        snapshot::add_from_node(domain, &snapshots)?;
        domain.set_state(runstate, 0);
        domain.has_managed_save = has_managed_save;
        domain.threads = domain.definition().iothreads().into_iter().map(IoThread::new).collect();
    }
    Ok(())
}
