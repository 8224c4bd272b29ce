//! What a volume is made of.

use crate::test_driver::document::{Base, Shape, Unscaled, Values as _, parse, scaled, unsigned};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::state::storage::kinds::Kind;
use crate::test_driver::state::storage::permissions::{self, PERMISSIONS, unsupported, wrong};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

/// A volume, described as libvirt would write it.
#[derive(Debug, Clone)]
pub(crate) struct Volume {
    root: Element,
    capacity: u64,
    allocation: u64,
    path: String,
}

const ENCRYPTION: Shape = Shape::new("encryption").attributes(&["format", "engine"]).children(&[
    Shape::new("secret").attributes(&["type", "uuid", "usage"]).repeated(),
    Shape::new("cipher").attributes(&["name", "size", "mode", "hash"]),
    Shape::new("ivgen").attributes(&["name", "hash"]),
]);

const FEATURES: &[&str] = &["lazy_refcounts", "extended_l2", "data_file"];

const TARGET: Shape = Shape::new("target")
    .children(&[
        Shape::text("path"),
        Shape::new("format").attributes(&["type"]),
        PERMISSIONS,
        ENCRYPTION,
        Shape::text("compat"),
        Shape::text("clusterSize").attributes(&["unit"]),
        Shape::new("features")
            .children(&[
                Shape::new("lazy_refcounts").kept(),
                Shape::new("extended_l2").kept(),
                Shape::new("data_file").kept(),
            ])
            .kept(),
    ])
    .open();

const SHAPE: Shape = Shape::new("volume").attributes(&["type"]).children(&[
    Shape::text("name"),
    Shape::text("key"),
    Shape::text("capacity").attributes(&["unit"]),
    Shape::text("allocation").attributes(&["unit"]),
    TARGET,
    Shape::new("backingStore").children(&[
        Shape::text("path"),
        Shape::new("format").attributes(&["type"]),
        PERMISSIONS,
    ]),
]);

impl Volume {
    pub(crate) fn parse(text: &str, kind: &Kind, target: Option<&str>) -> Result<Self> {
        Self::of(&parse(text, "volume", ErrorDomain::Storage)?, kind, target, false)
    }

    /// Reads a volume of a pool of that kind and with that path. One of a node file may have a key and a path of its own.
    pub(crate) fn of(
        root: &Element,
        kind: &Kind,
        target: Option<&str>,
        is_from_node: bool,
    ) -> Result<Self> {
        let mut root = root.clone();
        let name = root.content("name").ok_or_else(|| wrong("missing volume name element"))?;
        let default = format!("{}/{name}", target.unwrap_or("(null)"));
        complete_type(&mut root)?;
        complete_backing(&mut root, kind)?;
        let capacity =
            bytes(&root, "capacity")?.ok_or_else(|| wrong("missing capacity element"))?;
        let allocation = bytes(&root, "allocation")?.unwrap_or(capacity);
        root.child_or_new("target");
        if let Some(target) = root.child_mut("target") {
            complete_format(target, kind)?;
            permissions::complete(target)?;
            complete_compat(target)?;
            complete_features(target)?;
        }
        let target = root.child_or_new("target");
        let own = target.content("path").map(str::to_owned).filter(|_| is_from_node);
        let path = own.unwrap_or(default);
        target.child_or_new("path").text.clone_from(&path);
        let own = root.content("key").map(str::to_owned).filter(|_| is_from_node);
        root.child_or_new("key").text = own.unwrap_or_else(|| path.clone());
        for (name, bytes) in [("capacity", capacity), ("allocation", allocation)] {
            root.remove_children(name);
            root.children.push(Element::new(name).with("unit", "bytes").with_text(bytes));
        }
        Ok(Self { root: SHAPE.arrange(&root), capacity, allocation, path })
    }

    pub(crate) fn name(&self) -> &str {
        self.root.content("name").unwrap_or_default()
    }

    pub(crate) fn key(&self) -> &str {
        self.root.content("key").unwrap_or_default()
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.capacity
    }

    pub(crate) fn allocation(&self) -> u64 {
        self.allocation
    }

    pub(crate) fn to_xml(&self) -> String {
        self.root.to_string()
    }
}

fn complete_type(root: &mut Element) -> Result<()> {
    const TYPES: [&str; 6] = ["file", "block", "dir", "network", "netdir", "ploop"];
    let kind = root.filled("type").unwrap_or("file").to_owned();
    if !TYPES.contains(&kind.as_str()) {
        return Err(unsupported(format_args!("unknown volume type '{kind}'")));
    }
    root.set("type", kind);
    Ok(())
}

fn complete_backing(root: &mut Element, kind: &Kind) -> Result<()> {
    let Some(backing) = root.child_mut("backingStore") else {
        return Ok(());
    };
    if backing.content("path").is_none() {
        root.remove_children("backingStore");
        return Ok(());
    }
    complete_format(backing, kind)?;
    permissions::complete(backing)
}

fn complete_format(parent: &mut Element, kind: &Kind) -> Result<()> {
    let Some(default) = kind.volume_formats.first() else {
        parent.remove_children("format");
        return Ok(());
    };
    let format = parent.child("format").and_then(|format| format.filled("type"));
    let format = format.unwrap_or(default).to_owned();
    if !kind.volume_formats.contains(&format.as_str()) {
        return Err(unsupported(format_args!("unknown volume format type {format}")));
    }
    parent.remove_children("format");
    parent.children.push(Element::new("format").with("type", format));
    Ok(())
}

fn complete_compat(target: &mut Element) -> Result<()> {
    let Some(compat) = target.content("compat") else {
        return Ok(());
    };
    let is_number = |text: &str| unsigned::<u32>(text, Base::Ten).is_some();
    match compat.split_once('.') {
        Some((major, minor)) if is_number(major) && is_number(minor) => Ok(()),
        _ => Err(wrong("forbidden characters in 'compat' attribute")),
    }
}

fn complete_features(target: &mut Element) -> Result<()> {
    if let Some(size) = target.child("clusterSize").cloned() {
        let number = size_of(&size, u64::MAX)?;
        target.remove_children("clusterSize");
        if number > 0 {
            let size = Element::new("clusterSize").with("unit", "B").with_text(number);
            target.children.push(size);
        }
    }
    let Some(features) = target.child("features") else {
        return Ok(());
    };
    if let Some(other) = features.children.iter().find(|it| !FEATURES.contains(&it.name.as_str())) {
        return Err(unsupported(format_args!("unsupported feature {}", other.name)));
    }
    if target.content("compat").is_none() {
        "1.1".clone_into(&mut target.child_or_new("compat").text);
    }
    Ok(())
}

/// Returns how many bytes a child says.
fn bytes(root: &Element, child: &str) -> Result<Option<u64>> {
    match root.child(child) {
        Some(size) if !size.text.is_empty() => size_of(size, i64::MAX.cast_unsigned()).map(Some),
        _ => Ok(None),
    }
}

fn size_of(size: &Element, limit: u64) -> Result<u64> {
    let number = unsigned::<u64>(&size.text, Base::Ten)
        .ok_or_else(|| wrong("malformed capacity element"))?;
    let unit = size.filled("unit");
    scaled(number, unit, limit).map_err(|why| {
        let unit = unit.unwrap_or_default();
        match why {
            Unscaled::UnknownUnit => {
                let detail = format!("unknown suffix '{unit}'");
                Failure::of(ErrorDomain::None, ErrorCode::InvalidArg, detail)
            }
            Unscaled::TooLarge => {
                let detail = format!("value too large: {number}{unit}");
                Failure::of(ErrorDomain::None, ErrorCode::Overflow, detail)
            }
        }
    })
}
