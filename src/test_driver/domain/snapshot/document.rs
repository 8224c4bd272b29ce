//! Snapshots that are known from their documents.

use crate::test_driver::document::{Base, Values as _, signed};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::state::domain::{Definition, Domain, Moment};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

/// The states that a snapshot can be of.
const STATES: [&str; 8] = [
    "running",
    "blocked",
    "paused",
    "shutdown",
    "shutoff",
    "crashed",
    "pmsuspended",
    "disk-snapshot",
];

fn failure(code: ErrorCode, detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::DomainSnapshot, code, detail)
}

fn wrong(detail: &str) -> Failure {
    failure(ErrorCode::XmlError, detail)
}

/// Reads a snapshot of a domain, and returns its name with it.
pub(super) fn read(given: &Element, domain: &Domain) -> Result<(String, Moment)> {
    let name = given
        .content("name")
        .ok_or_else(|| wrong("a redefined snapshot must have a name"))?;
    let time = given.content("creationTime").and_then(|time| signed(time, Base::Ten));
    let time = time.and_then(|time| i64::try_from(time).ok());
    let time = time.ok_or_else(|| {
        let detail = "missing creationTime from existing snapshot";
        failure(ErrorCode::InternalError, detail)
    })?;
    let state = given
        .content("state")
        .ok_or_else(|| wrong("missing state from existing snapshot"))?;
    if !STATES.contains(&state) {
        let detail = format!("Invalid state '{state}' in domain snapshot XML");
        return Err(failure(ErrorCode::ConfigUnsupported, detail));
    }
    let of_domain = given.child("domain").filter(|of| of.filled("type").is_some());
    let definition = of_domain.map(Definition::of).transpose()?;
    let mut document = Element::new("domainsnapshot");
    let mut add = |element| document.children.push(element);
    add(Element::new("name").with_text(name));
    if let Some(description) = given.content("description") {
        add(Element::new("description").with_text(description));
    }
    add(Element::new("state").with_text(state));
    if time != 0 {
        add(Element::new("creationTime").with_text(time));
    }
    add(memory(given, state)?);
    for part in ["disks", "revertDisks"] {
        if let Some(disks) = given.child(part).filter(|disks| !disks.children.is_empty()) {
            add(disks.clone());
        }
    }
    if definition.is_none() {
        let uuid = Element::new("uuid").with_text(domain.definition().uuid());
        add(Element::new("domain").with_child(uuid));
    }
    let parent = given.at(&["parent", "name"]).map(|parent| parent.text.clone());
    let parent = parent.filter(|parent| !parent.is_empty());
    Ok((name.to_owned(), Moment { parent, document, definition }))
}

/// Returns what has become of the guest's memory.
fn memory(given: &Element, state: &str) -> Result<Element> {
    let is_off = ["shutoff", "disk-snapshot"].contains(&state);
    let given = given.child("memory");
    let file = given.and_then(|memory| memory.filled("file"));
    let known = ["no", "internal", "external", "manual"];
    let mode = match given {
        Some(memory) => {
            memory.one_of("snapshot", &known)?;
            memory.get("snapshot")
        }
        None => None,
    };
    let mode = mode.unwrap_or(match file {
        Some(_) => "external",
        None if is_off => "no",
        None => "internal",
    });
    if mode == "manual" {
        return Err(wrong("'manual' memory snapshot mode not supported"));
    }
    let memory = Element::new("memory").with("snapshot", mode);
    match file {
        Some(file) if mode != "external" => {
            let detail = format!("memory filename '{file}' requires external snapshot");
            Err(wrong(&detail))
        }
        None if mode == "external" => Err(wrong("external memory snapshots require a filename")),
        _ if is_off && mode != "no" => {
            Err(wrong("memory state cannot be saved with offline or disk-only snapshot"))
        }
        Some(file) if !file.starts_with('/') => {
            let detail = format!("memory snapshot file path ({file}) must be absolute");
            Err(wrong(&detail))
        }
        Some(file) => Ok(memory.with("file", file)),
        None => Ok(memory),
    }
}

/// Returns whether a document says that its snapshot is the current one.
pub(super) fn is_current(given: &Element) -> Result<bool> {
    let active = given.content("active").and_then(|active| signed(active, Base::Ten));
    let active = active
        .ok_or_else(|| failure(ErrorCode::InternalError, "Could not find 'active' element"))?;
    Ok(active != 0)
}
