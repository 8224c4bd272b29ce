//! Where a device is plugged in.

use super::value::{Place, number};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

/// How a part of an address is written.
#[derive(Clone, Copy)]
enum Form {
    Decimal,
    /// In base 16 with so many digits.
    Hex(usize),
    /// As the function of a PCI device.
    Function,
    AsGiven,
}

/// A part, how it is written, and whether it is written if it is not given.
type Part = (&'static str, Form, bool);

/// The kinds of addresses and what they consist of.
const KINDS: &[(&str, &[Part])] = &[
    ("pci", PCI),
    (
        "drive",
        &[
            ("controller", Form::Decimal, true),
            ("bus", Form::Decimal, true),
            ("target", Form::Decimal, true),
            ("unit", Form::Decimal, true),
        ],
    ),
    (
        "virtio-serial",
        &[
            ("controller", Form::Decimal, true),
            ("bus", Form::Decimal, true),
            ("port", Form::Decimal, true),
        ],
    ),
    (
        "ccid",
        &[
            ("controller", Form::Decimal, true),
            ("slot", Form::Decimal, true),
        ],
    ),
    ("usb", &[("bus", Form::Decimal, true), ("port", Form::AsGiven, false)]),
    ("spapr-vio", &[("reg", Form::Hex(8), false)]),
    (
        "ccw",
        &[
            ("cssid", Form::Hex(1), true),
            ("ssid", Form::Hex(1), true),
            ("devno", Form::Hex(4), true),
        ],
    ),
    (
        "isa",
        &[
            ("iobase", Form::Hex(1), false),
            ("irq", Form::Hex(1), false),
        ],
    ),
    ("dimm", &[("slot", Form::Decimal, true), ("base", Form::Hex(1), false)]),
    ("virtio-mmio", &[]),
    ("virtio-s390", &[]),
    ("unassigned", &[]),
];

const KIND: Place<'static> = Place { element: "address", attribute: Some("type") };

const PCI: &[Part] = &[
    ("domain", Form::Hex(4), true),
    ("bus", Form::Hex(2), true),
    ("slot", Form::Hex(2), true),
    ("function", Form::Function, true),
];

/// Returns a device's address as it is written.
pub(super) fn canonical(given: &Element) -> Result<Option<Element>> {
    let Some(kind) = given.get("type") else {
        return Err(KIND.missing());
    };
    let Some((_, parts)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        return Err(KIND.invalid(kind, ""));
    };
    let mut element = Element::new(&given.name).with("type", kind);
    let is_given = parts.iter().any(|(name, ..)| given.get(name).is_some());
    if kind != "pci" || is_given {
        add(&mut element, given, parts)?;
    }
    if kind == "pci"
        && let Some(multifunction) = given.get("multifunction")
    {
        element.set("multifunction", multifunction);
    }
    Ok(Some(element))
}

/// Returns the address of a PCI device of the host.
pub(super) fn pci_of_host(given: &Element) -> Result<Element> {
    let mut element = Element::new(&given.name);
    if let Some(kind) = given.get("type") {
        element.set("type", kind);
    }
    add(&mut element, given, PCI)?;
    Ok(element)
}

fn add(element: &mut Element, given: &Element, parts: &[Part]) -> Result<()> {
    for (name, form, is_always) in parts {
        let text = match given.get(name) {
            Some(text) => text,
            None if *is_always => "0",
            None => continue,
        };
        if let Form::AsGiven = form {
            element.set(name, text);
            continue;
        }
        let number =
            number(text).filter(|number| u32::try_from(*number).is_ok() || *name == "base");
        let Some(number) = number else {
            let place = Place { element: &given.name, attribute: Some(name) };
            return Err(place.invalid(text, " Expected non-negative integer value"));
        };
        match form {
            Form::Decimal | Form::AsGiven => element.set(name, number),
            Form::Hex(digits) => element.set(name, format_args!("0x{number:0digits$x}")),
            Form::Function => element.set(name, format_args!("0x{number}")),
        }
    }
    Ok(())
}
