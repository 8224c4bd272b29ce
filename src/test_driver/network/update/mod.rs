//! Changing parts of networks.

mod change;
mod devices;
mod dhcp;
mod dns;

use self::change::{Change, unsupported};
use crate::protocol::remote;
use crate::test_driver::document::parse_any;
use crate::test_driver::failure::{Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::network::Definition;
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;
use crate::types::error::ErrorDomain;
use crate::types::network::{UpdateFlags, UpdateSection};

pub(super) fn route(routes: &mut Routes) {
    routes.act::<remote::NetworkUpdate<'static>>(update);
}

fn update(work: &mut Work<'_>, request: remote::NetworkUpdate<'_>) -> Result<()> {
    let known = UpdateFlags::LIVE | UpdateFlags::CONFIG;
    check_flags(request.flags.bits(), known.bits(), "testNetworkUpdate")?;
    let network = work.state.networks.by_uuid_mut(request.net.uuid)?;
    let affected = network.affected(request.flags)?;
    let element = parse_any(request.xml.as_str(), ErrorDomain::Network)?;
    let changed = |definition: &Definition| {
        definition.changed(|root| {
            let name = definition.name();
            let change = Change {
                command: request.command,
                section: request.section,
                parent: request.parent_index,
                name,
                element: &element,
            };
            apply(&change, root)
        })
    };
    let live = affected.live.then(|| changed(&network.definition)).transpose()?;
    let config = network.next.as_ref().unwrap_or(&network.definition);
    let config = affected.config.then(|| changed(config)).transpose()?;
    match config {
        Some(config) if network.is_active => network.next = Some(config),
        Some(config) => network.definition = config,
        None => {}
    }
    if let Some(live) = live {
        network.definition = live;
    }
    Ok(())
}

fn apply(change: &Change<'_>, root: &mut Element) -> Result<()> {
    match change.section {
        UpdateSection::Bridge => Err(change.fixed("bridge")),
        UpdateSection::Domain => Err(change.fixed("domain")),
        UpdateSection::Ip => Err(change.fixed("ip")),
        UpdateSection::Forward => Err(change.fixed("forward")),
        UpdateSection::ForwardPf => Err(change.fixed("forward pf")),
        UpdateSection::IpDhcpHost => dhcp::host(change, root),
        UpdateSection::IpDhcpRange => dhcp::range(change, root),
        UpdateSection::ForwardInterface => devices::interface(change, root),
        UpdateSection::Portgroup => devices::portgroup(change, root),
        UpdateSection::DnsHost => dns::host(change, root),
        UpdateSection::DnsTxt => dns::txt(change, root),
        UpdateSection::DnsSrv => dns::srv(change, root),
        _ => Err(unsupported("can't update unrecognized section of network")),
    }
}
