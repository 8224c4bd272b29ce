//! Starting and ending domains.

use uuid::Uuid;

use super::events::tell_lifecycle;
use crate::protocol::remote::{self, NonnullDomain};
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::State;
use crate::test_driver::state::domain::{Definition, Domain, Domains};
use crate::test_driver::work::Work;
use crate::types::domain::{
    CreateFlags, DefineFlags, DestroyFlags, EventDefinedDetailType, EventResumedDetailType,
    EventStartedDetailType, EventStoppedDetailType, EventSuspendedDetailType, EventType,
    EventUndefinedDetailType, PausedReason, RebootFlags, RunningReason, ShutoffReason,
    State as DomainState, UndefineFlags,
};

pub(super) fn route(routes: &mut Routes) {
    routes.make::<remote::DomainDefineXml<'static>>(|work, request| {
        let dom = define(work, request.xml.as_str(), DefineFlags::empty())?;
        Ok(remote::DomainDefineXmlRet { dom })
    });
    routes.make::<remote::DomainDefineXmlFlags<'static>>(|work, request| {
        let dom = define(work, request.xml.as_str(), request.flags)?;
        Ok(remote::DomainDefineXmlFlagsRet { dom })
    });
    routes.act::<remote::DomainUndefine<'static>>(|work, request| {
        undefine(work, &request.dom, UndefineFlags::empty())
    });
    routes.act::<remote::DomainUndefineFlags<'static>>(|work, request| {
        undefine(work, &request.dom, request.flags)
    });
    routes.make::<remote::DomainCreateXml<'static>>(|work, request| {
        let dom = create_xml(work, request.xml_desc.as_str(), request.flags)?;
        Ok(remote::DomainCreateXmlRet { dom })
    });
    routes.act::<remote::DomainCreate<'static>>(|work, request| {
        start(work, &request.dom, CreateFlags::empty()).map(drop)
    });
    routes.make::<remote::DomainCreateWithFlags<'static>>(|work, request| {
        let dom = start(work, &request.dom, request.flags)?;
        Ok(remote::DomainCreateWithFlagsRet { dom })
    });
    routes.with_files::<remote::DomainCreateWithFiles<'static>>(|work, request| {
        let dom = start(work, &request.dom, request.flags)?;
        Ok(remote::DomainCreateWithFilesRet { dom })
    });
    routes.with_files::<remote::DomainCreateXmlWithFiles<'static>>(|work, request| {
        let dom = create_xml(work, request.xml_desc.as_str(), request.flags)?;
        Ok(remote::DomainCreateXmlWithFilesRet { dom })
    });
    routes.act::<remote::DomainDestroy<'static>>(|work, request| {
        destroy(work, &request.dom, DestroyFlags::empty())
    });
    routes.act::<remote::DomainDestroyFlags<'static>>(|work, request| {
        destroy(work, &request.dom, request.flags)
    });
    routes.act::<remote::DomainShutdown<'static>>(|work, request| shutdown(work, &request.dom));
    routes.act::<remote::DomainShutdownFlags<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testDomainShutdownFlags")?;
        shutdown(work, &request.dom)
    });
    routes.act::<remote::DomainReboot<'static>>(reboot);
    routes.act::<remote::DomainReset<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainReset")?;
        work.state.domains.get(&request.dom)?.check_active()
    });
    routes.act::<remote::DomainSuspend<'static>>(|work, request| suspend(work, &request.dom));
    routes.act::<remote::DomainResume<'static>>(|work, request| resume(work, &request.dom));
}

fn define(work: &mut Work<'_>, xml: &str, flags: DefineFlags) -> Result<NonnullDomain<'static>> {
    check_flags(flags.bits(), DefineFlags::VALIDATE.bits(), "testDomainDefineXMLFlags")?;
    let definition = Definition::parse(xml)?;
    let uuid = definition.uuid();
    let detail = if work.state.domains.define(definition)? {
        EventDefinedDetailType::Added
    } else {
        EventDefinedDetailType::Updated
    };
    let dom = tell(work.state, uuid, EventType::Defined, detail);
    dom.ok_or_else(|| Failure::internal("the domain is gone"))
}

fn undefine(work: &mut Work<'_>, dom: &NonnullDomain<'_>, flags: UndefineFlags) -> Result<()> {
    let known = UndefineFlags::MANAGED_SAVE | UndefineFlags::SNAPSHOTS_METADATA;
    check_flags(flags.bits(), known.bits(), "testDomainUndefineFlags")?;
    let domain = work.state.domains.get_mut(dom)?;
    if domain.has_managed_save && !flags.contains(UndefineFlags::MANAGED_SAVE) {
        let detail = "Refusing to undefine while domain managed save image exists";
        return Err(Failure::invalid(detail));
    }
    let snapshots = domain.snapshots.len();
    let may = domain.is_active() || flags.contains(UndefineFlags::SNAPSHOTS_METADATA);
    if snapshots > 0 && !may {
        let detail = format!("cannot delete inactive domain with {snapshots} snapshots");
        return Err(Failure::invalid(detail));
    }
    domain.has_managed_save = false;
    tell(work.state, dom.uuid, EventType::Undefined, EventUndefinedDetailType::Removed);
    work.state.domains.undefine(dom.uuid);
    Ok(())
}

fn create_xml(
    work: &mut Work<'_>,
    xml: &str,
    flags: CreateFlags,
) -> Result<NonnullDomain<'static>> {
    check_flags(flags.bits(), CreateFlags::VALIDATE.bits(), "testDomainCreateXML")?;
    let definition = Definition::parse(xml)?;
    let uuid = work.state.domains.create(definition, RunningReason::Booted)?;
    let dom = tell(work.state, uuid, EventType::Started, EventStartedDetailType::Booted);
    dom.ok_or_else(|| Failure::internal("the domain is gone"))
}

fn start(
    work: &mut Work<'_>,
    dom: &NonnullDomain<'_>,
    flags: CreateFlags,
) -> Result<NonnullDomain<'static>> {
    check_flags(flags.bits(), 0, "testDomainCreateWithFlags")?;
    let domain = work.state.domains.get(dom)?;
    if domain.state != DomainState::Shutoff {
        let name = dom.name.as_str();
        return Err(Failure::internal(format_args!("Domain '{name}' is already running")));
    }
    work.state.domains.start(dom.uuid, RunningReason::Booted);
    let dom = tell(work.state, dom.uuid, EventType::Started, EventStartedDetailType::Booted);
    dom.ok_or_else(|| Failure::internal("the domain is gone"))
}

fn destroy(work: &mut Work<'_>, dom: &NonnullDomain<'_>, flags: DestroyFlags) -> Result<()> {
    check_flags(flags.bits(), DestroyFlags::GRACEFUL.bits(), "testDomainDestroyFlags")?;
    work.state.domains.get(dom)?.check_active()?;
    stop(
        work.state,
        dom.uuid,
        ShutoffReason::Destroyed,
        EventStoppedDetailType::Destroyed,
    );
    Ok(())
}

fn shutdown(work: &mut Work<'_>, dom: &NonnullDomain<'_>) -> Result<()> {
    let domain = work.state.domains.get(dom)?;
    if domain.state == DomainState::Shutoff {
        return Err(not_running(dom));
    }
    end_as_configured(work.state, dom.uuid, "on_poweroff");
    Ok(())
}

fn reboot(work: &mut Work<'_>, request: remote::DomainReboot<'_>) -> Result<()> {
    let known = RebootFlags::ACPI_POWER_BTN
        | RebootFlags::GUEST_AGENT
        | RebootFlags::INITCTL
        | RebootFlags::SIGNAL
        | RebootFlags::PARAVIRT;
    check_flags(request.flags.bits(), known.bits(), "testDomainReboot")?;
    work.state.domains.get(&request.dom)?.check_active()?;
    end_as_configured(work.state, request.dom.uuid, "on_reboot");
    Ok(())
}

/// Does what the definition says is done when the guest has ended in a way.
fn end_as_configured(state: &mut State, uuid: Uuid, on: &str) {
    let Some(domain) = state.domains.all.get_mut(&uuid) else {
        return;
    };
    if domain.definition().action(on).contains("restart") {
        domain.set_state(DomainState::Running, RunningReason::Booted);
    } else {
        stop(state, uuid, ShutoffReason::Shutdown, EventStoppedDetailType::Shutdown);
    }
}

fn suspend(work: &mut Work<'_>, dom: &NonnullDomain<'_>) -> Result<()> {
    let domain = work.state.domains.get_mut(dom)?;
    if matches!(domain.state, DomainState::Shutoff | DomainState::Paused) {
        return Err(not_running(dom));
    }
    domain.set_state(DomainState::Paused, PausedReason::User);
    tell(work.state, dom.uuid, EventType::Suspended, EventSuspendedDetailType::Paused);
    Ok(())
}

fn resume(work: &mut Work<'_>, dom: &NonnullDomain<'_>) -> Result<()> {
    let domain = work.state.domains.get_mut(dom)?;
    if domain.state != DomainState::Paused {
        let name = dom.name.as_str();
        return Err(Failure::internal(format_args!("domain '{name}' not paused")));
    }
    domain.set_state(DomainState::Running, RunningReason::Unpaused);
    tell(work.state, dom.uuid, EventType::Resumed, EventResumedDetailType::Unpaused);
    Ok(())
}

fn not_running(dom: &NonnullDomain<'_>) -> Failure {
    Failure::internal(format_args!("domain '{}' not running", dom.name.as_str()))
}

/// Stops a domain and tells of it.
pub(super) fn stop(
    state: &mut State,
    uuid: Uuid,
    reason: ShutoffReason,
    detail: EventStoppedDetailType,
) {
    end(state, uuid, detail, |domains| domains.stop(uuid, reason));
}

/// Stops a domain that is to go on, and thus stays although it may not be persistent.
pub(super) fn halt(
    state: &mut State,
    uuid: Uuid,
    reason: ShutoffReason,
    detail: EventStoppedDetailType,
) {
    end(state, uuid, detail, |domains| domains.halt(uuid, reason));
}

fn end(
    state: &mut State,
    uuid: Uuid,
    detail: EventStoppedDetailType,
    end: impl FnOnce(&mut Domains),
) {
    if let Some(domain) = state.domains.all.get(&uuid) {
        let mut dom = domain.wire();
        // One that has a definition for its next start is told of as it is from then on.
        if domain.config.is_some() {
            dom.id = -1;
        }
        end(&mut state.domains);
        tell_lifecycle(state, &dom, EventType::Stopped, detail);
    }
}

/// Tells of a domain that is there, and returns it.
pub(super) fn tell(
    state: &mut State,
    uuid: Uuid,
    kind: EventType,
    detail: impl Into<i32>,
) -> Option<NonnullDomain<'static>> {
    let dom = state.domains.all.get(&uuid).map(Domain::wire)?;
    tell_lifecycle(state, &dom, kind, detail);
    Some(dom)
}
