//! Where a pool's storage comes from.

use super::adapter;
use crate::test_driver::document::{Base, Shape, Values as _, drop_empty};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::state::storage::kinds::{Kind, Source};
use crate::test_driver::state::storage::permissions::{unsupported, wrong};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

pub(super) const SHAPE: Shape = Shape::new("source")
    .children(&[
        Shape::new("host").attributes(&["name", "port"]).repeated(),
        Shape::new("device").attributes(&["path", "part_separator"]).repeated(),
        Shape::new("dir").attributes(&["path"]),
        adapter::SHAPE,
        Shape::text("name"),
        Shape::new("initiator").children(&[Shape::new("iqn").attributes(&["name"])]),
        Shape::new("format").attributes(&["type"]),
        Shape::new("auth")
            .attributes(&["type", "username"])
            .children(&[Shape::new("secret").attributes(&["type", "uuid", "usage"])]),
        Shape::new("protocol").attributes(&["ver"]),
        Shape::new("vendor").attributes(&["name"]),
        Shape::new("product").attributes(&["name"]),
    ])
    .open();

/// Completes what is said of a source.
pub(crate) fn complete(source: &mut Element, kind: &Kind) -> Result<()> {
    if kind.name == "rbd" && source.content("name").is_none() {
        return Err(wrong("element 'name' is mandatory for RBD pool"));
    }
    let format = source.child("format").and_then(|format| format.filled("type"));
    if let Some(format) = format
        && !kind.formats.is_empty()
        && !kind.formats.contains(&format)
    {
        return Err(unsupported(format_args!("unknown pool format type {format}")));
    }
    let has_nfs = matches!(format, None | Some("auto" | "nfs")) || kind.formats.is_empty();
    let format = format.map(str::to_owned);
    for host in source.children.iter_mut().filter(|child| child.name == "host") {
        if host.get("name").is_none() {
            return Err(wrong("missing storage pool host name"));
        }
        match host.integer("port", Base::Ten)? {
            None | Some(0) => host.remove("port"),
            Some(port) => host.set("port", port),
        }
    }
    for device in source.children("device") {
        if device.get("path").is_none() {
            return Err(wrong("missing storage pool source device path"));
        }
        device.yes("part_separator")?;
    }
    complete_dir(source, kind);
    let has_initiator =
        source.at(&["initiator", "iqn"]).is_some_and(|iqn| iqn.filled("name").is_some());
    if !has_initiator {
        source.remove_children("initiator");
    }
    if source.child("adapter").is_some() {
        adapter::complete(source)?;
    }
    complete_auth(source)?;
    check_protocol(source, has_nfs, format.as_deref())?;
    for named in ["vendor", "product"] {
        if let Some(element) = source.child_mut(named) {
            drop_empty(element, &["name"]);
        }
    }
    Ok(())
}

fn complete_dir(source: &mut Element, kind: &Kind) {
    let path = source.child("dir").and_then(|dir| dir.filled("path")).map(clean_path);
    let default = (kind.name == "gluster").then(|| "/".to_owned());
    source.remove_children("dir");
    if let Some(path) = path.or(default) {
        source.children.push(Element::new("dir").with("path", path));
    }
}

fn complete_auth(source: &mut Element) -> Result<()> {
    let Some(auth) = source.child_mut("auth") else {
        return Ok(());
    };
    drop_empty(auth, &["type", "username"]);
    if auth.get("username").is_none() {
        return Err(wrong("missing username for auth"));
    }
    match auth.get("type") {
        None | Some("none" | "chap" | "ceph") => {}
        Some(other) => return Err(unsupported(format_args!("unknown auth type '{other}'"))),
    }
    let is_none = matches!(auth.get("type"), None | Some("none"));
    let secret = auth
        .child_mut("secret")
        .ok_or_else(|| wrong("Missing <secret> element in auth"))?;
    match (secret.uuid("uuid")?, secret.get("usage")) {
        (None, None) => return Err(secretless("missing secret uuid or usage attribute")),
        (Some(_), Some(_)) => return Err(secretless("either secret uuid or usage expected")),
        (Some(uuid), None) => secret.set("uuid", uuid),
        (None, Some(_)) => {}
    }
    if is_none {
        Err(unsupported("storage pool missing auth type"))
    } else {
        Ok(())
    }
}

fn secretless(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::None, ErrorCode::XmlError, detail)
}

fn check_protocol(source: &mut Element, has_nfs: bool, format: Option<&str>) -> Result<()> {
    let Some(protocol) = source.child_mut("protocol") else {
        return Ok(());
    };
    drop_empty(protocol, &["ver"]);
    let Some(version) = protocol.get("ver") else {
        return Ok(());
    };
    if !has_nfs {
        let format = format.unwrap_or_default();
        return Err(unsupported(format_args!(
            "storage pool protocol ver unsupported for pool type '{format}'"
        )));
    }
    if version.contains(',') {
        let detail = format!("storage pool protocol ver '{version}' must not contain ','");
        return Err(Failure::of(ErrorDomain::Storage, ErrorCode::XmlDetail, detail));
    }
    Ok(())
}

/// Leaves what a kind of pool writes of its source, and adds its format.
pub(super) fn finish(source: &mut Element, kind: &Kind) {
    let parts = [
        ("host", Source::Host),
        ("device", Source::Device),
        ("dir", Source::Dir),
        ("adapter", Source::Adapter),
        ("name", Source::Name),
        ("initiator", Source::Initiator),
    ];
    for (name, part) in parts {
        if !kind.has(part) {
            source.remove_children(name);
        }
    }
    match kind.formats.first() {
        None => source.remove_children("format"),
        Some(default) => {
            let format = source.child("format").and_then(|format| format.filled("type"));
            let format = format.unwrap_or(default).to_owned();
            source.remove_children("format");
            source.children.push(Element::new("format").with("type", format));
        }
    }
}

/// Takes slashes away that mean nothing.
pub(super) fn clean_path(path: &str) -> String {
    if let Some(scheme) = path.find("://")
        && path.find('/').is_some_and(|slash| slash > scheme)
    {
        return path.to_owned();
    }
    let is_double = path.starts_with("//") && !path.starts_with("///");
    let mut clean = String::from(if is_double { "//" } else { "" });
    let rest = path.get(clean.len()..).unwrap_or_default();
    for char in rest.chars() {
        if char != '/' || !clean.ends_with('/') {
            clean.push(char);
        }
    }
    let keeps = if is_double { 2 } else { 1 };
    if clean.len() > keeps && clean.ends_with('/') {
        clean.pop();
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::clean_path;

    #[test]
    fn paths_have_no_needless_slashes() {
        for (path, clean) in [
            ("/a//b/", "/a/b"),
            ("//", "//"),
            ("///", "/"),
            ("//a/", "//a"),
            ("nfs://host//a/", "nfs://host//a/"),
            ("", ""),
        ] {
            assert_eq!(clean_path(path), clean);
        }
    }
}
