//! Which domain it is, and of which kind.

use uuid::Uuid;

use super::{problem, random};
use crate::test_driver::arch;
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;
use crate::types::error::ErrorCode;

/// The kinds of hypervisors that a domain can be of.
pub(crate) const DOMAIN_TYPES: [&str; 17] = [
    "none",
    "qemu",
    "kqemu",
    "kvm",
    "xen",
    "lxc",
    "uml",
    "openvz",
    "test",
    "vmware",
    "hyperv",
    "vbox",
    "phyp",
    "parallels",
    "bhyve",
    "vz",
    "hvf",
];

const OS_TYPES: [&str; 6] = ["hvm", "xen", "linux", "exe", "uml", "xenpvh"];

/// Checks what a definition says of itself first, and returns the UUID.
pub(super) fn check(root: &Element) -> Result<Uuid> {
    let text = |name: &str| root.child(name).map(|child| child.text.as_str()).unwrap_or_default();
    if text("name").is_empty() {
        return Err(problem::missing(ErrorCode::NoName, "missing name information", None));
    }
    let uuid = match text("uuid") {
        "" => random::uuid(),
        text => parse_uuid(text).ok_or_else(|| problem::internal("malformed uuid element"))?,
    };
    match text("genid") {
        "" => {}
        text if parse_uuid(text).is_some() => {}
        _ => return Err(problem::internal("malformed genid element")),
    }
    check_kind(root)?;
    if text("title").contains('\n') {
        return Err(problem::xml("Domain title can't contain newlines"));
    }
    Ok(uuid)
}

fn check_kind(root: &Element) -> Result<()> {
    let kind = root.get("type").filter(|kind| !kind.is_empty());
    let kind = kind.ok_or_else(|| problem::internal("missing domain type attribute"))?;
    if !DOMAIN_TYPES.contains(&kind) {
        return Err(problem::unsupported(format_args!("invalid domain type {kind}")));
    }
    let os = root.at(&["os", "type"]);
    match os.map(|os| os.text.as_str()).filter(|text| !text.is_empty()) {
        Some(text) if OS_TYPES.contains(&text) => {}
        Some(text) => return Err(problem::unsupported(format_args!("unknown OS type '{text}'"))),
        None if root.text_of("bootloader").is_some_and(|text| !text.is_empty()) => {}
        None => return Err(problem::xml("an os <type> must be specified")),
    }
    match os.and_then(|os| os.get("arch")) {
        Some(arch) if !arch::is_known(arch) => {
            Err(problem::unsupported(format_args!("Unknown architecture {arch}")))
        }
        _ => Ok(()),
    }
}

/// Reads a UUID, whose hyphens may be anywhere.
pub(super) fn parse_uuid(text: &str) -> Option<Uuid> {
    let digits: String = text.chars().filter(|char| *char != '-' && *char != ' ').collect();
    (digits.len() == 32).then(|| Uuid::try_parse(&digits).ok()).flatten()
}

/// Checks what is said of a name last.
pub(super) fn check_name(root: &Element) -> Result<()> {
    match root.child("name").map(|name| name.text.as_str()) {
        Some(name) if name.contains('/') => {
            Err(problem::xml(format_args!("name {name} cannot contain '/'")))
        }
        _ => Ok(()),
    }
}
