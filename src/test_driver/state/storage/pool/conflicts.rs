//! Pools that would share their storage.

use super::definition::Definition;
use super::pools::{Pools, failed};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

impl Pools {
    /// Refuses a definition whose storage another pool has.
    pub(super) fn check_conflicts(&self, new: &Definition) -> Result<()> {
        let mut others = self.all().filter(|pool| pool.name() != new.name());
        match others.find(|pool| shares(&pool.definition, new)) {
            None => Ok(()),
            Some(other) => {
                Err(failed(format_args!("Storage source conflict with pool: '{}'", other.name())))
            }
        }
    }
}

/// The kinds of pools that have devices.
const WITH_DEVICES: [&str; 5] = ["iscsi", "fs", "logical", "disk", "zfs"];

fn shares(old: &Definition, new: &Definition) -> bool {
    let (kind, other) = (old.kind().name, new.kind().name);
    if WITH_DEVICES.contains(&kind) {
        let needs_same = kind == "iscsi" || other == "iscsi";
        return WITH_DEVICES.contains(&other)
            && (!needs_same || kind == other)
            && shares_device(old, new)
            && (!needs_same || shares_host_and_initiator(old, new));
    }
    if kind != other {
        return false;
    }
    match kind {
        "dir" => old.target() == new.target(),
        "gluster" => same_text(old, new, "name") && same_dir(old, new) && same_host(old, new),
        "netfs" => same_dir(old, new) && same_host(old, new),
        "scsi" => same_adapter(old, new),
        "sheepdog" => same_host(old, new),
        "mpath" => true,
        "vstorage" => same_text(old, new, "name"),
        _ => false,
    }
}

fn children<'a>(of: &'a Definition, name: &'a str) -> impl Iterator<Item = &'a Element> {
    of.source().into_iter().flat_map(move |source| source.children(name))
}

fn shares_device(old: &Definition, new: &Definition) -> bool {
    children(old, "device")
        .any(|old| children(new, "device").any(|new| old.get("path") == new.get("path")))
}

fn same_text(old: &Definition, new: &Definition, child: &str) -> bool {
    let text =
        |of: &Definition| of.source().and_then(|source| source.text_of(child).map(str::to_owned));
    text(old) == text(new)
}

fn same_dir(old: &Definition, new: &Definition) -> bool {
    let path = |of: &Definition| {
        children(of, "dir").next().and_then(|dir| dir.get("path").map(str::to_owned))
    };
    path(old) == path(new)
}

/// Returns whether both have one host, and the same.
fn same_host(old: &Definition, new: &Definition) -> bool {
    let host = |of: &Definition| {
        let hosts: Vec<_> = children(of, "host").collect();
        match hosts[..] {
            [host] => {
                let port = host.get("port").map(str::to_owned);
                host.get("name").map(|name| (name.to_owned(), port))
            }
            _ => None,
        }
    };
    match (host(old), host(new)) {
        (Some((old, old_port)), Some((new, new_port))) => {
            old == new && (old_port.is_none() || new_port.is_none() || old_port == new_port)
        }
        _ => false,
    }
}

fn shares_host_and_initiator(old: &Definition, new: &Definition) -> bool {
    let initiator = |of: &Definition| {
        let iqn = of.source()?.at(&["initiator", "iqn"])?;
        iqn.get("name").map(str::to_owned)
    };
    same_host(old, new) && initiator(old) == initiator(new)
}

fn same_adapter(old: &Definition, new: &Definition) -> bool {
    let adapter = |of: &Definition| children(of, "adapter").next().cloned().unwrap_or_default();
    let (old, new) = (adapter(old), adapter(new));
    if old.get("type") != new.get("type") {
        return false;
    }
    if old.get("type") == Some("fc_host") {
        return ["wwnn", "wwpn"].iter().all(|name| old.get(name) == new.get(name));
    }
    let number = |adapter: &Element| -> Option<u32> {
        let name = adapter.get("name")?;
        name.strip_prefix("scsi_host").or(name.strip_prefix("host"))?.parse().ok()
    };
    match (old.child("parentaddr"), new.child("parentaddr")) {
        (Some(old), Some(new)) => old == new,
        _ => number(&old).is_some() && number(&old) == number(&new),
    }
}
