//! Who may do what with a pool or a volume.

use crate::test_driver::document::{Base, Shape, Values as _, signed};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

pub(super) const PERMISSIONS: Shape = Shape::new("permissions").children(&[
    Shape::text("mode"),
    Shape::text("owner"),
    Shape::text("group"),
    Shape::text("label"),
]);

/// Completes the permissions that a parent has.
pub(super) fn complete(parent: &mut Element) -> Result<()> {
    let Some(permissions) = parent.child_mut("permissions") else {
        return Ok(());
    };
    if let Some(mode) = permissions.content("mode") {
        let mode = signed(mode, Base::Eight)
            .filter(|mode| (0..=0o777).contains(mode))
            .ok_or_else(|| wrong("malformed octal mode"))?;
        permissions.child_or_new("mode").text = format!("0{mode:o}");
    }
    for who in ["owner", "group"] {
        let Some(element) = permissions.child(who) else {
            continue;
        };
        let id = signed(&element.text, Base::Ten)
            .filter(|id| (-1..=i128::from(u32::MAX)).contains(id))
            .ok_or_else(|| wrong(format_args!("malformed {who} element")))?;
        // Nobody is who is not said.
        if id == -1 || id == i128::from(u32::MAX) {
            permissions.remove_children(who);
        } else {
            let id = u32::try_from(id).unwrap_or_default().cast_signed();
            permissions.child_or_new(who).text = id.to_string();
        }
    }
    Ok(())
}

pub(super) fn wrong(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Storage, ErrorCode::XmlError, detail)
}

pub(super) fn unsupported(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Storage, ErrorCode::ConfigUnsupported, detail)
}
