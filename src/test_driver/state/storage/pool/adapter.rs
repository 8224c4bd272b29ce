//! SCSI adapters that pools get their storage from.

use crate::test_driver::document::{Base, Shape, Values as _, signed};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::state::storage::permissions::wrong;
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

pub(super) const SHAPE: Shape = Shape::new("adapter")
    .attributes(&[
        "type",
        "name",
        "parent",
        "parent_wwnn",
        "parent_wwpn",
        "parent_fabric_wwn",
        "managed",
        "wwnn",
        "wwpn",
    ])
    .children(&[Shape::new("parentaddr")
        .attributes(&["unique_id"])
        .children(&[Shape::new("address").attributes(&["domain", "bus", "slot", "function"])])]);

/// Completes what is said of an adapter.
pub(super) fn complete(source: &mut Element) -> Result<()> {
    let Some(adapter) = source.child_mut("adapter") else {
        return Ok(());
    };
    adapter.one_of("type", &["scsi_host", "fc_host"])?;
    match adapter.get("type") {
        None => complete_old(adapter)?,
        Some("fc_host") => {
            adapter.yes("managed")?;
            adapter.remove("name");
            adapter.remove_children("parentaddr");
        }
        Some(_) => complete_scsi(adapter)?,
    }
    if adapter.get("type").is_none() {
        source.remove_children("adapter");
    }
    Ok(())
}

/// Completes an adapter without a type, which has a name alone.
fn complete_old(adapter: &mut Element) -> Result<()> {
    if ["wwnn", "wwpn", "parent"].iter().any(|name| adapter.get(name).is_some()) {
        return Err(wrong(
            "Use of 'wwnn', 'wwpn', and 'parent' attributes requires use of the adapter 'type'",
        ));
    }
    if adapter.child("parentaddr").is_some() {
        return Err(wrong("Use of 'parentaddr' element requires use of the adapter 'type'"));
    }
    if adapter.get("name").is_some() {
        adapter.set("type", "scsi_host");
    }
    Ok(())
}

fn complete_scsi(adapter: &mut Element) -> Result<()> {
    adapter.attributes.retain(|(name, _)| ["type", "name"].contains(&name.as_str()));
    let Some(parent) = adapter.child_mut("parentaddr") else {
        return Ok(());
    };
    let unique_id = parent.filled("unique_id").and_then(|id| signed(id, Base::Ten));
    let address = parent
        .child_mut("address")
        .ok_or_else(|| wrong("Missing scsi_host PCI address element"))?;
    let mut parts = [0_u32; 4];
    for (part, name) in parts.iter_mut().zip(["domain", "bus", "slot", "function"]) {
        *part = address.number(name, Base::Any)?.unwrap_or_default();
    }
    let [domain, bus, slot, function] = parts;
    address.set("domain", format_args!("0x{domain:04x}"));
    address.set("bus", format_args!("0x{bus:02x}"));
    address.set("slot", format_args!("0x{slot:02x}"));
    address.set("function", format_args!("0x{function}"));
    let unique_id = unique_id
        .filter(|id| (0..=i128::from(i32::MAX)).contains(id))
        .ok_or_else(|| wrong("Missing or invalid scsi adapter 'unique_id' value"))?;
    parent.set("unique_id", unique_id);
    Ok(())
}

/// Checks the adapter of a pool that needs one.
pub(super) fn check_needed(source: &Element) -> Result<()> {
    let Some(adapter) = source.child("adapter") else {
        return Err(wrong("missing storage pool source adapter"));
    };
    if adapter.get("type") == Some("fc_host") {
        return check_fc_host(adapter);
    }
    match (adapter.get("name").is_some(), adapter.child("parentaddr").is_some()) {
        (false, false) => {
            Err(wrong("Either 'name' or 'parent' must be specified for the 'scsi_host' adapter"))
        }
        (true, true) => Err(wrong(
            "Both 'name' and 'parent' cannot be specified for the 'scsi_host' adapter",
        )),
        _ => Ok(()),
    }
}

fn check_fc_host(adapter: &Element) -> Result<()> {
    let (Some(wwnn), Some(wwpn)) = (adapter.get("wwnn"), adapter.get("wwpn")) else {
        return Err(wrong("'wwnn' and 'wwpn' must be specified for adapter type 'fchost'"));
    };
    check_wwn(wwnn)?;
    check_wwn(wwpn)?;
    let (wwnn, wwpn) = (adapter.get("parent_wwnn"), adapter.get("parent_wwpn"));
    match (wwnn, wwpn) {
        (Some(wwnn), None) => {
            return Err(wrong(format_args!(
                "when providing parent_wwnn='{wwnn}', the parent_wwpn must also be provided"
            )));
        }
        (None, Some(wwpn)) => {
            return Err(wrong(format_args!(
                "when providing parent_wwpn='{wwpn}', the parent_wwnn must also be provided"
            )));
        }
        _ => {}
    }
    let names = [wwnn, wwpn, adapter.get("parent_fabric_wwn")];
    names.into_iter().flatten().try_for_each(check_wwn)
}

fn check_wwn(wwn: &str) -> Result<()> {
    let digits = wwn.strip_prefix("0x").unwrap_or(wwn);
    if digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(Failure::of(
            ErrorDomain::None,
            ErrorCode::InternalError,
            format_args!("Malformed wwn: {wwn}"),
        ))
    }
}
