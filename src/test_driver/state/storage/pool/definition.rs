//! What a pool is made of.

use uuid::Uuid;

use super::adapter;
use super::source;
use crate::test_driver::document::{Shape, Values as _, new_uuid, parse, uuid};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::state::storage::kinds::{Kind, Source};
use crate::test_driver::state::storage::permissions::{self, PERMISSIONS, unsupported, wrong};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

/// A pool's definition, as libvirt would write it.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    root: Element,
    uuid: Uuid,
    kind: &'static Kind,
}

const SHAPE: Shape = Shape::new("pool").attributes(&["type"]).children(&[
    Shape::text("name"),
    Shape::text("uuid"),
    Shape::text("capacity").attributes(&["unit"]),
    Shape::text("allocation").attributes(&["unit"]),
    Shape::text("available").attributes(&["unit"]),
    Shape::new("features").children(&[Shape::new("cow").attributes(&["state"])]),
    source::SHAPE,
    Shape::new("target").children(&[Shape::text("path"), PERMISSIONS]).open(),
    Shape::new("refresh").children(&[Shape::new("volume").attributes(&["allocation"])]),
]);

impl Definition {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Self::of(&parse(text, "pool", ErrorDomain::Storage)?)
    }

    pub(crate) fn of(root: &Element) -> Result<Self> {
        let mut root = root.clone();
        let name = root.required("type")?;
        let Some(kind) = Kind::of(name) else {
            root.one_of("type", &[])?;
            return Err(wrong("unexpected pool type"));
        };
        let mut source = root.child("source").cloned().unwrap_or_else(|| Element::new("source"));
        if root.child("source").is_some() {
            source::complete(&mut source, kind)?;
        }
        complete_name(&mut root, &source, kind)?;
        let uuid = match root.content("uuid") {
            Some(text) => uuid(text).ok_or_else(|| wrong("malformed uuid element"))?,
            None => new_uuid(),
        };
        root.child_or_new("uuid").text = uuid.to_string();
        check_features(&root, kind)?;
        check_parts(&root, &mut source, kind)?;
        complete_target(&mut root, &source, kind)?;
        if kind.name == "iscsi-direct" && source.child("initiator").is_none() {
            return Err(unsupported("missing initiator IQN"));
        }
        check_refresh(&root)?;
        source::finish(&mut source, kind);
        root.remove_children("source");
        root.children.push(source);
        for counted in ["capacity", "allocation", "available"] {
            root.remove_children(counted);
        }
        Ok(Self { root, uuid, kind })
    }

    pub(crate) fn name(&self) -> &str {
        self.root.content("name").unwrap_or_default()
    }

    pub(crate) fn uuid(&self) -> Uuid {
        self.uuid
    }

    pub(crate) fn kind(&self) -> &'static Kind {
        self.kind
    }

    pub(crate) fn source(&self) -> Option<&Element> {
        self.root.child("source")
    }

    pub(crate) fn target(&self) -> Option<&str> {
        self.root.child("target")?.content("path")
    }

    /// Returns the document, of a pool with so many bytes.
    pub(crate) fn to_xml(&self, capacity: u64, allocation: u64, available: u64) -> String {
        let mut root = self.root.clone();
        let counted = [
            ("capacity", capacity),
            ("allocation", allocation),
            ("available", available),
        ];
        for (name, bytes) in counted {
            root.children.push(Element::new(name).with("unit", "bytes").with_text(bytes));
        }
        SHAPE.arrange(&root).to_string()
    }
}

fn complete_name(root: &mut Element, source: &Element, kind: &Kind) -> Result<()> {
    let own = root.content("name").map(str::to_owned);
    let of_source = || {
        if kind.has(Source::Name) {
            source.content("name").map(str::to_owned)
        } else {
            None
        }
    };
    let name = own
        .or_else(of_source)
        .ok_or_else(|| wrong("missing pool source name element"))?;
    if name.contains('/') {
        return Err(wrong(format_args!("name {name} cannot contain '/'")));
    }
    root.child_or_new("name").text = name;
    Ok(())
}

fn check_features(root: &Element, kind: &Kind) -> Result<()> {
    let Some(cow) = root.at(&["features", "cow"]) else {
        return Ok(());
    };
    match cow.yes("state")? {
        Some(_) if !["fs", "dir"].contains(&kind.name) => Err(Failure::of(
            ErrorDomain::Storage,
            ErrorCode::NoSupport,
            "cow feature may only be used for 'fs' and 'dir' pools",
        )),
        _ => Ok(()),
    }
}

/// Checks that the source has what the kind of pool needs.
fn check_parts(root: &Element, source: &mut Element, kind: &Kind) -> Result<()> {
    if kind.has(Source::Host) && source.child("host").is_none() {
        return Err(wrong("missing storage pool source host name"));
    }
    if kind.has(Source::Dir) && source.child("dir").is_none() {
        return Err(wrong("missing storage pool source path"));
    }
    if kind.has(Source::Name) && source.content("name").is_none() {
        root.content("name")
            .unwrap_or_default()
            .clone_into(&mut source.child_or_new("name").text);
    }
    if kind.has(Source::Adapter) {
        adapter::check_needed(source)?;
    }
    if kind.source == [Source::Device] && source.child("device").is_none() {
        return Err(wrong("missing storage pool source device name"));
    }
    Ok(())
}

fn complete_target(root: &mut Element, source: &Element, kind: &Kind) -> Result<()> {
    if kind.has(Source::Network) {
        root.remove_children("target");
        return Ok(());
    }
    let name = source.content("name").unwrap_or_default();
    let target = root.child_or_new("target");
    let path = match kind.name {
        "logical" => Some(format!("/dev/{name}")),
        "zfs" => Some(format!("/dev/zvol/{name}")),
        _ => target.content("path").map(str::to_owned),
    };
    let path = path.ok_or_else(|| wrong("missing storage pool target path"))?;
    target.child_or_new("path").text = source::clean_path(&path);
    permissions::complete(target)
}

fn check_refresh(root: &Element) -> Result<()> {
    let allocation = root.at(&["refresh", "volume"]).and_then(|volume| volume.filled("allocation"));
    match allocation {
        None | Some("default" | "capacity") => Ok(()),
        Some(other) => Err(unsupported(format_args!(
            "unknown storage pool volume refresh allocation type {other}"
        ))),
    }
}
