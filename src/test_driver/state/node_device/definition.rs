//! What a device is.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};

use super::shapes::{CAPABILITIES, KINDS, number_of};
use crate::test_driver::document::{Base, Shape, Values as _, signed, unnamed, uuid};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

/// A device, described as libvirt would write it.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    root: Element,
}

const SHAPE: Shape = Shape::new("device").children(&[
    Shape::text("name"),
    Shape::text("path"),
    Shape::text("devnode").attributes(&["type"]).repeated(),
    Shape::text("parent"),
    Shape::whole("capability").repeated(),
]);

impl Definition {
    pub(crate) fn of(root: &Element) -> Result<Self> {
        root.content("name").ok_or_else(|| unnamed(ErrorDomain::Nodedev))?;
        Self::checked(root.clone())
    }

    /// Reads a device that is to be created, and has no name yet.
    pub(crate) fn new(root: &Element) -> Result<Self> {
        let mut root = root.clone();
        "new device".clone_into(&mut root.child_or_new("name").text);
        Self::checked(root)
    }

    fn checked(mut root: Element) -> Result<Self> {
        let name = root.content("name").unwrap_or_default().to_owned();
        for node in root.children("devnode") {
            node.required("type")?;
            node.one_of("type", &["dev", "link"])?;
        }
        if let Some(parent) = root.child("parent") {
            check_parent(parent)?;
        }
        if root.child("capability").is_none() {
            return Err(internal(format_args!("no device capabilities for '{name}'")));
        }
        let is_new = name == "new device";
        for capability in root.children.iter_mut().filter(|child| child.name == "capability") {
            capability.required("type")?;
            capability.one_of("type", &KINDS)?;
            let kind = capability.get("type").unwrap_or_default().to_owned();
            match kind.as_str() {
                "system" => complete_system(capability, &name)?,
                "scsi_host" => complete_scsi_host(capability, &name, is_new)?,
                _ => {}
            }
            let shape = number_of(&kind).and_then(|number| CAPABILITIES.get(number));
            if let Some(shape) = shape {
                *capability = shape.arrange_at(capability, 1);
            }
        }
        // The device's own node comes before the links to it.
        root.children
            .sort_by_key(|child| child.name == "devnode" && child.get("type") == Some("link"));
        Ok(Self { root: SHAPE.arrange(&root) })
    }

    pub(crate) fn name(&self) -> &str {
        self.root.content("name").unwrap_or_default()
    }

    pub(crate) fn parent(&self) -> Option<&str> {
        self.root.content("parent")
    }

    pub(crate) fn rename(&mut self, name: &str) {
        name.clone_into(&mut self.root.child_or_new("name").text);
    }

    /// Returns the kinds that it is at the top.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.root.children("capability").filter_map(|capability| capability.get("type"))
    }

    /// Returns whether it is of a kind, or has a part that is.
    pub(crate) fn is_a(&self, kind: &str) -> bool {
        let nested = match kind {
            "vports" => "vport_ops",
            other => other,
        };
        self.kinds().any(|own| own == kind)
            || self
                .root
                .children("capability")
                .flat_map(|capability| capability.children("capability"))
                .any(|part| part.get("type") == Some(nested))
    }

    fn scsi_part(&self, kind: &str) -> Option<&Element> {
        let hosts = self
            .root
            .children("capability")
            .filter(|it| it.get("type") == Some("scsi_host"));
        hosts
            .flat_map(|host| host.children("capability"))
            .find(|it| it.get("type") == Some(kind))
    }

    /// Returns one of the names of a Fibre Channel adapter.
    pub(crate) fn fc_name(&self, which: &str) -> Option<&str> {
        self.scsi_part("fc_host")?.content(which)
    }

    pub(crate) fn is_fc_host(&self) -> bool {
        self.scsi_part("fc_host").is_some()
    }

    pub(crate) fn has_vports(&self) -> bool {
        self.scsi_part("vport_ops").is_some()
    }

    /// Gives its adapters other names.
    pub(crate) fn set_fc_names(&mut self, wwnn: &str, wwpn: &str) {
        let hosts = self.root.children.iter_mut().filter(|it| it.get("type") == Some("scsi_host"));
        for host in hosts {
            let parts = host.children.iter_mut().filter(|it| it.get("type") == Some("fc_host"));
            for part in parts {
                wwnn.clone_into(&mut part.child_or_new("wwnn").text);
                wwpn.clone_into(&mut part.child_or_new("wwpn").text);
            }
        }
    }

    /// Returns the document; of a device that is not there without where it is.
    pub(crate) fn to_xml(&self, is_there: bool) -> String {
        let mut root = self.root.clone();
        if !is_there {
            root.remove_children("path");
            root.remove_children("devnode");
        }
        root.to_string()
    }
}

fn check_parent(parent: &Element) -> Result<()> {
    match (parent.filled("wwnn"), parent.filled("wwpn")) {
        (Some(wwnn), None) => Err(wrong(format_args!(
            "when providing parent wwnn='{wwnn}', the wwpn must also be provided"
        ))),
        (None, Some(wwpn)) => Err(wrong(format_args!(
            "when providing parent wwpn='{wwpn}', the wwnn must also be provided"
        ))),
        _ => Ok(()),
    }
}

fn complete_system(capability: &mut Element, name: &str) -> Result<()> {
    let hardware = capability.child_or_new("hardware");
    let id = hardware
        .content("uuid")
        .ok_or_else(|| internal(format_args!("no system UUID supplied for '{name}'")))?;
    let id =
        uuid(id).ok_or_else(|| internal(format_args!("malformed uuid element for '{name}'")))?;
    hardware.child_or_new("uuid").text = id.to_string();
    capability.child_or_new("firmware");
    Ok(())
}

fn complete_scsi_host(capability: &mut Element, name: &str, is_new: bool) -> Result<()> {
    if !is_new {
        let host = capability
            .content("host")
            .ok_or_else(|| internal(format_args!("no SCSI host ID supplied for '{name}'")))?;
        let host = signed(host, Base::Ten)
            .and_then(|host| u32::try_from(host).ok())
            .ok_or_else(|| internal(format_args!("invalid SCSI host ID supplied for '{name}'")))?;
        capability.child_or_new("host").text = host.to_string();
        if let Some(id) = capability.content("unique_id") {
            let id = signed(id, Base::Ten)
                .and_then(|id| i32::try_from(id).ok())
                .ok_or_else(|| internal(format_args!("invalid unique_id supplied for '{name}'")))?;
            capability.child_or_new("unique_id").text = id.to_string();
        }
    }
    for part in capability.children.iter_mut().filter(|child| child.name == "capability") {
        match part.get("type") {
            None => {
                return Err(internal(format_args!(
                    "missing SCSI host capability type for '{name}'"
                )));
            }
            Some("vport_ops") => {
                // How many there can be and are is not read.
                for count in ["max_vports", "vports"] {
                    "0".clone_into(&mut part.child_or_new(count).text);
                }
            }
            Some("fc_host") => {
                for which in ["wwnn", "wwpn"] {
                    if part.content(which).is_none() {
                        part.child_or_new(which).text = new_name();
                    }
                }
                for count in ["max_vports", "vports"] {
                    part.remove_children(count);
                }
            }
            Some(other) => {
                return Err(internal(format_args!(
                    "unknown SCSI host capability type '{other}' for '{name}'"
                )));
            }
        }
    }
    capability.children.sort_by_key(|part| part.get("type") == Some("vport_ops"));
    Ok(())
}

pub(crate) fn internal(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Nodedev, ErrorCode::InternalError, detail)
}

fn wrong(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Nodedev, ErrorCode::XmlError, detail)
}

/// Returns a name for an adapter that is given none.
fn new_name() -> String {
    let random = RandomState::new().build_hasher().finish();
    format!("5100000{:09x}", random & 0xf_ffff_ffff)
}
