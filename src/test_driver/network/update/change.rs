//! A change, and what every kind of it does.

use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::state::network::wrong;
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};
use crate::types::network::{UpdateCommand, UpdateSection};

/// A change of one section of a network.
pub(super) struct Change<'a> {
    pub(super) command: UpdateCommand,
    pub(super) section: UpdateSection,
    /// Which of the elements that have such sections; negative if the network is to choose.
    pub(super) parent: i32,
    /// The network's name.
    pub(super) name: &'a str,
    pub(super) element: &'a Element,
}

impl Change<'_> {
    /// The failure of a section that cannot be changed.
    pub(super) fn fixed(&self, section: &str) -> Failure {
        unsupported(format_args!("can't update '{section}' section of network '{}'", self.name))
    }

    pub(super) fn unknown_command(&self) -> Failure {
        let command = i32::from(self.command);
        unsupported(format_args!("unrecognized network update command code {command}"))
    }

    pub(super) fn adds(&self) -> bool {
        matches!(self.command, UpdateCommand::AddFirst | UpdateCommand::AddLast)
    }

    pub(super) fn check_element(&self, expected: &str) -> Result<()> {
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
    pub(super) fn add(&self, parent: &mut Element, element: Element) {
        let first = parent.children.iter().position(|child| child.name == element.name);
        match (self.command, first) {
            (UpdateCommand::AddFirst, Some(at)) => parent.children.insert(at, element),
            _ => parent.children.push(element),
        }
    }
}

/// Returns the place among all children of the first that has a name and a property.
pub(super) fn place(
    parent: &Element,
    name: &str,
    is_it: impl Fn(&Element) -> bool,
) -> Option<usize> {
    parent.children.iter().position(|child| child.name == name && is_it(child))
}

pub(super) fn put(parent: &mut Element, at: usize, element: Element) {
    if let Some(place) = parent.children.get_mut(at) {
        *place = element;
    }
}

pub(super) fn invalid(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Network, ErrorCode::OperationInvalid, detail)
}

pub(super) fn unsupported(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Network, ErrorCode::OperationUnsupported, detail)
}
