//! Defining, starting and ending networks.

use super::events::tell_lifecycle;
use crate::protocol::remote::{self, NonnullNetwork};
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::network::Definition;
use crate::test_driver::work::Work;
use crate::types::network::{CreateFlags, DefineFlags, EventLifecycleType};

pub(super) fn route(routes: &mut Routes) {
    routes.make::<remote::NetworkCreateXml<'static>>(|work, request| {
        let net = create_xml(work, request.xml.as_str(), CreateFlags::empty())?;
        Ok(remote::NetworkCreateXmlRet { net })
    });
    routes.make::<remote::NetworkCreateXmlFlags<'static>>(|work, request| {
        let net = create_xml(work, request.xml.as_str(), request.flags)?;
        Ok(remote::NetworkCreateXmlFlagsRet { net })
    });
    routes.make::<remote::NetworkDefineXml<'static>>(|work, request| {
        let net = define(work, request.xml.as_str(), DefineFlags::empty())?;
        Ok(remote::NetworkDefineXmlRet { net })
    });
    routes.make::<remote::NetworkDefineXmlFlags<'static>>(|work, request| {
        let net = define(work, request.xml.as_str(), request.flags)?;
        Ok(remote::NetworkDefineXmlFlagsRet { net })
    });
    routes.act::<remote::NetworkUndefine<'static>>(|work, request| undefine(work, &request.net));
    routes.act::<remote::NetworkCreate<'static>>(|work, request| start(work, &request.net));
    routes.act::<remote::NetworkDestroy<'static>>(|work, request| destroy(work, &request.net));
}

fn create_xml(
    work: &mut Work<'_>,
    xml: &str,
    flags: CreateFlags,
) -> Result<NonnullNetwork<'static>> {
    check_flags(flags.bits(), CreateFlags::VALIDATE.bits(), "testNetworkCreateXMLFlags")?;
    let net = work.state.networks.assign(Definition::parse(xml)?, true)?;
    work.state.networks.by_uuid_mut(net.uuid)?.is_active = true;
    tell_lifecycle(work.state, &net, EventLifecycleType::Started);
    Ok(net)
}

fn define(work: &mut Work<'_>, xml: &str, flags: DefineFlags) -> Result<NonnullNetwork<'static>> {
    check_flags(flags.bits(), DefineFlags::VALIDATE.bits(), "testNetworkDefineXMLFlags")?;
    let net = work.state.networks.assign(Definition::parse(xml)?, false)?;
    tell_lifecycle(work.state, &net, EventLifecycleType::Defined);
    Ok(net)
}

fn undefine(work: &mut Work<'_>, net: &NonnullNetwork<'_>) -> Result<()> {
    let name = net.name.as_str();
    let network = work.state.networks.by_name(name)?;
    if network.is_active {
        return Err(Failure::invalid(format_args!("Network '{name}' is still running")));
    }
    let uuid = network.definition.uuid();
    work.state.networks.all.remove(&uuid);
    // It is told of as the client named it.
    let net = NonnullNetwork { name: name.to_owned().into(), uuid: net.uuid };
    tell_lifecycle(work.state, &net, EventLifecycleType::Undefined);
    Ok(())
}

fn start(work: &mut Work<'_>, net: &NonnullNetwork<'_>) -> Result<()> {
    let name = net.name.as_str();
    let network = work.state.networks.by_name_mut(name)?;
    if network.is_active {
        return Err(Failure::invalid(format_args!("Network '{name}' is already running")));
    }
    network.is_active = true;
    let net = network.wire();
    tell_lifecycle(work.state, &net, EventLifecycleType::Started);
    Ok(())
}

/// Stops a network, and says so of one that has not been active, too.
fn destroy(work: &mut Work<'_>, net: &NonnullNetwork<'_>) -> Result<()> {
    let network = work.state.networks.by_name_mut(net.name.as_str())?;
    network.is_active = false;
    let (net, is_persistent) = (network.wire(), network.is_persistent);
    if !is_persistent {
        work.state.networks.all.remove(&net.uuid);
    }
    tell_lifecycle(work.state, &net, EventLifecycleType::Stopped);
    Ok(())
}
