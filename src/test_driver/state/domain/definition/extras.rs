//! What the test driver itself reads in a definition, in a namespace of its own.

use crate::test_driver::document::{Base, Values as _, unsigned};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::domain::State;
use crate::types::error::ErrorCode;

const NAMESPACE: &str = "http://libvirt.org/schemas/domain/test/1.0";

/// How a domain of a node file is at first.
#[derive(Debug)]
pub(crate) struct Extras<'a> {
    pub(crate) is_transient: bool,
    pub(crate) has_managed_save: bool,
    pub(crate) runstate: State,
    pub(crate) snapshots: Vec<&'a Element>,
}

impl<'a> Extras<'a> {
    pub(crate) fn of(root: &'a Element) -> Result<Self> {
        let all = |name: &'static str| {
            root.children.iter().filter(move |child| is_called(child, name, root))
        };
        let text = all("runstate").next().map(|state| state.text.as_str());
        let runstate = match text.filter(|text| !text.is_empty()) {
            None => State::Running,
            Some(text) => match unsigned::<u32>(text, Base::Ten) {
                Some(number @ 0..=7) => number.cast_signed().into(),
                Some(number) => {
                    let number = number.cast_signed();
                    return Err(wrong(format_args!("runstate '{number}' out of range'")));
                }
                None => return Err(wrong("invalid runstate")),
            },
        };
        let extras = Self {
            is_transient: all("transient").next().is_some(),
            has_managed_save: all("hasmanagedsave").next().is_some(),
            runstate,
            snapshots: all("domainsnapshot").collect(),
        };
        let is_off = runstate == State::Shutoff;
        if extras.is_transient && is_off {
            return Err(wrong("transient domain cannot have runstate 'shutoff'"));
        }
        if extras.has_managed_save && !is_off {
            return Err(wrong("domain with managedsave data can only have runstate 'shutoff'"));
        }
        Ok(extras)
    }
}

fn is_called(element: &Element, name: &str, root: &Element) -> bool {
    let Some((prefix, local)) = element.name.split_once(':') else {
        return element.name == name && element.filled("xmlns") == Some(NAMESPACE);
    };
    let declaration = format!("xmlns:{prefix}");
    let uri = element.get(&declaration).or_else(|| root.get(&declaration));
    local == name && uri == Some(NAMESPACE)
}

fn wrong(detail: impl std::fmt::Display) -> Failure {
    Failure::new(ErrorCode::XmlError, detail)
}
