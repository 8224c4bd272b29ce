//! What devices have in common.

use crate::test_driver::xml::Element;

/// What a device must know of its domain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guest<'a> {
    pub(crate) os: &'a str,
    pub(crate) arch: &'a str,
}

impl Guest<'_> {
    pub(super) fn is_hvm(self) -> bool {
        self.os == "hvm"
    }
}

/// Removes the attributes of an element that are not named.
pub(super) fn keep_attributes(element: &mut Element, kept: &[&str]) {
    element.attributes.retain(|(name, _)| kept.contains(&name.as_str()));
}

/// Returns a number that an address has, 0 without one.
pub(super) fn of_address(device: &Element, part: &str) -> u32 {
    let address = device.child("address");
    address.and_then(|address| address.get(part)?.parse().ok()).unwrap_or_default()
}

/// Returns the kind of a device's address.
pub(super) fn address_type(device: &Element) -> Option<&str> {
    device.child("address")?.get("type")
}
