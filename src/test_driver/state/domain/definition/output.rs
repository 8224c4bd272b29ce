//! What is shown of a definition.

use super::Definition;
use super::writer;
use crate::test_driver::xml::Element;
use crate::types::domain::XmlFlags;

impl Definition {
    /// Returns the document, of the domain with that ID if it runs.
    pub(crate) fn to_xml(&self, id: Option<i32>) -> String {
        self.to_xml_with(id, XmlFlags::empty())
    }

    /// Returns the document with what the flags ask for, of the domain with that ID if it runs.
    pub(crate) fn to_xml_with(&self, id: Option<i32>, flags: XmlFlags) -> String {
        writer::to_text(&self.to_element(id, flags), 0)
    }

    /// Returns the document within another one, at a depth of so many spaces.
    pub(crate) fn to_xml_within(&self, indent: usize, flags: XmlFlags) -> String {
        writer::to_text(&self.to_element(None, flags), indent)
    }

    fn to_element(&self, id: Option<i32>, flags: XmlFlags) -> Element {
        let mut root = self.root.clone();
        if let Some(id) = id {
            root.set("id", id);
        }
        hide_untuned(&mut root);
        if !flags.contains(XmlFlags::SECURE) {
            hide_secrets(&mut root);
        }
        if flags.contains(XmlFlags::MIGRATABLE) {
            leave_out_news(&mut root);
        }
        root
    }
}

fn devices<'a>(root: &'a mut Element, name: &'a str) -> impl Iterator<Item = &'a mut Element> {
    let devices = root.child_mut("devices").into_iter().flat_map(|devices| &mut devices.children);
    devices.filter(move |device| device.name == name)
}

/// Leaves devices out of which nothing is said but the path. They keep their places.
fn hide_untuned(root: &mut Element) {
    if let Some(tune) = root.child_mut("blkiotune") {
        tune.children.retain(|child| child.name != "device" || child.children.len() > 1);
        if tune.children.is_empty() {
            root.remove_children("blkiotune");
        }
    }
}

fn hide_secrets(root: &mut Element) {
    for graphics in devices(root, "graphics") {
        graphics.remove("passwd");
    }
    for disk in devices(root, "disk") {
        hide_cookies(disk);
    }
}

fn hide_cookies(disk: &mut Element) {
    if let Some(source) = disk.child_mut("source") {
        source.remove_children("cookies");
    }
    if let Some(backing) = disk.child_mut("backingStore") {
        hide_cookies(backing);
    }
}

/// Leaves out what older releases would not understand.
fn leave_out_news(root: &mut Element) {
    if let Some(os) = root.child_mut("os") {
        os.remove("firmware");
        os.remove_children("firmware");
    }
    if let Some(devices) = root.child_mut("devices") {
        devices.children.retain(|device| {
            let is_keyboard = device.name == "input" && device.get("type") == Some("keyboard");
            !(is_keyboard && matches!(device.get("bus"), Some("ps2" | "xen")))
        });
    }
    for graphics in devices(root, "graphics") {
        let kind = graphics.get("type").unwrap_or_default().to_owned();
        let listens = graphics.children.iter().position(|child| child.name == "listen");
        let is_silent = kind == "spice"
            && graphics
                .child("listen")
                .is_some_and(|listen| listen.get("type") == Some("none"));
        if is_silent && listens.is_some() {
            let rest = graphics.attributes.split_off(1.min(graphics.attributes.len()));
            graphics.set("autoport", "no");
            graphics.attributes.extend(rest);
        }
        graphics.children.retain(|child| {
            let is_of = |name: &str| child.name == "listen" && child.get("type") == Some(name);
            !(kind == "vnc" && is_of("socket") || kind == "spice" && is_of("none"))
        });
    }
}
