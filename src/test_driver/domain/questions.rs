//! What is asked of the guest itself.

#[cfg(feature = "qemu")]
use std::sync::Arc;

use super::life::stop;
#[cfg(feature = "qemu")]
use crate::protocol::qemu;
use crate::protocol::remote::{self, NonnullDomain};
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::work::Work;
use crate::types::domain::{
    ControlErrorReason, ControlState, CoreDumpFlags, CoreDumpFormat, EventStoppedDetailType,
    MessageType, ProcessSignal, SetTimeFlags, SetUserPasswordFlags, ShutoffReason, State,
};
use crate::types::error::ErrorCode;
#[cfg(feature = "qemu")]
use crate::types::error::ErrorDomain;
use crate::xdr::CharVec;

/// A picture of one black point.
const SCREENSHOT: &[u8] = include_bytes!("screenshot.png");

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::DomainGetTime<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainGetTime")?;
        let domain = work.state.domains.get(&request.dom)?;
        if domain.state != State::Running {
            return Err(Failure::invalid("domain is not running"));
        }
        let (seconds, nseconds) = domain.guest.time;
        Ok(remote::DomainGetTimeRet { seconds, nseconds })
    });
    routes.act::<remote::DomainSetTime<'static>>(|work, request| {
        check_flags(request.flags.bits(), SetTimeFlags::SYNC.bits(), "testDomainSetTime")?;
        let domain = work.state.domains.get_mut(&request.dom)?;
        domain.check_active()?;
        domain.guest.time = (request.seconds, request.nseconds);
        Ok(())
    });
    routes.tell::<remote::DomainGetControlInfo<'static>>(control_info);
    routes.act::<remote::DomainSetUserPassword<'static>>(|work, request| {
        let known = SetUserPasswordFlags::ENCRYPTED;
        check_flags(request.flags.bits(), known.bits(), "testDomainSetUserPassword")?;
        work.state.domains.get(&request.dom)?.check_active()
    });
    routes.act::<remote::DomainSendProcessSignal<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainSendProcessSignal")?;
        if request.pid_value != 1 {
            let detail = "only sending a signal to pid 1 is supported";
            return Err(Failure::new(ErrorCode::InvalidArg, detail));
        }
        if let ProcessSignal::Other(number) = request.signum {
            let detail = format!("signum value {number} is out of range");
            return Err(Failure::new(ErrorCode::InvalidArg, detail));
        }
        work.state.domains.get(&request.dom).map(drop)
    });
    routes.act::<remote::DomainInjectNmi<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainInjectNMI")?;
        work.state.domains.get(&request.dom)?.check_active()
    });
    routes.act::<remote::DomainSendKey<'static>>(|work, request| {
        check_flags(request.flags, 0, "testDomainSendKey")?;
        work.state.domains.get(&request.dom)?.check_active()
    });
    routes.download::<remote::DomainScreenshot<'static>>(|_, request| {
        check_flags(request.flags, 0, "testDomainScreenshot")?;
        let reply = remote::DomainScreenshotRet { mime: Some("image/png".into()) };
        Ok((reply, SCREENSHOT.to_vec()))
    });
    #[cfg(feature = "qemu")]
    routes.ask::<qemu::DomainAgentCommand<'static>, _>(|work, request| {
        let domain = work.state.domains.get(&request.dom)?;
        domain.check_active()?;
        let agent = domain.guest.agent.as_ref().ok_or_else(|| {
            let detail = "QEMU guest agent is not connected";
            Failure::of(ErrorDomain::Qemu, ErrorCode::AgentUnresponsive, detail)
        })?;
        let (agent, command) = (Arc::clone(agent), request.cmd.into_owned());
        Ok(move || qemu::DomainAgentCommandRet { result: Some(agent(&command).into()) })
    });
    routes.act::<remote::DomainCoreDump<'static>>(|work, request| {
        dump(work, &request.dom, CoreDumpFormat::Raw, request.flags)
    });
    routes.act::<remote::DomainCoreDumpWithFormat<'static>>(|work, request| {
        dump(work, &request.dom, request.dumpformat, request.flags)
    });
    routes.tell::<remote::DomainGetSecurityLabel<'static>>(|work, request| {
        let is_active = work.state.domains.get(&request.dom)?.is_active();
        let mut label = if is_active {
            b"libvirt-test".to_vec()
        } else {
            Vec::new()
        };
        label.push(0);
        let enforcing = is_active.into();
        Ok(remote::DomainGetSecurityLabelRet { label: CharVec(label), enforcing })
    });
    routes.tell::<remote::DomainGetMessages<'static>>(|work, request| {
        let known = MessageType::DEPRECATION | MessageType::TAINTING | MessageType::IOERRORS;
        check_flags(request.flags.bits(), known.bits(), "testDomainGetMessages")?;
        work.state.domains.get(&request.dom)?;
        Ok(remote::DomainGetMessagesRet { msgs: Vec::new() })
    });
    routes.tell::<remote::DomainGetLaunchSecurityInfo<'static>>(|_, request| {
        check_flags(request.flags, 0, "testDomainGetLaunchSecurityInfo")?;
        Ok(remote::DomainGetLaunchSecurityInfoRet { params: Vec::new() })
    });
}

/// The guest's clock says what state its control interface is in, so that each can be had.
fn control_info(
    work: &mut Work<'_>,
    request: remote::DomainGetControlInfo<'_>,
) -> Result<remote::DomainGetControlInfoRet> {
    check_flags(request.flags, 0, "testDomainGetControlInfo")?;
    let domain = work.state.domains.get(&request.dom)?;
    domain.check_active()?;
    let seconds = domain.guest.time.0;
    let (state, since) = match seconds {
        1..10_000 => (ControlState::Job, 0),
        ..30_000 if seconds >= 10_000 => (ControlState::Occupied, 10_000),
        30_000..60_000 => (ControlState::Error, 30_000),
        _ => (ControlState::Ok, seconds),
    };
    let reason = match (state, seconds % 4) {
        (ControlState::Error, 1) => ControlErrorReason::Unknown,
        (ControlState::Error, 2) => ControlErrorReason::Monitor,
        (ControlState::Error, 3) => ControlErrorReason::Internal,
        _ => ControlErrorReason::None,
    };
    Ok(remote::DomainGetControlInfoRet {
        state,
        details: i32::from(reason).unsigned_abs(),
        state_time: (seconds - since).unsigned_abs(),
    })
}

fn dump(
    work: &mut Work<'_>,
    dom: &NonnullDomain<'_>,
    format: CoreDumpFormat,
    flags: CoreDumpFlags,
) -> Result<()> {
    check_flags(flags.bits(), CoreDumpFlags::CRASH.bits(), "testDomainCoreDumpWithFormat")?;
    work.state.domains.get(dom)?.check_active()?;
    if format != CoreDumpFormat::Raw {
        let detail = "kdump-compressed format is not supported here";
        return Err(Failure::new(ErrorCode::OperationUnsupported, detail));
    }
    if flags.contains(CoreDumpFlags::CRASH) {
        let detail = EventStoppedDetailType::Crashed;
        stop(work.state, dom.uuid, ShutoffReason::Crashed, detail);
    }
    Ok(())
}
