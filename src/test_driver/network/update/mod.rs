//! Changing parts of networks.

mod devices;
mod dhcp;
mod dns;

use super::definition::Definition;
use super::definition::wrong;
use crate::protocol::remote;
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};
use crate::types::network::{UpdateCommand, UpdateFlags, UpdateSection};

pub(super) fn route(routes: &mut Routes) {
    routes.act::<remote::NetworkUpdate<'static>>(update);
}

/// A change of one section of a network.
struct Change<'a> {
    command: UpdateCommand,
    section: UpdateSection,
    /// Which of the elements that have such sections; negative if the network is to choose.
    parent: i32,
    /// The network's name.
    name: &'a str,
    element: &'a Element,
}

fn update(work: &mut Work<'_>, request: remote::NetworkUpdate<'_>) -> Result<()> {
    let known = UpdateFlags::LIVE | UpdateFlags::CONFIG;
    check_flags(request.flags.bits(), known.bits(), "testNetworkUpdate")?;
    let network = work.state.networks.by_uuid_mut(request.net.uuid)?;
    let affected = network.affected(request.flags)?;
    let element = Element::parse(request.xml.as_str())
        .map_err(|error| Failure::of(ErrorDomain::Xml, ErrorCode::XmlDetail, error))?;
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
            change.apply(root)
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

impl Change<'_> {
    fn apply(&self, root: &mut Element) -> Result<()> {
        match self.section {
            UpdateSection::Bridge => Err(self.fixed("bridge")),
            UpdateSection::Domain => Err(self.fixed("domain")),
            UpdateSection::Ip => Err(self.fixed("ip")),
            UpdateSection::Forward => Err(self.fixed("forward")),
            UpdateSection::ForwardPf => Err(self.fixed("forward pf")),
            UpdateSection::IpDhcpHost => dhcp::host(self, root),
            UpdateSection::IpDhcpRange => dhcp::range(self, root),
            UpdateSection::ForwardInterface => devices::interface(self, root),
            UpdateSection::Portgroup => devices::portgroup(self, root),
            UpdateSection::DnsHost => dns::host(self, root),
            UpdateSection::DnsTxt => dns::txt(self, root),
            UpdateSection::DnsSrv => dns::srv(self, root),
            _ => Err(unsupported("can't update unrecognized section of network")),
        }
    }

    /// The failure of a section that cannot be changed.
    fn fixed(&self, section: &str) -> Failure {
        unsupported(format_args!("can't update '{section}' section of network '{}'", self.name))
    }

    fn unknown_command(&self) -> Failure {
        let command = i32::from(self.command);
        unsupported(format_args!("unrecognized network update command code {command}"))
    }

    fn adds(&self) -> bool {
        matches!(self.command, UpdateCommand::AddFirst | UpdateCommand::AddLast)
    }

    fn check_element(&self, expected: &str) -> Result<()> {
        let (found, name) = (&self.element.name, self.name);
        if found == expected {
            Ok(())
        } else {
            Err(wrong(format_args!(
                "unexpected element <{found}>, expecting <{expected}>, while updating network '{name}'"
            )))
        }
    }

    /// Adds an element before or behind its like.
    fn add(&self, parent: &mut Element, element: Element) {
        let first = parent.children.iter().position(|child| child.name == element.name);
        match (self.command, first) {
            (UpdateCommand::AddFirst, Some(at)) => parent.children.insert(at, element),
            _ => parent.children.push(element),
        }
    }
}

/// Returns the place among all children of the first that has a name and a property.
fn place(parent: &Element, name: &str, is_it: impl Fn(&Element) -> bool) -> Option<usize> {
    parent.children.iter().position(|child| child.name == name && is_it(child))
}

fn put(parent: &mut Element, at: usize, element: Element) {
    if let Some(place) = parent.children.get_mut(at) {
        *place = element;
    }
}

fn invalid(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Network, ErrorCode::OperationInvalid, detail)
}

fn unsupported(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Network, ErrorCode::OperationUnsupported, detail)
}
