//! Which performance events are counted for a domain.

use super::parameters::{IMPACT, STRINGS, Type, check, param};
use crate::protocol::remote::{self, TypedParamValue};
use crate::test_driver::failure::{Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;

const EVENTS: [&str; 22] = [
    "cmt",
    "mbmt",
    "mbml",
    "cpu_cycles",
    "instructions",
    "cache_references",
    "cache_misses",
    "branch_instructions",
    "branch_misses",
    "bus_cycles",
    "stalled_cycles_frontend",
    "stalled_cycles_backend",
    "ref_cpu_cycles",
    "cpu_clock",
    "task_clock",
    "page_faults",
    "context_switches",
    "cpu_migrations",
    "page_faults_min",
    "page_faults_maj",
    "alignment_faults",
    "emulation_faults",
];

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::DomainGetPerfEvents<'static>>(|work, request| {
        check_flags(request.flags, IMPACT | STRINGS, "testDomainGetPerfEvents")?;
        let definition = work.state.domains.get(&request.dom)?.one(request.flags & !STRINGS)?;
        let perf = definition.root().child("perf");
        let is_counted = |name: &str| {
            let mut events = perf.into_iter().flat_map(|perf| perf.children("event"));
            let event = events.find(|event| event.get("name") == Some(name));
            event.is_some_and(|event| event.get("enabled") == Some("yes"))
        };
        let value = |name| TypedParamValue::Boolean(i32::from(is_counted(name)));
        let params = EVENTS.iter().map(|name| param(name, value(name))).collect();
        Ok(remote::DomainGetPerfEventsRet { params })
    });
    routes.act::<remote::DomainSetPerfEvents<'static>>(set);
}

fn set(work: &mut Work<'_>, request: remote::DomainSetPerfEvents<'_>) -> Result<()> {
    check_flags(request.flags.bits(), IMPACT, "testDomainSetPerfEvents")?;
    check(&request.params, |field| EVENTS.contains(&field).then_some(Type::Boolean))?;
    let definition = work.state.domains.get_mut(&request.dom)?.one_mut(request.flags.bits())?;
    definition.change(|root| {
        let perf = root.child_or_new("perf");
        for param in &request.params {
            let name = param.field.as_str();
            let is_counted = matches!(param.value, TypedParamValue::Boolean(value) if value != 0);
            perf.children.retain(|event| event.get("name") != Some(name));
            let enabled = if is_counted { "yes" } else { "no" };
            perf.children
                .push(Element::new("event").with("name", name).with("enabled", enabled));
        }
    });
    Ok(())
}
