//! Changing what a domain is called, and what is done when its guest ends.

use super::life::tell;
use crate::protocol::remote;
use crate::test_driver::failure::{Failure, Result, check_flags, not_empty};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::check_action;
use crate::test_driver::work::Work;
use crate::types::domain::{
    EventDefinedDetailType, EventType, EventUndefinedDetailType, LifecycleAction, LifecycleTrigger,
    ModificationImpact, State,
};
use crate::types::error::ErrorCode;
use crate::xdr::WireStr;

pub(super) fn route(routes: &mut Routes) {
    routes.make::<remote::DomainRename<'static>>(|work, request| {
        rename(work, &request)?;
        Ok(remote::DomainRenameRet { retcode: 0 })
    });
    routes.act::<remote::DomainSetLifecycleAction<'static>>(set_lifecycle_action);
}

fn rename(work: &mut Work<'_>, request: &remote::DomainRename<'_>) -> Result<()> {
    check_flags(request.flags, 0, "testDomainRename")?;
    let name = request.new_name.as_ref().map(WireStr::as_str).unwrap_or_default();
    not_empty(name, "new_name", "virDomainRename")?;
    let domain = work.state.domains.get(&request.dom)?;
    let refused = match domain {
        domain if domain.is_active() => "cannot rename active domain",
        domain if !domain.is_persistent() => "cannot rename a transient domain",
        domain if domain.state != State::Shutoff => "domain has to be shutoff before renaming",
        _ => "",
    };
    if !refused.is_empty() {
        return Err(Failure::invalid(refused));
    }
    if name == domain.definition().name() {
        let detail = "Can't rename domain to itself";
        return Err(Failure::state(detail));
    }
    if work.state.domains.by_name(name).is_some() {
        let detail = format!("domain with name '{name}' already exists");
        return Err(Failure::state(detail));
    }
    if name.contains('/') {
        let detail = format!("name {name} cannot contain '/'");
        return Err(Failure::new(ErrorCode::XmlError, detail));
    }
    let uuid = request.dom.uuid;
    tell(work.state, uuid, EventType::Undefined, EventUndefinedDetailType::Renamed);
    if let Some(config) =
        work.state.domains.all.get_mut(&uuid).and_then(|domain| domain.config.as_mut())
    {
        config.rename(name);
    }
    tell(work.state, uuid, EventType::Defined, EventDefinedDetailType::Renamed);
    Ok(())
}

fn set_lifecycle_action(
    work: &mut Work<'_>,
    request: remote::DomainSetLifecycleAction<'_>,
) -> Result<()> {
    let known = ModificationImpact::LIVE | ModificationImpact::CONFIG;
    check_flags(request.flags.bits(), known.bits(), "testDomainSetLifecycleAction")?;
    let on = match request.r#type {
        LifecycleTrigger::Poweroff => "on_poweroff",
        LifecycleTrigger::Reboot => "on_reboot",
        LifecycleTrigger::Crash => "on_crash",
        LifecycleTrigger::Other(_) => {
            return Err(Failure::new(ErrorCode::InvalidArg, "unsupported lifecycle trigger"));
        }
    };
    let action = match request.action {
        LifecycleAction::Destroy => "destroy",
        LifecycleAction::Restart => "restart",
        LifecycleAction::RestartRename => "rename-restart",
        LifecycleAction::Preserve => "preserve",
        LifecycleAction::CoreDumpDestroy => "coredump-destroy",
        LifecycleAction::CoreDumpRestart => "coredump-restart",
        LifecycleAction::PreserveRunning | LifecycleAction::Other(_) => {
            return Err(Failure::new(ErrorCode::InvalidArg, "unsupported lifecycle action"));
        }
    };
    check_action(on, action)?;
    let domain = work.state.domains.get_mut(&request.dom)?;
    let meant = domain.meant(request.flags.bits())?;
    domain.change(meant, |definition| definition.set_action(on, action));
    Ok(())
}
